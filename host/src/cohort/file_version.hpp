// What tells two versions of a file apart. Pure but for asking the file system.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>

namespace muster {

struct FileVersion {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;            //!< of one that can't be looked at: whoever opens it learns why
  std::int64_t modified = 0;  //!< nanoseconds
  //! As modified, but by the kernel alone: whoever writes can set the other one back.
  std::int64_t changed = 0;
  bool operator==(const FileVersion&) const = default;

  static FileVersion of(const struct stat& status) {
    return {status.st_dev, status.st_ino, status.st_size,
            status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
            status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec};
  }
  static FileVersion of(const std::filesystem::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? of(status) : FileVersion{};
  }
};

}  // namespace muster
