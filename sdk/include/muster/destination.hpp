// A thin C++20 kit over destination.h: derive from Destination, override what it names, end one
// source file with MUSTER_DESTINATION(YourClass). Exceptions become errors at the boundary; nothing
// here allocates behind your back. Headers only; a plugin needs no library of muster's.
//
//   class Example final : public muster::sdk::Destination {
//    public:
//     static constexpr muster::sdk::Descriptor kDescriptor{.id = "example", …};
//     Example(muster::sdk::Host host, const muster::sdk::Settings& settings);
//     void authenticate(const muster_auth_request&, const muster_auth_sink&) override;
//     void map_identifiers(const muster_map_request&, const muster_map_sink&) const override;
//     void sync(const muster_sync_request&, const muster_sync_sink&) override;
//     void uninstall() override;
//   };
//   MUSTER_DESTINATION(Example)
#pragma once

#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "muster/destination.h"

namespace muster::sdk {

constexpr muster_text text(std::string_view view) noexcept { return {view.data(), view.size()}; }
constexpr std::string_view view(muster_text text) noexcept {
  return text.size == 0 ? std::string_view{} : std::string_view{text.data, text.size};
}

//! The i-th element of an array whose elements lie `stride` bytes apart (ABI-4).
template <class T>
const T& at(const T* first, std::size_t index, std::size_t stride) noexcept {
  return *reinterpret_cast<const T*>(reinterpret_cast<const char*>(first) + index * stride);
}

//! What a hook throws to answer with a status other than MUSTER_OK.
class Failure : public std::exception {
 public:
  //! `code` is a stable word such as "hubspot.missing_scope"; no secret or identifier in any text.
  Failure(muster_status status, std::string code, std::string message, std::string hint = {},
          std::int64_t retry_after_ms = -1)
      : status_(status),
        retry_after_ms_(retry_after_ms),
        code_(std::move(code)),
        message_(std::move(message)),
        hint_(std::move(hint)) {}
  muster_status status() const noexcept { return status_; }
  std::int64_t retry_after_ms() const noexcept { return retry_after_ms_; }
  const std::string& code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  muster_status status_;
  std::int64_t retry_after_ms_;
  std::string code_;
  std::string message_;
  std::string hint_;
};

//! Copies `from` into a fixed text with NUL, cut at a UTF-8 character's boundary.
template <std::size_t N>
void fill(char (&to)[N], std::string_view from) noexcept {
  std::size_t size = from.size() < N ? from.size() : N - 1;
  if (size < from.size()) {
    while (size > 0 && (static_cast<unsigned char>(from[size]) & 0xC0u) == 0x80u) --size;
  }
  if (size > 0) std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

//! Fills the caller's error, if it gave one, and returns `status`.
inline muster_status fail(muster_error* error, muster_status status, std::string_view code,
                          std::string_view message, std::string_view hint = {},
                          std::int64_t retry_after_ms = -1) noexcept {
  if (error == nullptr || error->struct_size < MUSTER_SIZE_UP_TO(muster_error, hint)) return status;
  error->retry_after_ms = retry_after_ms;
  fill(error->code, code);
  fill(error->message, message);
  fill(error->hint, hint);
  return status;
}

//! The host's table with C++ types. Copyable; valid as long as the instance. [concurrent]
class Host {
 public:
  explicit Host(const muster_host* host) noexcept : host_(host) {}
  void log(std::int32_t severity, std::string_view message) const noexcept {
    host_->log(host_->context, severity, text(message));
  }
  std::int64_t now_ms() const noexcept { return host_->now_ms(host_->context); }
  bool is_cancelled() const noexcept { return host_->is_cancelled(host_->context) != 0; }
  std::int64_t remaining_ms() const noexcept { return host_->remaining_ms(host_->context); }
  //! False when the call was cancelled meanwhile.
  bool wait(std::int64_t ms) const noexcept { return host_->wait(host_->context, ms) == MUSTER_OK; }
  //! Empty when there is no such secret.
  std::string secret(std::string_view name) const {
    std::string value(512, '\0');
    for (;;) {
      std::size_t size = 0;
      const auto status =
          host_->secret_get(host_->context, text(name), value.data(), value.size(), &size);
      if (status != MUSTER_OK) {
        throw Failure(status, "host.secret", "the host could not read a stored secret");
      }
      const bool whole = size <= value.size();
      value.resize(size);
      if (whole) return value;
    }
  }
  void store_secret(std::string_view name, std::string_view value) const {
    const auto status = host_->secret_put(host_->context, text(name), text(value));
    if (status != MUSTER_OK) {
      throw Failure(status, "host.secret", "the host could not store a secret");
    }
  }
  //! The host's extension, or nullptr: host.extension<muster_http_1>(MUSTER_HTTP_1).
  template <class Table>
  const Table* extension(std::string_view id) const noexcept {
    return static_cast<const Table*>(host_->get_extension(host_->context, text(id)));
  }
  muster_host_context* context() const noexcept { return host_->context; }

 private:
  const muster_host* host_;
};

//! The settings of a connection.
class Settings {
 public:
  explicit Settings(const muster_settings& settings) noexcept : settings_(settings) {}
  std::size_t size() const noexcept { return settings_.count; }
  std::pair<std::string_view, std::string_view> operator[](std::size_t index) const noexcept {
    const auto& item = at(settings_.items, index, settings_.stride);
    return {view(item.key), view(item.value)};
  }

 private:
  const muster_settings& settings_;
};

//! What a plugin says of itself; all of static storage.
struct Descriptor {
  std::string_view id;
  std::string_view name;
  std::string_view version;
  std::uint32_t max_batch = 1;
  std::span<const muster_identifier_kind> kinds = {};
  std::span<const muster_text> reasons = {};
};

//! Base of a destination's instance: one connection. Its calls are [serial] unless tagged
//! otherwise: one at a time, on any thread. What a call is given belongs to the host and ends with
//! the call. Throw Failure to fail a call; whatever else is thrown becomes MUSTER_INTERNAL without
//! its text.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;
  //! One step of gaining access, or a check of it, as `request.step` says (MUSTER_AUTH_…);
  //! tells the account, or the address where a person grants access, to the sink. Stores tokens by
  //! Host::store_secret. Throw MUSTER_UNAUTHENTICATED when a person must connect again.
  virtual void authenticate(const muster_auth_request& request, const muster_auth_sink& sink) = 0;
  //! [concurrent] Pure and local. Brings each value into its canonical form, or rejects it with one
  //! of the descriptor's reasons: one answer for each.
  virtual void map_identifiers(const muster_map_request& request,
                               const muster_map_sink& sink) const = 0;
  //! Carries out at most `max_batch` operations and reports one outcome for each, in any order.
  //! Throw for what concerns the whole call (MUSTER_UNAVAILABLE, MUSTER_AUDIENCE_GONE …):
  //! operations that were reported before keep their outcomes, the others are in doubt.
  virtual void sync(const muster_sync_request& request, const muster_sync_sink& sink) = 0;
  //! Withdraws the access at the destination, where that has such a thing.
  virtual void uninstall() {
    throw Failure(MUSTER_NOT_SUPPORTED, "plugin.uninstall", "there is nothing to uninstall");
  }
};

//! Also derive from these to offer the extension of that name. As with Destination: [serial],
//! borrowed arguments, Failure.
class Readback {
 public:
  virtual ~Readback() = default;
  //! Hands the record ids of an audience to the sink, page by page, each with the cursor that
  //! continues behind it: from the start with an empty `cursor`. Return once the sink wants no
  //! more.
  virtual void read(std::string_view audience_ref, std::string_view cursor,
                    const muster_readback_sink& sink) = 0;
};
class Lookup {
 public:
  virtual ~Lookup() = default;
  //! Tells the record of each of at most `max_batch` canonical identifiers that has one. Writes
  //! nothing.
  virtual void look_up(std::string_view kind, std::span<const muster_text> identifiers,
                       const muster_lookup_sink& sink) = 0;
};
class AudienceChange {
 public:
  virtual ~AudienceChange() = default;
  //! Does as the user asked: `action` is one of MUSTER_AUDIENCE_EMPTY, _DELETE, _RESTORE, _RENAME;
  //! `name` is the new one of _RENAME. What is done already is no failure.
  virtual void change(std::int32_t action, std::string_view audience_ref,
                      std::string_view name) = 0;
};
class Estimate {
 public:
  virtual ~Estimate() = default;
  //! Foretells the calls of a plan, without making any.
  virtual void estimate(const muster_estimate_request& request, muster_estimate& result) = 0;
};

namespace detail {

//! Runs `call`, and turns what it throws into a status: no exception passes (ABI-7).
template <class Call>
muster_status guarded(muster_error* error, Call&& call) noexcept {
  try {
    call();
    return MUSTER_OK;
  } catch (const Failure& failure) {
    return fail(error, failure.status(), failure.code(), failure.message(), failure.hint(),
                failure.retry_after_ms());
  } catch (const std::bad_alloc&) {
    return fail(error, MUSTER_OUT_OF_MEMORY, "plugin.out_of_memory", "the plugin is out of memory");
  } catch (const std::exception&) {
    // Its text is not passed on: nobody vouches that it holds no identifier (ABI-13).
    return fail(error, MUSTER_INTERNAL, "plugin.exception", "the plugin failed unexpectedly");
  } catch (...) {
    return fail(error, MUSTER_INTERNAL, "plugin.exception", "the plugin failed unexpectedly");
  }
}

template <class D>
struct Hooks {
  static D& self(void* instance) noexcept { return *static_cast<D*>(instance); }

