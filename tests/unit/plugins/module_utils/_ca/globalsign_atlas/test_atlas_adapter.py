# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter of Atlas against scripted answers: what is asked, in which order, and what an answer leads to."""

from __future__ import annotations

import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Contact, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    PolicyError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_atlas.hvca import (
    AT,
    BASE,
    BEGIN,
    CHAIN,
    CHECK,
    CLAIM,
    DAY,
    LIST,
    LOGIN,
    NAME,
    ORDER,
    OTHER,
    OURS,
    PLACED,
    POLICY,
    RECORDED,
    REFERENCE,
    SECRETS,
    SHOW,
    TOKEN,
    VERIFIED,
    Desk,
    begun,
    claim,
    claim_data,
    issued,
    listing,
    logged_in,
    problem,
    request,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    LOST,
    NOT_SENT,
    NOW,
    Answer,
    page,
)

CLAIMS, CERTIFICATE = f"claims/{REFERENCE}", "certificate/a1b"
ADDRESSES = Answer(200, {"constructed": [f"admin@{NAME}", f"webmaster@{NAME}"], "DNS": {"SOA": {"emails": ["d@x.jp"]}}})
MAIL, OFFERS = "POST /claims/domains/C1/email", "GET /claims/domains/C1/email"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).on(BEGIN, begun())


def stats(desk: Desk, *rows: t.Any, total: int | None = None) -> Desk:
    """The list of what was issued, in the window that is asked for."""
    since, until = int((NOW - timedelta(hours=2)).timestamp()), int((NOW + timedelta(hours=2)).timestamp())
    line = f"GET /stats/issued?from={since}&to={until}&page=1&per_page=100"
    entries = [{"serial_number": row, "not_before": AT, "not_after": AT + DAY} for row in rows]
    return desk.on(line, listing(*entries, total=total))


# --- before anything is ordered --------------------------------------------------------------------------------------


def test_a_submit_begins_the_claim_and_orders_nothing(desk: Desk) -> None:
    seen = desk.adapter.submit(request())
    assert (seen.handle, seen.status, seen.is_cleared) == (CLAIMS, Status.WANTS_VALIDATION, False)
    assert seen.wanted.records == (TokenRecord(NAME, "TXT", TOKEN),)
    assert seen.expires == NOW + timedelta(days=30)
    assert desk.lines(ORDER) == []


def test_every_request_says_what_it_is_and_who_we_are(desk: Desk) -> None:
    desk.adapter.submit(request())
    login, *others = desk.http.asked
    assert (login.line, login.json) == (LOGIN, SECRETS)
    assert {one.headers["Authorization"] for one in others} == {"Bearer token-of-ten-minutes"}
    assert {one.headers["X-SSL-Client-Serial"] for one in desk.http.asked} == {"0A:1B:2C"}
    kinds = {one.headers.get("Content-Type") for one in desk.http.asked if not one.line.startswith("GET")}
    assert kinds == {"application/json;charset=utf-8"}


def test_orders_of_a_domain_share_its_claim_and_the_login(desk: Desk) -> None:
    for _order in range(3):
        assert desk.adapter.submit(request()).wanted.records[0].value == TOKEN
    assert desk.http.lines() == [LOGIN, "GET /validationpolicy", LIST, BEGIN]


def test_a_wildcard_is_claimed_by_its_base(desk: Desk) -> None:
    assert len(desk.adapter.submit(request("dns", NAME, f"*.{NAME}")).wanted.records) == 1


def test_a_file_has_its_place(desk: Desk) -> None:
    path = ".well-known/pki-validation/gsdv.txt"
    assert desk.adapter.submit(request("file")).wanted.files == (TokenFile(NAME, path, TOKEN, f"http://{NAME}/{path}"),)


def test_names_of_one_web_server_share_the_file(tmp_path: Path) -> None:
    """Its name is fixed: two contents cannot lie there."""
    names = (NAME, "example.jp")

    def files(**settings: t.Any) -> list[tuple[str, str]]:
        desk = Desk(tmp_path / repr(settings), **settings).on(BEGIN, begun(token="one"))
        desk.on("POST /claims/domains/example.jp", begun("C2", "two"))
        return [(one.dns_name, one.content) for one in desk.adapter.submit(request("file", *names)).wanted.files]

    assert files() == [(NAME, "one\ntwo"), ("example.jp", "one\ntwo")]
    assert files(joint_file=False) == [(NAME, "one")]


