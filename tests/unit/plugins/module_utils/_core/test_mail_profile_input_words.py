# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word of a user's own description of a mail arrives, and every wrong one is told."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_profile_input import read_profiles
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import (
    COVERS,
    KINDS,
    MAIL_PROFILES,
    MOVES,
    TASKS,
    MailProfile,
    Press,
    Scope,
)

OWN: dict[str, t.Any] = {"kind": "approval", "cas": ["jprs"]}
FORM = {
    "buttons": ["Approve"],
    "scopes": [{"words": ["this name"], "covers": "fqdn"}],
    "signature": ["Name"],
    "code_field": "code",
}


def told(raw: t.Any) -> list[tuple[str, str, str]]:
    errors = InputCollector()
    read_profiles(raw, errors)
    return [(error.code, error.where, error.why) for error in errors.errors]


def row(key: str = "mine", **given: t.Any) -> MailProfile:
    errors = InputCollector()
    rows = read_profiles({key: given}, errors)
    errors.refuse()
    (found,) = [one for one in rows if one.key == key]
    return found


def wrong(**change: t.Any) -> list[str]:
    return [why for _code, _where, why in told({"mine": {**OWN, **change}})]


def test_a_whole_row_is_read_whole() -> None:
    texts = {name: f"some {name}" for name in ("title", "procedure", "tested_on")}
    lists = {
        name: [f"{name}.example", "b"] for name in ("sellers", "signed_by", "subjects", "rejects", "done", "facts")
    }
    assert row(
        **OWN,
        **texts,
        **lists,
        senders=["a@example.jp"],
        hosts=["www.example.jp", "127.0.0.1:8443"],
        path="/approve",
        code_pattern="code ([0-9]+)",
        moves=MOVES[0],
        task=TASKS[0],
        words=[["a", "b"], ["c"]],
        forms=[FORM],
        mailed_all=True,
    ) == MailProfile(
        key="mine",
        kind="approval",
        cas=("jprs",),
        **texts,
        **{name: tuple(value) for name, value in lists.items()},  # type: ignore[arg-type]
        senders=("a@example.jp",),
        hosts=("www.example.jp", "127.0.0.1:8443"),
        path="/approve",
        code_pattern="code ([0-9]+)",
        moves=MOVES[0],
        task=TASKS[0],
        words=(("a", "b"), ("c",)),
        forms=(Press(("Approve",), (Scope(("this name",), "fqdn"),), ("Name",), "code"),),
        mailed_all=True,
    )


def test_a_row_of_its_own_has_the_defaults_and_was_tested_by_nobody() -> None:
    assert row(**OWN) == MailProfile("mine", "mine", "approval", ("jprs",), (), tested_on="")


def test_a_row_may_be_based_on_another_one() -> None:
    (base,) = [one for one in MAIL_PROFILES if one.key == "digicert"]
    assert row(based_on="digicert", title="Ours") == base._replace(
        key="mine", title="Ours", unverified=(), tested_on=""
    )


def test_a_row_of_ours_that_is_changed_keeps_the_rest_and_its_place() -> None:
    errors = InputCollector()
    rows = read_profiles({"jprs": {"title": "Ours"}}, errors)
    assert not errors.errors and sorted(one.key for one in rows) == sorted(one.key for one in MAIL_PROFILES)
    (base,) = [one for one in MAIL_PROFILES if one.key == "jprs"]
    (ours,) = [one for one in rows if one.key == "jprs"]
    assert ours == base._replace(title="Ours", unverified=(), tested_on="")


@pytest.mark.parametrize("raw", [None, {}])
def test_without_rows_there_are_ours_and_no_approval_comes_last(raw: t.Any) -> None:
    errors = InputCollector()
    rows = read_profiles(raw, errors)
    assert not errors.errors and set(rows) == set(MAIL_PROFILES) and len(rows) == len(MAIL_PROFILES)
    last = [one.kind in ("other", "intent") for one in rows]
    assert last == sorted(last, reverse=True) and any(last)


@pytest.mark.parametrize("kind", ["other", "intent"])
def test_a_users_row_that_is_no_approval_stands_before_all_approvals(kind: str) -> None:
    errors = InputCollector()
    keys = [one.key for one in read_profiles({"mine": {**OWN, "kind": kind}}, errors)]
    assert keys.index("mine") < min(keys.index(one.key) for one in MAIL_PROFILES if one.kind not in ("other", "intent"))


