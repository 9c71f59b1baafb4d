# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The products of the catalogue over days: who does what, what begins and ends, how long a certificate lives."""

from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import (
    DNS,
    FILE,
    NOW,
    REGISTRAR,
    by_mail,
    code,
    planned,
)
from hypothesis import given
from hypothesis import strategies as st

JST = timedelta(hours=9)


# -- who does what ----------------------------------------------------------------------------------------------------


def steps(one: Planned) -> str:
    return "\n".join(f"{step['actor']}: {step['action']} ({step['due']})" for step in one.plan["steps"])


def test_steps_by_mail_name_the_mailbox_and_claim_no_time_that_jprs_does_not() -> None:
    told = steps(planned(validation=by_mail("postmaster@example.jp")))
    assert "ca: mail instructions to postmaster@example.jp (None)" in told
    assert "customer: follow the instructions of the mail" in told
    assert "publish" not in told
    assert "file" not in told
    assert "{" not in told


def test_steps_by_txt_publish_it_first_and_keep_it() -> None:
    first = planned(validation=by_mail("pki@example.com", "txt")).plan["steps"][0]
    assert first["actor"] == "customer"
    assert first["action"].startswith("publish pki@example.com in DNS before the order")
    assert "keep it until the certificate is there" in first["action"]


def test_steps_by_file_leave_it_there_until_all_is_validated() -> None:
    told = steps(planned(validation=FILE))
    assert "leave it there until all are validated" in told
    assert "when the crawler comes round: nobody can call it" in told
    assert told.index("issue") < told.index("delete the file")


def test_steps_by_registrar_say_that_no_mail_comes() -> None:
    told = steps(planned(validation=REGISTRAR))
    assert "no mail is sent, so a missing mail is normal" in told
    assert "mail instructions" not in told


def test_steps_at_digicert_end_after_thirty_days() -> None:
    told = steps(planned("digicert-dv", validation=by_mail("admin@example.jp")))
    assert "ca: mail the approval link to admin@example.jp" in told
    assert "valid for 30 days (2026-12-20)" in told
    assert "(2026-12-20)" in steps(planned("digicert-dv", validation=DNS))
    assert "(2026-12-20)" in steps(planned("digicert-dv", validation=FILE))


# -- over the days ----------------------------------------------------------------------------------------------------

# the moments just before and at every change, and what is said of each: (product, validation, at, code)
TXT_CONTACT, WHOIS = by_mail("x@example.jp", "txt"), by_mail("x@example.jp", "whois")
CHANGES = [
    ("jprs-dv", TXT_CONTACT, "2025-06-09T14:59:59Z", "contact_not_possible"),
    ("jprs-dv", TXT_CONTACT, "2025-06-09T15:00:00Z", None),  # 2025-06-10 in Japan
    ("jprs-dv", TXT_CONTACT, "2028-03-14T23:59:59Z", None),
    ("jprs-dv", TXT_CONTACT, "2028-03-15T00:00:00Z", "method_not_allowed"),  # a date of the BR: in UTC
    ("jprs-dv", by_mail("admin@example.jp"), "2028-03-14T23:59:59Z", None),
    ("jprs-dv", by_mail("admin@example.jp"), "2028-03-15T00:00:00Z", "method_not_allowed"),
    ("jprs-dv-wildcard", REGISTRAR, "2029-03-15T00:00:00Z", None),
    ("jprs-dv", FILE, "2029-03-15T00:00:00Z", None),
    ("digicert-dv", TXT_CONTACT, "2024-01-01T00:00:00Z", None),
    ("digicert-dv", TXT_CONTACT, "2028-03-15T00:00:00Z", "method_not_allowed"),
    ("digicert-dv", DNS, "2029-03-15T00:00:00Z", None),
    ("jprs-dv", WHOIS, "2025-07-05T14:59:59Z", None),
    ("jprs-dv", WHOIS, "2025-07-05T15:00:00Z", "contact_not_possible"),
    ("digicert-dv", WHOIS, "2025-07-14T23:59:59Z", None),
    ("digicert-dv", WHOIS, "2025-07-15T00:00:00Z", "contact_not_possible"),
]


@pytest.mark.parametrize(
    ("product", "validation", "at", "expected"),
    CHANGES,
    ids=[f"{product} {validation.get('contact', validation)} at {at}" for product, validation, at, _code in CHANGES],
)
def test_an_offer_begins_and_ends_on_its_day(
    product: str, validation: dict[str, t.Any], at: str, expected: str | None
) -> None:
    name = "*.example.jp" if "wildcard" in product else "example.jp"
    one = planned(product, name, validation=validation, as_of=at)
    assert code(one) == expected
    if one.error is not None:
        assert "since 20" in one.error.sentence()


