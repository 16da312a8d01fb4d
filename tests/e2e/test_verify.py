"""muster verify: its exit codes and its JSON, as scripts use them."""

import unittest

from support import Workspace

KEYS = {"sync", "audience", "expected", "confirmed", "missing", "strangers", "leavers"}
KEYS |= {"unsettled", "repaired"}


class Verify(Workspace):
    def setUp(self):
        super().setUp()
        self.configure()
        self.cohort([f"user{i}@company.com" for i in range(5)])
        self.sync(code=0)

    def list_id(self):
        return self.hubspot.lists()["amplitude_Power Users"]["id"]

    def take_out(self, email):
        members = self.hubspot.lists()["amplitude_Power Users"]["members"]
        (gone,) = [member["id"] for member in members if member["email"] == email]
        path = f"/crm/lists/2026-09/{self.list_id()}/memberships/remove"
        self.hubspot.call("PUT", path, [gone])

    def verify(self, code, *arguments):
        result = self.muster("verify", "s", "--json", *arguments)
        self.assertEqual(result.code, code, result)
        return result.json

    def test_a_list_that_is_right(self):
        found = self.verify(0)
        self.assertEqual(set(found), KEYS)
        self.assertEqual(found["audience"], "amplitude_Power Users")
        self.assertEqual((found["expected"], found["confirmed"]), (5, 5))

    def test_drift_is_told_and_mended(self):
        self.take_out("user3@company.com")
        found = self.verify(3)
        self.assertEqual((found["expected"], found["confirmed"], found["missing"]), (5, 4, 1))
        self.assertEqual(found["repaired"], 0)
        mended = self.verify(0, "--repair")
        self.assertEqual((mended["confirmed"], mended["missing"], mended["repaired"]), (5, 0, 1))
        self.assertIn("user3@company.com", self.members())
        rows = [r for r in self.report(mended) if r["operation"] == "add"]
        self.assertEqual([(r["source_id"], r["outcome"]) for r in rows], [("u3", "added")])
        self.assertTrue(rows[0]["record_url"].endswith(rows[0]["record_id"]))
        self.verify(0)

    def test_a_stranger_differs_and_stays(self):
        path = "/crm/objects/2026-09/contacts"
        new = self.hubspot.call("POST", path, {"properties": {"email": "x@company.com"}})["id"]
        self.hubspot.call("PUT", f"/crm/lists/2026-09/{self.list_id()}/memberships/add", [new])
        self.assertEqual(self.verify(3)["strangers"], 1)
        self.assertEqual(self.verify(0, "--repair")["strangers"], 1)
        self.assertIn("x@company.com", self.members())

    def test_what_the_guards_hint_names_is_a_flag_of_a_repair(self):
        self.configure(sync={"remove_strangers": True})
        path = "/crm/objects/2026-09/contacts"
        many = [
            self.hubspot.call("POST", path, {"properties": {"email": f"x{i}@company.com"}})["id"]
            for i in range(20)
        ]
        self.hubspot.call("PUT", f"/crm/lists/2026-09/{self.list_id()}/memberships/add", many)
        self.assertIn("on top", self.muster("plan", "s").out)
        self.assertIsNone(self.muster("plan", "s", "--json").json["strangers"])
        stopped = self.verify(4, "--repair")
        self.assertIn("--allow-removals", stopped["error"]["hint"])
        self.assertEqual(self.verify(0, "--repair", "--allow-removals")["strangers"], 0)
        self.assertEqual(self.muster("verify", "s", "--allow-removals").code, 2)

    def test_a_repair_that_fails_gives_no_verdict(self):
        self.configure(sync={"retry_for": "1s"})
        self.hubspot.fault(path="/memberships", status=503, count=-1)
        found = self.verify(75, "--repair")
        for name in ("expected", "confirmed", "missing", "strangers", "leavers", "repaired"):
            self.assertIsNone(found[name], name)
        self.assertEqual(found["error"]["code"][:8], "hubspot.")
        result = self.muster("verify", "s", "--repair")
        self.assertNotIn("the list is right", result.out)
        self.assertNotIn("expected", result.out)

    def test_what_a_run_left_open_is_not_called_right(self):
        self.configure(sync={"retry_for": "1s"})
        self.cohort([f"user{i}@company.com" for i in range(7)])
        self.hubspot.fault(path="/memberships/add-and-remove", kind="reset", applied=True, count=-1)
        self.sync(code=75)
        self.hubspot.control("faults", method="DELETE")
        self.assertEqual(self.verify(3)["unsettled"], 2)
        self.assertEqual(self.verify(3, "--repair")["unsettled"], 2)
        told = self.muster("verify", "s")
        self.assertIn("the list differs", told.out)
        self.assertIn("muster sync s", told.out)
        self.sync(code=0)
        self.assertEqual(self.verify(0)["unsettled"], 0)

    def test_for_people(self):
        self.take_out("user3@company.com")
        result = self.muster("verify", "s")
        self.assertIn("the list differs", result.out)
        self.assertIn("--repair", result.out)
        self.assertNotIn("@company.com", result.out)

    def test_a_sync_that_never_ran(self):
        self.configure(
            syncs={
                "new": {
                    "cohort": "Others",
                    "source": {"csv": "cohort.csv"},
                    "connection": "marketing",
                    "identifier": {"column": "email", "as": "email"},
                }
            }
        )
        result = self.muster("verify", "new", "--json")
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.json["error"]["code"], "verify.no_list")


class FirstReport(Workspace):
    def test_the_first_run_of_a_static_token_links_records(self):
        self.configure()
        self.cohort(["a@company.com"])
        (row,) = self.report(self.sync(code=0))
        self.assertTrue(row["record_id"])
        self.assertTrue(row["record_url"].endswith(row["record_id"]), row)


if __name__ == "__main__":
    unittest.main()
