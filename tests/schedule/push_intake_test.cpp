// What is pushed into a workspace: kept before it is answered, for the syncs that take it.
#include "schedule/push_intake.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/curl_transport.hpp"
#include "base/error.hpp"
#include "simulator/amplitude_webhook.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

using simulator::WebhookSender;
using ::testing::ElementsAre;
using testing::TempDir;

class Intake : public ::testing::Test {
 protected:
  Intake() { dir_.write("secret", "the shared secret"); }

  WorkspaceConfig config(const std::vector<std::pair<std::string, std::string>>& syncs,
                         const std::string& secret = "secret", std::uint16_t port = 0) {
    WorkspaceConfig made;
    ListenConfig listen;
    listen.port = port;
    listen.where = "muster.yaml:2:9";
    listen.headers = {
        {"X-Secret", {SecretReference::Kind::kFile, (dir_ / secret).string(), "muster.yaml:3:9"}}};
    made.listen = listen;
    for (const auto& [name, cohort] : syncs) {
      SyncConfig sync;
      sync.name = name;
      sync.push_cohort = cohort;
      made.syncs.push_back(sync);
    }
    return made;
  }
  std::unique_ptr<PushIntake> intake(const WorkspaceConfig& config) {
    auto made = std::make_unique<PushIntake>(dir_ / "inbox.db", Vault::with_key(kKey), clock_);
    made->adopt(config);
    return made;
  }
  simulator::WebhookMessage message(const std::string& id, const std::string& cohort = "c") const {
    simulator::WebhookMessage made;
    made.cohort_id = cohort;
    made.message_id = id;
    made.computed_time = pushed_time(clock_.now());
    made.users = {{1, "ada@example.com", {}}};
    return made;
  }
  WebhookSender::Delivery send(const PushIntake& to, const simulator::WebhookMessage& message,
                               const std::string& secret = "the shared secret", int retries = 0) {
    WebhookSender::Options options;
    options.url = fmt::format("http://127.0.0.1:{}/push/amplitude", *to.port());
    options.headers = {{"X-Secret", secret}};
    options.retries = retries;
    options.first_pause = Milliseconds{1};
    options.timeout = Milliseconds{20'000};
    return WebhookSender(transport_, clock_, options).send(message);
  }
  std::vector<std::string> waiting(const std::string& sync, const std::string& cohort = "c") {
    Inbox inbox(dir_ / "inbox.db", StoreAccess::kReadWrite);
    const auto vault = Vault::with_key(kKey);
    std::vector<std::string> users;
    Pushes pushes(inbox, vault, clock_);
    const auto changes = pushes.to_apply(pushes.subscription(sync, cohort));
    for (const auto& [user, change] : changes.by_user()) users.push_back(user);
    return users;
  }

  static constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
  TempDir dir_;
  SystemClock clock_;
  CurlTransport transport_{clock_};
};

TEST_F(Intake, KeepsAMessageForEverySyncThatTakesItsCohort) {
  const auto made = intake(config({{"a", "c"}, {"b", "c"}, {"other", "d"}, {"none", ""}}));
  EXPECT_EQ(send(*made, message("m1")).status, 200);
  EXPECT_THAT(waiting("a"), ElementsAre("ada@example.com"));
  EXPECT_THAT(waiting("b"), ElementsAre("ada@example.com"));
  EXPECT_TRUE(waiting("other").empty());
  EXPECT_EQ(send(*made, message("m2", "nobody's")).status, 404);
}

TEST_F(Intake, KnowsAMessageThatComesAgainToAnotherProcess) {
  const auto sent = message("m1");
  EXPECT_EQ(send(*intake(config({{"a", "c"}})), sent).answer, R"({"taken":"now"})");
  const auto again = send(*intake(config({{"a", "c"}})), sent);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.answer, R"({"taken":"before"})");
}

TEST_F(Intake, AFullDiskIsAnswered503AndTheMessageComesAgain) {
  const auto made = intake(config({{"a", "c"}}));
  ASSERT_EQ(send(*made, message("m1")).status, 200);
  auto large = message("m2");
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    large.users.push_back({i, fmt::format("user-{}@example.com", i), {}});
  }
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  const auto refused = send(*made, large);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.answer.find("ada"), std::string::npos);
  EXPECT_THAT(waiting("a"), ElementsAre("ada@example.com"));
  EXPECT_EQ(send(*made, large).answer, R"({"taken":"now"})");
  EXPECT_EQ(waiting("a").size(), 5'001U);
}

TEST_F(Intake, ATimeThatIsStillToComeIsMalformed) {
  auto sent = message("m1");
  sent.computed_time *= 1'000;
  const auto delivery = send(*intake(config({{"a", "c"}})), sent);
  EXPECT_EQ(delivery.status, 400);
  EXPECT_THAT(delivery.answer, ::testing::HasSubstr("computed_time"));
}

TEST_F(Intake, TakesAChangedConfigurationOver) {
  const auto made = intake(config({{"a", "c"}}));
  const auto port = made->port();
  dir_.write("new", "another secret");
  made->adopt(config({{"a", "d"}}, "new"));
  EXPECT_EQ(made->port(), port) << "nobody had to call anew";
  EXPECT_EQ(send(*made, message("m1", "d")).status, 401);
  EXPECT_EQ(send(*made, message("m1", "c"), "another secret").status, 404);
  EXPECT_EQ(send(*made, message("m1", "d"), "another secret").status, 200);
  WorkspaceConfig none;
  made->adopt(none);
  EXPECT_FALSE(made->port());
}

TEST_F(Intake, GoesOnAsBeforeWhenAChangeCanNotBeTaken) {
  const auto made = intake(config({{"a", "c"}}));
  const PushReceiver other(
      {}, clock_, [](const PushedMessage&, std::string_view) { return PushReceiver::Taken::kNew; });
  try {
    made->adopt(config({{"a", "d"}}, "secret", other.port()));
    ADD_FAILURE() << "two listen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "push.can_not_listen");
    EXPECT_EQ(error.where(), "muster.yaml:2:9");
  }
  EXPECT_THROW(made->adopt(config({{"a", "d"}}, "no such file")), Error);
  EXPECT_EQ(send(*made, message("m1")).status, 200);
}

}  // namespace
}  // namespace muster
