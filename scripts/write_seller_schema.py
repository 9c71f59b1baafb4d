# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/examples/seller-description.schema.json: the shape of a description for the adapter ``rest``, for editors.

It is made of the rows that the reader itself judges by (``plugins/module_utils/_ca/rest``); the sentences are here.
What no schema can say (JMESPath, placeholders, what must fit together) the reader tells when the description is used.
With --check nothing is written; the exit status is 1 if the file is not what it should be.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import typing as t
from dataclasses import fields
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SCHEMA = REPOSITORY / "docs" / "examples" / "seller-description.schema.json"
PACKAGE = "ansible_collections.inkan.tls.plugins.module_utils._ca.rest"
Schema = dict[str, t.Any]

#: What editors show beside a key, by its path; a star is any key.
SENTENCES = {
    "format": "The version of this language.",
    "seller": "The seller's name, for messages.",
    "zone": "Of times that come without one; +09:00 (Japan) if it is left out.",
    "headers": "Sent with every call. {secrets.…} and {token} may be filled in.",
    "basic_auth": "As auth.basic.",
    "auth": "How the seller knows us, beside headers.",
    "auth.basic": "HTTP basic authentication: {secrets.user}:{secrets.password}",
    "auth.bearer": "Sent as Authorization: Bearer …",
    "auth.query": "Parameters of every request.",
    "auth.hmac": "Every request is signed.",
    "auth.hmac.text": "What is signed, of {verb}, {target}, {host}, {body}, {body_sha256}, {timestamp}, {nonce} …",
    "auth.hmac.key": "As a rule {secrets.…}.",
    "auth.hmac.headers": "Those that the signature travels in: {signature}, {timestamp}, {nonce}.",
    "auth.login": "A call that gives a token, {token} elsewhere.",
    "auth.login.token": "JMESPath: where the token is in the answer.",
    "auth.login.expires_in": "JMESPath: where its seconds are.",
    "auth.login.lifetime": "Seconds, where the answer does not say.",
    "auth.client_certificate": "Mutual TLS: the secrets client_certificate, client_key, client_key_password.",
    "limits": "How often the seller wants to be asked.",
    "limits.budget": "At most so many requests in so many seconds.",
    "limits.remaining": "The header that says how many requests are left.",
    "limits.reset": "The header that says when there are more: seconds, or an instant.",
    "limits.wait": "JMESPath: where an error says how many seconds to wait.",
    "products": "Our product key: the seller's own word.",
    "methods": "Our method: the seller's own word.",
    "contacts": "Kind of mail contact: the seller's own word.",
    "reasons": "Reason of a revocation: the seller's own word.",
    "calls": "The requests.",
    "calls.submit": "Places the order; a list of steps, of which one buys.",
    "calls.find": "The order whose answer was lost: the list of orders.",
    "calls.look": "The order as it is now.",
    "calls.prepare": "What an order needs after it was bought (the CSR, say).",
    "calls.ready": "Asks the seller to look at what is published.",
    "calls.resend": "Sends the approval mails once more.",
    "calls.change_contact": "Asks somebody else for approval.",
    "calls.download": "The certificate.",
    "calls.cancel": "Cancels the order.",
    "calls.revoke": "Revokes the certificate.",
    "request": "As in the seller's manual: GET /orders/{order_id}",
    "body": "Sent as JSON.",
    "form": "Sent as form fields.",
    "expect": "The HTTP statuses of success.",
    "already": "Error codes that say that it was done before.",
    "keep": "Word: JMESPath. What the next steps need of this answer, as {kept.word}.",
    "buys": "After this step an order exists.",
    "for": "The methods that this call works for.",
    "when": "JMESPath over the order: true where it still has to be prepared.",
    "next": "JMESPath: the {cursor} of the next page, or its address.",
    "delay": "Seconds after which a new order is in the list (5).",
    "link_header": "The next page is told in the header Link.",
    "orders": "JMESPath: the list.",
    "total": "JMESPath: how many orders there are.",
    "order": "JMESPath: where the order is in this answer.",
    "certificate": "JMESPath: the certificate, PEM.",
    "chain": "JMESPath: its issuers, PEM.",
    "order_shape": "Where things are in an order, in JMESPath.",
    "statuses": "The seller's status word: what it means.",
    "errors": "How the seller's errors are read.",
    "errors.when": "JMESPath that is true in an error, for errors with HTTP status 200.",
    "errors.retry": "Codes that pass by themselves.",
    "errors.gone": "Codes that mean that there is no such order.",
    "errors.account": "Codes that mean that our key is not accepted.",
    "errors.predecessor": "Codes that mean that there is no order as told in replaces.",
}