  static muster_status create(const muster_host* host, const muster_settings* settings,
                              void** instance, muster_error* error) noexcept {
    return guarded(error, [&] { *instance = new D(Host(host), Settings(*settings)); });
  }
  static void destroy(void* instance) noexcept { delete static_cast<D*>(instance); }
  static muster_status authenticate(void* instance, const muster_auth_request* request,
                                    const muster_auth_sink* sink, muster_error* error) noexcept {
    return guarded(error, [&] { self(instance).authenticate(*request, *sink); });
  }
  static muster_status map_identifiers(void* instance, const muster_map_request* request,
                                       const muster_map_sink* sink, muster_error* error) noexcept {
    return guarded(error, [&] { std::as_const(self(instance)).map_identifiers(*request, *sink); });
  }
  static muster_status sync(void* instance, const muster_sync_request* request,
                            const muster_sync_sink* sink, muster_error* error) noexcept {
    if (request->operation_count == 0 || request->operation_count > D::kDescriptor.max_batch) {
      return fail(error, MUSTER_INVALID_ARGUMENT, "plugin.batch_size",
                  "the batch is empty or larger than max_batch");
    }
    return guarded(error, [&] { self(instance).sync(*request, *sink); });
  }
  static muster_status uninstall(void* instance, muster_error* error) noexcept {
    return guarded(error, [&] { self(instance).uninstall(); });
  }

