#include "settings.hpp"

#include <algorithm>
#include <charconv>

namespace muster::hubspot {
namespace {

constexpr std::size_t kLongestValue = 4'096;

[[noreturn]] void refuse(std::string_view key, const std::string& why) {
  // The key may come from anywhere: only a plain one is repeated.
  const bool plain = key.size() <= 64 && std::all_of(key.begin(), key.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || c == '_' || c == '.';
                     });
  throw sdk::Failure(MUSTER_BAD_CONFIG, "hubspot.bad_setting",
                     "setting '" + (plain ? std::string(key) : std::string("?")) + "' " + why,
                     "the settings are listed in the plugin's README");
}

bool is_version(std::string_view text) {
  if (text == "v3") return true;
  if (text.size() > 7 && text.substr(7) != "-beta") return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() >= 7 && text[4] == '-' &&
         std::all_of(text.begin(), text.begin() + 4, is_digit) && is_digit(text[5]) &&
         is_digit(text[6]);
}

std::string base_address(std::string_view key, std::string_view value) {
  const bool https = value.substr(0, 8) == "https://" && value.size() > 8;
  const bool http = value.substr(0, 7) == "http://" && value.size() > 7;
  const bool clean = value.find_first_of(" \t\r\n\"<>\\?#@") == std::string_view::npos;
  if (!(https || http) || !clean) refuse(key, "must be an address such as https://api.hubapi.com");
  while (!value.empty() && value.back() == '/') value.remove_suffix(1);
  return std::string(value);
}

std::size_t chunk(std::string_view key, std::string_view value) {
  std::size_t number = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == value.data() + value.size();
  if (!whole || number < 1 || number > 10'000) refuse(key, "must be a number from 1 to 10000");
  return number;
}

Resolve resolve_strategy(std::string_view key, std::string_view value) {
  if (value == "auto") return Resolve::kAuto;
  if (value == "read_first") return Resolve::kReadFirst;
  if (value == "create_first") return Resolve::kCreateFirst;
  refuse(key, "must be auto, read_first or create_first");
}

bool flag(std::string_view key, std::string_view value) {
  if (value != "true" && value != "false") refuse(key, "must be true or false");
  return value == "true";
}

void take(HubSpotSettings& settings, std::string_view key, std::string_view value) {
  if (value.size() > kLongestValue) refuse(key, "is too long");
  if (key == "api_base") {
    settings.api_base = base_address(key, value);
  } else if (key == "app_base") {
    settings.app_base = base_address(key, value);
  } else if (key == "api_version") {
    if (!is_version(value)) refuse(key, "must be a version such as \"2026-09\"");
    settings.api_version = value;
  } else if (key == "resolve") {
    settings.resolve = resolve_strategy(key, value);
  } else if (key == "adopt_list") {
    settings.adopt_list = flag(key, value);
  } else if (key == "membership_chunk") {
    settings.membership_chunk = chunk(key, value);
  } else if (key == "auth.client_id") {
    settings.client_id = value;
  } else if (key == "auth.client_secret") {
    settings.client_secret = value;
  } else if (key == "auth.token") {
    settings.token = value;
  } else {
    refuse(key, "is not known");
  }
}

}  // namespace

HubSpotSettings read_settings(const sdk::Settings& settings) {
  HubSpotSettings read;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto [key, value] = settings[i];
    take(read, key, value);
  }
  if (read.token.empty()) {
    if (read.client_id.empty()) refuse("auth.client_id", "is missing, and so is auth.token");
    if (read.client_secret.empty()) refuse("auth.client_secret", "is missing");
  } else if (!read.client_id.empty() || !read.client_secret.empty()) {
    refuse("auth.token", "can't be used together with auth.client_id");
  }
  if (read.token.find_first_of("\r\n") != std::string::npos) {
    refuse("auth.token", "holds a line break");
  }
  return read;
}

}  // namespace muster::hubspot
