"""A state that another program locks, and a disk that is full: told as such, and nothing is lost."""

import json
import os
import sqlite3
import subprocess
import time
import unittest

from support import Workspace


class LockedState(Workspace):
    def test_a_locked_state_is_told_and_the_run_can_be_repeated(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        state = self.directory / ".muster" / "state.db"
        with sqlite3.connect(state, isolation_level=None) as database:
            database.execute("BEGIN IMMEDIATE")
            self.cohort(["a@example.com", "b@example.com"])
            result = self.muster("sync", "s", "--json")
            self.assertEqual(result.code, 75, result)
            self.assertEqual(result.json["error"]["code"], "state.locked")
            self.assertIn("state.db", result.json["error"]["where"])
            database.execute("ROLLBACK")
        self.sync(code=0)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})


    def run_twice_at_once(self):
        """Two runs that both wait for the state, which is free for both at the same moment."""
        state = self.directory / ".muster" / "state.db"
        with sqlite3.connect(state, isolation_level=None) as database:
            database.execute("BEGIN IMMEDIATE")
            runs = [self.start("sync", "s", "--json") for _ in range(2)]
            time.sleep(0.6)
            database.execute("ROLLBACK")
        codes = sorted(run.wait(timeout=60) for run in runs)
        self.assertEqual(codes[0], 0, codes)
        self.assertIn(codes[1], (0, 6), codes)

    def test_of_two_runs_at_once_none_writes_over_what_the_other_did(self):
        self.configure()
        self.cohort(["a@example.com", "b@example.com"])
        self.assertEqual(self.muster("connect", "marketing").code, 0)
        self.run_twice_at_once()
        for _ in range(4):
            self.assertEqual(len(self.hubspot.lists()), 1)
            made = self.hubspot.lists()["amplitude_Power Users"]["id"]
            self.hubspot.call("DELETE", f"/crm/lists/2026-09/{made}")
            self.run_twice_at_once()
        self.cohort(["a@example.com"])
        self.sync("--allow-removals", code=0)
        self.assertEqual(self.members(), {"a@example.com"})
        self.assertEqual(self.muster("verify", "s", "--json").code, 0)


class FullDisk(Workspace):
    """The state's directory is a small file system of its own."""

    def setUp(self):
        super().setUp()
        self.disk = self.directory / ".muster"
        self.disk.mkdir(mode=0o700)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k,mode=0700", "tmpfs", self.disk],
            capture_output=True,
        )
        if os.geteuid() != 0:
            self.skipTest("only root may mount a small disk")
        self.assertEqual(mounted.returncode, 0, mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(self):
        self.configure()
        people = [f"person{i}@example.com" for i in range(3000)]
        self.cohort(people)
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 1, result)
        told = result.json["error"]
        self.assertIn(told["code"], ("state.disk_full", "disk.temporary_file", "report.write"))
        self.assertTrue(told["hint"])
        self.assertNotIn("@example.com", json.dumps(told))
        subprocess.run(["mount", "-o", "remount,size=64m", self.disk], check=True)
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 0, result)
        run = result.json
        self.assertEqual((run["listed"], run["to_retry"]), (3000, 0))
        self.assertEqual(self.members(), set(people))
        # Contacts cost money: each is counted, or told to be of a run that nobody could write down.
        created = sum(past["created"] for past in self.muster("history", "--json").json)
        self.assertTrue(created == 3000 or "SENT_BEFORE" in result.err, (created, result.err))
        contacts = [r for r in self.hubspot.requests() if r["target"].endswith("/batch/create")]
        self.assertLessEqual(len(contacts), 31)

    def test_a_disk_without_room_for_the_log_is_told_as_full(self):
        self.configure()
        self.cohort(["a@example.com"])
        subprocess.run(["mount", "-o", "remount,size=4m", self.disk], check=True)
        self.sync(code=0)
        self.assertFalse((self.disk / "state.db-shm").exists())
        with open(self.disk / "filler", "wb", buffering=0) as filler:
            with self.assertRaises(OSError):
                while filler.write(bytes(4096)):
                    pass
        for command in (["sync", "s"], ["history"]):
            result = self.muster(*command, "--json")
            told = result.json["error"]
            self.assertEqual((result.code, told["code"]), (1, "state.disk_full"), told)
            self.assertIn("free some space", told["hint"])
        (self.disk / "filler").unlink()
        self.sync(code=0)


class FullReports(Workspace):
    """The reports' directory is a file system of one page."""

    def setUp(self):
        super().setUp()
        self.reports = self.directory / ".muster" / "reports"
        self.reports.mkdir(parents=True)
        self.reports.parent.chmod(0o700)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4k,mode=0700", "tmpfs", self.reports],
            capture_output=True,
        )
        if os.geteuid() != 0:
            self.skipTest("only root may mount a small disk")
        self.assertEqual(mounted.returncode, 0, mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", self.reports], check=True)

    def test_a_report_without_room_leaves_the_figures_true(self):
        self.configure()
        self.cohort([f"person{i}@example.com" for i in range(200)])
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 1, result)
        run = result.json
        self.assertEqual(run["error"]["code"], "report.write")
        self.assertIn(str(self.reports), run["error"]["hint"])
        self.assertEqual((run["members"], run["listed"], run["added"]), (200, 200, 200))
        made = self.hubspot.lists()["amplitude_Power Users"]
        self.assertEqual(run["audience"]["name"], "amplitude_Power Users")
        self.assertEqual(run["audience"]["id"], str(made["id"]))


if __name__ == "__main__":
    unittest.main()
