# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs at GCC, as its manuals and recordings say that it answers, and as it should not."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    PREDECESSOR_UNKNOWN,
    Contact,
    OrderKind,
    Reserving,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.adapter import GccFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import ERROR_WORDS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_gcc.gspanel import (
    BEFORE,
    META,
    NAMES,
    NUMBER,
    OTHER,
    OURS,
    PASSWORD,
    REFERENCE,
    TXT,
    USER,
    Panel,
    Script,
    account,
    approvers,
    by_dns,
    by_file,
    by_name,
    checked,
    detail,
    failed,
    follows,
    listing,
    placed,
    request,
    said,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    LOST,
    NOT_SENT,
    NOW,
    Answer,
    FakeClock,
    page,
)

LOOK, SUBMIT, CHECK, FIND = "GetOrderByOrderID", "DVDNSOrder", "DVDNSVerificationForIssue", "GetCertificateOrders"
BY_NAME, BY_DATE, MODIFY = "GetOrderByCommonName", "GetOrderByDateRange", "ModifyOrder"
SINCE = NOW - timedelta(minutes=1)
ORDERED = datetime(2026, 6, 22, 3, tzinfo=timezone.utc)
IN_30_DAYS = ORDERED + timedelta(days=30)
RECORD = TokenRecord("example.jp", "TXT", TXT)
WANTED = Wanted(records=(RECORD,))
URL = "http://www.example.jp/.well-known/pki-validation/gsdv.txt"


@pytest.fixture
def panel() -> Panel:
    return Panel()


def error_of(action: t.Callable[[], object]) -> InkanError:
    with pytest.raises(InkanError) as caught:
        action()
    assert PASSWORD not in caught.value.sentence() and "pa&lt;ss" not in caught.value.sentence()
    return caught.value


def nothing(panel: Panel) -> Panel:
    """No search has it."""
    for operation in (FIND, BY_NAME, BY_DATE):
        panel.on(operation, said(query=True))
    return panel


# --- submit ----------------------------------------------------------------------------------------------------------


def test_an_order_by_dns_is_sent_as_the_wsdl_has_it(panel: Panel) -> None:
    seen = panel.on(SUBMIT, placed(by_dns())).adapter.submit(request())
    assert seen == Seen(NUMBER, Status.WANTS_VALIDATION, "(placed)", WANTED, expires=NOW + timedelta(days=30))
    (asked,) = panel.http.asked
    assert asked.service == "ServerSSLService"
    assert (asked.headers["Content-Type"], asked.headers["SOAPAction"]) == ("text/xml;charset=UTF-8", '""')
    token = "<UserName>PAR12345_user</UserName><Password>pa&lt;ss&gt;&amp;&quot;word-0001</Password>"
    assert asked.body.split("<Request>")[1].startswith(f"<OrderRequestHeader><AuthToken>{token}</AuthToken>")
    assert asked.value("OrderRequestParameter") == (
        "<ProductCode>DV_HIGH_DNS</ProductCode><OrderKind>new</OrderKind><Licenses>1</Licenses>"
        "<Options><Option><OptionName>SAN</OptionName><OptionValue>true</OptionValue></Option></Options>"
        f"<ValidityPeriod><Months>6</Months></ValidityPeriod><CSR>{OURS.csr}</CSR>"
    )
    assert asked.value("SubID") == REFERENCE
    assert asked.value("SANEntry") == "<SANOptionType>7</SANOptionType><SubjectAltName>example.jp</SubjectAltName>"
    assert [asked.value(name) for name in ("FirstName", "Phone", "Email")] == [
        "Hana",
        "+81-3-0000-0000",
        "hana@example.jp",
    ]


def test_a_wildcard_is_an_option_as_common_name_and_an_entry_beside_it(panel: Panel) -> None:
    panel.on(SUBMIT, placed(by_dns("example.jp")))
    panel.adapter.submit(request("dns", "*.example.jp", "example.jp"))
    panel.adapter.submit(request("dns", "example.jp", "*.example.jp"))
    first, second = panel.http.asked
    assert (first.value("BaseOption"), second.value("BaseOption")) == ("wildcard", "")
    assert second.value("SANEntry") == "<SANOptionType>13</SANOptionType><SubjectAltName>*.example.jp</SubjectAltName>"


