#include "base/secret_reference.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"

namespace muster {
namespace {

//! No secret ends with a line break; what writes files, and what reads them, adds one.
std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::string read(const SecretReference& reference) {
  const auto& [kind, name, where] = reference;
  if (kind == SecretReference::Kind::kEnvironment) {
    const char* value = ::secure_getenv(name.c_str());
    if (auto text = without_line_end(value == nullptr ? "" : value); !text.empty()) return text;
    throw Error(ErrorKind::kUsage, "config.secret_not_set",
                fmt::format("the environment variable {} is not set", name))
        .at(where)
        .with_hint(fmt::format("run: export {}=…", name));
  }
  std::string text;
  try {
    text = read_text_file(name);
  } catch (const Error&) {
    throw Error(ErrorKind::kUsage, "config.secret_unreadable", "the secret's file can't be read")
        .at(where)
        .with_hint("check its path and permissions");
  }
  text = without_line_end(std::move(text));
  if (!text.empty()) return text;
  throw Error(ErrorKind::kUsage, "config.secret_empty", "the secret's file is empty").at(where);
}

bool is_variable(const std::string& name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9');
         });
}

}  // namespace

std::string SecretReference::resolve() const {
  auto secret = read(*this);
  log::keep_secret(secret);
  return secret;
}

SecretReference read_secret_reference(const YamlNode& node, const std::string& key,
                                      const std::filesystem::path& directory) {
  if (!node.is_map()) {
    // The value is not repeated: it may be the secret itself.
    throw node
        .error("config.literal_secret",
               fmt::format("'{}' must be a reference, not the secret itself", key))
        .with_hint(fmt::format("write {}: {{env: NAME}} or {}: {{file: PATH}}; if this was a real "
                               "secret, replace it at its origin",
                               key, key));
  }
  node.expect_keys(key, {"env", "file"});
  if (node.entries().size() != 1) {
    throw node.error("config.secret", fmt::format("'{}' needs one of env and file", key));
  }
  SecretReference reference;
  reference.where = node.where();
  if (const auto* variable = node.find("env")) {
    reference.name = variable->as_text("env");
    if (!is_variable(reference.name)) {
      // Not repeated, either: it is easily the secret itself.
      throw variable
          ->error("config.literal_secret",
                  fmt::format("'{}' needs the name of an environment variable", key))
          .with_hint(
              "a name is of letters, digits and '_'; if this was a real secret, replace it at "
              "its origin");
    }
  } else {
    reference.kind = SecretReference::Kind::kFile;
    reference.name = (directory / node.at(key, "file").as_text("file")).string();
  }
  return reference;
}

}  // namespace muster
