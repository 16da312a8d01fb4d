// Manifests, one fault each (LOAD-2).
#include "destination/manifest.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"

#include "support/temp_dir.hpp"

namespace muster {
namespace {

using ::testing::HasSubstr;

const std::string kGood =
    "manifest: 1\n"
    "id: hubspot\n"
    "name: HubSpot\n"
    "library: {linux-x86_64: a.so, linux-aarch64: b.so}\n"
    "enabled: true\n"
    "hosts: [api.hubapi.com]\n"
    "settings: {api_version: \"2026-09\"}\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  if (at == std::string::npos) throw std::logic_error("not there: " + what);
  return text.replace(at, what.size(), by);
}

TEST(Manifest, IsReadWhole) {
  const auto manifest = parse_manifest(kGood + "addresses: [api_base]\n", "/p/hubspot.yaml");
  EXPECT_EQ(manifest.id, "hubspot");
  EXPECT_TRUE(manifest.enabled);
  EXPECT_EQ(manifest.libraries.at("linux-x86_64"), "a.so");
  EXPECT_EQ(manifest.hosts, std::vector<std::string>{"api.hubapi.com"});
  EXPECT_EQ(manifest.addresses, std::vector<std::string>{"api_base"});
  EXPECT_EQ(manifest.settings.at("api_version"), "2026-09");
}

struct BadManifest {
  const char* name;
  std::string text;
  const char* where;
  const char* message;
};

class BadManifests : public ::testing::TestWithParam<BadManifest> {};

TEST_P(BadManifests, AreRefusedWithTheirPlace) {
  try {
    parse_manifest(GetParam().text, "m.yaml");
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.where(), HasSubstr(GetParam().where));
    EXPECT_THAT(error.message() + error.hint(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    OneFaultEach, BadManifests,
    ::testing::Values(
        BadManifest{"Empty", "", "m.yaml:1:1", "empty"},
        BadManifest{"NotYaml", "manifest: [1", "m.yaml:1:", "YAML"},
        BadManifest{"NotAMap", "- 1\n", "m.yaml:1:1", "keys"},
        BadManifest{"UnknownKey", kGood + "enabeld: true\n", "m.yaml:8:1", "enabled"},
        BadManifest{"DoubleKey", kGood + "id: other\n", "m.yaml:8:1", "twice"},
        BadManifest{"MissingId", replaced(kGood, "id: hubspot\n", ""), "m.yaml", "'id'"},
        BadManifest{"MissingEnabled", replaced(kGood, "enabled: true\n", ""), "m.yaml",
                    "'enabled'"},
        BadManifest{"OtherVersion", replaced(kGood, "manifest: 1", "manifest: 2"), "m.yaml:1:11",
                    "manifest"},
        BadManifest{"BadId", replaced(kGood, "id: hubspot", "id: ../x"), "m.yaml:2:5", "id"},
        BadManifest{"EnabledIsText", replaced(kGood, "enabled: true", "enabled: \"yes\""),
                    "m.yaml:5:10", "true or false"},
        BadManifest{"UnknownPlatform", replaced(kGood, "linux-x86_64", "linux-x86-64"),
                    "m.yaml:4:11", "linux-x86_64"},
        BadManifest{"HostWithScheme", replaced(kGood, "[api.", "[\"https://api."), "m.yaml", ""},
        BadManifest{"HostWithPath", replaced(kGood, "hubapi.com]", "hubapi.com/x]"), "m.yaml:6:9",
                    "host name"},
        BadManifest{"HostWithWildcard", replaced(kGood, "[api.", "[\"*.\", api."), "m.yaml:6:9",
                    "host name"},
        BadManifest{"ShortSha", kGood + "sha256: {linux-x86_64: \"12\"}\n", "m.yaml:8:24",
                    "64 hex"},
        BadManifest{"Anchor", replaced(kGood, "name: HubSpot", "name: &a HubSpot"), "m.yaml:3:7",
                    "anchor"},
        BadManifest{"Alias", kGood + "sha256: *a\n", "m.yaml", ""},
        BadManifest{"Tag", replaced(kGood, "name: HubSpot", "name: !!str HubSpot"), "m.yaml:3:7",
                    "tag"},
        BadManifest{"TwoDocuments", kGood + "---\nid: x\n", "m.yaml", "document"},
        BadManifest{"TooLarge", kGood + "# " + std::string(70'000, 'x'), "m.yaml:1:1", "64 KiB"},
        BadManifest{"NulByte", kGood + std::string(1, '\0'), "m.yaml:1:1", "NUL"},
        BadManifest{"SettingIsAList", replaced(kGood, "\"2026-09\"", "[1]"), "m.yaml:7:25",
                    "text"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ManifestFile, MustBeARegularOne) {
  const testing::TempDir directory;
  const auto pipe = directory / "pipe.yaml";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  try {
    read_manifest(pipe);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "manifest.file");
    EXPECT_EQ(error.where(), pipe.string());
  }
}

}  // namespace
}  // namespace muster
