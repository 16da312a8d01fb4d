#include "simulation/scenario.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "run/workspace.hpp"
#include "simulation/around.hpp"
#include "simulation/mortal.hpp"
#include "simulator/hubspot.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/temp_dir.hpp"

namespace muster::simulation {
namespace {

using simulator::Contact;
using simulator::ContactId;

constexpr const char* kToken = "pat-na1-simulated";
constexpr const char* kListName = "amplitude_Power Users";

class Silent final : public RunObserver {
 public:
  void on_progress(const RunProgress&) override {}
  void on_notice(const std::string&) override {}
};

//! What the seed decides of the world, once.
struct Draw {
  bool by_email = true;
  bool create_missing = true;
  bool verify = true;
  bool repair = true;
  bool remove_strangers = false;
  std::string resolve = "auto";
  std::int64_t burst_limit = 0;
  bool others = false;  //!< other clients use the account's quota
  double fault_rate = 0.05;
  int days = 4;
  int people = 30;
};

struct Person {
  std::string email;
  std::string alias;  //!< a secondary address of the same contact; may be empty
  std::string id;     //!< the contact's id at the beginning; empty without one
  bool in_cohort = false;
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, Mutation mutation, std::string installation, bool verbose)
      : seed_(seed),
        random_(seed * 7919 + 13),
        mutation_(mutation),
        installation_(std::move(installation)),
        verbose_(verbose),
        hubspot_(clock_, seed + 1) {
    life_.skips_write_ahead = mutation == Mutation::kNoWriteAhead;
    life_.forgets_aliases = mutation == Mutation::kAliasNotSuppressed;
    draw();
    populate();
    configure();
  }

  Outcome run() {
    hubspot_.faults().set_source(
        [this](const simulator::SimRequest& request) { return draw_fault(request); });
    for (int day = 0; day < draw_.days; ++day) {
      change_cohort();
      write_cohort();
      faulty_ = true;
      const auto tries = pick(1, 3);
      for (std::uint64_t i = 0; i < tries; ++i) {
        if (chance(0.25)) disturb_account();
        live();
        clock_.advance(Milliseconds{static_cast<std::int64_t>(pick(1, 7'200'000))});
      }
      if (chance(0.4)) {
        settle();
        check(fmt::format("day {}", day + 1));
      }
      clock_.advance(std::chrono::hours(pick(1, 30)));
    }
    settle();
    check("the end");
    outcome_.requests = requests_;
    std::array<unsigned char, 16> digest{};
    crypto_generichash(digest.data(), digest.size(),
                       reinterpret_cast<const unsigned char*>(trace_.data()), trace_.size(),
                       nullptr, 0);
    for (const auto byte : digest) outcome_.trace += fmt::format("{:02x}", byte);
    return outcome_;
  }

 private:
  // ---- drawing

  std::uint64_t pick(std::uint64_t least, std::uint64_t most) {
    return least + random_() % (most - least + 1);
  }
  bool chance(double share) { return static_cast<double>(random_() % 1'000'000) < share * 1e6; }

