# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of `make wave`: what must hold in it whatever the figures are, one case worked out by hand, and that it can
fail."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing as t
from collections import Counter
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import RenewalPolicy
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY

if sys.version_info < (3, 11):
    pytest.skip("the simulation runs on the controller's Python", allow_module_level=True)

sys.path.append(str(REPOSITORY / "bench"))

from simulation import model, page, rows, scenarios

COST = rows.Cost(10.0, 0.0, 1.0, "made up")
BEGIN = datetime(2029, 6, 1, tzinfo=timezone.utc)
PLAIN = dataclasses.replace(rows.DIGICERT, limits=(), requests=1, slow=0.0, latency=(5.0, 5.0))


def setup(authority: rows.Authority = PLAIN, **what: t.Any) -> model.Setup:
    told = {
        "begin": BEGIN, "end": BEGIN + timedelta(days=70), "certificates": 300, "shares": {authority.key: 1.0},
        "authorities": (authority,), "policy": RenewalPolicy(jitter=timedelta(hours=24)), "cost": COST, **what,
    }  # fmt: skip
    return model.Setup(**told)


def ran(authority: rows.Authority = PLAIN, **what: t.Any) -> model.Told:
    return model.Simulation(setup(authority, **what), log=True).run()


def test_each_certificate_is_renewed_and_never_ordered_twice_in_one_life() -> None:
    told = ran(rows.DIGICERT)
    orders: dict[int, list[float]] = {}
    for sent in told.log:
        orders.setdefault(sent.index, []).append(sent.at)
    assert set(orders) == set(range(300)) and not told.expired
    assert {len(found) for found in orders.values()} <= {2, 3}  # 70 days, a renewal in 31
    gaps = [after - before for found in orders.values() for before, after in zip(found, found[1:])]
    assert min(gaps) > 30 * rows.DAY, "ordered again before its day"
    assert sum(told.renewed.values()) == pytest.approx(len(told.log), abs=15)  # less those under way at the end


LIMITS = (Limit(7, 3_600.0), Limit(60, rows.DAY), Limit(250, 7 * rows.DAY))


def windows_broken(log: t.Sequence[model.Sent], limits: t.Sequence[Limit]) -> int:
    """Counted without the code under test: every window that begins with an order."""
    broken = 0
    for account in {sent.account for sent in log}:
        times = sorted(sent.at for sent in log if sent.account == account)
        for limit in limits:
            first = 0
            for last, at in enumerate(times):
                while at - times[first] >= limit.seconds:
                    first += 1
                broken += last - first + 1 > limit.requests
    return broken


@pytest.mark.parametrize("accounts", [1, 3])
def test_no_window_of_any_account_ever_holds_more_than_its_limit(accounts: int) -> None:
    told = ran(dataclasses.replace(PLAIN, limits=LIMITS), accounts=accounts, bunched=1.0)
    assert len(told.log) > 300
    assert windows_broken(told.log, LIMITS) == 0
    free = ran(bunched=1.0)
    assert windows_broken(free.log, LIMITS) > 0, "the count finds nothing"


def test_open_orders_stay_below_the_limit_of_pending_ones() -> None:
    """Each takes two hours, at most ten may be open: no eleventh within two hours."""
    slow = dataclasses.replace(PLAIN, latency=(7_200.0, 7_200.0), pending=10)
    told = ran(slow, bunched=1.0)
    assert len(told.log) > 300
    assert windows_broken(told.log, [Limit(10, 7_200.0)]) == 0


def test_a_case_worked_out_by_hand() -> None:
    """Five revoked certificates, two orders a run of an hour, ten seconds to start, one second each, five to issue.

    The news comes with the first run: orders at 11 s and 12 s, in service at 16 s and 17 s; the next two an hour later,
    the last one two hours later, at 7,216 s.
    """
    two = dataclasses.replace(PLAIN, limits=(Limit(2, 1_800.0),))
    news = model.Revocation(PLAIN.key, BEGIN.timestamp(), rows.DAY)
    told = ran(two, certificates=5, shards=1, revocation=news, end=BEGIN + timedelta(days=1), bunched=1.0)
    assert [sent.at - BEGIN.timestamp() for sent in told.log] == [11.0, 12.0, 3_611.0, 3_612.0, 7_211.0]
    assert sorted(told.replaced) == [16.0, 17.0, 3_616.0, 3_617.0, 7_216.0]
    assert (told.revoked, told.waiting, told.longest_run) == (5, 3, 17.0)


def test_the_day_of_renewal_is_the_policys() -> None:
    """47 days, two thirds of them; by hand: 31.349 days, and up to an hour until the next run."""
    told = ran(certificates=40, policy=RenewalPolicy(), shards=1)
    first: dict[int, float] = {}
    for sent in told.log:
        if sent.index in first:
            assert 0 <= sent.at - first[sent.index] - 47 * rows.DAY * 0.667 < 3_700
        first[sent.index] = sent.at
    assert len(first) == 40


def test_an_absurd_limit_ends_in_expired_certificates() -> None:
    told = ran(dataclasses.replace(PLAIN, limits=(Limit(1, rows.DAY),)))
    assert len(told.expired) > 200


def test_a_ca_that_never_answers_ends_in_expired_certificates() -> None:
    out = model.Outage(PLAIN.key, BEGIN.timestamp(), BEGIN.timestamp() + 70 * rows.DAY)
    told = ran(outages=(out,))
    assert len(told.expired) == 300 and not told.log


def test_a_day_without_the_ca_costs_about_a_day_of_the_reserve() -> None:
    since = BEGIN.timestamp() + 5 * rows.DAY
    out = model.Outage(PLAIN.key, since, since + rows.DAY)
    told, calm = ran(outages=(out,)), ran()
    assert not [sent for sent in told.log if out.since <= sent.at < out.until]
    lost = (min(calm.reserve.values()) - min(told.reserve.values())) / rows.DAY
    assert 0.5 < lost <= 1.1


