// Calls of plugins that break their contract: one outcome for each item all the same (ABI-10).
#include "destination/plugin_destination.hpp"

#include <gmock/gmock.h>

#include "destination/plugin_registry.hpp"
#include "destination/support.hpp"

namespace muster {
namespace {

using ::testing::HasSubstr;
using testing::World;

class BadPlugin : public ::testing::Test {
 protected:
  PluginDestination& with(const std::string& fault) {
    Manifest manifest;
    manifest.id = "bad";
    manifest.file = "bad.yaml";
    const auto library = std::filesystem::path(PLUGINS) / ("test_plugin_" + fault + ".so");
    destination_ = std::make_unique<PluginDestination>(
        load_plugin(manifest, library), world.services(), std::map<std::string, std::string>{});
    return *destination_;
  }
  static Destination::SyncResult sync(Destination& destination) {
    SyncHeader header;
    header.kind = "id";
    header.audience_ref = "1";
    std::vector<Operation> operations(3);
    return destination.sync(header, operations, {});
  }
  static OutcomeKind kind_of(const Destination::SyncResult& result, std::size_t index) {
    return result.outcomes.at(index).kind;
  }

  World world;
  std::unique_ptr<PluginDestination> destination_;
};

TEST_F(BadPlugin, GoodOneGivesItsOutcomes) {
  const auto result = sync(with("None"));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(kind_of(result, i), OutcomeKind::kApplied);
  EXPECT_FALSE(result.failure);
}

TEST_F(BadPlugin, OneOfALaterHeaderIsAsGood) {
  auto& destination = with("OfALaterHeader");
  EXPECT_EQ(destination.check().id, "1");
  EXPECT_EQ(destination.descriptor().kinds.at(1).id, "email");
  const auto result = sync(destination);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(kind_of(result, i), OutcomeKind::kApplied);
}

TEST_F(BadPlugin, ASecondReportChangesNothing) {
  const auto result = sync(with("ReportsTwice"));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(kind_of(result, i), OutcomeKind::kApplied);
}

TEST_F(BadPlugin, ItemsWithoutAReportAreInDoubt) {
  for (const auto* fault : {"ReportsNothing", "ReportsOutOfRange", "ReportsUnset"}) {
    const auto result = sync(with(fault));
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(kind_of(result, i), OutcomeKind::kInDoubt) << fault;
    EXPECT_FALSE(result.failure);
  }
}

TEST_F(BadPlugin, RecordsOfAnOperationAreTold) {
  std::vector<std::string> told;
  AudienceEvents events;
  events.resolved = [&](std::span<const ResolvedRecord> records) {
    for (const auto& record : records) {
      told.push_back(std::to_string(record.index) + ":" + std::string(record.record_id));
    }
  };
  SyncHeader header;
  header.kind = "id";
  with("None").sync(header, std::vector<Operation>(3), events);
  EXPECT_THAT(told, ::testing::ElementsAre("0:7"));

  events.resolved = [](std::span<const ResolvedRecord>) { throw std::runtime_error("disk"); };
  EXPECT_THROW(with("None").sync(header, std::vector<Operation>(3), events), std::runtime_error);
}

TEST_F(BadPlugin, RecordsOfNoOperationOrNoneAtAllAreRefused) {
  for (const auto* fault : {"ResolvesOutOfRange", "ResolvesToNothing"}) {
    const auto result = sync(with(fault));
    EXPECT_EQ(kind_of(result, 0), OutcomeKind::kInDoubt) << fault;
  }
}

TEST_F(BadPlugin, AnAddWithoutARecordIsNoSuccess) {
  EXPECT_EQ(kind_of(sync(with("AppliedWithoutRecord")), 0), OutcomeKind::kInDoubt);
}

TEST_F(BadPlugin, AnAddToNoAudienceIsNoSuccess) {
  SyncHeader header;
  header.kind = "id";
  std::vector<Operation> operations(2);
  operations[1].kind = OperationKind::kRemove;
  const auto result = with("None").sync(header, operations, {});
  EXPECT_EQ(kind_of(result, 0), OutcomeKind::kInDoubt);
  EXPECT_EQ(kind_of(result, 1), OutcomeKind::kApplied);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "plugin.fault");
  EXPECT_THAT(result.failure->message(), HasSubstr("audience"));
}

TEST_F(BadPlugin, NoTextTellsASecretOrAnIdentifier) {
  world.secrets.put("token", "pat-0123456789");
  std::vector<Operation> operations(1);
  operations[0].identifier = "user4711";
  auto& destination = with("Leaks");
  const auto result = destination.sync({}, operations, {});
  ASSERT_TRUE(result.failure);
  const std::string safe = "[secret] of ([identifier]), [address]. or [address]";
  EXPECT_EQ(result.failure->message(), safe);
  EXPECT_EQ(result.failure->hint(), safe);
  EXPECT_EQ(result.failure->code(), "bad.[identifier]");
  EXPECT_EQ(result.outcomes.at(0).detail, safe);
  EXPECT_EQ(result.outcomes.at(0).reason, "rejected_by_destination");

  const std::vector<std::string_view> values{"ann@example.com"};
  EXPECT_EQ(destination.map_identifiers("id", values).at(0).reason, "rejected_by_destination");
}

TEST_F(BadPlugin, NoTextTellsWhatItsEndCuts) {
  world.secrets.put("token", "pat-0123456789");
  std::vector<Operation> operations(1);
  operations[0].kind = OperationKind::kRemove;
  operations[0].record_id = "48151623";
  const auto result = with("LeaksCut").sync({}, operations, {});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->message(), std::string(503, '.') + "[secret]");
  EXPECT_EQ(result.failure->hint(), "[identifier]" + std::string(240, '.') + "[identifier]");
  EXPECT_EQ(result.outcomes.at(0).detail, std::string(250, '.') + "[secre");
}

