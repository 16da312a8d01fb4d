// A cohort read once: mapped, keyed, unique, and every row accounted for.
#include "plan/cohort_index.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "plan/support.hpp"

namespace muster {
namespace {

using testing::Cohort;

using Counts = std::map<std::string, std::uint64_t>;

TEST(CohortIndex, AccountsForEveryRow) {
  const auto cohort = Cohort::of({"a@x.com", "A@X.com", "", "!", "b@x.com", " \t"});
  const auto& index = cohort.index();
  EXPECT_EQ(index.rows(), 6U);
  EXPECT_EQ(index.members().size(), 2U);
  EXPECT_EQ(index.duplicates().size(), 1U);
  EXPECT_EQ(index.rejected(), (Counts{{"no_identifier", 2}, {"invalid_email", 1}}));
  EXPECT_EQ(index.rejected_rows().size(), 3U);
  EXPECT_EQ(index.member_count(), 5U);
}

TEST(CohortIndex, CountsTheFirstRowOfAnIdentifierAndNamesItForTheOthers) {
  Cohort cohort(
      {{"u1", "a@x.com", {}}, {"u2", "b@x.com", {}}, {"u3", "A@x.com", {}}, {"u4", "a@X.com", {}}});
  const auto& duplicates = cohort.index().duplicates();
  ASSERT_EQ(duplicates.size(), 2U);
  EXPECT_EQ(cohort.read(duplicates[0].offset).source_id, "u3");
  EXPECT_EQ(cohort.read(duplicates[0].first).source_id, "u1");
  EXPECT_EQ(cohort.read(duplicates[1].offset).source_id, "u4");
  EXPECT_EQ(cohort.read(duplicates[1].first).source_id, "u1");
}

TEST(CohortIndex, KeepsTheCanonicalIdentifierOfMembersAndTheRawOneOfRejectedRows) {
  Cohort cohort({{"u1", "A@x.com", {}}, {"u2", "Bad!", {}}});
  const auto member = cohort.read(cohort.index().members()[0].offset);
  EXPECT_EQ(member.identifier, "a@x.com");
  EXPECT_EQ(member.reason, "");
  const auto rejected = cohort.read(cohort.index().rejected_rows()[0]);
  EXPECT_EQ(rejected.source_id, "u2");
  EXPECT_EQ(rejected.identifier, "Bad!");
  EXPECT_EQ(rejected.reason, "invalid_email");
}

TEST(CohortIndex, FindsAMemberByItsKeyAndNobodyElse) {
  const auto cohort = Cohort::of({"a@x.com", "b@x.com", "c@x.com"});
  for (const auto* identifier : {"a@x.com", "b@x.com", "c@x.com"}) {
    const auto* found = cohort.index().find(Cohort::key(identifier));
    ASSERT_NE(found, nullptr) << identifier;
    EXPECT_EQ(found->key, Cohort::key(identifier));
  }
  EXPECT_EQ(cohort.index().find(Cohort::key("d@x.com")), nullptr);
}

TEST(CohortIndex, IsInKeyOrderAlsoBeyondOneBatch) {
  std::vector<std::string> identifiers;
  for (int i = 0; i < 3'000; ++i) identifiers.push_back(std::to_string(i) + "@x.com");
  identifiers.push_back("7@x.com");
  Cohort cohort = Cohort::of(identifiers);
  const auto& members = cohort.index().members();
  ASSERT_EQ(members.size(), 3'000U);
  EXPECT_TRUE(std::is_sorted(members.begin(), members.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; }));
  EXPECT_EQ(cohort.index().duplicates().size(), 1U);
  // What was spilled long ago is read as it was.
  EXPECT_EQ(cohort.read(cohort.index().find(Cohort::key("2999@x.com"))->offset).identifier,
            "2999@x.com");
  EXPECT_EQ(cohort.read(cohort.index().find(Cohort::key("0@x.com"))->offset).identifier, "0@x.com");
}

TEST(CohortIndex, TellsPropertyValuesApartHoweverTheyAreCut) {
  const auto fingerprint = [](std::vector<std::string> values) {
    return Cohort({{"u", "a@x.com", std::move(values)}}).index().members()[0].properties;
  };
  EXPECT_EQ(fingerprint({}), 0U);
  EXPECT_NE(fingerprint({""}), 0U);
  EXPECT_EQ(fingerprint({"gold", "de"}), fingerprint({"gold", "de"}));
  EXPECT_NE(fingerprint({"gold", "de"}), fingerprint({"goldd", "e"}));
  EXPECT_NE(fingerprint({"gold", "de"}), fingerprint({"de", "gold"}));
}

TEST(CohortIndex, EndsWhenItIsInterrupted) {
  const testing::TempDir directory;
  Spill spill(directory.path());
  testing::ListedSource source(std::vector<testing::SourceRow>{{"u", "a@x.com", {}}});
  const testing::LowerCaseMapping destination;
  Cancellation cancellation;
  cancellation.request();
  try {
    CohortIndex(source, destination, {{}, "email"}, Cohort::hasher(), spill, cancellation, {});
    FAIL() << "read to its end";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
}

}  // namespace
}  // namespace muster
