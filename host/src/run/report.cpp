#include "run/report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace muster {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr std::string_view kHeader =
    "run,operation,source_id,identifier,outcome,reason,detail,record_id,record_url\r\n";

Error report_error(const std::filesystem::path& file) {
  return Error(ErrorKind::kFailed, "report.write",
               std::string("can't write the report: ") + std::strerror(errno))
      .at(file.string())
      .with_hint("check free space and permissions of the reports directory, then run again");
}

}  // namespace

RunId first_run_without_report(const std::filesystem::path& directory) {
  std::int64_t highest = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    const auto name = entry.path().stem().string();
    std::int64_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size();
    if (is_number && number < INT64_MAX) highest = std::max(highest, number);
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
    append_cell(cell);
    buffer_ += ',';
  }
  append_cell(fill_url(record_url_, row.record_id));
  buffer_ += "\r\n";
  if (buffer_.size() >= kBufferSize) flush();
}

void Report::append_cell(std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
    buffer_ += cell;
    return;
  }
  buffer_ += '"';
  for (const char c : cell) {
    if (c == '"') buffer_ += '"';
    buffer_ += c;
  }
  buffer_ += '"';
}

void Report::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const auto written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw report_error(file_);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

}  // namespace muster