@pytest.mark.parametrize("raw", [["a"], "a", 5])
def test_rows_that_are_no_dictionary_are_refused(raw: t.Any) -> None:
    assert told(raw) == [("mail_profile_malformed", "profiles", "it is no dictionary")]


@pytest.mark.parametrize("raw", [["a"], None, {1: "a"}], ids=str)
def test_a_row_that_is_no_dictionary_is_refused(raw: t.Any) -> None:
    assert told({"mine": raw}) == [("mail_profile_malformed", 'profile "mine"', "it is no dictionary")]


def test_a_key_that_is_no_name_is_refused_and_cut() -> None:
    ((code, where, why),) = told({"x/" * 50: OWN})
    assert (code, where) == ("mail_profile_malformed", f'profile "{"x/" * 40}"') and why


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"moves": "sideways"}, f"moves must be one of {', '.join(MOVES)}"),
        ({"task": "wait"}, f"task must be one of {', '.join(TASKS)}"),
        ({"kind": "magic"}, f"kind must be one of {', '.join(KINDS)}"),
        ({"mailed_all": "yes"}, "mailed_all must be true or false"),
        ({"words": "a"}, "words must be a list of lists of texts"),
        ({"words": [[]]}, "words must be a list of lists of texts"),
        ({"words": [["a"], [5]]}, "words must be a list of lists of texts"),
        ({"title": 5}, "title must be a text"),
        ({"title": "x" * 501}, "title must be a text"),
        ({"facts": ["x"] * 51}, "facts must be a list of texts"),
        ({"facts": [5]}, "facts must be a list of texts"),
        ({"code_pattern": "abc"}, "code_pattern needs exactly one group: the code itself"),
        ({"path": "x"}, "path must begin with /"),
    ],
    ids=str,
)
def test_a_wrong_value_is_told_with_what_is_possible(change: dict[str, t.Any], words: str) -> None:
    assert wrong(**change) == [words]


@pytest.mark.parametrize(
    "form",
    [
        "press",
        {},
        {"buttons": []},
        {"buttons": "Approve"},
        {**FORM, "colour": "red"},
        {**FORM, "signature": "Name"},
        {**FORM, "code_field": 5},
        {**FORM, "scopes": {"words": ["a"], "covers": "fqdn"}},
        {**FORM, "scopes": [{"words": ["a"]}]},
        {**FORM, "scopes": [{"words": "a", "covers": "fqdn"}]},
        {**FORM, "scopes": [{"words": ["a"], "covers": "all"}]},
    ],
    ids=str,
)
def test_a_form_that_cannot_be_sent_is_refused(form: t.Any) -> None:
    (why,) = wrong(forms=[FORM, form])
    assert why.startswith("forms must be a list of") and ", ".join(COVERS) in why
    assert wrong(forms=form) and wrong(forms=[FORM]) == []


def test_a_form_needs_nothing_but_its_button() -> None:
    assert row(**OWN, forms=[{"buttons": ["OK"]}]).forms == (Press(("OK",), (), (), ""),)


@pytest.mark.parametrize("covers", COVERS)
def test_every_scope_is_known(covers: str) -> None:
    assert row(**OWN, forms=[{"buttons": ["OK"], "scopes": [{"words": ["a"], "covers": covers}]}]).forms[0].scopes == (
        Scope(("a",), covers),
    )


@pytest.mark.parametrize("lack", ["kind", "cas"])
def test_a_row_of_its_own_lacks_nothing(lack: str) -> None:
    given = {key: value for key, value in OWN.items() if key != lack}
    assert [why for _code, _where, why in told({"mine": given})] == [f"{lack} is missing, and it is based on no row"]


def test_bounds_are_allowed_themselves() -> None:
    assert wrong(title="x" * 500, facts=["x" * 500] * 50) == []
    assert wrong(subjects=["{domain} {order} {order?}"], hosts=["a", "[::1]"]) != []
    assert wrong(subjects=["{domain} {order} {order?}"], hosts=["a"]) == []
