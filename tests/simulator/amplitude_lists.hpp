// How Amplitude keeps a list at a partner (amplitude/api.md §3): made once, then added to and
// removed from, in batches, four at a time, with its retries. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/transport.hpp"
#include "simulator/amplitude_project.hpp"

namespace muster::simulator {

class ListSender {
 public:
  struct Options {
    std::string base;  //!< POST {base}/lists, {base}/lists/{id}/add and /remove
    std::vector<HttpHeader> headers;
    std::size_t batch = 1'000;  //!< 1,000 on one page of the documentation, 10,000 on another
    std::size_t parallel = 4;
    //! Where the answer to the creation has the list's id: the partner says so.
    std::vector<std::string> id_path{"listId"};
    Milliseconds timeout{30'000};
    int retries = 8;
    Milliseconds first_pause{1'000};
    Milliseconds longest_pause{128'000};
  };
  //! Borrows both.
  ListSender(Transport& transport, Clock& clock, Options options)
      : transport_(transport), clock_(clock), options_(std::move(options)) {}

  struct Sync {
    bool succeeded = false;
    std::size_t added = 0;
    std::size_t removed = 0;
    int status = 0;  //!< of the last answer; 0: none
  };
  //! One run: everyone at first, then what changed since the last run that succeeded.
  Sync sync(const AmplitudeCohort& cohort);
  const std::string& list_id() const { return list_id_; }

 private:
  struct Call {
    std::string url;
    std::string body;
    int tries = 0;
    Milliseconds not_before{0};
  };
  bool create(const AmplitudeCohort& cohort, Sync& sync);
  std::vector<Call> calls(const std::string& what, const std::vector<std::string>& users) const;
  //! All answered 200, each by one of its tries.
  bool send(std::vector<Call> calls, Sync& sync, std::string* answer = nullptr);
  Milliseconds pause_after(int tries) const;

  Transport& transport_;
  Clock& clock_;
  Options options_;
  std::string list_id_;
  std::set<std::string> sent_;  //!< as of the last run that succeeded
};

}  // namespace muster::simulator
