"""Cohorts from a simulated Amplitude, through the real program: download, list, init, limits."""

import os
import pty
import sqlite3
import subprocess

from amplitude_support import API_KEY, PEOPLE, SECRET_KEY, WithAmplitude
from support import MUSTER, PATIENCE


class FromAmplitude(WithAmplitude):
    def test_a_cohort_becomes_a_list(self):
        self.configure(sync={"source": self.source()})
        run = self.sync(code=0)
        self.assertEqual(run["listed"], 3)
        self.assertEqual(self.members(), {email for _, email in PEOPLE})
        requests = self.door("requests")["requests"]
        self.assertTrue(any(r["target"].startswith("/files/") for r in requests))
        for request in requests:
            self.assertEqual(request["authorized"], not request["target"].startswith("/files/"))

    def test_who_waits_for_amplitude_is_told_so(self):
        self.configure(sync={"source": self.source()})
        self.door("switches", {"polls_until_done": 3})
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 0)
        self.assertIn("Amplitude is still computing the cohort", result.err)
        self.assertIn("waiting, 60 min at most", " ".join(result.err.split()))

    def test_check_goes_by_the_limit_that_amplitude_told(self):
        self.configure(sync={"source": self.source(), "cadence": "hourly"})
        self.assertIn("allows a project 500", " ".join(self.muster("check").out.split()))
        self.door("switches", {"monthly_limit": 900})
        self.sync(code=0)
        self.assertEqual(self.muster("check").code, 0)

    def test_people_without_a_user_id_have_no_identifier(self):
        self.configure(sync={"source": self.source(), "identifier": {"column": "user_id", "as": "email"}})
        self.put_cohort([("ada@example.com", ""), ("", "")])
        run = self.sync(code=3)
        self.assertEqual(run["dropped"], {"no_identifier": 1})

    def test_plan_and_connections_tell_the_budget(self):
        self.configure(sync={"source": self.source()})
        self.door("others", {"downloads": 40})
        self.sync(code=0)
        plan = self.muster("plan", "s", "--json").json
        budget = {**plan["source_budget"], "resets_at": None}
        self.assertEqual(budget, {"used": 42, "limit": 500, "resets_at": None, "counted_by": "amplitude"})
        connections = self.muster("connections", "--json").json
        self.assertEqual(connections[0]["source_budgets"][0]["used"], 42)
        self.assertIn("42 of 500", self.muster("connections").out)

    def test_a_plan_and_the_first_run_cost_one_download(self):
        self.configure(sync={"source": self.source()})
        plan = self.muster("plan", "s", "--json").json
        self.assertEqual((plan["adds"], plan["source_budget"]["used"]), (3, 1))
        run = self.sync(code=0)
        (notice,) = run["notices"]
        self.assertEqual(notice["code"], "earlier_download")
        self.assertRegex(notice["message"], r"asked for at 20\d\d-\d\d-\d\d \d\d:\d\d UTC")
        self.assertEqual(self.asked(), 1)
        self.assertNotIn("notices", self.sync(code=0))
        self.assertEqual(self.asked(), 2)

    def test_an_archived_cohort_that_is_given_is_told(self):
        self.configure(sync={"source": self.source()})
        self.put_cohort(PEOPLE, archived=True)
        self.door("switches", {"archived_download": True})
        out = self.muster("sync", "s").out
        self.assertIn("7khm89cz is archived", out)
        self.assertLessEqual(max(len(line) for line in out.splitlines() if "/" not in line), 100)

    def asked(self):
        requests = self.door("requests")["requests"]
        return sum("/request/7khm89cz" in request["target"] for request in requests)

    def test_a_spent_budget_waits(self):
        self.configure(sync={"source": self.source()})
        self.door("others", {"downloads": 500})
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 75, result)
        self.assertEqual(result.json["error"]["code"], "amplitude.budget_spent")

    def test_check_refuses_a_cadence_that_can_not_fit(self):
        self.configure(sync={"source": self.source(), "cadence": "hourly"})
        result = self.muster("check", "--json")
        self.assertEqual(result.code, 2, result)
        (problem,) = result.json["problems"]
        self.assertEqual(problem["code"], "config.amplitude_budget")
        self.assertIn("744", problem["message"])
        self.assertEqual(self.door("requests")["requests"], [])
        del self.environment["AMPLITUDE_API_KEY"]
        problems = self.muster("check", "--json").json["problems"]
        self.assertIn("config.amplitude_budget", [problem["code"] for problem in problems])

    def test_secrets_are_in_no_state_and_no_log(self):
        self.configure(sync={"source": self.source(region="eu")})
        result = self.muster("sync", "s", "--json", "--log-level", "debug")
        self.assertEqual(result.code, 0, result)
        for name in ("state.db", "state.db-wal"):
            file = self.directory / ".muster" / name
            if file.exists():
                for secret in (API_KEY, SECRET_KEY):
                    self.assertNotIn(secret.encode(), file.read_bytes())
        self.assertNotIn(SECRET_KEY, result.out + result.err)

    def test_cohorts_lists_them_by_sync_and_by_keys_alone(self):
        self.configure(sync={"source": self.source()})
        self.door("cohorts", {"id": "old", "name": "Churned", "archived": True, "users": [],
                              "last_computed": 1679440233})
        for arguments, sync in (["s"], "s"), (["marketing"], "s"), (["--api-base", self.base], None):
            cohorts = self.muster("cohorts", *arguments, "--json").json
            project = {"region": "us", "sync": sync}
            self.assertEqual(
                cohorts,
                [{"id": "old", "name": "Churned", "size": 0,
                  "last_computed": "2023-03-21T23:10:33Z", "archived": True, **project},
                 {"id": "7khm89cz", "name": "Power Users", "size": 3, "last_computed": None,
                  "archived": False, **project}])
        self.assertIn("(archived)", self.muster("cohorts", "s").out)
        self.assertEqual(self.muster("cohorts", "nothing").code, 2)

    def test_cohorts_of_a_connection_are_those_of_each_of_its_projects(self):
        first = self.base
        self.start_amplitude()
        self.put_cohort([("u9", "zoe@example.com")], name="Newcomers")
        base = {"connection": "marketing", "identifier": {"column": "email", "as": "email"}}
        other = self.source(region="eu")
        self.base = first
        self.configure(syncs={
            "a": {**base, "cohort": "A", "source": self.source()},
            "again": {**base, "cohort": "Again", "source": self.source()},
            "b": {**base, "cohort": "B", "source": other}})
        told = self.muster("cohorts", "marketing", "--json").json
        self.assertEqual([(c["name"], c["sync"], c["region"]) for c in told],
                         [("Power Users", "a", "us"), ("Newcomers", "b", "eu")])
        out = self.muster("cohorts", "marketing").out
        self.assertLess(out.index("the project of 'a' (us):"), out.index("Power Users"))
        self.assertLess(out.index("the project of 'b' (eu):"), out.index("Newcomers"))
        result = self.muster("cohorts", "a", "--region", "eu")
        self.assertEqual((result.code, result.out), (2, ""), result)

    def test_cohorts_that_are_refused_leave_nothing_but_the_error(self):
        self.configure(sync={"source": self.source()})
        self.environment = {**self.environment, "AMPLITUDE_SECRET_KEY": "another"}
        result = self.muster("cohorts", "s")
        self.assertEqual((result.code, result.out), (2, ""), result)

    def test_cohorts_shows_a_name_that_would_drive_the_terminal_as_text(self):
        self.configure(sync={"source": self.source()})
        self.door("cohorts", {"id": "odd", "name": "two\nlines \x1b[31m", "users": []})
        told = self.muster("cohorts", "s").out
        self.assertIn("two\\x0alines \\x1b[31m", told)
        self.assertNotIn("\x1b", told)

    def test_init_writes_a_workspace_that_check_accepts(self):
        for source, flags in (
            ("csv:people.csv", []),
            ("jsonl:people.jsonl", ["--create-missing", "yes"]),
            ("amplitude:7khm89cz", ["--region", "eu", "--auth", "oauth"]),
            ("postgres:DATABASE_URL", ["--as", "contact_id", "--cadence", "daily at 06:30"]),
        ):
            with self.subTest(source):
                (self.directory / "muster.yaml").unlink(missing_ok=True)
                self.file("people.csv", "user_id,email\n")
                self.file("people.jsonl", "")
                self.environment["DATABASE_URL"] = "postgresql://nowhere.invalid/x"
                result = self.muster("init", "--cohort", 'Power "Users": #1', "--source", source, *flags)
                self.assertEqual(result.code, 0, result)
                self.assertIn("#", (self.directory / "muster.yaml").read_text())
                checked = self.muster("check")
                self.assertEqual(checked.code, 0, checked)

    def test_init_refuses_what_check_would_and_writes_nothing(self):
        given = {"--cohort": "c", "--source": "csv:people.csv"}
        for flags, code in (
            ({"--cadence": "nonsense"}, "config.cadence"),
            ({"--cadence": "daily", "--source": "csv:-"}, "config.cadence_of_input"),
            ({"--cadence": "hourly", "--source": "amplitude:x"}, "config.amplitude_budget"),
            ({"--source": "sql:postgresql://u:p@host/db"}, "config.literal_secret"),
            ({"--source": "postgres:no name"}, "config.literal_secret"),
            ({"--region": "eu"}, "init.no_effect"),
            ({"--region": "us", "--source": "amplitude_s3:files"}, "init.no_effect"),
            ({"--as": "contact_id", "--create-missing": "no"}, "init.no_effect"),
            ({"--cohort": ""}, "init.missing"),
            ({"--column": ""}, "init.missing"),
        ):
            with self.subTest(flags):
                arguments = [part for flag in {**given, **flags}.items() for part in flag]
                result = self.muster("init", *arguments, "--json")
                self.assertEqual((result.code, result.json["error"]["code"]), (2, code), result)
                self.assertFalse((self.directory / "muster.yaml").exists())

    def test_init_writes_a_column_of_any_name_that_check_accepts(self):
        with sqlite3.connect(self.directory / "people.db") as database:
            database.execute("CREATE TABLE people (user_id, \"l'e: mail #1\"\"\")")
        database.close()
        result = self.muster("init", "--cohort", "c", "--source", "sql:people.db",
                             "--column", "l'e: mail #1\"")
        self.assertEqual(result.code, 0, result)
        checked = self.muster("check")
        self.assertEqual(checked.code, 0, checked)

    def test_cohorts_sends_no_key_in_clear(self):
        for base in ("http://amplitude.example", "http://127.0.0.1:80@amplitude.example"):
            result = self.muster("cohorts", "--api-base", base, "--json")
            self.assertEqual((result.code, result.json["error"]["code"]), (2, "config.api_base"))
            self.assertEqual(result.json["error"]["where"], "--api-base")

    def test_init_asks_on_a_terminal_and_again_for_what_is_no_answer(self):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [MUSTER, "--workspace", self.directory, "init", "--auth", "token"],
            stdin=theirs, stdout=theirs, stderr=theirs, env=self.environment,
        )
        os.close(theirs)
        self.addCleanup(os.close, ours)
        os.write(ours, b"\nPower Users\ncsv:people.csv\nmail\nemail\n\nyes\n\n")
        shown = b""
        while b"Next: muster check" not in shown:
            shown += os.read(ours, 4096)
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(shown.count(b"Name of the cohort: "), 2, "an empty answer is none")
        self.assertEqual(shown.count(b"(email, contact_id) [email]: "), 2)
        text = (self.directory / "muster.yaml").read_text()
        for part in ("Power Users", "people.csv", "column: \"email\"", "create_missing: true"):
            self.assertIn(part, text)

    def test_init_leaves_an_existing_file_alone_and_says_what_is_missing(self):
        self.assertEqual(self.muster("init", "--cohort", "c").code, 2)
        self.assertEqual(self.muster("init", "--cohort", "c", "--source", "cvs:x").code, 2)
        file = self.file("muster.yaml", "mine\n")
        self.assertEqual(self.muster("init", "--cohort", "c", "--source", "csv:x").code, 2)
        self.assertEqual(file.read_text(), "mine\n")


if __name__ == "__main__":
    import unittest

    unittest.main()
