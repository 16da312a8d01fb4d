#include "plan/spill.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr std::uint64_t kCipherBlock = 64;  // bytes a step of XChaCha20's counter stands for

Error disk_error(std::string_view what) {
  const bool is_refused = errno == EACCES || errno == EPERM || errno == EROFS;
  return Error(ErrorKind::kFailed, "disk.temporary_file",
               std::string(what) + ": " + std::strerror(errno))
      .with_hint(is_refused
                     ? "let muster write to that directory, on a disk that can be written"
                     : "free some space in the workspace's .muster directory, then run again");
}

int open_unlinked(const std::filesystem::path& directory) {
  const int file = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  // Not every file system has O_TMPFILE.
  std::string name = (directory / "run-XXXXXX").string();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Spill::Spill(const std::filesystem::path& directory) {
  if (sodium_init() < 0) throw Error(ErrorKind::kFailed, "crypto.init", "libsodium can't start");
  file_ = open_unlinked(directory);
  if (file_ < 0) throw disk_error("can't make a temporary file in " + directory.string());
  randombytes_buf(key_.data(), key_.size());
  randombytes_buf(nonce_.data(), nonce_.size());
  tail_.reserve(kPageSize);
}

Spill::~Spill() {
  sodium_memzero(key_.data(), key_.size());
  ::close(file_);
}

SpillOffset Spill::append(std::string_view source_id, std::string_view identifier,
                          std::string_view reason,
                          const std::vector<std::string_view>& properties) {
  const SpillOffset offset = size_;
  append_text(source_id);
  append_text(identifier);
  append_text(reason);
  const auto count = static_cast<std::uint32_t>(properties.size());
  append_bytes(&count, sizeof count);
  for (const auto property : properties) append_text(property);
  return offset;
}

SpilledMember Spill::read(SpillOffset offset) {
  assert(offset < size_);
  read_position_ = offset;
  SpilledMember member;
  member.source_id = read_text();
  member.identifier = read_text();
  member.reason = read_text();
  std::uint32_t count = 0;
  read_bytes(&count, sizeof count);
  for (std::uint32_t i = 0; i < count; ++i) member.properties.push_back(read_text());
  return member;
}

void Spill::append_text(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  append_bytes(&size, sizeof size);
  append_bytes(text.data(), text.size());
}

void Spill::append_bytes(const void* bytes, std::size_t count) {
  const auto* from = static_cast<const unsigned char*>(bytes);
  while (count > 0) {
    const std::size_t part = std::min(count, kPageSize - tail_.size());
    tail_.insert(tail_.end(), from, from + part);
    from += part;
    count -= part;
    size_ += part;
    if (tail_.size() < kPageSize) continue;
    write_page(size_ / kPageSize - 1, tail_);
    tail_.clear();
  }
}

void Spill::write_page(std::uint64_t index, const Page& page) {
  Page sealed = page;
  crypt(index, sealed);
  std::size_t written = 0;
  while (written < sealed.size()) {
    const auto at = static_cast<off_t>(index * kPageSize + written);
    const auto count = ::pwrite(file_, sealed.data() + written, sealed.size() - written, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw disk_error("can't write a temporary file");
    written += static_cast<std::size_t>(count);
  }
}

std::string Spill::read_text() {
  std::uint32_t size = 0;
  read_bytes(&size, sizeof size);
  std::string text(size, '\0');
  read_bytes(text.data(), size);
  return text;
}

void Spill::read_bytes(void* to, std::size_t count) {
  auto* out = static_cast<unsigned char*>(to);
  while (count > 0) {
    const auto& page = page_for(read_position_ / kPageSize);
    const std::size_t within = read_position_ % kPageSize;
    const std::size_t part = std::min(count, page.size() - within);
    assert(part > 0);
    std::memcpy(out, page.data() + within, part);
    out += part;
    count -= part;
    read_position_ += part;
  }
}

const Spill::Page& Spill::page_for(std::uint64_t index) {
  if (index == size_ / kPageSize) return tail_;
  if (index == cached_index_) return cached_;
  cached_index_ = UINT64_MAX;
  cached_.resize(kPageSize);
  std::size_t done = 0;
  while (done < kPageSize) {
    const auto at = static_cast<off_t>(index * kPageSize + done);
    const auto count = ::pread(file_, cached_.data() + done, kPageSize - done, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw disk_error("can't read a temporary file back");
    done += static_cast<std::size_t>(count);
  }
  crypt(index, cached_);
  cached_index_ = index;
  return cached_;
}

void Spill::crypt(std::uint64_t page_index, Page& page) const {
  crypto_stream_xchacha20_xor_ic(page.data(), page.data(), page.size(), nonce_.data(),
                                 page_index * (kPageSize / kCipherBlock), key_.data());
}

}  // namespace muster
