"""docs/openapi.json is whole: it parses, hangs together, and its examples are true."""
import json
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from schema import Unknown, faults, resolve  # noqa: E402


def no_repeats(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a name comes twice among {names}")
    return dict(pairs)


DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"),
                      object_pairs_hook=no_repeats)
METHODS = {"get", "put", "post", "delete", "patch"}


def walk(node, at="#"):
    """Every node below this one, with where it is."""
    yield at, node
    items = node.items() if isinstance(node, dict) else (
        enumerate(node) if isinstance(node, list) else ())
    for name, child in items:
        yield from walk(child, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")


def target(node):
    return resolve(node["$ref"], DOCUMENT) if "$ref" in node else node


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", path, method, operation


def responses():
    for name, _, _, operation in operations():
        for status, response in operation["responses"].items():
            yield f"{name} {status}", status, operation, target(response)


def is_example(at):
    return "/example" in at


class Whole(unittest.TestCase):
    def test_every_reference_resolves(self):
        for at, node in walk(DOCUMENT):
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                with self.subTest(at):
                    self.assertIsNotNone(resolve(node["$ref"], DOCUMENT))

    def test_every_component_is_used(self):
        used = {n["$ref"] for _, n in walk(DOCUMENT) if isinstance(n, dict) and "$ref" in n}
        for kind in ("schemas", "parameters", "headers", "responses"):
            for name in DOCUMENT["components"][kind]:
                self.assertIn(f"#/components/{kind}/{name}", used)

    def test_replies_are_closed(self):
        """An object that names all its members allows no other; requests may hold more."""
        requests = {"Credentials", "NewUser", "NewUserByAdmin", "UserChange", "NewPassword",
                    "RefreshRequest", "PasswordChange", "PasswordProof"}
        for name, schema in DOCUMENT["components"]["schemas"].items():
            for at, node in walk(schema, name):
                if isinstance(node, dict) and "properties" in node and name not in requests:
                    self.assertIs(node.get("additionalProperties"), False, at)
                    self.assertLessEqual(set(node["required"]), set(node["properties"]), at)


class Operations(unittest.TestCase):
    def test_operations_are_named_once_and_described(self):
        names = [o["operationId"] for _, _, _, o in operations()]
        self.assertEqual(len(names), len(set(names)))
        tags = {tag["name"] for tag in DOCUMENT["tags"]}
        for name, _, method, operation in operations():
            with self.subTest(name):
                self.assertIn(method, METHODS)
                self.assertRegex(operation["operationId"], r"^[a-z][A-Za-z]+$")
                self.assertTrue(operation["summary"])
                self.assertEqual(len(operation["tags"]), 1)
                self.assertLessEqual(set(operation["tags"]), tags)

    def test_path_parameters_are_declared_and_no_others(self):
        for name, path, _, operation in operations():
            given = [target(p) for p in operation.get("parameters", [])]
            keys = [(p["in"], p["name"]) for p in given]
            with self.subTest(name):
                self.assertEqual(len(keys), len(set(keys)))
                self.assertEqual({n for where, n in keys if where == "path"},
                                 set(re.findall(r"{(\w+)}", path)))
                for parameter in given:
                    self.assertTrue(parameter["description"])
                    self.assertTrue(parameter["in"] != "path" or parameter["required"])

    def test_security_is_said_everywhere_and_401_follows_from_it(self):
        schemes = set(DOCUMENT["components"]["securitySchemes"])
        for name, _, _, operation in operations():
            with self.subTest(name):
                for alternative in operation["security"]:
                    self.assertLessEqual(set(alternative), schemes)
                if operation["security"]:
                    self.assertIn("401", operation["responses"])


class Responses(unittest.TestCase):
    def test_every_response_has_a_description_and_a_request_id(self):
        for name, _, _, response in responses():
            with self.subTest(name):
                self.assertTrue(response["description"])
                self.assertIn("X-Request-ID", response["headers"])

    def test_errors_are_problems(self):
        for name, status, operation, response in responses():
            is_error = status == "default" or int(status) >= 400
            if is_error and operation["operationId"] != "getHealth":
                self.assertEqual(list(response["content"]), ["application/problem+json"], name)

    def test_headers_that_a_status_needs(self):
        needs = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After",
                 "206": "Content-Range", "416": "Content-Range", "304": "ETag",
                 "default": "Allow"}
        for name, status, _, response in responses():
            if status in needs:
                self.assertIn(needs[status], response["headers"], name)


class Examples(unittest.TestCase):
    def test_examples_fit_their_schemas(self):
        count = 0
        for at, node in walk(DOCUMENT):
            if isinstance(node, dict) and "example" in node and not is_example(at):
                count += 1
                with self.subTest(at):
                    found = list(faults(node["example"], node.get("schema", node), DOCUMENT))
                    self.assertEqual(found, [])
        self.assertGreater(count, 60)

    def test_problem_examples_say_the_status_they_are_for(self):
        for name, status, _, response in responses():
            example = response.get("content", {}).get("application/problem+json", {}).get("example")
            if example and status != "default":
                self.assertEqual(str(example["status"]), status, name)

    def test_every_success_with_json_has_an_example(self):
        for name, status, operation, response in responses():
            media = response.get("content", {}).get("application/json")
            if media and status.startswith("2") and operation["operationId"] != "getOpenapi":
                self.assertIn("example", media, name)


class Checker(unittest.TestCase):
    """The checker refuses what it should."""

    def refuses(self, value, schema):
        self.assertNotEqual(list(faults(value, schema, DOCUMENT)), [], (value, schema))

    def test_refused(self):
        number, text = {"type": "number"}, {"type": "string"}
        self.refuses(True, number)
        self.refuses(1.5, {"type": "integer"})
        self.refuses(None, {"type": ["string", "boolean"]})
        self.refuses(1, {"enum": [True, "1"]})
        self.refuses(-1, {"minimum": 0})
        self.refuses(101, {"maximum": 100})
        self.refuses("ab", {"minLength": 3})
        self.refuses([1, "x"], {"items": number})
        self.refuses({}, {"required": ["a"]})
        self.refuses({"b": 1}, {"properties": {"a": number}, "additionalProperties": False})
        self.refuses({"b": 1}, {"additionalProperties": text})
        self.refuses(1, {"oneOf": [number, {"type": "integer"}]})
        self.refuses(1, {"anyOf": [text]})
        self.refuses(1, {"allOf": [number, text]})
        self.refuses({"detail": "x"}, {"$ref": "#/components/schemas/Problem"})

    def test_dates(self):
        date = {"$ref": "#/components/schemas/DateTime"}
        self.assertEqual(list(faults("2026-11-24T03:09:26.879675Z", date, DOCUMENT)), [])
        for text in ("2026-11-24T03:09:26Z", "2026-11-24T03:09:26.879675+00:00",
                     "2026-02-30T03:09:26.879675Z", "2026-11-24T03:09:26.879675", ""):
            self.refuses(text, date)

    def test_a_fault_says_where(self):
        schema = {"properties": {"a": {"items": {"type": "null"}}}}
        self.assertEqual(list(faults({"a": [None, 5]}, schema, DOCUMENT)),
                         ["/a[1]: 5 is not null"])

    def test_unknown_keywords_are_not_passed_over(self):
        for schema in ({"maxProperties": 1}, {"format": "ipv4"}):
            with self.assertRaises(Unknown):
                list(faults("", schema, DOCUMENT))


if __name__ == "__main__":
    unittest.main()
