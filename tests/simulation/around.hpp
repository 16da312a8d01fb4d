// The destination as a world has it: with smaller batches, and with a deliberate bug.
#pragma once

#include <memory>

#include "destination/destination.hpp"
#include "simulation/mutation.hpp"

namespace muster::simulation {

//! `max_batch`: operations of a batch, where it is fewer than the plugin takes.
std::unique_ptr<Destination> around(std::unique_ptr<Destination> inner, std::uint32_t max_batch,
                                    Mutation mutation);

}  // namespace muster::simulation
