#include "schedule/push_intake.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/log.hpp"

namespace muster {
namespace {

PushReceiver::Headers resolved(const ListenConfig& listen) {
  PushReceiver::Headers headers;
  for (const auto& [name, secret] : listen.headers) {
    headers.emplace_back(name, resolve_header(name, secret));
  }
  return headers;
}

}  // namespace

PushIntake::PushIntake(std::filesystem::path inbox_file, Vault vault, Clock& clock)
    : inbox_file_(std::move(inbox_file)), vault_(std::move(vault)), clock_(clock) {}

PushIntake::~PushIntake() = default;

void PushIntake::adopt(const WorkspaceConfig& config) {
  if (!config.listen) {
    receiver_.reset();
    listening_.reset();
    return;
  }
  const auto& listen = *config.listen;
  auto headers = resolved(listen);
  {
    const std::lock_guard lock(mutex_);
    if (!inbox_) inbox_ = std::make_unique<Inbox>(inbox_file_, StoreAccess::kReadWrite);
    const Pushes pushes(*inbox_, vault_, clock_);
    std::vector<Subscription> wanted;
    for (const auto& sync : config.syncs) {
      wanted.push_back(pushes.subscription(sync.name, sync.push_cohort));
    }
    inbox_->forget_old(wanted, clock_.now());
  }
  const bool same_place =
      listening_ && listening_->address == listen.address && listening_->port == listen.port;
  if (same_place) {
    receiver_->set_headers(std::move(headers));
  } else {
    PushReceiver::Options options;
    options.address = listen.address;
    options.port = listen.port;
    options.headers = std::move(headers);
    try {
      receiver_ = std::make_unique<PushReceiver>(
          std::move(options), clock_, [this](const PushedMessage& message, std::string_view body) {
            return keep(message, body);
          });
    } catch (Error& error) {
      throw Error(error).at(listen.where);
    }
    log::write(log::Severity::kInfo, "push",
               fmt::format("listening on {} port {}", listen.address, receiver_->port()));
  }
  listening_ = listen;
  const std::lock_guard lock(mutex_);
  syncs_.clear();
  for (const auto& sync : config.syncs) {
    if (!sync.push_cohort.empty()) syncs_[sync.push_cohort].push_back(sync.name);
  }
}

std::optional<std::uint16_t> PushIntake::port() const {
  if (!receiver_) return std::nullopt;
  return receiver_->port();
}

PushReceiver::Taken PushIntake::keep(const PushedMessage& message, std::string_view body) {
  const std::lock_guard lock(mutex_);
  const auto wanted = syncs_.find(message.cohort_id);
  if (wanted == syncs_.end()) return PushReceiver::Taken::kUnknownCohort;
  const bool is_new = Pushes(*inbox_, vault_, clock_).keep(wanted->second, message, body);
  return is_new ? PushReceiver::Taken::kNew : PushReceiver::Taken::kAgain;
}

}  // namespace muster
