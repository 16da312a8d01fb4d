#include "destination/plugin_registry.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <stdlib.h>

#include <algorithm>

#include "base/nearest.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> environment_list(const char* variable) {
  std::vector<std::string> parts;
  const char* text = ::secure_getenv(variable);
  std::string_view rest = text == nullptr ? std::string_view{} : std::string_view(text);
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    if (end > 0) parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

//! Manifests of a directory, in the order of their names.
std::vector<fs::path> manifests_in(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(directory, unreadable)) {
    const auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

PluginEntry entry_of(const fs::path& file) {
  PluginEntry entry;
  entry.manifest_file = file;
  entry.id = file.stem().string();
  try {
    entry.manifest = read_manifest(file);
    entry.id = entry.manifest->id;
  } catch (const Error& error) {
    entry.state = PluginState::kBadManifest;
    entry.error = error;
  }
  return entry;
}

bool matches(const std::vector<std::string>& globs, const std::string& id) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), id.c_str(), 0) == 0;
  });
}

}  // namespace

const char* to_word(PluginState state) noexcept {
  switch (state) {
    case PluginState::kLoaded:
      return "loaded";
    case PluginState::kDisabled:
      return "disabled";
    case PluginState::kBadManifest:
      return "bad_manifest";
    case PluginState::kBadLibrary:
      return "bad_library";
    case PluginState::kDuplicate:
      return "duplicate";
  }
  return "unknown";
}

PluginSearch PluginSearch::with_environment(std::vector<fs::path> configured,
                                            fs::path plugin_directory) {
  PluginSearch search;
  search.plugin_directory = std::move(plugin_directory);
  for (auto& directory : environment_list("MUSTER_ADD_PLUGIN_PATH")) {
    search.manifest_directories.emplace_back(std::move(directory));
  }
  const auto replacing = environment_list("MUSTER_PLUGIN_PATH");
  if (replacing.empty()) {
    search.manifest_directories.insert(search.manifest_directories.end(), configured.begin(),
                                       configured.end());
  } else {
    search.manifest_directories.insert(search.manifest_directories.end(), replacing.begin(),
                                       replacing.end());
  }
  search.disabled_globs = environment_list("MUSTER_DISABLE_PLUGINS");
  return search;
}

PluginRegistry::PluginRegistry(const PluginSearch& search) {
  for (const auto& directory : search.manifest_directories) {
    searched_ += (searched_.empty() ? "" : ", ") + directory.string();
    std::error_code unknown;
    if (!fs::is_directory(directory, unknown)) missing_.push_back(directory);
    for (const auto& file : manifests_in(directory)) entries_.push_back(entry_of(file));
  }
  for (auto& entry : entries_) {
    if (entry.error) continue;
    if (!entry.manifest->enabled || matches(search.disabled_globs, entry.id)) continue;
    // One that is disabled or bad stands in no other's way.
    const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const auto& other) {
      return other.plugin && other.id == entry.id;
    });
    if (same != entries_.end()) {
      entry.state = PluginState::kDuplicate;
      entry.error = Error(ErrorKind::kUsage, "plugin.duplicate",
                          fmt::format("the plugin '{}' is already named by {}", entry.id,
                                      same->manifest_file.string()))
                        .at(entry.manifest_file.string())
                        .with_hint("remove one of the two manifests");
      continue;
    }
    try {
      const auto library = locate_library(*entry.manifest, search.plugin_directory);
      entry.plugin = load_plugin(*entry.manifest, library);
      entry.state = PluginState::kLoaded;
    } catch (const Error& error) {
      entry.state = PluginState::kBadLibrary;
      entry.error = error;
    }
  }
}

Error disabled(const PluginEntry& entry) {
  return Error(ErrorKind::kUsage, "plugin.disabled",
               fmt::format("the plugin '{}' is disabled", entry.id))
      .at(entry.manifest_file.string())
      .with_hint(entry.manifest->enabled ? "take it out of MUSTER_DISABLE_PLUGINS"
                                         : "set 'enabled: true' in its manifest");
}

const PluginEntry& PluginRegistry::require(std::string_view id) const {
  std::vector<std::string> names;
  const PluginEntry* known = nullptr;
  for (const auto& entry : entries_) {
    if (entry.id == id && entry.state == PluginState::kLoaded) return entry;
    if (entry.id == id && known == nullptr) known = &entry;
    names.push_back(entry.id);
  }
  if (known != nullptr && known->error) throw *known->error;
  if (known != nullptr) {
    throw disabled(*known);
  }
  auto hint = did_you_mean(id, names);
  if (hint.empty()) hint = "put a plugin's manifest into one of these directories";
  throw Error(ErrorKind::kUsage, "plugin.unknown",
              fmt::format("no manifest for the plugin '{}'; looked into {}", id,
                          searched_.empty() ? "no directory" : searched_))
      .with_hint(std::move(hint));
}

}  // namespace muster