  static muster_status read(void* instance, muster_text audience_ref, muster_text cursor,
                            const muster_readback_sink* sink, muster_error* error) noexcept {
    return guarded(error, [&] { self(instance).read(view(audience_ref), view(cursor), *sink); });
  }
  static muster_status look_up(void* instance, muster_text kind, const muster_text* identifiers,
                               std::size_t count, const muster_lookup_sink* sink,
                               muster_error* error) noexcept {
    return guarded(error, [&] { self(instance).look_up(view(kind), {identifiers, count}, *sink); });
  }
  static muster_status change(void* instance, std::int32_t action, muster_text audience_ref,
                              muster_text name, muster_error* error) noexcept {
    return guarded(error, [&] { self(instance).change(action, view(audience_ref), view(name)); });
  }
  static muster_status estimate(void* instance, const muster_estimate_request* request,
                                muster_estimate* result, muster_error* error) noexcept {
    return guarded(error, [&] { self(instance).estimate(*request, *result); });
  }

  static const void* get_extension(muster_text id) noexcept {
    if constexpr (std::is_base_of_v<Readback, D>) {
      static constexpr muster_readback_1 kTable{sizeof(muster_readback_1), 0, &read};
      if (view(id) == MUSTER_READBACK_1) return &kTable;
    }
    if constexpr (std::is_base_of_v<Lookup, D>) {
      static constexpr muster_lookup_1 kTable{sizeof(muster_lookup_1), 0, &look_up};
      if (view(id) == MUSTER_LOOKUP_1) return &kTable;
    }
    if constexpr (std::is_base_of_v<AudienceChange, D>) {
      static constexpr muster_audience_1 kTable{sizeof(muster_audience_1), 0, &change};
      if (view(id) == MUSTER_AUDIENCE_1) return &kTable;
    }
    if constexpr (std::is_base_of_v<Estimate, D>) {
      static constexpr muster_estimate_1 kTable{sizeof(muster_estimate_1), 0, &estimate};
      if (view(id) == MUSTER_ESTIMATE_1) return &kTable;
    }
    return nullptr;
  }

  //! The entry: pure, no allocation (ABI-2).
  static const muster_destination* entry(const muster_offer* offer, muster_error* error) noexcept {
    static constexpr auto& d = D::kDescriptor;
    static const muster_destination kTable{
        .struct_size = sizeof(muster_destination),
        .level = MUSTER_LEVEL,
        .id = text(d.id),
        .name = text(d.name),
        .version = text(d.version),
        .max_batch = d.max_batch,
        .kind_stride = sizeof(muster_identifier_kind),
        .kinds = d.kinds.data(),
        .kind_count = d.kinds.size(),
        .reasons = d.reasons.data(),
        .reason_count = d.reasons.size(),
        .create = &create,
        .destroy = &destroy,
        .authenticate = &authenticate,
        .map_identifiers = &map_identifiers,
        .sync = &sync,
        .uninstall = &uninstall,
        .get_extension = &get_extension,
    };
    if (offer == nullptr || offer->struct_size < MUSTER_SIZE_UP_TO(muster_offer, max_level)) {
      fail(error, MUSTER_INVALID_ARGUMENT, "plugin.offer", "the host's offer is too short");
      return nullptr;
    }
    if (offer->min_level > MUSTER_LEVEL || offer->max_level < MUSTER_LEVEL) {
      fail(error, MUSTER_NOT_SUPPORTED, "plugin.level",
           "the plugin was built for level 1 of the ABI, which the host does not offer",
           "install a version of the plugin that fits this host");
      return nullptr;
    }
    return &kTable;
  }
};

}  // namespace detail
}  // namespace muster::sdk

//! Defines the plugin's one exported function for `Class`. Once in a plugin.
#define MUSTER_DESTINATION(Class)                                                               \
  extern "C" const muster_destination* muster_destination_entry(const muster_offer* offer,      \
                                                                muster_error* error) noexcept { \
    return muster::sdk::detail::Hooks<Class>::entry(offer, error);                              \
  }
