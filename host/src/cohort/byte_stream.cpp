#include "cohort/byte_stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr std::size_t kPackedBuffer = 256 * 1024;

Error failure(const std::string& name, const char* code, std::string message, std::string hint) {
  return Error(ErrorKind::kFailed, code, std::move(message)).at(name).with_hint(std::move(hint));
}

class FileStream final : public ByteStream {
 public:
  FileStream(const std::filesystem::path& file, const Waiting& waiting)
      : name_(file.string()), waiting_(waiting) {
    if (name_ == "-") {
      name_ = "standard input";
      file_ = ::dup(STDIN_FILENO);
    } else {
      // A pipe without a writer would else keep us here, deaf to whoever wants to end.
      file_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    struct stat status {};
    const bool there = file_ >= 0 && ::fstat(file_, &status) == 0;
    if (!there || S_ISDIR(status.st_mode)) {
      const auto why = there ? std::make_error_code(std::errc::is_a_directory).message()
                             : std::generic_category().message(errno);
      if (file_ >= 0) ::close(file_);
      throw failure(name_, "source.unreadable", fmt::format("can't read the cohort: {}", why),
                    "check the path in the sync's source and the file's permissions");
    }
    regular_ = S_ISREG(status.st_mode);
    before_ = status;
    if (regular_) ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  ~FileStream() override { ::close(file_); }
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    if (!peeked_.empty()) {
      const auto count = std::min(size, peeked_.size());
      std::memcpy(to, peeked_.data(), count);
      peeked_.erase(0, count);
      return count;
    }
    const auto count = read_file(to, size);
    if (count == 0) check_unchanged();
    return count;
  }
  //! The first bytes, which `read` gives again. Only before the first `read`.
  std::string_view peek(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const auto count = read_file(bytes.data() + have, size - have);
      if (count == 0) break;
      have += count;
    }
    bytes.resize(have);
    peeked_ = std::move(bytes);
    return peeked_;
  }
  Source::Progress progress() const override {
    return {done_, regular_ ? static_cast<std::uint64_t>(before_.st_size) : 0};
  }
  const std::string& name() const { return name_; }

 private:
  std::size_t read_file(char* to, std::size_t size) {
    for (;;) {
      if (!regular_) wait_for_bytes();
      const auto count = ::read(file_, to, size);
      if (count >= 0) {
        done_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno == EINTR || errno == EAGAIN) continue;
      throw failure(
          name_, "source.unreadable",
          fmt::format("reading the cohort failed: {}", std::generic_category().message(errno)),
          "nothing was sent; run again once the file can be read");
    }
  }
  void wait_for_bytes() const {
    constexpr int kSlice = 200;  // ms: how late a signal may be noticed
    pollfd polled{file_, POLLIN, 0};
    do {
      waiting_.check();
    } while (::poll(&polled, 1, kSlice) <= 0);
  }
  //! A file that someone writes is half a cohort (promise 6).
  void check_unchanged() const {
    struct stat now {};
    if (!regular_ || ::fstat(file_, &now) != 0) return;
    const bool same = now.st_size == before_.st_size &&
                      now.st_mtim.tv_sec == before_.st_mtim.tv_sec &&
                      now.st_mtim.tv_nsec == before_.st_mtim.tv_nsec;
    if (same) return;
    throw failure(name_, "source.changed", "the file changed while it was read",
                  "write it under another name and rename it when it is whole; then run again");
  }

  std::string name_;
  const Waiting& waiting_;
  int file_ = -1;
  bool regular_ = false;
  struct stat before_ {};
  std::uint64_t done_ = 0;
  std::string peeked_;
};

class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(std::unique_ptr<FileStream> file)
      : file_(std::move(file)), packed_(kPackedBuffer) {
    if (inflateInit2(&z_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~GzipStream() override { inflateEnd(&z_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    z_.next_out = reinterpret_cast<Bytef*>(to);
    z_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30U));
    const auto room = z_.avail_out;
    while (z_.avail_out == room) {
      if (z_.avail_in == 0 && !refill()) {
        if (between_members_) return 0;
        throw failure(file_->name(), "source.truncated", "the gzip file ends too early",
                      "copy it again; nothing was sent");
      }
      if (between_members_) {
        inflateReset(&z_);
        between_members_ = false;
      }
      const auto result = inflate(&z_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_members_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw failure(file_->name(), "source.corrupt", "the gzip file is damaged",
                      "copy it again; nothing was sent");
      }
    }
    return room - z_.avail_out;
  }
  Source::Progress progress() const override { return file_->progress(); }

 private:
  bool refill() {
    const auto count = file_->read(packed_.data(), packed_.size());
    z_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    z_.avail_in = static_cast<uInt>(count);
    return count > 0;
  }

  std::unique_ptr<FileStream> file_;
  std::vector<char> packed_;
  z_stream z_{};
  bool between_members_ = false;
};

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(std::unique_ptr<FileStream> file)
      : file_(std::move(file)), packed_(kPackedBuffer), stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  std::size_t read(char* to, std::size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      // A full `to` may have left decoded bytes inside: they come out without further input.
      if (in_.pos == in_.size && !may_hold_more_ && !refill()) {
        if (left_in_frame_ == 0) return 0;
        throw failure(file_->name(), "source.truncated", "the zstd file ends too early",
                      "copy it again; nothing was sent");
      }
      left_in_frame_ = ZSTD_decompressStream(stream_.get(), &out, &in_);
      if (ZSTD_isError(left_in_frame_) != 0) {
        throw failure(file_->name(), "source.corrupt", "the zstd file is damaged",
                      "copy it again; nothing was sent");
      }
      may_hold_more_ = out.pos == out.size && left_in_frame_ != 0;
    }
    return out.pos;
  }
  Source::Progress progress() const override { return file_->progress(); }

 private:
  struct Freer {
    void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
  };
  bool refill() {
    const auto count = file_->read(packed_.data(), packed_.size());
    in_ = {packed_.data(), count, 0};
    return count > 0;
  }

  std::unique_ptr<FileStream> file_;
  std::vector<char> packed_;
  std::unique_ptr<ZSTD_DStream, Freer> stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t left_in_frame_ = 0;
  bool may_hold_more_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> open_byte_stream(const std::filesystem::path& file,
                                             const Waiting& waiting) {
  auto stream = std::make_unique<FileStream>(file, waiting);
  const auto magic = stream->peek(4);
  if (magic.substr(0, 2) == "\x1F\x8B") return std::make_unique<GzipStream>(std::move(stream));
  if (magic == "\x28\xB5\x2F\xFD") return std::make_unique<ZstdStream>(std::move(stream));
  return stream;
}

std::unique_ptr<ByteStream> open_byte_stream(const std::filesystem::path& file) {
  static const Waiting kPatient;
  return open_byte_stream(file, kPatient);
}

}  // namespace muster