def test_a_domain_that_is_listed_as_verified_needs_no_claim(tmp_path: Path) -> None:
    rows = [claim_data("VERIFIED", domain="example.jp.")]
    desk = Desk(tmp_path).on(LIST, listing(*rows)).on(ORDER, PLACED)
    assert desk.adapter.submit(request()).handle == CERTIFICATE
    own = Desk(tmp_path / "own", parent_claims=False).on(LIST, listing(*rows)).on(BEGIN, begun())
    assert own.adapter.submit(request()).handle == CLAIMS


@pytest.mark.parametrize("expires_at", [AT - 1, AT])
def test_one_whose_time_is_over_counts_no_more(tmp_path: Path, expires_at: int) -> None:
    rows = [claim_data("VERIFIED", expires_at=expires_at)]
    desk = Desk(tmp_path).on(LIST, listing(*rows)).on(BEGIN, begun())
    assert desk.adapter.submit(request()).handle == CLAIMS


def test_the_list_is_read_to_its_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path, page_size=1).on(ORDER, PLACED)
    pages = [claim_data("VERIFIED", id="C0", domain="example.org."), claim_data("VERIFIED")]
    for number, row in enumerate(pages, 1):
        desk.on(f"GET /claims/domains?status=VERIFIED&page={number}&per_page=1", listing(row, total=2))
    assert desk.adapter.submit(request()).handle == CERTIFICATE


def test_claims_of_a_domain_above(tmp_path: Path) -> None:
    desk = Desk(tmp_path, claim_domains=["example.jp"]).on("POST /claims/domains/example.jp", begun())
    assert [one.name for one in desk.adapter.submit(request()).wanted.records] == ["example.jp"]
    desk.on(BEGIN, begun("C2"))
    assert [one.dns_name for one in desk.adapter.submit(request("file")).wanted.files] == [NAME]


def test_a_second_claim_that_atlas_does_not_want_gives_way_to_the_first(desk: Desk) -> None:
    """The answer to the first one was lost, so its token is not known."""
    desk.on(BEGIN, problem(422)).on("GET /claims/domains?status=PENDING&page=1&per_page=100", listing(claim_data()))
    desk.on("POST /claims/domains/C1/reassert", begun(status=200))
    assert desk.adapter.submit(request()).wanted.records[0].value == TOKEN


def test_a_domain_that_atlas_does_not_take_is_told(desk: Desk) -> None:
    desk.on(BEGIN, problem(422)).on("GET /claims/domains?status=PENDING&page=1&per_page=100", listing())
    with pytest.raises(RefusedError) as caught:
        desk.adapter.submit(request())
    assert (caught.value.code, caught.value.retryable) == ("atlas_refused", False)


@pytest.mark.parametrize("line", [LOGIN, "GET /validationpolicy", LIST, BEGIN])
@pytest.mark.parametrize("answer", [LOST, NOT_SENT, page(502), page(200), Answer(200, b"{half")])
def test_what_is_lost_before_the_certificate_is_no_lost_order(desk: Desk, line: str, answer: t.Any) -> None:
    with pytest.raises((TransportError, ProtocolError)) as caught:
        desk.on(line, answer).adapter.submit(request())
    assert getattr(caught.value, "sent", False) is False
    assert desk.lines(ORDER) == []


def test_what_cannot_be_ordered_is_refused_before_any_claim(desk: Desk) -> None:
    for wrong, code in ((request(product="digicert-dv"), "atlas_no_product"), (request("http-01"), "atlas_no_method")):
        with pytest.raises(InputError) as caught:
            desk.adapter.submit(wrong)
        assert caught.value.code == code
    desk.on("GET /validationpolicy", Answer(200, {**POLICY, "public_key": {"key_type": "RSA"}}))
    with pytest.raises(PolicyError) as refused:
        desk.adapter.submit(request())
    assert refused.value.code == "atlas_policy_forbids"
    assert desk.lines("POST /claims", ORDER) == []