@pytest.mark.parametrize(
    ("told", "names", "at"),
    [
        (("www.example.jp", "example.jp"), NAMES, ["example.jp"]),
        (("www.example.jp", "example.jp"), ("www.example.jp",), ["www.example.jp"]),
        (("example.jp",), ("www.example.jp", "www.example.com"), ["example.jp", "www.example.com"]),
        ((), ("www.example.jp",), ["www.example.jp"]),
    ],
    ids=["one that covers all", "the narrowest", "one of another domain proves itself", "none is told"],
)
def test_where_the_record_goes(told: tuple[str, ...], names: tuple[str, ...], at: list[str]) -> None:
    answer = placed(by_dns(*told)) if told else placed(f"<DNSTXT>{TXT}</DNSTXT>")
    seen = Panel().on(SUBMIT, answer).adapter.submit(request("dns", *names))
    assert [record.name for record in seen.wanted.records] == at


def test_a_record_that_is_not_for_our_names_is_not_published(panel: Panel) -> None:
    seen = panel.on(SUBMIT, placed(by_dns("evil.example.net"))).adapter.submit(request())
    assert (seen.handle, seen.status, seen.wanted) == (NUMBER, Status.UNKNOWN, Wanted())
    assert "not for our names" in seen.problem


def test_an_order_by_file_wants_it_at_every_name(panel: Panel) -> None:
    seen = panel.on("URLVerification", placed(by_file(URL.replace("http:", "https:")))).adapter.submit(request("file"))
    path = ".well-known/pki-validation/gsdv.txt"
    assert seen.wanted.files == (
        TokenFile("www.example.jp", path, META, f"https://www.example.jp/{path}"),
        TokenFile("example.jp", path, META, f"http://example.jp/{path}"),
    )
    assert panel.http.asked[0].value("ProductCode") == "DV_HIGH_URL"


def test_a_number_is_reserved_for_an_order_by_mail_and_used(panel: Panel) -> None:
    assert isinstance(panel.adapter, Reserving)
    number = panel.on("GetDVApproverList", approvers()).adapter.reserve(request("email"))
    assert number == NUMBER
    assert (panel.http.asked[0].value("FQDN"), "QueryRequestHeader" in panel.http.asked[0].body) == (NAMES[0], True)
    seen = panel.on("DVOrder", placed()).adapter.submit(request("email", reserved=number))
    assert seen == Seen(NUMBER, Status.ACCEPTED, "(placed)")
    order = panel.http.asked[1]
    assert (order.value("OrderID"), order.value("ApproverEmail")) == (NUMBER, "hostmaster@example.jp")
    assert order.value("ProductCode") == "DV_SHA2"


@pytest.mark.parametrize("wish", [request(), request("email", product="globalsign-ov")], ids=["by dns", "OV"])
def test_nothing_is_reserved_for_other_orders(panel: Panel, wish: t.Any) -> None:
    assert (panel.adapter.reserve(wish), panel.calls()) == ("", [])


def test_an_address_that_is_not_offered_is_told_before_anything_is_ordered(panel: Panel) -> None:
    panel.on("GetDVApproverList", approvers("admin@example.jp", "postmaster@example.jp"))
    error = error_of(lambda: panel.adapter.reserve(request("email")))
    assert (error.code, error.retryable) == ("gcc_approver_not_offered", False)
    assert "admin@example.jp, postmaster@example.jp" in error.todo


@pytest.mark.parametrize(
    "answer", [LOST, page(), failed("-1"), approvers(number="")], ids=["lost", "page", "-1", "none"]
)
def test_a_lost_reservation_has_ordered_nothing(panel: Panel, answer: t.Any) -> None:
    error = error_of(lambda: panel.on("GetDVApproverList", answer).adapter.reserve(request("email")))
    assert isinstance(error, TransportError) and not error.sent


def test_minus_4004_means_that_it_was_placed(panel: Panel) -> None:
    seen = panel.on("DVOrder", failed("-4004")).adapter.submit(request("email", reserved=NUMBER))
    assert seen == Seen(NUMBER, Status.ACCEPTED, "(placed before)")


ORGANIZATION = {
    "name": "例示 & Co.",
    "address": {
        "line1": "1-2",
        "city": "Chiyoda",
        "region": "Tokyo",
        "postal_code": "100",
        "country": "JP",
        "phone": "03",
    },
    "credit_agency": "tdb",
    "code": "123",
    "category": "PO",
    "blocks": {"JurisdictionInfo": {"JurisdictionCountry": "JP"}},
}


