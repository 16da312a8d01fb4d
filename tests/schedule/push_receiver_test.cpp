// The receiver of cohort webhooks against the simulated sender: who may send, what is answered
// when.
#include "schedule/push_receiver.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/curl_transport.hpp"
#include "base/error.hpp"
#include "schedule/refusal_log.hpp"
#include "simulator/amplitude_webhook.hpp"

namespace muster {
namespace {

using simulator::WebhookSender;

class Receiver : public ::testing::Test {
 protected:
  void start(std::size_t largest_body = 100'000) {
    PushReceiver::Options options;
    options.headers = {{"X-Secret", "the shared secret"}, {"X-Team", "marketing"}};
    options.largest_body = largest_body;
    receiver_ = std::make_unique<PushReceiver>(
        options, clock_, [this](const PushedMessage& message, std::string_view) {
          const std::lock_guard lock(mutex_);
          if (failures_-- > 0)
            throw Error(ErrorKind::kFailed, "state.disk_full", "the disk is full");
          if (message.cohort_id != "c") return PushReceiver::Taken::kUnknownCohort;
          const bool is_new = ids_.insert(message.message_id).second;
          return is_new ? PushReceiver::Taken::kNew : PushReceiver::Taken::kAgain;
        });
  }
  WebhookSender::Delivery send(const std::string& body,
                               std::vector<HttpHeader> headers = {{"X-Secret", "the shared secret"},
                                                                  {"X-Team", "marketing"}},
                               int retries = 0, const char* path = "/push/amplitude") {
    WebhookSender::Options options;
    options.url = fmt::format("http://127.0.0.1:{}{}", receiver_->port(), path);
    options.headers = std::move(headers);
    options.retries = retries;
    options.first_pause = Milliseconds{1};
    options.timeout = Milliseconds{20'000};
    return WebhookSender(transport_, clock_, options).send_body(body);
  }
  //! A connection of its own, on which nothing was said yet.
  int connected() const {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(receiver_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return descriptor;
  }
  static std::string body(const std::string& id, const std::string& cohort = "c") {
    simulator::WebhookMessage message;
    message.cohort_id = cohort;
    message.message_id = id;
    message.computed_time = 5;
    message.users = {{1, "ada@example.com", {}}};
    return message.body();
  }

  SystemClock clock_;
  CurlTransport transport_{clock_};
  std::mutex mutex_;
  std::set<std::string> ids_;
  int failures_ = 0;
  std::unique_ptr<PushReceiver> receiver_;
};

TEST_F(Receiver, TakesAMessageAndKnowsItWhenItComesAgain) {
  start();
  EXPECT_EQ(send(body("m1")).answer, R"({"taken":"now"})");
  const auto again = send(body("m1"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.answer, R"({"taken":"before"})");
  EXPECT_EQ(ids_.size(), 1U);
}

TEST_F(Receiver, RefusesAWrongOrMissingSecretAndKeepsNothing) {
  start();
  const std::vector<HttpHeader> wrong[] = {
      {},
      {{"X-Secret", "the shared secret"}},
      {{"X-Secret", "the shared secre"}, {"X-Team", "marketing"}},
      {{"X-Secret", "the shared secret!"}, {"X-Team", "marketing"}},
      {{"X-Secret", "the shared secret"}, {"X-Team", "sales"}}};
  for (const auto& headers : wrong) EXPECT_EQ(send(body("m1"), headers).status, 401);
  EXPECT_TRUE(ids_.empty());
}

TEST_F(Receiver, RefusesUnknownCohortsMalformedAndOversizedBodies) {
  start(1'000);
  EXPECT_EQ(send(body("m1", "other")).status, 404);
  EXPECT_EQ(send("not json").status, 400);
  EXPECT_EQ(send("{}").status, 400);
  EXPECT_EQ(send(std::string(2'000, ' ')).status, 413);
  EXPECT_EQ(send(body("m1"), {{"X-Secret", "the shared secret"}, {"X-Team", "marketing"}}, 0, "/x")
                .status,
            404);
  EXPECT_EQ(send(body("m1")).status, 200) << "and goes on";
}

TEST_F(Receiver, LogsWhyItRefusesWithoutSecretsAndNotForEachMessage) {
  start();
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) send(body("m1"), {{"X-Secret", "a wrong secret"}});
  send("{\"cohort_id\":\"ada@example.com\"}");
  send(body("m1", "other"));
  const auto logged = ::testing::internal::GetCapturedStderr();
  const auto count = [&](const std::string& part) {
    std::size_t found = 0;
    for (auto at = logged.find(part); at != std::string::npos; at = logged.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("refused with 401"), 1U) << logged;
  EXPECT_EQ(count("refused with 400: 'message_id' is missing"), 1U) << logged;
  EXPECT_EQ(count("refused with 404: no sync takes this cohort"), 1U) << logged;
  EXPECT_EQ(count("secret"), 0U) << logged;
  EXPECT_EQ(count("ada@"), 0U) << logged;
}

TEST(RefusalLog, TellsOneInAMinuteOfEachKindAndCountsTheOthers) {
  VirtualClock clock;
  RefusalLog log(clock);
  EXPECT_EQ(log.line(401, "who"), "a pushed message was refused with 401: who");
  EXPECT_EQ(log.line(400, "what"), "a pushed message was refused with 400: what");
  EXPECT_FALSE(log.line(401, "who"));
  EXPECT_FALSE(log.line(401, "who"));
  clock.advance(RefusalLog::kPause);
  EXPECT_EQ(log.line(401, "who"),
            "a pushed message was refused with 401: who; 2 more since it was told last");
  clock.advance(RefusalLog::kPause);
  EXPECT_EQ(log.line(401, "who"), "a pushed message was refused with 401: who");
  EXPECT_TRUE(log.line_of_closed(64)) << "another kind";
  EXPECT_FALSE(log.line_of_closed(64));
}

TEST_F(Receiver, AnswersThatNothingIsLostWhenItCanNotKeepAMessage) {
  start();
  failures_ = 2;
  EXPECT_EQ(send(body("m1")).status, 503);
  const auto delivery =
      send(body("m1"), {{"X-Secret", "the shared secret"}, {"X-Team", "marketing"}}, 8);
  EXPECT_EQ(delivery.status, 200);
  EXPECT_EQ(delivery.tries, 2);
  EXPECT_EQ(ids_.size(), 1U);
}

TEST_F(Receiver, NoAnswerRepeatsWhatWasSent) {
  start();
  EXPECT_EQ(send(R"({"ada@example.com":1})").answer.find("ada"), std::string::npos);
}

TEST_F(Receiver, ReadsAMessageThatIsAsLargeAsItTakes) {
  start(std::size_t{16} << 20U);
  simulator::WebhookMessage large;
  large.cohort_id = "c";
  large.message_id = "m1";
  for (std::uint64_t i = 0; i < 40'000; ++i) {
    large.users.push_back({i, fmt::format("user-{}@example.com", i), {{"plan", "enterprise"}}});
  }
  const auto text = large.body();
  ASSERT_GT(text.size(), std::size_t{2} << 20U) << "more than the HTTP library takes by itself";
  EXPECT_EQ(send(text).status, 200);
}

TEST_F(Receiver, TellsWhoSendsTooMuchAndIsNotDoneYet) {
  start(1'000);
  // More than the sockets' buffers hold: the sender still writes when it is answered.
  EXPECT_EQ(send(std::string(std::size_t{20} << 20U, ' ')).status, 413);
  EXPECT_EQ(send(std::string(std::size_t{20} << 20U, ' '), {}).status, 413);
  EXPECT_EQ(send(body("m1")).status, 200) << "and goes on";
}

TEST_F(Receiver, AnswersAWrongSecretBeforeItReadsTheBody) {
  start(std::size_t{32} << 20U);
  EXPECT_EQ(send(std::string(std::size_t{20} << 20U, ' '), {}).status, 401);
}

TEST_F(Receiver, TakesOtherHeadersWhenTheyAreReplaced) {
  start();
  receiver_->set_headers({{"X-Secret", "another one"}});
  EXPECT_EQ(send(body("m1")).status, 401);
  EXPECT_EQ(send(body("m1"), {{"X-Secret", "another one"}}).status, 200);
}

TEST_F(Receiver, WithoutASecretTakesNothing) {
  start();
  receiver_->set_headers({});
  EXPECT_EQ(send(body("m1"), {}).status, 401);
}

TEST_F(Receiver, ServesSeveralSendersAtATime) {
  start();
  // One that says nothing holds up nobody.
  std::vector<int> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(connected());
  EXPECT_EQ(send(body("m1")).status, 200);
  for (const int descriptor : silent) ::close(descriptor);
}

TEST_F(Receiver, ConnectionsWithoutTheSecretKeepNoMessageOut) {
  // Whether they say nothing, half a header, or were refused and are still there.
  for (const auto* said : {"", "POST /push/amplitude HTTP/1.1\r\n", "GET / HTTP/1.1\r\n\r\n"}) {
    SCOPED_TRACE(said);
    start();
    ::testing::internal::CaptureStderr();
    std::vector<int> strangers;
    for (int i = 0; i < 80; ++i) {
      strangers.push_back(connected());
      const std::string_view text(said);
      ASSERT_EQ(::send(strangers.back(), text.data(), text.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(text.size()));
    }
    EXPECT_EQ(send(body("m" + std::string(said))).status, 200);
    for (const int descriptor : strangers) ::close(descriptor);
    const auto logged = ::testing::internal::GetCapturedStderr();
    const auto told = logged.find("64 are open");
    ASSERT_NE(told, std::string::npos) << logged;
    EXPECT_EQ(logged.find("64 are open", told + 1), std::string::npos) << "told once";
  }
}

TEST_F(Receiver, AMessageOnItsWayIsClosedForNoStranger) {
  start();
  const auto text = body("m1");
  const int sender = connected();
  const auto begun = fmt::format(
      "POST /push/amplitude HTTP/1.1\r\nHost: x\r\nX-Secret: the shared secret\r\nX-Team: "
      "marketing\r\nContent-Length: {}\r\n\r\n{}",
      text.size(), text.substr(0, 10));
  ASSERT_EQ(::write(sender, begun.data(), begun.size()), static_cast<ssize_t>(begun.size()));
  EXPECT_EQ(send(body("m2")).status, 200) << "by now the header was read";
  std::vector<int> strangers;
  for (int i = 0; i < 80; ++i) strangers.push_back(connected());
  EXPECT_EQ(send(body("m3")).status, 200);
  const auto rest = text.substr(10);
  ASSERT_EQ(::write(sender, rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  std::string answer(12, '\0');
  EXPECT_EQ(::read(sender, answer.data(), answer.size()), 12);
  EXPECT_EQ(answer, "HTTP/1.1 200");
  for (const int descriptor : strangers) ::close(descriptor);
  ::close(sender);
}

TEST_F(Receiver, AMessageThatBreaksOffIsNone) {
  start();
  const int descriptor = connected();
  const auto text = fmt::format(
      "POST /push/amplitude HTTP/1.1\r\nHost: x\r\nX-Secret: the shared secret\r\nX-Team: "
      "marketing\r\nContent-Length: 1000\r\n\r\n{}",
      body("m1").substr(0, 40));
  ASSERT_EQ(::write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::shutdown(descriptor, SHUT_WR);
  char byte = 0;
  EXPECT_LE(::read(descriptor, &byte, 1), 0) << "it answers nothing";
  ::close(descriptor);
  const std::lock_guard lock(mutex_);
  EXPECT_TRUE(ids_.empty());
}

TEST_F(Receiver, AsksForABodyThatWaitsToBeAskedFor) {
  start();
  const int descriptor = connected();
  const auto text = body("m1");
  const auto head = fmt::format(
      "POST /push/amplitude HTTP/1.1\r\nHost: x\r\nX-Secret: the shared secret\r\nX-Team: "
      "marketing\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
      text.size());
  ASSERT_EQ(::write(descriptor, head.data(), head.size()), static_cast<ssize_t>(head.size()));
  const auto answered = [&] {
    std::string answer(1'000, '\0');
    answer.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::read(descriptor, answer.data(), answer.size()))));
    return answer;
  };
  EXPECT_EQ(answered().substr(0, 12), "HTTP/1.1 100");
  ASSERT_EQ(::write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  EXPECT_EQ(answered().substr(0, 12), "HTTP/1.1 200");
  ::close(descriptor);
}

TEST(PushReceiver, TellsThatItsPortIsTaken) {
  const auto keep = [](const PushedMessage&, std::string_view) {
    return PushReceiver::Taken::kNew;
  };
  const SystemClock clock;
  const PushReceiver first({}, clock, keep);
  PushReceiver::Options options;
  options.port = first.port();
  try {
    const PushReceiver second(options, clock, keep);
    ADD_FAILURE() << "two listen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "push.can_not_listen");
    EXPECT_FALSE(error.hint().empty());
  }
}

}  // namespace
}  // namespace muster
