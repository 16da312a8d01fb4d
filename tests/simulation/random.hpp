// What the seed decides. The draws are our own arithmetic on the engine's numbers, which the
// standard fixes, so that a seed means the same with every library.
#pragma once

#include <cstdint>
#include <iterator>
#include <random>

namespace muster::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  //! From `least` to `most`, both included.
  std::uint64_t pick(std::uint64_t least, std::uint64_t most) {
    return least + engine_() % (most - least + 1);
  }
  std::int64_t pick_signed(std::int64_t least, std::int64_t most) {
    return static_cast<std::int64_t>(
        pick(static_cast<std::uint64_t>(least), static_cast<std::uint64_t>(most)));
  }
  bool chance(double share) { return static_cast<double>(engine_() % 1'000'000) < share * 1e6; }
  //! One of a container that is not empty.
  template <class Container>
  auto& one_of(Container&& container) {
    return *std::next(std::begin(container),
                      static_cast<std::ptrdiff_t>(engine_() % std::size(container)));
  }
  std::uint64_t operator()() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace muster::simulation