TEST_F(BadPlugin, WhatItThrowsBecomesAnErrorWithoutItsText) {
  auto& destination = with("Throws");
  const auto result = sync(destination);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->status(), MUSTER_INTERNAL);
  EXPECT_THAT(result.failure->message(), ::testing::Not(HasSubstr("someone@example.com")));
  EXPECT_EQ(kind_of(result, 0), OutcomeKind::kInDoubt);
  EXPECT_THROW(destination.check(), DestinationError);
}

TEST_F(BadPlugin, WhatIsNotThereWasNotMade) {
  const auto result = sync(with("MakesWhatIsNot"));
  EXPECT_EQ(kind_of(result, 0), OutcomeKind::kNotFound);
  EXPECT_FALSE(result.outcomes.at(0).created);
}

TEST_F(BadPlugin, AMappingThatFailsIsToldWithItsPlace) {
  const std::vector<std::string_view> values{"a"};
  for (const auto* fault : {"Throws", "MapsNothing"}) {
    try {
      with(fault).map_identifiers("id", values);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.where(), "muster.yaml:3:3") << fault;
    }
  }
}

TEST_F(BadPlugin, MappingMustAnswerEachValueOnce) {
  const std::vector<std::string_view> values{"a", "b"};
  EXPECT_THROW(with("MapsNothing").map_identifiers("id", values), Error);
  EXPECT_THROW(with("MapsTwice").map_identifiers("id", values), Error);
}

TEST_F(BadPlugin, NoInstanceIsNone) {
  try {
    with("NoInstance");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "plugin.fault");
  }
}

TEST_F(BadPlugin, AnIdentifierWithoutEndIsRejected) {
  const std::vector<std::string_view> values{"a"};
  const auto mapped = with("MapsHuge").map_identifiers("id", values);
  EXPECT_EQ(mapped.at(0).canonical, "");
  EXPECT_EQ(mapped.at(0).reason, "rejected_by_destination");
}

TEST_F(BadPlugin, TimesThatItNamesCanBeAddedUp) {
  constexpr Milliseconds kYear = std::chrono::days{365};
  auto& destination = with("WaitsForEver");
  const auto result = sync(destination);
  EXPECT_EQ(result.outcomes.at(0).retry_after, kYear);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->retry_after(), kYear);

  const auto estimate = destination.estimate({});
  EXPECT_EQ(estimate.window, kYear);
  EXPECT_LE(estimate.calls, static_cast<std::uint64_t>(Milliseconds::max() / kYear));
}

TEST_F(BadPlugin, WhatIsNoTextIsNoIdentifierRecordOrAddress) {
  auto& destination = with("TellsNoText");
  const std::vector<std::string_view> values{"a"};
  const auto page = [](std::span<const std::string_view>, std::string_view) { FAIL(); };
  EXPECT_THROW(destination.map_identifiers("id", values), Error);
  EXPECT_THROW(destination.look_up("id", values), Error);
  EXPECT_THROW(destination.read_back("1", "", page), Error);
  EXPECT_THROW(destination.begin_authorization("http://127.0.0.1:1", "s", "c"), Error);
}

TEST_F(BadPlugin, APageOfRecordsThatAreNotThereIsRefused) {
  const auto page = [](std::span<const std::string_view>, std::string_view) { FAIL(); };
  EXPECT_THROW(with("PagesNothing").read_back("1", "", page), Error);
}

TEST_F(BadPlugin, FindingWhatWasNotAskedIsNoAnswer) {
  const std::vector<std::string_view> values{"a"};
  EXPECT_THROW(with("FindsUnasked").look_up("id", values), Error);
}

TEST_F(BadPlugin, AnAccountToldWhileRevokingIsNobodysMatter) {
  EXPECT_NO_THROW(with("None").revoke());
}

TEST_F(BadPlugin, AbsentHooksAndExtensionsAreNotSupported) {
  auto& destination = with("None");
  EXPECT_FALSE(destination.supports(MUSTER_READBACK_1));
  try {
    destination.uninstall();
    FAIL();
  } catch (const DestinationError& error) {
    EXPECT_EQ(error.status(), MUSTER_NOT_SUPPORTED);
    EXPECT_THAT(error.message(), HasSubstr("can't uninstall"));
    EXPECT_FALSE(error.hint().empty());
  }
  EXPECT_THROW(destination.read_back("1", "", {}), DestinationError);
}

}  // namespace
}  // namespace muster
