# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.json: what is written is read again, and is what its schema says."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.data import (
    NoReport,
    read_data,
    read_json,
    report_data,
    report_json,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report

jsonschema = pytest.importorskip("jsonschema")

SCHEMA = json.loads((REPOSITORY / "docs" / "report.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def whole() -> Report:
    return estate(60)


def test_what_is_written_is_read_again(whole: Report) -> None:
    assert read_json(report_json(whole)) == whole
    assert whole.load is not None and any(row.waiting and row.waiting.owner for row in whole.rows)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_is_written_and_read_again_and_shows_nothing_that_it_should_not(text: str) -> None:
    report = hostile_report(text)
    written = report_json(report)
    assert read_json(written) == report
    assert all(letter.isprintable() for letter in written.replace("\n", ""))


def test_the_schema_describes_every_key_and_no_other(whole: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for report in (whole, a_report(One("a", None)), a_report(), hostile_report("x")):
        jsonschema.validate(report_data(report), SCHEMA)
    data = report_data(whole)
    for where, said in (
        (SCHEMA, data),
        (SCHEMA["$defs"]["certificate"], data["certificates"][0]),
        (SCHEMA["$defs"]["load"], data["load"]),
    ):
        assert list(where["properties"]) == list(said) == where["required"]
        assert all("description" in one or "$ref" in one for one in where["properties"].values())


def broken(*path: str | int, to: t.Any) -> str:
    data: t.Any = json.loads(report_json(a_report(One("a"))))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return json.dumps(data)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="a list"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param(broken("schema", to=2), id="another schema"),
        pytest.param(broken("schema", to=True), id="a schema that is a yes"),
        pytest.param(broken("certificates", to={}), id="no list of certificates"),
        pytest.param(broken("certificates", 0, "name", to=7), id="a name that is a number"),
        pytest.param(broken("certificates", 0, "group", to="fine"), id="another group"),
        pytest.param(broken("certificates", 0, "hosts", to=[7]), id="a host that is a number"),
        pytest.param(broken("certificates", 0, "cliffs", to=["2027"]), id="a cliff that is a text"),
        pytest.param(broken("load", to={"months": []}), id="half a load"),
        pytest.param(broken("changes", to={"day": "x", "since": "y", "found": [{}]}), id="an empty change"),
    ],
)
def test_half_a_report_is_none(text: str) -> None:
    with pytest.raises(NoReport):
        read_json(text)


def test_a_report_from_before_a_key_was_added_has_nothing_there() -> None:
    data = report_data(a_report(One("a")))
    for key in ("changes", "load"):
        del data[key]
    for key in ("cancel_by", "issuer", "since"):
        del data["certificates"][0][key]
    assert read_data(data).rows[0].issuer is None
