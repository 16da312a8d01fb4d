// How fast cohorts are read from CSV, as a ratio to `wc -l` on the same file in the same run: a
// ratio means the same on every machine, a rate does not. Run it from a release build:
//   build/release/bin/csv_bench
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "cohort/csv_source.hpp"
#include "support/temp_dir.hpp"

namespace muster {
namespace {

constexpr std::size_t kSize = std::size_t{256} << 20U;

enum class Form { kPlain, kQuoted, kQuotedWithBreaks };

//! Made once for each form; small enough to stay in the page cache, so that the disk is not
//! measured.
const std::filesystem::path& file_of(Form form) {
  static const testing::TempDir dir;
  static std::array<std::filesystem::path, 3> files;
  auto& file = files.at(static_cast<std::size_t>(form));
  if (!file.empty()) return file;
  std::string text = "user_id,email,plan,country\n";
  text.reserve(kSize + 200);
  for (std::uint64_t i = 0; text.size() < kSize; ++i) {
    const auto number = std::to_string(i * 2'654'435'761U % 1'000'000'007U);
    switch (form) {
      case Form::kPlain:
        text += 'u' + number + ",person" + number + "@example.com,professional,DE\n";
        break;
      case Form::kQuoted:
        text +=
            "\"u" + number + "\",\"person" + number + "@example.com\",\"professional\",\"DE\"\n";
        break;
      case Form::kQuotedWithBreaks:
        text += "\"u" + number + "\",\"person" + number +
                "@example.com\",\"says \"\"hi\"\",\nthen leaves\",\"DE\"\n";
        break;
    }
  }
  return file = dir.write("c" + std::to_string(static_cast<int>(form)) + ".csv", text);
}

using Seconds = std::chrono::duration<double>;

template <class Work>
Seconds timed(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::steady_clock::now() - began;
}

void count_lines(const std::filesystem::path& file) {
  const auto command = "wc -l " + file.string() + " > /dev/null";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("wc failed");
}

void read_cohort(const std::filesystem::path& file) {
  CsvOptions options;
  options.pattern = file;
  CsvSource source(options);
  source.open({"email", {}});
  while (const auto member = source.next()) benchmark::DoNotOptimize(member->identifier.data());
}

void read_csv(benchmark::State& state, Form form) {
  const auto& file = file_of(form);
  const auto size = static_cast<double>(std::filesystem::file_size(file));
  count_lines(file);  // into the page cache
  Seconds lines{0};
  Seconds reading{0};
  for (auto _ : state) {
    lines += timed([&] { count_lines(file); });
    const auto took = timed([&] { read_cohort(file); });
    reading += took;
    state.SetIterationTime(took.count());
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["MB/s"] = size * runs / reading.count() / 1e6;
  state.counters["wc_MB/s"] = size * runs / lines.count() / 1e6;
  state.counters["times_wc"] = reading / lines;
}

BENCHMARK_CAPTURE(read_csv, unquoted, Form::kPlain)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_csv, quoted, Form::kQuoted)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_csv, quoted_with_breaks, Form::kQuotedWithBreaks)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster

BENCHMARK_MAIN();
