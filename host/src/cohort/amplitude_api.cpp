#include "cohort/amplitude_api.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cohort/source.hpp"

namespace muster {
namespace {

namespace json = boost::json;

constexpr Milliseconds kSlice{500};  // of a wait: how late a signal may be noticed
constexpr int kMostTries = 5;
constexpr Milliseconds kFirstPause{1'000};
constexpr Milliseconds kLimitedPause{30'000};  // after a 429 that names no time
constexpr Milliseconds kLongestPause{120'000};
constexpr std::size_t kLongestDetails = 200;
constexpr const char* kWrongSecret = "amplitude.wrong_secret";
constexpr const char* kUnknownKey = "amplitude.unknown_key";

std::string base64(const std::string& text) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string coded(sodium_base64_encoded_len(text.size(), kVariant), '\0');
  sodium_bin2base64(coded.data(), coded.size(), reinterpret_cast<const unsigned char*>(text.data()),
                    text.size(), kVariant);
  coded.pop_back();  // the zero at the end
  return coded;
}

std::optional<Milliseconds> retry_after(const HttpResponse& response) {
  const auto text = response.header("Retry-After");
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc{} || seconds < 0 || seconds > 86'400) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

std::string url_encoded(std::string_view text) {
  std::string coded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    coded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return coded;
}

bool is_refused_key(const Error& error) { return error.code() == kUnknownKey; }
bool is_refused_secret(const Error& error) { return error.code() == kWrongSecret; }

const char* to_word(AmplitudeProjectAccess::Region region) {
  return region == AmplitudeProjectAccess::Region::kUs ? "us" : "eu";
}

const char* base_of(AmplitudeProjectAccess::Region region) {
  return region == AmplitudeProjectAccess::Region::kUs ? "https://amplitude.com"
                                                       : "https://analytics.eu.amplitude.com";
}

std::string address_of(const AmplitudeProjectAccess& project) {
  std::string address = project.api_base.empty() ? base_of(project.region) : project.api_base;
  while (address.ends_with('/')) address.pop_back();
  const auto scheme = address.find("://");
  const auto host = scheme == std::string::npos ? 0 : scheme + 3;
  const auto path = std::min(address.find('/', host), address.size());
  std::transform(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(path),
                 address.begin(), [](unsigned char c) { return std::tolower(c); });
  return address;
}

bool is_loopback(std::string_view url) {
  for (const std::string_view base : {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"}) {
    if (!url.starts_with(base)) continue;
    // Not what stands before an '@': http://127.0.0.1:80@elsewhere.
    const auto port = url.substr(base.size(), url.find('/', base.size()) - base.size());
    return !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  }
  return false;
}

void check_api_base(std::string_view base) {
  if (base.starts_with("https://") || is_loopback(base)) return;
  throw Error(ErrorKind::kUsage, "config.api_base",
              "'api_base' must be https, or http on this machine")
      .with_hint("such as https://amplitude.com, or http://127.0.0.1:8080 of a simulator");
}

AmplitudeApi::AmplitudeApi(const AmplitudeProjectAccess& project,
                           const SourceEnvironment& environment)
    : environment_(environment), project_(project) {
  project_.api_base = address_of(project_);
  const auto api_key = project_.api_key.resolve();
  authorization_ = base64(api_key + ':' + project_.secret_key.resolve());
  log::keep_secret(authorization_);
  name_ = environment.memory.name_of(fmt::format("amplitude/{}/{}", project_.api_base, api_key));
  shown_ = fmt::format("Amplitude ({})", to_word(project_.region));
  transport_ = environment.make_transport();
}

HttpRequest AmplitudeApi::request(const std::string& target) const {
  HttpRequest request;
  request.url = project_.api_base + target;
  request.headers = {{"Authorization", "Basic " + authorization_}, {"User-Agent", "muster"}};
  request.timeout = Milliseconds{60'000};
  return request;
}

HttpResponse AmplitudeApi::send(HttpRequest request) {
  transport_->start(std::move(request), 0);
  for (;;) {
    try {
      environment_.waiting.check();
    } catch (...) {
      transport_->cancel_all();
      while (transport_->next(environment_.clock.elapsed())) {
      }
      throw;
    }
    if (auto response = transport_->next(environment_.clock.elapsed() + kSlice)) return *response;
  }
}

HttpResponse AmplitudeApi::get(const std::string& target, const EachTry& each) {
  const auto& waiting = environment_.waiting;
  int own_tries = 0;
  auto& tries = waiting.attempts != nullptr ? waiting.attempts->tries[target] : own_tries;
  for (;;) {
    if (each.before) each.before();
    auto response = send(request(target));
    if (each.after) each.after(response);
    ++tries;
    const bool answered = response.outcome == HttpOutcome::kAnswered;
    const bool limited = answered && response.status == 429;
    if (answered && !limited && response.status < 500) {
      tries = 0;
      check_credentials(response);
      return response;
    }
    const auto asked = retry_after(response);
    const auto pause = asked ? *asked : limited ? kLimitedPause : kFirstPause * (1 << (tries - 1));
    auto error =
        limited ? Error(ErrorKind::kLater, "amplitude.limited",
                        "Amplitude refuses more requests for now (429)")
                      .with_hint(
                          "the limits of 500 downloads a month, 60 in ten minutes and "
                          "5 at a time are the project's: others may be using them")
                : Error(ErrorKind::kLater, "amplitude.unreachable",
                        answered ? fmt::format("Amplitude fails with status {}", response.status)
                                 : fmt::format("Amplitude can't be reached: {}", response.error))
                      .with_hint("run again later; see https://status.amplitude.com");
    error.at(shown_);
    if (tries >= kMostTries || pause > kLongestPause) throw SourceWaits(std::move(error), asked);
    waiting.await(environment_.clock, error, pause, pause * (kMostTries - tries));
  }
}

void AmplitudeApi::check_credentials(const HttpResponse& response) const {
  check_named_keys(response);
  if (response.status == 401) throw unknown_key();
}

//! Which of the two is wrong, Amplitude tells by its words alone (amplitude/api.md §1.1).
void AmplitudeApi::check_named_keys(const HttpResponse& response) const {
  if (response.status != 401 && response.status != 403) return;
  const auto details = details_of(response);
  if (details.find("Secret") != std::string::npos) {
    throw Error(ErrorKind::kUsage, kWrongSecret,
                "Amplitude refuses the secret key for this API key")
        .at(project_.secret_key.where)
        .with_hint("copy it again: Amplitude, Organization settings > Projects > the project");
  }
  if (details.find("API Key") != std::string::npos) throw unknown_key();
}

Error AmplitudeApi::unknown_key() const {
  const bool us = project_.region == AmplitudeProjectAccess::Region::kUs;
  return Error(ErrorKind::kUsage, kUnknownKey,
               fmt::format("no project of Amplitude's {} region has this API key",
                           to_word(project_.region)))
      .at(project_.api_key.where)
      .with_hint(fmt::format("check the key; if the project is in the other region, say 'region: "
                             "{}'",
                             us ? "eu" : "us"));
}

json::object AmplitudeApi::json_of(const HttpResponse& response) const {
  json::error_code failed;
  auto parsed = json::parse(response.body, failed);
  if (!failed && parsed.is_object()) return std::move(parsed.get_object());
  throw Error(ErrorKind::kFailed, "amplitude.bad_answer", "Amplitude's answer is not JSON")
      .at(shown_)
      .with_hint("a proxy may have answered in its place; run again later");
}

std::string AmplitudeApi::details_of(const HttpResponse& response) {
  json::error_code failed;
  const auto parsed = json::parse(response.body, failed);
  if (failed) return {};
  for (const auto* place : {"/error/metadata/details", "/error/message", "/message", "/error"}) {
    json::error_code absent;
    const auto* found = parsed.find_pointer(place, absent);
    if (found == nullptr || !found->is_string()) continue;
    return one_line(std::string_view(found->get_string()).substr(0, kLongestDetails));
  }
  return {};
}

Error AmplitudeApi::failure(const HttpResponse& response, const std::string& what) const {
  const auto details = details_of(response);
  return Error(ErrorKind::kFailed, "amplitude.failed",
               fmt::format("{}: Amplitude answers {}{}{}", what, response.status,
                           details.empty() ? "" : ", ", details))
      .at(shown_)
      .with_hint("run again later; if it stays so, ask Amplitude's support with this status");
}

}  // namespace muster
