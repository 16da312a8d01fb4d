"""Plugins that are not as they should be: told by `muster plugins`, `check` and the run itself."""

import shutil
import unittest

from support import BUILD, Workspace


class Plugins(Workspace):
    def setUp(self):
        super().setUp()
        self.folder = self.directory / "plugins"
        self.folder.mkdir(mode=0o755)
        self.environment["MUSTER_ADD_PLUGIN_PATH"] = str(self.folder)

    def add(self, fault):
        """The test plugin of that fault, as the destination `bad`."""
        library = next(BUILD.rglob(f"test_plugin_{fault}.so"))
        shutil.copy(library, self.folder / "bad.so")
        (self.folder / "bad.so").chmod(0o755)
        self.file(
            "plugins/bad.yaml",
            "manifest: 1\nid: bad\nname: Bad\nlibrary: {linux-x86_64: bad.so, linux-aarch64: bad.so}\n"
            "enabled: true\n",
        )

    def use(self, **sync):
        self.configure(
            connection={"destination": "bad"},
            sync={"identifier": {"column": "email", "as": "id"}, **sync},
        )
        self.cohort(["someone@example.com"])

    def problems(self):
        result = self.muster("check", "--json")
        self.assertEqual(result.code, 2, result)
        return {problem["code"]: problem for problem in result.json["problems"]}

    def test_a_bad_manifest_is_told_with_its_place_though_nobody_uses_it(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.file("plugins/x.yaml", "manifest: 1\nidd: x\n")
        place = str(self.folder / "x.yaml") + ":2:1"
        listed = {entry["id"]: entry for entry in self.muster("plugins", "--json").json}
        self.assertEqual(listed["x"]["where"], place)
        self.assertIn("id", listed["x"]["hint"])
        self.assertIn(place, self.muster("plugins").out)
        self.assertEqual(self.problems()["config.unknown_key"]["where"], place)

    def test_a_disabled_one_is_told_with_its_reason(self):
        self.configure()
        self.environment["MUSTER_DISABLE_PLUGINS"] = "hubspot"
        listed = {entry["id"]: entry for entry in self.muster("plugins", "--json").json}
        self.assertEqual(listed["hubspot"]["state"], "disabled")
        self.assertIn("disabled", listed["hubspot"]["reason"])
        self.assertIn("MUSTER_DISABLE_PLUGINS", listed["hubspot"]["hint"])
        self.assertIn("MUSTER_DISABLE_PLUGINS", self.muster("plugins").out)

    def test_a_directory_of_manifests_that_is_not_there_is_told(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.environment["MUSTER_ADD_PLUGIN_PATH"] = str(self.directory / "nowhere")
        self.assertIn("nowhere", self.problems()["plugin.directory"]["where"])

    def test_an_address_that_no_run_may_reach_is_a_finding_at_its_line(self):
        self.cohort(["a@example.com"])
        for base in ("http://api.hubapi.com", "https://example.com", "https://api.hubapi.com:8443"):
            self.configure(connection={"settings": {"api_base": base}})
            lines = (self.directory / "muster.yaml").read_text().splitlines()
            line = 1 + next(i for i, text in enumerate(lines) if '"api_base"' in text)
            problem = self.problems()["config.address"]
            self.assertIn(f"muster.yaml:{line}:", problem["where"])
            self.assertIn("api_base", problem["message"])
            self.assertIn("hosts", problem["hint"])
            run = self.muster("sync", "s", "--json")
            self.assertEqual((run.code, run.json["error"]["code"]), (2, "config.address"), run)
        # Where a browser goes is nobody's request.
        self.configure(connection={"settings": {"app_base": "https://example.com"}})
        self.assertEqual(self.muster("check").code, 0)
        self.configure(connection={"settings": {"api_base": "https://api.hubapi.com"}})
        self.assertEqual(self.muster("check").code, 0)

    def test_a_bad_plugin_that_is_used_is_told_once(self):
        self.add("LevelOutOfRange")
        self.use()
        result = self.muster("check", "--json")
        codes = [problem["code"] for problem in result.json["problems"]]
        self.assertEqual(codes.count("plugin.level"), 1, result)

    def test_one_that_reads_nothing_back_needs_a_sync_that_does_not_verify(self):
        self.add("None")
        self.use()
        self.assertIn("verify: false", self.problems()["config.verify"]["hint"])
        result = self.muster("sync", "s", "--json")
        self.assertEqual((result.code, result.json["error"]["code"]), (2, "config.verify"), result)
        self.use(verify=False)
        result = self.muster("check", "--json")
        self.assertEqual(result.code, 0, result)

    def test_one_that_adds_to_no_audience_fails_the_run(self):
        self.add("None")
        self.use(verify=False)
        result = self.muster("sync", "s", "--json")
        self.assertEqual((result.code, result.json["error"]["code"]), (1, "plugin.fault"), result)
        self.assertIn("audience", result.json["error"]["message"])
        self.assertIn("muster.yaml", result.json["error"]["where"])
        self.assertEqual((result.json["listed"], result.json["to_retry"]), (0, 1))


if __name__ == "__main__":
    unittest.main()
