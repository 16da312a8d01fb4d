// Gives documents to the parser of muster.yaml or of manifests: a line of JSON each on standard
// input (JSON is YAML); answers each with "ok", or with the code of the error.
//   parse-configuration workspace|manifest
#include <iostream>
#include <string>

#include "destination/manifest.hpp"
#include "run/workspace_config.hpp"

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind != "workspace" && kind != "manifest") return 2;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      if (kind == "workspace") {
        muster::parse_workspace(line, "muster.yaml", "/workspace");
      } else {
        muster::parse_manifest(line, "/manifests/plugin.yaml");
      }
      std::cout << "ok\n";
    } catch (const muster::Error& error) {
      std::cout << error.code() << '\n';
    }
  }
}
