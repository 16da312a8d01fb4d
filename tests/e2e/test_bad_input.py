"""What bad input gets: what, where and what to do next; the right exit code; state as it was."""

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from support import BUILD, MUSTER, PATIENCE, TOKEN, Workspace


class BadInput(Workspace):
    def refused(self, result, code, error, where="", hint=""):
        self.assertEqual(result.code, code, result)
        told = result.json["error"]
        self.assertEqual(told["code"], error, result)
        self.assertIn(where, told["where"])
        self.assertIn(hint, told["hint"])
        self.assertTrue(told["message"])
        return told

    def run_s(self, *arguments):
        return self.muster("sync", "s", "--json", *arguments)

    def state(self):
        """Everything but the history of runs."""
        path = self.directory / ".muster" / "state.db"
        with sqlite3.connect(path) as database:
            return {
                table: database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                for table in ("member", "secret")
            }

    # ---- configuration

    def test_no_workspace(self):
        self.refused(self.muster("check", "--json"), 2, "config.no_workspace", "muster.yaml")

    def test_unknown_key_names_the_nearest(self):
        self.configure(sync={"identifer": {}})
        self.refused(self.run_s(), 2, "config.unknown_key", "muster.yaml:", "identifier")

    def test_unknown_sync_names_the_nearest(self):
        self.configure(syncs={"power_users": self.config_sync()})
        result = self.muster("sync", "power_user", "--json")
        self.refused(result, 2, "config.unknown_sync", hint="power_users")

    def config_sync(self):
        return {
            "cohort": "A",
            "source": {"csv": "cohort.csv"},
            "connection": "marketing",
            "identifier": {"column": "email", "as": "email"},
        }

    def test_unknown_connection(self):
        self.configure(sync={"connection": "marketting"})
        self.refused(self.run_s(), 2, "config.unknown_connection", "muster.yaml:", "marketing")

    def test_unknown_destination(self):
        self.configure()
        config = self.directory / "muster.yaml"
        config.write_text(config.read_text().replace('"hubspot"', '"hubspt"'))
        self.refused(self.run_s(), 2, "plugin.unknown", "muster.yaml:", "hubspot")

    def test_literal_secret_is_refused_and_not_repeated(self):
        self.configure()
        text = (self.directory / "muster.yaml").read_text()
        text = text.replace('{\n     "env": "HUBSPOT_TOKEN"\n    }', '"pat-na1-very-secret"')
        self.assertIn("very-secret", text)
        self.file("muster.yaml", text)
        result = self.run_s()
        self.refused(result, 2, "config.literal_secret", "muster.yaml:")
        self.assertNotIn("very-secret", result.out + result.err)

    def test_secret_in_the_place_of_its_name_is_not_repeated(self):
        self.configure(connection={"auth": {"token": {"env": "pat-na1-very-secret"}}})
        result = self.run_s()
        self.refused(result, 2, "config.literal_secret", "muster.yaml:")
        self.assertNotIn("very-secret", result.out + result.err)

    def test_secret_that_is_not_set(self):
        self.configure()
        del self.environment["HUBSPOT_TOKEN"]
        self.cohort(["a@example.com"])
        self.refused(self.run_s(), 2, "config.secret_not_set", "muster.yaml:", "HUBSPOT_TOKEN")

    def test_unknown_setting_is_named(self):
        self.configure(connection={"settings": {"api_vresion": "2026-09"}})
        told = self.refused(self.run_s(), 2, "hubspot.bad_setting", "muster.yaml:")
        self.assertIn("api_vresion", told["message"])

    def test_unknown_identifier_kind(self):
        self.configure(sync={"identifier": {"column": "email", "as": "phone"}})
        self.refused(self.run_s(), 2, "config.identifier_kind", hint="email, contact_id")

    def test_create_missing_from_contact_ids(self):
        self.configure(sync={"identifier": {"column": "i", "as": "contact_id"}, "create_missing": True})
        self.refused(self.run_s(), 2, "config.create_missing")

    def test_check_tells_every_problem(self):
        self.configure(
            syncs={
                "a": {**self.config_sync(), "cadence": "sometimes"},
                "b": {**self.config_sync(), "cohort": "B", "source": {"csv": "nowhere.csv"}},
            }
        )
        self.cohort(["a@example.com"])
        result = self.muster("check", "--json")
        self.assertEqual(result.code, 2)
        codes = [problem["code"] for problem in result.json["problems"]]
        self.assertEqual(codes, ["config.cadence", "source.unreadable"])
        self.assertFalse((self.directory / ".muster").exists())
        self.assertEqual(self.hubspot.requests(), [])

    def test_usage(self):
        self.configure()
        for arguments in (["sync", "--json"], ["sync", "s", "--json", "--fulll"], ["snyc", "--json"]):
            result = self.muster(*arguments)
            self.assertEqual(result.code, 2, result)
            self.assertIn("error", result.json)

    def test_help_everywhere_has_an_example(self):
        commands = ["check", "plugins", "connect", "connections", "plan", "sync", "history", "report",
                    "disconnect", "uninstall"]
        for command in [[], *[[name] for name in commands]]:
            result = self.muster(*command, "--help")
            self.assertEqual(result.code, 0)
            self.assertIn("Example:", result.out)
        self.assertIn("muster 0.", self.muster("--version").out)

    # ---- sources

    def test_missing_file(self):
        self.configure()
        self.refused(self.run_s(), 1, "source.unreadable", "cohort.csv")

    def test_check_leaves_standard_input_alone(self):
        self.configure(sync={"source": {"csv": "-"}})
        result = self.muster("check", stdin="no_email\n1\n")
        self.assertEqual(result.code, 0, result)

    def test_two_syncs_never_share_standard_input(self):
        base = {
            "source": {"csv": "-"},
            "connection": "marketing",
            "identifier": {"column": "email", "as": "email"},
        }
        other = {**base, "source": {"csv": "/dev/stdin"}}
        self.configure(syncs={"a": {**base, "cohort": "a"}, "b": {**other, "cohort": "b"}})
        people = "user_id,email\nu1,a@example.com\n"
        for name in ("a", "b"):
            self.assertEqual(self.muster("sync", name, stdin=people).code, 0)
        result = self.muster("sync", "--all", "--allow-removals", "--json", stdin=people)
        self.assertEqual(result.code, 2, result)
        self.assertEqual(result.json["error"]["code"], "cli.shared_input")
        self.assertIn("a, b all read", result.json["error"]["message"])
        for name in ("a", "b"):
            self.assertEqual(self.members(f"amplitude_{name}"), {"a@example.com"})

    def test_a_run_that_waits_for_standard_input_can_be_ended(self):
        self.configure(sync={"source": {"csv": "-"}})
        process = subprocess.Popen(
            [MUSTER, "--workspace", self.directory, "sync", "s", "--json"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=self.environment,
        )
        self.addCleanup(process.stdin.close)
        while not (self.directory / ".muster" / "state.db").exists():
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.terminate()
        out = process.stdout.read()
        process.stderr.close()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=PATIENCE), 130, out)

    def test_missing_column_names_the_nearest(self):
        self.configure()
        self.file("cohort.csv", "user_id,emial\nu1,a@example.com\n")
        self.refused(self.run_s(), 1, "source.missing_column", "cohort.csv:1:1", "emial")

    def test_broken_quoting_refuses_the_file_before_anything_is_sent(self):
        self.configure()
        self.file("cohort.csv", 'user_id,email\nu1,a@example.com\nu2,"b@example.com\n')
        told = self.refused(self.run_s(), 1, "csv.open_quote", "cohort.csv:3:4")
        self.assertNotIn("b@example.com", json.dumps(told))
        writes = [r for r in self.hubspot.requests() if r["method"] != "GET"]
        self.assertEqual(writes, [])

    def test_latin_1_is_told_as_such(self):
        self.configure()
        self.file("cohort.csv", "user_id,email\nJürgen,a@example.com\n".encode("latin-1"))
        self.refused(self.run_s(), 1, "csv.not_utf8", "cohort.csv:2:2", "Latin-1")

    def test_truncated_gzip(self):
        self.configure()
        packed = gzip.compress(b"user_id,email\n" + b"u,a@example.com\n" * 1000)
        self.file("cohort.csv", packed[:-20])
        self.refused(self.run_s(), 1, "source.truncated")

    def test_ragged_rows_are_counted_and_warned_of(self):
        self.configure()
        self.file("cohort.csv", "user_id,email\nu1,a@example.com\nu2\nu3,c@example.com,x\n")
        run = self.sync(code=3)
        self.assertEqual(run["ragged_rows"], 2)
        self.assertEqual(run["dropped"], {"no_identifier": 1})
        self.assertIn("cohort.csv:3:1", run["notices"][0]["first_at"])
        (next_at,) = run["notices"][0]["next_at"]
        self.assertIn("cohort.csv:4:1", next_at)
        self.assertIn("cohort.csv:3:1, line 4", " ".join(self.muster("sync", "s").out.split()))

    def test_ragged_rows_refuse_a_strict_source(self):
        self.configure(sync={"source": {"csv": "cohort.csv", "strict": True}})
        self.file("cohort.csv", "user_id,email\nu2\n")
        self.refused(self.run_s(), 1, "source.ragged_row", "cohort.csv:2:1")

    def test_empty_source_never_empties_a_list(self):
        self.configure()
        self.cohort(["a@example.com", "b@example.com"])
        self.sync(code=0)
        before = self.state()
        self.file("cohort.csv", "user_id,email\n")
        self.refused(self.run_s(), 4, "guard.empty_source", hint="--allow-removals")
        self.assertEqual(self.state(), before)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})
        self.sync("--allow-removals", code=0)
        self.assertEqual(self.members(), set())

    # ---- HubSpot

    def test_wrong_token(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.environment["HUBSPOT_TOKEN"] = "pat-na1-another-token"
        result = self.run_s()
        self.refused(result, 5, "hubspot.malformed_token")
        self.assertNotIn("another-token", result.out + result.err)
        # What it did not come to know is no figure, and least of all 0.
        for figure in ("rows", "members", "listed", "dropped", "to_retry"):
            self.assertIsNone(result.json[figure], figure)
        self.assertEqual(self.state_of_connection(), "never", "nobody withdrew anything")
        self.refused(self.muster("connect", "marketing", "--json"), 5, "hubspot.malformed_token")
        self.assertEqual(self.state_of_connection(), "never")
        self.environment["HUBSPOT_TOKEN"] = TOKEN
        self.sync(code=0)
        self.assertEqual(self.state_of_connection(), "connected")

    def state_of_connection(self):
        return self.muster("connections", "--json").json[0]["state"]

    def test_revoked_access_tells_no_figures_of_the_cohort(self):
        self.configure(auth="oauth")
        self.connect()
        self.cohort(["a@example.com", "b@example.com"])
        self.sync(code=0)
        self.hubspot.control("uninstall", {})
        self.assertEqual(self.run_s().code, 5)
        run = self.run_s()
        self.refused(run, 5, "connection.revoked")
        self.assertIsNone(run.json["rows"])
        self.assertEqual((run.json["added"], run.json["removed"]), (0, 0))
        self.assertIn("the cohort was not read", self.muster("sync", "s").out)

    def test_wrong_client_secret(self):
        self.environment["HUBSPOT_CLIENT_SECRET"] = "wrong-client-secret"
        self.configure(auth="oauth")
        result = self.connect()
        self.refused(result, 2, "hubspot.bad_client")
        self.assertNotIn("wrong-client-secret", result.out + result.err)
        self.assertEqual(self.muster("connections", "--json").json[0]["state"], "never")

    def test_denied_consent(self):
        self.configure(auth="oauth")
        self.refused(self.connect(decision="deny"), 5, "connect.denied")

    def test_pasting_an_answer_needs_the_apps_port(self):
        self.configure(auth="oauth", connection={"redirect_port": 0})
        result = self.muster("connect", "marketing", "--paste", "--json", stdin="")
        self.refused(result, 2, "connect.paste_port", hint="redirect_port")

    def test_sync_before_connect(self):
        self.configure(auth="oauth")
        self.cohort(["a@example.com"])
        self.refused(self.run_s(), 5, "connection.never", hint="muster connect marketing")

    def test_unreachable_hubspot(self):
        self.configure(sync={"retry_for": "1s"})
        self.cohort(["a@example.com"])
        self.hubspot.close()
        run = self.run_s()
        self.assertEqual(run.code, 75, run)
        self.assertEqual(run.json["error"]["code"], "hubspot.unreachable")
        self.assertIn("muster.yaml:", run.json["error"]["where"])

    def test_hubspot_that_becomes_unreachable_keeps_what_is_done(self):
        self.configure(sync={"retry_for": "1s"})
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.cohort(["a@example.com", "b@example.com"])
        self.hubspot.fault(kind="reset", count=-1)
        run = self.run_s()
        self.assertEqual(run.code, 75, run)
        self.assertEqual((run.json["listed"], run.json["to_retry"]), (1, 1))
        self.hubspot.control("faults", method="DELETE")
        self.sync(code=0)
        self.assertEqual(self.members(), {"a@example.com", "b@example.com"})

    def test_list_of_that_name_is_someone_elses(self):
        self.configure()
        self.cohort(["new@example.com"])
        self.hubspot.control("lists", {"name": "AMPLITUDE_power users"})
        self.refused(self.run_s(), 1, "hubspot.list_taken", hint="adopt_list")
        # Nothing was created, and the second try does not take it over either.
        self.refused(self.run_s(), 1, "hubspot.list_taken")
        creates = [r for r in self.hubspot.requests() if r["target"].endswith("/batch/create")]
        self.assertEqual(creates, [])

    def test_list_is_adopted_when_the_user_allows_it(self):
        self.configure(connection={"settings": {"adopt_list": "true"}})
        self.cohort(["new@example.com"])
        self.hubspot.control("lists", {"name": "amplitude_Power Users"})
        self.sync(code=0)
        self.assertEqual(len(self.hubspot.lists()), 1)

    def test_list_that_can_not_be_renamed_is_told_by_the_name_that_it_has(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        self.hubspot.control("lists", {"name": "amplitude_Other Users"})
        self.configure(sync={"cohort": "Other Users"})
        run = self.run_s()
        self.refused(run, 1, "hubspot.list_taken")
        self.assertEqual(run.json["audience"]["name"], "amplitude_Power Users")

    def test_dynamic_list_is_never_adopted(self):
        self.configure(connection={"settings": {"adopt_list": "true"}})
        self.cohort(["new@example.com"])
        self.hubspot.control("lists", {"name": "amplitude_Power Users", "type": "DYNAMIC"})
        self.refused(self.run_s(), 1, "hubspot.list_taken")

    def test_withdrawn_scope_is_named(self):
        self.configure(auth="oauth")
        self.connect()
        self.cohort(["a@example.com"])
        self.hubspot.control("withdraw-scope", {"scope": "crm.objects.contacts.read"})
        told = self.refused(self.run_s(), 5, "hubspot.missing_scope")
        self.assertIn("crm.objects.contacts.read", told["message"])
        # The connection itself is good.
        self.assertEqual(self.muster("connections", "--json").json[0]["state"], "connected")

    # ---- plugins

    def test_plugin_of_another_level(self):
        folder = self.directory / "plugins"
        folder.mkdir(mode=0o755)
        library = next(BUILD.rglob("test_plugin_LevelOutOfRange.so"))
        shutil.copy(library, folder / "bad.so")
        (folder / "bad.so").chmod(0o755)
        self.file(
            "plugins/bad.yaml",
            "manifest: 1\nid: bad\nname: Bad\nlibrary: {linux-x86_64: bad.so, linux-aarch64: bad.so}\n"
            "enabled: true\n",
        )
        self.configure(connection={"destination": "bad"})
        self.environment["MUSTER_ADD_PLUGIN_PATH"] = str(folder)
        listed = {entry["id"]: entry for entry in self.muster("plugins", "--json").json}
        self.assertEqual(listed["bad"]["state"], "bad_library")
        self.assertIn("level 9", listed["bad"]["reason"])
        self.assertIn("install a version", listed["bad"]["hint"])
        self.assertEqual(listed["hubspot"]["state"], "loaded")
        self.refused(self.run_s(), 2, "plugin.level")

    # ---- state

    def with_a_run(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.sync(code=0)
        return self.directory / ".muster" / "state.db"

    def test_corrupt_state_is_refused_and_kept(self):
        state = self.with_a_run()
        broken = b"not a database at all" * 400
        for suffix in ("-wal", "-shm"):
            (state.parent / (state.name + suffix)).unlink(missing_ok=True)
        state.write_bytes(broken)
        self.refused(self.run_s(), 1, "state.corrupt", "state.db")
        self.assertEqual(state.read_bytes(), broken)

    def test_state_of_a_newer_version_is_refused_and_kept(self):
        state = self.with_a_run()
        with sqlite3.connect(state) as database:
            database.execute("PRAGMA user_version = 99")
        self.refused(self.run_s(), 1, "state.newer", "state.db")

    def test_lost_key_is_refused_and_no_new_one_made(self):
        state = self.with_a_run()
        key = state.parent / "vault.key"
        key.unlink()
        result = self.run_s()
        self.assertEqual(result.code, 1, result)
        self.assertIn("vault.", result.json["error"]["code"])
        self.assertFalse(key.exists())

    def test_wrong_key(self):
        self.with_a_run()
        self.environment["MUSTER_KEY"] = "0" * 63 + "1"
        result = self.run_s()
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.json["error"]["code"], "vault.wrong_key")

    def test_files_are_for_the_owner_alone(self):
        state = self.with_a_run()
        for path in (state.parent, *state.parent.rglob("*")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_read_only_state(self):
        state = self.with_a_run()
        state.chmod(0o400)
        state.parent.chmod(0o500)
        try:
            self.assertEqual(self.run_s().code, 1)
        finally:
            state.parent.chmod(0o700)

    def test_output_that_can_not_be_written_is_no_success(self):
        state = self.with_a_run()
        self.assertTrue(state.exists())
        for command in (("report", "1"), ("history",), ("history", "--json")):
            with open("/dev/full", "w") as full:
                done = subprocess.run([MUSTER, "--workspace", self.directory, *command],
                                      stdout=full, stderr=subprocess.PIPE, text=True,
                                      env=self.environment, timeout=PATIENCE)
            self.assertEqual(done.returncode, 1, command)
            self.assertIn("standard output", done.stderr)

    def test_a_sync_that_an_interruption_keeps_from_beginning_is_told(self):
        base = {"source": {"csv": "cohort.csv"}, "connection": "marketing",
                "identifier": {"column": "email", "as": "email"}}
        self.configure(syncs={"a": {"cohort": "A", **base}, "b": {"cohort": "B", **base}})
        self.cohort(["a@example.com"])
        # The first run's last request is under way.
        self.hubspot.fault(path="/memberships", method="GET", kind="slow", delay_ms=1500)
        process = self.start("sync", "--all", "--json")
        while not any(r["target"].partition("?")[0].endswith("/memberships")
                      for r in self.hubspot.requests()):
            pass
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
        first, second = json.loads(out)
        self.assertEqual(process.returncode, 130, out)
        self.assertEqual(first["sync"], "a")
        self.assertEqual((second["sync"], second["error"]["code"]), ("b", "run.interrupted"))

    def test_a_member_that_is_never_settled_keeps_nobody_from_leaving(self):
        self.configure(sync={"retry_for": "1s", "guard": "off"})
        self.cohort(["a@example.com", "b@example.com"])
        self.sync(code=0)
        self.hubspot.fault(path="/batch/create", status=500, count=-1)
        self.cohort(["a@example.com", "new@example.com"])
        run = self.sync(code=75)
        self.assertEqual((run["listed"], run["removed"], run["to_retry"]), (1, 1, 1))
        self.assertEqual(self.members(), {"a@example.com"})

    def test_second_run_from_another_container_is_refused(self):
        probe = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"],
                               capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("only root may make a namespace of processes")
        self.configure()
        self.cohort(["a@example.com"])
        self.hubspot.fault(path="/lists/", kind="slow", delay_ms=3000)
        process = self.start("sync", "s", "--json")
        while not self.hubspot.requests():
            pass
        second = subprocess.run(
            ["unshare", "--pid", "--fork", "--mount-proc",
             MUSTER, "--workspace", self.directory, "sync", "s", "--json"],
            capture_output=True, text=True, env=self.environment, timeout=PATIENCE)
        self.assertEqual(second.returncode, 6, second)
        out, _ = process.communicate()
        self.assertEqual(json.loads(out)["status"], "succeeded")

    def test_second_run_of_a_sync_is_refused(self):
        self.configure()
        self.cohort(["a@example.com"])
        self.hubspot.fault(path="/lists/", kind="slow", delay_ms=3000)
        process = self.start("sync", "s", "--json")
        # The first run is under way once HubSpot saw it.
        while not self.hubspot.requests():
            pass
        self.refused(self.run_s(), 6, "run.busy")
        out, _ = process.communicate()
        self.assertEqual(json.loads(out)["status"], "succeeded")


if __name__ == "__main__":
    unittest.main()