def _shared(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_WORD: Schema = {"type": ["string", "number", "boolean"]}
_STATUS: Schema = {
    "anyOf": [{"type": "number", "minimum": 200, "maximum": 299}, {"type": "string", "pattern": r"^\s*2\d\d\s*$"}]
}
#: Shapes that stand in many places. An empty key is forgiven where a table may be left out.
SHARED: Schema = {
    "text": {"type": "string", "pattern": r"\S", "maxLength": 4096},
    "texts": {"type": ["object", "null"], "additionalProperties": _shared("text")},
    "words": {"anyOf": [_WORD, {"type": "array", "items": _WORD}]},
    "own": {"not": {"type": "null"}},
    "statuses": {"anyOf": [_STATUS, {"type": "array", "items": _STATUS}]},
    "form": {"type": "object", "additionalProperties": {"not": {"type": ["object", "array"]}}},
    "keep": {
        "type": ["object", "null"],
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,63}$"},
        "additionalProperties": _shared("text"),
    },
}
ANY: Schema = {}
FLAG: Schema = {"type": "boolean"}
TEXT, TEXTS, WORDS, OWN = (_shared(name) for name in ("text", "texts", "words", "own"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only look whether the file is what it should be")
    options = parser.parse_args()
    schema = written(load())
    if not options.check:
        SCHEMA.write_text(schema, encoding="utf-8")
        return 0
    if not SCHEMA.exists() or SCHEMA.read_text(encoding="utf-8") != schema:
        print(f"{SCHEMA.relative_to(REPOSITORY)} is not what the reader judges by: run scripts/write_seller_schema.py")
        return 1
    return 0


class Rows(t.NamedTuple):
    """The modules of the reader whose rows are taken."""

    description: t.Any
    reading: t.Any
    auth: t.Any
    calls: t.Any


def load() -> Rows:
    """From this checkout, wherever it lies."""
    try:
        names = ("description", "reading", "reading_auth", "reading_calls")
        return Rows(*(importlib.import_module(f"{PACKAGE}.{name}") for name in names))
    except ImportError:
        place = tempfile.mkdtemp(prefix="inkan-schema-")
        (Path(place) / "ansible_collections" / "inkan").mkdir(parents=True)
        (Path(place) / "ansible_collections" / "inkan" / "tls").symlink_to(REPOSITORY)
        sys.path.insert(0, place)
        return Rows(*(importlib.import_module(f"{PACKAGE}.{name}") for name in names))


def written(rows: Rows) -> str:
    return json.dumps(schema_of(rows), indent=2, ensure_ascii=False) + "\n"


def schema_of(rows: Rows) -> Schema:
    parts = {
        "format": {"const": rows.description.FORMAT},
        "seller": TEXT,
        "zone": {"type": "string", "pattern": r"^[+-](0\d|1[0-4]):[0-5]\d$"},
        "headers": TEXTS,
        "basic_auth": TEXT,
        "auth": _auth(rows),
        "limits": _limits(rows),
        "products": _table({}, OWN),
        "methods": _methods(),
        "contacts": _table(dict.fromkeys(rows.reading.CONTACTS, OWN)),
        "reasons": _table(dict.fromkeys(rows.description.REASONS, OWN)),
        "calls": _calls(rows),
        "order": _table({one.name: TEXT for one in fields(rows.description.OrderShape)}, needs=("order_id", "status")),
        "statuses": _statuses(rows),
        "errors": _errors(rows),
    }
    parts["order"]["description"] = SENTENCES["order_shape"]
    needs = ("format", "seller", "methods", "calls", "order", "statuses")
    top = _table({key: parts[key] for key in rows.reading.KEYS}, needs=needs, is_optional=False)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Written by scripts/write_seller_schema.py from the rows of the reader.",
        "title": "A seller's API for the CA adapter rest of inkan.tls",
    }
    return {**head, **top, "$defs": SHARED}


def _table(
    keys: dict[str, Schema], others: Schema | None = None, *, needs: t.Sequence[str] = (), path: str = "",
    is_optional: bool = True,
) -> Schema:  # fmt: skip
    """An object with these keys, and others only if a schema for them is given."""
    described = {key: _described(one, f"{path}{key}") for key, one in keys.items()}
    schema: Schema = {"type": ["object", "null"] if is_optional and not needs else "object"}
    if described:
        schema["properties"] = described
    schema["additionalProperties"] = False if others is None else others
    if needs:
        schema["required"] = list(needs)
    return schema


def _described(schema: Schema, path: str) -> Schema:
    sentence = SENTENCES.get(path)
    return {"description": sentence, **schema} if sentence and "description" not in schema else schema


def _auth(rows: Rows) -> Schema:
    description, auth = rows.description, rows.auth
    choices = {
        "algorithm": description.ALGORITHMS,
        "key_encoding": description.KEY_ENCODINGS,
        "encoding": description.ENCODINGS,
        "timestamp": description.TIMES,
    }
    texts = {"key": TEXT, "text": TEXT, "headers": TEXTS}
    hmac = {name: texts.get(name) or {"type": "string", "pattern": _either(choices[name])} for name in auth.HMAC_KEYS}
    request = _request(rows)
    login = {**{name: request.get(name, TEXT) for name in auth.LOGIN_KEYS}, "lifetime": _number(1, 30 * 86400)}
    parts = {
        "basic": TEXT,
        "bearer": TEXT,
        "query": TEXTS,
        "hmac": _table(hmac, needs=("algorithm", "key", "text", "headers"), path="auth.hmac."),
        "login": _table(login, needs=("request", "token"), path="auth.login."),
        "client_certificate": FLAG,
    }
    return _table({key: parts[key] for key in auth.AUTH_KEYS}, path="auth.")


def _either(words: t.Sequence[str]) -> str:
    """In whatever letters, as the reader takes them."""
    return (
        "^("
        + "|".join("".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in word) for word in words)
        + ")$"
    )


