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
#include "cohort/file_version.hpp"

namespace muster {
namespace {

constexpr std::size_t kPackedBuffer = 256 * 1024;

Error failure(const std::string& name, const char* code, std::string message, std::string hint) {
  return Error(ErrorKind::kFailed, code, std::move(message)).at(name).with_hint(std::move(hint));
}

Error foreign_pack(const std::string& name, const char* program) {
  return failure(name, "source.foreign_pack",
                 fmt::format("the file is packed by {}, which muster can't read", program),
                 "unpack it, or pack it with gzip or zstd; nothing was sent");
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
    const auto count = read_file(to, size);
    if (count == 0) check_unchanged();
    return count;
  }
  Source::Progress progress() const override {
    return {done_, regular_ ? static_cast<std::uint64_t>(before_.st_size) : 0};
  }

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
    if (FileVersion::of(now) == FileVersion::of(before_)) return;
    throw failure(name_, "source.changed", "the file changed while it was read",
                  "write it under another name and rename it when it is whole; then run again");
  }

  std::string name_;
  const Waiting& waiting_;
  int file_ = -1;
  bool regular_ = false;
  struct stat before_ {};
  std::uint64_t done_ = 0;
};

//! Gives again what was looked at before.
class PeekedStream final : public ByteStream {
 public:
  PeekedStream(std::unique_ptr<ByteStream> stream, std::string peeked)
      : stream_(std::move(stream)), peeked_(std::move(peeked)) {}
  std::size_t read(char* to, std::size_t size) override {
    if (at_ == peeked_.size()) return stream_->read(to, size);
    const auto count = std::min(size, peeked_.size() - at_);
    std::memcpy(to, peeked_.data() + at_, count);
    at_ += count;
    return count;
  }
  Source::Progress progress() const override { return stream_->progress(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::string peeked_;
  std::size_t at_ = 0;
};

class GzipStream final : public ByteStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)), packed_(kPackedBuffer) {
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
        throw failure(name_, "source.truncated", "the gzip file ends too early",
                      "copy it again; nothing was sent");
      }
      if (between_members_) {
        if (skip_padding()) continue;
        inflateReset(&z_);
        between_members_ = false;
      }
      const auto result = inflate(&z_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_members_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw damaged();
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
  //! Zeros up to the end, as tapes and blocks of tar leave them: gzip(1) takes them for nothing.
  bool skip_padding() {
    if (!padded_ && *z_.next_in != 0) return false;
    padded_ = true;
    if (std::any_of(z_.next_in, z_.next_in + z_.avail_in, [](Bytef byte) { return byte != 0; })) {
      throw damaged();
    }
    z_.avail_in = 0;
    return true;
  }
  Error damaged() const {
    return failure(name_, "source.corrupt", "the gzip file is damaged",
                   "copy it again; nothing was sent");
  }

  std::unique_ptr<ByteStream> file_;
  std::string name_;
  std::vector<char> packed_;
  z_stream z_{};
  bool between_members_ = false;
  bool padded_ = false;  //!< behind the last member
};

class ZstdStream final : public ByteStream {
 public:
  ZstdStream(std::unique_ptr<ByteStream> file, std::string name)
      : file_(std::move(file)),
        name_(std::move(name)),
        packed_(kPackedBuffer),
        stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  std::size_t read(char* to, std::size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      // A full `to` may have left decoded bytes inside: they come out without further input.
      if (in_.pos == in_.size && !may_hold_more_ && !refill()) {
        if (left_in_frame_ == 0) return 0;
        throw failure(name_, "source.truncated", "the zstd file ends too early",
                      "copy it again; nothing was sent");
      }
      left_in_frame_ = ZSTD_decompressStream(stream_.get(), &out, &in_);
      if (ZSTD_isError(left_in_frame_) != 0) {
        throw failure(name_, "source.corrupt", "the zstd file is damaged",
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

  std::unique_ptr<ByteStream> file_;
  std::string name_;
  std::vector<char> packed_;
  std::unique_ptr<ZSTD_DStream, Freer> stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t left_in_frame_ = 0;
  bool may_hold_more_ = false;
};

constexpr std::size_t kLongestMagic = 7;

//! A frame, or one to be skipped (RFC 8878 §3.1.2), as parallel packers put before it.
bool is_zstd(std::string_view head) {
  if (head.starts_with("\x28\xB5\x2F\xFD")) return true;
  return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xF0U) == 0x50U &&
         head.substr(1, 3) == "\x2A\x4D\x18";
}

void refuse_foreign_pack(std::string_view head, const std::string& name) {
  const struct {
    std::string_view magic;
    const char* program;
  } packs[] = {{"\xFD"
                "7zXZ",
                "xz"},
               {"PK\x03\x04", "zip"}};
  for (const auto& pack : packs) {
    if (head.starts_with(pack.magic)) throw foreign_pack(name, pack.program);
  }
  // The level stands between the two halves.
  if (head.starts_with("BZh") && head.substr(std::min<std::size_t>(4, head.size())) == "1AY") {
    throw foreign_pack(name, "bzip2");
  }
}

}  // namespace

std::unique_ptr<ByteStream> unpacked(std::unique_ptr<ByteStream> stream, std::string name) {
  std::string head(kLongestMagic, '\0');
  std::size_t have = 0;
  while (have < head.size()) {
    const auto count = stream->read(head.data() + have, head.size() - have);
    if (count == 0) break;
    have += count;
  }
  head.resize(have);
  const bool gzip = head.starts_with("\x1F\x8B");
  const bool zstd = is_zstd(head);
  refuse_foreign_pack(head, name);
  auto whole = std::make_unique<PeekedStream>(std::move(stream), std::move(head));
  if (gzip) return std::make_unique<GzipStream>(std::move(whole), std::move(name));
  if (zstd) return std::make_unique<ZstdStream>(std::move(whole), std::move(name));
  return whole;
}

std::unique_ptr<ByteStream> open_byte_stream(const std::filesystem::path& file,
                                             const Waiting& waiting) {
  return unpacked(std::make_unique<FileStream>(file, waiting), file.string());
}

std::unique_ptr<ByteStream> open_byte_stream(const std::filesystem::path& file) {
  static const Waiting kPatient;
  return open_byte_stream(file, kPatient);
}

}  // namespace muster
