# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of descriptions and their reader agree: what the reader takes, no editor complains about; and what
the schema can see, it sees."""

from __future__ import annotations

import copy
import json
import runpy
import subprocess
import sys
import typing as t

import pytest

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.test_rest_description import (  # noqa: E402
    MISTAKES,
    TEXT,
)

SCRIPT = REPOSITORY / "scripts" / "write_seller_schema.py"
SCHEMA = json.loads((REPOSITORY / "docs/examples/seller-description.schema.json").read_text("utf-8"))
EXAMPLES = {name: yaml.safe_load((REPOSITORY / f"docs/examples/{name}.yml").read_text("utf-8"))
            for name in ("labssl", "renge")}  # fmt: skip
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
Data = dict[str, t.Any]

#: everything that the two examples do not have, right
REST: Data = {
    "zone": "+09:00",
    "headers": {"X-A": "{secrets.a}{token}"},
    "auth": {
        "bearer": "{token}",
        "query": {"k": "{secrets.a}"},
        "login": {
            "request": "POST /login",
            "form": {"k": "{secrets.a}"},
            "token": "t",
            "expires_in": "e",
            "lifetime": 9,
        },
        "client_certificate": True,
    },
    "limits": {"budget": [{"requests": 1, "seconds": 0.5}], "wait": "error.seconds"},
}


def in_json(data: t.Any) -> t.Any:
    """As an editor sees it: keys are texts."""
    return json.loads(json.dumps(data))


def is_by_schema(data: t.Any) -> bool:
    return bool(VALIDATOR.is_valid(in_json(data)))


def is_by_reader(data: t.Any) -> bool:
    return read_description(data)[1] == []


def examples() -> dict[str, Data]:
    more = {**copy.deepcopy(EXAMPLES["labssl"]), **REST}
    more["calls"]["find"] = {"request": "GET /orders?a={reference}", "orders": "o", "link_header": True}
    more["calls"]["change_contact"] = {
        "request": "PUT /orders/{order_id}",
        "body": ["{address}"],
        "expect": [200, "202"],
    }
    return {**EXAMPLES, "more": more}


def paths(data: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    if path:
        yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(value, (*path, key))


def at(data: t.Any, path: tuple[t.Any, ...]) -> t.Any:
    for key in path:
        data = data[key]
    return data


def replaced(data: t.Any, path: tuple[t.Any, ...], value: t.Any) -> t.Any:
    data = copy.deepcopy(data)
    at(data, path[:-1])[path[-1]] = value
    return data


def test_the_schema_is_one_and_is_that_of_the_reader() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", examples())
def test_whole_descriptions_are_right_by_both(name: str) -> None:
    data = examples()[name]
    assert read_description(data)[1] == []
    assert [error.message for error in VALIDATOR.iter_errors(in_json(data))] == []


@pytest.mark.parametrize("name", examples())
def test_no_editor_complains_of_what_the_reader_takes(name: str) -> None:
    """Each value of each example replaced by others, and left out."""
    data, wrong = examples()[name], []
    tried = 0
    for path in paths(data):
        for value in ({}, [], None, "", "{", 42, True, "x", [{"a": 1}], {"a": {"b": 1}}):
            spoilt = replaced(data, path, value)
            tried += 1
            if is_by_reader(spoilt) and not is_by_schema(spoilt):
                wrong.append((path, value))
    assert wrong == []
    assert tried > 800


@pytest.mark.parametrize("name", examples())
def test_a_key_that_does_not_belong_there_is_seen_by_both(name: str) -> None:
    """But for the tables whose keys are words of the seller or of people."""
    data = examples()[name]
    free = {"products", "methods", "statuses", "headers", "query", "body", "form", "keep"}
    seen = 0
    for path in [(), *paths(data)]:
        if isinstance(at(data, path), dict) and not free & set(path[-1:]) and not {"body", "form"} & set(path):
            spoilt = replaced(data, (*path, "no_such_key"), "x")
            assert (is_by_reader(spoilt), is_by_schema(spoilt)) == (False, False), path
            seen += 1
    assert seen > 10


#: what must be there, below a dictionary that is in one of the examples
NEEDED = (
    *("format", "seller", "methods", "calls", "order", "statuses"),
    *("calls submit", "calls look", "calls find", "calls look request", "order order_id", "order status"),
    *("auth hmac key", "auth hmac headers", "auth login request", "auth login token"),
    *("calls submit 0 request", "limits budget 0 requests", "methods dns word", "statuses received means"),
)


@pytest.mark.parametrize("words", NEEDED)
def test_what_must_not_be_left_out_is_missed_by_both(words: str) -> None:
    path = [int(word) if word.isdigit() else word for word in words.split()]
    tried = 0
    for data in examples().values():
        spoilt = copy.deepcopy(data)
        try:
            del at(spoilt, tuple(path[:-1]))[path[-1]]
        except (KeyError, TypeError):
            continue
        assert (is_by_reader(spoilt), is_by_schema(spoilt)) == (False, False)
        tried += 1
    assert tried


def test_the_schema_sees_most_of_the_mistakes_that_people_make() -> None:
    """The others need JMESPath, placeholders, or a look at several places."""
    told = []
    for old, new, _blamed, _words in MISTAKES:
        try:
            data = yaml.safe_load(TEXT.replace(old, new, 1))
        except yaml.YAMLError:
            continue
        if isinstance(data, dict) and not is_by_reader(data):
            told.append(not is_by_schema(data))
    assert len(told) > 60
    assert sum(told) >= 33


def test_every_sentence_of_the_schema_is_of_a_key_that_there_is() -> None:
    sentences = set(runpy.run_path(str(SCRIPT))["SENTENCES"].values())
    used = set()

    def walk(node: t.Any) -> None:
        if isinstance(node, dict):
            used.update([node["description"]] if isinstance(node.get("description"), str) else [])
            for one in node.values():
                walk(one)
        for one in node if isinstance(node, list) else ():
            walk(one)

    walk(SCHEMA)
    assert used == sentences
