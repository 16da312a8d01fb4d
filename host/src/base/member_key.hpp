// The key under which a member is known in the state: a keyed hash, so that the state can't be
// turned back into a mailing list (promise 9).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

namespace muster {

//! 128 bits of a keyed hash; ordered bytewise, which is the order of SQLite's blobs.
struct MemberKey {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const MemberKey&) const = default;
};

//! Derives member keys; holds the workspace's hash key. [concurrent]
class MemberHasher {
 public:
  using Secret = std::array<std::uint8_t, 32>;
  explicit MemberHasher(const Secret& secret) noexcept : secret_(secret) {}
  //! BLAKE2b-128, keyed, over the kind and the canonical identifier.
  MemberKey key(std::string_view kind, std::string_view canonical) const noexcept;

 private:
  Secret secret_;
};

}  // namespace muster