def test_ov_has_the_organization_of_the_item() -> None:
    panel = Panel(organizations={"head": ORGANIZATION}).on("OVOrder", placed())
    assert (
        panel.adapter.submit(request("email", product="globalsign-ov", organization="head")).status is Status.ACCEPTED
    )
    asked = panel.http.asked[0]
    assert (asked.value("OrganizationName"), asked.value("CreditAgency"), asked.value("Region")) == (
        "例示 &amp; Co.",
        "2",
        "Tokyo",
    )
    error = error_of(lambda: panel.adapter.submit(request("email", product="globalsign-ov", organization="branch")))
    assert (error.code, isinstance(error, InputError)) == ("gcc_no_organization", True)


def test_ev_has_its_blocks_and_its_number_is_spelt_otherwise() -> None:
    panel = Panel(organization=ORGANIZATION).on("EVOrder", said(f"<OrderId>{NUMBER}</OrderId>"))
    assert panel.adapter.submit(request("email", product="globalsign-ev")).handle == NUMBER
    asked = panel.http.asked[0]
    assert asked.value("OrganizationInfoEV").endswith("</OrganizationAddress>")
    assert asked.value("BusinessCategoryCode") == "PO" and asked.value("JurisdictionCountry") == "JP"


def test_a_warning_is_a_success(panel: Panel) -> None:
    warned = said(f"<OrderID> {NUMBER} </OrderID>{by_dns()}", success="1", errors="<Errors><Error/></Errors>")
    assert panel.on(SUBMIT, warned).adapter.submit(request()).handle == NUMBER


@pytest.mark.parametrize(
    "answer",
    [
        *(LOST, page(), page(500), page(502), page(503, **{"retry-after": "1"}), page(302), placed(number="")),
        *(failed("-1"), failed("-201"), failed("-300"), failed("-301"), said(success="-1"), said(success="7")),
        *(Answer(200, b""), Answer(200, said("<OrderID>CE1</OrderID>").body[:150]), Answer(400, b"?")),
    ],
)
def test_after_these_answers_the_order_has_to_be_looked_for(panel: Panel, answer: t.Any) -> None:
    error = error_of(lambda: panel.on(SUBMIT, answer).adapter.submit(request()))
    assert isinstance(error, TransportError) and error.sent and error.retryable
    assert len(panel.calls()) == 1


def test_one_that_never_left_is_told_so(panel: Panel) -> None:
    error = error_of(lambda: panel.on(SUBMIT, NOT_SENT).adapter.submit(request()))
    assert isinstance(error, TransportError) and not error.sent


@pytest.mark.parametrize("row", ERROR_WORDS, ids=lambda row: row.code)
def test_each_code_of_an_order_means_what_its_kind_says(row: t.Any) -> None:
    panel = nothing(Panel()).on(SUBMIT, failed(row.code, field="OrderRequestParameter.CSR"))
    error = error_of(lambda: panel.adapter.submit(request()))
    kinds = {
        "retry": (TransportError, "gcc_server_fault"),
        "auth": (InputError, "gcc_address_refused" if row.code == "-4201" else "gcc_login_refused"),
        "money": (RefusedError, "gcc_no_money"),
    }
    expected, code = kinds.get(row.kind, (RefusedError, "gcc_refused"))
    assert (type(error), error.code) == (expected, code)
    assert f"{row.code}: No. [OrderRequestParameter.CSR]" in error.why
    searched = row.kind in ("state", "phishing")
    assert (FIND in panel.calls()) == searched, "what may have been taken all the same is looked for"


@pytest.mark.parametrize("code", ["-5001", "-9999"])
def test_a_refused_order_that_was_taken_all_the_same_is_kept(panel: Panel, code: str) -> None:
    panel.on(SUBMIT, failed(code)).on(FIND, listing((NUMBER, REFERENCE))).on(LOOK, detail("2"))
    seen = panel.adapter.submit(request())
    assert (seen.handle, seen.status) == (NUMBER, Status.VALIDATING)


def test_where_that_cannot_be_asked_nothing_is_known(panel: Panel) -> None:
    error = error_of(lambda: panel.on(SUBMIT, failed("-9999")).on(FIND, page(500)).adapter.submit(request()))
    assert isinstance(error, TransportError) and error.sent


def test_a_login_is_tried_twice_and_then_never_again(panel: Panel) -> None:
    panel.on(SUBMIT, failed("-4001"))
    for _time in range(3):
        assert error_of(lambda: panel.adapter.submit(request())).code == "gcc_login_refused"
    assert len(panel.calls()) == 2
    once = Panel().on(SUBMIT, failed("-4001"), placed(by_dns()))
    assert once.adapter.submit(request()).handle == NUMBER
    assert USER in error_of(lambda: panel.adapter.submit(request())).where


