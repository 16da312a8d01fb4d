// A plugin's manifest: what enables it, where its library is, whom it may reach. Read and checked
// before any library is opened (LOAD-1, LOAD-2).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace muster {

struct Manifest {
  std::filesystem::path file;
  std::string id;
  std::string name;
  bool enabled = false;
  //! By platform, such as "linux-x86_64".
  std::map<std::string, std::string> libraries;
  //! By platform; lower-case hex.
  std::map<std::string, std::string> sha256;
  std::vector<std::string> hosts;
  std::map<std::string, std::string> settings;  //!< defaults of its connections
  std::vector<std::string> addresses;           //!< settings that say where the plugin connects to
};

//! Throws Error with file:line:column.
Manifest read_manifest(const std::filesystem::path& file);
Manifest parse_manifest(std::string_view text, const std::filesystem::path& file);

//! The key under which manifests name libraries for this machine.
std::string this_platform();

}  // namespace muster
