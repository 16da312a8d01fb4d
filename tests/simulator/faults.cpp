#include "simulator/faults.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace muster::simulator {
namespace {

constexpr std::array kKinds{"status",       "slow",          "reset",         "refused",
                            "truncated",    "empty_results", "drop_member",   "keep_member",
                            "lose_entries", "unauthorized",  "invalid_token", "unauthenticated"};

}  // namespace

Fault Fault::from_json(const boost::json::object& object) {
  Fault fault;
  for (const auto& [name, value] : object) {
    if (name == "path") {
      fault.path = value.as_string().c_str();
    } else if (name == "method") {
      fault.method = value.as_string().c_str();
    } else if (name == "skip") {
      fault.skip = value.as_int64();
    } else if (name == "count") {
      fault.count = value.as_int64();
    } else if (name == "kind") {
      fault.kind = value.as_string().c_str();
    } else if (name == "status") {
      fault.status = static_cast<int>(value.as_int64());
    } else if (name == "policy") {
      fault.policy = value.as_string().c_str();
    } else if (name == "retry_after_s") {
      fault.retry_after_s = value.as_int64();
    } else if (name == "delay_ms") {
      fault.delay_ms = value.as_int64();
    } else if (name == "applied") {
      fault.applied = value.as_bool();
    } else if (name == "category") {
      fault.category = value.as_string().c_str();
    } else {
      throw std::invalid_argument("unknown field of a fault: " + std::string(name));
    }
  }
  return fault;
}

void Faults::add(Fault fault) {
  if (std::find(kKinds.begin(), kKinds.end(), fault.kind) == kKinds.end()) {
    throw std::invalid_argument("unknown kind of fault: " + fault.kind);
  }
  faults_.push_back(std::move(fault));
}

std::optional<Fault> Faults::meet(const SimRequest& request) {
  if (source_) {
    if (auto fault = source_(request)) return fault;
  }
  const auto path = request.path();
  for (auto& fault : faults_) {
    const bool matches = (fault.method.empty() || fault.method == request.method) &&
                         (fault.path.empty() || path.find(fault.path) != std::string::npos);
    if (!matches || fault.count == 0) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.count > 0) --fault.count;
    return fault;
  }
  return std::nullopt;
}

}  // namespace muster::simulator