@pytest.mark.parametrize("product", ["jprs-dv", "jprs-dv-wildcard", "digicert-dv"])
@pytest.mark.parametrize(("at", "discouraged"), [("2026-03-14T23:59:59Z", False), ("2026-03-15T00:00:00Z", True)])
def test_mail_is_discouraged_since_its_day(product: str, at: str, discouraged: bool) -> None:
    name = "*.example.jp" if "wildcard" in product else "example.jp"
    one = planned(product, name, validation=by_mail("admin@example.jp"), as_of=at)
    assert [method["discouraged"] for method in one.plan["methods"] if method["method"] == "email"] == [discouraged]
    assert {contact["reasons"] != [] for contact in one.plan["contacts"] if contact["allowed"]} == {discouraged}


@pytest.mark.parametrize(
    ("product", "way_out"),
    [("jprs-dv", "file or registrar"), ("jprs-dv-wildcard", "registrar"), ("digicert-dv", "dns")],
)
@pytest.mark.parametrize("kind", ["constructed", "txt"])
def test_the_end_of_mail_is_a_cliff_with_its_way_out(product: str, way_out: str, kind: str) -> None:
    name = "*.example.jp" if "wildcard" in product else "example.jp"
    one = planned(product, name, validation=by_mail("admin@example.jp", kind))
    (cliff,) = [cliff for cliff in one.plan["cliffs"] if cliff["date"] == "2028-03-15"]
    assert cliff["do"] == f"move to {way_out}"
    assert ("TXT" in cliff["what"]) is (kind == "txt")
    for other in (FILE, REGISTRAR, DNS):
        quiet = planned(product, name, validation=other)
        assert all(cliff["date"] != "2028-03-15" for cliff in quiet.plan["cliffs"])


# -- validity ---------------------------------------------------------------------------------------------------------

VALIDITY = [
    pytest.param("jprs-dv", "2026-02-17T14:59:59Z", "2027-03-22T14:59:58Z", 398, id="before the change at JPRS"),
    pytest.param("jprs-dv", "2026-02-17T15:00:00Z", "2026-07-31T14:59:59Z", 164, id="2026-02-18 in Japan"),
    pytest.param("jprs-dv", "2026-06-23T01:00:00Z", "2026-11-30T14:59:59Z", 161, id="a day in June"),
    pytest.param("jprs-dv", "2026-07-31T14:59:59Z", "2026-12-31T14:59:59Z", 154, id="July's last second in Japan"),
    pytest.param("jprs-dv", "2026-07-31T15:00:00Z", "2027-01-31T14:59:59Z", 184, id="August's first second in Japan"),
    pytest.param("jprs-dv", "2026-09-30T00:00:00Z", "2027-02-28T14:59:59Z", 152, id="into February"),
    pytest.param("jprs-dv-wildcard", NOW, "2027-04-30T14:59:59Z", 162, id="a wildcard the same"),
    pytest.param("jprs-dv", "2027-03-14T23:59:59Z", "2027-08-31T14:59:59Z", 170, id="the last day of 200"),
    pytest.param("jprs-dv", "2027-03-15T00:00:00Z", "2027-06-22T23:59:59Z", 100, id="the first day of 100"),
    pytest.param("jprs-dv", "2029-03-15T00:00:00Z", "2029-04-30T23:59:59Z", 47, id="the first day of 47"),
    pytest.param(
        "digicert-dv", "2026-02-23T23:59:59Z", "2027-03-28T23:59:58Z", 398, id="before the change at DigiCert"
    ),
    pytest.param(
        "digicert-dv", "2026-02-24T00:00:00Z", "2026-09-10T23:59:59Z", 199, id="199 days, before the cap is 200"
    ),
    pytest.param("digicert-dv", NOW, "2027-06-06T23:59:59Z", 199, id="199 days"),
    pytest.param("digicert-dv", "2027-03-15T00:00:00Z", "2027-06-22T23:59:59Z", 100, id="199 days under a cap of 100"),
]


CAPS = ((date(2029, 3, 15), 47), (date(2027, 3, 15), 100), (date(2026, 3, 15), 200), (date.min, 398))


@pytest.mark.parametrize(("product", "at", "not_after", "days"), VALIDITY)
def test_validity_is_the_sellers_arithmetic_under_the_cap(product: str, at: str, not_after: str, days: int) -> None:
    name = "*.example.jp" if "wildcard" in product else "example.jp"
    one = planned(product, name, validation=by_mail("admin@example.jp"), as_of=at)
    validity = one.plan["validity"]
    assert (validity["max_days"], validity["not_after"]) == (days, not_after)
    (reason,) = validity["reasons"]
    cap = next(limit for since, limit in CAPS if since <= parse_time(at).date())
    assert ("lives at most" in reason) is (days == cap)  # else the seller is stricter, and it is said
    assert ("stricter than the rule" in reason) is (days != cap)
    assert validity["facts"]


FIRST = datetime(2026, 2, 18, tzinfo=timezone.utc)


