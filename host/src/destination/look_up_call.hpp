// What a plugin tells in one call of muster.lookup/1. The thread that calls the hook.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "destination/call.hpp"

namespace muster {

struct LookUpCall {
  LookUpCall(const Descriptor& plugin, std::size_t count) : records(count), descriptor(plugin) {}

  muster_lookup_sink sink() {
    return {sizeof(muster_lookup_sink), 0, this, &LookUpCall::on_found, &LookUpCall::on_refused};
  }

  std::vector<std::string> records;  //!< empty where there is none, or nothing is known
  std::vector<std::size_t> refused;  //!< places that the destination refuses to look up
  const Descriptor& descriptor;
  Callbacks callbacks{};

 private:
  static void on_found(void* context, std::size_t index, muster_text record_id) noexcept {
    auto& self = *static_cast<LookUpCall*>(context);
    self.callbacks.run([&] {
      if (index >= self.records.size() || !is_record_id(view(record_id))) {
        throw plugin_fault(self.descriptor, "a look-up found what was not asked, or no record id");
      }
      self.records[index] = view(record_id);
    });
  }
  static void on_refused(void* context, std::size_t index) noexcept {
    auto& self = *static_cast<LookUpCall*>(context);
    self.callbacks.run([&] {
      if (index >= self.records.size()) {
        throw plugin_fault(self.descriptor, "a look-up refused what was not asked");
      }
      self.refused.push_back(index);
    });
  }
};

}  // namespace muster
