# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendar: its dates, how it counts changes, and that RFC 5545 holds whatever is in it."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Cliff, Report, Waiting
from ansible_collections.inkan.tls.plugins.module_utils._report.report_calendar import folded, report_calendar
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report, a_row

Event = dict[str, str]
TURN = Waiting("customer", "approve by the mail to certs@example.jp", "2026-12-15T00:00:00Z", "tanaka")
KNOWN = set("DTSTART;VALUE=DATE DTEND;VALUE=DATE UID DTSTAMP SEQUENCE SUMMARY DESCRIPTION CATEGORIES TRANSP".split())


def read(text: str) -> list[Event]:
    """Strict: octets of lines, line ends, names of properties, what begins ends; text values are unescaped."""
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "") and "\r" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    open_: list[str] = []
    found: list[Event] = []
    for line in text.replace("\r\n ", "").split("\r\n")[:-1]:
        name, _mark, value = line.partition(":")
        if name == "BEGIN":
            open_.append(value)
            found += [{}] if value == "VEVENT" else []
        elif name == "END":
            assert open_.pop() == value
        elif open_ == ["VCALENDAR", "VEVENT"]:
            assert name in KNOWN and name not in found[-1]
            found[-1][name] = re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], value)
        else:
            assert open_ in (["VCALENDAR"], ["VCALENDAR", "VEVENT", "VALARM"])
    assert open_ == [] and len({event["UID"] for event in found}) == len(found)
    return found


def by_kind(events: t.Iterable[Event]) -> dict[str, Event]:
    return {event["CATEGORIES"]: event for event in events}


def a_calendar(*ones: One, before: str | None = None, **words: t.Any) -> str:
    report = a_report(*ones)
    rows = tuple(replace(row, **words) for row in report.rows)
    return report_calendar(replace(report, rows=rows), before)


def test_each_date_is_a_day() -> None:
    found = by_kind(read(a_calendar(One("shop"), waiting=TURN, cancel_by="2027-03-31")))
    days = {kind: (event["DTSTART;VALUE=DATE"], event["DTEND;VALUE=DATE"]) for kind, event in found.items()}
    assert days == {
        "DUE": ("20261215", "20261216"),
        "EXPIRY": ("20270430", "20270501"),
        "RENEWAL": ("20270214", "20270215"),
        "CANCEL": ("20270331", "20270401"),
        "CLIFF": ("20280315", "20280316"),
    }
    assert found["DUE"]["SUMMARY"] == "tanaka: shop: approve by the mail to certs@example.jp"
    assert found["EXPIRY"]["SUMMARY"] == "Certificate shop ends"
    assert "shop.example.jp, www.shop.example.jp" in found["EXPIRY"]["DESCRIPTION"]


def test_a_change_of_the_rules_is_told_once_for_all() -> None:
    cliffs = [event for event in read(a_calendar(One("a"), One("b"))) if event["CATEGORIES"] == "CLIFF"]
    assert [event["DTSTART;VALUE=DATE"] for event in cliffs] == ["20270315", "20280315"]


def test_the_same_change_with_two_ways_out_is_two_events_that_stay_as_they_are() -> None:
    report = a_report(One("a"), One("b"))
    ways = [(Cliff("2028-03-15", "mail ends", way),) for way in ("move to file", "ask the seller")]
    rows = tuple(replace(row, cliffs=way) for row, way in zip(report.rows, ways))
    first = report_calendar(replace(report, rows=rows))
    assert [event["CATEGORIES"] for event in read(first)].count("CLIFF") == 2
    assert report_calendar(replace(report, rows=rows), first) == first


def test_it_speaks_japanese() -> None:
    found = by_kind(read(report_calendar(a_report(One("shop")), None, "ja")))
    assert found["EXPIRY"]["SUMMARY"] == "証明書 shop の有効期限"


def test_nothing_changed_leaves_the_same_calendar_also_on_another_day() -> None:
    report = a_report(One("shop"))
    first = report_calendar(report)
    assert report_calendar(report, first) == first
    assert report_calendar(replace(report, as_of="2026-11-25"), first) == first


def test_only_what_says_something_else_counts_up() -> None:
    first = a_calendar(One("shop"))
    moved = a_calendar(One("shop"), before=first, not_after="2027-06-30T00:00:00Z")
    events, renewed = by_kind(read(first)), by_kind(read(moved))
    assert renewed["EXPIRY"]["UID"] == events["EXPIRY"]["UID"]
    assert (events["EXPIRY"]["SEQUENCE"], renewed["EXPIRY"]["SEQUENCE"]) == ("0", "1")
    assert renewed["RENEWAL"] == events["RENEWAL"]
    again = a_calendar(One("shop"), before=moved, not_after="2027-07-30T00:00:00Z")
    assert by_kind(read(again))["EXPIRY"]["SEQUENCE"] == "2"


def test_the_day_of_a_change_is_its_stamp() -> None:
    report = a_report(One("shop"))
    (row,) = report.rows
    later = Report("2026-11-25", None, (replace(row, not_after="2027-06-30T00:00:00Z"),))
    events = by_kind(read(report_calendar(later, report_calendar(report))))
    assert (events["EXPIRY"]["DTSTAMP"], events["RENEWAL"]["DTSTAMP"]) == ("20261125T000000Z", "20261120T000000Z")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "no calendar",
        "BEGIN:VEVENT\r\n" * 3,
        "BEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\n",
        "END:VEVENT\r\n",
        report_calendar(a_report(One("a"))).replace("SEQUENCE:0", "SEQUENCE:many"),
        report_calendar(a_report(One("a"))).replace("DTSTAMP:2026", "DTSTAMP:soon"),
    ],
)
def test_a_calendar_that_was_spoilt_is_written_anew(before: str) -> None:
    report = a_report(One("a"))
    assert report_calendar(report, before) == report_calendar(report)


def test_a_number_that_is_too_high_goes_no_higher() -> None:
    first = a_calendar(One("shop")).replace("SEQUENCE:0", "SEQUENCE:9999999999")
    moved = by_kind(read(a_calendar(One("shop"), before=first, not_after="2027-06-30T00:00:00Z")))
    assert int(moved["EXPIRY"]["SEQUENCE"]) < 2**31


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_rules_hold_for_any_text(text: str) -> None:
    report = hostile_report(text)
    first = report_calendar(report)
    shown = read(first)
    assert len(shown) == len(read(report_calendar(hostile_report("x")))) and len(shown) >= 3
    assert report_calendar(report, first) == first
    assert all(letter.isprintable() or letter in "\r\n\u3000" for letter in first)


def test_lines_are_broken_between_letters() -> None:
    line = "SUMMARY:" + "証明書🍣" * 30
    assert folded(line).replace("\r\n ", "") == line + "\r\n"
    assert all(len(part.encode()) <= 75 for part in folded(line).split("\r\n"))
    assert folded("x" * 75) == "x" * 75 + "\r\n" and folded("x" * 76) == "x" * 75 + "\r\n x\r\n"


def test_a_row_without_dates_has_no_event() -> None:
    row = replace(a_row(One("a", None)), cliffs=(), renews_on=None)
    assert read(report_calendar(Report(None, None, (row,)))) == []