@pytest.mark.parametrize(("headers", "seconds"), [({"retry-after": "7"}, 7), ({}, 5)])
def test_a_429_is_patience_for_all(panel: Panel, headers: dict[str, str], seconds: int) -> None:
    error = error_of(lambda: panel.on(SUBMIT, page(429, **headers)).adapter.submit(request()))
    assert (error.code, error.retryable, error.retry_at) == (
        "gcc_come_back_later",
        True,
        NOW + timedelta(seconds=seconds),
    )
    assert panel.turns.held == [seconds]


def test_a_turn_beyond_the_deadline_is_not_waited_for(panel: Panel) -> None:
    panel.turns.waits = [3.0, 600.0]
    panel.on(SUBMIT, placed(by_dns())).adapter.submit(request())
    assert panel.clock.slept == [3.0]
    error = error_of(lambda: panel.adapter.submit(request()))
    assert (error.code, len(panel.calls())) == ("gcc_no_turn", 1)


# --- renewal, reissue ------------------------------------------------------------------------------------------------

RENEWAL = {"kind": OrderKind.RENEW, "replaces": follows()}
REISSUE = {"kind": OrderKind.REISSUE, "replaces": follows()}


def test_a_renewal_names_its_predecessor(panel: Panel) -> None:
    panel.on(SUBMIT, placed(by_dns())).adapter.submit(request(**RENEWAL))
    asked = panel.http.asked[0]
    assert (asked.value("OrderKind"), asked.value("RenewalTargetOrderID")) == ("renewal", BEFORE)


@pytest.mark.parametrize(
    ("looked", "listed", "code"),
    [
        ([failed("-4003")], None, PREDECESSOR_UNKNOWN),
        ([failed("-9902")], None, PREDECESSOR_UNKNOWN),
        ([failed("-1")], listing(), PREDECESSOR_UNKNOWN),
        ([detail("7", number=BEFORE)], None, PREDECESSOR_UNKNOWN),
        ([detail("5", number=BEFORE)], None, PREDECESSOR_UNKNOWN),
        ([detail("4", number=BEFORE)], None, "gcc_refused"),
        ([failed("-1")], listing((BEFORE, "")), "gcc_refused"),
    ],
    ids=["none", "not ours", "-1 and not listed", "revoked", "cancelled", "it is there", "-1 and listed"],
)
def test_what_minus_6102_means(looked: t.Any, listed: t.Any, code: str) -> None:
    panel = nothing(Panel()).on(SUBMIT, failed("-6102")).on(LOOK, *looked)
    if listed is not None:
        panel.on(FIND, listed, said(query=True))
    error = error_of(lambda: panel.adapter.submit(request(**RENEWAL)))
    assert (error.code, isinstance(error, RefusedError), error.retryable) == (code, True, False)


def test_a_renewal_of_ours_that_was_taken_is_kept(panel: Panel) -> None:
    """The answer to the first was lost; the second is refused because of it."""
    panel.on(SUBMIT, failed("-6102")).on(FIND, listing((NUMBER, REFERENCE)))
    panel.on(LOOK, detail("4", number=BEFORE), detail("1")).on(BY_NAME, by_name(NUMBER, TXT))
    seen = panel.adapter.submit(request(**RENEWAL))
    assert (seen.handle, seen.status) == (NUMBER, Status.WANTS_VALIDATION)


def test_a_reissue_gets_a_number_of_its_own(panel: Panel) -> None:
    seen = panel.on("ReIssue", placed()).adapter.submit(request(**REISSUE))
    assert seen == Seen(NUMBER, Status.ACCEPTED, "(placed)")
    asked = panel.http.asked[0]
    assert (asked.service, asked.value("TargetOrderID"), asked.value("DNSNames")) == (
        "GASService",
        BEFORE,
        "example.jp",
    )
    assert "OrderRequestHeader" in asked.body
    assert panel.on(LOOK, detail("1")).adapter.look(NUMBER, request(**REISSUE)).status is Status.ISSUING


