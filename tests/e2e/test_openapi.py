"""The plugin's requests and the simulator's answers, against HubSpot's own OpenAPI files.

Shapes come from 2026-03 where the 2026-09 files are stubs, paths from 2026-09 (hubspot/api.md §0).
Skipped where the shared folder is absent; required in CI.
"""

import json
import re
import unittest
import urllib.parse

import jsonschema

from support import Workspace, shared

# The file that tells the shapes of a path, by how the path begins once its version is taken out.
FILES = {
    "/crm/objects/": "contacts-2026-03.json",
    "/crm/lists": "lists-2026-09.json",
    "/oauth/": "oauth-2026-03.json",
    "/account-info/": "account-info-2026-09.json",
    "/appinstalls/": "app-uninstalls-2026-09.json",
}

# What the files have wrong, or leave out: (schema, what is changed, why).
KNOWN_ERRORS = [
    ("BatchReadInputSimplePublicObjectId", {"not_required": ["propertiesWithHistory"]},
     "the documentation's own samples leave it out (api.md §4.2)"),
    ("SimplePublicObjectBatchInputForCreate", {"not_required": ["associations"]},
     "marked required, omitting it works (api.md §4.1)"),
    ("SimplePublicObject", {"nullable_values": "properties"},
     "a property that is defined and empty is null (api.md §4)"),
    ("StandardError", {"not_required": "all"},
     "every field of an error is optional, by HubSpot's own statement (api.md §8)"),
    ("MembershipsUpdateResponse", {"not_required": "all"},
     "empty arrays are left out (api.md §5)"),
    ("TokenResponseIF", {"not_required": ["user_id", "id_token", "refresh_token", "scopes",
                                          "hub_id", "signed_access_token"]},
     "live answers hold no more than api.md §2.2 shows"),
    ("TokenInfoResponseBaseIF", {"not_required": "all"},
     "an unknown token is answered {\"active\": false} (api.md §2.4)"),
]
# What the files demand and the simulator leaves out, since the plugin never reads it.
KNOWN_ERRORS += [
    ("PublicAccessTokenInfoResponse",
     {"not_required": ["signed_access_token", "is_private_distribution"]},
     "for apps that verify tokens on their own; muster asks HubSpot"),
]
# Paths that no file has: (path without version, why it is called all the same).
NOT_IN_THE_FILES = {
    "GET /crm/properties/contacts": "the files hold contacts, lists, OAuth, account and imports only",
}
# Statuses that no file tells: (request, status, why).
OTHER_STATUSES = {
    ("POST /oauth/token/revoke", 200): "no success is specified; 200 was observed (api.md §2.4)",
}


def plain(schema):
    """OpenAPI 3.0 as JSON Schema: `example: null` is none, `nullable` is a type."""
    if isinstance(schema, list):
        return [plain(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: plain(value) for key, value in schema.items() if key not in ("example", "nullable")}
    if schema.get("nullable") and "type" in kept:
        kept["type"] = [kept["type"], "null"]
    return kept


class Files:
    def __init__(self):
        self.documents = {}
        for name in set(FILES.values()):
            document = plain(json.loads(shared("hubspot", "openapi", name).read_text()))
            self.correct(document.get("components", {}).get("schemas", {}))
            self.documents[name] = document

    @staticmethod
    def correct(schemas):
        for name, change, _why in KNOWN_ERRORS:
            for found, schema in schemas.items():
                if found != name:
                    continue
                free = change.get("not_required", [])
                if free == "all":
                    schema.pop("required", None)
                elif "required" in schema:
                    schema["required"] = [r for r in schema["required"] if r not in free]
                    if not schema["required"]:
                        del schema["required"]
                if values := change.get("nullable_values"):
                    schema["properties"][values]["additionalProperties"] = {
                        "type": ["string", "null"]}

    def operation(self, method, path):
        """The document and the operation of a path without version."""
        for begin, name in FILES.items():
            if not path.startswith(begin):
                continue
            for template, operations in self.documents[name]["paths"].items():
                pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(without_version(template)))
                if re.fullmatch(pattern, path) and method.lower() in operations:
                    return self.documents[name], operations[method.lower()]
        return None, None


