// The suite of every source, run against changes that were pushed, alone and laid over a cohort.
#include "cohort/file_kinds.hpp"
#include "cohort/pushed_source.hpp"

namespace muster::testing {
namespace {

PushedUser pushed(const Person& person) {
  return {person.user_id, {{"email", person.email}, {"plan", person.plan}}};
}

class PushedKind final : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting) override {
    users_.clear();
    for (const auto& person : people) users_.push_back(pushed(person));
    return std::make_unique<PushedSource>([this] {
      std::vector<const PushedUser*> users;
      for (const auto& user : users_) users.push_back(&user);
      return users;
    });
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>&) override { return nullptr; }
  std::unique_ptr<Source> being_ambiguous() override {
    return std::make_unique<PushedSource>(
        [this] { return std::vector<const PushedUser*>{&ambiguous_}; });
  }
  bool misses_columns() const override { return false; }

 private:
  std::vector<PushedUser> users_;
  PushedUser ambiguous_{"u1", {{"E-mail", "a@b.com"}, {"e_mail", "b@b.com"}}};
};

//! A file without the last person, who was pushed, and with one who left since.
class OverlaidKind final : public SourceKind {
 public:
  std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) override {
    auto before = people;
    before.back() = {"left", "left@b.com", ""};
    return laid_over(file_.holding(before, std::move(waiting)), people.back());
  }
  std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) override {
    return laid_over(file_.breaking_off(people), people.back());
  }
  std::unique_ptr<Source> keeping_waiting(Waiting waiting) override {
    return laid_over(file_.keeping_waiting(std::move(waiting)), {"u", "a@b.com", ""});
  }
  std::unique_ptr<Source> being_odd() override {
    return laid_over(file_.being_odd(), {"u", "a@b.com", ""});
  }

 private:
  std::unique_ptr<Source> laid_over(std::unique_ptr<Source> file, const Person& entering) {
    return std::make_unique<OverlaidSource>(std::move(file), clock_, [this, entering] {
      PushedMessage enters;
      enters.computed = pushed_time(clock_.now());
      enters.users = {pushed(entering)};
      PushedMessage leaves;
      leaves.enters = false;
      leaves.computed = enters.computed;
      leaves.users = {{"left", {}}};
      PushedChanges changes;
      changes.add(enters, true);
      changes.add(leaves, true);
      return changes;
    });
  }
  CsvKind file_;
  SystemClock clock_;
};

INSTANTIATE_TEST_SUITE_P(Pushes, EverySource,
                         ::testing::Values(kind<PushedKind>("Pushed"),
                                           kind<OverlaidKind>("LaidOver")),
                         name_of_kind);

}  // namespace
}  // namespace muster::testing
