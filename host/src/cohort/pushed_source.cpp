#include "cohort/pushed_source.hpp"

#include <algorithm>

#include "cohort/header.hpp"

namespace muster {
namespace {

std::string_view value_of(const PushedUser& user, const std::string& column,
                          const std::string& id_column) {
  if (is_alias(column, "user_id") || is_alias(column, id_column)) return user.user_id;
  if (const auto exact = user.properties.find(column); exact != user.properties.end()) {
    return exact->second;
  }
  const auto is_meant = [&](const auto& property) { return is_alias(property.first, column); };
  const auto& properties = user.properties;
  const auto found = std::find_if(properties.begin(), properties.end(), is_meant);
  // Of two that are meant alike neither is known to be the one.
  if (found == properties.end() || std::any_of(std::next(found), properties.end(), is_meant)) {
    return {};
  }
  return found->second;
}

}  // namespace

void PushedChanges::add(PushedMessage message, bool waits) {
  const auto direction = message.enters ? Direction::kEnters : Direction::kLeaves;
  for (auto& user : message.users) {
    if (user.user_id.empty()) {
      if (waits) ++unnamed_[direction];
      continue;
    }
    auto& change = changes_[user.user_id];
    const bool is_newer = change.user.user_id.empty() || message.computed >= change.computed;
    if (is_newer) change = {message.enters, waits, message.computed, std::move(user)};
  }
}

std::vector<const PushedUser*> PushedChanges::waiting(Direction direction) const {
  std::vector<const PushedUser*> users;
  for (const auto& [user, change] : changes_) {
    const auto goes = change.enters ? Direction::kEnters : Direction::kLeaves;
    if (change.waits && goes == direction) users.push_back(&change.user);
  }
  static const PushedUser kNobody;
  if (const auto unnamed = unnamed_.find(direction); unnamed != unnamed_.end()) {
    users.insert(users.end(), unnamed->second, &kNobody);
  }
  return users;
}

void PushedSource::open(const Columns& columns) {
  columns_ = columns;
  users_ = find_();
  at_ = 0;
}

std::optional<Member> PushedSource::next() {
  if (at_ == users_.size()) return std::nullopt;
  const auto& user = *users_[at_++];
  Member member;
  member.line = at_;
  member.source_id = user.user_id;
  member.identifier = value_of(user, columns_.identifier, id_column_);
  for (const auto& property : columns_.properties) {
    member.properties.push_back(value_of(user, property, id_column_));
  }
  return member;
}

void OverlaidSource::open(const Columns& columns) {
  columns_ = columns;
  rest_.reset();
  open_.clear();
  changes_ = find_();
  last_line_ = 0;
  const auto opened = clock_.now();
  cohort_->open(columns);
  as_of_ = cohort_->as_of();
  if (as_of_) as_of_ = std::min(*as_of_, opened) - kMargin;
  const auto computed = pushed_time(as_of_);
  for (const auto& [user, change] : changes_.by_user()) {
    if (change.computed > computed) open_.emplace(user, &change);
  }
}

std::optional<Member> OverlaidSource::next() {
  while (!rest_) {
    auto member = cohort_->next();
    if (member) {
      last_line_ = member->line;
      const auto found = open_.find(member->source_id);
      if (found == open_.end()) return member;
      if (!found->second->enters) continue;
      open_.erase(found);
      return member;
    }
    rest_ = std::make_unique<PushedSource>(
        [this] {
          std::vector<const PushedUser*> entering;
          for (const auto& [user, change] : open_) {
            if (change->enters) entering.push_back(&change->user);
          }
          return entering;
        },
        id_column_);
    rest_->open(columns_);
  }
  auto member = rest_->next();
  if (member) member->line += last_line_;
  return member;
}

std::int64_t pushed_time(std::optional<Instant> instant) {
  if (!instant) return -1;
  return std::chrono::duration_cast<std::chrono::seconds>(instant->time_since_epoch()).count();
}

}  // namespace muster