  void draw() {
    draw_.by_email = chance(0.7);
    draw_.create_missing = draw_.by_email && chance(0.8);
    draw_.verify = chance(0.85);
    draw_.repair = chance(0.5);
    draw_.remove_strangers = chance(0.2);
    draw_.resolve = std::array{"auto", "read_first", "create_first"}[random_() % 3];
    draw_.burst_limit = chance(0.5) ? static_cast<std::int64_t>(pick(3, 20)) : 0;
    draw_.others = chance(0.15);
    draw_.fault_rate = chance(0.2) ? 0.0 : 0.01 * static_cast<double>(pick(1, 20));
    draw_.days = static_cast<int>(pick(2, 5));
    draw_.people = static_cast<int>(pick(1, 60));
    auto& switches = hubspot_.switches();
    switches.burst_limit = draw_.burst_limit;
    switches.conflict_ids = std::array{"context", "message", "none"}[random_() % 3];
    switches.additional_emails_match_read = chance(0.7);
    switches.merged_ids_in_properties = chance(0.7);
    switches.merge_keeps_primary_id = chance(0.3);
    switches.omit_empty_arrays = chance(0.5);
    switches.spell_record_ids_added = chance(0.5);
    switches.merged_ids_are_missing = chance(0.7);
    switches.membership_lag_ms = chance(0.2) ? static_cast<std::int64_t>(pick(1, 9'000)) : 0;
    switches.retry_after = chance(0.5);
    if (chance(0.2)) switches.largest_membership_write = static_cast<std::int64_t>(pick(1, 20));
    if (chance(0.1)) switches.required_on_create = {"firstname"};
  }

  void populate() {
    auto& account = hubspot_.account();
    for (int i = 0; i < draw_.people; ++i) {
      Person person;
      person.email = fmt::format("person{}x{}@example.com", i, seed_ % 1000);
      if (chance(0.65)) {
        auto& contact = account.create(person.email);
        contact.properties["firstname"] = fmt::format("Name{}", i);
        person.id = std::to_string(contact.id);
        if (chance(0.2)) {
          person.alias = fmt::format("alias{}x{}@example.org", i, seed_ % 1000);
          account.add_additional_email(contact, person.alias);
        }
        if (chance(0.08)) account.archive(contact);
      } else if (chance(0.1)) {
        account.refused_emails.insert(person.email);
      }
      people_.push_back(std::move(person));
    }
    hubspot_.oauth().add_static_token(kToken, hubspot_.oauth().app().scopes);
  }

  void configure() {
    dir_.write("token", kToken);
    // The key decides the order of keys in the state: the seed must decide it, too.
    std::filesystem::create_directories(dir_ / ".muster/reports");
    dir_.write(".muster/vault.key", fmt::format("{:064x}\n", seed_ + 1));
    std::filesystem::permissions(dir_ / ".muster/vault.key", std::filesystem::perms(0600));
    const auto share = mutation_ == Mutation::kIgnoresTheLimit ? "100%" : "80%";
    dir_.write(
        "muster.yaml",
        fmt::format(
            "version: 1\n"
            "connections:\n"
            "  c:\n"
            "    destination: hubspot\n"
            "    auth: {{token: {{file: token}}}}\n"
            "    rate_share: {}\n"
            "    settings: {{api_base: \"http://127.0.0.1:1\", resolve: {}, "
            "adopt_list: \"false\"}}\n"
            "syncs:\n"
            "  s:\n"
            "    cohort: Power Users\n"
            "    source: {{csv: cohort.csv}}\n"
            "    connection: c\n"
            "    identifier: {{column: who, as: {}}}\n"
            "    verify: {}\n"
            "    on_drift: {}\n"
            "    remove_strangers: {}\n"
            "    guard: off\n"
            "    retry_for: 60s\n"
            "{}",
            share, draw_.resolve, draw_.by_email ? "email" : "contact_id", draw_.verify,
            draw_.repair ? "repair" : "report", draw_.remove_strangers,
            draw_.by_email ? fmt::format("    create_missing: {}\n", draw_.create_missing) : ""));
  }

  // ---- the world goes on

  void change_cohort() {
    for (auto& person : people_) {
      if (chance(0.3)) person.in_cohort = !person.in_cohort;
    }
    if (!people_.empty() && chance(0.9)) people_[random_() % people_.size()].in_cohort = true;
  }

  std::string noisy(const std::string& email) {
    auto text = email;
    if (chance(0.2)) text[0] = static_cast<char>(std::toupper(text[0]));
    if (chance(0.1)) text = " " + text + " ";
    return text;
  }

  void write_cohort() {
    std::ofstream out(dir_ / "cohort.csv", std::ios::trunc);
    out << "user_id,who\n";
    cohort_.clear();
    int row = 0;
    const auto put = [&](const std::string& value) { out << 'u' << row++ << ',' << value << '\n'; };
    for (const auto& person : people_) {
      if (!person.in_cohort) continue;
      if (!draw_.by_email) {
        if (person.id.empty()) continue;
        put(chance(0.1) ? "0" + person.id : person.id);
        cohort_.insert(person.id);
        continue;
      }
      const bool use_alias = !person.alias.empty() && chance(0.5);
      const bool use_both = use_alias && chance(0.5);
      if (!use_alias || use_both) {
        put(noisy(person.email));
        cohort_.insert(person.email);
      }
      if (use_alias) {
        put(noisy(person.alias));
        cohort_.insert(person.alias);
      }
      if (chance(0.1)) put(person.email), cohort_.insert(person.email);
    }
    if (chance(0.5)) put("no address");
    if (chance(0.5)) put("");
    if (!draw_.by_email && chance(0.5)) put("999"), cohort_.insert("999");
  }

  //! People at HubSpot, and the app's admin, do as they like.
  void disturb_account() {
    auto& account = hubspot_.account();
    auto* list = account.list_by_name(kListName);
    std::vector<ContactId> live;
    for (const auto& [id, contact] : account.contacts()) {
      if (!contact.archived) live.push_back(id);
    }
    const auto any = [&] { return live[random_() % live.size()]; };
    switch (random_() % 8) {
      case 0:
        if (list != nullptr && !live.empty()) {
          const auto id = any();
          account.add_member(*list, id);
          by_hand_.insert(id);
        }
        break;
      case 1:
        if (list != nullptr && !list->members.empty()) {
          auto member = list->members.begin();
          std::advance(member, static_cast<long>(random_() % list->members.size()));
          taken_out_.insert(member->first);
          account.remove_member(*list, member->first);
        }
        break;
      case 2:
        if (!live.empty()) account.archive(*account.by_id(any()));
        break;
      case 3:
        if (live.size() >= 2) {
          const auto a = any();
          const auto b = any();
          if (a != b) {
            merged_.insert(a);
            merged_.insert(b);
            const bool stranger = by_hand_.contains(a) || by_hand_.contains(b);
            const bool out = taken_out_.contains(a) || taken_out_.contains(b);
            auto& kept = account.merge(*account.by_id(a), *account.by_id(b),
                                       hubspot_.switches().merge_keeps_primary_id);
            merged_.insert(kept.id);
            if (stranger) by_hand_.insert(kept.id);
            if (out) taken_out_.insert(kept.id);
          }
        }
        break;
      case 4:
        if (list != nullptr) list->name = fmt::format("renamed by hand {}", random_() % 1000);
        break;
      case 5:
        if (list != nullptr && chance(0.5)) list->deleted = clock_.now();
        break;
      case 6:
        if (draw_.others) hubspot_.limiter().use_by_others(static_cast<std::int64_t>(pick(1, 100)));
        break;
      default:
        if (!live.empty())
          account.add_additional_email(*account.by_id(any()),
                                       fmt::format("later{}@example.net", random_() % 100'000));
        break;
    }
  }

  std::optional<simulator::Fault> draw_fault(const simulator::SimRequest& request) {
    if (!faulty_ || !chance(draw_.fault_rate)) return std::nullopt;
    if (request.path().rfind("/oauth/", 0) == 0) return std::nullopt;
    ++outcome_.faults;
    simulator::Fault fault;
    switch (random_() % 12) {
      case 0:
        fault.kind = "reset";
        fault.applied = true;
        break;
      case 1:
        fault.kind = "reset";
        break;
      case 2:
        fault.kind = "refused";
        break;
      case 3:
        fault.kind = "truncated";
        break;
      case 4:
        fault.kind = "empty_results";
        break;
      case 5:
        fault.status = 429;
        fault.policy = std::array{"TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"}[random_() % 3];
        fault.retry_after_s = chance(0.5) ? static_cast<std::int64_t>(pick(0, 20)) : -1;
        break;
      case 6:
        fault.status = 423;
        break;
      case 7:
        fault.status = 477;
        fault.retry_after_s = static_cast<std::int64_t>(pick(1, 3600));
        break;
      case 8:
        fault.status = std::array{500, 502, 503, 504, 524}[random_() % 5];
        fault.applied = chance(0.5);
        break;
      case 9:
        fault.kind = "slow";
        fault.delay_ms = static_cast<std::int64_t>(pick(1, 90'000));
        break;
      case 10:
        fault.kind = "drop_member";
        fault.status = static_cast<int>(pick(1, 3));
        break;
      default:
        fault.status = 408;
        break;
    }
    return fault;
  }

  simulator::SimResponse serve(const simulator::SimRequest& request) {
    auto response = hubspot_.handle(request);
    ++requests_;
    if (mutation_ == Mutation::kWritesProperties &&
        request.path().find("/batch/read") != std::string::npos) {
      for (const auto& [id, contact] : hubspot_.account().contacts()) {
        if (!contact.archived) {
          hubspot_.account().by_id(id)->properties["firstname"] = "written";
          break;
        }
      }
    }
    trace_ += fmt::format("{} {} {} {} {}\n{}\n", clock_.elapsed().count(), request.method,
                          request.target, response.status, static_cast<int>(response.disturbance),
                          request.body);
    if (verbose_) {
      fmt::print("  {:>10} {} {} -> {} {}\n", clock_.elapsed().count(), request.method,
                 request.target, response.status, response.body.substr(0, 160));
      if (!request.body.empty()) fmt::print("             {}\n", request.body.substr(0, 300));
    }
    return response;
  }

  //! One process: from its start to its end, or its death.
  void live() {
    life_.dead = false;
    life_.calls_left = -1;
    life_.failing_writes = 0;
    if (faulty_ && chance(0.35)) life_.calls_left = static_cast<std::int64_t>(pick(0, 300));
    if (faulty_ && chance(0.1)) {
      life_.writes_before = static_cast<std::int64_t>(pick(0, 60));
      life_.failing_writes = static_cast<std::int64_t>(pick(1, 5));
    }
    ++outcome_.runs;
    last_requests_ = requests_;
    last_.reset();
    try {
      WorkspaceEnvironment environment{
          clock_,
          cancellation_,
          [this]() -> std::unique_ptr<Transport> {
            auto inner = std::make_unique<simulator::SimulatedTransport>(
                clock_, [this](const simulator::SimRequest& request) { return serve(request); });
            return std::make_unique<MortalTransport>(life_, std::move(inner), random_);
          },
          installation_ + "/manifests",
          installation_ + "/plugins",
          [this](const std::filesystem::path& file, StoreAccess access) {
            return make_mortal_store(life_, open_sqlite_store(file, access));
          },
          [this](std::unique_ptr<Destination> inner) {
            return with_bug(mutation_, std::move(inner));
          }};
      auto config = read_workspace(dir_.path());
      if (mutation_ == Mutation::kIgnoresTheLimit) config.connections[0].rate_share = 3.0;
      Workspace workspace(std::move(config), std::move(environment));
      Silent silent;
      last_ = workspace.sync(workspace.config().sync("s"), {}, silent);
      if (verbose_) {
        fmt::print(
            "run {} ended: {} listed {} dropped {} to_retry {} {}\n",
            static_cast<std::int64_t>(last_->run.id), static_cast<int>(last_->run.status),
            last_->run.figures.listed,
            last_->run.figures.members - last_->run.figures.listed - last_->run.figures.to_retry,
            last_->run.figures.to_retry, last_->error ? last_->error->what() : "");
      }
      check_sums();
    } catch (const Death&) {
      ++outcome_.deaths;
      if (verbose_) fmt::print("died\n");
    } catch (const Error& error) {
      if (verbose_) fmt::print("could not run: {}\n", error.what());
      if (!faulty_) violate(fmt::format("a run without faults could not begin: {}", error.what()));
    }
  }

  //! The faults stop; the sync runs until nothing changes any more.
  void settle() {
    faulty_ = false;
    for (int i = 0; i < 12; ++i) {
      live();
      const bool quiet = last_ && !last_->error && last_->run.figures.added == 0 &&
                         last_->run.figures.removed == 0 && last_->run.figures.created == 0;
      // What was dropped is tried again within a day.
      clock_.advance(std::chrono::hours(25));
      if (quiet && i >= 4) return;
    }
    if (last_ && last_->error) {
      violate(fmt::format("it does not come to an end: {}", last_->error->what()));
    }
  }

  // ---- the promises

  void violate(const std::string& what) {
    outcome_.violations.push_back(what);
    if (verbose_) fmt::print("VIOLATION {}\n", what);
  }

  void check_sums() {
    const auto& f = last_->run.figures;
    std::uint64_t dropped = 0;
    for (const auto& [reason, count] : f.dropped) dropped += count;
    if (f.rows != f.members + f.duplicates) violate("rows are not members and duplicates");
    if (f.members != f.listed + dropped + f.to_retry) {
      violate("members are not listed, dropped and to be retried");
    }
    const bool everyone = f.listed == f.members && f.to_retry == 0;
    if (last_->run.status == RunStatus::kSucceeded && !everyone) {
      violate("a run with drops is called succeeded");
    }
  }

  //! The contacts that the cohort stands for, worked out without muster.
  std::set<ContactId> wanted() {
    std::set<ContactId> ids;
    for (const auto& who : cohort_) {
      const Contact* contact = nullptr;
      if (draw_.by_email) {
        contact = hubspot_.account().by_email(who);
      } else {
        contact = hubspot_.account().by_id(hubspot_.account().survivor(std::stoull(who)));
      }
      if (contact != nullptr && !contact->archived) {
        ids.insert(contact->id);
        continue;
      }
      const bool should_exist = draw_.by_email && draw_.create_missing &&
                                !hubspot_.account().refused_emails.contains(who) &&
                                hubspot_.switches().required_on_create.empty();
      if (should_exist) violate(fmt::format("someone was not created"));
    }
    return ids;
  }

  void check(const std::string& when) {
    if (outcome_.violations.size() > 5) return;
    const auto before = outcome_.violations.size();
    const simulator::List* ours = nullptr;
    for (const auto& [id, list] : hubspot_.account().lists()) {
      if (!list.deleted) {
        if (ours != nullptr) violate("there is more than one list");
        ours = &list;
      }
    }
    const auto expected = wanted();
    std::set<ContactId> listed;
    if (ours != nullptr) {
      for (const auto& [id, joined] : ours->members) listed.insert(id);
    }
    for (const auto id : expected) {
      if (listed.contains(id)) continue;
      // Taken out by hand, and only to be reported: reported it must be, or never noticed.
      if (taken_out_.contains(id) && (!draw_.repair || !draw_.verify)) continue;
      // Without a read-back nobody learns of a silent drop or of a merge at HubSpot.
      if (!draw_.verify) continue;
      // Under another record since a merge: known again when it is sent again.
      if (merged_.contains(id) && !draw_.repair) continue;
      violate(fmt::format("{}: {} should be in the list", when, id));
    }
    for (const auto id : listed) {
      if (expected.contains(id)) continue;
      if (by_hand_.contains(id) && !draw_.remove_strangers) continue;
      if (merged_.contains(id)) continue;
      if (by_hand_.contains(id) && !draw_.verify) continue;
      violate(fmt::format("{}: {} is left in the list", when, id));
    }
    check_contacts(when);
    check_state(when);
    const bool alone = !draw_.others && hubspot_.limiter().refused() > 0;
    if (alone)
      violate(fmt::format("{}: {} calls beyond the limit", when, hubspot_.limiter().refused()));
    if (outcome_.violations.size() > before && verbose_) fmt::print("checked {}\n", when);
  }

  void check_contacts(const std::string& when) {
    std::map<std::string, int> by_address;
    for (const auto& [id, contact] : hubspot_.account().contacts()) {
      if (contact.archived) continue;
      if (!contact.email.empty()) ++by_address[contact.email];
      const bool known_before = contact.properties.contains("firstname");
      if (!known_before && !draw_.create_missing) {
        violate(fmt::format("{}: a contact was created though it is not allowed", when));
      }
      if (known_before && contact.properties.at("firstname").rfind("Name", 0) != 0) {
        violate(fmt::format("{}: a property of an existing contact was written", when));
      }
    }
    for (const auto& [address, count] : by_address) {
      if (count > 1) violate(fmt::format("{}: a contact was created twice", when));
    }
  }

  //! Nobody's address stands in the state.
  void check_state(const std::string& when) {
    for (const auto* name : {"state.db", "state.db-wal"}) {
      const auto bytes = testing::read_file(dir_ / ".muster" / name);
      for (const auto& person : people_) {
        for (const auto& address : {person.email, person.alias}) {
          if (!address.empty() && bytes.find(address) != std::string::npos) {
            violate(fmt::format("{}: an address stands in {}", when, name));
            return;
          }
        }
      }
    }
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  Mutation mutation_;
  std::string installation_;
  bool verbose_;
  VirtualClock clock_;
  Cancellation cancellation_;
  simulator::HubSpot hubspot_;
  testing::TempDir dir_;
  Life life_;
  Draw draw_;
  std::vector<Person> people_;
  std::set<std::string> cohort_;   //!< canonical identifiers of today
  std::set<ContactId> by_hand_;    //!< put into the list by others
  std::set<ContactId> taken_out_;  //!< taken out of it by others
  std::set<ContactId> merged_;
  bool faulty_ = false;
  std::uint64_t requests_ = 0;
  std::uint64_t last_requests_ = 0;
  std::optional<RunResult> last_;
  std::string trace_;
  Outcome outcome_;
};

}  // namespace

Outcome run_seed(std::uint64_t seed, Mutation mutation, const std::string& installation,
                 bool verbose) {
  return Scenario(seed, mutation, installation, verbose).run();
}

}  // namespace muster::simulation
