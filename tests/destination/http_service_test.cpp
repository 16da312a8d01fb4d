// muster.http/1: pacing, cancellation within 2 s, deadlines, allowed hosts, through the C table.
#include "destination/http_service.hpp"

#include <gtest/gtest.h>

#include "destination/support.hpp"
#include "destination/text.hpp"

namespace muster {
namespace {

using testing::World;
constexpr Milliseconds kAbiGrace{2'000};

ConnectionLimits loopback() {
  ConnectionLimits limits;
  limits.loopback_bases = {"http://127.0.0.1:1"};
  limits.rate_share = 1.0;
  return limits;
}

//! The plugin's side of the C table.
struct Plugin {
  explicit Plugin(HostServices& services)
      : running(services),
        host(services.table()),
        http(static_cast<const muster_http_1*>(
            host->get_extension(host->context, to_text(MUSTER_HTTP_1)))) {}

  muster_status start(std::uint64_t tag, std::string_view url = "http://127.0.0.1:1/x",
                      std::string_view bucket = "b") {
    muster_http_request request{};
    request.struct_size = sizeof request;
    request.method = to_text("GET");
    request.url = to_text(url);
    request.bucket = to_text(bucket);
    error = {};
    error.struct_size = sizeof error;
    return http->start(host->context, &request, tag, &error);
  }
  muster_http_response next() {
    muster_http_response response{};
    response.struct_size = sizeof response;
    status = http->next(host->context, &response);
    return response;
  }

  HostServices::Hook running;
  const muster_host* host;
  const muster_http_1* http;
  muster_error error{};
  muster_status status = MUSTER_OK;
};

TEST(HttpService, GivesAnswersWithTheirTags) {
  World world;
  world.server = [](const simulator::SimRequest& request) {
    simulator::SimResponse response;
    response.body = request.target;
    return response;
  };
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  EXPECT_EQ(plugin.start(7), MUSTER_OK);
  const auto response = plugin.next();
  EXPECT_EQ(response.tag, 7U);
  EXPECT_EQ(response.outcome, MUSTER_HTTP_ANSWERED);
  EXPECT_EQ(view(response.body), "/x");
  EXPECT_EQ(services->usage().calls, 1U);
}

TEST(HttpService, BeatsWhileACallWaitsForItsTurn) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  plugin.http->limit(plugin.host->context, to_text("b"), 1, 10'000);
  std::vector<Milliseconds> beats;
  services->set_heartbeat([&] { beats.push_back(world.clock.elapsed()); });
  plugin.start(1);
  plugin.start(2);
  plugin.next();
  plugin.next();
  ASSERT_GT(beats.size(), 10U);
  for (std::size_t i = 1; i < beats.size(); ++i) {
    EXPECT_LE(beats[i] - beats[i - 1], Milliseconds{200});
  }
}

TEST(HttpService, PassesOnWhatTheHeartbeatThrows) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  services->set_heartbeat([] { throw Error(ErrorKind::kBusy, "run.busy", "taken over"); });
  plugin.start(1);
  plugin.next();
  EXPECT_EQ(plugin.status, MUSTER_INTERNAL);
  EXPECT_THROW(services->rethrow_kept(), Error);
}

TEST(HttpService, BeatsWhileAPluginSleeps) {
  World world;
  const auto services = world.services(loopback());
  int beats = 0;
  services->set_heartbeat([&] { ++beats; });
  const HostServices::Hook running(*services);
  const auto* host = services->table();
  EXPECT_EQ(host->wait(host->context, 1'000), MUSTER_OK);
  EXPECT_EQ(beats, 5);
}

TEST(HttpService, APauseOrAWindowForEverHolds) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  world.clock.advance(Milliseconds{1'000});
  plugin.http->pause(plugin.host->context, to_text("paused"), INT64_MAX);
  plugin.http->limit(plugin.host->context, to_text("slow"), 1, INT64_MAX);
  plugin.start(1, "http://127.0.0.1:1/x", "slow");
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_ANSWERED);
  services->set_deadline(world.clock.elapsed() + std::chrono::minutes{1});
  plugin.start(2, "http://127.0.0.1:1/x", "slow");
  plugin.start(3, "http://127.0.0.1:1/x", "paused");
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_CANCELLED);
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_CANCELLED);
  EXPECT_EQ(services->usage().calls, 1U);
}

TEST(HttpService, RefusesHeadersThatAreNotThere) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  muster_http_request request{};
  request.struct_size = sizeof request;
  request.header_stride = sizeof(muster_http_header);
  request.header_count = 1;
  request.url = to_text("http://127.0.0.1:1/x");
  EXPECT_EQ(plugin.http->start(plugin.host->context, &request, 1, nullptr),
            MUSTER_INVALID_ARGUMENT);
}

TEST(HttpService, ReadsHeadersThatAreLargerOrAsLevel1HasThem) {
  World world;
  std::vector<std::string> values;
  world.server = [&](const simulator::SimRequest& request) {
    for (const auto* name : {"a", "b"}) values.emplace_back(request.header(name));
    return simulator::SimResponse{};
  };
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  struct Grown {
    muster_http_header known;
    std::uint64_t later;
  };
  const Grown headers[] = {{{to_text("a"), to_text("1")}, 7}, {{to_text("b"), to_text("2")}, 7}};
  muster_http_request request{};
  request.struct_size = sizeof request;
  request.method = to_text("GET");
  request.url = to_text("http://127.0.0.1:1/x");
  request.headers = &headers[0].known;
  request.header_count = 2;
  const auto start = [&](std::size_t stride) {
    request.header_stride = static_cast<std::uint32_t>(stride);
    return plugin.http->start(plugin.host->context, &request, 1, nullptr);
  };
  EXPECT_EQ(start(sizeof(Grown)), MUSTER_OK);
  plugin.next();
  EXPECT_EQ(values, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(start(24), MUSTER_INVALID_ARGUMENT);
  EXPECT_EQ(start(33), MUSTER_INVALID_ARGUMENT);
}

TEST(HttpService, RefusesNextWhenNothingWasStarted) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  plugin.next();
  EXPECT_EQ(plugin.status, MUSTER_INVALID_ARGUMENT);
}

TEST(HttpService, RefusesHostsThatTheManifestDoesNotName) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  EXPECT_EQ(plugin.start(1, "https://example.com/"), MUSTER_FORBIDDEN);
  EXPECT_STREQ(plugin.error.code, "host.address_not_allowed");
  EXPECT_EQ(services->usage().calls, 0U);
}

