// Plugins with threads of their own: host functions on any of them, sinks on the hook's alone
// (ABI-8). To be run under ThreadSanitizer, too.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "destination/plugin_destination.hpp"
#include "destination/support.hpp"
#include "destination/text.hpp"
#include "muster/destination.hpp"

namespace muster {
namespace {

using testing::World;

//! What the plugin of this file does in its hook.
std::function<void(const muster_sync_request&, const muster_sync_sink&)> work;

class Threaded final : public sdk::Destination {
 public:
  static constexpr muster_identifier_kind kKind{sizeof(muster_identifier_kind), 0, sdk::text("id"),
                                                sdk::text("id")};
  static constexpr sdk::Descriptor kDescriptor{
      .id = "threaded", .name = "Threaded", .version = "1", .max_batch = 10, .kinds = {&kKind, 1}};
  Threaded(sdk::Host, const sdk::Settings&) {}
  void authenticate(const muster_auth_request&, const muster_auth_sink& sink) override {
    const muster_account account{sizeof account, 0, sdk::text("1"), {}, {}, {}, {}, {}, {}, {}};
    std::thread([&] { sink.account(sink.context, &account); }).join();
  }
  void map_identifiers(const muster_map_request& request,
                       const muster_map_sink& sink) const override {
    std::thread([&] { sink.mapped(sink.context, 0, request.values[0]); }).join();
  }
  void sync(const muster_sync_request& request, const muster_sync_sink& sink) override {
    work(request, sink);
  }
};

muster_status report(const muster_sync_sink& sink, std::size_t index) {
  muster_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  outcome.kind = MUSTER_APPLIED;
  outcome.record_id = sdk::text("7");
  return sink.report(sink.context, index, &outcome);
}

const muster_http_1& http_of(sdk::Host host) {
  return *host.extension<muster_http_1>(MUSTER_HTTP_1);
}

muster_status start_request(sdk::Host host) {
  muster_http_request request{};
  request.struct_size = sizeof request;
  request.method = sdk::text("GET");
  request.url = sdk::text("http://127.0.0.1:1/");
  return http_of(host).start(host.context(), &request, 1, nullptr);
}

muster_status next_answer(sdk::Host host) {
  muster_http_response response{};
  response.struct_size = sizeof response;
  return http_of(host).next(host.context(), &response);
}

//! Open to all until it is closed; then whoever enters stays in it until it is opened.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void enter() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
    --inside_;
  }
  //! Returns once so many are inside.
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int inside_ = 0;
};

//! Virtual time of many threads: each that sleeps moves it on, once the gate lets it.
class SharedClock final : public Clock {
 public:
  Instant now() const override { return Instant{elapsed()}; }
  Milliseconds elapsed() const override { return Milliseconds{elapsed_.load()}; }
  void sleep_for(Milliseconds duration) override {
    sleepers.enter();
    elapsed_ += duration.count();
  }

  Gate sleepers;

 private:
  std::atomic<std::int64_t> elapsed_{0};
};

//! Answers what was asked first, once the gate lets it.
class GatedNetwork final : public Transport {
 public:
  void start(HttpRequest, std::uint64_t tag) override { tags_.push_back(tag); }
  std::optional<HttpResponse> next(Milliseconds) override {
    answers.enter();
    HttpResponse response;
    response.tag = tags_.front();
    response.outcome = HttpOutcome::kAnswered;
    tags_.pop_front();
    return response;
  }
  std::size_t in_flight() const override { return tags_.size(); }
  void cancel_all() override {}

  Gate answers;

 private:
  std::deque<std::uint64_t> tags_;
};

class Threads : public ::testing::Test {
 protected:
  Threads() {
    ConnectionLimits limits;
    limits.loopback_bases = {"http://127.0.0.1:1"};
    auto services = std::make_unique<HostServices>(HostServices::Environment{
        "test", clock, network, world.secrets, world.cancellation, limits, nullptr});
    Manifest manifest;
    manifest.id = "threaded";
    host = sdk::Host(services->table());
    destination.emplace(negotiate(manifest, &sdk::detail::Hooks<Threaded>::entry),
                        std::move(services), std::map<std::string, std::string>{});
  }

  Destination::SyncResult sync(decltype(work) body, const AudienceEvents& events = {}) {
    work = std::move(body);
    SyncHeader header;
    header.kind = "id";
    header.audience_ref = "1";
    return destination->sync(header, std::vector<Operation>(1), events);
  }

  World world;
  SharedClock clock;
  GatedNetwork network;
  sdk::Host host{nullptr};
  std::optional<PluginDestination> destination;
};

