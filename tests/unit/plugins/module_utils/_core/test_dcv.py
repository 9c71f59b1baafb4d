# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.dcv import Evidence, Verdict, allowed
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import METHOD_RULES, MethodRule
from ansible_collections.inkan.tls.plugins.module_utils._data.validity import (
    DCV_REUSE_MAX_DAYS,
    MPIC_MIN_REMOTE,
    SHORT_LIVED_MAX_DAYS,
    SII_REUSE_MAX_DAYS,
    SWITCHES,
    VALIDITY_MAX_DAYS,
)

BR = "3.2.2.4."
DAY = timedelta(days=1)


def base_of(name: str) -> str | None:
    """A made-up list: two labels are registrable."""
    labels = name.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else None


def word(method: str, day: date, name: str = "www.example.jp") -> str:
    verdict = allowed(BR + method, day, name)
    return "no" if not verdict.allowed else "discouraged" if verdict.discouraged else "yes"


MAIL, PHONE, DNS, FILE, PERSIST, DEAD = (
    ("4", "13", "14"),
    ("16", "17"),
    ("7", "21"),
    ("18", "19", "20"),
    ("22",),
    ("2", "8", "15"),
)

# day, e-mail, phone, days of validity, days of reuse, remote perspectives (facts, table 5.1)
QUICK_VIEW = [
    (date(2026, 11, 20), "discouraged", "discouraged", 200, 200, 4),
    (date(2026, 12, 15), "discouraged", "discouraged", 200, 200, 5),
    (date(2027, 3, 14), "discouraged", "discouraged", 200, 200, 5),
    (date(2027, 3, 15), "discouraged", "no", 100, 100, 5),
    (date(2028, 3, 14), "discouraged", "no", 100, 100, 5),
    (date(2028, 3, 15), "no", "no", 100, 100, 5),
    (date(2029, 3, 15), "no", "no", 47, 10, 5),
]


@pytest.mark.parametrize("row", QUICK_VIEW, ids=[str(row[0]) for row in QUICK_VIEW])
def test_the_quick_view_of_the_rules(row: tuple[date, str, str, int, int, int]) -> None:
    day, mail, phone, validity, reuse, remote = row
    assert {word(method, day) for method in MAIL} == {mail}
    assert {word(method, day) for method in PHONE} == {phone}
    assert {word(method, day) for method in DNS + FILE + PERSIST} == {"yes"}
    assert {word(method, day) for method in DEAD} == {"no"}
    assert (dcv.validity_limit(day).days, dcv.reuse_limit(day)) == (validity, reuse)
    assert dcv.reuse_limit(day, dcv.method_rule(BR + "22")) == 10
    seen = dcv.perspectives(day)
    assert seen is not None
    assert seen.remote == remote


ENDS = [(rule.id, rule.must_not_rely_from) for rule in METHOD_RULES if rule.must_not_rely_from is not None]


@pytest.mark.parametrize(("rule_id", "end"), ENDS, ids=[rule_id for rule_id, _other in ENDS])
def test_a_method_lives_the_day_before_its_end_and_not_on_it(rule_id: str, end: date) -> None:
    assert allowed(rule_id, end - DAY, "www.example.jp").allowed
    verdict = allowed(rule_id, end, "www.example.jp")
    assert not verdict.allowed
    assert str(end) in verdict.reasons[0]
    assert verdict.ends_on == end


DISCOURAGED = [(rule.id, rule.discouraged_from) for rule in METHOD_RULES if rule.discouraged_from is not None]


@pytest.mark.parametrize(("rule_id", "since"), DISCOURAGED, ids=[rule_id for rule_id, _other in DISCOURAGED])
def test_a_method_is_discouraged_from_its_day_on(rule_id: str, since: date) -> None:
    assert not allowed(rule_id, since - DAY, "www.example.jp").discouraged
    assert allowed(rule_id, since, "www.example.jp").discouraged


BEGINS = [(rule.id, rule.since) for rule in METHOD_RULES if rule.since is not None]


@pytest.mark.parametrize(("rule_id", "since"), BEGINS, ids=[rule_id for rule_id, _other in BEGINS])
def test_a_method_exists_from_its_day_on(rule_id: str, since: date) -> None:
    assert not allowed(rule_id, since - DAY, "www.example.jp").allowed
    assert allowed(rule_id, since, "www.example.jp").allowed


