#include "simulation/account_watch.hpp"

#include <algorithm>

namespace muster::simulation {
namespace {

constexpr Milliseconds kLatency{20};  // of SimulatedTransport

}  // namespace

void AccountWatch::begin() {
  // By this machine's clock, an instant of HubSpot's is known so exactly.
  constexpr Milliseconds kUncertain{5 * 60'000};
  seen_ = {};
  requests_.clear();
  refused_tokens_ = 0;
  knows_limit_at_.reset();
  std::erase_if(created_by_the_dead_,
                [&](auto when) { return when + kUncertain < clock_.elapsed(); });
  seen_.created_by_the_dead = created_by_the_dead_.size();
}

void AccountWatch::note_death() {
  created_by_the_dead_.insert(created_by_the_dead_.end(), seen_.created.size(), clock_.elapsed());
}

simulator::SimResponse AccountWatch::handle(const simulator::SimRequest& request) {
  note_pace(request);
  auto& account = hubspot_.account();
  std::map<simulator::ListId, std::size_t> before;
  for (const auto& [id, list] : account.lists()) before[id] = list.recent.size();
  const auto newest = account.contacts().empty() ? 0 : account.contacts().rbegin()->first;
  auto response = hubspot_.handle(request);
  note_limit(response);
  note_gone(request, response.status);
  if (response.status == 401 && ++refused_tokens_ > 1) seen_.token_was_refused_again = true;
  note_lists(before);
  note_contacts(newest);
  return response;
}

void AccountWatch::note_lists(const std::map<simulator::ListId, std::size_t>& before) {
  for (const auto& [id, list] : hubspot_.account().lists()) {
    const auto known = before.find(id);
    for (auto i = known == before.end() ? 0 : known->second; i < list.recent.size(); ++i) {
      const auto& change = list.recent[i];
      (change.added ? seen_.added : seen_.removed).insert(change.contact);
    }
  }
}

//! Tokens and searches have limits of their own.
void AccountWatch::note_pace(const simulator::SimRequest& request) {
  constexpr Milliseconds kWindow{10'000};
  const auto path = request.path();
  const bool is_apart = path.rfind("/oauth/", 0) == 0 || path.ends_with("contacts/search");
  if (is_apart) return;
  const auto now = clock_.elapsed();
  requests_.push_back(now);
  while (requests_.front() + kWindow <= now) requests_.pop_front();
  if (!knows_limit_at_ || now < *knows_limit_at_) return;
  seen_.most_in_ten_seconds = std::max(seen_.most_in_ten_seconds, requests_.size());
}

void AccountWatch::note_limit(const simulator::SimResponse& response) {
  const bool arrives = response.disturbance == simulator::Disturbance::kNone;
  if (knows_limit_at_ || !arrives) return;
  for (const auto& [name, value] : response.headers) {
    if (name != "X-HubSpot-RateLimit-Max") continue;
    knows_limit_at_ = clock_.elapsed() + kLatency + response.delay;
  }
}

//! /crm/lists/2026-09/ID/…
void AccountWatch::note_gone(const simulator::SimRequest& request, int status) {
  const auto path = simulator::segments(request.path());
  const bool is_list = path.size() >= 4 && path[1] == "lists";
  if (is_list && status == 404 && simulator::whole_number(path[3]) > 0) seen_.list_was_gone = true;
}

void AccountWatch::note_contacts(simulator::ContactId newest_before) {
  const auto& contacts = hubspot_.account().contacts();
  for (auto it = contacts.upper_bound(newest_before); it != contacts.end(); ++it) {
    seen_.created[it->first] = it->second.email;
  }
}

}  // namespace muster::simulation
