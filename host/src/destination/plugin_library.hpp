// A plugin's shared library: found safely (LOAD-3), opened (LOAD-4), negotiated with and distrusted
// (ABI-2 to ABI-5). Never unloaded.
#pragma once

#include <memory>

#include "destination/destination.hpp"
#include "destination/manifest.hpp"

namespace muster {

//! The table and descriptor of a plugin, checked and copied; valid until the process ends.
struct Plugin {
  muster_destination table{};  //!< every optional hook is there: a stub where the plugin has none
  Descriptor descriptor;
  std::filesystem::path library;
};

//! The file that the manifest names, canonical; throws Error when it is missing, lies outside the
//! manifest's directory and `plugin_directory`, is writable by others, or has another SHA-256.
std::filesystem::path locate_library(const Manifest& manifest,
                                     const std::filesystem::path& plugin_directory);

//! Opens and negotiates; throws Error with the reason.
std::shared_ptr<const Plugin> load_plugin(const Manifest& manifest,
                                          const std::filesystem::path& library);

//! The half of load_plugin behind the dynamic linker: negotiates with an entry. For tests, too.
std::shared_ptr<const Plugin> negotiate(const Manifest& manifest,
                                        muster_destination_entry_function entry);

}  // namespace muster
