// Any bytes as a CSV file, read in chunks of any size: rows, or an Error; never another outcome.
#include <cstdint>

#include "cohort/csv_reader.hpp"
#include "fuzz/bytes.hpp"

namespace {

class Chunks final : public muster::ByteStream {
 public:
  Chunks(std::string_view text, std::size_t chunk) : rest_(text), chunk_(chunk) {}
  std::size_t read(char* to, std::size_t size) override {
    const auto count = std::min({size, chunk_, rest_.size()});
    rest_.copy(to, count);
    rest_.remove_prefix(count);
    return count;
  }
  muster::Source::Progress progress() const override { return {}; }

 private:
  std::string_view rest_;
  std::size_t chunk_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::Bytes bytes(data, size);
  const std::size_t chunk = bytes.byte() + std::size_t{1};
  try {
    muster::CsvReader reader(std::make_unique<Chunks>(bytes.rest(), chunk), "fuzz.csv",
                             std::nullopt);
    std::vector<std::string_view> cells;
    std::uint64_t line = 0;
    while (reader.next(cells)) {
      if (cells.empty() || reader.line() <= line) __builtin_trap();
      line = reader.line();
    }
  } catch (const muster::Error& error) {
    if (error.where().empty()) __builtin_trap();
  }
  return 0;
}
