// A cohort downloaded from Amplitude: asked for, waited for, fetched (amplitude/api.md §1.5). What
// was asked for is remembered until a run over it came to its end, and picked up by the next one.
#pragma once

#include <memory>
#include <optional>

#include "cohort/amplitude_api.hpp"
#include "cohort/amplitude_budget.hpp"
#include "cohort/amplitude_catalog.hpp"
#include "cohort/amplitude_download.hpp"
#include "cohort/csv_table.hpp"
#include "cohort/source.hpp"

namespace muster {

class AmplitudeSource final : public Source {
 public:
  AmplitudeSource(AmplitudeOptions options, SourceEnvironment environment);
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override;
  std::vector<SourceNotice> notices() const override;
  void settle() override;
  void set_heartbeat(std::function<void()> beat) override {
    environment_.waiting.heartbeat = std::move(beat);
  }
  std::optional<SourceBudget> budget() const override;
  //! When it was asked for, but not later than when Amplitude computed it last: that the file is
  //! computed at the request is nowhere documented (amplitude/api.md §1.4). Nothing where the list
  //! of cohorts, which would tell, is refused.
  std::optional<Instant> as_of() const override { return as_of_; }

 private:
  void forget();
  void ask();
  std::string request_id();
  bool await_download(bool picked_up);
  Error job_failed(const std::string& told) const;
  Error never_computed() const;
  Error job_lost() const;
  Error archived() const;
  [[noreturn]] void refuse(const HttpResponse& response);
  [[noreturn]] void refuse_cohort(const std::optional<HttpResponse>& response);
  void look_at_list(AmplitudeDownload& download);
  void give_up(const Error& error);
  bool ask_for_usage();
  AmplitudeApi& api();
  //! What this source's attempts share; its own where there is one alone.
  Attempts& attempts() const {
    return environment_.waiting.attempts != nullptr ? *environment_.waiting.attempts
                                                    : own_attempts_;
  }

  AmplitudeOptions options_;
  SourceEnvironment environment_;
  CsvForm form_;
  std::vector<std::string> properties_;  //!< asked of Amplitude
  std::string identifier_;               //!< the column
  bool has_identifiers_ = false;         //!< somebody has one
  bool has_people_ = false;
  std::optional<AmplitudeApi> api_;
  std::optional<AmplitudeBudget> budget_;
  std::optional<RememberedDownload> remembered_;
  std::optional<AmplitudeDownload> download_;
  mutable Attempts own_attempts_;
  std::optional<Instant> as_of_;
  std::optional<CsvTable> table_;
  SourceNotice ragged_{"ragged_rows", 0, {}};
  int opened_ = 0;
  bool at_end_ = false;
};

//! What is known of a project's budget without asking Amplitude; resolves the keys.
SourceBudget known_budget(const AmplitudeOptions& options, const SourceEnvironment& environment);

//! Whether a download was spent at `since` or later of which nothing can be read any more, so that
//! another try would cost one again; resolves the keys.
bool costs_again(const AmplitudeOptions& options, const Columns& columns,
                 const SourceEnvironment& environment, Instant since);

}  // namespace muster
