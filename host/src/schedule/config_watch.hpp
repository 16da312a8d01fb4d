// Notices that muster.yaml changed on disk. One thread.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <filesystem>
#include <optional>

#include "run/workspace_config.hpp"

namespace muster {

class ConfigWatch {
 public:
  //! The file as it is now counts as known.
  explicit ConfigWatch(std::filesystem::path directory);

  //! The new configuration when the file changed and has been the same for two calls, so that one
  //! being written is left alone. Throws Error, once for each change, when it can't be used.
  std::optional<WorkspaceConfig> changed();

 private:
  //! What tells two versions of a file apart.
  struct Version {
    ino_t inode = 0;
    off_t size = -1;
    timespec modified{};
    bool operator==(const Version& other) const {
      return inode == other.inode && size == other.size &&
             modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
    }
  };
  Version look() const;

  std::filesystem::path directory_;
  Version known_;
  Version seen_;
};

}  // namespace muster
