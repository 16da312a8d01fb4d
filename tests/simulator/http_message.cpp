#include "simulator/http_message.hpp"

#include <algorithm>
#include <charconv>

namespace muster::simulator {

std::string_view SimRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto* begin = text.data() + i + 1;
      if (std::from_chars(begin, begin + 2, byte, 16).ptr == begin + 2) {
        plain += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    plain += text[i] == '+' ? ' ' : text[i];
  }
  return plain;
}

std::multimap<std::string, std::string> fields(std::string_view text) {
  std::multimap<std::string, std::string> found;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      found.emplace(decoded(pair.substr(0, equals)),
                    equals < pair.size() ? decoded(pair.substr(equals + 1)) : std::string{});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

std::multimap<std::string, std::string> query(const std::string& target) {
  const auto mark = target.find('?');
  if (mark == std::string::npos) return {};
  return fields(std::string_view(target).substr(mark + 1));
}

std::string field(const std::multimap<std::string, std::string>& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? std::string{} : found->second;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kHex[byte >> 4U];
      result += kHex[byte & 15U];
    }
  }
  return result;
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts;
  std::string_view rest(path);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('/'), rest.size());
    if (end > 0) parts.push_back(decoded(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

}  // namespace muster::simulator
