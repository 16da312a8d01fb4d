// What is known of one input of a batch of contacts, and how batches are cut: shared by whoever
// reads, creates and updates them. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "answer.hpp"

namespace muster::hubspot {

//! What is known of one identifier.
struct Resolution {
  enum class State {
    kOpen,         //!< not asked yet
    kFound,        //!< `record_id` is the contact
    kMissing,      //!< there is no such contact
    kRejected,     //!< HubSpot refuses it; `detail` is its code
    kUnaccounted,  //!< the answer says nothing of it
    kRetry,        //!< surely nothing happened; `wait_ms` where known
    kInDoubt,      //!< sent, the answer lost
    kSkipped,      //!< not tried
  };
  State state = State::kOpen;
  bool created = false;
  bool values_left_out = false;  //!< created without a value that HubSpot refuses
  std::string record_id;
  std::string detail;
  std::int64_t wait_ms = -1;
};

//! Indices of inputs.
using Places = std::vector<std::size_t>;

//! The code that stands for a refusal in a report: HubSpot's own, never its text.
std::string refusal_code(const ErrorFacts& facts, int status = 0);

//! True when the answer says the same of all inputs: then their results say so.
bool take_whole(const Answer& answer, const Places& places, std::vector<Resolution>& results);

//! Hands `places` to `send`, at most 100 at a time: no batch of contacts takes more inputs
//! (hubspot/api.md §4.1).
template <class Send>
void in_batches(const Places& places, Send&& send) {
  constexpr std::size_t kBatch = 100;
  for (std::size_t begin = 0; begin < places.size(); begin += kBatch) {
    const auto first = places.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::min(kBatch, places.size() - begin);
    send(Places(first, first + static_cast<std::ptrdiff_t>(count)));
  }
}

//! Each half anew: what was refused as a whole for one of its inputs is found in O(log n) calls.
template <class Send>
void in_halves(const Places& places, Send&& send) {
  const auto half = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
  send(Places(places.begin(), half));
  send(Places(half, places.end()));
}

}  // namespace muster::hubspot
