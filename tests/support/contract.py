"""Holds every reply that a test sees against docs/openapi.json, and knows what was never tried.

Client.request() calls check(); run_api.py asks untried() after a whole run.
"""
import json
import pathlib

import schema

DOCUMENT = json.loads(
    (pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json").read_text())
METHODS = ("get", "post", "put", "patch", "delete")
seen = set()  # (method, path template, status)


def operation(method, path):
    """(template, operation) that serves a request; operation None: the path has no such method."""
    steps = path.split("?")[0].split("/")
    for template in sorted(DOCUMENT["paths"], key=lambda t: t.count("{")):
        wanted = template.split("/")
        if len(wanted) == len(steps) and all(
                w == s or (w.startswith("{") and s) for w, s in zip(wanted, steps)):
            return template, DOCUMENT["paths"][template].get(method.lower())
    return None, None


def expected_response(op, status):
    found = op["responses"].get(str(status))
    if found is None and status >= 400:
        found = op["responses"].get("default")
    if found and "$ref" in found:
        found = schema.resolve(found["$ref"], DOCUMENT)
    return found


def body_faults(reply, response):
    content = response.get("content")
    if not reply.body:
        return []
    if not content:
        return ["a body where the document has none"]
    kind = reply.headers.get_content_type()
    if kind.split("/")[0] + "/*" in content:
        return []
    if kind not in content:
        return [f"content type {kind} is not one of {sorted(content)}"]
    if kind != "application/json" and not kind.endswith("+json"):
        return []
    if "schema" not in content[kind]:
        return []
    return [str(f) for f in schema.faults(json.loads(reply.body), content[kind]["schema"],
                                          DOCUMENT)]


def check(method, path, reply):
    """What of a reply contradicts the document: a list of sentences, empty when nothing does."""
    if method not in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        return []
    template, op = operation(method, path)
    if template is None:  # the app's pages are no part of the API
        is_page = reply.headers.get_content_type() == "text/html"
        return [] if reply.status >= 300 or is_page else ["the path is not in the document"]
    if op is None:
        return [] if reply.status == 405 else [f"{method} {template} is not in the document"]
    seen.add((method.lower(), template, reply.status))
    response = expected_response(op, reply.status)
    if response is None:
        return [f"{method} {template} does not announce status {reply.status}"]
    return body_faults(reply, response)


def untried():
    """Operations of the document that never answered with success."""
    answered = {(m, t) for m, t, status in seen if status < 400}
    return [f"{m.upper()} {t}" for t, item in DOCUMENT["paths"].items() for m in METHODS
            if m in item and (m, t) not in answered]
