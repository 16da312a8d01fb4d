"""The schemas that ship say what the parsers say: of whole documents, and of each with one change."""

import copy
import json
import os
import subprocess
import unittest

import jsonschema

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PARSER = os.path.join(os.environ["MUSTER_BUILD"], "bin", "parse-configuration")

SECRET = {"env": "HUBSPOT_TOKEN"}


def workspace(source):
    """A workspace in which every key stands."""
    return {
        "version": 1,
        "plugins": ["../manifests"],
        "defaults": {"list_prefix": "amplitude_"},
        "reports": {"keep": "90d"},
        "listen": {"address": "127.0.0.1", "port": 8979, "headers": {"X-Secret": SECRET}},
        "connections": {
            "marketing": {
                "destination": "hubspot",
                "auth": {"client_id": SECRET, "client_secret": {"file": "secret"}},
                "redirect_port": 8976,
                "rate_share": "80%",
                "settings": {"api_version": "2026-09"},
            }
        },
        "syncs": {
            "power_users": {
                "cohort": "Power Users",
                "source": source,
                "push": {"cohort": "7khm89cz"},
                "connection": "marketing",
                "identifier": {"column": "email", "as": "email"},
                "create_missing": True,
                "cadence": "hourly",
                "verify": True,
                "on_drift": "report",
                "on_list_deleted": "recreate",
                "remove_strangers": False,
                "guard": {"max_removals": "30%"},
                "retry_for": "2m",
                "properties": {"plan": "plan_tier"},
            }
        },
    }


SOURCES = [
    {"csv": "cohorts/*.csv", "delimiter": ";", "header": True, "id_column": "user_id",
     "strict": True},
    {"jsonl": "cohorts/*.jsonl", "id_column": "user_id"},
    {"sql": "people.db", "query": "SELECT email FROM people", "id_column": "user_id"},
    {"sql": {"env": "DATABASE_URL"}, "query": "SELECT email FROM people"},
    {"amplitude": {"cohort": "7khm89cz", "region": "eu", "api_key": {"env": "API_KEY"},
                   "secret_key": {"file": "secret_key"}, "properties": ["email"],
                   "api_base": "http://127.0.0.1:8978"}, "id_column": "userID"},
    {"amplitude_s3": "exports", "cohort": "7khm89cz", "id_column": "user_id"},
]
MANIFEST = {
    "manifest": 1,
    "id": "hubspot",
    "name": "HubSpot contact lists",
    "library": {"linux-x86_64": "a.so", "linux-aarch64": "b.so"},
    "enabled": True,
    "sha256": {"linux-x86_64": "0" * 64},
    "hosts": ["api.hubapi.com"],
    "settings": {"api_version": "2026-09"},
}
OTHER_VALUES = [
    None, True, False, 0, 1, 2, -1, 65535, 65536, 0.5, 1.5, "", "x", "off", "0%", "30%", "101%",
    "0.5", "5m", "5 minutes", "tab", "../x", "a..b", "A" * 65, "report", "stop", [], ["x"], {},
    {"x": "y"}, {"env": "NAME"}, {"env": "NAME", "file": "name"},
]
# What only the parser can see: names that lead nowhere, a push that its source does not fit.
BEYOND_A_SCHEMA = {"config.unknown_connection", "config.push_without_listen",
                   "config.push_cohort", "config.push_id"}


def places(value, path=()):
    """Every place in a document, from the root down."""
    yield path
    inside = (value.items() if isinstance(value, dict)
              else enumerate(value) if isinstance(value, list) else ())
    for key, child in inside:
        yield from places(child, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changed(document):
    """The document, and each that differs from it in one place: what it is called, and it."""
    yield "unchanged", document
    for path in places(document):
        name = "/".join(map(str, path)) or "the root"
        if path:
            for value in OTHER_VALUES:
                other = copy.deepcopy(document)
                at(other, path[:-1])[path[-1]] = value
                yield f"{name} = {json.dumps(value)}", other
            if isinstance(path[-1], str):
                other = copy.deepcopy(document)
                del at(other, path[:-1])[path[-1]]
                yield f"without {name}", other
        if isinstance(at(document, path), dict):
            other = copy.deepcopy(document)
            at(other, path)["unknown key"] = "x"
            yield f"unknown key in {name}", other


def parsed(kind, documents):
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    done = subprocess.run([PARSER, kind], input=lines, capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:-1]


def validator(name):
    with open(os.path.join(ROOT, "host", "schemas", name), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class Schemas(unittest.TestCase):
    def agree(self, kind, schema_name, documents):
        schema = validator(schema_name)
        cases = [case for document in documents for case in changed(document)]
        verdicts = parsed(kind, [document for _, document in cases])
        self.assertEqual(len(verdicts), len(cases))
        self.assertEqual(verdicts[0], "ok")
        different = [
            f"{name}: parser {verdict}, schema {'ok' if schema.is_valid(document) else 'refuses'}"
            for (name, document), verdict in zip(cases, verdicts)
            if verdict not in BEYOND_A_SCHEMA and (verdict == "ok") != schema.is_valid(document)
        ]
        self.assertEqual(different, [])

    def test_the_workspace_schema_says_what_the_parser_says(self):
        self.agree("workspace", "muster.schema.json", [workspace(source) for source in SOURCES])

    def test_the_workspace_schema_knows_the_headers_that_are_taken(self):
        taken = ["Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding",
                 "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect", "Date",
                 "User-Agent", "Accept", "Accept-Encoding", "Via", "Proxy-Authorization",
                 "Proxy-Connection"]
        schema = validator("muster.schema.json")
        cases = [case for name in [*taken, *map(str.lower, taken), *map(str.upper, taken)]
                 for case in ((name, False), ("X-" + name, True), (name + "-X", True))]
        documents = []
        for header, _ in cases:
            documents.append(workspace(SOURCES[0]))
            documents[-1]["listen"]["headers"] = {header: SECRET}
        for (header, good), document, verdict in zip(cases, documents, parsed("workspace", documents)):
            self.assertEqual((verdict == "ok", schema.is_valid(document)), (good, good), header)

    def test_the_manifest_schema_says_what_the_parser_says(self):
        self.agree("manifest", "manifest.schema.json", [MANIFEST])


if __name__ == "__main__":
    unittest.main()