# what the rows must say, kept apart from them: the ticks of the table of BR 3.2.2.4
TICKS = {
    "wildcard": "4 7 12 13 14 16 17 21 22",
    "prune": "4 7 12 13 14 16 17 21 22",
    "base_domain_only": "12",
    "adn_cname_step": "4 7 13 14 16 17",
    "onion": "18 19 20",
    "mpic_required": "7 13 14 16 17 18 19 20 21 22",
}
DATES = {
    "must_not_rely_from": {
        "1": date(2018, 8, 1), "2": date(2025, 7, 15), "3": date(2019, 6, 1), "4": date(2028, 3, 15),
        "5": date(2018, 8, 1),
        "8": date(2026, 3, 15), "13": date(2028, 3, 15), "14": date(2028, 3, 15), "15": date(2025, 7, 15),
        "16": date(2027, 3, 15), "17": date(2027, 3, 15),
    },
    "discouraged_from": dict.fromkeys("4 13 14 16 17".split(), date(2026, 3, 15)),
    "since": {"21": date(2025, 3, 1), "22": date(2025, 11, 10)},
    "acme_challenge": {"7": "dns-01", "19": "http-01", "20": "tls-alpn-01",
                       "21": "dns-account-01", "22": "dns-persist-01"},
    "reuse_cap_days": {"22": 10},
    "challenge_max_days": dict.fromkeys("4 7 13 14 16 17 18 19 20 21".split(), 30),
}  # fmt: skip


def test_every_method_of_the_table_has_one_row_and_its_label() -> None:
    assert [rule.id for rule in METHOD_RULES] == [f"{BR}{number}" for number in range(1, 23)]
    assert [rule.caa_label for rule in METHOD_RULES] == [f"ca-tbr-{number}" for number in range(1, 23)]


@pytest.mark.parametrize("tick", TICKS)
def test_the_ticks_of_the_rows(tick: str) -> None:
    ticked = [rule.id for rule in METHOD_RULES if getattr(rule, tick)]
    assert ticked == [BR + number for number in TICKS[tick].split()]


@pytest.mark.parametrize("column", DATES)
def test_the_dates_and_numbers_of_the_rows(column: str) -> None:
    values = {rule.id: getattr(rule, column) for rule in METHOD_RULES if getattr(rule, column) is not None}
    assert values == {BR + number: value for number, value in DATES[column].items()}


@pytest.mark.parametrize("number", "6 9 10 11".split())
def test_a_method_retired_long_ago_is_never_allowed(number: str) -> None:
    assert not allowed(BR + number, date(2024, 1, 1), "www.example.jp").allowed


def test_the_tables_of_days_are_those_of_the_ballots() -> None:
    assert [(row.since, row.days, row.should) for row in VALIDITY_MAX_DAYS] == [
        (date.min, 398, 397),
        (date(2026, 3, 15), 200, 199),
        (date(2027, 3, 15), 100, 99),
        (date(2029, 3, 15), 47, 46),
    ]
    reuse = [(date.min, 398), (date(2026, 3, 15), 200), (date(2027, 3, 15), 100), (date(2029, 3, 15), 10)]
    assert [(row.since, row.days) for row in DCV_REUSE_MAX_DAYS] == reuse
    assert [(row.since, row.days) for row in SII_REUSE_MAX_DAYS] == [(date.min, 825), (date(2026, 3, 15), 398)]
    assert [row.days for row in SHORT_LIVED_MAX_DAYS] == [10, 7]
    assert [row.remote for row in MPIC_MIN_REMOTE] == [2, 2, 3, 4, 5]


@pytest.mark.parametrize("row", VALIDITY_MAX_DAYS[1:], ids=lambda row: str(row.since))
def test_a_shorter_validity_holds_on_its_day_and_not_the_day_before(row: tuple[date, int, int, str]) -> None:
    since, days = row[0], row[1]
    assert dcv.validity_limit(since).days == days
    assert dcv.validity_limit(since - DAY).days > days


