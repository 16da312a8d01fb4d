"""What people see: lines of at most 100 columns, nothing that drives the terminal."""

import os
import pty
import re
import subprocess
import unittest

from support import MUSTER, Workspace

COLOUR = re.compile(r"\x1b\[[0-9]{0,2}m")
FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]")


class Looks(Workspace):
    def setUp(self):
        super().setUp()
        self.configure()
        self.cohort([f"user{i}@company.com" for i in range(5)] + ["no address", "", "user1@company.com"])

    def commands(self):
        return [
            ("check",),
            ("plugins",),
            ("connections",),
            ("plan", "s", "--lookup"),
            ("sync", "s"),
            ("verify", "s"),
            ("explain", "s", "u1"),
            ("explain", "s", "nobody@company.com"),
            ("history",),
            ("sync", "s"),
            ("history", "s"),
        ]

    def test_no_line_is_longer_than_100_columns(self):
        for command in self.commands():
            for line in self.muster(*command).out.splitlines():
                # A path of the machine is as long as it is.
                text = COLOUR.sub("", line).replace(str(self.directory), "DIR")
                text = text.replace(self.hubspot.base, "URL")
                self.assertLessEqual(len(text), 100, (command, text))

    def lines_of(self, result):
        """What a person sees, paths and addresses of the machine as short as they may be."""
        text = COLOUR.sub("", result.out + result.err)
        text = re.sub(r"\r\x1b\[K", "\n", text)
        return text.replace(str(self.directory), "DIR").replace(self.hubspot.base, "URL").splitlines()

    def test_neither_long_names_nor_long_messages_are_wider_than_the_screen(self):
        long = "people who bought more than three times in the last ninety days and opened a message "
        name = "a_sync_of_" + "many_" * 10 + "word"
        sync = {
            "cohort": long * 2 + "since",
            "source": {"csv": "cohort.csv"},
            "connection": "marketing",
            "identifier": {"column": "email", "as": "email"},
            "retry_for": "1s",
        }
        self.configure(syncs={name: sync})
        commands = [
            ("check",),
            ("plan", name, "--lookup"),
            ("sync", name),
            ("verify", name),
            ("explain", name, "u1"),
            ("explain", name, "nobody@company.com"),
            ("history",),
            ("sync", "no_such_sync_" + "x" * 120),
            ("disconnect", "marketing"),
        ]
        for command in commands:
            for line in self.lines_of(self.muster(*command)):
                self.assertLessEqual(len(line), 100, (command, line))
        list_id = next(iter(self.hubspot.lists().values()))["id"]
        self.hubspot.call("DELETE", f"/crm/lists/2026-09/{list_id}")
        self.cohort([f"user{i}@company.com" for i in range(3)])
        for command in (("plan", name, "--lookup"), ("verify", name), ("sync", name)):
            for line in self.lines_of(self.muster(*command)):
                self.assertLessEqual(len(line), 100, (command, line))
        self.file("cohort.csv", "user_id,another\nu1,user1@company.com\n")
        for command in (("check",), ("plan", name), ("sync", name), ("history",)):
            for line in self.lines_of(self.muster(*command)):
                self.assertLessEqual(len(line), 100, (command, line))

    def test_help_is_not_longer_than_100_columns(self):
        for command in (
            *("", "init", "check", "plugins", "cohorts", "connect", "connections", "plan", "sync"),
            *("verify", "explain", "history", "report", "serve", "disconnect", "uninstall"),
        ):
            for line in self.muster(*command.split(), "--help").out.splitlines():
                self.assertLessEqual(len(line), 100, (command, line))

    def test_nothing_is_coloured_where_there_is_no_terminal(self):
        for command in self.commands():
            result = self.muster(*command)
            self.assertNotIn("\x1b", result.out + result.err, command)

    def test_a_terminal_gets_colours_unless_it_asks_for_none(self):
        self.sync(code=3)
        self.assertRegex(self.on_a_terminal("history"), COLOUR)
        self.assertNotRegex(self.on_a_terminal("history", NO_COLOR="1"), COLOUR)

    def on_a_terminal(self, *command, **environment):
        """What a command writes there."""
        ours, theirs = pty.openpty()
        subprocess.run(
            [MUSTER, "--workspace", self.directory, *command],
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env={**self.environment, **environment},
            check=False,
        )
        os.close(theirs)
        written = b""
        try:
            while True:
                written += os.read(ours, 65536)
        except OSError:  # nobody writes any more
            return written.decode()
        finally:
            os.close(ours)

    def test_names_that_drive_a_terminal_do_not_reach_it(self):
        self.configure(sync={"cohort": "Power\x1b]0;owned\x07 \x1b[2J\u009b31mUsers"})
        self.hubspot.fault(path="/memberships", status=400, count=-1)
        for command in self.commands():
            result = self.muster(*command)
            for text in (result.out, result.err):
                self.assertIsNone(FORBIDDEN.search(text), (command, text))

    def test_json_is_one_plain_value(self):
        run = self.muster("sync", "s", "--json")
        self.assertNotRegex(run.out, r'"(throttled|seconds)":[0-9.]*E')
        self.assertEqual(run.json["throttled"], 0)