MAIL_SETUP: dict[str, t.Any] = {
    "begin": datetime(2027, 12, 1, tzinfo=timezone.utc),
    "end": datetime(2028, 9, 1, tzinfo=timezone.utc),
    "policy": RenewalPolicy(),
}


def test_mail_that_is_not_given_up_before_its_end_ends_in_expired_certificates() -> None:
    told = ran(rows.MAIL, **MAIL_SETUP)
    assert max(sent.at for sent in told.log) < datetime(2028, 3, 15, tzinfo=timezone.utc).timestamp()
    assert len(told.expired) == 300
    moved = ran(rows.MAIL, moves=date(2028, 2, 1), **MAIL_SETUP)
    assert not moved.expired and max(moved.approved) <= date(2028, 2, 29)


def test_persons_approve_as_many_a_day_as_they_can_and_on_no_holiday() -> None:
    told = ran(rows.MAIL, approvals=12, **MAIL_SETUP)
    assert max(told.approved.values()) == 12
    assert not [day for day in told.approved if day.weekday() > 4 or day in (model.WORKDAY.holidays or {})]


def test_a_revocation_is_suggested_by_one_ca_and_forced_at_another() -> None:
    for authority in (rows.LETSENCRYPT, rows.DIGICERT):
        news = model.Revocation(authority.key, BEGIN.timestamp() + rows.DAY, 2 * rows.DAY)
        told = ran(authority, revocation=news)
        assert len(told.replaced) == told.revoked > 0
        assert max(told.replaced) < 2 * rows.DAY
        spread = min(told.replaced), sorted(told.replaced)[150]
        assert spread[1] < 3_700 if authority is rows.DIGICERT else spread[1] > 0.3 * rows.DAY


def test_what_replaces_by_ari_does_not_count_and_else_it_does() -> None:
    assert not any(sent.counted for sent in ran(rows.LETSENCRYPT).log)
    assert all(sent.counted for sent in ran(dataclasses.replace(rows.LETSENCRYPT, exempt=False)).log)


def test_the_same_seed_gives_the_same_and_another_one_something_else() -> None:
    assert ran(rows.DIGICERT).log == ran(rows.DIGICERT).log
    assert ran(rows.DIGICERT).log != ran(rows.DIGICERT, seed=2).log


def test_lots_come_to_what_single_certificates_come_to() -> None:
    one, ten = (ran(rows.DIGICERT, certificates=2_000, lot=lot, bunched=3.0) for lot in (1, 10))
    a, b = (Counter({key: number for (_ca, key), number in told.orders.items()}) for told in (one, ten))
    assert sum(b.values()) == pytest.approx(sum(a.values()), rel=0.02)
    assert max(b.values()) == pytest.approx(max(a.values()), rel=0.15)
    assert min(ten.reserve.values()) == pytest.approx(min(one.reserve.values()), rel=0.05)


def test_limits_are_those_that_the_adapters_keep() -> None:
    assert rows.DIGICERT.limits == (Limit(100, 5.5), Limit(1000, 180.5))
    assert rows.GCC.limits == (Limit(300, 60.5),)


def test_lifetimes_follow_the_dated_rules_and_the_cas_own() -> None:
    def days(authority: rows.Authority, day: date) -> int:
        issued = datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)
        return round((rows.end_of(authority, issued, None) - issued) / timedelta(days=1))

    assert [days(rows.GCC, day) for day in (date(2027, 3, 15), date(2029, 3, 15))] == [100, 47]
    assert [days(rows.LETSENCRYPT, date(year, 3, 16)) for year in (2026, 2027, 2028)] == [90, 64, 45]


def test_the_largest_estate_of_a_key_is_the_arithmetic_of_its_limit() -> None:
    """1,000 requests in 3 minutes, 4 an order, runs that wait for 5 minutes: 500 orders a run."""
    cost = rows.Cost(0.0, 0.0, 0.001, "made up")
    daily = dataclasses.replace(scenarios.recommended(cost, lot=1), shards=1, every=24.0)
    assert scenarios.orders_a_day(rows.DIGICERT, daily) == 500
    assert scenarios.orders_a_day(rows.DIGICERT, dataclasses.replace(daily, every=1.0)) == 24 * 500


# The page


def test_in_the_recommended_setup_nothing_expires_and_days_are_left() -> None:
    found = page.read()
    for key in ("history", "bunched"):
        whole = found[key][-1]
        assert whole["key"] == "all" and whole["expired"] == 0 and whole["reserve"] > 7


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_pages_are_those_of_the_figures(language: str) -> None:
    text = page.PAGES[language].read_text(encoding="utf-8")
    assert text == page.page(page.read(), language), "python bench/simulate.py --page"


def test_costs_come_from_measured_figures_where_there_are_any(tmp_path: t.Any) -> None:
    assert rows.cost_of(tmp_path) == rows.TARGETS
    issued = {
        "rows": [{"who": f"inkan.tls.issue, {size}", "median": median} for size, median in ((50, 4.0), (200, 7.0))]
    }
    swept = {
        key: {"rows": [{"who": "inkan.tls.renew", "median": median}]}
        for key, median in (("B1000", 2.0), ("B10000", 3.8))
    }
    for cases, sweep in (({"Asizes-dns": issued}, rows.TARGETS.sweep), ({"Asizes-dns": issued, **swept}, 0.0002)):
        (tmp_path / "2026-11-21.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
        assert rows.cost_of(tmp_path)[:3] == (3.0, sweep, 0.02)
