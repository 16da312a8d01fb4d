"""muster serve: the real daemon, its threads, its signals and its log."""

import json
import queue
import sqlite3
import threading
import time

from support import PATIENCE, Result, Workspace

EMAILS = ["ada@example.com", "bob@example.com", "eve@example.com"]


class Daemon:
    """A running `muster serve --json`, its runs and its log as they come."""

    def __init__(self, workspace, *arguments):
        self.process = workspace.start("serve", "--json", *arguments)
        workspace.addCleanup(self._end)
        self.log = []
        self._runs = queue.Queue()
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read_runs, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_runs(self):
        for line in self.process.stdout:
            self._runs.put(json.loads(line))

    def _read_log(self):
        for line in self.process.stderr:
            with self._changed:
                self.log.append(line)
                self._changed.notify_all()

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def run(self):
        """The next run that ended."""
        return self._runs.get(timeout=PATIENCE)

    def wait_for(self, text):
        """Waits until a line of the log holds `text`."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: any(text in line for line in self.log), timeout=PATIENCE
            )
        if not found:
            raise AssertionError(f"the log never said {text!r}: {''.join(self.log)}")

    def stop(self, how=None):
        if how is None:
            self.process.terminate()
        else:
            self.process.send_signal(how)
        code = self.process.wait(timeout=PATIENCE)
        for reader in self._readers:
            reader.join()
        return Result(code, "", "".join(self.log))


class Serve(Workspace):
    def serve(self, *arguments):
        return Daemon(self, *arguments)

    def leases(self):
        with sqlite3.connect(self.directory / ".muster" / "state.db") as state:
            return state.execute("SELECT lease_owner FROM sync WHERE lease_owner NOT NULL").fetchall()

    def test_runs_every_sync_and_ends_on_sigterm_without_a_lease(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        daemon = self.serve()
        run = daemon.run()
        self.assertEqual((run["sync"], run["status"], run["listed"]), ("s", "succeeded", 3))
        self.assertRegex(run["next"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(self.members(), set(EMAILS))
        result = daemon.stop()
        self.assertEqual(result.code, 130, result)
        self.assertEqual(self.leases(), [])
        for said in ["s: begins", "s: succeeded", "3 listed", "next at", "stopped"]:
            self.assertIn(said, result.err)
        for email in EMAILS:
            self.assertNotIn(email, result.err)

    def test_log_can_be_json(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        daemon = self.serve("--log-format", "json")
        daemon.run()
        lines = [json.loads(line) for line in daemon.stop().err.splitlines()]
        self.assertTrue(all(line["area"] == "serve" for line in lines), lines)
        self.assertTrue(any("succeeded" in line["message"] for line in lines), lines)

    def test_sigterm_finishes_the_batch_in_hand(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        self.hubspot.fault(path="/memberships", kind="slow", delay_ms=1500)
        daemon = self.serve()
        while not any("/memberships" in r["target"] for r in self.hubspot.requests()):
            time.sleep(0.02)
        result = daemon.stop()
        self.assertEqual(result.code, 130, result)
        self.assertEqual(self.members(), set(EMAILS))
        self.assertEqual(self.leases(), [])
        self.assertEqual(self.sync(code=0)["listed"], 3)

    def test_connections_are_served_side_by_side(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        config = json.loads((self.directory / "muster.yaml").read_text())
        config["connections"]["other"] = config["connections"]["marketing"]
        config["syncs"]["t"] = {**config["syncs"]["s"], "connection": "other", "cohort": "Others"}
        self.file("muster.yaml", json.dumps(config))
        daemon = self.serve()
        self.assertEqual({daemon.run()["sync"], daemon.run()["sync"]}, {"s", "t"})
        self.assertEqual(daemon.stop().code, 130)

    def test_second_daemon_of_a_workspace_is_refused(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        daemon = self.serve()
        daemon.run()
        second = self.muster("serve")
        self.assertEqual(second.code, 6, second)
        self.assertIn("another `muster serve` runs in this workspace", second.told)
        daemon.stop()
        third = self.serve()
        third.wait_for("serves")
        self.assertEqual(third.stop().code, 130)

    def test_bad_cadence_is_told_before_anything_runs(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "every blue moon"})
        result = self.muster("serve")
        self.assertEqual(result.code, 2, result)
        self.assertIn("every blue moon", result.err)
        self.assertIn("muster.yaml:", result.err)
        self.assertEqual(self.hubspot.requests(), [])

    def test_missing_secret_is_told_before_anything_runs(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"}, connection={"auth": {"token": {"env": "NO_SUCH"}}})
        result = self.muster("serve")
        self.assertEqual(result.code, 2, result)
        self.assertIn("NO_SUCH", result.err)

    def test_changed_configuration_is_taken_over(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "manual"})
        daemon = self.serve()
        daemon.wait_for("serves")
        self.configure(sync={"cadence": "hourly"})
        self.assertEqual(daemon.run()["status"], "succeeded")
        self.assertIn("muster.yaml changed", daemon.stop().err)

    def test_bad_configuration_is_told_and_the_former_one_stays(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "manual"})
        daemon = self.serve()
        daemon.wait_for("serves")
        self.configure(sync={"cadense": "hourly"})
        daemon.wait_for("the former one stays in use")
        self.assertTrue(any("cadense" in line for line in daemon.log), daemon.log)
        self.configure(sync={"cadence": "hourly"})
        self.assertEqual(daemon.run()["status"], "succeeded")
        daemon.stop()

    def test_disconnected_connection_is_left_alone(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        self.sync(code=0)
        self.assertEqual(self.muster("disconnect", "marketing", "--yes").code, 0)
        self.hubspot.forget_requests()
        daemon = self.serve()
        daemon.wait_for("its syncs rest until you run: muster connect marketing")
        self.assertEqual(self.hubspot.requests(), [])
        self.assertEqual(daemon.stop().code, 130)

    def test_failed_run_is_told_with_its_reason_and_next_try(self):
        self.configure(sync={"cadence": "hourly"})  # no cohort.csv
        daemon = self.serve()
        run = daemon.run()
        self.assertEqual(run["status"], "failed")
        self.assertTrue(run["next"])
        self.assertIn("cohort.csv", daemon.stop().err)

    def test_what_is_odd_in_a_source_is_told(self):
        self.configure(sync={"cadence": "hourly"})
        self.file("cohort.csv", "user_id,email\nu1,a@company.com,more\n")
        daemon = Daemon(self)
        self.assertEqual(daemon.run()["ragged_rows"], 1)
        daemon.wait_for("1 ragged_rows, the first at")
        daemon.stop()

    def test_killed_daemon_stops_no_later_one(self):
        self.cohort(EMAILS)
        self.configure(sync={"cadence": "hourly"})
        self.hubspot.fault(path="/memberships", delay_ms=60_000)
        daemon = self.serve()
        while not any("/memberships" in r["target"] for r in self.hubspot.requests()):
            time.sleep(0.02)
        daemon.process.kill()
        daemon.process.wait()
        again = self.serve()
        self.assertEqual(again.run()["listed"], 3)
        self.assertEqual(again.stop().code, 130)

    def test_help_has_an_example(self):
        result = self.muster("serve", "--help")
        self.assertEqual(result.code, 0)
        self.assertIn("muster serve --workspace", result.out)


del Workspace
