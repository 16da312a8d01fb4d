"""Two processes on one connection, whose refresh tokens serve once."""

import unittest

from support import Workspace


class SharedConnection(Workspace):
    switches = {"rotate_refresh_tokens": True}

    def setUp(self):
        super().setUp()
        base = {"connection": "marketing", "identifier": {"column": "email", "as": "email"}}
        names = ("first", "second")
        self.configure(
            auth="oauth",
            syncs={
                name: {**base, "cohort": name, "source": {"csv": f"{name}.csv"}} for name in names
            },
        )
        for name in names:
            self.cohort([f"{name}@example.com"], name=f"{name}.csv")
        self.assertEqual(self.connect().code, 0)

    def state(self):
        return self.muster("connections", "--json").json[0]["state"]

    def renewals(self):
        return [r["status"] for r in self.hubspot.requests() if r["target"].endswith("/token")]

    def test_both_refresh_at_once_and_the_connection_stays_good(self):
        self.hubspot.forget_requests()
        self.hubspot.control("expire-tokens", {})
        # Who is first waits for its answer, and the other for its tokens.
        self.hubspot.fault(path="/oauth/2026-09/token", method="POST", kind="slow", delay_ms=1500)
        processes = [self.start("sync", name, "--json") for name in ("first", "second")]
        for process in processes:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, (out, err))
        self.assertEqual(self.renewals(), [200])
        self.assertEqual(self.state(), "connected")
        self.sync(name="first", code=0)


if __name__ == "__main__":
    unittest.main()
