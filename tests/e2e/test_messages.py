"""What is told of small mistakes: what it is, where, and what to do."""

import sqlite3
import unittest

from support import Workspace


class Messages(Workspace):
    def test_an_unknown_command_is_named(self):
        result = self.muster("synk", "s", "--json")
        error = result.json["error"]
        self.assertEqual((result.code, error["code"]), (2, "cli.unknown_command"))
        self.assertIn("'synk'", error["message"])
        self.assertIn("'sync'", error["hint"])
        self.assertIn("--help", error["hint"])
        self.assertIn("--help", self.muster("xyzzy").told)

    def test_a_missing_command_and_an_unknown_option_are_none(self):
        for arguments in ((), ("--nonsense",), ("sync", "s", "--nonsense")):
            result = self.muster(*arguments, "--json")
            self.assertEqual((result.code, result.json["error"]["code"]), (2, "cli.usage"))

    def test_a_state_that_holds_nothing_yet_is_no_older_version(self):
        self.configure()
        self.cohort(["a@example.com"])
        # As a full disk leaves it at the first run: a header, and no table.
        state = self.directory / ".muster"
        state.mkdir(mode=0o700)
        self.make_empty_state(state / "state.db")
        for command in (("history",), ("plan", "s")):
            error = self.muster(*command, "--json").json["error"]
            self.assertEqual(error["code"], "state.unfinished")
            self.assertIn("muster sync", error["hint"])
        self.sync(code=0)

    @staticmethod
    def make_empty_state(path):
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA journal_mode = WAL")
        database.close()
        assert path.stat().st_size == 4096

    def test_a_name_with_a_line_break_stays_on_its_line(self):
        self.configure(sync={"cohort": "Power\nUsers"})
        self.cohort(["a@example.com"])
        for command in (("check",), ("plan", "s"), ("sync", "s"), ("verify", "s")):
            out = self.muster(*command).out
            self.assertIn("Power\\x0aUsers", out.replace("\n   ", ""), command)
            self.assertNotIn("Power\nUsers", out, command)


if __name__ == "__main__":
    unittest.main()
