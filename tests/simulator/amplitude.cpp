#include "simulator/amplitude.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sodium.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace muster::simulator {
namespace {

namespace json = boost::json;

SimResponse json_answer(int status, const json::value& body) {
  SimResponse answer;
  answer.status = status;
  answer.headers.emplace_back("Content-Type", "application/json");
  answer.body = json::serialize(body);
  return answer;
}

//! The shape of its errors (amplitude/api.md §1.1).
SimResponse failure(int status, const std::string& details) {
  return json_answer(status,
                     json::object{{"error", json::object{{"http_code", status},
                                                         {"type", "unspecified"},
                                                         {"metadata", {{"details", details}}}}}});
}

std::string unbase64(std::string_view text) {
  std::string plain(text.size(), '\0');
  std::size_t size = 0;
  sodium_base642bin(reinterpret_cast<unsigned char*>(plain.data()), plain.size(), text.data(),
                    text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  plain.resize(size);
  return plain;
}

std::string packed(const std::string& text) {
  z_stream z{};
  deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, static_cast<uLong>(text.size())) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string month_of(Instant instant) {
  return fmt::format("{:%Y-%m}", fmt::gmtime(std::chrono::system_clock::to_time_t(instant)));
}

}  // namespace

std::size_t Amplitude::count(const std::string& part) const {
  return static_cast<std::size_t>(std::count_if(log_.begin(), log_.end(), [&](const Logged& entry) {
    return entry.target.find(part) != std::string::npos;
  }));
}

SimResponse Amplitude::handle(const SimRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.target.starts_with("/_simulator/")) return control(request);
  SimResponse answer;
  const auto fault = faults_.meet(request);
  if (!fault || fault->applied) answer = route(request);
  if (fault) {
    if (fault->kind == "reset") answer.disturbance = Disturbance::kReset;
    if (fault->kind == "refused") answer.disturbance = Disturbance::kRefused;
    if (fault->kind == "truncated") {
      answer = route(request);
      answer.disturbance = Disturbance::kTruncated;
    }
    if (fault->kind == "status") answer = failure(fault->status, "simulated");
    if (fault->retry_after_s >= 0) {
      answer.headers.emplace_back("Retry-After", std::to_string(fault->retry_after_s));
    }
    answer.delay = Milliseconds{fault->delay_ms};
  }
  log_.push_back(
      {request.method, request.target, answer.status, !request.header("authorization").empty()});
  return answer;
}

SimResponse Amplitude::route(const SimRequest& request) {
  const auto path = segments(request.path());
  if (path.size() == 2 && path[0] == "files") return linked_file(request, path[1]);
  if (auto refused = refuse_credentials(request)) return *refused;
  const bool get = request.method == "GET";
  const bool known = path.size() >= 3 && path[0] == "api" && path[2] == "cohorts";
  if (known && path[1] == "3") {
    if (get && path.size() == 3) return list(request);
    if (get && path.size() == 4 && path[3] == "usage") return usage();
    if (!get && path.size() == 4 && path[3] == "upload") return upload(request);
    if (!get && path.size() == 4 && path[3] == "membership") return change_members(request);
  }
  if (known && path[1] == "5" && get) {
    if (path.size() == 5 && path[3] == "request") return begin(request, path[4]);
    if (path.size() == 5 && path[3] == "request-status") return status(path[4]);
    if (path.size() == 6 && path[3] == "request" && path[5] == "file") return file(path[4]);
  }
  return failure(404, "Not Found");
}

std::optional<SimResponse> Amplitude::refuse_credentials(const SimRequest& request) const {
  const auto header = request.header("authorization");
  const auto given = header.starts_with("Basic ") ? unbase64(header.substr(6)) : std::string{};
  const auto colon = std::min(given.find(':'), given.size());
  if (given.substr(0, colon) != project_.api_key) return failure(403, "Invalid API Key");
  if (given == project_.api_key + ':' + project_.secret_key) return std::nullopt;
  return failure(403, "Invalid API/Secret Key combination");
}

