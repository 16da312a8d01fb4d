"""A list belongs to one account: tokens of another never write for it unless the user says so."""

import subprocess
import unittest

from support import PATIENCE, TOKEN, Simulator, Workspace


class OtherAccount(Workspace):
    def setUp(self):
        super().setUp()
        folder = self.directory / "other"
        folder.mkdir()
        self.other = Simulator(folder, portal=99)
        self.addCleanup(self.other.close)
        self.first = self.hubspot

    def move(self, auth, **config):
        """From now on the connection leads to the other account."""
        self.hubspot = self.other
        self.configure(auth=auth, **config)

    def writes(self):
        return [r["target"] for r in self.other.requests() if "/crm/" in r["target"]]

    def test_a_static_token_of_another_account_is_noticed(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.move("token")
        self.environment["HUBSPOT_TOKEN"] = "pat-na1-the-other-accounts"
        self.other.control("static-token", {"token": "pat-na1-the-other-accounts"})
        plan = self.muster("plan", "s", "--json").json
        self.assertTrue(plan["token_changed"])
        self.assertIn("--lookup", self.muster("plan", "s").out)
        self.assertEqual(self.other.requests(), [])
        plan = self.muster("plan", "s", "--lookup", "--json").json
        self.assertEqual(plan["refused"]["code"], "run.account_changed")
        result = self.muster("sync", "s", "--json")
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.json["error"]["code"], "run.account_changed")
        self.assertEqual(result.json["audience"]["url"], "")
        explained = self.muster("explain", "s", "a@example.com", "--json").json
        self.assertNotEqual(explained["people"][0]["record"]["id"], "")
        self.assertEqual(explained["people"][0]["record"]["url"], "")
        self.assertEqual(self.writes(), [])
        run = self.sync("--full", code=0)
        self.assertEqual((run["listed"], run["created"]), (1, 1))

    def test_lists_of_another_account_are_left_alone_when_leaving(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        number = self.first.lists()["amplitude_Power Users"]["id"]
        self.move("token")
        self.environment["HUBSPOT_TOKEN"] = "pat-na1-the-other-accounts"
        self.other.control("static-token", {"token": "pat-na1-the-other-accounts"})
        theirs = None
        while theirs != number:
            theirs = self.other.control("lists", {"name": f"Newsletter {theirs}"})["id"]
        result = self.muster("disconnect", "marketing", "--yes", "--json", "--lists", "delete")
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.json["error"]["code"], "leave.account_changed")
        self.assertFalse(any(entry["deleted"] for entry in self.other.lists().values()))

    def test_a_token_that_was_connected_in_between_is_another_one(self):
        """As a shell and cron with different tokens: each use is of the account that it says."""
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.move("token")
        self.environment["HUBSPOT_TOKEN"] = "pat-na1-the-other-accounts"
        self.other.control("static-token", {"token": "pat-na1-the-other-accounts"})
        connected = self.muster("connect", "marketing", "--another-account", "--json")
        self.assertEqual(connected.json["account"]["id"], "99", connected)
        self.assertFalse(self.muster("plan", "s", "--json").json.get("token_changed", False))
        self.hubspot = self.first
        self.environment["HUBSPOT_TOKEN"] = TOKEN
        self.configure()
        self.sync(code=0)
        self.assertNotEqual(self.muster("connections", "--json").json[0]["account"]["id"], "99")
        self.move("token")
        self.environment["HUBSPOT_TOKEN"] = "pat-na1-the-other-accounts"
        self.assertEqual(self.sync(code=1)["error"]["code"], "run.account_changed")
        self.assertEqual(self.writes(), [])

    def test_tokens_of_oauth_go_with_their_account(self):
        self.connected_with_a_list()
        self.move("token")
        self.environment["HUBSPOT_TOKEN"] = "pat-na1-the-other-accounts"
        self.other.control("static-token", {"token": "pat-na1-the-other-accounts"})
        self.sync("--full", code=0)
        self.hubspot = self.first
        self.configure(auth="oauth")
        self.cohort(["a@example.com", "b@example.com"])
        self.first.forget_requests()
        self.assertEqual(self.sync(code=5)["error"]["code"], "hubspot.not_connected")
        self.assertEqual(self.first.requests(), [])

    def connected_with_a_list(self):
        self.configure(auth="oauth")
        self.assertEqual(self.connect().code, 0)
        self.cohort(["a@example.com"])
        self.sync(code=0)

    def former_account_goes_on(self):
        """The tokens that are stored are the former account's: it, and it alone, is written to."""
        self.assertEqual(self.writes(), [])
        self.hubspot = self.first
        self.configure(auth="oauth")
        self.cohort(["a@example.com", "b@example.com"])
        self.sync(code=0)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})

    def test_a_declined_account_leaves_no_token_behind(self):
        self.connected_with_a_list()
        self.move("oauth")
        declined = self.connect()  # nobody is there to confirm
        revoked = [r for r in self.other.requests() if r["target"].endswith("/token/revoke")]
        self.assertEqual([r["status"] for r in revoked], [200])
        self.assertEqual(declined.code, 2, declined)
        self.assertEqual(declined.json["error"]["code"], "cli.not_confirmed")
        self.assertEqual(self.muster("connections", "--json").json[0]["state"], "connected")
        self.former_account_goes_on()

    def test_a_connect_that_fails_half_way_leaves_no_token_behind(self):
        self.connected_with_a_list()
        self.move("oauth")
        self.other.fault(path="/account-info", status=503, count=-1)
        self.assertEqual(self.connect().code, 75)
        self.former_account_goes_on()

    def test_a_run_that_is_under_way_never_goes_on_in_the_new_account(self):
        source = {"sync": {"source": {"csv": "-"}}}
        self.configure(auth="oauth", **source)
        self.assertEqual(self.connect().code, 0)
        header, rows = "user_id,email\n", [f"u{i},p{i}@example.com\n" for i in range(12000)]
        first = self.muster("sync", "s", "--json", stdin=header + rows[0])
        self.assertEqual(first.code, 0, first)

        run = self.start("sync", "s", "--json", stdin=subprocess.PIPE)
        run.stdin.write(header + "".join(rows))  # more than a pipe holds: it is reading
        run.stdin.flush()
        self.move("oauth", **source)
        connected = self.connect("allow", "marketing", "--another-account")
        self.assertEqual(connected.code, 0, connected)
        out, err = run.communicate(timeout=PATIENCE)
        self.assertEqual(run.returncode, 1, (out, err))
        self.assertIn('"run.connection_changed"', out)
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.muster("connections", "--json").json[0]["state"], "connected")


