#include "run/report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr std::string_view kRowEnd = "\r\n";
constexpr std::string_view kHeader =
    "run,operation,source_id,identifier,outcome,reason,detail,record_id,record_url\r\n";

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

Error report_error(const std::filesystem::path& file) {
  return Error(ErrorKind::kFailed, "report.write",
               std::string("can't write the report: ") + std::strerror(errno))
      .at(file.string())
      .with_hint("check free space and permissions of " +
                 std::filesystem::absolute(file).parent_path().string() + ", then run again");
}

void append_cell(std::string& row, std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
    row += cell;
    return;
  }
  row += '"';
  for (const char c : cell) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

void write_all(int descriptor, std::string_view text, const std::filesystem::path& file) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw report_error(file);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

//! Where the last whole row of an open report ends.
off_t end_of_rows(int descriptor, const std::filesystem::path& file) {
  std::vector<char> block(kBufferSize);
  off_t at = 0;
  off_t end = 0;
  bool is_quoted = false;
  while (true) {
    const auto count = ::read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw report_error(file);
    if (count == 0) return end;
    for (const char c : std::string_view(block.data(), static_cast<std::size_t>(count))) {
      ++at;
      if (c == '"') is_quoted = !is_quoted;
      if (c == '\n' && !is_quoted) end = at;
    }
  }
}

}  // namespace

std::filesystem::path report_file(const std::filesystem::path& directory, RunId run) {
  return directory / (std::to_string(static_cast<std::int64_t>(run)) + ".csv");
}

void close_dead_report(const std::filesystem::path& file, RunId run) {
  const Descriptor descriptor{::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
  if (descriptor.number < 0 && errno == ENOENT) return;
  if (descriptor.number < 0) throw report_error(file);
  const auto end = end_of_rows(descriptor.number, file);
  const bool cut =
      ::ftruncate(descriptor.number, end) == 0 && ::lseek(descriptor.number, end, SEEK_SET) == end;
  if (!cut) throw report_error(file);
  // No member's row, and its words are of those that the others use.
  std::string row = std::to_string(static_cast<std::int64_t>(run)) + ",none,,,to_retry,,";
  append_cell(row, kRunInterrupted);
  row += ",,";
  row += kRowEnd;
  write_all(descriptor.number, row, file);
}

std::optional<RunId> run_of_report(const std::filesystem::path& file) {
  if (file.extension() != ".csv") return std::nullopt;
  const auto name = file.stem().string();
  std::int64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size();
  if (!is_number || number < 1) return std::nullopt;
  return static_cast<RunId>(number);
}

RunId first_run_without_report(const std::filesystem::path& directory) {
  std::int64_t highest = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    const auto run = run_of_report(entry.path());
    const auto number = run ? static_cast<std::int64_t>(*run) : 0;
    if (number < INT64_MAX) highest = std::max(highest, number);
  }
  return static_cast<RunId>(highest + 1);
}

std::string fill_url(std::string_view pattern, std::string_view id) {
  const auto place = pattern.find("{id}");
  if (id.empty() || place == std::string_view::npos) return {};
  std::string url(pattern.substr(0, place));
  url += id;
  url += pattern.substr(place + 4);
  return url;
}

bool may_be_replaced(const std::filesystem::path& file) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(file, unknown)) return true;
  if (std::filesystem::file_size(file, unknown) == 0) return true;
  std::string begin(kHeader.size(), '\0');
  std::ifstream(file, std::ios::binary)
      .read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == kHeader;
}

Report::Report(std::filesystem::path file, std::string run)
    : file_(std::move(file)), run_(std::move(run)) {
  descriptor_ = ::open(file_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) throw report_error(file_);
  // A file that was there keeps its mode; it names people from now on.
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode) &&
      ::fchmod(descriptor_, 0600) != 0) {
    const auto error = report_error(file_);
    ::close(descriptor_);
    throw error;
  }
  buffer_ = kHeader;
  try {
    flush();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Report::~Report() { ::close(descriptor_); }

void Report::add(const ReportRow& row) {
  for (const auto cell : {std::string_view(run_), row.operation, row.source_id, row.identifier,
                          row.outcome, row.reason, row.detail, row.record_id}) {
    append_cell(buffer_, cell);
    buffer_ += ',';
  }
  append_cell(buffer_, fill_url(record_url_, row.record_id));
  buffer_ += kRowEnd;
  if (buffer_.size() >= kBufferSize) flush();
}

void Report::flush() {
  write_all(descriptor_, buffer_, file_);
  buffer_.clear();
}

}  // namespace muster
