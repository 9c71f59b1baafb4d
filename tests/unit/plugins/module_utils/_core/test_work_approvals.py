# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role approve hands to modules, and what it says."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.work_approvals import (
    approval_items,
    approval_lines,
    done_items,
    done_lines,
)

SHOP = {"name": "shop", "organization": "example"}


@pytest.mark.parametrize(
    ("organization", "owner"),
    [
        pytest.param(
            {
                "responsible": {"name": "山田", "mail": "y@example.jp"},
                "technical": {"name": "鈴木", "mail": "s@example.jp"},
            },
            {"owner": "山田", "mail": "y@example.jp", "escalate_to": "s@example.jp"},
            id="with mailboxes",
        ),
        pytest.param(
            {"responsible": "山田", "technical": "鈴木"}, {"owner": "山田", "escalate_to": "鈴木"}, id="names alone"
        ),
        pytest.param({"technical": {"name": "鈴木"}}, {"escalate_to": "鈴木"}, id="a technician without a mailbox"),
        pytest.param({}, {}, id="nobody"),
    ],
)
def test_an_item_says_who_does_what_machines_cannot(organization: dict[str, t.Any], owner: dict[str, str]) -> None:
    (item,) = approval_items(["shop"], [SHOP], {"example": organization}, {}, {"answer": "refuse"})
    assert {key: item[key] for key in ("owner", "mail", "escalate_to") if key in item} == owner
    assert (item["name"], item["answer"]) == ("shop", "refuse")


def test_a_refusal_says_who_corrects_what_by_when_and_what_being_late_costs() -> None:
    task = {"what": "correct it", "owner": None, "by": "2026-11-23T00:00:00Z", "lapses": "2026-12-01T00:00:00Z"}
    (line,) = approval_lines([{"name": "shop", "outcome": "refused", "procedure": "Write to CPI.", "correction": task}])
    assert line == (
        "shop: refused. Write to CPI. You to correct it, by 2026-11-23T00:00:00Z, or the live certificate ends at"
        " 2026-12-01T00:00:00Z."
    )


ORGANIZATION = {
    "japanese_name": "例示株式会社",
    "name": "Example KK",
    "subject": {"O": "Example Corporation"},
    "signature": "Example KK, certificates",
    "responsible": {"name": "山田"},
}


def test_an_item_has_what_a_page_may_ask_for() -> None:
    own = {"ca": "sectigo", "seller": "cpi", "signature": "山田太郎"}
    items = approval_items(
        ["shop", "old"],
        ["no dictionary", {"organization": "example"}, SHOP],
        {"example": ORGANIZATION},
        {"certificates": {"shop": own}},
        {"answer": "approve", "reason": ""},
    )
    assert items == [
        {
            "name": "shop",
            "signature": "山田太郎",
            "organizations": ["例示株式会社", "Example KK", "Example Corporation"],
            "ca": "sectigo",
            "seller": "cpi",
            "owner": "山田",
            "answer": "approve",
        },
        {"name": "old", "answer": "approve"},
    ]


@pytest.mark.parametrize(
    ("own", "changes", "signature"),
    [
        pytest.param({"signature": "S"}, {}, "S", id="that of the certificate"),
        pytest.param({}, {}, "Example KK, certificates", id="else that of the organization"),
        pytest.param({}, {"signature": None}, "山田", id="else who is responsible"),
        pytest.param({}, {"signature": None, "responsible": "鈴木"}, "鈴木", id="by name alone"),
        pytest.param({}, {"signature": None, "responsible": None}, None, id="or nobody"),
    ],
)
def test_who_signs_an_approval(own: dict[str, str], changes: dict[str, t.Any], signature: str | None) -> None:
    organizations = {"example": {**ORGANIZATION, **changes}}
    (item,) = approval_items(["shop"], [SHOP], organizations, {"certificates": {"shop": own}}, {})
    assert item.get("signature") == signature


@pytest.mark.parametrize(
    ("said", "line"),
    [
        pytest.param({"outcome": "not_waiting"}, "no approval by mail is awaited.", id="not_waiting"),
        pytest.param({"outcome": "no_mail"}, "no approval mail has come yet.", id="no_mail"),
        pytest.param(
            {"outcome": "mail_found", "mails": [{"subject": "Approve", "why": "fits", "code": ""}]},
            "an approval mail is there and waits for a person: approve it by name.",
            id="mail_found",
        ),
        pytest.param(
            {
                "outcome": "mail_doubtful",
                "mails": [
                    {"subject": "One", "why": "its link leads elsewhere", "code": "link_other_host"},
                    {"subject": "Two", "why": "it is too old.", "code": "too_old"},
                ],
            },
            "what came has something against it. One: its link leads elsewhere (link_other_host)."
            " Two: it is too old. (too_old).",
            id="mail_doubtful",
        ),
        pytest.param({"outcome": "approved", "procedure": "Write to CPI."}, "approved.", id="approved"),
        pytest.param({"outcome": "approval_unknown"}, "the approval was sent, and is not confirmed yet.", id="unknown"),
        pytest.param({"outcome": "refused"}, "refused.", id="refused"),
        pytest.param({"outcome": "busy"}, "another run works on it.", id="busy"),
        pytest.param({"outcome": "a new one"}, "a new one.", id="an outcome without words"),
        pytest.param({"outcome": "refused", "procedure": "Write to X."}, "refused. Write to X.", id="a procedure"),
        pytest.param(
            {"outcome": "mail_found", "held": {"why": "the mode is observe"}},
            "an approval mail is there. the mode is observe.",
            id="a mail that is held",
        ),
        pytest.param(
            {"outcome": "mail_found", "error": {"message": "The page is down."}},
            "an approval mail is there. The page is down.",
            id="a mail, and an error",
        ),
        pytest.param(
            {"outcome": "no_mail", "held": {"why": "three were sent today."}, "error": {"message": "No mailbox."}},
            "no approval mail has come yet. three were sent today. No mailbox.",
            id="held, and an error",
        ),
    ],
)
def test_each_certificate_says_how_its_approval_stands(said: dict[str, t.Any], line: str) -> None:
    assert approval_lines([{"name": "shop", **said}]) == [f"shop: {line}"]


def test_a_correction_by_somebody_who_is_known_and_that_nothing_hangs_on_says_just_that() -> None:
    task = {"what": "correct it", "owner": "山田", "by": "2026-11-23T00:00:00Z", "lapses": None}
    assert approval_lines([{"name": "shop", "outcome": "refused", "correction": task}]) == [
        "shop: refused. 山田 to correct it, by 2026-11-23T00:00:00Z."
    ]


def test_what_persons_have_done_becomes_an_intake() -> None:
    assert done_items(["shop", "old"], ["cancel"], [], None, "") == [
        {"name": "shop", "intake": {"done": ["cancel"]}},
        {"name": "old", "intake": {"done": ["cancel"]}},
    ]
    (item,) = done_items(["shop"], [], ["call"], "again", "鈴木")
    assert item["intake"] == {"reopen": ["call"], "note": "again", "who": "鈴木"}


def test_each_certificate_says_how_its_steps_stand() -> None:
    tasks = [
        {"id": "call", "state": "done", "told_by": "鈴木", "note": "on Monday"},
        {"id": "papers", "state": "open", "told_by": None, "note": None},
    ]
    said = [{"name": "shop", "tasks": tasks}, {"name": "none", "tasks": []}]
    assert done_lines([*said, {"name": "bad", "error": {"message": "no task 'fax'"}}]) == [
        "shop: call is done (鈴木: on Monday); papers is open.",
        "none: the ledger follows no step of it.",
        "bad: no task 'fax'",
    ]
