// Every plugin that the search path names, loaded or not, with the reason (LOAD-1, LOAD-5, LOAD-6).
// One thread while it is built; read by any afterwards.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "destination/plugin_library.hpp"

namespace muster {

enum class PluginState { kLoaded, kDisabled, kBadManifest, kBadLibrary, kDuplicate };
const char* to_word(PluginState state) noexcept;

struct PluginEntry {
  std::string id;  //!< the file's name where the manifest could not be read
  PluginState state = PluginState::kDisabled;
  std::optional<Error> error;  //!< why it is not loaded
  std::filesystem::path manifest_file;
  std::optional<Manifest> manifest;
  std::shared_ptr<const Plugin> plugin;  //!< when loaded
};

//! Why one that is disabled can't be used, and how it could.
Error disabled(const PluginEntry& entry);

//! Where to look, and what to leave out.
struct PluginSearch {
  std::vector<std::filesystem::path> manifest_directories;
  std::filesystem::path plugin_directory;   //!< libraries that are not beside their manifest
  std::vector<std::string> disabled_globs;  //!< of ids

  //! As configured, changed by MUSTER_PLUGIN_PATH (replaces), MUSTER_ADD_PLUGIN_PATH (prepends) and
  //! MUSTER_DISABLE_PLUGINS (globs), each separated by ':'; not read in a set-uid program.
  static PluginSearch with_environment(std::vector<std::filesystem::path> configured,
                                       std::filesystem::path plugin_directory);
};

class PluginRegistry {
 public:
  //! Reads all manifests, then opens the enabled libraries. A bad plugin stops nobody else.
  explicit PluginRegistry(const PluginSearch& search);

  const std::vector<PluginEntry>& entries() const noexcept { return entries_; }
  //! Directories to look into that are not there.
  const std::vector<std::filesystem::path>& missing_directories() const noexcept {
    return missing_;
  }
  //! The loaded plugin of that id; throws Error that says why there is none.
  const PluginEntry& require(std::string_view id) const;

 private:
  std::vector<PluginEntry> entries_;
  std::vector<std::filesystem::path> missing_;
  std::string searched_;
};

}  // namespace muster
