// The files that a path or a pattern names, as they were when the reading began. A directory that
// can't be looked into is an error: what lies in it would be missing from the cohort (promise 6).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cohort/file_version.hpp"

namespace muster {

//! Whether `path` has wildcards (`*`, `?`, `[…]`) and no file carries them in its name.
bool is_pattern(const std::filesystem::path& path);

//! When the regular file was written last; nothing for what is none.
std::optional<Instant> written_at(const std::filesystem::path& file);

//! For a file without a byte among others of the cohort: that says nothing of the others' people,
//! and nobody knows whether its own are none or still to be written (promise 6).
Error empty_part(std::string file);

class FileSet {
 public:
  FileSet() = default;
  //! `path` as it is when it has no wildcards, else the files that match, in the order of their
  //! names. Throws Error when there is none, or a directory can't be read.
  explicit FileSet(std::filesystem::path path);

  const std::vector<std::filesystem::path>& files() const noexcept { return files_; }
  //! Throws Error when another set of files, or another version of one, is there by now: what was
  //! read of them would be parts of different cohorts. A single path is minded by its stream.
  void check_unchanged() const;
  //! When the file that was written longest ago was; nothing where one of them is no file, as
  //! standard input, whose content may be of any age.
  std::optional<Instant> written() const;

 private:
  std::filesystem::path pattern_;
  std::vector<std::filesystem::path> files_;
  std::vector<FileVersion> versions_;  //!< of a pattern's files
};

}  // namespace muster