# --- claims ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "is_cleared"), [(VERIFIED, Status.ISSUING, True), (RECORDED, Status.VALIDATING, False)]
)
def test_atlas_is_asked_to_look(desk: Desk, answer: Answer, status: Status, is_cleared: bool) -> None:
    desk.adapter.submit(request())
    seen = desk.on(CHECK, answer).adapter.ready(CLAIMS, request())
    assert (seen.status, seen.is_cleared) == (status, is_cleared)
    assert desk.body(CHECK) == {"authorization_domain": NAME}
    assert desk.lines(ORDER) == [], "the certificate is ordered by a submit of its own"


def test_what_was_recorded_is_asserted_again_after_a_while(desk: Desk) -> None:
    desk.adapter.submit(request())
    desk.on(CHECK, RECORDED).on(CLAIM, claim(log=[{"status": "ERROR", "description": "no record", "timestamp": 1}]))
    assert desk.adapter.ready(CLAIMS, request()).retry_after == 3.0
    desk.adapter.ready(CLAIMS, request())
    assert len(desk.lines(CHECK)) == 1
    desk.clock.sleep(3)
    assert "no record" in desk.adapter.ready(CLAIMS, request()).problem
    assert len(desk.lines(CHECK)) == 2


def test_a_file_is_asserted_with_its_scheme(tmp_path: Path) -> None:
    desk = Desk(tmp_path, file_scheme="HTTPS").on(BEGIN, begun()).on("POST /claims/domains/C1/http", VERIFIED)
    assert desk.adapter.submit(request("file")).wanted.files[0].url.startswith("https://")
    assert desk.adapter.ready(CLAIMS, request("file")).is_cleared
    assert desk.body("POST /claims/domains/C1/http") == {"authorization_domain": NAME, "scheme": "HTTPS"}


def test_any_later_process_goes_on(desk: Desk, tmp_path: Path) -> None:
    desk.adapter.submit(request())
    later = Desk(tmp_path).on(CLAIM, claim())
    assert later.adapter.look(CLAIMS, request()).wanted.records == (TokenRecord(NAME, "TXT", TOKEN),)
    assert later.on(CHECK, VERIFIED).adapter.ready(CLAIMS, request()).is_cleared
    assert later.lines("POST /claims") == [CHECK]


@pytest.mark.parametrize(
    "answer",
    [problem(404, "Not Found"), claim(assert_by=AT), claim("VERIFIED", expires_at=AT)],
    ids=["it is gone", "its token has ended", "what was verified has ended"],
)
def test_looking_changes_nothing_and_says_that_a_claim_has_to_be_begun_anew(
    desk: Desk, tmp_path: Path, answer: Answer
) -> None:
    desk.adapter.submit(request())
    later = Desk(tmp_path).on(CLAIM, answer)
    assert later.adapter.look(CLAIMS, request()).is_cleared
    assert later.lines("POST /claims", "DELETE") == []
    again = "POST /claims/domains/C1/reassert"
    later.on(again, begun(token="another-token", status=200)).on(BEGIN, begun("C2"))
    assert later.adapter.submit(request()).wanted.records[0].value == "another-token"


def test_a_claim_that_cannot_be_asserted_anew_is_begun_once_more(desk: Desk, tmp_path: Path) -> None:
    desk.adapter.submit(request())
    later = Desk(tmp_path).on(CLAIM, claim(assert_by=AT)).on("POST /claims/domains/C1/reassert", problem(422))
    later.on(BEGIN, begun("C2", "token-of-c2"))
    assert later.adapter.submit(request()).wanted.records[0].value == "token-of-c2"


def test_a_status_that_nobody_knows_is_never_acted_on(desk: Desk, tmp_path: Path) -> None:
    desk.adapter.submit(request())
    later = Desk(tmp_path).on(CLAIM, claim("CONTEMPLATING"))
    assert later.adapter.ready(CLAIMS, request()).status is Status.UNKNOWN
    told = Desk(tmp_path, claim_statuses={"CONTEMPLATING": "verified"}).on(CLAIM, claim("CONTEMPLATING"))
    assert told.adapter.look(CLAIMS, request()).is_cleared


# --- mail ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_mail(desk: Desk) -> Desk:
    return desk.on(OFFERS, ADDRESSES).on(MAIL, RECORDED).on(CLAIM, claim())