@given(moment=st.integers(0, 6 * 365 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds)))
def test_jprs_ends_at_the_end_of_a_month_in_japan_or_at_the_cap(moment: datetime) -> None:
    one = planned(validation=REGISTRAR, as_of=moment.isoformat())
    end = parse_time(one.plan["validity"]["not_after"])
    cap = moment + timedelta(days=next(days for since, days in CAPS if since <= moment.date())) - timedelta(seconds=1)
    assert end <= cap
    next_second = end + JST + timedelta(seconds=1)
    assert end == cap or (next_second.day, next_second.hour, next_second.minute, next_second.second) == (1, 0, 0, 0)
    whole = timedelta(days=one.plan["validity"]["max_days"])
    assert whole - timedelta(days=1) < end + timedelta(seconds=1) - moment <= whole


# -- what is told of the order to come --------------------------------------------------------------------------------

LIVE = {"not_before": "2026-07-25T00:00:00Z", "not_after": "2027-01-28T14:59:59Z", "dns_names": ["www.example.jp"]}
THEIRS = {"key": {"made_by": "seller"}, "deploy": {"by": "seller"}}


def test_steps_of_an_order_to_come_are_due_after_that_order() -> None:
    mail = by_mail("admin@example.jp")
    later = planned("cpi-dv", "www.example.jp", validation=mail, live=LIVE, **THEIRS)
    assert later.due is not None
    assert later.due.code == "not_due"
    ordered_on = (later.due.at + JST).date() if later.due.at is not None else None
    assert ordered_on == date(2026, 11, 27)
    assert "press 承認する: a person does; after 25 days" in steps(later)
    assert "(2026-12-22)" in steps(later)
    assert "(2026-12-15)" in steps(planned("cpi-dv", "www.example.jp", validation=mail, **THEIRS))


def test_steps_of_a_late_order_are_due_after_today() -> None:
    live = {**LIVE, "not_after": "2026-12-01T00:00:00Z"}
    assert "(2026-12-15)" in steps(
        planned("cpi-dv", "www.example.jp", validation=by_mail("admin@example.jp"), live=live, **THEIRS)
    )


def test_a_seller_with_a_window_is_not_renewed_before_it_by_force() -> None:
    frozen = {"freeze": [{"from": "2026-12-25", "to": "2027-01-20", "reason": "年末年始"}]}
    mail = by_mail("admin@example.jp")
    one = planned("iij-globalsign-quick-dv", "www.example.jp", validation=mail, live=LIVE, renewal=frozen, **THEIRS)
    assert code(one) == "no_renewal_window"
    assert one.error is not None
    assert one.error.todo == "Shorten the freeze, or widen the hours"


def test_a_method_whose_day_is_over_is_refused_with_the_way_out() -> None:
    mail, at = by_mail("admin@example.jp"), "2028-03-15T00:00:00Z"
    at_cpi = planned("cpi-dv", "www.example.jp", validation=mail, as_of=at, **THEIRS)
    assert at_cpi.error is not None
    assert at_cpi.error.todo == "Ask the seller which method replaces it, or order jprs-dv (file, registrar)"
    (linked,) = [row for row in at_cpi.plan["methods"] if row["method"] == "registrar"]
    assert linked["reasons"] == ["it is only where options.same_account is true (CPI-1, CPI-10)"]
    at_jprs = planned("jprs-dv", "www.example.jp", validation=mail, as_of=at)
    assert at_jprs.error is not None
    assert at_jprs.error.todo == "Choose file or registrar"


@pytest.mark.parametrize(
    "product", ["digicert-ev", "iij-digicert-secure-server-id-ev", "idcf-geotrust-true-businessid-ev"]
)
def test_an_ev_certificate_is_told_that_no_product_has_its_star(product: str) -> None:
    one = planned(product, "*.example.jp", validation=DNS, **({} if product == "digicert-ev" else THEIRS))
    assert code(one) == "wildcard_not_sold"
    assert one.error is not None
    assert "no EV certificate carries one (*.example.jp; EVG 7.1.2.1)" in one.error.sentence()
    assert "choose a wildcard product that is DV or OV" in one.error.sentence()
    said = [reason for contact in one.plan["contacts"] for reason in contact["reasons"]]
    assert "an EV certificate has no wildcard name (*.example.jp)" in said
    assert "still offer" not in "; ".join(said)  # it is the name that is wrong, no day that is over


def test_a_file_for_a_wildcard_name_is_refused_by_the_rule() -> None:
    one = planned("acme", "*.example.jp", validation={"method": "dns-01"})
    (file,) = [row for row in one.plan["methods"] if row["method"] == "http-01"]
    assert (file["allowed"], file["reasons"]) == (False, ["it cannot validate a wildcard name (*.example.jp)"])
    assert file["facts"] == ["RFC 8555 §8.3", "BR 3.2.2.4.19"]
