"""A workspace whose runs are killed: at a random instant, or while HubSpot holds a request."""

import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from support import PATIENCE, Workspace  # noqa: E402

HELD_MS = 3_600_000


class Killing(Workspace):
    def hold(self, skip=0, applied=True, **match):
        """HubSpot holds the next request but `skip` that matches; the effect came, or never does."""
        kind = "slow" if applied else "reset"
        self.hubspot.fault(kind=kind, skip=skip, delay_ms=HELD_MS, **match)

    def forget_faults(self):
        self.hubspot.control("faults", method="DELETE")

    def wait_until_held(self, process, count):
        """Until HubSpot has got `count` requests, or the process has ended: whether it is held."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if len(self.hubspot.requests()) >= count:
                return True
            if process.poll() is not None:
                return False
            time.sleep(0.005)
        raise AssertionError("the run neither ended nor came to the request")

    def kill(self, process):
        process.kill()
        process.wait(timeout=PATIENCE)
        process.stdout.close()
        process.stderr.close()

    def start_sync(self):
        return self.start("sync", "s", "--json")

    def end_by(self, process, how=signal.SIGTERM):
        process.send_signal(how)
        process.communicate(timeout=PATIENCE)
        return process.returncode
