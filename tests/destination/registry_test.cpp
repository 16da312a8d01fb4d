// Finding and opening plugins: bad ones stop neither the host nor the others (LOAD-1 to LOAD-6).
#include "destination/plugin_registry.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/temp_dir.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TempDir;

std::string manifest(const std::string& id, const std::string& library,
                     const std::string& more = {}) {
  return "manifest: 1\nid: " + id + "\nname: Test\nlibrary: {linux-x86_64: " + library +
         ", linux-aarch64: " + library + "}\nenabled: true\n" + more;
}

class Registry : public ::testing::Test {
 protected:
  Registry() { ::chmod(dir.path().c_str(), 0755); }

  //! A plugin of the test's own folder: a copy, so that its permissions can be changed.
  void add(const std::string& fault, const std::string& id = "bad", const std::string& more = {}) {
    fs::copy_file(fs::path(PLUGINS) / ("test_plugin_" + fault + ".so"), dir / (fault + ".so"),
                  fs::copy_options::overwrite_existing);
    ::chmod((dir / (fault + ".so")).c_str(), 0755);
    dir.write(fault + ".yaml", manifest(id, fault + ".so", more));
  }
  PluginRegistry load(std::vector<std::string> disabled = {}) {
    PluginSearch search;
    search.manifest_directories = {dir.path()};
    search.plugin_directory = fs::path(PLUGINS);
    search.disabled_globs = std::move(disabled);
    return PluginRegistry(search);
  }
  PluginEntry only(std::vector<std::string> disabled = {}) {
    auto registry = load(std::move(disabled));
    EXPECT_EQ(registry.entries().size(), 1U);
    return registry.entries().front();
  }

  TempDir dir;
};

TEST_F(Registry, LoadsAGoodPlugin) {
  add("None");
  const auto entry = only();
  EXPECT_EQ(entry.state, PluginState::kLoaded);
  EXPECT_EQ(entry.plugin->descriptor.max_batch, 10U);
}

