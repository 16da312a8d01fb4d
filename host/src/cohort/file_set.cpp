#include "cohort/file_set.hpp"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

namespace muster {
namespace {

namespace fs = std::filesystem;

bool has_wildcard(std::string_view name) {
  return name.find_first_of("*?[") != std::string_view::npos;
}

bool is_absence(int code) { return code == ENOENT || code == ENOTDIR; }

Error unreadable(const fs::path& place, int code) {
  return Error(ErrorKind::kFailed, "source.unreadable",
               "can't look for the cohort's files here: " + std::generic_category().message(code))
      .at(place.string())
      .with_hint("a part of the cohort may lie there; check the permissions");
}

struct DirectoryCloser {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

//! Names in `directory` that match; a directory that is none, or is gone, has none.
std::vector<std::string> matching_names(const fs::path& directory, const std::string& wanted) {
  const std::unique_ptr<DIR, DirectoryCloser> opened(
      ::opendir(directory.empty() ? "." : directory.c_str()));
  if (!opened) {
    if (is_absence(errno)) return {};
    throw unreadable(directory, errno);
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const auto* entry = ::readdir(opened.get());
    if (entry == nullptr) {
      if (errno != 0) throw unreadable(directory, errno);
      return names;
    }
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (::fnmatch(wanted.c_str(), entry->d_name, FNM_PERIOD) == 0) names.emplace_back(name);
  }
}

bool is_there(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (is_absence(errno)) return false;
  throw unreadable(path, errno);
}

std::vector<fs::path> expanded(const fs::path& pattern) {
  std::vector<fs::path> found{pattern.root_path()};
  for (const auto& part : pattern.relative_path()) {
    std::vector<fs::path> next;
    for (const auto& directory : found) {
      if (!has_wildcard(part.string())) {
        if (is_there(directory / part)) next.push_back(directory / part);
        continue;
      }
      for (const auto& name : matching_names(directory, part.string())) {
        next.push_back(directory / name);
      }
    }
    found = std::move(next);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

bool is_pattern(const fs::path& path) {
  if (!has_wildcard(path.string())) return false;
  // A file may carry a wildcard in its name.
  std::error_code unknown;
  return !fs::exists(path, unknown);
}

std::optional<Instant> written_at(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return Instant{std::chrono::seconds(status.st_mtim.tv_sec) +
                 Milliseconds(status.st_mtim.tv_nsec / 1'000'000)};
}

Error empty_part(std::string file) {
  return Error(ErrorKind::kFailed, "source.empty_file",
               "the file is empty, and it is one of several that make the cohort")
      .at(std::move(file))
      .with_hint(
          "it may not have been written yet: run again once it is, or delete it where nobody "
          "belongs in it; nothing was sent, and --allow-removals does not pass this");
}

std::optional<Instant> FileSet::written() const {
  std::optional<Instant> oldest;
  for (const auto& file : files_) {
    const auto written = file == "-" ? std::nullopt : written_at(file);
    if (!written) return std::nullopt;
    if (!oldest || *written < *oldest) oldest = written;
  }
  return oldest;
}

FileSet::FileSet(fs::path path) : pattern_(std::move(path)) {
  if (!is_pattern(pattern_)) {
    files_ = {pattern_};
    return;
  }
  files_ = expanded(pattern_);
  if (files_.empty()) {
    throw Error(ErrorKind::kFailed, "source.no_file", "no file has a name like this")
        .at(pattern_.string())
        .with_hint("check the pattern in the sync's source");
  }
  for (const auto& file : files_) versions_.push_back(FileVersion::of(file));
}

void FileSet::check_unchanged() const {
  if (versions_.empty()) return;
  bool same = expanded(pattern_) == files_;
  for (std::size_t i = 0; same && i < files_.size(); ++i) {
    same = FileVersion::of(files_[i]) == versions_[i];
  }
  if (same) return;
  throw Error(ErrorKind::kFailed, "source.changed", "the files changed while they were read")
      .at(pattern_.string())
      .with_hint("nothing was sent; run again once they are all written");
}

}  // namespace muster