class History(Workspace):
    def setUp(self):
        super().setUp()
        self.configure(sync={"create_missing": False})
        self.cohort(["nobody@company.com"])
        self.sync(code=3)

    def runs(self, *arguments):
        result = self.muster("history", "--json", *arguments)
        self.assertEqual(result.code, 0, result)
        return [run["run"] for run in result.json]

    def test_filters_by_status_and_time(self):
        self.assertEqual(self.runs(), [1])
        self.assertEqual(self.runs("--status", "completed_with_drops"), [1])
        self.assertEqual(self.runs("--status", "failed"), [])
        self.assertEqual(self.runs("--since", "1h"), [1])
        self.assertEqual(self.runs("--until", "1h"), [])
        self.assertEqual(self.runs("--since", "2001-01-01", "--until", "2099-01-01T10:00Z"), [1])

    def test_drops_of_today_do_not_stand_under_a_run_of_before(self):
        self.cohort(["nobody@company.com", "another@company.com", "broken"])
        self.sync(code=3)
        (first,) = self.muster("history", "--limit", "1", "--until", "0m", "--json").json
        self.assertEqual(first["run"], 2)
        self.assertIn("still_dropped", first)
        runs = self.muster("history", "--json").json
        self.assertEqual([("still_dropped" in run) for run in runs], [True, False])
        self.file("cohort.csv", "user_id,email\n")
        self.assertEqual(self.muster("sync", "s").code, 4)
        runs = self.muster("history", "--status", "completed_with_drops", "--json").json
        self.assertEqual([("still_dropped" in run) for run in runs], [False, False])

    def test_a_time_that_is_none_is_refused(self):
        for text in ("yesterday", "2026-02-31", "2026-04-31T10:00"):
            result = self.muster("history", "--since", text, "--json")
            self.assertEqual(result.code, 2, result)
            self.assertEqual(result.json["error"]["code"], "cli.time")

    def test_tells_when_drops_are_tried_again_and_who_started_it(self):
        (run,) = self.muster("history", "--json").json
        (drops,) = run["still_dropped"]
        self.assertEqual((drops["reason"], drops["count"]), ("not_found", 1))
        self.assertIsNotNone(drops["tried_again"])
        self.assertEqual(run["started_by"], "person")
        out = self.muster("history").out
        self.assertIn("not_found 1: tried again by the next run", out)
        self.assertIn("started by a person", out)

    def test_follows_the_configuration_in_when_drops_are_tried_again(self):
        self.sync(code=3)
        self.assertIn("not_found 1: tried again from", self.muster("history").out)
        self.configure(sync={"create_missing": True})
        self.assertIn("not_found 1: tried again by the next run", self.muster("history").out)
        out = self.muster("explain", "s", "nobody@company.com").out
        self.assertIn("by the next run over the whole cohort, after 2 attempts", out)

    def test_figures_of_a_cohort_that_was_not_read_are_unknown(self):
        self.file("cohort.csv", "user_id,other\nu1,x\n")
        self.assertNotEqual(self.muster("sync", "s").code, 0)
        (run,) = self.muster("history", "--limit", "1", "--json").json
        for name in ("rows", "members", "listed", "unchanged", "dropped", "to_retry"):
            self.assertIsNone(run[name], name)
        line = self.muster("history", "--limit", "1").out.splitlines()[1].split()
        self.assertEqual((line[-4], line[-1]), ("-", "-"))

    def test_explains_a_person_without_the_source(self):
        self.configure()
        self.cohort(["a@company.com"])
        self.sync(code=0)
        (self.directory / "cohort.csv").unlink()
        explained = self.muster("explain", "s", "a@company.com")
        self.assertEqual(explained.code, 1, explained)
        self.assertIn("the source could not be read: ", explained.out)
        self.assertIn("holds it", explained.out)
        self.assertIn(": added", explained.out)
        told = self.muster("explain", "s", "a@company.com", "--json")
        self.assertEqual(told.code, 1, told)
        self.assertIsNone(told.json["people"][0]["in_source"])
        self.assertEqual(told.json["people"][0]["state"], "listed")
        self.assertIn("code", told.json["source_failed"])
        stranger = self.muster("explain", "s", "unknown@company.com", "--json").json
        self.assertIsNone(stranger["stranger"])

    def test_says_when_rejected_values_are_tried_again(self):
        self.cohort(["nobody@company.com", "broken"])
        self.sync(code=3)
        out = self.muster("history", "--limit", "1").out
        self.assertIn("invalid_email 1: tried again when their values change", out)

    def test_a_removal_that_is_not_confirmed_is_told_as_one(self):
        self.configure(sync={"create_missing": True})
        self.cohort(["user0@company.com", "user1@company.com", "user2@company.com"])
        self.sync(code=0)
        self.hubspot.fault(path="/memberships", method="PUT", kind="keep_member", count=1)
        self.cohort(["user0@company.com", "user1@company.com"])
        self.sync(code=3)
        self.assertIn("1 not removed yet", self.muster("history").out)
        self.assertEqual(self.muster("plan", "s", "--json").json["removes"], 1)
        out = self.muster("explain", "s", "user2@company.com").out
        self.assertIn("being removed; the next run over the whole cohort goes on", out)

    def test_says_what_the_read_back_saw(self):
        self.configure(sync={"create_missing": True, "on_drift": "report"})
        self.cohort([f"user{i}@company.com" for i in range(3)])
        self.sync(code=0)
        people = self.hubspot.lists()["amplitude_Power Users"]
        path = f"/crm/lists/2026-09/{people['id']}/memberships/remove"
        self.hubspot.call("PUT", path, [people["members"][0]["id"]])
        self.sync(code=3)
        self.assertIn("read back: 1 missing, 0 strangers", self.muster("history").out)


