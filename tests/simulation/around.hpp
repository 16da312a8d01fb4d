// A destination with a deliberate bug around it.
#pragma once

#include <memory>

#include "destination/destination.hpp"
#include "simulation/mutation.hpp"

namespace muster::simulation {

std::unique_ptr<Destination> with_bug(Mutation mutation, std::unique_ptr<Destination> inner);

}  // namespace muster::simulation