@pytest.mark.parametrize(("csr", "is_ours"), [(OURS.csr, True), (OTHER.csr, False)], ids=["ours", "another"])
def test_one_that_was_reissued_already_is_ours_by_its_csr(panel: Panel, csr: str, is_ours: bool) -> None:
    nothing(panel).on("ReIssue", failed("-4016")).on(BY_NAME, by_name(NUMBER))
    panel.on(LOOK, detail("4", number=BEFORE), detail("4", reissues=BEFORE, reference="ik-of-the-first", csr=csr))
    if is_ours:
        assert panel.adapter.submit(request(**REISSUE)).handle == NUMBER
    else:
        assert error_of(lambda: panel.adapter.submit(request(**REISSUE))).code == "gcc_refused"


# --- find ------------------------------------------------------------------------------------------------------------


def found(panel: Panel, wish: t.Any = None, known: frozenset[str] = frozenset()) -> Seen | None:
    return panel.adapter.find(wish or request(), known_handles=known, since=SINCE)


def test_a_lost_order_is_found_by_our_reference_and_its_token_asked_for(panel: Panel) -> None:
    panel.on(FIND, listing(("CEOTHER", "ik-x"), (NUMBER, REFERENCE))).on(LOOK, detail()).on(
        BY_NAME, by_name(NUMBER, TXT)
    )
    seen = found(panel)
    assert seen is not None
    assert (seen.handle, seen.status, seen.expires) == (NUMBER, Status.WANTS_VALIDATION, IN_30_DAYS)
    assert seen.wanted.records == (TokenRecord("www.example.jp", "TXT", TXT), RECORD)


@pytest.mark.parametrize("code", [TXT, TXT.partition("=")[2]], ids=["whole", "bare"])
def test_a_code_is_a_token_whole_or_bare(code: str) -> None:
    dns = Panel().on(LOOK, detail()).on(BY_NAME, by_name(NUMBER, code)).adapter.look(NUMBER, request())
    assert dns.wanted.records[0].value == TXT
    file = Panel().on(LOOK, detail()).on(BY_NAME, by_name(NUMBER, code)).adapter.look(NUMBER, request("file"))
    assert file.wanted.files[0].content == META


def test_all_searches_have_to_say_that_there_is_none(panel: Panel) -> None:
    assert found(nothing(panel)) is None
    assert panel.calls() == [FIND, BY_NAME, BY_DATE]
    assert panel.http.asked[0].value("SubID") == REFERENCE
    assert panel.http.asked[1].value("CSR") == OURS.csr
    assert panel.http.asked[2].value("FromDate") == "2026-06-22T11:49:00.000+09:00"
    assert found(nothing(Panel()).on(FIND, failed("-4003"))) is None


@pytest.mark.parametrize("answer", [failed("-1"), page(), failed("-101"), LOST])
def test_a_search_that_fails_does_not_say_that_there_is_none(panel: Panel, answer: t.Any) -> None:
    error = error_of(lambda: found(nothing(panel).on(BY_DATE, answer)))
    assert error.retryable and not isinstance(error, RefusedError)


@pytest.mark.parametrize(
    ("told", "is_ours"),
    [
        ({"reference": "", "csr": OURS.csr.replace("\n", "\r\n")}, True),
        ({"reference": "", "csr": OTHER.csr}, False),
        ({"reference": "ik-somebody-else"}, False),
        ({"domain": "www.example.com"}, False),
        ({"date": "2026-06-20T12:00:00.000+09:00"}, False),
    ],
    ids=["no SubID, our CSR", "no SubID, another CSR", "another SubID", "another name", "older"],
)
def test_each_hit_is_judged_by_what_the_order_itself_says(told: dict[str, str], is_ours: bool) -> None:
    panel = nothing(Panel()).on(BY_NAME, by_name(NUMBER, TXT)).on(LOOK, detail("2", **told))
    seen = found(panel)
    assert (seen.handle if seen else None) == (NUMBER if is_ours else None)


def test_one_that_says_neither_reference_nor_csr_is_nobodys(panel: Panel) -> None:
    error = error_of(lambda: found(nothing(panel).on(BY_NAME, by_name(NUMBER)).on(LOOK, detail(reference=""))))
    assert (error.code, error.retryable) == ("gcc_lost_order_unclear", True)


def test_a_known_one_and_a_cancelled_one_are_not_the_lost_one(panel: Panel) -> None:
    panel.on(FIND, listing((NUMBER, REFERENCE), ("CE2", REFERENCE))).on(LOOK, detail("3", number="CE2"))
    panel.on(BY_NAME, said(query=True)).on(BY_DATE, said(query=True))
    assert found(panel, known=frozenset({NUMBER})) is None


