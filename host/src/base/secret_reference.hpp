// A secret in a configuration is a reference, to the environment or to a file; a literal is an
// error.
#pragma once

#include <filesystem>
#include <string>

#include "base/strict_yaml.hpp"

namespace muster {

//! Where a secret is; never the secret itself.
struct SecretReference {
  enum class Kind { kEnvironment, kFile } kind = Kind::kEnvironment;
  std::string name;   //!< of the variable, or the file's path
  std::string where;  //!< file:line:column of the reference
  //! The secret, which the log blanks from now on; throws Error kUsage when the reference leads
  //! nowhere.
  std::string resolve() const;
};

//! Reads `{env: NAME}` or `{file: PATH}`; relative paths belong to `directory`. `key` says what the
//! secret is for. Throws Error with its place, and never repeats what stands there.
SecretReference read_secret_reference(const YamlNode& node, const std::string& key,
                                      const std::filesystem::path& directory);

}  // namespace muster
