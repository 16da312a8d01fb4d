"""Taking leave of an account: what is done there, and that no more is claimed than was done."""

import re
import signal
import time
import unittest
import urllib.request

from support import Workspace


class Lists(Workspace):
    def setUp(self):
        super().setUp()
        self.configure()
        self.cohort(["a@example.com", "b@example.com"])

    def leave(self, *arguments, command="disconnect", code=0):
        result = self.muster(command, "marketing", "--yes", "--json", *arguments)
        self.assertEqual(result.code, code, result)
        return result.json

    def test_are_kept_unless_asked(self):
        self.sync(code=0)
        left = self.leave()
        self.assertEqual((left["lists"], left["lists_changed"]), ("keep", 0))
        self.assertEqual(len(self.members()), 2)

    def test_are_emptied_or_deleted_when_asked(self):
        for how, deleted in (("empty", False), ("delete", True)):
            with self.subTest(how):
                self.cohort([f"{how}@example.com"])
                self.muster("connect", "marketing")
                self.sync(code=0)
                self.assertEqual(self.leave("--lists", how)["lists_changed"], 1)
                entry = self.hubspot.lists()["amplitude_Power Users"]
                self.assertEqual(entry["deleted"], deleted)
                self.assertTrue(deleted or entry["members"] == [])

    def test_that_are_gone_already_do_not_keep_anyone_from_leaving(self):
        self.sync(code=0)
        number = self.hubspot.lists()["amplitude_Power Users"]["id"]
        self.hubspot.call("DELETE", f"/crm/lists/2026-09/{number}")
        self.leave("--lists", "empty")

    def test_that_muster_did_not_make_stay_as_they_are(self):
        number = self.hubspot.control("lists", {"name": "amplitude_Power Users"})["id"]
        self.configure(connection={"settings": {"adopt_list": "true"}})
        for how in ("empty", "delete"):
            with self.subTest(how):
                self.muster("connect", "marketing")
                self.sync(code=0)
                left = self.leave("--lists", how)
                self.assertEqual((left["lists_changed"], left["lists_left"]), (0, 1))
                entry = self.hubspot.lists()["amplitude_Power Users"]
                self.assertEqual((entry["id"], entry["deleted"]), (number, False))
                self.assertEqual(len(entry["members"]), 2)

    def test_are_not_claimed_to_be_changed_without_access(self):
        self.sync(code=0)
        self.leave()
        refused = self.leave("--lists", "empty", code=5)
        self.assertEqual(refused["error"]["code"], "leave.no_access")
        self.assertEqual(len(self.members()), 2)
        self.leave()  # leaving twice is left


class Uninstalling(Workspace):
    def test_with_a_static_token_says_that_there_is_no_app(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        result = self.muster("uninstall", "marketing", "--yes")
        self.assertEqual(result.code, 0, result)
        self.assertNotIn("the app uninstalled", result.out)
        self.assertIn("Nothing was uninstalled", result.out)
        self.assertIn("Development > Keys", result.out)

    def test_after_a_disconnect_says_that_the_app_may_still_be_there(self):
        self.configure(auth="oauth")
        self.assertEqual(self.connect().code, 0)
        self.assertEqual(self.muster("disconnect", "marketing", "--yes").code, 0)
        result = self.muster("uninstall", "marketing", "--yes")
        self.assertEqual(result.code, 0, result)
        self.assertIn("Nothing was uninstalled", result.out)
        self.assertIn("muster connect marketing", result.out)

    def test_the_app_removes_it_and_touches_no_list(self):
        self.configure(auth="oauth")
        self.assertEqual(self.connect().code, 0)
        self.cohort(["a@example.com"])
        self.sync(code=0)
        result = self.muster("uninstall", "marketing", "--yes", "--json")
        self.assertEqual(result.code, 0, result)
        self.assertTrue(result.json["uninstalled"])
        self.assertEqual(len(self.members()), 1)
        self.assertEqual(self.muster("uninstall", "marketing", "--yes", "--json").code, 0)
        self.assertEqual(self.muster("sync", "s", "--json").code, 5)


class KilledWhileConnecting(Workspace):
    def test_leaves_the_former_accounts_tokens_in_use(self):
        self.configure(auth="oauth")
        self.assertEqual(self.connect().code, 0)
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.hubspot.forget_requests()
        self.hubspot.fault(path="/account-info/", kind="slow", delay_ms=60_000)
        process = self.start("connect", "marketing", "--no-browser")
        for line in process.stderr:
            found = re.search(r"http://\S+/oauth/authorize\S+", line)
            if found:
                break
        location = self.hubspot.grant(found.group())
        urllib.request.urlopen(location).read()
        while not any("/account-info/" in r["target"] for r in self.hubspot.requests()):
            time.sleep(0.01)
        self.stop(process, signal.SIGKILL)
        self.sync(code=0)
        self.assertEqual(self.connect().code, 0)
        self.sync(code=0)


if __name__ == "__main__":
    unittest.main()
