# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a run before it began."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.modules.run_guard import run

LAB = {"lab": {"settings": {"directory": "https://127.0.0.1:14000/dir"}}}
REAL = {"real": {"settings": {"directory": "https://ca.example/dir"}}}


def guard(**said: t.Any) -> t.Any:
    return run({"declared": ["shop", "www"], "ca_accounts": {}, "dns_services": {}, **said}, False)


def codes(**said: t.Any) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        guard(**said)
    return [error.code for error in caught.value.errors]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="nothing special"),
        pytest.param({"names": ["shop"]}, id="one that is declared"),
        pytest.param({"names": ["gone"], "may_be_undeclared": True}, id="one that only the ledger knows"),
        pytest.param({"intake": {"www": {"token": "t"}}}, id="told of one that is declared"),
        pytest.param({"intake": {"gone": {"done": ["cancel"]}}}, id="the end of a contract that nobody declares"),
        pytest.param(
            {"resolve": {"shop": {"resolve": "resubmit"}}, "names": ["shop"]}, id="an answer for a lost order"
        ),
        pytest.param({"now": "2027-01-01T00:00:00Z", "ca_accounts": LAB}, id="a moved clock in a lab"),
        pytest.param({"ca_accounts": REAL}, id="a real CA by the real clock"),
    ],
)
def test_a_run_is_accepted(said: dict[str, t.Any]) -> None:
    (item,) = guard(**said).items
    assert (item.outcome, item.changed) == ("accepted", False)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param({"names": ["shp"]}, "not_declared", id="a name that nobody declares"),
        pytest.param({"names": "shop"}, "names_form", id="a text in place of a list"),
        pytest.param({"names": [1]}, "names_form", id="names that are no texts"),
        pytest.param({"intake": {"shp": {"token": "t"}}}, "not_declared", id="told of what nobody declares"),
        pytest.param({"intake": ["shop"]}, "intake_form", id="told in another form"),
        pytest.param({"resolve": {"shp": {"resolve": "resubmit"}}}, "not_declared", id="an answer for nobody's order"),
        pytest.param({"resolve": {"shop": {"resolve": "retry"}}}, "resolve_form", id="an answer in other words"),
        pytest.param({"resolve": "resubmit"}, "resolve_form", id="an answer for no order"),
        pytest.param(
            {"resolve": {"shop": {"resolve": "resubmit"}}, "names": ["www"]}, "not_chosen", id="an answer out of reach"
        ),
        pytest.param({"now": "2027-01-01T00:00:00Z", "ca_accounts": REAL}, "moved_clock", id="a moved clock outside"),
    ],
)
def test_a_mistake_is_refused(said: dict[str, t.Any], code: str) -> None:
    assert codes(**said) == [code]


def test_all_mistakes_are_told_at_once() -> None:
    found = codes(names=["a"], intake={"b": {}}, now="2027-01-01T00:00:00Z", ca_accounts=REAL)
    assert found == ["not_declared", "not_declared", "moved_clock"]


def test_a_name_from_outside_reaches_no_terminal_unescaped() -> None:
    with pytest.raises(InputErrors) as caught:
        guard(names=["\x1b[2Jshop"])
    assert "\x1b" not in caught.value.sentence()
