# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator of CertCentral works out without a network: limits, filters, terms, who speaks for whom."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta, timezone

import pytest
from lab.digicert import listing, terms
from lab.digicert.accounts import Limits
from lab.digicert.methods import METHODS
from lab.digicert.proving import fits, new_token
from lab.digicert.terms import Term
from lab.digicert.values import Claim, parents
from lab.refusal import Refused
from lab.vices import Switches

# --- request limits ---


class Stopwatch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def allowed(limits: Limits, watch: Stopwatch, *seconds: float, key: str = "key") -> list[bool]:
    found = []
    for moment in seconds:
        watch.now = moment
        found.append(limits.allow(key))
    return found


def test_a_hundred_requests_in_five_seconds_are_taken_and_no_more() -> None:
    watch = Stopwatch()
    limits = Limits(Switches([]), watch)
    assert allowed(limits, watch, *[0.0] * 60, *[3.0] * 40) == [True] * 100
    assert allowed(limits, watch, 4.9, 5.1) == [False, True], "the window rolls"
    assert allowed(limits, watch, *[5.2] * 60) == [True] * 59 + [False], "sixty left it, one came"


def test_a_thousand_requests_in_three_minutes_are_taken_and_no_more() -> None:
    watch = Stopwatch()
    limits = Limits(Switches([]), watch)
    assert all(allowed(limits, watch, *[number * 0.1 for number in range(1000)]))
    assert allowed(limits, watch, 170.0, 179.9, 180.1) == [False, False, True]


def test_each_key_has_limits_of_its_own_and_refusals_count_only_if_the_switch_says_so() -> None:
    watch = Stopwatch()
    limits = Limits(Switches([]), watch)
    limits.limits = ((2, 5.0),)
    assert allowed(limits, watch, 0.0, 0.0, 1.0) == [True, True, False]
    assert allowed(limits, watch, 1.0, key="other") == [True]
    assert allowed(limits, watch, 5.5) == [True]
    strict = Limits(Switches(["dc_refused_count_too"]), watch)
    strict.limits = ((2, 5.0),)
    assert allowed(strict, watch, 0.0, 0.0, 4.0, 4.5, 6.0, 9.6) == [True, True, False, False, False, True]


# --- lists ---

NUMBERED: list[dict[str, object]] = [
    {"id": number, "day": f"2026-11-{number:02}T10:00:00+00:00", "name": f"www{number}.example.jp"}
    for number in range(1, 31)
]
COLUMNS: listing.Columns[dict[str, object]] = {
    "id": lambda item: [item["id"]],
    "day": lambda item: [item["day"]],
    "name": lambda item: [item["name"], "example.jp"],
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"filters[id]": "7"}, [7]),
        ({"filters[id][0]": "7", "filters[id][1]": "9"}, [7, 9]),
        ({"filters[id]": "9...11"}, [9, 10, 11]),
        ({"filters[id]": ">28"}, [29, 30]),
        ({"filters[id]": "<3"}, [1, 2]),
        ({"filters[day]": "2026-11-19...2026-11-20"}, [19, 20]),
        ({"filters[name]": "www2%"}, [2, *range(20, 30)]),
        ({"filters[name]": "WWW2.example.jp"}, [2]),
        ({"filters[name]": "example.jp", "filters[id]": "5"}, [5]),
        ({"filters[name]": "www.example.jp"}, []),
        ({"sort": "-id", "limit": "2"}, [30, 29]),
        ({"limit": "3", "offset": "28"}, [29, 30]),
    ],
)
def test_filters_sorting_and_paging(query: dict[str, str], found: list[int]) -> None:
    items, page = listing.chosen(NUMBERED, query, COLUMNS)
    assert [item["id"] for item in items] == found
    assert page.limit == int(query.get("limit", "1000"))


def test_a_page_tells_how_many_there_are_and_holds_a_thousand_at_most() -> None:
    assert listing.chosen(NUMBERED, {"limit": "10", "offset": "5"}, COLUMNS)[1] == (30, 10, 5)
    assert listing.chosen(NUMBERED, {"limit": "5000"}, COLUMNS)[1].limit == 1000
    for query in ({"filters[nothing]": "1"}, {"sort": "nothing"}, {"limit": "-1"}):
        with pytest.raises(Refused):
            listing.chosen(NUMBERED, query, COLUMNS)


def test_a_list_as_csv() -> None:
    text = listing.as_csv([{"id": 1, "certificate": {"common_name": "a,b"}}], ("id", "certificate.common_name", "x"))
    assert list(csv.reader(text.decode().splitlines())) == [["id", "certificate.common_name", "x"], ["1", "a,b", ""]]


# --- terms ---


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


@pytest.mark.parametrize(
    ("day", "days"),
    [("2026-02-23", 397), ("2026-02-24", 199), ("2027-03-14", 199), ("2027-03-15", 99), ("2029-03-15", 46)],
)
def test_the_longest_certificate_by_date(day: str, days: int) -> None:
    assert terms.longest(at(day)) == timedelta(days=days) - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("day", "days"), [("2026-03-14", 398), ("2026-03-15", 200), ("2027-03-15", 100), ("2029-03-15", 10)]
)
def test_how_long_a_validation_lives_by_date(day: str, days: int) -> None:
    assert terms.reuse(at(day)) == timedelta(days=days)


def test_the_end_of_a_term() -> None:
    begin = terms.today(at("2028-02-29"))
    assert Term(years=1).ends(begin).isoformat() == "2029-02-27T23:59:59+00:00"
    assert Term(days=1).ends(begin).isoformat() == "2028-02-29T23:59:59+00:00"
    assert Term(until=date(2028, 3, 31)).ends(begin).isoformat() == "2028-03-31T23:59:59+00:00"


def test_mail_ends_for_orders_and_for_what_was_proven_by_it() -> None:
    proven = Claim("example.jp", ("www.example.jp",), "email", proven_at=at("2028-03-14"))
    assert (terms.mail_is_over(at("2028-03-14")), terms.mail_is_over(at("2028-03-15"))) == (False, True)
    assert (proven.is_proven(at("2028-03-14")), proven.is_proven(at("2028-03-15"))) == (True, False)


# --- claims ---


def test_who_may_speak_for_a_name() -> None:
    found = parents("*.a.shop.example.co.jp", "example.co.jp")
    assert found == ["a.shop.example.co.jp", "shop.example.co.jp", "example.co.jp"]
    assert parents("example.jp", "example.jp") == ["example.jp"]
    wide, exact = Claim("example.jp", (), "dns-txt-token"), Claim("example.jp", (), "http-token", is_exact=True)
    assert [wide.speaks_for(name) for name in ("example.jp", "*.example.jp", "badexample.jp")] == [True, True, False]
    assert [exact.speaks_for(name) for name in ("example.jp", "www.example.jp")] == [True, False]


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_token_is_long_a_label_and_none_like_another(method: str) -> None:
    tokens = {new_token(method) for _unused in range(20)}
    assert len(tokens) == 20
    assert all(32 <= len(token) <= 63 and token == token.lower() and fits(token, method) for token in tokens)
    assert all(token.startswith("_") == (method == "dns-cname-token") for token in tokens)


def test_a_claim_is_dead_a_lifetime_after_it_was_proven() -> None:
    claim = Claim("example.jp", (), "dns-txt-token", proven_at=datetime(2026, 11, 20, tzinfo=timezone.utc))
    assert claim.is_proven(at("2027-03-14"))
    assert not claim.is_proven(at("2027-03-15")), "114 days old, where 100 is the limit"
