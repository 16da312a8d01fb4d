// The HubSpot destination: a cohort becomes a static contact list. One instance, one connection.
#include <algorithm>
#include <array>
#include <charconv>

#include "account.hpp"
#include "batch.hpp"
#include "identifiers.hpp"
#include "member_pages.hpp"
#include "muster/destination.hpp"
#include "property_rules.hpp"

namespace muster::hubspot {
namespace {

constexpr std::array kKinds{
    muster_identifier_kind{sizeof(muster_identifier_kind), MUSTER_KIND_CREATES, sdk::text("email"),
                           sdk::text("an e-mail address, primary or secondary")},
    muster_identifier_kind{sizeof(muster_identifier_kind), MUSTER_KIND_IS_RECORD,
                           sdk::text("contact_id"), sdk::text("a HubSpot contact id")},
};
constexpr std::array kReasons{sdk::text("invalid_email"), sdk::text("invalid_contact_id"),
                              sdk::text("rejected_by_destination")};

constexpr std::uint32_t kMaxBatch = 10'000;

std::uint64_t parts_of(std::uint64_t whole, std::uint64_t part) {
  return (whole + part - 1) / part;
}

class HubSpot final : public sdk::Destination,
                      public sdk::Readback,
                      public sdk::Lookup,
                      public sdk::AudienceChange,
                      public sdk::Estimate {
 public:
  static constexpr sdk::Descriptor kDescriptor{.id = "hubspot",
                                               .name = "HubSpot contact lists",
                                               .version = "0.1.0",
                                               .max_batch = kMaxBatch,
                                               .kinds = kKinds,
                                               .reasons = kReasons};

  HubSpot(sdk::Host host, const sdk::Settings& settings)
      : host_(host),
        settings_(read_settings(settings)),
        api_(host_, settings_),
        contacts_(api_),
        lists_(host_, api_),
        memberships_(api_, lists_),
        property_rules_(host_, api_),
        property_writer_(api_, contacts_) {}

  void authenticate(const muster_auth_request& request, const muster_auth_sink& sink) override {
    api_.begin_call();
    switch (request.step) {
      case MUSTER_AUTH_BEGIN: {
        const auto url = consent_url(settings_, request);
        return sink.authorize_url(sink.context, sdk::text(url));
      }
      case MUSTER_AUTH_COMPLETE:
        exchange_code(api_, request);
        tell_account(api_, host_, sink);
        return api_.tokens().keep();
      case MUSTER_AUTH_CHECK:
        return tell_account(api_, host_, sink);
      case MUSTER_AUTH_REVOKE:
        return revoke_tokens(api_);
      default:
        throw sdk::Failure(MUSTER_INVALID_ARGUMENT, "hubspot.step", "the step is not known");
    }
  }

  void map_identifiers(const muster_map_request& request,
                       const muster_map_sink& sink) const override {
    const bool by_email = is_email(sdk::view(request.kind));
    for (std::size_t i = 0; i < request.count; ++i) {
      const auto value = sdk::view(request.values[i]);
      const auto canonical = by_email ? canonical_email(value) : canonical_contact_id(value);
      if (canonical) {
        sink.mapped(sink.context, i, sdk::text(*canonical));
      } else {
        sink.rejected(sink.context, i, kReasons[by_email ? 0 : 1]);
      }
    }
  }

  void sync(const muster_sync_request& request, const muster_sync_sink& sink) override {
    is_email(sdk::view(request.kind));  // or refused
    begin();
    if (request.property_count > 0) {
      property_rules_.check({request.property_names, request.property_count});
      property_rules_.check_values(request, kMaxBatch);
    }
    Batch batch({api_, contacts_, lists_, memberships_, property_writer_}, request, sink);
    try {
      batch.run();
    } catch (...) {
      remember(request, batch);
      throw;
    }
    remember(request, batch);
  }

  void uninstall() override {
    api_.begin_call();
    uninstall_app(api_);
  }

  void read(std::string_view audience_ref, std::string_view cursor,
            const muster_readback_sink& sink) override {
    begin();
    // A list that was converted to an active one holds whom its filter chooses: no proof of ours.
    if (cursor.empty()) lists_.check(audience_ref);
    api_.throw_if_ended();
    read_memberships(api_, audience_ref, cursor, sink);
  }

  void look_up(std::string_view kind, std::span<const muster_text> identifiers,
               const muster_lookup_sink& sink) override {
    const bool by_email = is_email(kind);
    begin();
    std::vector<Address> addresses;
    std::vector<std::string_view> ids;
    for (const auto identifier : identifiers) {
      addresses.push_back({sdk::view(identifier), Creation::kForbidden, {}});
      ids.push_back(sdk::view(identifier));
    }
    const auto found = by_email ? contacts_.resolve(addresses) : contacts_.read_by_id(ids);
    api_.throw_if_ended();
    refuse_if_all_are_refused(found);
    for (std::size_t i = 0; i < found.size(); ++i) {
      switch (found[i].state) {
        case Resolution::State::kFound:
          sink.found(sink.context, i, sdk::text(found[i].record_id));
          break;
        case Resolution::State::kMissing:
          break;
        case Resolution::State::kRejected:
          sink.refused(sink.context, i);
          break;
        default:
          // Silence would say that there is none.
          throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.unavailable",
                             "HubSpot could not look everyone up now", "try again in a moment",
                             found[i].wait_ms);
      }
    }
  }

