// Any bytes as a plugin's manifest: one that is whole, or an Error that says where.
#include <cstdint>

#include "base/error.hpp"
#include "destination/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto manifest =
        muster::parse_manifest({reinterpret_cast<const char*>(data), size}, "/fuzz/manifest.yaml");
    if (manifest.id.empty() || manifest.libraries.empty()) __builtin_trap();
  } catch (const muster::Error& error) {
    if (error.where().rfind("/fuzz/manifest.yaml", 0) != 0) __builtin_trap();
  }
  return 0;
}
