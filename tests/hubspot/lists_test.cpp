// The list of a sync, from its creation to its loss (hubspot/api.md §5).
#include <gtest/gtest.h>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {
namespace {

// ---- Adoption

TEST(Adoption, AListThatMusterDidNotMakeIsRefusedByName) {
  RunWorld world;
  world.hubspot.account().create_list("Amplitude_power users");
  world.cohort({"ada@example.com"});
  const auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "hubspot.list_taken");
  EXPECT_EQ(result.error->kind(), ErrorKind::kFailed);
  EXPECT_NE(result.error->message().find("amplitude_Power Users"), std::string::npos);
  EXPECT_NE(result.error->hint().find("adopt_list"), std::string::npos);
  EXPECT_TRUE(world.hubspot.account().contacts().empty()) << "nobody was created for nothing";
  // Refused again, too: the first attempt left no claim on it.
  EXPECT_EQ(world.sync().error->code(), "hubspot.list_taken");
}

TEST(Adoption, AListIsAdoptedWhenTheUserAllowsIt) {
  RunWorld world("", "adopt_list: true");
  auto& list = world.hubspot.account().create_list("amplitude_Power Users");
  world.cohort({"ada@example.com"});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.sync.audience_ref, std::to_string(list.id));
  EXPECT_EQ(result.sync.audience_origin, AudienceOrigin::kAdopted);
  EXPECT_EQ(world.members(), 1U);
  EXPECT_EQ(world.sync().sync.audience_origin, AudienceOrigin::kAdopted) << "it stays so";
}

TEST(Adoption, AListOfAnotherKindIsRefusedAlsoThen) {
  for (const bool dynamic : {true, false}) {
    RunWorld world("", "adopt_list: true");
    auto& list = world.hubspot.account().create_list("amplitude_Power Users",
                                                     dynamic ? "DYNAMIC" : "MANUAL");
    if (!dynamic) list.object_type = "0-2";
    world.cohort({"ada@example.com"});
    const auto result = world.sync();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->code(), "hubspot.list_taken");
    EXPECT_EQ(result.error->hint().find("adopt_list"), std::string::npos) << "it would not help";
    EXPECT_TRUE(list.members.empty());
  }
}

TEST(Adoption, ACreationWhoseAnswerWasLostIsOurs) {
  RunWorld world("retry_for: 1s");
  world.cohort({"ada@example.com"});
  world.hubspot.faults().add({"/crm/lists/2026-09", "POST", 0, 1, "reset", 0, "", -1, 0, true});
  const auto lost = world.sync();
  ASSERT_FALSE(lost.error && lost.error->kind() != ErrorKind::kLater);
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.sync.audience_origin, AudienceOrigin::kOurs);
  EXPECT_EQ(world.hubspot.account().lists().size(), 1U);
  EXPECT_EQ(world.members(), 1U);
}

// ---- Renaming

TEST(Renaming, AListRenamedInHubSpotIsStillOurs) {
  RunWorld world;
  world.cohort({"ada@example.com"});
  const auto first = world.sync();
  world.list()->name = "VIPs of the year";
  world.cohort({"ada@example.com", "bob@example.com"});
  const auto second = world.sync();
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.sync.audience_ref, first.sync.audience_ref);
  EXPECT_EQ(world.list("VIPs of the year")->members.size(), 2U);
}

TEST(Renaming, OfAListIsAskedAgainAsAllElseOfARun) {
  RunWorld world;
  world.cohort({"ada@example.com"});
  EXPECT_FALSE(world.sync().error);
  world.cohort_name = "Renamed";
  world.hubspot.faults().add({"update-list-name", "PUT", 0, 1, "status", 503, "", -1, 0, false});
  world.hubspot.faults().add({"update-list-name", "PUT", 0, 1, "reset", 0, "", -1, 0, true});
  const auto result = world.sync();
  EXPECT_FALSE(result.error);
  EXPECT_NE(world.list("amplitude_Renamed"), nullptr);
}

TEST(Renaming, ACohortRenamedInTheConfigurationRenamesItsList) {
  for (const bool someone_new : {true, false}) {
    for (const auto* verify : {"verify: true", "verify: false"}) {
      RunWorld world(verify);
      world.cohort({"ada@example.com"});
      const auto first = world.sync();
      world.cohort_name = "Champions";
      if (someone_new) world.cohort({"ada@example.com", "bob@example.com"});
      const auto second = world.sync();
      EXPECT_FALSE(second.error);
      EXPECT_EQ(second.sync.audience_ref, first.sync.audience_ref);
      EXPECT_EQ(world.list(), nullptr);
      ASSERT_NE(world.list("amplitude_Champions"), nullptr) << someone_new << verify;
      EXPECT_EQ(world.list("amplitude_Champions")->members.size(), someone_new ? 2U : 1U);
    }
  }
}

