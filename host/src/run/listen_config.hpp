// Where pushed changes are received, as muster.yaml says (`listen:`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/secret_reference.hpp"
#include "base/strict_yaml.hpp"

namespace muster {

struct ListenConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<std::pair<std::string, SecretReference>> headers;  //!< name and value
  std::string where;
};

//! Throws Error kUsage with the place.
ListenConfig read_listen(const YamlNode& node, const std::filesystem::path& directory);

//! The value that the header must have. Throws Error when it leads nowhere, or is none that a
//! header can have.
std::string resolve_header(const std::string& name, const SecretReference& secret);

}  // namespace muster
