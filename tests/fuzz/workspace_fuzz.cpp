// Any bytes as muster.yaml: a configuration, or an Error that says where.
#include <cstdint>

#include "base/error.hpp"
#include "run/workspace_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto config = muster::parse_workspace({reinterpret_cast<const char*>(data), size},
                                                "muster.yaml", "/fuzz");
    for (const auto& sync : config.syncs) config.connection(sync.connection);
  } catch (const muster::Error& error) {
    if (error.where().rfind("muster.yaml", 0) != 0) __builtin_trap();
  }
  return 0;
}