@pytest.mark.parametrize("row", DCV_REUSE_MAX_DAYS[1:], ids=lambda row: str(row.since))
def test_a_shorter_reuse_holds_on_its_day_and_not_the_day_before(row: tuple[date, int, int, str]) -> None:
    since, days = row[0], row[1]
    assert dcv.reuse_limit(since) == days
    assert dcv.reuse_limit(since - DAY) > days


@pytest.mark.parametrize("row", MPIC_MIN_REMOTE, ids=lambda row: str(row.since))
def test_perspectives_grow_on_their_day(row: tuple[date, int, bool, int, str]) -> None:
    before, on = dcv.perspectives(row[0] - DAY), dcv.perspectives(row[0])
    assert on == row
    assert before != row


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: f"{switch.since} {switch.rule[:30]}")
def test_a_switch_lies_ahead_until_its_day(switch: tuple[date, str, str, str, str]) -> None:
    assert switch in dcv.switches_after(switch[0] - DAY)
    assert switch not in dcv.switches_after(switch[0])


@pytest.mark.parametrize(
    ("day", "seconds"), [((2026, 11, 20), 17_280_000), ((2028, 1, 31), 8_640_000), ((2029, 3, 15), 4_060_800)]
)
def test_the_last_lawful_second_counts_both_end_points(day: tuple[int, int, int], seconds: int) -> None:
    start = datetime(*day, 9, 30, 1, tzinfo=timezone.utc)
    assert dcv.latest_end(start) - start == timedelta(seconds=seconds - 1)


@pytest.mark.parametrize("method", FILE)
def test_no_file_or_tls_method_validates_a_wildcard_name(method: str) -> None:
    assert word(method, date(2026, 11, 20), "*.example.jp") == "no"
    assert word(method, date(2026, 11, 20), "abc.onion") == "yes"
    assert word("7", date(2026, 11, 20), "abc.onion") == "no"


def test_an_ev_certificate_has_no_wildcard_name() -> None:
    verdict = allowed(BR + "7", date(2026, 11, 20), "*.example.jp", ev=True)
    assert (verdict.allowed, verdict.facts) == (False, ("EVG 7.1.2.1",))


@pytest.mark.parametrize(
    ("method", "name", "adn", "cnames", "covered"),
    [
        pytest.param("7", "a.b.example.jp", "example.jp", (), True, id="pruned down to the Base Domain Name"),
        pytest.param("7", "a.b.example.jp", "b.example.jp", (), True, id="pruned by one label"),
        pytest.param("7", "a.b.example.jp", "jp", (), False, id="never below the Base Domain Name"),
        pytest.param("7", "example.jp", "www.example.jp", (), False, id="a www name never covers its parent"),
        pytest.param("7", "*.example.jp", "example.jp", (), True, id="a wildcard name is validated without its star"),
        pytest.param("7", "www.example.jp", "cdn.test", ("x.cdn.test",), True, id="first the CNAME, then pruning"),
        pytest.param("7", "*.example.jp", "x.cdn.test", ("x.cdn.test",), False, id="no CNAME step for a wildcard name"),
        pytest.param("21", "www.example.jp", "x.cdn.test", ("x.cdn.test",), False, id="no CNAME step without its tick"),
        pytest.param("12", "www.example.jp", "example.jp", (), True, id="a registrar validates the Base Domain Name"),
        pytest.param("12", "www.example.jp", "www.example.jp", (), False, id="and nothing below it"),
        pytest.param("19", "www.example.jp", "example.jp", (), False, id="a file covers its own name only"),
        pytest.param("19", "www.example.jp", "www.example.jp", (), True, id="a file covers its own name"),
    ],
)
def test_which_authorization_domain_names_cover_a_name(
    method: str, name: str, adn: str, cnames: tuple[str, ...], covered: bool
) -> None:
    evidence = Evidence(adn, cnames)
    assert allowed(BR + method, date(2026, 11, 20), name, evidence=evidence, base_of=base_of).allowed is covered


