#include "schedule/config_watch.hpp"

#include <sys/stat.h>

#include <utility>

#include "schedule/connection_worker.hpp"

namespace muster {

ConfigWatch::ConfigWatch(std::filesystem::path directory)
    : directory_(std::move(directory)), known_(look()), seen_(known_) {}

ConfigWatch::Version ConfigWatch::look() const {
  struct stat file {};
  if (::stat((directory_ / "muster.yaml").c_str(), &file) != 0) return {};
  return {file.st_ino, file.st_size, file.st_mtim};
}

std::optional<WorkspaceConfig> ConfigWatch::changed() {
  const auto version = look();
  const bool settled = version == seen_;
  seen_ = version;
  if (!settled || version == known_) return std::nullopt;
  known_ = version;
  auto config = read_workspace(directory_);
  check_cadences(config);
  return config;
}

}  // namespace muster