@pytest.mark.parametrize(
    ("answer", "handle"),
    [(detail("1"), NUMBER), (failed("-4003"), None), (failed("-1"), None), (detail("3"), None)],
    ids=["there", "no such order", "-1", "cancelled"],
)
def test_a_reserved_order_is_asked_for_by_its_number(panel: Panel, answer: t.Any, handle: str | None) -> None:
    seen = found(panel.on(LOOK, answer), request("email", reserved=NUMBER))
    assert (seen.handle if seen else None) == handle


def test_a_reserved_number_that_the_ledger_has_lost_is_found_by_our_reference(panel: Panel) -> None:
    panel.on(FIND, listing((NUMBER, REFERENCE))).on(LOOK, detail("8"))
    seen = found(panel, request("email"))
    assert seen is not None and (seen.handle, seen.status) == (NUMBER, Status.WANTS_APPROVAL)


def test_without_a_number_every_search_must_say_that_there_is_none(panel: Panel) -> None:
    assert found(nothing(panel), request("email")) is None
    assert panel.calls() == [FIND, BY_NAME, BY_DATE]


# --- look, prepare ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "status", "calls"),
    [
        ("1", Status.WANTS_VALIDATION, 1),
        ("2", Status.VALIDATING, 1),
        ("3", Status.CANCELLED, 2),
        ("4", Status.ISSUED, 1),
        ("5", Status.CANCELLED, 2),
        ("6", Status.REFUSED, 2),
        ("7", Status.REFUSED, 2),
        ("8", Status.WANTS_APPROVAL, 1),
        ("9", Status.WANTS_APPROVAL, 1),
        ("10", Status.REFUSED, 2),
        ("11", Status.UNKNOWN, 1),
        ("contemplating", Status.UNKNOWN, 1),
    ],
)
def test_each_status_means_what_the_table_says(panel: Panel, number: str, status: Status, calls: int) -> None:
    seen = panel.on(LOOK, detail(number)).adapter.look(NUMBER, request(wanted=WANTED))
    assert (seen.status, len(panel.calls())) == (status, calls)
    assert seen.status_word.startswith(number)


def test_what_is_wanted_stays_what_the_ledger_knows(panel: Panel) -> None:
    seen = panel.on(LOOK, detail()).adapter.look(NUMBER, request(wanted=WANTED))
    assert (seen.wanted, seen.expires) == (WANTED, IN_30_DAYS)


def test_an_order_by_mail_tells_whom_it_wrote_to_and_when_the_link_has_ended() -> None:
    panel, wish = Panel(deadline=40 * 86400.0), request("email")
    seen = panel.on(LOOK, detail(approver="admin@example.jp")).adapter.look(NUMBER, wish)
    assert (seen.status, seen.wanted) == (Status.WANTS_APPROVAL, Wanted(mails=("admin@example.jp",)))
    panel.clock.seconds = 31 * 86400
    late = panel.adapter.look(NUMBER, wish)
    assert (late.expires, "have the mail sent again" in late.wanted.notes[0]) == (IN_30_DAYS, True)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (detail(number="CE999"), "gcc_other_order"),
        (detail(domain="www.example.com"), "gcc_other_names"),
        (detail(sans="example.jp evil.example.net"), "gcc_other_names"),
        (detail(csr=OTHER.csr), "gcc_other_names"),
        (failed("-4003"), "gcc_refused"),
        (said(), "gcc_bad_answer"),
    ],
    ids=["another number", "another name", "a name more", "another CSR", "no such order", "empty"],
)
def test_an_answer_that_is_not_about_our_order_ends_nothing(panel: Panel, answer: t.Any, code: str) -> None:
    error = error_of(lambda: panel.on(LOOK, answer).adapter.look(NUMBER, request(wanted=WANTED)))
    assert (type(error), error.code, error.retryable) == (ProtocolError, code, True)


def test_an_order_of_ours_without_a_token_is_cancelled_in_a_step_of_its_own(panel: Panel) -> None:
    panel.on(LOOK, detail()).on(BY_NAME, by_name(NUMBER))
    assert panel.adapter.look(NUMBER, request()).status is Status.WANTS_PREPARATION
    assert MODIFY not in panel.calls()
    panel.on(LOOK, detail(), detail("3")).on(MODIFY, placed())
    seen = panel.adapter.prepare(NUMBER, request())
    assert (seen.status, seen.code) == (Status.CANCELLED, "gcc_token_lost")
    modified = next(one for one in panel.http.asked if one.operation == MODIFY)
    assert (modified.value("OrderID"), modified.value("ModifyOrderOperation")) == (NUMBER, "CANCEL")