//! As a copy that was cut short leaves it: mapped as it is, it would kill the process.
TEST_F(Registry, RefusesALibraryOfWhichAPartIsMissing) {
  add("None");
  const auto library = dir / "None.so";
  for (const auto part : {std::uintmax_t{4'500}, std::uintmax_t{2'000}, std::uintmax_t{1'000}}) {
    fs::resize_file(library, part);
    const auto entry = only();
    EXPECT_EQ(entry.state, PluginState::kBadLibrary);
    EXPECT_EQ(entry.error->code(), "plugin.truncated") << part;
  }
}

struct BadLibrary {
  const char* fault;
  const char* code;
  const char* message;
};

class BadLibraries : public Registry, public ::testing::WithParamInterface<BadLibrary> {};

TEST_P(BadLibraries, AreRefusedWithTheirReason) {
  add(GetParam().fault);
  const auto entry = only();
  EXPECT_EQ(entry.state, PluginState::kBadLibrary);
  ASSERT_TRUE(entry.error);
  EXPECT_EQ(entry.error->code(), GetParam().code);
  EXPECT_THAT(entry.error->message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    OneFaultEach, BadLibraries,
    ::testing::Values(BadLibrary{"NoEntry", "plugin.no_entry", "muster_destination_entry"},
                      BadLibrary{"NullTable", "plugin.level", "built for level 9"},
                      BadLibrary{"LevelOutOfRange", "plugin.level", "level 9"},
                      BadLibrary{"TableTooShort", "plugin.table_size", "short"},
                      BadLibrary{"MissingSync", "plugin.missing_hook", "'sync'"},
                      BadLibrary{"OtherId", "plugin.id", "'other'"},
                      BadLibrary{"EmptyVersion", "plugin.text", "version"},
                      BadLibrary{"NoBatch", "plugin.max_batch", "0"},
                      BadLibrary{"BadKinds", "plugin.kinds", "kinds"},
                      BadLibrary{"NarrowKinds", "plugin.kinds", "kinds"},
                      BadLibrary{"OddKinds", "plugin.kinds", "kinds"},
                      BadLibrary{"KindsWithoutSize", "plugin.kinds", "0 bytes"}),
    [](const auto& tested) { return tested.param.fault; });

TEST_F(Registry, ABadPluginStopsNoOther) {
  add("None", "bad");
  dir.write("broken.yaml", "manifest: [");
  dir.write("missing.yaml", manifest("missing", "nowhere.so"));
  const auto registry = load();
  EXPECT_EQ(registry.entries().size(), 3U);
  EXPECT_NO_THROW(registry.require("bad"));
}

TEST_F(Registry, NeverOpensADisabledPlugin) {
  fs::copy_file(fs::path(PLUGINS) / "test_plugin_NoEntry.so", dir / "a.so");
  auto text = manifest("off", "a.so");
  text.replace(text.find("enabled: true"), 13, "enabled: false");
  dir.write("off.yaml", text);
  EXPECT_EQ(only().state, PluginState::kDisabled);  // opened, it would be bad
}

TEST_F(Registry, DisablesByGlob) {
  add("None");
  EXPECT_EQ(only({"b*"}).state, PluginState::kDisabled);
}

TEST_F(Registry, RefusesASecondPluginOfTheSameId) {
  add("None", "bad");
  dir.write("z.yaml", manifest("bad", "None.so"));
  const auto registry = load();
  EXPECT_EQ(registry.entries()[1].state, PluginState::kDuplicate);
  EXPECT_NO_THROW(registry.require("bad"));
}

TEST_F(Registry, ABadOrDisabledPluginStandsInNoOthersWay) {
  add("NoEntry", "bad");
  auto off = manifest("bad", "NoEntry.so");
  off.replace(off.find("enabled: true"), 13, "enabled: false");
  dir.write("A.yaml", off);
  fs::rename(dir / "NoEntry.yaml", dir / "B.yaml");
  add("None", "bad");
  EXPECT_EQ(load().require("bad").manifest_file, dir / "None.yaml");
}

TEST_F(Registry, SaysWhoDisabledAPlugin) {
  add("None", "bad");
  try {
    load({"b*"}).require("bad");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.hint(), HasSubstr("MUSTER_DISABLE_PLUGINS"));
  }
}

TEST_F(Registry, NamesDirectoriesThatAreNotThere) {
  PluginSearch search;
  search.manifest_directories = {dir.path(), dir / "nowhere"};
  EXPECT_EQ(PluginRegistry(search).missing_directories(), std::vector<fs::path>{dir / "nowhere"});
}

TEST_F(Registry, RefusesALibraryThatOthersCanWrite) {
  add("None");
  ::chmod((dir / "None.so").c_str(), 0775);
  EXPECT_EQ(only().error->code(), "plugin.permissions");
  ::chmod((dir / "None.so").c_str(), 0755);
  ::chmod(dir.path().c_str(), 0777);
  EXPECT_EQ(only().error->code(), "plugin.permissions");
}

TEST_F(Registry, RefusesALibraryOutside) {
  const TempDir elsewhere;
  fs::copy_file(fs::path(PLUGINS) / "test_plugin_None.so", elsewhere / "a.so");
  fs::create_symlink(elsewhere / "a.so", dir / "link.so");
  dir.write("m.yaml", manifest("bad", "link.so"));
  EXPECT_EQ(only().error->code(), "plugin.outside");
  dir.write("m.yaml", manifest("bad", "../" + elsewhere.path().filename().string() + "/a.so"));
  EXPECT_EQ(only().error->code(), "plugin.outside");
}

TEST_F(Registry, RefusesAnotherDigest) {
  add("None", "bad",
      "sha256: {linux-x86_64: \"" + std::string(64, '0') + "\", linux-aarch64: \"" +
          std::string(64, '0') + "\"}\n");
  EXPECT_EQ(only().error->code(), "plugin.sha256");
}

TEST_F(Registry, SaysWhereItLookedForAMissingLibrary) {
  dir.write("m.yaml", manifest("bad", "nowhere.so"));
  const auto entry = only();
  EXPECT_EQ(entry.error->code(), "plugin.missing");
  EXPECT_THAT(entry.error->message(), HasSubstr(dir.path().string()));
  EXPECT_THAT(entry.error->message(), HasSubstr(PLUGINS));
}

TEST_F(Registry, RefusesAFileThatIsNoLibrary) {
  dir.write("text.so", "this is no library");
  ::chmod((dir / "text.so").c_str(), 0644);
  dir.write("m.yaml", manifest("bad", "text.so"));
  const auto entry = only();
  EXPECT_EQ(entry.error->code(), "plugin.cannot_load");
  EXPECT_THAT(entry.error->message(), HasSubstr("file too short"));
}

TEST_F(Registry, FindsTheNearestIdForAnUnknownOne) {
  add("None", "bad");
  try {
    load().require("bda");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "plugin.unknown");
    EXPECT_THAT(error.hint(), HasSubstr("bad"));
  }
}

TEST(PluginSearch, TakesTheEnvironmentIntoAccount) {
  ::setenv("MUSTER_ADD_PLUGIN_PATH", "/first", 1);
  ::setenv("MUSTER_DISABLE_PLUGINS", "a*:b", 1);
  auto search = PluginSearch::with_environment({"/configured"}, "/plugins");
  EXPECT_EQ(search.manifest_directories, (std::vector<fs::path>{"/first", "/configured"}));
  EXPECT_EQ(search.disabled_globs, (std::vector<std::string>{"a*", "b"}));
  ::setenv("MUSTER_PLUGIN_PATH", "/only:/these", 1);
  search = PluginSearch::with_environment({"/configured"}, "/plugins");
  EXPECT_EQ(search.manifest_directories, (std::vector<fs::path>{"/first", "/only", "/these"}));
  for (const auto* name :
       {"MUSTER_ADD_PLUGIN_PATH", "MUSTER_DISABLE_PLUGINS", "MUSTER_PLUGIN_PATH"}) {
    ::unsetenv(name);
  }
}

}  // namespace
}  // namespace muster
