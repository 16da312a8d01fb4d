#include "simulator/amplitude_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <iterator>

namespace muster::simulator {
namespace {

namespace json = boost::json;

json::object context() {
  return {{"integration", {{"name", "Amplitude Cohort Sync"}, {"version", "1.0.0"}}}};
}

std::string id_at(const std::string& answer, const std::vector<std::string>& path) {
  json::error_code failed;
  auto value = json::parse(answer, failed);
  for (const auto& name : path) {
    if (failed || !value.is_object() || !value.as_object().contains(name)) return {};
    value = json::value(value.as_object().at(name));
  }
  if (value.is_string()) return value.as_string().c_str();
  return value.is_int64() ? std::to_string(value.as_int64()) : std::string{};
}

std::vector<std::string> without(const std::set<std::string>& all,
                                 const std::set<std::string>& taken) {
  std::vector<std::string> rest;
  std::set_difference(all.begin(), all.end(), taken.begin(), taken.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

ListSender::Sync ListSender::sync(const AmplitudeCohort& cohort) {
  Sync sync;
  std::set<std::string> members;
  for (const auto& user : cohort.users) {
    if (!user.user_id.empty()) members.insert(user.user_id);
  }
  const auto entering = without(members, sent_);
  const auto leaving = without(sent_, members);
  if (list_id_.empty() && !create(cohort, sync)) return sync;
  if (!send(calls("add", entering), sync)) return sync;
  if (!send(calls("remove", leaving), sync)) return sync;
  sync.succeeded = true;
  sync.added = entering.size();
  sync.removed = leaving.size();
  sent_ = std::move(members);
  return sync;
}

bool ListSender::create(const AmplitudeCohort& cohort, Sync& sync) {
  Call call;
  call.url = options_.base + "/lists";
  call.body = json::serialize(json::object{
      {"name", fmt::format("[Amplitude] {}: {}", cohort.name, cohort.id)}, {"context", context()}});
  std::string answer;
  if (!send({std::move(call)}, sync, &answer)) return false;
  list_id_ = id_at(answer, options_.id_path);
  return !list_id_.empty();
}

std::vector<ListSender::Call> ListSender::calls(const std::string& what,
                                                const std::vector<std::string>& users) const {
  std::vector<Call> calls;
  for (std::size_t begin = 0; begin < users.size(); begin += options_.batch) {
    json::array ids;
    const auto end = std::min(users.size(), begin + options_.batch);
    for (auto i = begin; i < end; ++i) ids.emplace_back(users[i]);
    Call call;
    call.url = fmt::format("{}/lists/{}/{}", options_.base, list_id_, what);
    call.body = json::serialize(json::object{{"userIds", std::move(ids)}, {"context", context()}});
    calls.push_back(std::move(call));
  }
  return calls;
}

bool ListSender::send(std::vector<Call> calls, Sync& sync, std::string* answer) {
  std::deque<std::size_t> open;
  for (std::size_t i = 0; i < calls.size(); ++i) open.push_back(i);
  bool all = true;
  while (!open.empty() || transport_.in_flight() > 0) {
    while (!open.empty() && transport_.in_flight() < options_.parallel) {
      auto& call = calls[open.front()];
      const auto now = clock_.elapsed();
      if (call.not_before > now) {
        if (transport_.in_flight() > 0) break;
        clock_.sleep_for(call.not_before - now);
      }
      HttpRequest request;
      request.method = "POST";
      request.url = call.url;
      request.headers = {{"Content-Type", "application/json"}};
      request.headers.insert(request.headers.end(), options_.headers.begin(),
                             options_.headers.end());
      request.body = call.body;
      request.timeout = options_.timeout;
      ++call.tries;
      transport_.start(std::move(request), open.front());
      open.pop_front();
    }
    const auto response = transport_.next(clock_.elapsed() + options_.timeout * 2);
    if (!response) continue;
    const bool answered = response->outcome == HttpOutcome::kAnswered;
    sync.status = answered ? response->status : 0;
    if (sync.status == 200) {
      if (answer != nullptr) *answer = response->body;
      continue;
    }
    auto& call = calls[response->tag];
    if (call.tries > options_.retries) {
      all = false;
      open.clear();
      continue;
    }
    if (!all) continue;
    call.not_before = clock_.elapsed() + pause_after(call.tries);
    open.push_back(response->tag);
  }
  return all;
}

Milliseconds ListSender::pause_after(int tries) const {
  auto pause = options_.first_pause;
  for (int i = 1; i < tries && pause < options_.longest_pause; ++i) pause *= 2;
  return std::min(pause, options_.longest_pause);
}

}  // namespace muster::simulator