  //! That is hardly the identifiers' fault.
  static void refuse_if_all_are_refused(const std::vector<Resolution>& found) {
    constexpr std::size_t kAFew = 3;
    const auto is_refused = [](const Resolution& one) {
      return one.state == Resolution::State::kRejected;
    };
    if (found.size() <= kAFew || !std::all_of(found.begin(), found.end(), is_refused)) return;
    throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.look_up_refused",
                       "HubSpot refuses to look anybody up (" + found.front().detail + ")",
                       "try again later; if it stays so, tell HubSpot's support");
  }

  void change(std::int32_t action, std::string_view audience_ref, std::string_view name) override {
    begin();
    switch (action) {
      case MUSTER_AUDIENCE_EMPTY:
        return lists_.empty(audience_ref);
      case MUSTER_AUDIENCE_DELETE:
        return lists_.remove(audience_ref);
      case MUSTER_AUDIENCE_RESTORE:
        return lists_.restore(audience_ref);
      case MUSTER_AUDIENCE_RENAME:
        return lists_.rename(audience_ref, name);
      default:
        throw sdk::Failure(MUSTER_NOT_SUPPORTED, "hubspot.action", "the action is not known");
    }
  }

  void estimate(const muster_estimate_request& request, muster_estimate& result) override {
    const bool by_email = is_email(sdk::view(request.kind));
    const bool creates = (request.flags & MUSTER_SYNC_CREATE_MISSING) != 0 && by_email;
    recall();
    std::uint64_t calls = request.has_audience != 0 || request.adds == 0 ? 0 : 2;
    // Before contacts are created for it: is the list there?
    if (creates && request.adds > 0 && request.has_audience != 0) ++calls;
    if (by_email) {
      const auto missing = !creates || request.missing == UINT64_MAX ? 0 : request.missing;
      calls += contacts_.strategy().calls_for(request.adds, missing, creates);
    }
    calls += membership_calls(request, by_email);
    // Nobody would see afterwards that who leaves was merged: they are looked at before.
    if (request.verify == 0) calls += parts_of(request.removes, 100);
    if (request.struct_size >= MUSTER_SIZE_UP_TO(muster_estimate_request, updates) &&
        request.updates > 0) {
      calls += 1 + parts_of(request.updates, 100);  // what the properties are, then their values
    }
    // One look at the list itself, then its pages, an empty one twice (read_member_page); where
    // nothing is done, it is looked at all the same.
    const bool will_have_audience = request.has_audience != 0 || calls > 0;
    if (request.verify != 0 && will_have_audience) {
      const auto pages = parts_of(request.audience_size, kMembersOfAPage);
      calls += 1 + (pages == 0 ? 2 : pages);
    } else if (calls == 0 && request.has_audience != 0) {
      calls = 2;
    }
    result.calls = calls;
    result.requests_per_window = api_.pace().requests_per_window();
    result.window_ms = api_.pace().window_ms();
  }

 private:
  //! Removals go along with the last batch of adds, but where adds by a record id are too many to
  //! be read before (Batch::prepare_removals).
  std::uint64_t membership_calls(const muster_estimate_request& request, bool by_email) const {
    const auto adds = request.adds + request.adds_by_record;
    const auto last = adds % kMaxBatch;
    const auto unread = by_email ? std::min(request.adds_by_record, last) : last;
    const auto together = last + std::min(request.removes, kMaxBatch - last);
    if (request.removes == 0 || unread == 0) {
      return memberships_.calls_for({adds + request.removes}, kMaxBatch);
    }
    if (together > memberships_.one_call()) {
      return memberships_.calls_for({adds, request.removes}, kMaxBatch);
    }
    return parts_of(unread, 100) + memberships_.calls_for({adds + request.removes}, kMaxBatch);
  }

  static bool is_email(std::string_view kind) {
    if (kind == "email") return true;
    if (kind == "contact_id") return false;
    throw sdk::Failure(MUSTER_BAD_CONFIG, "hubspot.kind", "identifiers are email or contact_id");
  }

  void begin() {
    api_.begin_call();
    api_.tokens().load();
    recall();
  }

  //! What former runs stored of the account.
  void recall() {
    if (recalled_) return;
    recalled_ = true;
    AccountDay day;
    day.time_zone = host_.secret("time_zone");
    const auto stored = host_.secret("utc_offset_ms");
    std::from_chars(stored.data(), stored.data() + stored.size(), day.utc_offset_ms);
    api_.set_day(std::move(day));
    remembered_ = host_.secret("resolve");
    contacts_.strategy().recall(remembered_);
    if (remembered_.empty()) remembered_ = contacts_.strategy().memory();
  }

  //! What this run learnt of the account saves the next one calls; without it nothing is lost.
  void remember(const muster_sync_request& request, const Batch& batch) {
    if (request.property_count > 0) property_rules_.remember(batch.list());
    auto memory = contacts_.strategy().memory();
    if (memory == remembered_) return;
    try {
      host_.store_secret("resolve", memory);
      remembered_ = std::move(memory);
    } catch (const sdk::Failure&) {
      host_.log(MUSTER_LOG_WARNING, "what was learnt of the account could not be stored");
    }
  }

  sdk::Host host_;
  HubSpotSettings settings_;
  Api api_;
  Contacts contacts_;
  Lists lists_;
  Memberships memberships_;
  PropertyRules property_rules_;
  PropertyWriter property_writer_;
  bool recalled_ = false;
  std::string remembered_;
};

}  // namespace
}  // namespace muster::hubspot

MUSTER_DESTINATION(muster::hubspot::HubSpot)
