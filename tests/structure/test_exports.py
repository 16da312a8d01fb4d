"""What libraries and the program show to the dynamic linker (plugin-abi.md, "Building a plugin")."""

import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build" / "dev"))
PLUGINS = sorted(BUILD.rglob("libmuster_*.so")) + [
    path for path in sorted(BUILD.rglob("test_plugin_*.so")) if "NoEntry" not in path.name
]


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Exports(unittest.TestCase):
    def test_there_are_plugins_to_look_at(self):
        self.assertIn("libmuster_hubspot.so", {path.name for path in PLUGINS})

    def test_a_plugin_exports_its_entry_alone(self):
        for plugin in PLUGINS:
            with self.subTest(plugin.name):
                lines = tool("nm", "-D", "--defined-only", plugin).splitlines()
                names = {line.split()[-1] for line in lines}
                self.assertEqual(names, {"muster_destination_entry"})

    def test_a_plugin_has_no_unique_symbol(self):
        for plugin in PLUGINS:
            with self.subTest(plugin.name):
                self.assertNotIn(" UNIQUE ", tool("readelf", "-W", "--dyn-syms", plugin))

    def test_a_plugin_is_bound_at_load_and_has_no_path_of_the_builder(self):
        for plugin in PLUGINS:
            with self.subTest(plugin.name):
                dynamic = tool("readelf", "-W", "-d", plugin)
                self.assertIn("NOW", dynamic)
                for line in dynamic.splitlines():
                    if "RUNPATH" in line or "RPATH" in line:
                        self.assertIn("[$ORIGIN]", line)

    def test_the_program_exports_nothing_to_plugins(self):
        program = BUILD / "bin" / "muster"
        lines = tool("nm", "-D", "--defined-only", program).splitlines()
        # Objects of the C and C++ runtimes that the program took over carry their version.
        self.assertEqual([line for line in lines if "@" not in line], [])
        self.assertNotIn(" UNIQUE ", tool("readelf", "-W", "--dyn-syms", program))


if __name__ == "__main__":
    unittest.main()
