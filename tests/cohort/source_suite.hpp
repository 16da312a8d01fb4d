// What every source must do, whatever it reads: one suite (source_suite.cpp), run against each
// kind. A test program names its kinds with INSTANTIATE_TEST_SUITE_P.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster::testing {

//! A person as the source's own store has them; columns user_id, email, plan.
struct Person {
  std::string user_id, email, plan;
  bool operator==(const Person&) const = default;
};
inline void PrintTo(const Person& person, std::ostream* out) {
  *out << person.user_id << '|' << person.email << '|' << person.plan;
}

//! One kind of source, with a store of its own that it can be given people in.
class SourceKind {
 public:
  virtual ~SourceKind() = default;
  //! The source of a store that holds `people`; replaces what was there.
  virtual std::unique_ptr<Source> holding(const std::vector<Person>& people, Waiting waiting) = 0;
  //! A source that breaks off after about half of `people`, as its store can; nullptr where it has
  //! nothing that can.
  virtual std::unique_ptr<Source> breaking_off(const std::vector<Person>& people) = 0;
  //! The same, at a row's end; nullptr where nobody can tell that from a smaller cohort.
  virtual std::unique_ptr<Source> breaking_off_between_rows(const std::vector<Person>&) {
    return nullptr;
  }
  //! A source that can be read, and has something odd to tell; nullptr where nothing is.
  virtual std::unique_ptr<Source> being_odd() { return nullptr; }
  //! A source of one person under two names that are aliases of `email`, neither of them that;
  //! nullptr where there can't be two.
  virtual std::unique_ptr<Source> being_ambiguous() { return nullptr; }
  //! Whether its store has columns of its own, to be found by other spellings of their names.
  virtual bool has_columns() const { return true; }
  //! Whether a column that nobody has is missing, rather than empty.
  virtual bool misses_columns() const { return true; }
  //! A source that gives nothing for longer than anybody waits; nullptr where it can't be.
  virtual std::unique_ptr<Source> keeping_waiting(Waiting /*waiting*/) { return nullptr; }
};

struct SourceKindUnderTest {
  std::string name;
  std::function<std::unique_ptr<SourceKind>()> make;
};

inline std::vector<Person> people_of(Source& source) {
  std::vector<Person> seen;
  while (const auto member = source.next()) {
    seen.push_back({std::string(member->source_id), std::string(member->identifier),
                    std::string(member->properties.at(0))});
  }
  return seen;
}

inline std::vector<Person> many_people(int count) {
  std::vector<Person> people;
  for (int i = 0; i < count; ++i) {
    const auto number = std::to_string(i);
    people.push_back({"u" + number, "person" + number + "@example.com", i % 3 == 0 ? "pro" : ""});
  }
  return people;
}

inline std::vector<std::string> told_by(const Source& source) {
  std::vector<std::string> told;
  for (const auto& notice : source.notices()) {
    told.push_back(notice.code + ' ' + std::to_string(notice.count) + ' ' + notice.first_at + ' ' +
                   notice.text);
  }
  return told;
}

//! That it is told, and by nothing that names a person.
inline void expect_not_taken_for_a_cohort(Source& source, const Columns& columns) {
  try {
    source.open(columns);
    const auto seen = people_of(source);
    ADD_FAILURE() << "ended quietly after " << seen.size();
  } catch (const Error& error) {
    EXPECT_FALSE(error.where().empty());
    EXPECT_FALSE(error.hint().empty());
    const std::string told = error.what();
    EXPECT_EQ(told.find("@example.com"), std::string::npos) << told;
  }
}

class EverySource : public ::testing::TestWithParam<SourceKindUnderTest> {
 protected:
  const Columns columns_{"email", {"plan"}};
  std::unique_ptr<SourceKind> kind_ = GetParam().make();
};

}  // namespace muster::testing
