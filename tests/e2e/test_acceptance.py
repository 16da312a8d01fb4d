"""The acceptance case: the exact figures of two days, by e-mail and by contact id."""

import csv
import json
import shutil
import unittest

from support import ROOT, Workspace, shared

REASONS = [
    "invalid_email",
    "invalid_contact_id",
    "no_identifier",
    "not_found",
    "rejected_by_destination",
]


class Acceptance(Workspace):
    folder = None  # of the case

    @classmethod
    def setUpClass(cls):
        if cls.folder is None:
            raise unittest.SkipTest("a base class")
        folder = cls.folder()
        cls.case = folder
        cls.contacts = folder / "hubspot_contacts.csv"
        cls.refused_emails = folder / "refused_emails.txt"
        cls.expected = json.loads((folder / "expected.json").read_text())
        cls.expected_members = json.loads((folder / "expected_members.json").read_text())

    def day(self, mode, day):
        shutil.copy(self.case / f"{mode}_{day}.csv", self.directory / "cohort.csv")
        self.hubspot.forget_requests()
        run = self.sync(code=3)
        expected = self.expected[mode][day]
        figures = {
            name: run["dropped"].get(name, 0) if name in REASONS else run[name]
            for name in expected
            if name not in ("records_removed", "audience_size")
        }
        # Two members may be one record: rows of the report are members, records are what left.
        figures["records_removed"] = len(
            {
                row["record_id"]
                for row in self.report(run)
                if (row["operation"], row["outcome"]) == ("remove", "removed")
            }
        )
        members = self.hubspot.lists()["amplitude_Power Users"]["members"]
        figures["audience_size"] = len(members)
        self.assertEqual(figures, expected)
        self.assertEqual(run["rows"], run["members"] + run["duplicates"])
        self.assertEqual(
            run["members"], run["listed"] + sum(run["dropped"].values()) + run["to_retry"]
        )
        self.assertEqual(run["verified"]["missing"], 0)
        self.assertEqual(run["verified"]["strangers"], 0)
        ids = {row["id"] for row in self.known}
        listed = {m["id"] if m["id"] in ids else f"new:{m['email']}" for m in members}
        self.assertEqual(listed, set(self.expected_members[mode][day]))

    def again(self, mode, day):
        """The same file once more: nothing is written to HubSpot."""
        self.hubspot.forget_requests()
        run = self.sync(code=3)
        self.assertEqual((run["added"], run["created"], run["removed"]), (0, 0, 0))
        self.assertEqual(run["listed"], self.expected[mode][day]["listed"])
        writes = [
            request["target"]
            for request in self.hubspot.requests()
            if request["method"] != "GET" and not request["target"].endswith("/batch/read")
        ]
        self.assertEqual(writes, [])

    def case_of(self, mode, identifier, auth):
        with open(self.contacts, newline="") as file:
            self.known = list(csv.DictReader(file))
        self.configure(auth=auth, sync={"identifier": identifier})
        if auth == "oauth":
            self.assertEqual(self.connect().code, 0)
        for day in ("day1", "day2"):
            self.day(mode, day)
            self.again(mode, day)

    def test_by_email_over_oauth(self):
        self.case_of("email", {"column": "email", "as": "email"}, "oauth")

    def test_by_contact_id_with_a_static_token(self):
        self.case_of("contact_id", {"column": "hubspot_id", "as": "contact_id"}, "token")


class SampleAcceptance(Acceptance):
    @staticmethod
    def folder():
        return ROOT / "host" / "sample"


class SharedAcceptance(Acceptance):
    @staticmethod
    def folder():
        return shared("acceptance")


del Acceptance  # unittest would run the base class, too

if __name__ == "__main__":
    unittest.main()