SimResponse Amplitude::list(const SimRequest& request) const {
  json::array cohorts;
  for (const auto& [id, cohort] : project_.cohorts) {
    if (!cohort.published) continue;
    const auto size =
        cohort.size >= 0 ? cohort.size : static_cast<std::int64_t>(cohort.users.size());
    json::object entry{{"appId", project_.app_id},
                       {"archived", cohort.archived},
                       {"definition", json::object{}},
                       {"description", nullptr},
                       {"finished", true},
                       {"id", id},
                       {"name", cohort.name},
                       {"owners", json::array{"owner@example.com"}},
                       {"viewers", json::array{}},
                       {"published", true},
                       {"size", size},
                       {"type", "redshift"},
                       {"lastMod", cohort.last_computed},
                       {"createdAt", cohort.last_computed},
                       {"lastComputed", cohort.last_computed},
                       {"hidden", false},
                       {"metadata", nullptr},
                       {"chart_id", nullptr}};
    if (field(query(request.target), "includeSyncInfo") == "true") {
      entry["syncMetadata"] = json::array{};
    }
    cohorts.emplace_back(std::move(entry));
  }
  return json_answer(200, json::object{{"cohorts", std::move(cohorts)}});
}

void Amplitude::begin_month() {
  const auto month = month_of(clock_.now());
  if (month == month_) return;
  month_ = month;
  downloads_ = 0;
}

void Amplitude::use_by_others(std::int64_t downloads) {
  begin_month();
  downloads_ += downloads;
}

SimResponse Amplitude::usage() {
  begin_month();
  if (switches_.usage == "none") return failure(404, "Not Found");
  if (switches_.usage == "flat") {
    return json_answer(200, {{"limit", switches_.monthly_limit}, {"count", downloads_}});
  }
  return json_answer(200, json::object{{"rest_download",
                                        {{"limit", switches_.monthly_limit},
                                         {"usage", downloads_},
                                         {"resets_at", "2026-12-01T00:00:00Z"}}}});
}

SimResponse Amplitude::limited() const {
  auto answer = failure(429, "Too Many Requests");
  if (switches_.retry_after) answer.headers.emplace_back("Retry-After", "30");
  return answer;
}

std::optional<SimResponse> Amplitude::refuse_by_limits() {
  begin_month();
  const auto now = clock_.now();
  while (!recent_.empty() && now - recent_.front() >= std::chrono::minutes(10)) {
    recent_.pop_front();
  }
  const auto last_minute = std::count_if(recent_.begin(), recent_.end(), [&](Instant at) {
    return now - at < std::chrono::minutes(1);
  });
  const auto running =
      std::count_if(jobs_.begin(), jobs_.end(), [](const auto& job) { return !job.second.done; });
  const bool over = downloads_ >= switches_.monthly_limit ||
                    static_cast<std::int64_t>(recent_.size()) >= switches_.ten_minute_limit ||
                    last_minute >= switches_.minute_limit || running >= switches_.concurrent_limit;
  if (over) return limited();
  ++downloads_;
  recent_.push_back(now);
  return std::nullopt;
}

SimResponse Amplitude::begin(const SimRequest& request, const std::string& cohort) {
  if (auto refused = refuse_by_limits()) return *refused;
  const auto found = project_.cohorts.find(cohort);
  if (found == project_.cohorts.end() || (found->second.archived && !switches_.archived_download)) {
    return failure(static_cast<int>(switches_.unknown_cohort), "Invalid cohort id");
  }
  if (static_cast<std::int64_t>(found->second.users.size()) > switches_.largest_cohort) {
    return failure(static_cast<int>(switches_.too_large), "Cohort is too large to download");
  }
  Job job;
  job.cohort = cohort;
  job.content = found->second;
  if (switches_.file_as_of == "computed") job.content.users = job.content.computed_users;
  job.begun = clock_.now();
  const auto asked = query(request.target);
  if (field(asked, "props") == "1") {
    const auto [first, last] = asked.equal_range("propKeys");
    for (auto key = first; key != last; ++key) job.properties.push_back(key->second);
  }
  const auto id = fmt::format("{}{}", switches_.request_ids, next_id_++);
  jobs_.emplace(id, std::move(job));
  return json_answer(static_cast<int>(switches_.request_status),
                     json::object{{"request_id", id}, {"cohort_id", cohort}});
}

