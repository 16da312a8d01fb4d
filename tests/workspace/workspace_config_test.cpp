// muster.yaml: defaults, and one fault each with its place.
#include "run/workspace_config.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace muster {
namespace {

using namespace std::chrono_literals;

constexpr const char* kWhole = R"(version: 1
connections:
  marketing:
    destination: hubspot
    auth: {token: {env: HUBSPOT_TOKEN}}
syncs:
  power_users:
    cohort: Power Users
    source: {csv: cohort.csv}
    connection: marketing
    identifier: {column: email, as: email}
)";

WorkspaceConfig parse(const std::string& text) {
  return parse_workspace(text, "muster.yaml", "/workspace");
}

std::string with(std::string old, std::string wanted) {
  std::string text = kWhole;
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), wanted);
}

TEST(WorkspaceConfig, HasTheDocumentedDefaults) {
  const auto config = parse(kWhole);
  EXPECT_EQ(config.list_prefix, "amplitude_");
  EXPECT_EQ(config.keep_reports, 24h * 90);
  EXPECT_TRUE(config.plugin_paths.empty());
  const auto& connection = config.connection("marketing");
  EXPECT_EQ(connection.redirect_port, 8976);
  EXPECT_DOUBLE_EQ(connection.rate_share, 0.8);
  const auto& sync = config.sync("power_users");
  EXPECT_EQ(sync.cadence, "manual");
  EXPECT_TRUE(sync.verify);
  EXPECT_EQ(sync.on_drift, PlanOptions::Drift::kReport);
  EXPECT_EQ(sync.on_list_deleted, OnListDeleted::kRecreate);
  EXPECT_EQ(sync.strangers, Strangers::kLeave);
  EXPECT_EQ(sync.max_removals, 0.3);
  EXPECT_EQ(sync.retry_for, 2min);
  EXPECT_FALSE(sync.create_missing);
}

TEST(WorkspaceConfig, PathsAreRelativeToTheWorkspace) {
  const auto config = parse(std::string("plugins: [../manifests, /opt/manifests]\n") + kWhole);
  EXPECT_EQ(config.plugin_paths[0].lexically_normal(), "/manifests");
  EXPECT_EQ(config.plugin_paths[1], "/opt/manifests");
}

TEST(WorkspaceConfig, TheGuardCanBeOff) {
  EXPECT_FALSE(parse(std::string(kWhole) + "    guard: off\n").sync("power_users").max_removals);
}

TEST(WorkspaceConfig, AnEmptyPrefixIsOne) {
  EXPECT_EQ(parse(std::string("defaults: {list_prefix: \"\"}\n") + kWhole).list_prefix, "");
}

struct Fault {
  const char* name;
  const char* old_text;
  const char* new_text;
  const char* code;
  const char* where;
};

class BadWorkspaces : public ::testing::TestWithParam<Fault> {};

TEST_P(BadWorkspaces, AreRefusedWithTheirPlace) {
  try {
    parse(with(GetParam().old_text, GetParam().new_text));
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), GetParam().code) << error.what();
    EXPECT_EQ(error.where(), GetParam().where);
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
}

