// Where a plugin's library is, and whether it can be trusted as a file (LOAD-3).
#include <elf.h>
#include <fmt/format.h>
#include <link.h>
#include <sodium.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <fstream>

#include "destination/plugin_library.hpp"

namespace muster {
namespace {

namespace fs = std::filesystem;

Error refused(const Manifest& manifest, const char* code, std::string message, std::string hint) {
  return Error(ErrorKind::kUsage, code, std::move(message))
      .at(manifest.file.string())
      .with_hint(std::move(hint));
}

bool is_inside(const fs::path& file, const fs::path& directory) {
  const auto relative = file.lexically_relative(directory);
  return !relative.empty() && *relative.begin() != "..";
}

void check_not_writable_by_others(const Manifest& manifest, const fs::path& path) {
  struct stat status {};
  const bool known = ::stat(path.c_str(), &status) == 0;
  if (known && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
  throw refused(manifest, "plugin.permissions",
                fmt::format("{} can be written by its group or by others", path.string()),
                fmt::format("run: chmod go-w {}", path.string()));
}

std::string sha256_of(const Manifest& manifest, const fs::path& file) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::ifstream in(file, std::ios::binary);
  std::array<char, 64 * 1024> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(buffer.data()),
                              static_cast<unsigned long long>(in.gcount()));
  }
  if (!in.eof()) {
    throw refused(manifest, "plugin.unreadable", fmt::format("can't read {}", file.string()),
                  "check its permissions");
  }
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&state, digest.data());
  std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  return hex.data();
}

//! Whether the file holds all that its program headers say: what is mapped and not there kills the
//! process. Of a file that is none of this platform's libraries the loader says so itself.
bool is_cut_short(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  ElfW(Ehdr) header{};
  const auto reads = [&in](void* to, std::uint64_t at, std::size_t bytes) {
    in.seekg(static_cast<std::streamoff>(at));
    return in.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)).good();
  };
  if (failed || !reads(&header, 0, sizeof header)) return false;
  const bool is_ours =
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_phentsize == sizeof(ElfW(Phdr));
  if (!is_ours) return false;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) part{};
    if (!reads(&part, header.e_phoff + i * sizeof part, sizeof part)) return true;
    if (part.p_type != PT_LOAD) continue;
    if (part.p_offset > size || part.p_filesz > size - part.p_offset) return true;
  }
  return false;
}

}  // namespace

fs::path locate_library(const Manifest& manifest, const fs::path& plugin_directory) {
  const auto platform = this_platform();
  const auto named = manifest.libraries.find(platform);
  if (named == manifest.libraries.end()) {
    throw refused(manifest, "plugin.platform", fmt::format("no library for {}", platform),
                  "add it under 'library', or disable the plugin here");
  }
  std::string searched;
  for (const auto& directory : {manifest.file.parent_path(), plugin_directory}) {
    if (directory.empty()) continue;
    const auto wanted = directory / named->second;
    searched += fmt::format("{}{}", searched.empty() ? "" : ", ", wanted.string());
    std::error_code missing;
    const auto file = fs::canonical(wanted, missing);
    if (missing) continue;
    const auto home = fs::canonical(directory);
    if (!is_inside(file, home)) {
      throw refused(manifest, "plugin.outside",
                    fmt::format("the library {} lies outside {}", file.string(), home.string()),
                    "put it beside the manifest or into the plugin directory");
    }
    if (!fs::is_regular_file(file)) {
      throw refused(manifest, "plugin.not_a_file",
                    fmt::format("{} is not a regular file", file.string()), "name the .so file");
    }
    check_not_writable_by_others(manifest, file);
    check_not_writable_by_others(manifest, file.parent_path());
    const auto digest = manifest.sha256.find(platform);
    if (digest != manifest.sha256.end() && sha256_of(manifest, file) != digest->second) {
      throw refused(
          manifest, "plugin.sha256",
          fmt::format("{} is not the file that the manifest names by its sha256", file.string()),
          "install the right library, or correct the manifest");
    }
    if (is_cut_short(file)) {
      throw refused(manifest, "plugin.truncated",
                    fmt::format("the library {} is not whole", file.string()),
                    "copy it once more: a part of it is missing");
    }
    return file;
  }
  throw refused(
      manifest, "plugin.missing",
      fmt::format("the library '{}' was not found; looked for {}", named->second, searched),
      "put it beside the manifest or into the plugin directory");
}

}  // namespace muster