TEST(Renaming, ToANameThatIsTakenIsRefused) {
  RunWorld world;
  world.cohort({"ada@example.com"});
  world.sync();
  world.hubspot.account().create_list("amplitude_Champions");
  world.cohort_name = "Champions";
  const auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "hubspot.list_taken");
  EXPECT_EQ(result.error->hint().find("adopt_list"), std::string::npos) << "it would not help";
  EXPECT_NE(result.error->hint().find("rename the other list"), std::string::npos);
}

TEST(Names, WithAnyCharacterReachTheirList) {
  for (const auto* name : {"a/b?c#d%e&f=g", "Größte Fans 你好 🎉", "100% + more; 'quoted' \"too\"",
                           "../../oauth", "tab\tand space "}) {
    RunWorld world;
    world.cohort_name = name;
    world.cohort({"ada@example.com"});
    const auto first = world.sync();
    EXPECT_FALSE(first.error) << name;
    ASSERT_NE(world.list(std::string("amplitude_") + name), nullptr) << name;
    EXPECT_EQ(world.members(), 1U);
    // Found by its name as well, and renamed to it.
    world.cohort_name = std::string(name) + " 2";
    EXPECT_FALSE(world.sync().error) << name;
    EXPECT_EQ(world.members(), 1U) << name;
  }
}

TEST(Names, LongerThanHubSpotAllowsAreToldWithTheirLength) {
  RunWorld world;
  world.hubspot.switches().longest_list_name = 30;
  world.cohort_name = std::string(40, 'x');
  world.cohort({"ada@example.com"});
  auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "hubspot.list_refused");
  EXPECT_NE(result.error->message().find("50 characters"), std::string::npos);
  EXPECT_TRUE(world.hubspot.account().contacts().empty());
  world.cohort_name = "short";
  EXPECT_FALSE(world.sync().error);
  world.cohort_name = std::string(40, 'y');
  result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "hubspot.list_refused");
}

// ---- Deletion

void delete_list(RunWorld& world) { world.list()->deleted = world.clock.now(); }

TEST(Deletion, MakesTheListAgainUnlessToldOtherwise) {
  for (const auto* verify : {"verify: true", "verify: false"}) {
    RunWorld world(verify);
    world.cohort({"ada@example.com", "bob@example.com"});
    const auto first = world.sync();
    delete_list(world);
    const auto second = world.sync();
    EXPECT_FALSE(second.error);
    EXPECT_NE(second.sync.audience_ref, first.sync.audience_ref);
    EXPECT_EQ(world.members(), 2U);
    ASSERT_EQ(world.notices.size(), 1U);
    EXPECT_NE(world.notices[0].find("created again"), std::string::npos);
  }
}

TEST(Deletion, StopsARunThatSaysSoAndOffersTheRestoring) {
  RunWorld world("on_list_deleted: stop");
  world.cohort({"ada@example.com"});
  const auto first = world.sync();
  delete_list(world);
  const auto stopped = world.sync();
  ASSERT_TRUE(stopped.error);
  EXPECT_EQ(stopped.error->code(), "hubspot.list_gone");
  EXPECT_NE(stopped.error->hint().find("--restore-list"), std::string::npos);
  EXPECT_EQ(world.hubspot.account().lists().size(), 1U);
  RunOptions restoring;
  restoring.restore_list = true;
  const auto restored = world.sync(restoring);
  EXPECT_FALSE(restored.error);
  EXPECT_EQ(restored.sync.audience_ref, first.sync.audience_ref);
  EXPECT_EQ(restored.run.figures.added, 0U) << "it has the members that it had";
  EXPECT_EQ(world.members(), 1U);
}

TEST(Deletion, RestoresTheListWhereTheSyncSaysSo) {
  RunWorld world("on_list_deleted: restore");
  world.cohort({"ada@example.com"});
  const auto first = world.sync();
  delete_list(world);
  world.clock.advance(std::chrono::hours(24 * 89));
  world.cohort({"ada@example.com", "bob@example.com"});
  // Not at once: it is asked again.
  world.hubspot.faults().add({"/restore", "PUT", 0, 1, "status", 503, "", -1, 0, false});
  const auto second = world.sync();
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.sync.audience_ref, first.sync.audience_ref);
  EXPECT_EQ(second.run.figures.added, 1U);
  EXPECT_EQ(world.members(), 2U);
  ASSERT_EQ(world.notices.size(), 1U);
  EXPECT_NE(world.notices[0].find("restored"), std::string::npos);
}

