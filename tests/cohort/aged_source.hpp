// A cohort of a known age.
#pragma once

#include "plan/support.hpp"

namespace muster::testing {

class AgedSource final : public Source {
 public:
  AgedSource(std::vector<SourceRow> rows, std::optional<Instant> age)
      : rows_(std::move(rows)), age_(age) {}
  void open(const Columns& columns) override { rows_.open(columns); }
  std::optional<Member> next() override { return rows_.next(); }
  Progress progress() const override { return rows_.progress(); }
  std::vector<SourceNotice> notices() const override { return {}; }
  std::optional<Instant> as_of() const override { return age_; }

 private:
  ListedSource rows_;
  std::optional<Instant> age_;
};

}  // namespace muster::testing