def _number(lowest: float, highest: float) -> Schema:
    return {"type": "number", "minimum": lowest, "maximum": highest}


def _limits(rows: Rows) -> Schema:
    row = _table({"requests": _number(1, 100_000), "seconds": _number(0.01, 86400)}, needs=("requests", "seconds"))
    name = {"type": "string", "pattern": r"^[A-Za-z0-9-]{1,100}$"}
    parts = {"budget": {"type": "array", "items": row, "maxItems": 10}, "remaining": name, "reset": name, "wait": TEXT}
    return _table({key: parts[key] for key in rows.auth.LIMITS_KEYS}, path="limits.")


def _methods() -> Schema:
    word = {"type": ["string", "number", "boolean"]}
    both = _table({"word": ANY, "wildcard": FLAG}, needs=("word",))
    return _table({}, {"anyOf": [word, both]})


def _request(rows: Rows) -> dict[str, Schema]:
    return {
        "request": {"type": "string", "pattern": rf"^\s*({'|'.join(rows.calls.VERBS)})\s+/"},
        "headers": TEXTS,
        "body": {"type": ["object", "array"]},
        "form": _shared("form"),
        "expect": _shared("statuses"),
        "already": WORDS,
        "keep": _shared("keep"),
        "buys": FLAG,
        "for": WORDS,
        "link_header": FLAG,
        "delay": _number(0, 3600),
    }


def _calls(rows: Rows) -> Schema:
    found = {}
    for name in rows.description.CALLS:
        shapes = _request(rows)
        keys = rows.calls.CALL_KEYS[name]
        one = _table({key: shapes.get(key, TEXT) for key in keys}, needs=("request",))
        kinds = [one]
        if name in rows.description.STEPPED:
            both = dict.fromkeys((*keys, *rows.calls.STEP_KEYS))
            step = _table({key: shapes.get(key, TEXT) for key in both}, needs=("request",))
            kinds.append({"type": "array", "items": step, "minItems": 1})
        if name == "find":
            kinds.append({"const": "impossible"})
        found[name] = {"anyOf": kinds} if len(kinds) > 1 else one
    return _table(found, needs=("submit", "look", "find"), path="calls.")


def _statuses(rows: Rows) -> Schema:
    meaning = {"enum": list(rows.description.MEANINGS)}
    both = _table({"means": meaning, "poll": _number(0.25, 7 * 86400)}, needs=("means",))
    return {**_table({}, {"anyOf": [meaning, both]}), "description": SENTENCES["statuses"]}


def _errors(rows: Rows) -> Schema:
    texts = ("when", "code", "message")
    names = [one.name for one in fields(rows.description.ErrorShape)]
    return _table({name: TEXT if name in texts else WORDS for name in names}, path="errors.")


if __name__ == "__main__":
    sys.exit(main())
