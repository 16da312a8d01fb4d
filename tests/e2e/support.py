"""A workspace, a simulated HubSpot and the real program, for tests that go through all of it."""

import csv
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build" / "dev"))
MUSTER = BUILD / "bin" / "muster"
SIMULATOR = BUILD / "bin" / "hubspot-simulator"
TOKEN = "pat-na1-simulated-token"
# The slowest step of any test, with room for sanitisers on a busy machine.
PATIENCE = 120


def shared(*parts):
    """A file of the design's shared folder; required in CI."""
    path = ROOT.parent / "shared" / pathlib.Path(*parts)
    if path.exists():
        return path
    if os.environ.get("MUSTER_CI"):
        raise AssertionError(f"{path} is required in CI")
    raise unittest.SkipTest(f"{path} is not there")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class Simulator:
    """hubspot-simulator on a free port."""

    def __init__(self, directory, contacts=None, refused=None, switches=None, seed=1, portal=0):
        self.port_file = pathlib.Path(directory) / "simulator.port"
        command = [SIMULATOR, "--port-file", self.port_file, "--token", TOKEN, "--seed", str(seed)]
        if portal:
            command += ["--portal", str(portal)]
        if contacts:
            command += ["--contacts", contacts]
        if refused:
            command += ["--refused-emails", refused]
        # Unthrottled unless a test is about limits.
        command += ["--switches", json.dumps({"burst_limit": 0, **(switches or {})})]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self.port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the simulator did not start")
            time.sleep(0.01)
        self.base = f"http://127.0.0.1:{self.port_file.read_text().strip()}"

    def close(self):
        self.process.terminate()
        self.process.wait()

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()}") from error
        return json.loads(text) if text else None

    def control(self, what, body=None, method=None):
        return self.call(method or ("GET" if body is None else "POST"), f"/_simulator/{what}", body)

    def switch(self, **switches):
        self.control("switches", switches)

    def fault(self, **fault):
        self.control("faults", fault)

    def requests(self):
        return self.control("requests")["requests"]

    def forget_requests(self):
        self.control("requests", method="DELETE")

    def lists(self):
        return {entry["name"]: entry for entry in self.control("lists")["lists"]}

    def grant(self, url, decision="allow"):
        """Answers the consent page as a person would; returns where the browser is sent."""
        data = urllib.parse.urlencode({"decision": decision}).encode()
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(url, data) as response:
                raise AssertionError(f"the consent page answered {response.status}")
        except urllib.error.HTTPError as error:
            if error.code != 302:
                raise AssertionError(f"the consent page refused: {error.read()}") from error
            return error.headers["Location"]


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def told(self):
        """What stands on standard error, without its line breaks."""
        return " ".join(self.err.split())

    def __repr__(self):
        return f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


class Workspace(unittest.TestCase):
    """Each test has a directory, a simulator and a muster.yaml of its own."""

    contacts = None
    refused_emails = None
    switches = None
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="muster-e2e-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.hubspot = Simulator(self.directory, self.contacts, self.refused_emails, self.switches)
        self.addCleanup(self.hubspot.close)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "HUBSPOT_"))},
            "HUBSPOT_CLIENT_ID": "simulated-client-id",
            "HUBSPOT_CLIENT_SECRET": "simulated-client-secret",
            "HUBSPOT_TOKEN": TOKEN,
            "TZ": "UTC",
        }

    def file(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        return path

    def configure(self, auth="token", sync=None, connection=None, syncs=None):
        """Writes muster.yaml with the sync `s` from cohort.csv by e-mail, unless told otherwise."""
        auths = {
            "token": {"token": {"env": "HUBSPOT_TOKEN"}},
            "oauth": {
                "client_id": {"env": "HUBSPOT_CLIENT_ID"},
                "client_secret": {"env": "HUBSPOT_CLIENT_SECRET"},
            },
        }
        given = dict(connection or {})
        settings = {"api_base": self.hubspot.base, "app_base": self.hubspot.base}
        settings.update(given.pop("settings", {}))
        base = {
            "cohort": "Power Users",
            "source": {"csv": "cohort.csv"},
            "connection": "marketing",
            "identifier": {"column": "email", "as": "email"},
        }
        config = {
            "version": 1,
            "connections": {
                "marketing": {
                    "destination": "hubspot",
                    "auth": auths[auth],
                    "redirect_port": 0,
                    "settings": settings,
                    **given,
                }
            },
            "syncs": syncs or {"s": {**base, **(sync or {})}},
        }
        # JSON is YAML.
        self.file("muster.yaml", json.dumps(config, indent=1, ensure_ascii=False))

    def muster(self, *arguments, stdin=None):
        done = subprocess.run(
            [MUSTER, "--workspace", self.directory, *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            timeout=PATIENCE,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        return subprocess.Popen(
            [MUSTER, "--workspace", self.directory, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def connect(self, decision="allow", name="marketing", *arguments):
        """Runs `muster connect` and answers the consent page as a person would."""
        process = self.start("connect", name, "--no-browser", "--json", *arguments)
        url = None
        lines = []
        for line in process.stderr:
            lines.append(line)
            found = re.search(r"http://\S+/oauth/authorize\S+", line)
            if found:
                url = found.group()
                break
        if url:
            location = self.hubspot.grant(url, decision)
            urllib.request.urlopen(location).read()
        out, err = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, out, "".join(lines) + err)

    def sync(self, *arguments, code=None, name="s"):
        result = self.muster("sync", name, "--json", *arguments)
        if code is not None:
            self.assertEqual(result.code, code, result)
        return result.json

    def cohort(self, emails, name="cohort.csv", column="email"):
        rows = [f"u{i},{email}" for i, email in enumerate(emails)]
        self.file(name, "\n".join([f"user_id,{column}", *rows]) + "\n")

    def members(self, name="amplitude_Power Users"):
        """The e-mail addresses in the list."""
        return {member["email"] for member in self.hubspot.lists()[name]["members"]}

    def report(self, run):
        with open(run["report"], newline="") as file:
            return list(csv.DictReader(file))

    def stop(self, process, how=signal.SIGTERM):
        process.send_signal(how)
        out, err = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, out, err)
