#include "simulator/amplitude_webhook.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace muster::simulator {
namespace {

namespace json = boost::json;

void append(std::vector<WebhookMessage>& messages, const AmplitudeCohort& cohort, bool entering,
            const std::vector<AmplitudeUser>& users, std::int64_t computed_time,
            const std::string& uuid, std::size_t batch) {
  for (std::size_t begin = 0; begin < users.size(); begin += batch) {
    const auto end = std::min(users.size(), begin + batch);
    WebhookMessage message;
    message.cohort_id = cohort.id;
    message.cohort_name = cohort.name;
    message.in_cohort = entering;
    message.computed_time = computed_time;
    message.message_id =
        fmt::format("{}::{}::{}", uuid, entering ? "enter" : "exit", begin / batch);
    message.users.assign(users.begin() + static_cast<std::ptrdiff_t>(begin),
                         users.begin() + static_cast<std::ptrdiff_t>(end));
    messages.push_back(std::move(message));
  }
}

}  // namespace

std::string WebhookMessage::body() const {
  json::array list;
  for (const auto& user : users) {
    json::object properties;
    for (const auto& [name, value] : user.properties) properties[name] = value;
    list.emplace_back(json::object{{"user_id", user.user_id}, {"user_properties", properties}});
  }
  return json::serialize(json::object{{"cohort_name", cohort_name},
                                      {"cohort_id", cohort_id},
                                      {"in_cohort", in_cohort},
                                      {"computed_time", std::to_string(computed_time)},
                                      {"message_id", message_id},
                                      {"users", std::move(list)}});
}

std::vector<WebhookMessage> webhook_messages(const AmplitudeCohort& cohort,
                                             const std::vector<AmplitudeUser>& entering,
                                             const std::vector<AmplitudeUser>& exiting,
                                             std::int64_t computed_time, const std::string& uuid,
                                             std::size_t batch) {
  std::vector<WebhookMessage> messages;
  append(messages, cohort, true, entering, computed_time, uuid, batch);
  append(messages, cohort, false, exiting, computed_time, uuid, batch);
  return messages;
}

WebhookSender::Delivery WebhookSender::send_body(const std::string& body) {
  Delivery delivery;
  auto pause = options_.first_pause;
  for (;;) {
    HttpRequest request;
    request.method = "POST";
    request.url = options_.url;
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", "Amplitude/Webhook/1.0"}};
    request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
    request.body = body;
    request.timeout = options_.timeout;
    transport_.start(std::move(request), 0);
    ++delivery.tries;
    const auto response = transport_.next(clock_.elapsed() + options_.timeout * 2);
    const bool answered = response && response->outcome == HttpOutcome::kAnswered;
    delivery.status = answered ? response->status : 0;
    delivery.answer = answered ? response->body : std::string{};
    if (delivery.status == 200 || delivery.tries > options_.retries) return delivery;
    clock_.sleep_for(pause);
    pause = std::min(pause * 2, options_.longest_pause);
  }
}

}  // namespace muster::simulator
