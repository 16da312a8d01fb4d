"""Killed at any instant, the next run comes to the same list: nobody lost, nobody left behind."""

import os
import random
import time
import unittest

from killing import Killing

KILLS = int(os.environ.get("MUSTER_KILLS", "200"))
KILLS_TO_A_CHECK = 8
WRITES = "/memberships/add-and-remove"


class RealKills(Killing):
    def test_after_every_kill_of_a_long_history_the_list_is_right(self):
        drawn = random.Random(20261124)
        people = [f"person{i}@example.com" for i in range(40)]
        self.configure()
        cohort = set(drawn.sample(people, 20))
        kills = 0
        while kills < KILLS:
            cohort ^= set(drawn.sample(people, drawn.randint(1, 8)))
            cohort |= {people[0]}  # an empty cohort is the guard's matter
            kills += self.run_and_kill(drawn, cohort)
            if kills % KILLS_TO_A_CHECK == 0:
                self.cohort(sorted(cohort))
                run = self.sync("--allow-removals", code=0)
                self.assertEqual(self.members(), cohort, f"after {kills} kills")
                self.assertEqual(run["listed"], len(cohort))

    def run_and_kill(self, drawn, cohort):
        """Whether the run was killed before it ended."""
        self.cohort(sorted(cohort))
        held = drawn.random() < 0.6
        requests = drawn.randint(1, 7)
        self.hubspot.forget_requests()
        if held:
            self.hold(skip=requests - 1, applied=drawn.random() < 0.6)
        process = self.start("sync", "s", "--json", "--allow-removals")
        if held:
            killed = self.wait_until_held(process, requests)
        else:
            time.sleep(drawn.uniform(0, 0.15))
            killed = process.poll() is None
        self.kill(process)
        self.forget_faults()
        return killed


class Instants(Killing):
    """Each of the instants that matter, by name."""

    def killed_at(self, count, **hold):
        self.hubspot.forget_requests()
        self.hold(**hold)
        process = self.start("sync", "s", "--json", "--allow-removals")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            met = [r for r in self.hubspot.requests() if hold["path"] in r["target"]]
            if len(met) >= count:
                break
            self.assertIsNone(process.poll(), "the run ended before it could be killed")
            time.sleep(0.005)
        self.kill(process)
        self.forget_faults()

    def test_a_member_who_returns_after_an_unrecorded_removal_is_listed_again(self):
        self.configure()
        self.cohort(["a@example.com", "b@example.com"])
        self.sync(code=0)
        self.cohort(["a@example.com"])
        self.killed_at(1, path=WRITES)
        self.assertEqual(self.members(), {"a@example.com"})
        newest = self.muster("history", "--json").json[0]
        self.assertEqual(newest["status"], "interrupted", "nobody runs it any more")
        self.cohort(["a@example.com", "b@example.com"])
        run = self.sync(code=0)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})
        self.assertEqual(run["listed"], 2)

    def test_a_member_who_leaves_after_an_unrecorded_add_is_taken_out(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.cohort(["a@example.com", "b@example.com"])
        self.killed_at(1, path=WRITES)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})
        self.cohort(["a@example.com"])
        self.sync("--allow-removals", code=0)
        self.assertEqual(self.members(), {"a@example.com"})

    def test_a_list_made_just_before_a_kill_is_the_sync_s_own(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.killed_at(1, path="/crm/lists/2026-09", method="POST")
        self.sync(code=0)
        self.assertEqual(len(self.hubspot.lists()), 1)
        self.assertEqual(self.members(), {"a@example.com"})

    def test_contacts_made_just_before_a_kill_are_not_made_again(self):
        self.configure()
        self.cohort(["a@example.com", "b@example.com"])
        self.killed_at(1, path="/contacts/batch/create")
        run = self.sync(code=0)
        self.assertEqual(run["created"], 0)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})

    def test_the_dead_run_is_found_and_told(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.killed_at(1, path=WRITES)
        self.sync(code=0)
        runs = self.muster("history", "s", "--json").json
        self.assertIn("interrupted", [run["status"] for run in runs])


if __name__ == "__main__":
    unittest.main()
