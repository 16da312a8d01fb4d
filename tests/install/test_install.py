"""What is installed works from where it was put, and builds plugins outside of this tree."""

import json
import os
import subprocess
import tempfile
import unittest

BUILD = os.environ["MUSTER_BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))
WORKSPACE = """\
version: 1
plugins: [{manifests}]
connections: {{}}
syncs: {{}}
"""
MANIFEST = """\
manifest: 1
id: {id}
name: {id}
library: {{linux-x86_64: {file}, linux-aarch64: {file}}}
enabled: true
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def flags(names):
    """The build's own flags of these names, so that a sanitised build has sanitised plugins."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        lines = cache.read().splitlines()
    return [f"-D{line}" for line in lines if line.split(":")[0] in names]


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._directory = tempfile.TemporaryDirectory()
        cls.prefix = os.path.join(cls._directory.name, "muster")
        umask = os.umask(0o002)
        try:
            run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        finally:
            os.umask(umask)

    @classmethod
    def tearDownClass(cls):
        cls._directory.cleanup()

    def plugins(self, manifests=None):
        workspace = tempfile.mkdtemp(dir=self._directory.name)
        with open(os.path.join(workspace, "muster.yaml"), "w", encoding="utf-8") as file:
            file.write(WORKSPACE.format(
                manifests=manifests or os.path.join(self.prefix, "lib/muster/manifests")))
        told = run(os.path.join(self.prefix, "bin/muster"), "plugins", "--json",
                   "--workspace", workspace)
        return {plugin["id"]: plugin for plugin in json.loads(told)}

    def test_the_program_finds_its_plugins_beside_it(self):
        hubspot = self.plugins()["hubspot"]
        self.assertEqual(hubspot["state"], "loaded", hubspot)
        self.assertTrue(hubspot["library"].startswith(self.prefix), hubspot)

    def test_the_schemas_are_there(self):
        for name in ("muster", "manifest"):
            file = os.path.join(self.prefix, "share/muster/schemas", name + ".schema.json")
            with open(file, encoding="utf-8") as schema:
                json.load(schema)

    def test_a_plugin_is_built_from_the_installed_kit(self):
        build = os.path.join(self._directory.name, "consumer")
        run("cmake", "-S", os.path.join(HERE, "consumer"), "-B", build, "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={self.prefix}",
            *flags({"CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER", "CMAKE_C_FLAGS", "CMAKE_CXX_FLAGS"}))
        run("cmake", "--build", build)
        manifests = os.path.join(self._directory.name, "manifests")
        os.mkdir(manifests)
        for name, file in (("consumer", "in_cpp"), ("in_c", "in_c")):
            library = os.path.join(build, f"lib{file}.so")
            exported = run("nm", "--dynamic", "--defined-only", "--format=posix", library).split("\n")
            self.assertEqual([line.split()[0] for line in exported if line],
                             ["muster_destination_entry"])
            os.rename(library, os.path.join(manifests, f"lib{file}.so"))
            with open(os.path.join(manifests, name + ".yaml"), "w", encoding="utf-8") as manifest:
                manifest.write(MANIFEST.format(id=name, file=f"lib{file}.so"))
        plugins = self.plugins(manifests)
        self.assertEqual(plugins["consumer"]["state"], "loaded", plugins)
        self.assertEqual(plugins["in_c"]["state"], "bad_library", plugins)
        self.assertIn("of another level", plugins["in_c"]["reason"])


if __name__ == "__main__":
    unittest.main()
