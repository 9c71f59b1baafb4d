# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Japan and days of the Baseline Requirements, as a plan answers them.

The numbers of the names are those of the fact sheet of the Baseline Requirements, section 4.3; its section 5.1 is the
table of days.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import registrable_domain
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import DNS, FILE, by_mail, code, domains, planned

#: (number, name, where a plan may send approval mails highest, what the list says); None: refused as a public suffix
NAMES = [
    (1, "www.example.jp", "example.jp"),
    (2, "a.b.example.jp", "example.jp"),
    (3, "www.example.co.jp", "example.co.jp"),
    (4, "*.example.co.jp", "example.co.jp"),
    (5, "mail.example.ne.jp", "example.ne.jp"),
    (6, "www.example.or.jp", "example.or.jp"),
    (7, "lab.example.ac.jp", "example.ac.jp"),
    (8, "www.example.go.jp", "example.go.jp"),
    (9, "www.example.gr.jp", "example.gr.jp"),
    (10, "www.example.ed.jp", "example.ed.jp"),
    (11, "ns.example.ad.jp", "example.ad.jp"),
    (12, "example.tokyo.jp", "example.tokyo.jp"),
    (13, "www.example.tokyo.jp", "example.tokyo.jp"),
    (14, "www.tokyo.jp", "www.tokyo.jp"),
    (15, "tokyo.jp", None),
    (15, "*.tokyo.jp", None),
    (16, "www.metro.tokyo.jp", "metro.tokyo.jp"),
    (17, "www.pref.osaka.jp", "pref.osaka.jp"),
    (18, "shop.chiyoda.tokyo.jp", "shop.chiyoda.tokyo.jp"),
    (19, "chiyoda.tokyo.jp", None),
    (20, "www.city.shinjuku.tokyo.jp", "city.shinjuku.tokyo.jp"),
    (21, "www.town.hakone.kanagawa.jp", "town.hakone.kanagawa.jp"),
    (22, "www.city.kawasaki.jp", "city.kawasaki.jp"),
    (23, "city.kawasaki.jp", "city.kawasaki.jp"),
    (24, "www.example.nakahara.kawasaki.jp", "example.nakahara.kawasaki.jp"),
    (25, "nakahara.kawasaki.jp", None),
    (26, "www.kawasaki.jp", None),
    (27, "kawasaki.jp", None),
    (28, "www.city.yokohama.jp", "city.yokohama.jp"),
    (29, "www.city.osaka.jp", "city.osaka.jp"),
    (30, "www.kesennuma.miyagi.jp", "kesennuma.miyagi.jp"),
    (31, "www.city.kobe.lg.jp", "city.kobe.lg.jp"),
    (32, "www.metro.tokyo.lg.jp", "metro.tokyo.lg.jp"),
    (33, "www.例.東京.jp", "xn--fsq.xn--1lqs71d.jp"),
    (34, "www.日本語.jp", "xn--wgv71a119e.jp"),
    (35, "foo.theshop.jp", "theshop.jp"),
    (36, "www.example.com.jp", "com.jp"),
    (37, "www.example.tokyo", "example.tokyo"),
]
#: below LG.JP the list ends one label above what is registered: there it has no mailbox
ABOVE = {31: "kobe.lg.jp", 32: "tokyo.lg.jp"}


def test_no_name_of_the_fact_sheet_is_missing() -> None:
    assert sorted({number for number, _name, _base in NAMES}) == list(range(1, 38))


@pytest.mark.parametrize(("number", "name", "base"), NAMES, ids=[f"{number} {name}" for number, name, _base in NAMES])
def test_approval_mails_reach_the_registered_name_and_no_further(number: int, name: str, base: str | None) -> None:
    address = f"admin@{base}" if base is not None else "admin@example.jp"
    one = planned("digicert-dv", name, validation=by_mail(address))
    if base is None:
        assert code(one) == "public_suffix"
        assert domains(one, allowed=True) == domains(one, allowed=False) == []
        return
    assert code(one) is None
    assert one.certificate is not None
    found = domains(one)
    assert found[-1] == base
    assert all(domain == base or domain.endswith(f".{base}") for domain in found)
    assert registrable_domain(one.certificate["dns_names"][0]) == ABOVE.get(number, base)


@pytest.mark.parametrize(("number", "name", "base"), [row for row in NAMES if row[2] is not None])
def test_the_mailbox_in_dns_is_published_inside_what_is_registered(number: int, name: str, base: str) -> None:
    one = planned(
        "jprs-dv-wildcard", name if name.startswith("*.") else f"*.{name}", validation=by_mail("a@b.jp", "txt")
    )
    assert domains(one, "txt")[-1] == base
    (record,) = one.plan["records"]
    assert record["name"].endswith(base)


# -- days -------------------------------------------------------------------------------------------------------------

#: day, mail, DNS, file, days of a certificate, perspectives ahead
DAYS = [
    ("2026-11-20", "discouraged", 199, True),
    ("2026-12-15", "discouraged", 199, False),
    ("2027-03-14", "discouraged", 199, False),
    ("2027-03-15", "discouraged", 100, False),
    ("2028-03-14", "discouraged", 100, False),
    ("2028-03-15", "no", 100, False),
    ("2029-03-15", "no", 47, False),
]


@pytest.mark.parametrize(("day", "mail", "days", "perspectives_ahead"), DAYS, ids=[row[0] for row in DAYS])
def test_the_quick_view_of_the_rules_in_a_plan(day: str, mail: str, days: int, perspectives_ahead: bool) -> None:
    one = planned("digicert-dv", validation=DNS, as_of=f"{day}T00:00:00Z")
    words = {row["method"]: word(row) for row in one.plan["methods"]}
    assert words == {"email": mail, "dns": "yes", "dns-cname": "yes", "file": "yes"}
    assert one.plan["validity"]["max_days"] == days
    assert any("five remote" in cliff["what"] for cliff in one.plan["cliffs"]) is perspectives_ahead
    star = planned("digicert-dv", "*.example.jp", validation=FILE, as_of=f"{day}T00:00:00Z")
    assert {row["method"]: word(row) for row in star.plan["methods"]} == {**words, "file": "no"}


def word(row: dict[str, t.Any]) -> str:
    return "no" if not row["allowed"] else "discouraged" if row["discouraged"] else "yes"


#: (validated, asked, whether it still counts): facts, 2.3 and 5.1
REUSE = [
    ("2026-11-20", "2027-03-14", True),
    ("2026-11-20", "2027-03-15", False),
    ("2026-12-05", "2027-03-15", True),
    ("2026-12-04", "2027-03-15", False),
    ("2029-03-05", "2029-03-15", True),
    ("2029-03-04", "2029-03-15", False),
]


@pytest.mark.parametrize(("validated", "day", "counts"), REUSE)
def test_an_old_validation_counts_by_the_limit_of_the_day_of_issue(validated: str, day: str, counts: bool) -> None:
    one = planned("digicert-dv", validation=DNS, as_of=f"{day}T00:00:00Z", validated_on=f"{validated}T00:00:00Z")
    (reasons,) = [row["reasons"] for row in one.plan["methods"] if row["method"] == "dns"]
    assert any("validate again" in reason for reason in reasons) is not counts
