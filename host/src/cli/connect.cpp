// muster connect: authorizes a connection, with OAuth or a static token.
#include <fmt/format.h>
#include <sodium.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/oauth_callback.hpp"
#include "cli/words.hpp"

extern char** environ;

namespace muster::cli {
namespace {

constexpr Milliseconds kPatience{std::chrono::minutes(10)};

struct Asked {
  std::string connection;
  bool no_browser = false;
  bool paste = false;
  bool another_account = false;
};

std::string base64url(const unsigned char* bytes, std::size_t size) {
  std::array<char, 128> text{};
  sodium_bin2base64(text.data(), text.size(), bytes, size,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text.data();
}

std::string random_text() {
  std::array<unsigned char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return base64url(bytes.data(), bytes.size());
}

//! S256 of RFC 7636.
std::string challenge_of(const std::string& verifier) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(verifier.data()),
                     verifier.size());
  return base64url(digest.data(), digest.size());
}

void open_browser(const std::string& url) {
  if (::getenv("DISPLAY") == nullptr && ::getenv("WAYLAND_DISPLAY") == nullptr) return;
  std::string program = "xdg-open";
  std::string address = url;
  std::array<char*, 3> arguments{program.data(), address.data(), nullptr};
  pid_t child = 0;
  // The address is shown in any case: whether a browser opens is a convenience.
  static_cast<void>(
      ::posix_spawnp(&child, "xdg-open", nullptr, nullptr, arguments.data(), environ));
}

class Connect {
 public:
  Connect(const Shell& shell, const Asked& asked)
      : shell_(shell),
        asked_(asked),
        workspace_(shell.open_workspace()),
        connection_(workspace_->config().connection(asked.connection)),
        opened_(workspace_->open(connection_)) {}

  void run() {
    const bool is_static = connection_.has_static_token();
    opened_.hold_secrets();
    const auto account = is_static ? opened_.destination().check() : authorize();
    check_same_account(account);
    const auto row = workspace_->keep_account(connection_, account, opened_);
    shell_.say(fmt::format("{} {} is connected to {} ({})", shell_.in(Colour::kGood, "✓"),
                           connection_.name, row.account_name, row.account_id));
    json::array scopes;
    for (const auto& scope : row.scopes) scopes.emplace_back(scope);
    shell_.print(
        json::object{{"name", connection_.name},
                     {"destination", connection_.destination},
                     {"state", to_word(row.state)},
                     {"account", json::object{{"id", row.account_id}, {"name", row.account_name}}},
                     {"scopes", scopes}});
  }

 private:
  Account authorize() {
    const auto state = random_text();
    const auto verifier = random_text();
    std::optional<CallbackServer> server;
    auto port = connection_.redirect_port;
    if (asked_.paste && port == 0) {
      throw Error(ErrorKind::kUsage, "connect.paste_port",
                  "--paste needs a redirect_port: nothing listens here, so none can be chosen")
          .at(connection_.where)
          .with_hint("set redirect_port to the port in the app's redirect URL");
    }
    if (!asked_.paste) {
      server.emplace(port, state);
      port = server->port();
    }
    const auto redirect = fmt::format("http://localhost:{}/oauth/callback", port);
    const auto url =
        opened_.destination().begin_authorization(redirect, state, challenge_of(verifier));
    shell_.tell(fmt::format("Open this address and grant the access:\n\n  {}\n", url));
    if (!asked_.no_browser && !asked_.paste) open_browser(url);
    const auto callback =
        asked_.paste ? pasted(state) : server->wait(kPatience, shell_.cancellation());
    if (!callback) {
      throw Error(ErrorKind::kLater, "connect.timeout",
                  "nobody granted the access within 10 minutes")
          .with_hint(fmt::format("run again: muster connect {}", connection_.name));
    }
    if (!callback->error.empty()) {
      throw Error(ErrorKind::kReconnect, "connect.denied", "the access was not granted")
          .with_hint("whoever grants it must be a super admin of the account, or may install apps");
    }
    return opened_.destination().complete_authorization(redirect, callback->code, verifier);
  }

  //! On a machine without a browser: the address at which the browser elsewhere ended.
  static std::optional<Callback> pasted(const std::string& state) {
    std::cerr << "The browser then shows a page that can't be reached. Paste its address here:\n> ";
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    if (auto callback = parse_callback(line, state)) return callback;
    throw Error(ErrorKind::kUsage, "connect.pasted", "this is not the address of the answer")
        .with_hint("it begins with http://localhost and holds code= and the state of this attempt");
  }

  //! Lists of one account mean nothing in another (the runs refuse it, too). Declined, the former
  //! account stays connected: the new one's tokens were never stored.
  void check_same_account(const Account& account) {
    const auto before = workspace_->connection_row(connection_).account_id;
    if (before.empty() || before == account.id || asked_.another_account) return;
    const auto question = fmt::format(
        "'{}' was connected to account {}; this is account {}. Its syncs will have to be run with "
        "--full, and make new lists there. Go on?",
        connection_.name, before, account.id);
    bool goes_on = false;
    try {
      goes_on = shell_.confirm(question);
    } catch (const Error&) {
      decline();
      throw;
    }
    if (goes_on) return;
    decline();
    throw Error(ErrorKind::kFailed, "connect.another_account", "not connected: another account")
        .with_hint("connect the former account, or confirm with --another-account");
  }

  //! What was granted and is not wanted must not stay good.
  void decline() {
    if (connection_.has_static_token()) return;
    try {
      opened_.destination().revoke();
    } catch (const Error& error) {
      shell_.tell(
          fmt::format("The access that was granted could not be revoked ({}): remove the app "
                      "from that account.",
                      error.message()));
    }
  }

  const Shell& shell_;
  const Asked& asked_;
  std::unique_ptr<Workspace> workspace_;
  const ConnectionConfig& connection_;
  OpenConnection opened_;
};

}  // namespace

void add_connect(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "connect",
      "Authorize a connection: shows the address to open and waits for the answer on this machine; "
      "with a static token, checks it.\n\nExample:\n  muster connect marketing\n  muster connect "
      "marketing --paste      (no browser here)");
  auto asked = std::make_shared<Asked>();
  command->add_option("NAME", asked->connection, "a connection of muster.yaml")->required();
  command->add_flag("--no-browser", asked->no_browser, "only show the address");
  command->add_flag("--paste", asked->paste, "take the answer's address from standard input");
  command->add_flag("--another-account", asked->another_account,
                    "connect although it is another account than before");
  command->callback([&shell, asked] { Connect(shell, *asked).run(); });
}

}  // namespace muster::cli