SimResponse Amplitude::status(const std::string& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || clock_.now() - found->second.begun > std::chrono::days(7)) {
    return failure(404, "Invalid request id");
  }
  auto& job = found->second;
  const auto told = [&](int status, const char* text) {
    return json_answer(
        status,
        json::object{{"request_id", id}, {"cohort_id", job.cohort}, {"async_status", text}});
  };
  if (switches_.job == "error") return failure(500, "Internal Server Error");
  if (switches_.job == "failed") return told(400, "JOB FAILED");
  if (switches_.job == "stuck" || job.polls++ < switches_.polls_until_done) {
    return told(202, "JOB INPROGRESS");
  }
  if (!job.done) finish(job);
  return told(200, "JOB COMPLETED");
}

void Amplitude::finish(Job& job) const {
  job.done = true;
  const auto& cohort = job.content;
  if (switches_.unknown_property == "absent") {
    std::erase_if(job.properties, [&](const auto& property) {
      return std::none_of(cohort.users.begin(), cohort.users.end(),
                          [&](const auto& user) { return user.properties.contains(property); });
    });
  }
  job.file = cohort_csv(cohort, job.properties, switches_.property_prefix);
  if (!switches_.page.empty()) job.file = switches_.page;
  if (switches_.empty_file) job.file.clear();
  if (switches_.gzip == "none") return;
  job.file = packed(job.file);
  if (switches_.truncated_gzip) job.file.resize(job.file.size() - 9);
  if (switches_.gzip == "twice") job.file = packed(job.file);
  if (switches_.gzip == "announced") job.encoding = "gzip";
}

SimResponse Amplitude::file_answer(const Job& job) const {
  SimResponse answer;
  answer.headers.emplace_back("Content-Type", "text/csv");
  if (!job.encoding.empty()) answer.headers.emplace_back("Content-Encoding", job.encoding);
  answer.body = job.file;
  return answer;
}

SimResponse Amplitude::file(const std::string& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || clock_.now() - found->second.begun > std::chrono::days(7)) {
    return failure(404, "Invalid request id");
  }
  if (!found->second.done) return failure(400, "The request is not done");
  if (static_cast<std::int64_t>(found->second.file.size()) <= switches_.inline_limit) {
    return file_answer(found->second);
  }
  const auto key = fmt::format("link{}", next_id_++);
  links_[key] = {id, clock_.now() + std::chrono::seconds(switches_.link_seconds)};
  SimResponse answer;
  answer.status = 302;
  answer.headers.emplace_back("Location", file_base_ + "/files/" + key + "?X-Amz-Expires=60");
  return answer;
}

//! The second origin: as S3 refuses a second authorization, and a link that ran out.
SimResponse Amplitude::linked_file(const SimRequest& request, const std::string& key) {
  const auto xml = [](int status, const char* code) {
    SimResponse answer;
    answer.status = status;
    answer.headers.emplace_back("Content-Type", "application/xml");
    answer.body = fmt::format("<?xml version=\"1.0\"?><Error><Code>{}</Code></Error>", code);
    return answer;
  };
  if (!request.header("authorization").empty()) return xml(400, "InvalidArgument");
  const auto found = links_.find(key);
  if (found == links_.end() || clock_.now() >= found->second.until) return xml(403, "AccessDenied");
  return file_answer(jobs_.at(found->second.request));
}

}  // namespace muster::simulator
