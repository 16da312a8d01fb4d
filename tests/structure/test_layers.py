"""The layers of the house: includes point one way, plugins see the SDK alone, the SDK nothing."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What each layer may include beside itself.
LAYERS = {
    "base": set(),
    "cohort": {"base"},
    "destination": {"base"},
    "vault": {"base"},
    "state": {"base"},
    "plan": {"base", "cohort", "destination", "vault", "state"},
    "run": {"base", "cohort", "destination", "vault", "state", "plan"},
    "schedule": {"base", "cohort", "destination", "vault", "state", "plan", "run"},
    "cli": {"base", "cohort", "destination", "vault", "state", "plan", "run", "schedule"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def sources(folder):
    return [p for p in (ROOT / folder).rglob("*") if p.suffix in (".c", ".h", ".cpp", ".hpp")]


def includes(path):
    return INCLUDE.findall(path.read_text())


class Layers(unittest.TestCase):
    def test_every_folder_of_the_host_is_a_known_layer(self):
        folders = {p.name for p in (ROOT / "host/src").iterdir() if p.is_dir()}
        self.assertEqual(folders, set(LAYERS))

    def test_includes_of_the_host_point_down(self):
        wrong = []
        for layer, allowed in LAYERS.items():
            for path in sources(f"host/src/{layer}"):
                for include in includes(path):
                    target = include.split("/")[0]
                    if target in LAYERS and target != layer and target not in allowed:
                        wrong.append(f"{path.relative_to(ROOT)} includes {include}")
        self.assertEqual(wrong, [])

    def test_plugins_see_the_sdk_alone(self):
        wrong = [
            f"{path.relative_to(ROOT)} includes {include}"
            for path in sources("plugins")
            for include in includes(path)
            if include.split("/")[0] in LAYERS or include.startswith("../")
        ]
        self.assertEqual(wrong, [])

    def test_the_sdk_sees_nothing_of_the_host(self):
        wrong = [
            f"{path.relative_to(ROOT)} includes {include}"
            for path in sources("sdk")
            for include in includes(path)
            if include.split("/")[0] in LAYERS or include.startswith(("boost/", "fmt/", "../"))
        ]
        self.assertEqual(wrong, [])

    def test_the_c_header_includes_two_standard_headers_only(self):
        found = includes(ROOT / "sdk/include/muster/destination.h")
        self.assertEqual(sorted(found), ["stddef.h", "stdint.h"])

    def test_sql_stands_in_the_state_alone(self):
        sql = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b')
        wrong = [
            str(path.relative_to(ROOT))
            for path in sources("host/src")
            if "state" not in path.parts and "cohort" not in path.parts and sql.search(path.read_text())
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
