"""A workspace with a simulated Amplitude beside the simulated HubSpot."""

import json
import subprocess
import time

from support import BUILD, PATIENCE, Workspace

API_KEY = "0123456789abcdef0123456789abcdef"
SECRET_KEY = "a-secret-key-of-the-project"
PEOPLE = [("u1", "ada@example.com"), ("u2", "bob@example.com"), ("", "eve@example.com")]


class WithAmplitude(Workspace):
    def setUp(self):
        super().setUp()
        self.environment["AMPLITUDE_API_KEY"] = API_KEY
        self.environment["AMPLITUDE_SECRET_KEY"] = SECRET_KEY
        self.start_amplitude()
        self.put_cohort(PEOPLE)

    def start_amplitude(self, **switches):
        port_file = self.directory / "amplitude.port"
        port_file.unlink(missing_ok=True)  # of another one
        process = subprocess.Popen(
            [BUILD / "bin" / "amplitude-simulator", "--port-file", port_file, "--api-key", API_KEY,
             "--secret-key", SECRET_KEY, "--switches",
             json.dumps({"polls_until_done": 0, "inline_limit": 0, **switches})],
            stdout=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        deadline = time.monotonic() + PATIENCE
        while not port_file.exists():
            self.assertIsNone(process.poll(), "the simulator did not start")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.base = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def door(self, what, body=None):
        hubspot, self.hubspot.base = self.hubspot.base, self.base
        try:
            return self.hubspot.control(what, body)
        finally:
            self.hubspot.base = hubspot

    def put_cohort(self, people, **more):
        users = [{"user_id": user, "properties": {"email": email}} for user, email in people]
        self.door("cohorts", {"id": "7khm89cz", "name": "Power Users", "users": users, **more})

    def source(self, **more):
        return {"amplitude": {
            "cohort": "7khm89cz", "api_base": self.base,
            "api_key": {"env": "AMPLITUDE_API_KEY"},
            "secret_key": {"env": "AMPLITUDE_SECRET_KEY"}, **more}}
