#include "cohort/pushed_source.hpp"

#include "cohort/header.hpp"

namespace muster {
namespace {

std::string_view value_of(const PushedUser& user, const std::string& column) {
  if (is_alias(column, "user_id")) return user.user_id;
  if (const auto exact = user.properties.find(column); exact != user.properties.end()) {
    return exact->second;
  }
  for (const auto& [name, value] : user.properties) {
    if (is_alias(name, column)) return value;
  }
  return {};
}

}  // namespace

void PushedChanges::add(PushedMessage message, bool waits) {
  for (auto& user : message.users) {
    auto& change = changes_[user.user_id];
    const bool is_newer = change.user.user_id.empty() || message.computed >= change.computed;
    if (is_newer) change = {message.enters, waits, message.computed, std::move(user)};
  }
}

void PushedSource::open(const Columns& columns) {
  columns_ = columns;
  at_ = 0;
}

std::optional<Member> PushedSource::next() {
  if (at_ == users_.size()) return std::nullopt;
  const auto& user = *users_[at_++];
  Member member;
  member.line = at_;
  member.source_id = user.user_id;
  member.identifier = value_of(user, columns_.identifier);
  for (const auto& property : columns_.properties) {
    member.properties.push_back(value_of(user, property));
  }
  return member;
}

void OverlaidSource::open(const Columns& columns) {
  columns_ = columns;
  rest_.reset();
  entering_.clear();
  open_.clear();
  cohort_.open(columns);
  const auto as_of = cohort_.as_of();
  computed_ =
      as_of ? std::chrono::duration_cast<std::chrono::seconds>(as_of->time_since_epoch()).count()
            : 0;
  for (const auto& [user, change] : changes_.by_user()) {
    if (change.computed > computed_) open_.emplace(user, &change);
  }
}

std::optional<Member> OverlaidSource::next() {
  while (!rest_) {
    auto member = cohort_.next();
    if (member) {
      const auto found = open_.find(member->source_id);
      if (found == open_.end()) return member;
      const bool stays = found->second->enters;
      if (!stays) continue;
      open_.erase(found);
      return member;
    }
    for (const auto& [user, change] : open_) {
      if (change->enters) entering_.push_back(&change->user);
    }
    rest_ = std::make_unique<PushedSource>(entering_);
    rest_->open(columns_);
  }
  return rest_->next();
}

}  // namespace muster
