"""Stripe's messages: forms read, requests and answers held against its schemas, signatures written."""

import hashlib
import hmac
import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

SCHEMAS = json.loads((Path(__file__).parent.parent / "stripe-schemas.json").read_text())
MORE = json.loads((Path(__file__).parent.parent / "stripe-money-schemas.json").read_text())
RESOURCES = SCHEMAS["resources"] | MORE["resources"]
VERSION = SCHEMAS["_api_version"]
Json = dict[str, Any]


class Refused(Exception):
    """An answer of 4xx in Stripe's words."""

    def __init__(self, text: str, *, kind: str = "invalid_request_error", status: int = 400, code: str = ""):
        super().__init__(text)
        self.status = status
        self.body = {"error": {"type": kind, "message": text, **({"code": code} if code else {})}}


def nested(text: str) -> Json:
    """Read `a[b][0][c]=1` as Stripe does."""
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path, at = re.findall(r"[^\[\]]+", name), tree
        for step in path[:-1]:
            at = at.setdefault(step, {})
        at[path[-1]] = value
    return tree


def typed(value: Any, schema: Json) -> Any:
    """Give form values the types of the schema; what does not fit stays text, and is refused later."""
    schema = schema.get("anyOf", [schema])[-1]
    kind = schema.get("type")
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "array" and isinstance(value, dict):
        return [typed(one, schema.get("items", {})) for one in value.values()]
    if isinstance(value, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
        other = other if isinstance(other, dict) else {}
        return {name: typed(one, known.get(name, other)) for name, one in value.items()}
    return value


def checked(params: Json, name: str) -> Json:
    """Hold a request against its schema."""
    schema = SCHEMAS["params"][name]
    read: Json = typed(params, schema)
    for fault in Draft202012Validator(schema).iter_errors(read):
        raise Refused(f"{'.'.join(map(str, fault.path))}: {fault.message[:200]}", code="parameter_invalid")
    return read


def proven(made: Json) -> Json:
    """Hold an answer against the schema of its resource: a fault here is a fault of this double."""
    schema = RESOURCES[made["object"]]
    Draft202012Validator(schema).validate(made)
    missing = set(schema["x-always-present"]) - set(made)
    assert not missing, missing
    return made


def shown(made: Json) -> Json:
    """Leave out what only this double knows."""
    return {name: value for name, value in made.items() if not name.startswith("x-")}


def sign(body: bytes, secret: str, at: float | None = None) -> str:
    """Write the header that Stripe signs with, at a second of ours or now."""
    stamp = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mac}"
