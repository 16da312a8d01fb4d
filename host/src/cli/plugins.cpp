// muster plugins: every manifest, and what became of it.
#include <fmt/format.h>

#include "cli/commands.hpp"

namespace muster::cli {
namespace {

void list_plugins(const Shell& shell) {
  const auto workspace = shell.open_workspace();
  json::array plugins;
  for (const auto& entry : workspace->plugins().entries()) {
    auto error = entry.error;
    if (entry.state == PluginState::kDisabled) error = disabled(entry);
    const auto reason = error ? error->message() : std::string{};
    const auto hint = error ? error->hint() : std::string{};
    const auto where = error ? error->where() : std::string{};
    json::array kinds;
    std::string kind_text;
    json::object object{{"id", entry.id},   {"state", to_word(entry.state)},
                        {"reason", reason}, {"hint", hint},
                        {"where", where},   {"manifest", entry.manifest_file.string()},
                        {"library", ""},    {"level", nullptr},
                        {"version", ""}};
    if (entry.plugin) {
      const auto& descriptor = entry.plugin->descriptor;
      for (const auto& kind : descriptor.kinds) {
        kinds.emplace_back(kind.id);
        kind_text += (kind_text.empty() ? "" : ", ") + kind.id;
      }
      object["library"] = entry.plugin->library.string();
      object["level"] = descriptor.level;
      object["version"] = descriptor.version;
    }
    object["identifiers"] = kinds;
    plugins.emplace_back(std::move(object));

    const bool loaded = entry.state == PluginState::kLoaded;
    shell.say(fmt::format("{:<16} {}", entry.id,
                          shell.in(loaded ? Colour::kGood : Colour::kBad, to_word(entry.state))));
    shell.say(fmt::format("  manifest     {}", entry.manifest_file.string()));
    if (loaded) {
      const auto& descriptor = entry.plugin->descriptor;
      shell.say(fmt::format("  library      {}", entry.plugin->library.string()));
      shell.say(fmt::format("  version      {} (level {})", descriptor.version, descriptor.level));
      shell.say(fmt::format("  identifiers  {}", kind_text));
    }
    if (error) {
      shell.say(fmt::format("  reason       {}{}{}", where, where.empty() ? "" : ": ", reason));
      if (!hint.empty()) shell.say("  hint         " + hint);
    }
  }
  if (plugins.empty()) shell.say("No plugin: no manifest was found.");
  shell.print(plugins);
}

}  // namespace

void add_plugins(CLI::App& program, Shell& shell) {
  auto* command = program.add_subcommand(
      "plugins",
      "Show every plugin: its state, reason, file, level, version, identifiers.\n\nExample:\n  "
      "muster plugins --json");
  command->callback([&shell] { list_plugins(shell); });
}

}  // namespace muster::cli
