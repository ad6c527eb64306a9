"""Checks values against the part of JSON Schema 2020-12 that docs/openapi.json uses.

    for fault in faults(value, schema, document):
        print(fault)

A keyword that is not known here raises, so that a rule is never passed over in silence.
"""
import datetime
import re

ANNOTATIONS = {"title", "description", "default", "example", "examples", "deprecated",
               "contentMediaType"}
TYPES = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}


class Unknown(Exception):
    pass


def resolve(ref, document):
    """What a local reference points at, across any number of steps."""
    if not ref.startswith("#/"):
        raise KeyError(ref)
    node = document
    for step in ref[2:].split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        node = node[int(step)] if isinstance(node, list) else node[step]
    return resolve(node["$ref"], document) if isinstance(node, dict) and "$ref" in node else node


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def has_type(value, name):
    if name == "number":
        return is_number(value)
    if name == "integer":
        return is_number(value) and value == int(value)
    return isinstance(value, TYPES[name])


def is_date_time(text):
    shape = r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
    match = re.fullmatch(shape, text)
    try:
        return bool(match and datetime.datetime.fromisoformat(match[1].upper()))
    except ValueError:
        return False


FORMATS = {
    "date-time": is_date_time,
    "uuid": lambda text: bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
                                           text)),
    "email": lambda text: bool(re.fullmatch(r"[^@\s]+@[^@\s]+", text)),
    "uri-reference": lambda text: not re.search(r"[\s<>\"{}|\\^`]", text),
    "password": lambda text: True,
}
NUMBER_FORMATS = {"int64": lambda number: -2**63 <= number < 2**63}


def faults_of_type(value, expected, *_):
    names = expected if isinstance(expected, list) else [expected]
    if not any(has_type(value, name) for name in names):
        yield f"{value!r} is not {' or '.join(names)}"


def faults_of_format(value, name, *_):
    if name not in FORMATS and name not in NUMBER_FORMATS:
        raise Unknown(f"format {name}")
    check = FORMATS.get(name) if isinstance(value, str) else (
        NUMBER_FORMATS.get(name) if is_number(value) else None)
    if check and not check(value):
        yield f"{value!r} is not in the format {name}"


def rule(applies, holds, words):
    """A keyword that compares a value with a bound."""
    def check(value, bound, *_):
        if applies(value) and not holds(value, bound):
            yield f"{value!r} {words} {bound!r}"
    return check


def is_text(value):
    return isinstance(value, str)


def is_list(value):
    return isinstance(value, list)


def equal(a, b):
    """JSON's equality: true is not 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def faults_of_required(value, names, *_):
    if isinstance(value, dict):
        yield from (f"{name} is missing" for name in names if name not in value)


def inside(fault, step):
    return f"{step}: {fault}" if not fault.startswith(("/", "[")) else step + fault


def faults_of_properties(value, properties, schema, document):
    if isinstance(value, dict):
        for name in properties.keys() & value.keys():
            for fault in faults(value[name], properties[name], document):
                yield inside(fault, "/" + name)


def faults_of_additional(value, allowed, schema, document):
    if not isinstance(value, dict):
        return
    for name in value.keys() - schema.get("properties", {}).keys():
        if allowed is False:
            yield f"{name} is not expected"
        elif allowed is not True:
            for fault in faults(value[name], allowed, document):
                yield inside(fault, "/" + name)


def faults_of_items(value, items, schema, document):
    if isinstance(value, list):
        for i, item in enumerate(value):
            for fault in faults(item, items, document):
                yield inside(fault, f"[{i}]")


def fitting(value, schemas, document):
    return sum(not list(faults(value, schema, document)) for schema in schemas)


def faults_of_one(value, schemas, _schema, document):
    count = fitting(value, schemas, document)
    if count != 1:
        yield f"{value!r} fits {count} of the {len(schemas)} forms instead of one"


def faults_of_any(value, schemas, _schema, document):
    if not fitting(value, schemas, document):
        yield f"{value!r} fits none of the {len(schemas)} forms"


def faults_of_all(value, schemas, _schema, document):
    for schema in schemas:
        yield from faults(value, schema, document)


def faults_of_ref(value, ref, _schema, document):
    yield from faults(value, resolve(ref, document), document)


KEYWORDS = {
    "$ref": faults_of_ref,
    "type": faults_of_type,
    "enum": rule(lambda v: True, lambda v, b: any(equal(v, x) for x in b), "is none of"),
    "const": rule(lambda v: True, equal, "is not"),
    "format": faults_of_format,
    "pattern": rule(is_text, lambda v, b: re.search(b.replace(r"\d", "[0-9]"), v),
                    "does not match"),
    "minLength": rule(is_text, lambda v, b: len(v) >= b, "is shorter than"),
    "maxLength": rule(is_text, lambda v, b: len(v) <= b, "is longer than"),
    "minimum": rule(is_number, lambda v, b: v >= b, "is less than"),
    "maximum": rule(is_number, lambda v, b: v <= b, "is more than"),
    "minItems": rule(is_list, lambda v, b: len(v) >= b, "has fewer items than"),
    "maxItems": rule(is_list, lambda v, b: len(v) <= b, "has more items than"),
    "required": faults_of_required,
    "properties": faults_of_properties,
    "additionalProperties": faults_of_additional,
    "items": faults_of_items,
    "oneOf": faults_of_one,
    "anyOf": faults_of_any,
    "allOf": faults_of_all,
}


def faults(value, schema, document):
    """What is wrong with `value`, a line each, with where it is."""
    if schema is True or schema is False:
        if not schema:
            yield f"{value!r} is not allowed"
        return
    for keyword, expected in schema.items():
        if keyword in KEYWORDS:
            yield from KEYWORDS[keyword](value, expected, schema, document)
        elif keyword not in ANNOTATIONS:
            raise Unknown(f"keyword {keyword}")