TEST(Deletion, MakesAListAgainThatIsTooOldToBeRestored) {
  RunWorld world("on_list_deleted: restore");
  world.cohort({"ada@example.com"});
  const auto first = world.sync();
  delete_list(world);
  world.clock.advance(std::chrono::hours(24 * 91));
  const auto second = world.sync();
  EXPECT_FALSE(second.error);
  EXPECT_NE(second.sync.audience_ref, first.sync.audience_ref);
  EXPECT_EQ(world.members(), 1U);
  ASSERT_EQ(world.notices.size(), 2U);
  EXPECT_NE(world.notices[0].find("90 days"), std::string::npos);
}

TEST(Deletion, IsNotUndoneOverAListOfTheSameName) {
  RunWorld world("on_list_deleted: restore");
  world.cohort({"ada@example.com"});
  world.sync();
  delete_list(world);
  world.hubspot.account().create_list("amplitude_Power Users");
  const auto result = world.sync();
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code(), "hubspot.list_taken");
}

TEST(Deletion, IsNotBelievedOfOne404) {
  for (const auto* path : {"/memberships/add-and-remove", "/memberships"}) {
    RunWorld world("on_list_deleted: stop");
    world.cohort({"ada@example.com"});
    const auto first = world.sync();
    world.cohort({"ada@example.com", "bob@example.com"});
    world.hubspot.faults().add({path, "", 0, 1, "status", 404, "", -1, 0, false});
    const auto second = world.sync();
    EXPECT_FALSE(second.error) << path << ": " << second.error->message();
    EXPECT_EQ(second.sync.audience_ref, first.sync.audience_ref);
    EXPECT_EQ(world.hubspot.account().lists().size(), 1U);
    EXPECT_EQ(world.members(), 2U) << path;
  }
}

TEST(Deletion, AndConversionAreNoticedBeforeAContactIsCreated) {
  for (const bool deleted : {true, false}) {
    RunWorld world("on_list_deleted: stop");
    world.cohort({"ada@example.com"});
    world.sync();
    if (deleted) {
      delete_list(world);
    } else {
      world.list()->processing_type = "DYNAMIC";
    }
    world.cohort({"ada@example.com", "bob@example.com"});
    const auto result = world.sync();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->code(), deleted ? "hubspot.list_gone" : "hubspot.list_converted");
    EXPECT_EQ(world.hubspot.account().by_email("bob@example.com"), nullptr);
  }
}

TEST(ListOfARun, IsLookedAtOnceAndOnlyWhereContactsMayBeCreated) {
  PluginWorld world;
  const auto people = PluginWorld::people(30);
  world.sync(PluginWorld::adds(people));
  const auto looks = [&] {
    return std::count_if(world.hubspot.log().begin(), world.hubspot.log().end(),
                         [&](const auto& request) {
                           return request.method == "GET" &&
                                  request.target.ends_with("/" + world.header.audience_ref);
                         });
  };
  EXPECT_EQ(looks(), 0) << "it was made by this run";
  world.start();
  world.hubspot.log().clear();
  world.sync(PluginWorld::adds(PluginWorld::people(5, "new")));
  world.sync(PluginWorld::adds(PluginWorld::people(5, "newer")));
  EXPECT_EQ(looks(), 1);
  world.start();
  world.hubspot.log().clear();
  world.header.create_missing = false;
  world.sync(PluginWorld::adds(people));
  EXPECT_EQ(looks(), 0);
}

// ---- Conversion

TEST(Conversion, ToAnActiveListStopsTheRunWhetherAnyoneComesOrNot) {
  for (const bool someone_new : {true, false}) {
    RunWorld world;
    world.cohort({"ada@example.com"});
    world.sync();
    world.list()->processing_type = "DYNAMIC";
    if (someone_new) world.cohort({"ada@example.com", "bob@example.com"});
    const auto result = world.sync();
    ASSERT_TRUE(result.error) << someone_new;
    EXPECT_EQ(result.error->code(), "hubspot.list_converted");
    EXPECT_EQ(world.hubspot.account().lists().size(), 1U) << "no second list is made";
    // What the hint says.
    EXPECT_NE(result.error->hint().find("on_list_deleted: recreate"), std::string::npos);
    delete_list(world);
    world.sync_keys = "on_list_deleted: recreate";
    EXPECT_FALSE(world.sync().error);
    EXPECT_EQ(world.list()->processing_type, "MANUAL");
    EXPECT_EQ(world.members(), someone_new ? 2U : 1U);
  }
}

}  // namespace
}  // namespace muster::testing
