"""Cohorts that Amplitude pushes: the daemon's receiver, the inbox, runs over changes alone."""

import json
import random
import re
import resource
import time
import unittest

from amplitude_support import WithAmplitude
from support import PATIENCE
from test_serve import Daemon

SECRET = "the secret that the webhook carries"
COHORT = "7khm89cz"
NOW = int(time.time())


class Push(WithAmplitude):
    """A daemon that listens, and Amplitude's simulated webhook that sends to it."""

    def setUp(self):
        super().setUp()
        self.environment["PUSH_SECRET"] = SECRET
        self.people = [f"p{i}@example.com" for i in range(30)]
        self.write_cohort(self.people)

    def write_cohort(self, emails):
        self.file("cohort.csv", "user_id,email\n" + "".join(f"{e},{e}\n" for e in emails))

    def configure_push(self, **sync):
        self.configure(sync={"push": {"cohort": COHORT}, "cadence": "daily", **sync})
        config = json.loads((self.directory / "muster.yaml").read_text())
        config["listen"] = {"port": 0, "headers": {"X-Muster-Secret": {"env": "PUSH_SECRET"}}}
        self.file("muster.yaml", json.dumps(config))

    def serve(self):
        daemon = Daemon(self)
        daemon.wait_for("listening on")
        line = next(line for line in daemon.log if "listening on" in line)
        port = re.search(r"port (\d+)", line).group(1)
        self.url = f"http://127.0.0.1:{port}/push/amplitude"
        return daemon

    def message(self, users, enters=True, computed=NOW, number=0, **changes):
        return {
            "cohort_name": "Power Users",
            "cohort_id": COHORT,
            "in_cohort": enters,
            "computed_time": str(computed),
            "message_id": f"uuid::{'enter' if enters else 'exit'}::{computed}::{number}",
            "users": [{"user_id": e, "user_properties": {"email": e}} for e in users],
            **changes,
        }

    def deliver(self, *messages, secret=SECRET, retries=0):
        """What became of each message that Amplitude sent: its status, or 0."""
        told = self.door("push", {
            "url": self.url, "headers": {"X-Muster-Secret": secret}, "retries": retries,
            "timeout_ms": 1000 * PATIENCE, "messages": list(messages)})
        return [delivery["status"] for delivery in told["deliveries"]]

    def push(self, daemon, *messages):
        """Sends the messages and waits for the run that applies them."""
        self.assertEqual(self.deliver(*messages), [200] * len(messages))
        return daemon.run()

    def wait_until_listed(self, email):
        deadline = time.monotonic() + PATIENCE
        while email not in self.members():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)