@pytest.mark.parametrize(
    ("settings", "reference"),
    [({}, "ik-somebody-else"), ({"cancel_lost": False}, REFERENCE)],
    ids=["not ours", "not wished"],
)
def test_else_a_person_is_asked(settings: t.Any, reference: str) -> None:
    panel = Panel(**settings).on(LOOK, detail(reference=reference)).on(BY_NAME, by_name(NUMBER))
    seen = panel.adapter.look(NUMBER, request())
    assert (seen.status, "GSパネル" in seen.wanted.notes[0]) == (Status.WANTS_APPROVAL, True)


def test_one_that_cannot_be_cancelled_is_left_to_a_person(panel: Panel) -> None:
    panel.on(LOOK, detail()).on(BY_NAME, by_name(NUMBER)).on(MODIFY, failed("-101"))
    assert panel.adapter.prepare(NUMBER, request()).status is Status.WANTS_APPROVAL


# --- ready -----------------------------------------------------------------------------------------------------------


def test_a_check_issues_at_once(panel: Panel) -> None:
    seen = panel.on(CHECK, checked()).adapter.ready(NUMBER, request(wanted=WANTED))
    assert (seen.status, panel.http.asked[0].value("ApproverFQDN")) == (Status.ISSUED, "example.jp")
    file = TokenFile("www.example.jp", "x", META, URL)
    panel.on("URLVerificationForIssue", checked()).adapter.ready(NUMBER, request("file", wanted=Wanted(files=(file,))))
    assert panel.http.asked[1].value("ApproverURL") == URL


@pytest.mark.parametrize("code", ["-4147", "-3002", "-3012"])
def test_what_is_not_seen_yet_is_asked_for_again(panel: Panel, code: str) -> None:
    panel.on(CHECK, failed(code)).on(LOOK, detail())
    seen = panel.adapter.ready(NUMBER, request(wanted=WANTED))
    assert (seen.status, seen.wanted, seen.retry_after) == (Status.WANTS_VALIDATION, WANTED, 10.0)
    assert code in seen.problem


def test_each_place_is_looked_at(panel: Panel) -> None:
    two = Wanted(records=(RECORD, TokenRecord("www.example.com", "TXT", TXT)))
    seen = panel.on(CHECK, failed("-4147"), checked()).adapter.ready(NUMBER, request(wanted=two))
    assert seen.status is Status.ISSUED
    assert [one.value("ApproverFQDN") for one in panel.http.asked] == ["example.jp", "www.example.com"]


def test_a_refusal_of_an_order_that_went_on_says_nothing(panel: Panel) -> None:
    panel.on(CHECK, failed("-9938")).on(LOOK, detail("4"))
    assert panel.adapter.ready(NUMBER, request(wanted=WANTED)).status is Status.ISSUED
    panel.on(LOOK, detail("1"))
    error = error_of(lambda: panel.adapter.ready(NUMBER, request(wanted=WANTED)))
    assert (type(error), error.retryable) == (ProtocolError, True)


def test_a_token_that_lives_no_longer_is_given_up() -> None:
    panel = Panel(deadline=40 * 86400.0)
    panel.clock.seconds = 31 * 86400
    panel.on(CHECK, failed("-4147")).on(LOOK, detail("1"), detail("3")).on(MODIFY, placed())
    seen = panel.adapter.ready(NUMBER, request(wanted=WANTED))
    assert (seen.status, seen.code) == (Status.EXPIRED, "gcc_token_expired")


# --- mails, cancel, certificates -------------------------------------------------------------------------------------


def test_mails_are_sent_again_and_elsewhere() -> None:
    panel = (
        Panel(mail_after_change=True).on("ResendEmail", placed()).on("ChangeApproverEmail", placed()).on(LOOK, detail())
    )
    assert panel.adapter.resend(NUMBER, request("email")).wanted.mails == ("hostmaster@example.jp",)
    assert panel.http.asked[0].value("ResendEmailType") == "APPROVEREMAIL"
    seen = panel.adapter.change_contact(NUMBER, request("email"), Contact("constructed", "admin@example.jp"))
    assert seen.wanted.mails == ("admin@example.jp",)
    assert (panel.http.asked[2].value("ApproverEmail"), panel.http.asked[2].value("FQDN")) == (
        "admin@example.jp",
        NAMES[0],
    )
    assert panel.calls().count("ResendEmail") == 2


