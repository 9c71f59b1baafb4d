# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import Organization, read_organizations


def read(raw: t.Any) -> tuple[dict[str, Organization], list[str]]:
    errors = InputCollector()
    found = read_organizations(raw, errors)
    return found, [error.sentence() for error in errors.errors]


def test_what_a_plan_tells_of_an_organization_is_read_and_the_rest_let_be() -> None:
    found, errors = read(
        {
            "a": {
                "name": "Example KK",
                "japanese_name": "株式会社例",
                "kind": "corporation",
                "opened_on": "2020-04-01",
                "phone": "+81 3 0000 0000",
                "responsible": {"name": "山田", "mail": "y@example.jp", "absences": ["2026-12-29"]},
                "technical": {"name": "鈴木", "mail": "ops@example.jp"},
                "languages": ["日本語", "English"],
                "subject": {"O": "Example KK"},
                "signature": "Yamada",
            },
            "b": {"name": "B", "responsible": "佐藤"},
        }
    )
    assert errors == []
    assert found["a"] == Organization(
        *("corporation", date(2020, 4, 1), "株式会社例", "+81 3 0000 0000", "山田", "y@example.jp"),
        *("鈴木", "ops@example.jp", ("2026-12-29",), ("日本語", "English"), (("O", "Example KK"),)),
    )
    assert (found["b"].name, found["b"].responsible, found["b"].kind) == ("B", "佐藤", None)
    assert read(None) == ({}, [])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (["a"], "a dictionary is needed"),
        ({"a": "Example KK"}, "organizations.a"),
        ({"a": {"kind": "company"}}, "organizations.a.kind"),
        ({"a": {"opened_on": "last spring"}}, "organizations.a.opened_on"),
        ({"a": {"kinds": "corporation"}}, "organizations.a.kinds"),
        ({"a": {"kinds": "corporation"}}, 'there is no such field. Did you mean "kind"?'),
        ({"a": {"responsible": {"name": "A", "e-mail": "a@x.jp"}}}, "organizations.a.responsible.e-mail"),
        ({"a": {"responsible": {"mail": 7}}}, "organizations.a.responsible.mail"),
    ],
)
def test_what_cannot_be_read_is_named(raw: t.Any, words: str) -> None:
    _found, errors = read(raw)
    assert any(words in error for error in errors)


@pytest.mark.parametrize(
    ("absence", "told"),
    [
        ({"from": "2026-12-28", "to": "2027-01-04", "note": "new year"}, "2026-12-28 – 2027-01-04 (new year)"),
        ({"from": "2026-12-28", "to": "2027-01-04"}, "2026-12-28 – 2027-01-04"),
        ({"from": "2026-12-28"}, "2026-12-28"),
        ({"to": "2027-01-04", "note": "back then"}, "2027-01-04 (back then)"),
        ({"note": "Mondays"}, "Mondays"),
        ("Mondays", "Mondays"),
        (date(2026, 12, 28), "2026-12-28"),
        ({}, None),
        ("", None),
    ],
)
def test_an_absence_is_days_or_a_note_or_both(absence: t.Any, told: str | None) -> None:
    found, errors = read({"a": {"responsible": {"name": "A", "absences": [absence]}}})
    assert errors == []
    assert found["a"].absences == ((told,) if told else ())