INSTANTIATE_TEST_SUITE_P(
    OneFaultEach, BadWorkspaces,
    ::testing::Values(
        Fault{"AnotherVersion", "version: 1", "version: 2", "config.type", "muster.yaml:1:10"},
        Fault{"NoVersion", "version: 1", "", "config.missing_key", "muster.yaml:2:1"},
        Fault{"UnknownKey", "syncs:", "sinks:", "config.unknown_key", "muster.yaml:6:1"},
        Fault{"PluginsAreNoList", "version: 1", "version: 1\nplugins: x", "config.type",
              "muster.yaml:2:10"},
        Fault{"NameWithASlash", "  marketing:", "  a/b:", "config.name", "muster.yaml:3:3"},
        Fault{"NoDestination", "destination: hubspot", "redirect_port: 1", "config.missing_key",
              "muster.yaml:4:5"},
        Fault{"LiteralSecret", "{env: HUBSPOT_TOKEN}", "pat-na1-secret", "config.literal_secret",
              "muster.yaml:5:19"},
        Fault{"SecretInsteadOfAName", "{env: HUBSPOT_TOKEN}", "{env: pat-na1-secret}",
              "config.literal_secret", "muster.yaml:5:25"},
        Fault{"SecretOfTwoPlaces", "{env: HUBSPOT_TOKEN}", "{env: A, file: b}", "config.secret",
              "muster.yaml:5:19"},
        Fault{"PortTooLarge", "destination: hubspot",
              "destination: hubspot\n    redirect_port: 65536", "config.type", "muster.yaml:5:20"},
        Fault{"ShareTooSmall", "destination: hubspot", "destination: hubspot\n    rate_share: 0%",
              "config.share", "muster.yaml:5:17"},
        Fault{"UnknownConnection", "connection: marketing", "connection: marketin",
              "config.unknown_connection", "muster.yaml:10:17"},
        Fault{"NoSource", "source: {csv: cohort.csv}", "source: {}", "config.source",
              "muster.yaml:9:13"},
        Fault{"NoIdentifierColumn", "{column: email, as: email}", "{as: email}",
              "config.missing_key", "muster.yaml:11:17"},
        Fault{"UnknownWord", "connection: marketing", "connection: marketing\n    on_drift: ignore",
              "config.word", "muster.yaml:11:15"},
        Fault{"UnknownGuard", "connection: marketing", "connection: marketing\n    guard: loose",
              "config.guard", "muster.yaml:11:12"},
        Fault{"NoUnit", "connection: marketing", "connection: marketing\n    retry_for: 5",
              "config.type", "muster.yaml:11:16"},
        Fault{"PushWithoutListen", "connection: marketing",
              "connection: marketing\n    push: {cohort: c}", "config.push_without_listen",
              "muster.yaml:11:11"},
        Fault{
            "PushOfAnotherCohort", "source: {csv: cohort.csv}",
            "push: {cohort: b}\n    source: {amplitude: {cohort: a, api_key: {env: K}, secret_key: "
            "{env: S}}}",
            "config.push_cohort", "muster.yaml:9:20"},
        Fault{"PushOfAnotherCohortThanTheFiles", "source: {csv: cohort.csv}",
              "push: {cohort: b}\n    source: {amplitude_s3: exports, cohort: a}",
              "config.push_cohort", "muster.yaml:9:20"},
        Fault{"PushOverAmplitudeIds", "source: {csv: cohort.csv}",
              "push: {cohort: b}\n    source: {csv: cohort.csv, id_column: amplitudeID}",
              "config.push_id", "muster.yaml:9:20"},
        Fault{"PushOverAPropertyAsId", "source: {csv: cohort.csv}",
              "push: {cohort: b}\n    source: {amplitude_s3: exports, id_column: email}",
              "config.push_id", "muster.yaml:9:20"},
        Fault{"PushOverAFileWithoutAHeader", "source: {csv: cohort.csv}",
              "push: {cohort: b}\n    source: {csv: cohort.csv, header: false}", "config.push_id",
              "muster.yaml:9:20"},
        Fault{"ListenOnAName", "version: 1",
              "version: 1\nlisten: {address: localhost, port: 1, headers: {X-S: {env: A}}}",
              "config.listen_address", "muster.yaml:2:19"},
        Fault{"ListenWithoutPort", "version: 1", "version: 1\nlisten: {headers: {X-S: {env: A}}}",
              "config.missing_key", "muster.yaml:2:9"},
        Fault{"ListenWithoutASecret", "version: 1", "version: 1\nlisten: {port: 1, headers: {}}",
              "config.push_headers", "muster.yaml:2:28"},
        Fault{"ScheduledStandardInput", "source: {csv: cohort.csv}",
              "source: {csv: \"-\"}\n    cadence: daily", "config.cadence_of_input",
              "muster.yaml:10:14"},
        Fault{"ScheduledStandardInputOfLines", "source: {csv: cohort.csv}",
              "cadence: every 2h\n    source: {jsonl: \"-\"}", "config.cadence_of_input",
              "muster.yaml:9:14"},
        Fault{"ListenForOneHeaderTwice", "version: 1",
              "version: 1\nlisten: {port: 1, headers: {X-A: {env: A}, x-a: {env: B}}}",
              "config.push_header", "muster.yaml:2:44"},
        Fault{"ListenForTheHost", "version: 1",
              "version: 1\nlisten: {port: 1, headers: {host: {env: A}}}", "config.push_header",
              "muster.yaml:2:29"},
        Fault{"ListenForAPresetOfAmplitudes", "version: 1",
              "version: 1\nlisten: {port: 1, headers: {User-Agent: {env: A}}}",
              "config.push_header", "muster.yaml:2:29"},
        Fault{"AmplitudeInClear", "source: {csv: cohort.csv}",
              "source: {amplitude: {cohort: a, api_key: {env: K}, secret_key: {env: S}, api_base: "
              "\"http://127.0.0.1:80@elsewhere.example\"}}",
              "config.api_base", "muster.yaml:9:88"},
        Fault{"ListenForNoHeader", "version: 1",
              "version: 1\nlisten: {port: 1, headers: {X S: {env: A}}}", "config.push_header",
              "muster.yaml:2:29"}),
    [](const auto& test) { return test.param.name; });