@pytest.mark.parametrize(
    ("method", "validated_on", "day", "again"),
    [
        pytest.param("7", date(2026, 5, 4), date(2026, 11, 20), False, id="200 days old"),
        pytest.param("7", date(2026, 5, 3), date(2026, 11, 20), True, id="201 days old"),
        pytest.param("22", date(2026, 11, 10), date(2026, 11, 20), False, id="persistent TXT, 10 days old"),
        pytest.param("22", date(2026, 11, 9), date(2026, 11, 20), True, id="persistent TXT, 11 days old"),
        pytest.param("7", date(2026, 11, 20), date(2027, 3, 14), False, id="the day before the limit falls"),
        pytest.param("7", date(2026, 11, 20), date(2027, 3, 15), True, id="the day the limit falls to 100"),
    ],
)
def test_when_to_validate_again(method: str, validated_on: date, day: date, again: bool) -> None:
    evidence = Evidence("example.jp", validated_on=validated_on)
    verdict = allowed(BR + method, day, "example.jp", evidence=evidence)
    assert (verdict.allowed, verdict.revalidate) == (True, again)


@pytest.mark.parametrize(
    ("method", "validated_on", "cliff"),
    [
        pytest.param("7", date(2026, 11, 20), date(2027, 3, 15), id="the limit falls to 100 days"),
        pytest.param("7", date(2026, 12, 5), date(2027, 3, 16), id="younger than the fall of the limit"),
        pytest.param("7", date(2026, 7, 1), date(2027, 1, 18), id="its own 200 days"),
        pytest.param("14", date(2028, 3, 1), date(2028, 3, 15), id="the method itself ends"),
        pytest.param("7", date(2029, 3, 4), date(2029, 3, 15), id="the limit falls to 10 days"),
        pytest.param("7", date(2029, 3, 5), date(2029, 3, 16), id="10 days old when it falls"),
    ],
)
def test_the_next_cliff_of_a_validation(method: str, validated_on: date, cliff: date) -> None:
    today = max(validated_on, date(2026, 11, 20))
    assert dcv.next_cliff(dcv.method_rule(BR + method), validated_on, today) == cliff


def test_a_validation_that_is_worth_nothing_has_no_cliff() -> None:
    assert dcv.next_cliff(dcv.method_rule(BR + "22"), date(2026, 1, 1), date(2026, 11, 20)) is None


def test_names_of_the_reverse_tree_end_in_march_2026() -> None:
    name = "www.2.0.192.in-addr.arpa"
    assert dcv.reverse_tree_error(name, date(2026, 3, 14)) is None
    assert dcv.reverse_tree_error(name, date(2026, 3, 15)) is not None
    assert dcv.reverse_tree_error("arpa.example.jp", date(2026, 3, 15)) is None


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("SC-081v3, BR 6.3.2", ("SC-081v3", "BR 6.3.2")),
        ("SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.4", ("SC-090", "BR 3.2.2.4.4")),
        ("SC-085v2, SC-094v2, SC-100", ("SC-085v2", "SC-094v2", "SC-100")),
        ("Chrome Root Program 1.8, 1.3.2", ("Chrome Root Program 1.8, 1.3.2",)),
        ("BR 2.3.1", ("BR 2.3.1",)),
        ("EVG 7.1.2.1", ("EVG 7.1.2.1",)),
    ],
)
def test_a_source_names_its_rules_one_by_one(source: str, rules: tuple[str, ...]) -> None:
    assert dcv.cited(source) == rules


@pytest.mark.parametrize("name", ["example.jp", "a.example.jp", "b.a.example.jp"])
@pytest.mark.parametrize("rule", METHOD_RULES, ids=lambda rule: rule.id)
def test_what_a_validation_reaches_is_what_can_be_derived(name: str, rule: MethodRule) -> None:
    """Two ways to the same answer: the plan asks the short one."""
    names = dcv.derivable_names(rule, name, base_of=lambda _name: "example.jp")
    if rule.base_domain_only:
        return
    for domain in ("example.jp", "a.example.jp", "b.a.example.jp", "jp", "ple.jp", "x.example.jp"):
        assert dcv.reaches(rule, name, domain, "example.jp") is (domain in names)


def test_a_verdict_says_nothing_against_a_method_of_which_nothing_is_said() -> None:
    verdict = Verdict(True)
    assert (verdict.discouraged, verdict.revalidate, verdict.ends_on, verdict.reasons) == (False, False, None, ())
