#include "simulator/amplitude_s3.hpp"

#include <fmt/format.h>

namespace muster::simulator {

std::vector<S3File> S3Run::files() const {
  auto there = existing;
  if (holds == Existing::kWithEntering) {
    there.insert(there.end(), entering.begin(), entering.end());
  }
  const auto file = [&](const char* kind, const std::vector<AmplitudeUser>& users) {
    const char between = spelling == Spelling::kColon ? ':' : '-';
    return S3File{fmt::format("{}_{}_{}T{:02}{}{:02}_{}_{}.csv", project, cohort, day, hour,
                              between, second, kind, routing_key),
                  s3_csv(users, properties)};
  };
  return {file("entering", entering), file("exiting", exiting), file("existing", there)};
}

}  // namespace muster::simulator