def test_one_mail_for_all_orders_and_runs_of_a_domain(by_mail: Desk, tmp_path: Path) -> None:
    for _order in range(2):
        seen = by_mail.adapter.submit(request("email"))
        assert (seen.status, seen.wanted.mails) == (Status.WANTS_APPROVAL, (f"admin@{NAME}",))
    later = Desk(tmp_path).on(CLAIM, claim())
    later.adapter.submit(request("email"))
    assert (len(by_mail.lines(MAIL)), later.lines(MAIL)) == (1, [])
    assert by_mail.body(MAIL) == {"email_address": f"admin@{NAME}"}


def test_a_mail_is_sent_again_and_elsewhere(by_mail: Desk) -> None:
    by_mail.adapter.submit(request("email"))
    for _order in range(2):
        by_mail.adapter.resend(CLAIMS, request("email"))
    seen = by_mail.adapter.change_contact(CLAIMS, request("email"), Contact("constructed", f"webmaster@{NAME}"))
    assert seen.wanted.mails == (f"webmaster@{NAME}",)
    sent = [one.json["email_address"] for one in by_mail.http.asked if one.line == MAIL]
    assert sent == [f"admin@{NAME}", f"admin@{NAME}", f"webmaster@{NAME}"]


def test_an_address_that_the_claim_does_not_list_is_refused_with_those_that_it_does(by_mail: Desk) -> None:
    by_mail.adapter.submit(request("email"))
    with pytest.raises(InputError) as caught:
        by_mail.adapter.change_contact(CLAIMS, request("email"), Contact("constructed", f"sales@{NAME}"))
    assert caught.value.code == "atlas_address_not_offered"
    assert "d@x.jp" in caught.value.todo
    with pytest.raises(InputError) as nobody:
        by_mail.adapter.change_contact(CLAIMS, request("email"), Contact("constructed", ""))
    assert nobody.value.code == "atlas_no_contact"
    assert len(by_mail.lines(MAIL)) == 1


def test_the_domain_of_the_mailbox_is_claimed(tmp_path: Path) -> None:
    contact = {"kind": "constructed", "address": "admin@example.jp"}
    desk = Desk(tmp_path).on("POST /claims/domains/example.jp", begun())
    desk.on(OFFERS, Answer(200, {"constructed": ["admin@example.jp"]})).on(MAIL, RECORDED)
    assert desk.adapter.submit(request("email", contact=contact)).wanted.mails == ("admin@example.jp",)


# --- the certificate -------------------------------------------------------------------------------------------------


@pytest.fixture
def proved(desk: Desk) -> Desk:
    return desk.on(LIST, listing(claim_data("VERIFIED")))


def test_the_order_has_what_the_policy_wants(proved: Desk) -> None:
    seen = proved.on(ORDER, PLACED).adapter.submit(request())
    assert (seen.handle, seen.status, seen.is_cleared) == (CERTIFICATE, Status.ISSUING, False)
    assert proved.body(ORDER) == {
        "validity": {"not_before": AT, "not_after": 0},
        "subject_dn": {"common_name": NAME},
        "san": {"dns_names": [NAME]},
        "public_key": OURS.csr,
    }


def test_times_are_those_of_atlas(proved: Desk) -> None:
    """As the login tells them: a clock that is wrong here must not make a certificate that is not valid yet."""
    proved.on(LOGIN, logged_in(date="Mon, 22 Jun 2026 04:00:00 GMT")).on(ORDER, PLACED)
    proved.adapter.submit(request())
    assert proved.body(ORDER)["validity"]["not_before"] == AT + 3600


@pytest.mark.parametrize(
    "answer",
    [
        *(LOST, page(502), page(200), Answer(201), Answer(201, b"", {"location": f"{BASE}/certificates/none"})),
        *(Answer(202), page(503, **{"retry-after": "3"}), problem(408), page(302)),
    ],
)
def test_an_answer_that_cannot_be_used_may_be_an_order(proved: Desk, answer: t.Any) -> None:
    with pytest.raises(TransportError) as caught:
        proved.on(ORDER, answer).adapter.submit(request())
    assert caught.value.sent is True


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (problem(422), "atlas_refused", False),
        (problem(415, "Unsupported Media Type"), "atlas_refused", False),
        (problem(429, "Too Many Requests"), "atlas_come_back_later", True),
        (problem(403, "Forbidden"), "atlas_credential_refused", False),
    ],
)
def test_an_answer_that_says_no_is_none(proved: Desk, answer: Answer, code: str, retryable: bool) -> None:
    with pytest.raises((RefusedError, InputError)) as caught:
        proved.on(ORDER, answer).adapter.submit(request())
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


