#include "destination/plugin_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/text.hpp"
#include "destination/text.hpp"

namespace muster {
namespace {

constexpr std::uint32_t kLowestLevel = 1;
// Nobody describes itself with more than these; a larger count is garbage.
constexpr std::size_t kMostKinds = 64;
constexpr std::size_t kMostReasons = 256;
constexpr std::size_t kLevel1Kind = MUSTER_SIZE_UP_TO(muster_identifier_kind, description);
constexpr const char* kOtherVersion = "install a version of the plugin that fits this host";
constexpr std::uint32_t kLargestBatch = 1'000'000;

//! Handles stay open until the process ends: code of a plugin may still be referred to (LOAD-4).
std::vector<boost::dll::shared_library>& open_libraries() {
  static auto* libraries = new std::vector<boost::dll::shared_library>;
  return *libraries;
}

muster_status uninstall_not_supported(void*, muster_error* error) noexcept {
  if (error == nullptr) return MUSTER_NOT_SUPPORTED;
  std::strcpy(error->code, "plugin.not_supported");
  std::strcpy(error->message, "the plugin can't uninstall its app");
  std::strcpy(error->hint, "remove it at the destination");
  return MUSTER_NOT_SUPPORTED;
}

const void* no_extension(muster_text) noexcept { return nullptr; }

class Negotiation {
 public:
  explicit Negotiation(const Manifest& manifest) : manifest_(manifest) {}

  std::shared_ptr<const Plugin> with(muster_destination_entry_function entry) {
    const muster_offer offer{sizeof(muster_offer), kLowestLevel, MUSTER_LEVEL, 0,
                             to_text("muster")};
    muster_error error{};
    error.struct_size = sizeof error;
    error.retry_after_ms = -1;
    const auto* table = entry(&offer, &error);
    if (table == nullptr) {
      const auto told = one_line(inline_text(error.message));
      throw refused("plugin.level", told.empty() ? "the plugin refused to be loaded" : told,
                    kOtherVersion);
    }
    auto plugin = std::make_shared<Plugin>();
    copy_table(*table, plugin->table);
    require_hooks(plugin->table);
    describe(plugin->table, plugin->descriptor);
    return plugin;
  }

 private:
  Error refused(const char* code, std::string message,
                std::string hint = "tell the plugin's author") const {
    return Error(ErrorKind::kUsage, code, std::move(message))
        .at(manifest_.file.string())
        .with_hint(std::move(hint));
  }

  //! Into a zeroed table of our own, as much as the plugin says that it has (ABI-5).
  void copy_table(const muster_destination& from, muster_destination& to) const {
    constexpr std::size_t kLevel1Size = MUSTER_SIZE_UP_TO(muster_destination, get_extension);
    if (from.struct_size < kLevel1Size) {
      throw refused("plugin.table_size", fmt::format("the plugin's table is {} bytes short",
                                                     kLevel1Size - from.struct_size));
    }
    std::memcpy(&to, &from, std::min<std::size_t>(from.struct_size, sizeof to));
    if (to.level < kLowestLevel || to.level > MUSTER_LEVEL) {
      throw refused("plugin.level",
                    fmt::format("the plugin answers with level {}, offered were {} "
                                "to {}",
                                to.level, kLowestLevel, MUSTER_LEVEL),
                    kOtherVersion);
    }
    if (to.uninstall == nullptr) to.uninstall = &uninstall_not_supported;
    if (to.get_extension == nullptr) to.get_extension = &no_extension;
  }

  void require_hooks(const muster_destination& table) const {
    const auto require = [&](bool there, const char* hook) {
      if (!there) {
        throw refused("plugin.missing_hook", fmt::format("the plugin lacks the hook '{}'", hook));
      }
    };
    require(table.create != nullptr, "create");
    require(table.destroy != nullptr, "destroy");
    require(table.authenticate != nullptr, "authenticate");
    require(table.map_identifiers != nullptr, "map_identifiers");
    require(table.sync != nullptr, "sync");
  }

  std::string required_text(muster_text text, const char* what) const {
    const bool sane = text.data != nullptr && text.size > 0 && text.size <= 256;
    if (sane && is_utf8(view(text))) return std::string(view(text));
    throw refused("plugin.text", fmt::format("the plugin's {} is empty or no text", what));
  }