def test_a_refused_address_is_answered_with_those_that_are_possible(panel: Panel) -> None:
    panel.on("ChangeApproverEmail", failed("-4009")).on("GetDVApproverList", approvers())
    contact = Contact("constructed", "boss@example.jp")
    error = error_of(lambda: panel.adapter.change_contact(NUMBER, request("email"), contact))
    assert "admin@example.jp, Hostmaster@example.jp" in error.todo


def test_a_cancel_that_is_refused_is_as_wanted_if_it_has_ended(panel: Panel) -> None:
    panel.on(MODIFY, failed("-9915")).on(LOOK, detail("3"))
    assert panel.adapter.cancel(NUMBER, request()).status is Status.CANCELLED
    panel.on(LOOK, detail("1"))
    assert error_of(lambda: panel.adapter.cancel(NUMBER, request(wanted=WANTED))).code == "gcc_refused"


def test_a_certificate_is_read_with_its_line_ends(panel: Panel) -> None:
    issued = panel.on(LOOK, detail("4", pem=OURS.certificate, chain=OTHER.certificate)).adapter.download(
        NUMBER, request()
    )
    assert (issued.certificate, issued.chain) == (OURS.certificate, (OTHER.certificate,))
    assert panel.http.asked[0].value("ReturnFulfillment") == "true"


def test_one_for_another_key_or_without_its_issuers_is_asked_for_twice(panel: Panel) -> None:
    whole = detail("4", pem=OURS.certificate, chain=OTHER.certificate)
    panel.on(LOOK, detail("4", pem=OTHER.certificate, chain=OTHER.certificate), whole)
    assert panel.adapter.download(NUMBER, request()).certificate == OURS.certificate
    panel.on(LOOK, detail("4", pem=OURS.certificate), whole)
    assert panel.adapter.download(NUMBER, request()).chain == (OTHER.certificate,)


def test_one_that_is_not_there_yet_is_waited_for(panel: Panel) -> None:
    error = error_of(lambda: panel.on(LOOK, detail("4")).adapter.download(NUMBER, request()))
    assert (error.code, error.retryable) == ("gcc_not_issued", True)


@pytest.mark.parametrize("serial", ["A1B", "0A:1B", "0a1b"])
def test_a_certificate_is_revoked_by_its_order(panel: Panel, serial: str) -> None:
    panel.on(FIND, listing(("CE2", ""), (NUMBER, ""))).on(MODIFY, placed())
    panel.on(LOOK, detail("4", number="CE2", serial="FFFF"), detail("4", serial=serial))
    panel.adapter.revoke(OURS.certificate, "superseded")
    assert panel.http.asked[0].value("FQDN") == "www.example.jp"
    asked = panel.http.asked[-1]
    assert (asked.value("OrderID"), asked.value("ModifyOrderOperation")) == (NUMBER, "REVOKE")


def test_what_is_revoked_is_as_wanted_and_what_is_unknown_is_told(panel: Panel) -> None:
    panel.on(FIND, listing((NUMBER, ""))).on(LOOK, detail("6", serial="A1B"))
    panel.adapter.revoke(OURS.certificate, "superseded")
    assert MODIFY not in panel.calls()
    error = error_of(lambda: panel.on(FIND, listing()).adapter.revoke(OURS.certificate, "superseded"))
    assert error.code == "gcc_certificate_unknown"


def test_an_adopted_number_that_is_none_is_refused(panel: Panel) -> None:
    assert error_of(lambda: panel.adapter.look("../x y", request())).code == "gcc_no_order_number"
    assert panel.calls() == []


def test_nothing_of_the_credentials_is_told_even_if_it_is_said(panel: Panel) -> None:
    error = error_of(lambda: panel.on(SUBMIT, failed("-101", words=f"bad {PASSWORD}")).adapter.submit(request()))
    assert "bad ********" in error.why


def test_all_accounts_of_one_user_count_together(tmp_path: Path) -> None:
    clock = FakeClock()
    factory = GccFactory(clock=clock, http=lambda _bundle: Script())
    settings, _errors = parse_settings(account(requests_per_minute=2))
    assert settings is not None
    budgets = [factory._shared_budget(settings, str(tmp_path)) for _number in range(2)]
    assert [budgets[0].take(100), budgets[1].take(100), budgets[0].take(100)] == [0.0, 0.0, 60.5]
