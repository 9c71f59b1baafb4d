# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work to come, by the rule book: lifetimes and ends of methods as they are on each day."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.modules import dcv_plan
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import FILE, by_mail

NAMES = {"common_name": "www.example.jp", "ca_account": "a"}
ACME = {**NAMES, "validation": {"method": "dns-01"}}
MAIL = {**NAMES, "product": "jprs-dv", "validation": by_mail("admin@example.jp")}
LIVE = {"not_before": "2026-10-01T00:00:00Z", "not_after": "2027-01-09T00:00:00Z"}


def call(*items: dict[str, t.Any], until: str = "2030-12-31", **options: t.Any) -> t.Any:
    certificates = [{"name": f"c{number}", **item} for number, item in enumerate(items)]
    params = {"certificates": certificates, "as_of": "2026-11-20", "load_until": until, **options}
    return dcv_plan.run(params, False).extra.get("load")


def in_year(load: t.Any, year: str, what: str = "orders") -> int:
    return sum(month[what] for month in load["months"] if month["month"].startswith(year))


def years(load: t.Any, what: str = "orders") -> list[int]:
    return [in_year(load, year, what) for year in ("2026", "2027", "2028", "2029", "2030")]


def test_it_is_counted_only_where_it_was_asked_for() -> None:
    assert "load" not in dcv_plan.run({"certificates": [{"name": "c", **ACME}]}, False).extra


def test_lifetimes_of_200_100_and_47_days_multiply_the_orders() -> None:
    """SC-081v3: 0.667 of each."""
    assert years(call(ACME)) == [1, 5, 5, 10, 12]


@pytest.mark.parametrize(
    ("item", "month"),
    [
        pytest.param(ACME, "2026-11", id="there is none: now"),
        pytest.param({**ACME, "live": LIVE}, "2026-12", id="on its day of renewal"),
        pytest.param({**ACME, "live": LIVE, "order": {"state": "validating"}}, "2026-11", id="under way: now"),
    ],
)
def test_the_first_order(item: dict[str, t.Any], month: str) -> None:
    assert next(one["month"] for one in call(item)["months"] if one["orders"]) == month


def test_mail_is_approved_by_hand_until_it_ends_and_then_nothing_is_left_of_it() -> None:
    load = call(MAIL)
    approvals = [one["month"] for one in load["months"] if one["approvals"]]
    lost = [one["month"] for one in load["months"] if one["without_method"]]
    assert approvals[0] == "2026-11"
    assert approvals[-1] == "2028-03"  # the policy uses the method once more, 14 days before it ends
    assert lost[0] > "2028-03"
    assert load["movable"] == {
        "certificates": 1,
        "names": ["c0"],
        "approvals": sum(years(load, "approvals")),
        "without_method": sum(years(load, "without_method")),
        "methods": ["file", "registrar"],
    }


def test_without_the_policy_of_the_last_days_the_end_comes_as_it_comes() -> None:
    load = call(MAIL, renewal={"cliff_days": 0})
    assert max(one["month"] for one in load["months"] if one["approvals"]) < "2028-03"


def test_a_file_is_nobodys_work() -> None:
    load = call({**MAIL, "validation": FILE})
    assert sum(years(load, "approvals")) == sum(years(load, "without_method")) == 0
    assert load["movable"]["certificates"] == load["stuck"]["certificates"] == 0


def test_a_product_with_mail_only_is_stuck() -> None:
    """IDCF-3: the mail is all that the document has."""
    item = {**MAIL, "product": "idcf-bizcert", "validation": by_mail("postmaster@www.example.jp")}
    item.update(key={"made_by": "seller"}, deploy={"by": "seller"}, organization="kk")
    load = call(item)
    assert load["stuck"]["names"] == ["c0"]
    assert load["stuck"]["without_method"] > load["stuck"]["approvals"] > 0
    assert load["movable"]["certificates"] == 0


def test_the_sellers_own_arithmetic_counts() -> None:
    """JPRS: until the end of the fifth month after issue (162 days), where the rule of the day allows 200."""
    options = {"renewal": {"days_left": 1}}
    assert [one["orders"] for one in call({**MAIL, "validation": FILE}, **options)["months"][:7]] == [
        1,
        0,
        0,
        0,
        0,
        1,
        0,
    ]
    assert [one["orders"] for one in call(ACME, **options)["months"][:8]] == [1, 0, 0, 0, 0, 0, 0, 1]


def test_what_is_refused_or_brought_counts_nowhere_else() -> None:
    refused = {**MAIL, "common_name": "*.example.jp"}
    brought = {
        **NAMES,
        "product": "iij-byo",
        "issued_from": "c0",
        "common_name": "www.example.jp",
    }
    alone, together = call(ACME), call(ACME, refused, brought)
    assert [one["orders"] for one in together["months"]] == [one["orders"] for one in alone["months"]]


def test_too_far_ahead_is_refused() -> None:
    with pytest.raises(InputErrors, match="at most 10 years"):
        call(ACME, until="2037-01-01")


def test_what_lies_behind_is_no_month() -> None:
    assert call(ACME, until="2026-10-31")["months"] == []