TEST(WorkspaceConfig, ListensOnLoopbackForWhatIsPushed) {
  const auto config =
      parse(with("connection: marketing", "connection: marketing\n    push: {cohort: 7khm89cz}") +
            "listen: {port: 8979, headers: {X-Secret: {env: A}, X-Team: {env: B}}}\n");
  EXPECT_EQ(config.sync("power_users").push_cohort, "7khm89cz");
  ASSERT_TRUE(config.listen);
  EXPECT_EQ(config.listen->address, "127.0.0.1");
  EXPECT_EQ(config.listen->port, 8979);
  ASSERT_EQ(config.listen->headers.size(), 2U);
  EXPECT_EQ(config.listen->headers[0].first, "X-Secret");
  EXPECT_FALSE(parse(kWhole).listen);
}

TEST(WorkspaceConfig, ASecretThatNoHeaderCanHaveIsRefusedAndNotRepeated) {
  const SecretReference secret{SecretReference::Kind::kEnvironment, "MUSTER_TEST_HEADER", "here"};
  for (const auto* value : {" s3cr3t", "s3cr3t ", "s3cr3t\t", "s3\ncr3t"}) {
    ::setenv("MUSTER_TEST_HEADER", value, 1);
    try {
      resolve_header("X-Secret", secret);
      ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "config.push_secret");
      EXPECT_EQ(error.where(), "here");
      EXPECT_EQ((std::string(error.what()) + error.hint()).find("cr3t"), std::string::npos);
    }
  }
  // What a program wrote behind it is no part of it.
  for (const auto* value : {"Bearer s3cr3t", "Bearer s3cr3t\r\n"}) {
    ::setenv("MUSTER_TEST_HEADER", value, 1);
    EXPECT_EQ(resolve_header("Authorization", secret), "Bearer s3cr3t");
  }
  ::setenv("MUSTER_TEST_HEADER", "\n", 1);
  EXPECT_THROW(resolve_header("Authorization", secret), Error);
}

TEST(WorkspaceConfig, WhatIsPushedIsLaidOverUserIds) {
  const auto source = [](const std::string& text) {
    return parse(with("source: {csv: cohort.csv}", "push: {cohort: b}\n    source: " + text) +
                 "listen: {address: \"::1\", port: 1, headers: {X-Secret: {env: A}}}\n")
        .sync("power_users")
        .source;
  };
  EXPECT_EQ(std::get<CsvOptions>(source("{csv: a.csv}")).form.id_column, "user_id");
  EXPECT_EQ(std::get<CsvOptions>(source("{csv: a.csv, id_column: uid}")).form.id_column, "uid");
  EXPECT_EQ(std::get<JsonlOptions>(source("{jsonl: a}")).id_column, "user_id");
  EXPECT_EQ(std::get<SqlOptions>(source("{sql: a.db, query: SELECT 1}")).id_column, "user_id");
  EXPECT_EQ(std::get<AmplitudeS3Options>(source("{amplitude_s3: a}")).cohort, "b");
  const auto amplitude = std::get<AmplitudeOptions>(
      source("{amplitude: {cohort: b, api_key: {env: K}, secret_key: {env: S}}}"));
  EXPECT_EQ(amplitude.id_column, "user_id");
  EXPECT_TRUE(amplitude.is_dated);
}

TEST(WorkspaceConfig, ALiteralSecretIsNotRepeated) {
  for (const auto* literal : {"pat-na1-secret", "{env: pat-na1-secret}"}) {
    try {
      parse(with("{env: HUBSPOT_TOKEN}", literal));
      FAIL() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ((std::string(error.what()) + error.hint()).find("pat-na1"), std::string::npos);
    }
  }
}

TEST(WorkspaceConfig, TwoSyncsOfOneListAreRefused) {
  const std::string second = R"(  others:
    cohort: POWER users
    source: {csv: others.csv}
    connection: marketing
    identifier: {column: email, as: email}
)";
  try {
    parse(kWhole + second);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "config.shared_list");
    EXPECT_EQ(error.where(), "muster.yaml:12:3");
  }
}

TEST(WorkspaceConfig, NamesThatLeadNowhereAreToldWithTheNearest) {
  const auto config = parse(kWhole);
  for (const auto& asked : {std::function<void()>([&] { config.sync("power_user"); }),
                            std::function<void()>([&] { config.connection("marketin"); })}) {
    try {
      asked();
      FAIL() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.hint().rfind("did you mean", 0), 0U) << error.hint();
    }
  }
}

}  // namespace
}  // namespace muster