def without_version(path):
    return re.sub(r"/20\d\d-\d\d(-beta)?(?=/|$)", "", path)


def check(document, schema, value):
    resolver = jsonschema.RefResolver("", document)
    jsonschema.Draft4Validator(schema, resolver=resolver).validate(value)


class OpenApi(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = Files()

    def test_requests_and_answers_are_as_hubspots_files_say(self):
        self.hubspot.switch(log_answers=True)
        for strategy in ("read_first", "create_first"):
            self.configure(auth="oauth",
                           sync={"properties": {"plan": "plan_tier"}},
                           connection={"settings": {"resolve": strategy}})
            self.assertEqual(self.connect().code, 0)
            rows = ["user_id,email,plan", "u1,a@example.com,gold", "u2,b@example.com,free",
                    "u3,refused@corp.internal,free", f"u4,{strategy}@example.com,free"]
            self.file("cohort.csv", "\n".join(rows) + "\n")
            self.sync(code=3)
            self.file("cohort.csv", "\n".join(rows[:1] + ["u1,a@example.com,free"]) + "\n")
            self.sync("--allow-removals", code=0)
            self.sync("--full", code=0)
            self.assertEqual(self.muster("plan", "s", "--lookup", "--json").code, 0)
        self.configure(auth="oauth", sync={"cohort": "Renamed"})
        self.sync(code=0)
        number = self.hubspot.lists()["amplitude_Renamed"]["id"]
        self.hubspot.call("DELETE", f"/crm/lists/2026-09/{number}")
        self.sync("--restore-list", code=0)
        self.assertEqual(self.muster("uninstall", "marketing", "--yes", "--lists", "empty").code, 0)

        checked = set()
        for request in self.hubspot.requests():
            if request["target"].startswith("/oauth/authorize"):
                continue
            with self.subTest(method=request["method"], target=request["target"]):
                checked.add(self.check_one(request))
        # So that a scenario that no longer runs does not pass as checked.
        self.assertLessEqual(
            {"POST /oauth/token", "POST /oauth/token/introspect", "POST /oauth/token/revoke",
             "GET /account-info/details", "DELETE /appinstalls/external-install",
             "POST /crm/objects/contacts/batch/read", "POST /crm/objects/contacts/batch/create",
             "POST /crm/objects/contacts/batch/update", "POST /crm/lists", "GET /crm/lists/N",
             "PUT /crm/lists/N/restore", "PUT /crm/lists/N/update-list-name",
             "PUT /crm/lists/N/memberships/add-and-remove", "GET /crm/lists/N/memberships",
             "DELETE /crm/lists/N/memberships",
             "POST /crm/lists/records/memberships/batch/read"}, checked)

    def check_one(self, request):
        target = urllib.parse.urlsplit(request["target"])
        path = without_version(target.path)
        name = f"{request['method']} {re.sub(r'/[0-9]+(?=/|$)', '/N', path)}"
        if name in NOT_IN_THE_FILES:
            return name
        document, operation = self.files.operation(request["method"], path)
        self.assertIsNotNone(operation, f"no file has {name}")
        known = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
        self.assertLessEqual(set(urllib.parse.parse_qs(target.query)), known)
        self.check_body(document, operation, request["body"])
        self.check_answer(document, operation, name, request)
        return name

    def check_body(self, document, operation, body):
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            self.assertEqual(body, "", "the files know no body here")
            return
        if "application/json" in content:
            check(document, content["application/json"]["schema"], json.loads(body))
            return
        schema = content["application/x-www-form-urlencoded"]["schema"]
        fields = {key: values[0] for key, values in urllib.parse.parse_qs(body).items()}
        self.assertLessEqual(set(fields), set(schema["properties"]), "unknown form fields")

    def check_answer(self, document, operation, name, request):
        status = request["status"]
        if (name, status) in OTHER_STATUSES or status >= 400:
            return  # the files give no shape of errors but `default`
        self.assertIn(str(status), operation["responses"])
        content = operation["responses"][str(status)].get("content", {})
        schemas = [entry["schema"] for entry in content.values()]
        if schemas:
            check(document, schemas[0], json.loads(request["answer"]))
        else:
            self.assertEqual(request["answer"], "")


if __name__ == "__main__":
    unittest.main()
