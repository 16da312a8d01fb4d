// One instance of a destination plugin: RAII and C++ types over the C table, plugin distrusted.
// [serial] but for map_identifiers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "muster/destination.h"

namespace muster {

//! A call that a plugin answered with another status than MUSTER_OK.
class DestinationError : public Error {
 public:
  DestinationError(Error error, muster_status status, std::optional<Milliseconds> retry_after)
      : Error(std::move(error)), status_(status), retry_after_(retry_after) {}
  muster_status status() const noexcept { return status_; }
  //! With MUSTER_UNAVAILABLE, where the destination said when.
  std::optional<Milliseconds> retry_after() const noexcept { return retry_after_; }

 private:
  muster_status status_;
  std::optional<Milliseconds> retry_after_;
};

struct Account {
  std::string id;
  std::string name;
  std::string domain;
  std::string time_zone;
  std::vector<std::string> scopes;
  std::string url;
  std::string record_url;
  std::string audience_url;
};

enum class OperationKind { kAdd = MUSTER_ADD, kRemove = MUSTER_REMOVE, kUpdate = MUSTER_UPDATE };

struct Operation {
  OperationKind kind = OperationKind::kAdd;
  bool must_exist = false;  //!< MUSTER_OPERATION_MUST_EXIST
  std::string identifier;
  std::string record_id;
  std::vector<std::string> properties;
};

enum class OutcomeKind {
  kApplied = MUSTER_APPLIED,
  kUnchanged = MUSTER_UNCHANGED,
  kNotFound = MUSTER_NOT_FOUND,
  kRejected = MUSTER_ITEM_REJECTED,
  kRetry = MUSTER_RETRY,
  kInDoubt = MUSTER_IN_DOUBT,
  kSkipped = MUSTER_SKIPPED,
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::kInDoubt;
  bool created = false;
  bool values_left_out = false;  //!< created without its properties, or some of them
  std::optional<Milliseconds> retry_after;
  std::string record_id;
  std::string reason;
  std::string detail;
};

//! The header of a plan, for every batch of it.
struct SyncHeader {
  std::string kind;
  std::string cohort;
  std::string audience_name;
  std::string audience_ref;
  std::string audience_known_as;
  bool create_missing = false;
  bool creation_begun = false;
  bool adopt = false;  //!< an audience of that name that exists is taken over
  std::vector<std::string> property_names;
  std::vector<std::string> property_columns;  //!< of the source, as property_names; or none
};

//! The record of an operation, as the plugin found it.
struct ResolvedRecord {
  std::size_t index = 0;  //!< of the operation
  std::string_view record_id;
};

//! Called during `sync`, on the calling thread; what these throw ends the call.
struct AudienceEvents {
  std::function<void(std::string_view name)> creating;
  std::function<void(std::string_view ref, std::string_view name)> ready;
  //! As ready, for an audience that someone else made; nothing: told to `ready`.
  std::function<void(std::string_view ref, std::string_view name)> adopted{};
  //! What was told to `creating` surely did not come about; nothing: nobody needs it.
  std::function<void(std::string_view name)> not_created{};
  //! Records that are about to enter the audience; nothing: nobody needs them.
  std::function<void(std::span<const ResolvedRecord>)> resolved{};
};

struct MappedIdentifier {
  std::string canonical;  //!< empty when rejected
  std::string reason;     //!< empty when mapped
};

struct EstimateRequest {
  std::string kind;
  bool create_missing = false;
  bool has_audience = false;
  bool verify = false;
  std::uint64_t adds = 0;
  std::uint64_t adds_by_record = 0;
  std::uint64_t removes = 0;
  std::optional<std::uint64_t> missing;
  std::uint64_t audience_size = 0;
  std::uint64_t updates = 0;  //!< of properties
};

struct CallEstimate {
  std::uint64_t calls = 0;
  std::uint32_t requests_per_window = 0;
  Milliseconds window{0};
};

//! What the plugin says of itself, copied and checked at load.
struct Descriptor {
  struct Kind {
    std::string id;
    std::string description;
    bool creates = false;
    bool is_record = false;
  };
  //! The kind whose identifiers are record ids themselves; nullptr when there is none.
  const Kind* record_kind() const {
    for (const auto& kind : kinds) {
      if (kind.is_record) return &kind;
    }
    return nullptr;
  }
  std::string id;
  std::string name;
  std::string version;
  std::uint32_t level = 0;
  std::uint32_t max_batch = 0;
  std::vector<Kind> kinds;
  std::vector<std::string> reasons;
  bool reads_back = true;  //!< offers muster.readback/1
};

class Destination {
 public:
  virtual ~Destination() = default;
  virtual const Descriptor& descriptor() const = 0;

  //! The URL that a person must open.
  virtual std::string begin_authorization(std::string_view redirect_uri, std::string_view state,
                                          std::string_view code_challenge) = 0;
  virtual Account complete_authorization(std::string_view redirect_uri, std::string_view code,
                                         std::string_view code_verifier) = 0;
  //! Uses the stored credentials; throws DestinationError when they are refused.
  virtual Account check() = 0;
  //! Revokes the tokens and forgets them; the app stays installed. Done twice is done.
  virtual void revoke() = 0;

  //! [concurrent] One result for each value, in order.
  virtual std::vector<MappedIdentifier> map_identifiers(
      std::string_view kind, std::span<const std::string_view> values) const = 0;

  //! One outcome for each operation, in order; items that the plugin did not report are kInDoubt.
  //! When the call itself failed, `failure` says how, and the outcomes are as far as they came.
  struct SyncResult {
    std::vector<Outcome> outcomes;
    std::optional<DestinationError> failure;
  };
  virtual SyncResult sync(const SyncHeader& header, std::span<const Operation> operations,
                          const AudienceEvents& events) = 0;

  virtual void uninstall() = 0;

  //! Extensions; each throws DestinationError NOT_SUPPORTED when the plugin has none.
  virtual bool supports(std::string_view extension) const = 0;
  using RecordPage =
      std::function<void(std::span<const std::string_view> ids, std::string_view next_cursor)>;
  virtual void read_back(std::string_view audience_ref, std::string_view cursor,
                         const RecordPage& page) = 0;
  //! The record id for each identifier, empty where there is none. Of identifiers that the
  //! destination refuses to look up nothing is known: the places of those go to `refused`, without
  //! which it throws.
  virtual std::vector<std::string> look_up(std::string_view kind,
                                           std::span<const std::string_view> identifiers,
                                           std::vector<std::size_t>* refused = nullptr) = 0;
  virtual void change_audience(std::int32_t action, std::string_view audience_ref,
                               std::string_view name) = 0;
  virtual CallEstimate estimate(const EstimateRequest& request) = 0;

  //! `beat` is called often, on the calling thread, while a call waits for the network or for its
  //! turn; what it throws ends the call. Nothing: nobody listens.
  virtual void set_heartbeat(std::function<void()> beat) = 0;

  //! Since the instance was made: requests sent, and time spent waiting for limits.
  struct Usage {
    std::uint64_t calls = 0;
    Milliseconds throttled{0};
  };
  virtual Usage usage() const = 0;
};

}  // namespace muster
