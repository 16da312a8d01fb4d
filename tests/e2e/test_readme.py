"""The documentation is true: its links lead somewhere, its configuration and commands work."""

import pathlib
import re
import unittest

from support import ROOT, TOKEN, Workspace

READMES = [p for p in ROOT.rglob("*.md") if "build" not in p.relative_to(ROOT).parts]
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.M | re.S)


def blocks(path, language):
    found = FENCE.findall(path.read_text())
    return [
        "\n".join(line[len(indent):] for line in text.splitlines()) + "\n"
        for indent, kind, text in found
        if kind == language
    ]


class Links(unittest.TestCase):
    def test_every_relative_link_leads_somewhere(self):
        broken = []
        for readme in READMES:
            for link in re.findall(r"\]\(([^)#]+)", readme.read_text()):
                if "://" not in link and not (readme.parent / link).exists():
                    broken.append(f"{readme.relative_to(ROOT)}: {link}")
        self.assertEqual(broken, [])


class FirstSync(Workspace):
    """The README's own muster.yaml, cohort and commands, against the simulated account."""

    def setUp(self):
        super().setUp()
        readme = ROOT / "README.md"
        (config,) = blocks(readme, "yaml")
        (cohort,) = blocks(readme, "csv")
        # All that differs from the real account is where it is.
        config = config.replace(
            "    destination: hubspot\n",
            f'    destination: hubspot\n    settings: {{api_base: "{self.hubspot.base}"}}\n',
        )
        self.file("muster.yaml", config)
        self.file("power_users.csv", cohort)
        self.environment["HUBSPOT_TOKEN"] = TOKEN
        self.commands = [
            line.split("#")[0].split()
            for block in blocks(readme, "sh")
            for line in block.splitlines()
            if line.startswith("muster ")
        ]

    def test_the_commands_of_the_readme_do_what_it_says(self):
        self.assertEqual(
            [command[1] for command in self.commands], ["check", "connect", "plan", "sync", "history"]
        )
        for command in self.commands:
            result = self.muster(*command[1:])
            # Nobody of the cohort is a contact of the account, and none is created: drops.
            self.assertEqual(result.code, 3 if command[1] == "sync" else 0, result)

    def test_the_table_of_commands_is_whole(self):
        table = set(re.findall(r"^\| `muster (\w+)", (ROOT / "README.md").read_text(), re.M))
        table |= set(re.findall(r", `muster (\w+)", (ROOT / "README.md").read_text()))
        out = self.muster("--help").out
        known = set(re.findall(r"^  (\w+)\s{2,}", out[out.index("Subcommands:"):], re.M))
        self.assertEqual(table, known)


if __name__ == "__main__":
    unittest.main()