class SeveralSyncs(Workspace):
    def test_a_sync_that_is_named_twice_runs_once(self):
        self.configure()
        self.cohort(["a@company.com"])
        for names in (("s", "s"), ("s", "--all")):
            result = self.muster("sync", *names, "--json")
            self.assertEqual(result.code, 0, result)
            self.assertIsInstance(result.json, dict)


class Plan(Workspace):
    def test_a_plan_leaves_the_state_untouched_and_asks_nobody(self):
        self.configure()
        self.cohort(["a@company.com", "b@company.com"])
        self.sync(code=0)
        self.cohort(["b@company.com", "c@company.com", "broken"])
        self.hubspot.forget_requests()
        before = self.files()
        for arguments in ((), ("--full",), ("--rows", str(self.directory / "rows.csv"))):
            result = self.muster("plan", "s", "--json", *arguments)
            self.assertEqual(result.code, 0, result)
        self.assertEqual(self.files(), before)
        self.assertEqual(self.hubspot.requests(), [])

    def files(self):
        """Of the state; the reader's shared memory is no content."""
        return {
            path.name: path.read_bytes()
            for path in (self.directory / ".muster").rglob("*")
            if path.is_file() and not path.name.endswith("-shm")
        }

    def test_a_look_up_tells_who_would_be_created(self):
        self.configure()
        self.cohort(["a@company.com"])
        self.sync(code=0)
        self.cohort(["a@company.com", "b@company.com", "c@company.com"])
        known = {"properties": {"email": "b@company.com"}}
        self.hubspot.call("POST", "/crm/objects/2026-09/contacts", known)
        plan = self.muster("plan", "s", "--lookup", "--json").json
        self.assertEqual(plan["lookup"], {"exists": 1, "missing": 1})
        self.assertIn("1 would be created", self.muster("plan", "s", "--lookup").out)

    def test_a_look_up_of_those_dropped_before_alone_speaks_of_nobody_else(self):
        self.configure(sync={"create_missing": False})
        self.cohort(["a@company.com"])
        self.sync(code=3)
        out = self.muster("plan", "s", "--lookup").out
        self.assertIn("1 dropped before, looked for again: 0 there now", out)
        self.assertNotIn("0 exist", out)

    def test_rows_are_not_written_to_a_file_that_is_called_as_standard_output(self):
        self.configure()
        self.cohort(["a@company.com"])
        result = self.muster("plan", "s", "--rows", "-", "--json")
        self.assertEqual((result.code, result.json["error"]["code"]), (2, "plan.rows_file"))
        self.assertFalse(os.path.exists("-"))

    def test_every_row_is_written_to_the_file_that_was_asked_for(self):
        self.configure()
        self.cohort(["a@company.com", "b@company.com"])
        self.sync(code=0)
        self.cohort(["b@company.com", "c@company.com", "broken", "B@company.com"])
        rows = self.directory / "rows.csv"
        self.assertEqual(self.muster("plan", "s", "--rows", str(rows)).code, 0)
        found = self.report({"report": rows})
        told = sorted((r["operation"], r["identifier"], r["outcome"], r["reason"]) for r in found)
        self.assertEqual(
            told,
            [
                ("add", "c@company.com", "planned", ""),
                ("none", "b@company.com", "duplicate", "duplicate_of"),
                ("none", "b@company.com", "unchanged", ""),
                ("none", "broken", "dropped", "invalid_email"),
                ("remove", "", "planned", ""),
            ],
        )
        self.assertEqual(rows.stat().st_mode & 0o777, 0o600)

    def test_the_verdict_of_the_guard_fits_the_screen(self):
        self.configure()
        self.cohort([f"user{i}@company.com" for i in range(30)])
        self.sync(code=0)
        self.cohort(["user1@company.com"])
        out = self.muster("plan", "s").out
        self.assertIn("the guard would stop this run", out)
        self.assertLessEqual(max(len(line) for line in out.splitlines()), 100, out)

    def test_who_is_who_by_another_identifier_is_not_made_up(self):
        self.configure(sync={"identifier": {"column": "email", "as": "contact_id"}})
        ids = []
        for i in range(25):
            new = {"properties": {"email": f"user{i}@company.com"}}
            ids.append(self.hubspot.call("POST", "/crm/objects/2026-09/contacts", new)["id"])
        self.cohort(ids)
        self.sync(code=0)
        self.configure()
        self.cohort([f"user{i}@company.com" for i in range(25)])
        plan = self.muster("plan", "s", "--json").json
        self.assertEqual((plan["members"], plan["adds"], plan["removes"]), (25, None, None))
        self.assertIsNone(plan["guard"]["would_stop"])
        out = self.muster("plan", "s").out
        self.assertIn("not known without --lookup", out)
        self.assertNotIn("--allow-removals", out)

    def test_ragged_rows_are_told(self):
        self.configure()
        self.file("cohort.csv", "user_id,email\nu1,a@company.com,more\n")
        self.assertEqual(self.muster("plan", "s", "--json").json["ragged_rows"], 1)


if __name__ == "__main__":
    unittest.main()
