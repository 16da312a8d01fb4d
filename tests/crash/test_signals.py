"""A wish to end, a second process, and the lease of a dead one."""

import json
import signal
import sqlite3
import time
import unittest

from killing import Killing

WRITES = "/memberships/add-and-remove"
HELD_FOR_A_MOMENT_MS = 1_500
HELD_FOR_ANOTHER_MS = 10_000  # long enough for a second process to come, also a sanitised one


class Signals(Killing):
    def leases(self):
        with sqlite3.connect(self.directory / ".muster" / "state.db") as state:
            return state.execute("SELECT lease_owner FROM sync WHERE lease_owner NOT NULL").fetchall()

    def begin(self, held_ms=HELD_FOR_A_MOMENT_MS):
        """A run whose first write of members is held for a moment."""
        self.configure()
        self.cohort([f"person{i}@example.com" for i in range(30)])
        self.hubspot.fault(path=WRITES, kind="slow", delay_ms=held_ms)
        process = self.start_sync()
        deadline = time.monotonic() + 60
        while not any(WRITES in r["target"] for r in self.hubspot.requests()):
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.005)
        return process

    def expect_a_clean_end(self, how):
        process = self.begin()
        result = self.stop(process, how)
        self.assertEqual(result.code, 130, result)
        self.assertEqual(self.leases(), [])
        # The batch in hand has been recorded: nothing of it is done again.
        self.assertEqual((result.json["listed"], result.json["to_retry"]), (30, 0), result)
        self.hubspot.forget_requests()
        self.assertEqual(self.sync(code=0)["added"], 0)
        self.assertEqual([r for r in self.hubspot.requests() if WRITES in r["target"]], [])

    def test_sigterm_lets_the_batch_in_hand_end_and_leaves_no_lease(self):
        self.expect_a_clean_end(signal.SIGTERM)

    def test_sigint_lets_the_batch_in_hand_end_and_leaves_no_lease(self):
        self.expect_a_clean_end(signal.SIGINT)

    def test_a_second_process_at_the_same_sync_is_told_so(self):
        process = self.begin(HELD_FOR_ANOTHER_MS)
        second = self.muster("sync", "s", "--json")
        self.assertEqual(second.code, 6, second)
        self.assertEqual(second.json["error"]["code"], "run.busy")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(json.loads(out)["listed"], 30)

    def test_the_lease_of_a_killed_process_is_taken_over_at_once(self):
        process = self.begin()
        self.kill(process)
        self.assertEqual(len(self.leases()), 1)
        self.assertEqual(self.sync(code=0)["listed"], 30)
        self.assertEqual(self.leases(), [])

    def test_a_lease_of_another_machine_is_taken_over_when_it_has_run_out(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        state = sqlite3.connect(self.directory / ".muster" / "state.db", isolation_level=None)
        self.addCleanup(state.close)
        now = int(time.time() * 1000)
        elsewhere = "elsewhere/0/1/1"
        state.execute("UPDATE sync SET lease_owner = ?, lease_until = ?", (elsewhere, now + 60_000))
        self.assertEqual(self.muster("sync", "s", "--json").code, 6)
        state.execute("UPDATE sync SET lease_owner = ?, lease_until = ?", (elsewhere, now - 1))
        self.sync(code=0)


if __name__ == "__main__":
    unittest.main()
