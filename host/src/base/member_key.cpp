#include "base/member_key.hpp"

#include <sodium.h>

namespace muster {

MemberKey MemberHasher::key(std::string_view kind, std::string_view canonical) const noexcept {
  const auto* bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }(kind);
  crypto_generichash_state state;
  crypto_generichash_init(&state, secret_.data(), secret_.size(), sizeof(MemberKey::bytes));
  crypto_generichash_update(&state, bytes, kind.size());
  // A byte that no kind contains, so that no two pairs run together.
  const unsigned char separator = 0;
  crypto_generichash_update(&state, &separator, 1);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(canonical.data()),
                            canonical.size());
  MemberKey key;
  crypto_generichash_final(&state, key.bytes.data(), key.bytes.size());
  return key;
}

}  // namespace muster