def test_who_is_told_to_wait_tells_all_others(proved: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        proved.on(ORDER, problem(429, **{"retry-after": "7"})).adapter.submit(request())
    assert (caught.value.retry_at, proved.turns.held) == (NOW + timedelta(seconds=7), [7.0])


def test_a_token_that_has_ended_is_got_anew_once(proved: Desk) -> None:
    proved.on(LOGIN, logged_in("first-token-001"), logged_in("second-token-01")).on(ORDER, problem(401), PLACED)
    assert proved.adapter.submit(request()).handle == CERTIFICATE
    asked = [one.headers["Authorization"] for one in proved.http.asked if one.line == ORDER]
    assert asked == ["Bearer first-token-001", "Bearer second-token-01"]


def test_a_credential_that_is_refused_twice_is_believed_and_shown_to_nobody(proved: Desk) -> None:
    proved.on(LOGIN, logged_in("first-token-001")).on(ORDER, problem(401, "first-token-001 atlas-secret-0001"))
    with pytest.raises(InputError) as caught:
        proved.adapter.submit(request())
    assert caught.value.code == "atlas_credential_refused"
    assert len(proved.lines(ORDER)) == 2
    assert not any(secret in str(caught.value) for secret in ("first-token-001", *SECRETS.values()))


def test_a_token_is_got_anew_before_its_ten_minutes_are_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path, deadline=3600).on(SHOW, issued())
    for seconds in (0, 500, 100):
        desk.clock.sleep(seconds)
        desk.adapter.look(CERTIFICATE, request())
    assert len(desk.lines(LOGIN)) == 2


def test_no_turn_until_the_deadline_is_no_lost_order(proved: Desk) -> None:
    proved.turns.waits = [0, 0, 0, 100]
    with pytest.raises(TransportError) as caught:
        proved.adapter.submit(request())
    assert (caught.value.code, caught.value.sent) == ("atlas_no_turn", False)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (issued(), Status.ISSUED),
        (issued(status="REVOKED"), Status.REFUSED),
        (issued(status="CONTEMPLATING"), Status.UNKNOWN),
        (Answer(202, b"", {"retry-after": "2"}), Status.ISSUING),
    ],
)
def test_what_a_certificate_is(desk: Desk, answer: Answer, status: Status) -> None:
    assert desk.on(SHOW, answer).adapter.look(CERTIFICATE, request()).status is status
    assert desk.adapter.ready(CERTIFICATE, request()).status is status
    assert desk.adapter.cancel(CERTIFICATE, request()).status is status