class Revoking(Workspace):
    def test_tokens_are_kept_until_hubspot_has_revoked_them(self):
        self.configure(auth="oauth")
        self.assertEqual(self.connect().code, 0)
        self.hubspot.fault(path="/token/revoke", status=429, policy="TEN_SECONDLY_ROLLING")
        self.assertEqual(self.muster("disconnect", "marketing", "--yes", "--json").code, 75)
        self.assertEqual(self.muster("connections", "--json").json[0]["state"], "connected")
        self.assertEqual(self.muster("disconnect", "marketing", "--yes", "--json").code, 0)
        self.assertEqual(self.muster("connections", "--json").json[0]["state"], "disconnected")

    def test_who_connects_meanwhile_stays_connected(self):
        self.configure(auth="oauth")
        self.assertEqual(self.connect().code, 0)
        self.hubspot.forget_requests()
        self.hubspot.fault(path="/token/revoke", kind="slow", delay_ms=3000)
        leaving = self.start("disconnect", "marketing", "--yes", "--json")
        while not any(r["target"].endswith("/revoke") for r in self.hubspot.requests()):
            self.assertIsNone(leaving.poll())
        self.assertEqual(self.connect().code, 0)
        out, err = leaving.communicate(timeout=PATIENCE)
        self.assertEqual(leaving.returncode, 1, (out, err))
        self.assertIn('"leave.connected_again"', out)
        self.cohort(["a@example.com"])
        self.sync(code=0)


if __name__ == "__main__":
    unittest.main()