class Applied(Push):
    def test_changes_are_applied_without_reading_the_source_or_the_list(self):
        self.configure_push()
        daemon = self.serve()
        self.assertEqual(daemon.run()["listed"], 30)
        self.hubspot.forget_requests()
        (self.directory / "cohort.csv").unlink()
        run = self.push(daemon, self.message(["new@example.com"]))
        self.assertEqual((run["status"], run["added"], run["removed"]), ("succeeded", 1, 0))
        run = self.push(daemon, self.message([self.people[0]], enters=False))
        self.assertEqual((run["added"], run["removed"]), (0, 1))
        self.assertEqual(self.members(), {"new@example.com", *self.people[1:]})
        for request in self.hubspot.requests():
            self.assertNotRegex(request["target"], r"/memberships\?|/memberships$")
        daemon.stop()
        history = self.muster("history", "--json").json
        self.assertEqual([run["started_by"] for run in history], ["push", "push", "schedule"])
        self.assertIn("started by a push", self.muster("history").out)

    def test_duplicates_and_late_messages_change_nothing(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        enter = self.message(["new@example.com"], computed=NOW - 200)
        self.assertEqual(self.push(daemon, enter)["added"], 1)
        late = self.message(["new@example.com"], enters=False, computed=NOW - 300)
        self.assertEqual(self.deliver(enter, late), [200, 200])
        run = self.push(daemon, self.message(["other@example.com"], computed=NOW - 100))
        self.assertEqual((run["added"], run["removed"]), (1, 0))
        self.assertIn("new@example.com", self.members())
        daemon.stop()

    def test_a_message_is_answered_while_a_run_goes_on(self):
        self.configure_push()
        self.hubspot.fault(path="/memberships", delay_ms=3_600_000)
        daemon = self.serve()
        while not any("/memberships" in r["target"] for r in self.hubspot.requests()):
            time.sleep(0.02)
        self.assertEqual(self.deliver(self.message(["new@example.com"])), [200])
        daemon.process.kill()

    def test_the_guard_sums_removals_since_the_last_whole_run(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        for i in range(2):
            users = self.people[4 * i : 4 * i + 4]
            run = self.push(daemon, self.message(users, enters=False, number=i))
            self.assertEqual(run["removed"], 4)
        run = self.push(daemon, self.message(self.people[8:12], enters=False, number=3))
        self.assertEqual(run["status"], "stopped")
        self.assertEqual(len(self.members()), 22)
        daemon.stop()
        # A person looked: the whole run takes the waiting changes in.
        self.assertEqual(self.muster("plan", "s", "--json").json["members"], 18)
        self.sync("--allow-removals", code=0)
        self.assertEqual(self.members(), set(self.people[12:]))

    def test_pushed_runs_do_not_move_the_cadence(self):
        self.configure_push()
        daemon = self.serve()
        first = daemon.run()
        run = self.push(daemon, self.message(["new@example.com"]))
        self.assertEqual(run["next"], first["next"])
        daemon.stop()

    def test_a_download_reconciles_what_was_never_pushed(self):
        self.configure_push(source=self.source(), guard="off")
        self.put_cohort([(e, e) for e in self.people[:3]])
        daemon = self.serve()
        self.assertEqual(daemon.run()["listed"], 3)
        self.push(daemon, self.message(["new@example.com"]))
        daemon.stop()
        # p0 left and p3 came, and no message ever told so.
        self.put_cohort([(e, e) for e in self.people[1:4]])
        run = self.sync(code=0)
        self.assertEqual((run["added"], run["removed"]), (1, 1))
        self.assertEqual(self.members(), {"new@example.com", *self.people[1:4]})

    def test_a_changed_configuration_takes_another_cohort(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        config = json.loads((self.directory / "muster.yaml").read_text())
        config["syncs"]["s"]["push"]["cohort"] = "other"
        self.file("muster.yaml", json.dumps(config))
        daemon.wait_for("muster.yaml changed")
        self.assertEqual(self.deliver(self.message(["x@example.com"])), [404])
        run = self.push(daemon, self.message(["x@example.com"], cohort_id="other"))
        self.assertEqual(run["added"], 1)
        daemon.stop()


class Refused(Push):
    def test_strangers_and_what_is_no_message(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        message = self.message(["x@example.com"])
        self.assertEqual(self.deliver(message, secret="wrong"), [401])
        self.assertEqual(self.deliver({**message, "cohort_id": "other"}), [404])
        self.assertEqual(self.deliver({**message, "users": "x"}, "x@example.com {"), [400, 400])
        self.assertEqual(self.deliver({**message, "cohort_name": "x" * (17 << 20)}), [413])
        self.assertEqual(self.push(daemon, message)["added"], 1)
        daemon.stop()
        log = "".join(daemon.log)
        self.assertNotIn("x@example.com", log)
        self.assertNotIn(SECRET, log)

    def test_a_full_disk_is_answered_503_and_nothing_is_lost(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        users = [f"many{i}@example.com" for i in range(2_000)]
        message = self.message(users)
        # No file may grow any more: as a full disk, for this process alone.
        pid = daemon.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        self.assertEqual(self.deliver(message), [503])
        daemon.wait_for("could not be kept")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        run = self.push(daemon, message)
        self.assertEqual(run["added"], 2_000)
        daemon.stop()
        self.assertNotIn("many0@example.com", "".join(daemon.log))

    def test_push_needs_a_listener_with_a_secret(self):
        self.configure(sync={"push": {"cohort": COHORT}})
        result = self.muster("check", "--json")
        self.assertEqual(
            (result.code, result.json["error"]["code"]), (2, "config.push_without_listen"))
        self.configure_push()
        config = json.loads((self.directory / "muster.yaml").read_text())
        for headers, code in [
            ({}, "config.push_headers"),
            ({f"X-{i}": {"env": "PUSH_SECRET"} for i in range(6)}, "config.push_headers"),
            ({"X Secret": {"env": "PUSH_SECRET"}}, "config.push_header"),
            ({"X-Secret": "literal"}, "config.literal_secret"),
        ]:
            config["listen"]["headers"] = headers
            self.file("muster.yaml", json.dumps(config))
            result = self.muster("check", "--json")
            self.assertEqual((result.code, result.json["error"]["code"]), (2, code))
        config["listen"]["headers"] = {"X-Secret": {"env": "NO_SUCH_VARIABLE"}}
        self.file("muster.yaml", json.dumps(config))
        result = self.muster("check", "--json")
        self.assertEqual(result.code, 2)
        self.assertIn("NO_SUCH_VARIABLE", result.out)

    def test_an_address_that_can_not_be_listened_on_is_told_with_its_place(self):
        self.configure_push()
        config = json.loads((self.directory / "muster.yaml").read_text())
        config["listen"]["address"] = "192.0.2.1"
        self.file("muster.yaml", json.dumps(config))
        result = self.muster("serve")
        self.assertEqual(result.code, 1, result)
        self.assertIn("192.0.2.1", result.err)
        self.assertIn("muster.yaml:", result.err)


class Kept(Push):
    def test_the_inbox_holds_nobody_in_clear(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        self.push(daemon, self.message(["new@example.com"]))
        daemon.stop()
        for path in (self.directory / ".muster").iterdir():
            if path.is_file():
                self.assertNotIn(b"new@example.com", path.read_bytes(), path)
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_what_was_answered_outlives_a_kill_before_it_was_applied(self):
        self.configure_push()
        daemon = self.serve()
        daemon.run()
        self.hubspot.fault(path="/contacts", kind="status", status=503, count=-1)
        self.assertEqual(self.deliver(self.message(["new@example.com"])), [200])
        daemon.process.kill()
        daemon.process.wait()
        self.hubspot.control("faults", method="DELETE")
        again = self.serve()
        self.wait_until_listed("new@example.com")
        again.stop()

    def test_nobody_is_lost_or_left_behind_when_killed_at_any_moment(self):
        drawn = random.Random(20261124)
        self.configure_push(guard="off", verify=False)
        self.sync(code=0)
        expected = set(self.people)
        daemon = self.serve()
        for number in range(12):
            leaves = set(drawn.sample(sorted(expected), 2))
            comes = {f"new{number}-{i}@example.com" for i in range(3)}
            computed = NOW - 100 + number  # since the file was written, but for the clocks
            for message in (
                self.message(sorted(comes), computed=computed),
                self.message(sorted(leaves), enters=False, computed=computed),
            ):
                # As Amplitude does: sent again until it is answered 200.
                while self.deliver(message) != [200]:
                    daemon = self.restarted(daemon)
            expected = (expected - leaves) | comes
            if number % 3:
                time.sleep(drawn.uniform(0, 1.2))
                daemon = self.restarted(daemon)
        deadline = time.monotonic() + PATIENCE
        while self.members() != expected:
            self.assertLess(time.monotonic(), deadline, self.members() ^ expected)
            time.sleep(0.1)
        daemon.stop()
        # What the last kill kept from being written down a whole run settles; then nothing is left.
        self.sync(code=0)
        self.assertEqual(self.members(), expected)
        run = self.sync(code=0)
        self.assertEqual((run["added"], run["removed"], run["listed"]), (0, 0, len(expected)))

    def restarted(self, daemon):
        daemon.process.kill()
        daemon.process.wait()
        return self.serve()


if __name__ == "__main__":
    unittest.main()
