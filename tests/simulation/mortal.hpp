// A process that can die: its transport and its store count their calls, and at one of them
// everything ends. What follows has no effect, as if it were never run. One thread.
#pragma once

#include <functional>
#include <memory>

#include "base/transport.hpp"
#include "simulation/random.hpp"
#include "state/store.hpp"

namespace muster::simulation {

//! Thrown where the process dies. Not an Error: nobody in the host catches it.
struct Death {};

struct Life {
  std::int64_t calls_left = -1;     //!< until death; -1: it lives on
  std::int64_t calls = 0;           //!< made so far
  std::int64_t failing_writes = 0;  //!< so many writes to the store fail, as on a full disk
  std::int64_t writes_before = 0;   //!< before they begin to
  double unknown_commits = 0;       //!< share of commits that fail; half of them are durable
  bool store_failed = false;        //!< one of the two has happened
  bool dead = false;
  //! What a deliberate bug changes in the store (mutations.cpp).
  bool skips_write_ahead = false;
  bool forgets_aliases = false;
  bool believes_removals = false;
  bool keeps_members_listed = false;
  bool forgets_creation = false;

  //! One call more; true when the process is dead, now or before.
  bool spend() {
    ++calls;
    if (!dead && calls_left >= 0 && calls_left-- == 0) dead = true;
    return dead;
  }
};

//! Dies at `start`, before the request is sent or after it was applied; then answers nothing.
class MortalTransport final : public Transport {
 public:
  MortalTransport(Life& life, std::unique_ptr<Transport> inner, Random& random)
      : life_(life), inner_(std::move(inner)), random_(random) {}
  void start(HttpRequest request, std::uint64_t tag) override;
  std::optional<HttpResponse> next(Milliseconds deadline) override;
  std::size_t in_flight() const override { return tags_.size() + inner_->in_flight(); }
  void cancel_all() override { inner_->cancel_all(); }

 private:
  Life& life_;
  std::unique_ptr<Transport> inner_;
  Random& random_;
  std::vector<std::uint64_t> tags_;  //!< started, and dead before they were sent
};

//! Throws Death, or the error of a full disk, or of a commit whose result is not known.
std::unique_ptr<Store> make_mortal_store(Life& life, std::unique_ptr<Store> inner, Random& random);

}  // namespace muster::simulation