  void describe(const muster_destination& table, Descriptor& descriptor) const {
    descriptor.id = required_text(table.id, "id");
    descriptor.name = required_text(table.name, "name");
    descriptor.version = required_text(table.version, "version");
    descriptor.level = table.level;
    descriptor.max_batch = table.max_batch;
    if (descriptor.id != manifest_.id) {
      throw refused(
          "plugin.id",
          fmt::format("the manifest is for '{}', the library is '{}'", manifest_.id, descriptor.id),
          "correct the manifest's id or its library");
    }
    if (table.max_batch == 0 || table.max_batch > kLargestBatch) {
      throw refused("plugin.max_batch",
                    fmt::format("the plugin's max_batch is {}", table.max_batch));
    }
    const bool kinds_sane = table.kinds != nullptr && table.kind_count > 0 &&
                            table.kind_count <= kMostKinds &&
                            is_stride<muster_identifier_kind>(table.kind_stride, kLevel1Kind);
    if (!kinds_sane) throw refused("plugin.kinds", "the plugin's identifier kinds make no sense");
    for (std::size_t i = 0; i < table.kind_count; ++i) {
      const auto& kind = element(table.kinds, i, table.kind_stride);
      if (kind.struct_size < kLevel1Kind || kind.struct_size > table.kind_stride) {
        throw refused("plugin.kinds",
                      fmt::format("an identifier kind of the plugin says that it is "
                                  "{} bytes large",
                                  kind.struct_size));
      }
      descriptor.kinds.push_back({required_text(kind.id, "identifier kind"),
                                  required_text(kind.description, "kind's description"),
                                  (kind.flags & MUSTER_KIND_CREATES) != 0,
                                  (kind.flags & MUSTER_KIND_IS_RECORD) != 0});
    }
    descriptor.reads_back = table.get_extension(to_text(MUSTER_READBACK_1)) != nullptr;
    if (table.reason_count > kMostReasons || (table.reason_count > 0 && table.reasons == nullptr)) {
      throw refused("plugin.reasons", "the plugin's reasons make no sense");
    }
    for (std::size_t i = 0; i < table.reason_count; ++i) {
      descriptor.reasons.push_back(required_text(table.reasons[i], "reason"));
    }
  }

  const Manifest& manifest_;
};

}  // namespace

std::shared_ptr<const Plugin> negotiate(const Manifest& manifest,
                                        muster_destination_entry_function entry) {
  return Negotiation(manifest).with(entry);
}

std::shared_ptr<const Plugin> load_plugin(const Manifest& manifest,
                                          const std::filesystem::path& library) {
  namespace dll = boost::dll;
  boost::dll::fs::error_code failed;
  dll::shared_library opened(boost::dll::fs::path(library.string()),
                             dll::load_mode::rtld_now | dll::load_mode::rtld_local, failed);
  const auto refused = [&](const char* code, std::string message, std::string hint) {
    return Error(ErrorKind::kUsage, code, std::move(message))
        .at(manifest.file.string())
        .with_hint(std::move(hint));
  };
  if (failed) {
    // The system's code says "bad file descriptor" whatever it was.
    const char* told = ::dlerror();
    throw refused("plugin.cannot_load",
                  fmt::format("can't load {}: {}", library.string(),
                              told == nullptr ? failed.message() : one_line(told)),
                  fmt::format("`ldd -r {}` shows what is missing", library.string()));
  }
  if (!opened.has("muster_destination_entry")) {
    throw refused("plugin.no_entry",
                  fmt::format("{} does not export muster_destination_entry", library.string()),
                  "it is no destination of muster's; build it with muster_add_destination");
  }
  using Entry = std::remove_pointer_t<muster_destination_entry_function>;
  Entry* entry = &opened.get<Entry>("muster_destination_entry");
  open_libraries().push_back(std::move(opened));
  const auto negotiated = negotiate(manifest, entry);
  auto plugin = std::make_shared<Plugin>(*negotiated);
  plugin->library = library;
  return plugin;
}

}  // namespace muster