TEST(HttpService, RefusesHeadersWithLineBreaks) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  const muster_http_header header{to_text("A"), to_text("b\r\nC: d")};
  muster_http_request request{};
  request.struct_size = sizeof request;
  request.method = to_text("GET");
  request.url = to_text("http://127.0.0.1:1/");
  request.headers = &header;
  request.header_count = 1;
  request.header_stride = sizeof header;
  muster_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(plugin.http->start(plugin.host->context, &request, 1, &error), MUSTER_INVALID_ARGUMENT);
}

TEST(HttpService, RefusesAMethodThatIsNoToken) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  for (const auto* method : {"", "GET /\r\nA: b", "G T", "G\xC3\x89T"}) {
    muster_http_request request{};
    request.struct_size = sizeof request;
    request.method = to_text(method);
    request.url = to_text("http://127.0.0.1:1/");
    EXPECT_EQ(plugin.http->start(plugin.host->context, &request, 1, nullptr),
              MUSTER_INVALID_ARGUMENT)
        << method;
  }
}

TEST(HttpService, KeepsThePaceOfABucket) {
  World world;
  std::vector<Milliseconds> arrivals;
  world.server = [&](const simulator::SimRequest&) {
    arrivals.push_back(world.clock.elapsed());
    return simulator::SimResponse{};
  };
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  plugin.http->limit(plugin.host->context, to_text("b"), 5, 1'000);
  for (std::uint64_t i = 0; i < 23; ++i) plugin.start(i);
  for (int i = 0; i < 23; ++i) plugin.next();
  ASSERT_EQ(arrivals.size(), 23U);
  for (std::size_t i = 5; i < arrivals.size(); ++i) {
    EXPECT_GE(arrivals[i] - arrivals[i - 5], Milliseconds{1'000});
  }
  EXPECT_GT(services->usage().throttled, Milliseconds{3'000});
}

TEST(HttpService, HoldsAPausedBucketBack) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  plugin.http->pause(plugin.host->context, to_text("b"), 3'000);
  plugin.start(1);
  plugin.next();
  EXPECT_GE(world.clock.elapsed(), Milliseconds{3'000});
}

TEST(HttpService, GivesEveryRequestBackWithin2SecondsOfCancellation) {
  World world;
  world.server = [](const simulator::SimRequest&) {
    simulator::SimResponse response;
    response.delay = Milliseconds{20'000};  // a server that drips
    return response;
  };
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  for (std::uint64_t i = 0; i < 20; ++i) plugin.start(i, "http://127.0.0.1:1/x", "");
  world.cancellation.request();
  const auto before = world.clock.elapsed();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_CANCELLED);
    EXPECT_EQ(plugin.status, MUSTER_OK);
  }
  EXPECT_LE(world.clock.elapsed() - before, kAbiGrace);
  EXPECT_NE(plugin.host->is_cancelled(plugin.host->context), 0);
}

TEST(HttpService, WaitsForAnswersThatComeInTimeThoughCancelled) {
  World world;
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  plugin.start(1);
  world.cancellation.request();
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_ANSWERED);  // what was sent may have been applied
}

TEST(HttpService, EndsAtTheDeadlineAndIsUsableAfterwards) {
  World world;
  world.server = [](const simulator::SimRequest&) {
    simulator::SimResponse response;
    response.delay = Milliseconds{20'000};
    return response;
  };
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  services->set_deadline(world.clock.elapsed() + Milliseconds{500});
  plugin.start(1);
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_CANCELLED);
  EXPECT_LE(world.clock.elapsed(), Milliseconds{500} + kAbiGrace);
  services->set_deadline(std::nullopt);
  world.server = [](const simulator::SimRequest&) { return simulator::SimResponse{}; };
  plugin.start(2);
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_ANSWERED);
}

TEST(HttpService, WaitEndsEarlyWhenCancelled) {
  World world;
  const auto services = world.services(loopback());
  const auto* host = services->table();
  EXPECT_EQ(host->wait(host->context, 1'000), MUSTER_OK);
  EXPECT_EQ(world.clock.elapsed(), Milliseconds{1'000});
  world.cancellation.request();
  EXPECT_EQ(host->wait(host->context, 60'000), MUSTER_CANCELLED);
  EXPECT_LE(world.clock.elapsed(), Milliseconds{3'000});
}

TEST(HttpService, TellsWhatBecameOfARequest) {
  World world;
  auto disturbance = simulator::Disturbance::kRefused;
  world.server = [&](const simulator::SimRequest&) {
    simulator::SimResponse response;
    response.disturbance = disturbance;
    return response;
  };
  const auto services = world.services(loopback());
  Plugin plugin(*services);
  plugin.start(1);
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_NOT_SENT);
  disturbance = simulator::Disturbance::kReset;
  plugin.start(2);
  EXPECT_EQ(plugin.next().outcome, MUSTER_HTTP_NO_ANSWER);
}

}  // namespace
}  // namespace muster
