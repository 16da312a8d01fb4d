"""A disk that may only be read, and a state that is gone."""

import os
import shutil
import subprocess
import unittest

from killing import Killing


class ReadOnlyDisk(Killing):
    """Really read-only: for root, too."""

    def setUp(self):
        super().setUp()
        self.disk = self.directory / ".muster"
        self.disk.mkdir(mode=0o700)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", self.disk],
            capture_output=True,
        )
        if os.geteuid() != 0:
            self.skipTest("only root may mount a disk")
        self.assertEqual(mounted.returncode, 0, mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.disk], check=True)

    def test_a_read_only_disk_refuses_the_run_and_keeps_the_state(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.cohort(["a@example.com", "b@example.com"])
        self.hubspot.forget_requests()
        self.remount("ro")
        before = {path.name: path.read_bytes() for path in self.disk.glob("state.db*")}
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 1, result)
        error = result.json["error"]
        self.assertIn(error["code"], ("state.read_only", "state.cannot_open", "report.write"))
        self.assertTrue(error["hint"])
        self.assertNotIn("free some space", error["hint"])
        self.assertEqual(self.hubspot.requests(), [])
        after = {path.name: path.read_bytes() for path in self.disk.glob("state.db*")}
        self.assertEqual(after, before)
        # What only looks goes on.
        self.assertEqual(self.muster("history", "--json").code, 0)
        self.remount("rw")
        self.sync(code=0)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})


class LostState(Killing):
    def lose_state(self):
        shutil.rmtree(self.directory / ".muster")

    def test_one_that_a_power_cut_left_empty_is_not_taken_for_new(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        state = self.directory / ".muster" / "state.db"
        for log in state.parent.glob("state.db-*"):
            log.unlink()
        state.write_bytes(b"")
        self.hubspot.forget_requests()
        for command in (("sync", "s"), ("plan", "s"), ("history",)):
            with self.subTest(command):
                result = self.muster(*command, "--json")
                self.assertEqual(result.code, 1, result)
                self.assertEqual(result.json["error"]["code"], "state.cut_off")
        self.assertEqual(self.hubspot.requests(), [])
        self.assertEqual(state.read_bytes(), b"")
        state.unlink()  # as the hint says
        self.sync("--full", code=0)
        self.assertEqual(self.members(), {"a@example.com"})

    def test_full_takes_the_list_over_and_removes_nobody_it_does_not_know(self):
        self.configure()
        self.cohort(["left@example.com", "a@example.com"])
        self.sync(code=0)
        made = self.hubspot.lists()["amplitude_Power Users"]["id"]
        self.lose_state()
        self.cohort(["a@example.com", "b@example.com"])
        # Without being told so, muster takes no list over.
        refused = self.muster("sync", "s", "--json")
        self.assertEqual(refused.code, 1, refused)
        self.assertEqual(refused.json["error"]["code"], "hubspot.list_taken")
        self.assertIn("--full", refused.json["error"]["hint"])

        result = self.muster("sync", "s", "--full", "--json")

        self.assertEqual(result.code, 0, result)
        run = result.json
        self.assertEqual(run["audience"]["id"], made)
        self.assertEqual((run["created"], run["removed"], run["listed"]), (1, 0, 2))
        self.assertEqual(run["verified"]["strangers"], 1)
        self.assertIn("taken over; 1 of its records", result.err)
        self.assertEqual(self.members(), {"left@example.com", "a@example.com", "b@example.com"})
        # From here on it is a sync as any other.
        self.cohort(["a@example.com"])
        self.sync("--allow-removals", code=0)
        self.assertEqual(self.members(), {"left@example.com", "a@example.com"})

    def test_full_as_an_exact_mirror_leaves_the_cohort_alone_in_the_list_from_the_next_run_on(self):
        self.configure(sync={"remove_strangers": True})
        self.cohort(["left@example.com", "a@example.com"])
        self.sync(code=0)
        self.lose_state()
        self.cohort(["a@example.com"])
        result = self.muster("sync", "s", "--full", "--allow-removals", "--json")
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("the next one takes them out", result.told)
        self.assertEqual(self.members(), {"left@example.com", "a@example.com"})
        self.sync("--allow-removals", code=0)
        self.assertEqual(self.members(), {"a@example.com"})

    def test_full_never_takes_over_a_list_that_fills_itself(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.hubspot.control("lists", {"name": "amplitude_Power Users", "type": "DYNAMIC"})
        self.assertEqual(self.muster("sync", "s", "--full", "--json").code, 1)

    def test_an_older_state_put_back_removes_whom_it_knows(self):
        self.configure()
        self.cohort(["left@example.com", "a@example.com"])
        self.sync(code=0)
        shutil.copytree(self.directory / ".muster", self.directory / "backup")
        self.cohort(["left@example.com", "a@example.com", "b@example.com"])
        self.sync(code=0)
        self.lose_state()
        shutil.copytree(self.directory / "backup", self.directory / ".muster")
        self.cohort(["a@example.com", "c@example.com"])
        self.sync("--full", "--allow-removals", code=0)
        # b is nobody that this state knows.
        self.assertEqual(self.members(), {"a@example.com", "b@example.com", "c@example.com"})


if __name__ == "__main__":
    unittest.main()
