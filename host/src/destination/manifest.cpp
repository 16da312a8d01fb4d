#include "destination/manifest.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>

#include "base/strict_yaml.hpp"

namespace muster {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

//! The id becomes part of paths and messages.
std::string read_id(const YamlNode& node) {
  const auto& id = node.as_text("id");
  const bool plain = id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
                       return is_lower_or_digit(c) || c == '_' || c == '-';
                     });
  if (!plain) {
    throw node.error("manifest.id", "'id' must be 1 to 64 of a-z, 0-9, '-' and '_'");
  }
  return id;
}

std::string read_host(const YamlNode& node) {
  const auto& host = node.as_text("hosts");
  const bool plain = host.find("..") == std::string::npos && is_lower_or_digit(host.front()) &&
                     is_lower_or_digit(host.back()) &&
                     std::all_of(host.begin(), host.end(), [](char c) {
                       return is_lower_or_digit(c) || c == '.' || c == '-';
                     });
  if (plain) return host;
  throw node.error("manifest.host", fmt::format("'{}' is not a host name", host))
      .with_hint("write the name alone, in lower case: no scheme, port, path or wildcard");
}

std::string read_sha256(const YamlNode& node) {
  auto digest = node.as_text("sha256");
  const bool hex =
      digest.size() == 64 && digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex) throw node.error("manifest.sha256", "'sha256' must be 64 hex digits in lower case");
  return digest;
}

void read_libraries(const YamlNode& node, Manifest& manifest) {
  node.expect_keys("library", {"linux-x86_64", "linux-aarch64"});
  for (const auto& [platform, file] : node.entries()) {
    manifest.libraries[platform.text()] = file.as_text("library");
  }
}

}  // namespace

std::string this_platform() {
  utsname system{};
  ::uname(&system);
  return fmt::format("linux-{}", system.machine);
}

Manifest parse_manifest(std::string_view text, const std::filesystem::path& file) {
  const auto root = parse_yaml(text, file.string());
  root.expect_keys("the manifest", {"manifest", "id", "name", "library", "enabled", "sha256",
                                    "hosts", "settings", "addresses"});
  root.at("the manifest", "manifest").as_integer("manifest", 1, 1);
  Manifest manifest;
  manifest.file = file;
  manifest.id = read_id(root.at("the manifest", "id"));
  manifest.name = root.at("the manifest", "name").as_text("name");
  manifest.enabled = root.at("the manifest", "enabled").as_bool("enabled");
  read_libraries(root.at("the manifest", "library"), manifest);
  if (const auto* digests = root.find("sha256")) {
    digests->expect_keys("sha256", {"linux-x86_64", "linux-aarch64"});
    for (const auto& [platform, digest] : digests->entries()) {
      manifest.sha256[platform.text()] = read_sha256(digest);
    }
  }
  if (const auto* hosts = root.find("hosts")) {
    for (const auto& host : hosts->as_list("hosts")) manifest.hosts.push_back(read_host(host));
  }
  if (const auto* settings = root.find("settings")) {
    settings->expect_map("settings");
    for (const auto& [key, value] : settings->entries()) {
      manifest.settings[key.text()] = value.as_text(key.text());
    }
  }
  if (const auto* addresses = root.find("addresses")) {
    for (const auto& setting : addresses->as_list("addresses")) {
      manifest.addresses.push_back(setting.as_text("addresses"));
    }
  }
  return manifest;
}

Manifest read_manifest(const std::filesystem::path& file) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(file, unknown)) {
    // A pipe would keep whoever reads it waiting.
    throw Error(ErrorKind::kUsage, "manifest.file", "the manifest is not a regular file")
        .at(file.string())
        .with_hint("put the manifest's text into a file, or move this away");
  }
  const auto text = read_text_file(file);
  return parse_manifest(text, file);
}

}  // namespace muster
