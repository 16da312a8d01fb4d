"""Nobody's identifier, and no secret, stands anywhere but in the reports and under a seal."""

import base64
import pathlib
import unittest

from support import TOKEN, Workspace

PEOPLE = [f"secret.person{i}@company.com" for i in range(12)]
REFUSED = "refused.person@company.com"
INVALID = "not-an-address-of-anybody"


def spellings(text):
    """As a careless program would leave it behind."""
    plain = text.encode()
    forms = {plain, plain.upper(), plain.title(), plain.hex().encode(), plain.hex().upper().encode()}
    forms.add(text.encode("utf-16-le"))
    forms.add(text.replace("@", "%40").encode())
    # Base64 of a text within another: whatever stands before it, its middle is one of three.
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(encode(b"." * shift + plain)[4:-4])
    return forms


class Privacy(Workspace):
    def setUp(self):
        super().setUp()
        self.outputs = []
        self.configure()

    def told(self, *arguments):
        for level in ("debug", "warning"):
            for form in ("text", "json"):
                result = self.muster(
                    *arguments, "--log-level", level, "--log-format", form
                )
                self.outputs += [(arguments, result.out), (arguments, result.err)]
        result = self.muster(*arguments, "--json", "--log-level", "debug")
        self.outputs += [(arguments, result.out), (arguments, result.err)]
        return result

    def assert_nobody_is_named(self, names):
        needles = {form for name in names for form in spellings(name)}
        needles |= spellings(TOKEN)
        for arguments, text in self.outputs:
            for needle in needles:
                self.assertNotIn(needle, text.encode(), arguments)
        for path in (self.directory / ".muster").rglob("*"):
            if path.is_dir() or path.suffix == ".csv":
                continue
            content = path.read_bytes()
            for needle in needles:
                self.assertNotIn(needle, content, path)
        self.assertEqual(self.left_in_temporary_files(needles), [])

    def left_in_temporary_files(self, needles):
        return [
            path
            for path in pathlib.Path("/tmp").glob("muster*")
            if path.is_file() and any(needle in path.read_bytes() for needle in needles)
        ]

    def write(self, people):
        rows = "".join(f"u{i},{email}\n" for i, email in enumerate(people))
        self.file("cohort.csv", f"user_id,email\n{rows}x,{INVALID}\ny,\n")

    def test_runs_of_every_kind_leave_nobody_behind(self):
        self.write([*PEOPLE, REFUSED])
        self.told("check")
        self.told("plan", "s", "--lookup")
        # Cut short in the middle: pending rows, sealed.
        self.hubspot.fault(path="/memberships", kind="reset", applied=True, count=-1)
        self.configure(sync={"retry_for": "1s"})
        self.told("sync", "s")
        self.hubspot.control("faults", method="DELETE")
        self.told("sync", "s")  # resumed
        self.write(PEOPLE[4:])
        self.told("sync", "s", "--allow-removals")
        self.write([])
        self.told("sync", "s")  # stopped by the guard
        self.write(PEOPLE[4:])
        # An answer that repeats what it was asked, an error that names people.
        self.hubspot.fault(path="/batch/read", status=400, count=1)
        self.told("sync", "s", "--full")
        self.told("verify", "s")
        self.told("verify", "s", "--repair")
        self.told("history", "s")
        self.told("connections")
        self.assert_nobody_is_named([*PEOPLE, REFUSED, INVALID])

    def test_reports_name_people_and_are_for_the_owner_alone(self):
        self.write(PEOPLE)
        run = self.sync(code=3)
        report = pathlib.Path(run["report"])
        self.assertIn(PEOPLE[0], report.read_text())
        self.assertEqual(report.stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.directory / ".muster").stat().st_mode & 0o777, 0o700)

    def test_a_broken_source_is_told_without_its_cells(self):
        self.write(PEOPLE)
        with open(self.directory / "cohort.csv", "a") as file:
            file.write(f'"{PEOPLE[0]}" broken,{PEOPLE[1]}\n')
        self.told("check")
        self.told("plan", "s")
        self.told("sync", "s")
        self.assert_nobody_is_named(PEOPLE)


if __name__ == "__main__":
    unittest.main()
