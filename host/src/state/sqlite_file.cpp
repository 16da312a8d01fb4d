#include "state/sqlite_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace muster::sqlite {
namespace {

//! Makes the file for its owner only; SQLite gives -wal and -shm the same mode.
void create_private(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return;
  }
  if (errno == ENOSPC || errno == EDQUOT) {
    throw Error(ErrorKind::kFailed, "state.disk_full",
                "the disk is full: there is no room for state")
        .at(file.string())
        .with_hint("free some space, then run again");
  }
  throw Error(ErrorKind::kFailed, "state.cannot_open",
              std::string("the state file can't be opened for writing: ") + std::strerror(errno))
      .at(file.string())
      .with_hint("check that the directory exists, is yours and is writable");
}

std::string uri_of(const std::filesystem::path& file, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '?' || c == '#' || c == '%') {
      uri += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    } else {
      uri += c;
    }
  }
  return uri + "?" + std::string(parameters);
}

bool is_writable(const std::filesystem::path& path) { return ::access(path.c_str(), W_OK) == 0; }

}  // namespace

std::unique_ptr<Database> open_read_only(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    throw Error(ErrorKind::kFailed, "state.missing", "there is no state yet")
        .at(file.string())
        .with_hint("run a sync first");
  }
  const bool has_log = std::filesystem::exists(file.string() + "-wal");
  if (!is_writable(file) || !is_writable(std::filesystem::absolute(file).parent_path())) {
    // Where no -shm can be made, and without a log, nobody writes: the file is read as it is.
    return std::make_unique<Database>(uri_of(file, has_log ? "mode=ro" : "immutable=1"),
                                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  }
  // With a -shm, so that whoever begins to write meanwhile waits for us before moving the log
  // into the file under our eyes. It is gone with us; a log that was there before stays.
  auto database = std::make_unique<Database>(file, SQLITE_OPEN_READWRITE);
  if (has_log) sqlite3_db_config(database->get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  database->execute("PRAGMA query_only = ON");
  return database;
}

std::unique_ptr<Database> open_read_write(const std::filesystem::path& file) {
  create_private(file);
  return std::make_unique<Database>(file, SQLITE_OPEN_READWRITE);
}

}  // namespace muster::sqlite
