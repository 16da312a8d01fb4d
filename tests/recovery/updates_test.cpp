// Values of mapped properties that a run has sent and not written down.
#include <gtest/gtest.h>

#include "recovery/world.hpp"

namespace muster {
namespace {

using testing::RecoveryWorld;

class SentValue : public ::testing::Test {
 protected:
  void cohort_with(const std::string& company) const {
    world_.dir.write("cohort.csv", "email,works_at\na@x.com," + company + "\n");
  }
  std::string company() {
    return world_.hubspot.account().by_email("a@x.com")->properties["company"];
  }

  RecoveryWorld world_{"properties: {works_at: company}"};
};

TEST_F(SentValue, OfARunThatDiedIsReplacedWhenTheFormerOneComesBack) {
  world_.hubspot.account().create("a@x.com");
  cohort_with("Former");
  world_.sync();
  cohort_with("New");
  world_.before = [&](const simulator::SimRequest& request) {
    if (request.path().find("/batch/update") != std::string::npos) world_.keep_disk();
  };
  world_.sync();
  world_.before = {};
  world_.go_back_to_kept_disk();  // killed when the value was written, and nobody knew
  ASSERT_EQ(company(), "New");

  cohort_with("Former");
  world_.sync();

  EXPECT_EQ(company(), "Former");
}

//! Of two members that became one contact, the one that wrote last leaves.
TEST_F(SentValue, OfAMemberThatLeftIsReplacedByThatOfWhoStaysOnTheRecord) {
  auto& account = world_.hubspot.account();
  account.create("a@x.com");
  account.create("b@x.com");
  const auto cohort = [this](const std::string& rows) {
    world_.dir.write("cohort.csv", "email,works_at\n" + rows);
  };
  cohort("a@x.com,Former\nb@x.com,Stays\n");
  world_.sync();
  account.merge(*account.by_email("a@x.com"), *account.by_email("b@x.com"), false);
  // The first one finds out, and the second one writes to the record of both.
  for (int i = 0; i < 2; ++i) world_.sync();
  cohort("a@x.com,Last\nb@x.com,Stays\n");
  world_.sync();
  ASSERT_EQ(company(), "Last");

  cohort("b@x.com,Stays\n");
  world_.sync();
  world_.sync();

  EXPECT_EQ(company(), "Stays");
  EXPECT_EQ(world_.list().members.size(), 1U);
}

}  // namespace
}  // namespace muster