TEST_F(Threads, UseHostFunctionsAtOnceWithTheRunItself) {
  // As in life, secrets, heartbeat and what the sink is told share one handle.
  int beats = 0;
  destination->set_heartbeat([&] { world.secrets.put("beat", std::to_string(++beats)); });
  AudienceEvents events;
  events.ready = [&](std::string_view ref, std::string_view) { world.secrets.put("list", ref); };
  const auto use = [this] {
    for (int i = 0; i < 300; ++i) {
      const auto name = "s" + std::to_string(i % 5);
      host.store_secret(name, "value-value");
      EXPECT_EQ(host.secret(name), "value-value");
      EXPECT_FALSE(host.is_cancelled());
      EXPECT_GT(host.remaining_ms(), 0);
      http_of(host).pause(host.context(), sdk::text("b"), 0);
      if (i % 100 == 0) host.wait(1);
    }
  };
  const auto result = sync(
      [&](const muster_sync_request&, const muster_sync_sink& sink) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back(use);
        const muster_audience audience{sizeof audience, MUSTER_AUDIENCE_READY, sdk::text("1"), {}};
        for (int i = 0; i < 50; ++i) {
          EXPECT_EQ(sink.audience(sink.context, &audience), MUSTER_OK);
          host.wait(1);
        }
        report(sink, 0);
        for (auto& thread : threads) thread.join();
      },
      events);
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(beats, 50);  // on the hook's thread alone
  EXPECT_EQ(world.secrets.values.at("list"), "1");
}

TEST_F(Threads, AreNotKeptFromSecretsByAWaitOrARequest) {
  clock.sleepers.close();
  network.answers.close();
  sync([this](const muster_sync_request&, const muster_sync_sink&) {
    std::thread waiting([&] { EXPECT_TRUE(host.wait(500)); });
    std::thread requesting([&] {
      EXPECT_EQ(start_request(host), MUSTER_OK);
      EXPECT_EQ(next_answer(host), MUSTER_OK);
    });
    clock.sleepers.await(1);
    network.answers.await(1);
    host.store_secret("name", "value");
    EXPECT_EQ(host.secret("name"), "value");
    clock.sleepers.open();
    network.answers.open();
    waiting.join();
    requesting.join();
  });
}

TEST_F(Threads, ShareTheNetworkOneAtATime) {
  network.answers.close();
  sync([this](const muster_sync_request&, const muster_sync_sink&) {
    EXPECT_EQ(start_request(host), MUSTER_OK);
    std::thread requesting([&] { EXPECT_EQ(next_answer(host), MUSTER_OK); });
    network.answers.await(1);
    EXPECT_EQ(start_request(host), MUSTER_INVALID_ARGUMENT);
    EXPECT_EQ(next_answer(host), MUSTER_INVALID_ARGUMENT);
    network.answers.open();
    requesting.join();
    EXPECT_EQ(start_request(host), MUSTER_OK);
    EXPECT_EQ(next_answer(host), MUSTER_OK);
  });
}

TEST_F(Threads, AllEndWithin2SecondsOfCancellation) {
  constexpr int kWaiting = 4;
  clock.sleepers.close();
  sync([&](const muster_sync_request&, const muster_sync_sink&) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kWaiting; ++i) {
      threads.emplace_back([this] { EXPECT_FALSE(host.wait(60'000)); });
    }
    clock.sleepers.await(kWaiting);
    world.cancellation.request();
    clock.sleepers.open();
    EXPECT_FALSE(host.wait(60'000));
    for (auto& thread : threads) thread.join();
  });
  // Virtual time moves on by what each sleeps, one after the other.
  EXPECT_LT(clock.elapsed(), kWaiting * Milliseconds{2'000});
}

TEST_F(Threads, TouchNothingOfTheRunBetweenHooks) {
  EXPECT_THROW(host.store_secret("name", "value"), sdk::Failure);
  EXPECT_THROW(host.secret("name"), sdk::Failure);
  EXPECT_EQ(start_request(host), MUSTER_INVALID_ARGUMENT);
  EXPECT_EQ(next_answer(host), MUSTER_INVALID_ARGUMENT);
}

TEST_F(Threads, ReportNothing) {
  const auto result = sync([this](const muster_sync_request&, const muster_sync_sink& sink) {
    std::thread([&] { EXPECT_EQ(report(sink, 0), MUSTER_INVALID_ARGUMENT); }).join();
  });
  EXPECT_EQ(result.outcomes.at(0).kind, OutcomeKind::kInDoubt);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), "plugin.fault");
}

TEST_F(Threads, TellNoAccountAndMapNothing) {
  EXPECT_THROW(destination->check(), Error);
  const std::vector<std::string_view> values{"a"};
  EXPECT_THROW(destination->map_identifiers("id", values), Error);
}

}  // namespace
}  // namespace muster
