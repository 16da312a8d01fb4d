#include "destination/call.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

ErrorKind kind_of(muster_status status) {
  switch (status) {
    case MUSTER_UNAUTHENTICATED:
    case MUSTER_FORBIDDEN:
      return ErrorKind::kReconnect;
    case MUSTER_UNAVAILABLE:
      return ErrorKind::kLater;
    case MUSTER_BAD_CONFIG:
      return ErrorKind::kUsage;
    case MUSTER_CANCELLED:
      return ErrorKind::kInterrupted;
    default:
      return ErrorKind::kFailed;
  }
}

const char* default_code(muster_status status) {
  switch (status) {
    case MUSTER_NOT_SUPPORTED:
      return "plugin.not_supported";
    case MUSTER_CANCELLED:
      return "run.interrupted";
    case MUSTER_UNAVAILABLE:
      return "destination.unavailable";
    case MUSTER_OUT_OF_MEMORY:
      return "plugin.out_of_memory";
    default:
      return "plugin.failed";
  }
}

constexpr std::int64_t kForEverMs = 365LL * 24 * 3'600 * 1'000;

}  // namespace

Milliseconds bounded_time(std::int64_t ms) noexcept {
  return Milliseconds{std::clamp<std::int64_t>(ms, 0, kForEverMs)};
}

Error plugin_fault(const Descriptor& descriptor, std::string_view what) {
  return Error(ErrorKind::kFailed, "plugin.fault",
               fmt::format("the plugin '{}' broke its contract: {}", descriptor.id, what))
      .with_hint("tell the plugin's author");
}

Error called_from_elsewhere(const Descriptor& descriptor) {
  return plugin_fault(descriptor,
                      "a function of a sink was called on another thread than the hook's");
}

DestinationError destination_error(muster_status status, const muster_error& error,
                                   std::span<const std::string_view> in_hand) {
  auto code = told_inline(error.code, in_hand);
  auto message = told_inline(error.message, in_hand);
  if (code.empty()) code = default_code(status);
  if (message.empty()) message = "the destination failed without saying why";
  std::optional<Milliseconds> retry_after;
  if (error.retry_after_ms >= 0) retry_after = bounded_time(error.retry_after_ms);
  return {Error(kind_of(status), std::move(code), std::move(message))
              .with_hint(told_inline(error.hint, in_hand)),
          status, retry_after};
}

}  // namespace muster
