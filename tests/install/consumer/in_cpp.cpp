// A plugin on the C++ kit, outside of muster's tree: it takes everyone, and keeps nothing.
#include <muster/destination.hpp>

namespace {

class Consumer final : public muster::sdk::Destination {
 public:
  static constexpr muster_identifier_kind kKind{
      sizeof(muster_identifier_kind), 0, muster::sdk::text("id"), muster::sdk::text("any text")};
  static constexpr muster::sdk::Descriptor kDescriptor{
      .id = "consumer", .name = "Consumer", .version = "1", .max_batch = 10, .kinds = {&kKind, 1}};

  Consumer(muster::sdk::Host, const muster::sdk::Settings&) {}
  void authenticate(const muster_auth_request&, const muster_auth_sink& sink) override {
    muster_account account{};
    account.struct_size = sizeof account;
    account.id = muster::sdk::text("1");
    sink.account(sink.context, &account);
  }
  void map_identifiers(const muster_map_request& request,
                       const muster_map_sink& sink) const override {
    for (std::size_t i = 0; i < request.count; ++i) {
      sink.mapped(sink.context, i, request.values[i]);
    }
  }
  void sync(const muster_sync_request& request, const muster_sync_sink& sink) override {
    muster_outcome outcome{};
    outcome.struct_size = sizeof outcome;
    outcome.kind = MUSTER_APPLIED;
    outcome.record_id = muster::sdk::text("1");
    for (std::size_t i = 0; i < request.operation_count; ++i) {
      sink.report(sink.context, i, &outcome);
    }
  }
  void uninstall() override {}
};

}  // namespace

MUSTER_DESTINATION(Consumer)