def test_one_that_is_not_there_ends_no_order(desk: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.on(SHOW, problem(404, "Not Found")).adapter.look(CERTIFICATE, request())
    assert (caught.value.code, caught.value.retryable) == ("atlas_no_such_certificate", True)


def test_the_chain_is_read_with_the_certificate_and_once_for_all_of_its_issuer(desk: Desk) -> None:
    desk.on(SHOW, issued(OURS.certificate.replace("\n", "\r\n"))).on(CHAIN, Answer(200, [OURS.certificate]))
    for _certificate in range(2):
        found = desk.adapter.download(CERTIFICATE, request())
        assert (found.certificate, found.chain) == (OURS.certificate, (OURS.certificate,))
    assert len(desk.lines(CHAIN)) == 1


@pytest.mark.parametrize(
    ("show", "chain", "code"),
    [
        (issued(OTHER.certificate), Answer(200, [OTHER.certificate]), "atlas_other_key"),
        (Answer(202), Answer(200, []), "atlas_not_issued"),
        (issued(), Answer(200, []), "atlas_other_chain"),
        (Answer(200, {"status": "ISSUED"}), Answer(200, []), "atlas_bad_answer"),
    ],
)
def test_what_is_not_the_certificate_is_not_handed_on(desk: Desk, show: Answer, chain: Answer, code: str) -> None:
    with pytest.raises(InkanError) as caught:
        desk.on(SHOW, show).on(CHAIN, chain).adapter.download(CERTIFICATE, request())
    assert caught.value.code == code


@pytest.mark.parametrize("handle", [CLAIMS, "542772", "certificate/xyz"])
def test_a_handle_that_is_none_of_a_certificate_is_told(desk: Desk, handle: str) -> None:
    with pytest.raises(InputError) as caught:
        desk.adapter.download(handle, request())
    assert caught.value.code == "atlas_no_handle"


# --- a lost order ----------------------------------------------------------------------------------------------------


def find(desk: Desk, *known: str) -> t.Any:
    return desk.adapter.find(request(), known_handles=frozenset(known), since=NOW)


def test_a_lost_certificate_is_known_by_its_key(desk: Desk) -> None:
    stats(desk, "0A1B", "C1D").on(SHOW, issued()).on("GET /certificates/C1D", issued(OTHER.certificate))
    found = find(desk)
    assert (found.handle, found.status) == (CERTIFICATE, Status.ISSUED)
    assert desk.lines("GET /certificates") == ["GET /certificates/C1D", SHOW], "the newest first"


def test_serials_are_compared_as_numbers(desk: Desk) -> None:
    stats(desk, "0000000A1B", "0c1d")
    assert find(desk, CERTIFICATE, "certificate/c1d", "claims/x") is None
    assert desk.lines("GET /certificates") == []


def test_what_was_read_is_not_read_again_for_the_next_order(desk: Desk) -> None:
    stats(desk, "C1D").on("GET /certificates/C1D", issued(OTHER.certificate))
    assert [find(desk), find(desk)] == [None, None]
    assert desk.lines("GET /certificates") == ["GET /certificates/C1D"]


@pytest.mark.parametrize("answer", [Answer(202), problem(404, "Not Found")])
def test_one_that_cannot_be_read_yet_may_be_ours(desk: Desk, answer: Answer) -> None:
    with pytest.raises(ProtocolError) as caught:
        find(stats(desk, "A1B").on(SHOW, answer))
    assert (caught.value.code, caught.value.retryable) == ("atlas_not_told_yet", True)


def test_a_list_that_is_shorter_than_it_says_proves_nothing(desk: Desk) -> None:
    stats(desk, total=3)
    with pytest.raises(ProtocolError) as caught:
        find(desk)
    assert caught.value.code == "atlas_half_a_list"


def test_an_empty_list_may_be_null(desk: Desk) -> None:
    line = stats(desk)
    for asked in list(line.http._answers):
        if asked.startswith("GET /stats"):
            line.on(asked, Answer(200, b"null", {"total-count": "0"}))
    assert find(desk) is None


def test_a_long_time_is_looked_through_in_windows(desk: Desk) -> None:
    since, start = NOW - timedelta(days=40), NOW - timedelta(days=40, hours=2)
    middle, end = start + timedelta(days=28), NOW + timedelta(hours=2)
    for first, last in ((start, middle), (middle, end)):
        window = f"from={int(first.timestamp())}&to={int(last.timestamp())}"
        desk.on(f"GET /stats/issued?{window}&page=1&per_page=100", listing())
    assert desk.adapter.find(request(), known_handles=frozenset(), since=since) is None
    assert len(desk.lines("GET /stats")) == 2


# --- giving back -----------------------------------------------------------------------------------------------------


def test_before_the_certificate_there_is_nothing_to_cancel(desk: Desk) -> None:
    assert desk.adapter.cancel(CLAIMS, request()).status is Status.CANCELLED
    assert desk.http.asked == []


def test_a_certificate_is_revoked_by_its_number(desk: Desk) -> None:
    desk.on("PATCH /certificates/A1B", VERIFIED).adapter.revoke(OURS.certificate, "superseded")
    body = {"revocation_reason": "superseded", "revocation_time": AT}
    assert desk.body("PATCH /certificates/A1B") == body


def test_one_that_is_revoked_already_is_as_wanted(desk: Desk) -> None:
    desk.on("PATCH /certificates/A1B", problem(422)).on(SHOW, issued(status="REVOKED"))
    desk.adapter.revoke(OURS.certificate, "superseded")
    with pytest.raises(RefusedError):
        desk.on(SHOW, issued()).adapter.revoke(OURS.certificate, "superseded")
    with pytest.raises(TransportError):
        desk.on("PATCH /certificates/A1B", page(200)).adapter.revoke(OURS.certificate, "superseded")
    with pytest.raises(InputError):
        desk.adapter.revoke(OURS.certificate, "certificateHold")
