// Amplitude's cohort API, simulated (amplitude/api.md §1, §7): one region with one project, and
// the second origin that its large files lie at. [concurrent] through `handle` alone.
#pragma once

#include <boost/json.hpp>
#include <deque>
#include <mutex>
#include <optional>
#include <set>

#include "simulator/amplitude_project.hpp"
#include "simulator/amplitude_switches.hpp"
#include "simulator/faults.hpp"

namespace muster::simulator {

class Amplitude {
 public:
  explicit Amplitude(const Clock& clock) : clock_(clock) {}

  //! Whether a request is for one of its origins, where others answer beside it.
  static bool answers(const SimRequest& request) {
    return request.target.starts_with("/api/") || request.target.starts_with("/files/");
  }
  //! Both origins: requests under /files/ are the second one's.
  SimResponse handle(const SimRequest& request);
  //! Where the second origin is: the base of the links that `/file` answers.
  void set_file_base(std::string base) { file_base_ = std::move(base); }

  AmplitudeProject& project() { return project_; }
  AmplitudeSwitches& switches() { return switches_; }
  Faults& faults() { return faults_; }
  //! Downloads of others that share the project's quota.
  void use_by_others(std::int64_t downloads);

  struct Logged {
    std::string method, target;
    int status = 0;
    bool authorized = false;  //!< it carried an Authorization header
  };
  std::vector<Logged>& log() { return log_; }
  std::size_t count(const std::string& part) const;

 private:
  struct Job {
    std::string cohort;
    std::vector<std::string> properties;
    AmplitudeCohort content;  //!< what the file will have
    Instant begun{};
    std::int64_t polls = 0;
    bool done = false;
    std::string file;  //!< as packed for the wire, once done
    std::string encoding;
  };
  struct Link {
    std::string request;
    Instant until{};
  };
  SimResponse route(const SimRequest& request);
  std::optional<SimResponse> refuse_credentials(const SimRequest& request) const;
  SimResponse list(const SimRequest& request) const;
  SimResponse usage();
  SimResponse begin(const SimRequest& request, const std::string& cohort);
  std::optional<SimResponse> refuse_by_limits();
  SimResponse status(const std::string& id);
  SimResponse file(const std::string& id);
  SimResponse linked_file(const SimRequest& request, const std::string& key);
  SimResponse file_answer(const Job& job) const;
  SimResponse upload(const SimRequest& request);
  SimResponse change_members(const SimRequest& request);
  SimResponse control(const SimRequest& request);
  void finish(Job& job) const;
  void begin_month();
  SimResponse limited() const;

  std::mutex mutex_;
  const Clock& clock_;
  AmplitudeProject project_;
  AmplitudeSwitches switches_;
  Faults faults_;
  std::string file_base_ = "http://127.0.0.1:2";
  std::map<std::string, Job> jobs_;
  std::map<std::string, Link> links_;
  std::deque<Instant> recent_;
  std::string month_;
  std::int64_t downloads_ = 0;
  std::uint64_t next_id_ = 1;
  std::vector<Logged> log_;
};

}  // namespace muster::simulator
