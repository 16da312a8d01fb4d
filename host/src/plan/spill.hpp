// The members of one run, written once and read again by place: an unlinked temporary file,
// encrypted with a key that only this process's memory holds, so that nothing of a cohort survives
// the run on disk. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

//! A record of the spill: what a run needs of a member beside its key.
struct SpilledMember {
  std::string source_id;
  //! Canonical where it could be mapped, else as it stood in the source.
  std::string identifier;
  //! Why it could not be mapped; empty when it could.
  std::string reason;
  std::vector<std::string> properties;
};

//! Where a record of the spill begins, in bytes.
using SpillOffset = std::uint64_t;

class Spill {
 public:
  //! Makes its file in `directory`; throws Error when it can't.
  explicit Spill(const std::filesystem::path& directory);
  ~Spill();
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  //! Appends a record; throws Error when the disk is full. `properties` holds property_count views.
  SpillOffset append(std::string_view source_id, std::string_view identifier,
                     std::string_view reason, const std::vector<std::string_view>& properties);
  //! The record at `offset`; records read in the order of their offsets are read sequentially.
  SpilledMember read(SpillOffset offset);
  //! The offset past the last record.
  SpillOffset end() const noexcept { return size_; }

 private:
  static constexpr std::size_t kPageSize = 64 * 1024;
  using Page = std::vector<unsigned char>;

  void append_bytes(const void* bytes, std::size_t count);
  void append_text(std::string_view text);
  void write_page(std::uint64_t index, const Page& page);
  void read_bytes(void* to, std::size_t count);
  std::string read_text();
  const Page& page_for(std::uint64_t index);
  void crypt(std::uint64_t page_index, Page& page) const;

  int file_ = -1;
  std::array<unsigned char, 32> key_{};
  std::array<unsigned char, 24> nonce_{};
  std::uint64_t size_ = 0;
  Page tail_;  //!< the page being written, in clear
  Page cached_;
  std::uint64_t cached_index_ = UINT64_MAX;
  std::uint64_t read_position_ = 0;
};

}  // namespace muster
