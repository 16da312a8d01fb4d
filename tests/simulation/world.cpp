#include "simulation/world.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "simulation/around.hpp"
#include "simulation/fault_draw.hpp"
#include "simulation/tamper.hpp"
#include "simulator/simulated_transport.hpp"

namespace muster::simulation {
namespace {

constexpr const char* kToken = "pat-na1-simulated";

class Silent final : public RunObserver {
 public:
  void on_progress(const RunProgress&) override {}
  void on_notice(const std::string&) override {}
};

}  // namespace

World::World(std::uint64_t seed, Mutation mutation_of_all, std::string installation, bool loud)
    : random(seed * 7919 + 13),
      mutation(mutation_of_all),
      verbose(loud),
      hubspot(clock, seed + 1),
      draw(draw_world(random, hubspot.switches())),
      people(random, draw, hubspot, seed),
      events(random, draw, hubspot, clock, [this](auto list) { return is_known(list); }),
      watch(hubspot, clock),
      installation_(std::move(installation)) {
  life_.skips_write_ahead = mutation == Mutation::kNoWriteAhead;
  life_.forgets_aliases = mutation == Mutation::kAliasNotSuppressed;
  life_.believes_removals = mutation == Mutation::kRemovalBelieved;
  life_.forgets_creation = mutation == Mutation::kCreationNotAhead;
  life_.keeps_members_listed = mutation == Mutation::kNewListTakenForFilled;
  hubspot.oauth().add_static_token(kToken, hubspot.oauth().app().scopes);
  hubspot.faults().set_source([this](const simulator::SimRequest& request) {
    auto fault = faulty_ ? draw_fault(random, draw, request) : std::nullopt;
    if (fault) ++faults;
    return fault;
  });
  dir.write("token", kToken);
  dir.write("client", hubspot.oauth().app().client_id);
  dir.write("secret", hubspot.oauth().app().client_secret);
  dir.write("muster.yaml", configuration(draw));
  // The key decides the order of keys in the state: the seed must decide it, too.
  std::filesystem::create_directories(dir / ".muster/reports");
  dir.write(".muster/vault.key", fmt::format("{:064x}\n", seed + 1));
  std::filesystem::permissions(dir / ".muster/vault.key", std::filesystem::perms(0600));
}

WorkspaceEnvironment World::environment() {
  return {clock,
          *cancellation_,
          [this]() -> std::unique_ptr<Transport> {
            auto inner = std::make_unique<simulator::SimulatedTransport>(
                clock, [this](const simulator::SimRequest& request) { return serve(request); });
            return std::make_unique<MortalTransport>(life_, std::move(inner), random);
          },
          installation_ + "/manifests",
          installation_ + "/plugins",
          [this](const std::filesystem::path& file, StoreAccess access) {
            return make_mortal_store(life_, open_sqlite_store(file, access), random);
          },
          [this](std::unique_ptr<Destination> inner) {
            return around(std::move(inner), draw.max_batch, mutation);
          }};
}

//! Whether the state, as it is on the disk, has the id of a list.
bool World::is_known(std::uint64_t list) const {
  const auto store = open_sqlite_store(dir / ".muster/state.db", StoreAccess::kReadOnly);
  const auto sync = store->sync("s");
  return sync && sync->audience_ref == std::to_string(list);
}

MemberCounts World::members() const {
  if (!std::filesystem::exists(dir / ".muster/state.db")) return {};
  const auto store = open_sqlite_store(dir / ".muster/state.db", StoreAccess::kReadOnly);
  const auto sync = store->sync("s");
  if (!sync) return {};
  return {store->count_members(sync->id, MemberState::kListed),
          store->count_members(sync->id, MemberState::kPending) +
              store->count_members(sync->id, MemberState::kLeaving)};
}

void World::choose_death() {
  life_.calls = 0;
  life_.dead = false;
  life_.calls_left = -1;
  life_.failing_writes = 0;
  life_.unknown_commits = 0;
  life_.store_failed = false;
  cancellation_.emplace();
  requests_until_cancelled_ = -1;
  if (!faulty_) return;
  // Who finds the list gone sends everyone anew: in the midst of that there is more to lose.
  const bool starts_over = events.list_is_deleted();
  const auto calls = starts_over ? usual_calls_ * 2 : usual_calls_ * 5 / 4;
  if (random.chance(starts_over ? 0.8 : 0.4)) life_.calls_left = random.pick_signed(0, calls);
  if (random.chance(0.1)) {
    life_.writes_before = random.pick_signed(0, usual_calls_);
    life_.failing_writes = random.pick_signed(1, 5);
  }
  if (random.chance(0.1)) life_.unknown_commits = 0.2;
  if (random.chance(0.1)) requests_until_cancelled_ = random.pick_signed(0, usual_calls_ / 10);
}

ProcessEnd World::live(const RunOptions& options) {
  choose_death();
  disturbed_ = false;
  watch.begin();
  silently_kept_.clear();
  const auto faults_before = faults;
  const bool was_to_lie = hubspot.is_to_lie();
  ++runs;
  ProcessEnd end;
  try {
    auto config = read_workspace(dir.path());
    if (mutation == Mutation::kIgnoresTheLimit) config.connections[0].rate_share = 3.0;
    if (mutation == Mutation::kRemovesStrangers) config.syncs[0].strangers = Strangers::kRemove;
    Workspace workspace(std::move(config), environment());
    Silent silent;
    auto asked = options;
    if (mutation == Mutation::kGuardPassed) asked.allow_removals = true;
    end.result = workspace.sync(workspace.config().sync("s"), asked, silent);
    auto& run = end.result->run;
    tamper(mutation, *end.result);
    usual_calls_ = std::max<std::int64_t>(20, life_.calls);
    const auto& f = run.figures;
    const auto line = fmt::format(
        "run {} ended: {} rows {} members {} listed {} added {} removed {} created {} to_retry {} "
        "{}\n",
        static_cast<std::int64_t>(run.id), static_cast<int>(run.status), f.rows, f.members,
        f.listed, f.added, f.removed, f.created, f.to_retry,
        end.result->error ? end.result->error->message() : "");
    note(line);
    if (verbose) fmt::print("{}", line);
  } catch (const Death&) {
    ++deaths;
    end.result.reset();
    watch.note_death();
    // It may have written down that a person must connect again.
    if (draw.oauth && watch.seen().token_was_refused_again) events.ledger().uninstalled = true;
    if (verbose) fmt::print("died\n");
  } catch (const Error& error) {
    end.error = error;
    if (verbose) fmt::print("could not run: {}\n", error.what());
  }
  end.store_failed = life_.store_failed;
  end.disturbed = disturbed_;
  end.met_faults = faults > faults_before || was_to_lie;
  end.seen = watch.seen();
  events.follow_known_list();
  settle_ledger(end.seen);
  return end;
}

//! Grants the access on the consent page, and gives the code of it.
std::string World::granted(const std::string& url) {
  simulator::SimRequest consent;
  consent.method = "POST";
  consent.target = url.substr(url.find('/', url.find("://") + 3));
  consent.body = "decision=allow";
  for (const auto& [name, value] : hubspot.handle(consent).headers) {
    if (name == "Location") return simulator::field(simulator::query(value), "code");
  }
  return {};
}

void World::connect() {
  const bool was_faulty = std::exchange(faulty_, false);
  choose_death();
  Workspace workspace(read_workspace(dir.path()), environment());
  const auto& connection = workspace.config().connection("c");
  auto opened = workspace.open(connection);
  constexpr std::string_view kVerifier = "a-verifier-that-is-long-enough-for-rfc-7636-0123456";
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(kVerifier.data()),
                     kVerifier.size());
  std::array<char, 64> challenge{};
  sodium_bin2base64(challenge.data(), challenge.size(), digest.data(), digest.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  const std::string redirect = "http://localhost:1/oauth/callback";
  opened.hold_secrets();
  const auto url = opened.destination().begin_authorization(redirect, "state", challenge.data());
  auto code = granted(url);
  // Others may have spent the account's quota: then the person tries again, at last on another day.
  for (int tries_left = 5;; --tries_left) {
    try {
      workspace.keep_account(connection,
                             opened.destination().complete_authorization(redirect, code, kVerifier),
                             opened);
      break;
    } catch (const Error&) {
      if (tries_left == 0) throw;
      clock.advance(tries_left > 2 ? Milliseconds{std::chrono::minutes(1)}
                                   : std::chrono::hours(24));
      code = granted(url);
    }
  }
  // The next process does not know what this one has spent of the limit.
  clock.advance(std::chrono::seconds(10));
  events.ledger().uninstalled = false;
  faulty_ = was_faulty;
}

simulator::SimResponse World::serve(const simulator::SimRequest& request) {
  if (faulty_ && random.chance(draw.events_in_runs)) {
    events.happen_in_a_run();
    disturbed_ = true;
  }
  if (requests_until_cancelled_-- == 0) cancellation_->request();
  auto response = watch.handle(request);
  ++requests;
  if (mutation == Mutation::kWritesProperties &&
      request.path().find("/batch/read") != std::string::npos) {
    for (const auto& [id, contact] : hubspot.account().contacts()) {
      if (contact.archived) continue;
      hubspot.account().by_id(id)->properties["firstname"] = "written";
      break;
    }
  }
  if (response.status == 200) note_silent_drops(request);
  if (response.status == 200) note_lies(request, response);
  if (request.path().ends_with("/restore")) events.note_restored();
  note(fmt::format("{} {} {} {} {}\n{}\n", clock.elapsed().count(), request.method, request.target,
                   response.status, static_cast<int>(response.disturbance), request.body));
  if (verbose) {
    fmt::print("  {:>10} {} {} -> {}{} {}\n", clock.elapsed().count(), request.method,
               request.target, response.status,
               response.disturbance == simulator::Disturbance::kNone ? "" : " broken",
               response.body.substr(0, 4'000));
    if (!request.body.empty()) fmt::print("             {}\n", request.body.substr(0, 4'000));
  }
  return response;
}

//! Whom muster put in stands there because of it, whatever others or HubSpot did before. But where
//! a contact may be two members, the one may have been written off and the other put in.
void World::settle_ledger(const SeenChanges& seen) {
  const auto* list = events.list();
  for (const auto id : seen.added) {
    if (list == nullptr || !list->members.contains(id)) continue;
    const auto& contact = *hubspot.account().by_id(id);
    const bool may_be_two = !contact.merged_ids.empty() || !contact.additional_emails.empty();
    if (may_be_two) continue;
    events.ledger().disturbed.erase(id);
    events.ledger().silently_dropped.erase(id);
  }
  for (const auto& changed : {seen.added, seen.removed}) {
    for (const auto id : changed) events.ledger().believed_gone.erase(id);
  }
}

//! Whom HubSpot says to have removed, and is there; and whom of them a reading leaves out.
void World::note_lies(const simulator::SimRequest& request,
                      const simulator::SimResponse& response) {
  const auto path = request.path();
  const auto* list = events.list();
  const bool is_change = path.find("/memberships/add-and-remove") != std::string::npos;
  const bool is_reading = request.method == "GET" && path.ends_with("/memberships");
  if (list == nullptr || (!is_change && !is_reading)) return;
  if (is_change) {
    const auto body = boost::json::parse(request.body);
    for (const auto& id : body.at("recordIdsToRemove").as_array()) {
      const auto contact = hubspot.account().survivor(std::stoull(std::string(id.as_string())));
      if (list->members.contains(contact)) silently_kept_.insert(contact);
    }
    return;
  }
  for (const auto id : silently_kept_) {
    const bool is_told = response.body.find(fmt::format("\"{}\"", id)) != std::string::npos;
    if (list->members.contains(id) && !is_told) events.ledger().believed_gone.insert(id);
  }
}

//! Whom HubSpot was to add, said that it did, and is not there.
void World::note_silent_drops(const simulator::SimRequest& request) {
  const auto path = request.path();
  if (path.find("/memberships/add-and-remove") == std::string::npos) return;
  const auto segments = simulator::segments(path);
  const auto* list = hubspot.account().list(std::stoull(segments.at(segments.size() - 3)));
  if (list == nullptr || list->deleted) return;
  const auto body = boost::json::parse(request.body);
  for (const auto& id : body.at("recordIdsToAdd").as_array()) {
    const auto contact = hubspot.account().survivor(std::stoull(std::string(id.as_string())));
    if (!list->members.contains(contact)) events.ledger().silently_dropped.insert(contact);
  }
}

std::string World::trace() const {
  std::array<unsigned char, 16> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(trace_.data()), trace_.size(), nullptr,
                     0);
  std::string text;
  for (const auto byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace muster::simulation
