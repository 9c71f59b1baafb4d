# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs at CertCentral, as its documents say that it answers, and as it should not."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    PREDECESSOR_UNKNOWN,
    Contact,
    Finding,
    OrderKind,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import (
    DONE,
    KEY,
    NAMES,
    NUMBER,
    OTHER,
    OURS,
    REFERENCE,
    TOKEN,
    Desk,
    error,
    follows,
    info,
    listing,
    pem,
    placed,
    request,
    token,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    LOST,
    NOT_SENT,
    NOW,
    Answer,
    page,
)

ORDER = f"/order/certificate/{NUMBER}"
SUBMIT = "POST /order/certificate/ssl_dv_geotrust_flex"
LOOK = f"GET {ORDER}"
VALUE = f"PUT {ORDER}/dcv-random-value"
METHOD = f"PUT {ORDER}/dcv-method"
CHECK = f"PUT {ORDER}/check-dcv"
MAILS = f"GET {ORDER}/email-validation"
RESEND = f"PUT {ORDER}/resend-emails"
CANCEL = f"PUT {ORDER}/status"
FIND = f"GET /order/alternate/{REFERENCE}"
BY_CERTIFICATE = "GET /certificate/77/download/format/pem_all"
BY_ORDER = f"GET /certificate/download/order/{NUMBER}/format/pem_all"
HANDLE = str(NUMBER)
SINCE = NOW - timedelta(minutes=1)
EXPIRY = datetime(2026, 7, 22, 3, tzinfo=timezone.utc)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def code_of(action: t.Callable[[], object]) -> InkanError:
    with pytest.raises(InkanError) as caught:
        action()
    return caught.value


# --- submit ----------------------------------------------------------------------------------------------------------


def test_a_dv_order_by_dns_is_sent_as_documented(desk: Desk) -> None:
    seen = desk.on(SUBMIT, placed(dcv_random_value=TOKEN)).adapter.submit(request())
    assert seen == Seen(HANDLE, Status.ACCEPTED, "approved")
    (asked,) = desk.http.asked
    assert asked.headers == {"Accept": "application/json", "X-DC-DEVKEY": KEY, "Content-Type": "application/json"}
    assert asked.json == {
        "certificate": {
            "common_name": "www.example.jp",
            "dns_names": ["example.jp"],
            "csr": OURS.csr,
            "signature_hash": "sha256",
        },
        "order_validity": {"years": 1},
        "dcv_method": "dns-txt-token",
        "certificate_dcv_scope": "fqdn",
        "alternative_order_id": REFERENCE,
    }


@pytest.mark.parametrize(
    ("method", "product", "word"),
    [
        ("email", "digicert-dv", "email"),
        ("dns", "digicert-dv", "dns-txt-token"),
        ("dns-cname", "digicert-dv", "dns-cname-token"),
        ("file", "digicert-dv", "http-token"),
        ("file", "digicert-ov", "http-token-dynamic"),
    ],
)
def test_each_method_has_its_word(method: str, product: str, word: str) -> None:
    desk = Desk(file_method="http-token-dynamic", organization=117)
    for line in (SUBMIT, "POST /order/certificate/ssl_basic"):
        desk.on(line, placed())
    desk.adapter.submit(request(method, product=product))
    assert desk.body()["dcv_method"] == word


def test_a_dv_order_by_mail_names_the_address_of_each_name_once(desk: Desk) -> None:
    desk.on(SUBMIT, placed()).adapter.submit(request("email", "*.example.jp", "example.jp", "www.example.jp"))
    mail = {"email_domain": "example.jp", "email": "hostmaster@example.jp"}
    assert desk.body()["dcv_emails"] == [{"dns_name": name, **mail} for name in ("example.jp", "www.example.jp")]


TXT = {"kind": "txt", "address": "Certs@provider.example"}


def addresses(*published: str) -> Answer:
    return Answer(200, {"name_scope": "x", "base_emails": ["admin@x"], "dns_txt_emails": list(published)})


@pytest.mark.parametrize(
    ("at_www", "at_base", "domain", "scope"),
    [
        (addresses("certs@provider.example"), addresses(), "www.example.jp", "fqdn"),
        (addresses(), addresses("certs@provider.example"), "example.jp", "base_domain"),
        (error(404, "not_found|route"), error(404, "not_found|route"), "www.example.jp", "fqdn"),
    ],
)
def test_a_published_mailbox_is_named_with_the_domain_where_digicert_finds_it(
    desk: Desk, at_www: Answer, at_base: Answer, domain: str, scope: str
) -> None:
    desk.on(SUBMIT, placed()).on("GET /domain/www.example.jp/dcv/emails", at_www)
    desk.on("GET /domain/example.jp/dcv/emails", at_base)
    desk.adapter.submit(request("email", "www.example.jp", contact=TXT))
    assert desk.body(-1)["dcv_emails"] == [
        {"dns_name": "www.example.jp", "email_domain": domain, "email": "Certs@provider.example"}
    ]
    assert desk.body(-1)["certificate_dcv_scope"] == scope


@pytest.mark.parametrize("answer", [LOST, page(500)])
def test_a_lost_question_for_addresses_is_no_lost_order(desk: Desk, answer: t.Any) -> None:
    desk.on("GET /domain/www.example.jp/dcv/emails", answer)
    failure = code_of(lambda: desk.adapter.submit(request("email", "www.example.jp", contact=TXT)))
    assert isinstance(failure, TransportError)
    assert failure.sent is False


def test_what_is_approved_above_the_name_proves_its_registered_domain(desk: Desk) -> None:
    desk.on(SUBMIT, placed())
    desk.adapter.submit(request("email", "example.jp"))
    desk.adapter.submit(request("email", "www.example.jp", "example.jp"))
    assert [desk.body(number)["certificate_dcv_scope"] for number in (0, 1)] == ["fqdn", "base_domain"]


def test_without_an_address_digicert_writes_to_all_it_knows(desk: Desk) -> None:
    desk.on(SUBMIT, placed()).adapter.submit(request("email", contact={"kind": "txt", "address": None}))
    assert "dcv_emails" not in desk.body()


@pytest.mark.parametrize(("product", "name_id"), [("digicert-ov", "ssl_basic"), ("digicert-ev", "ssl_ev_basic")])
def test_ov_and_ev_bring_organization_and_contacts(product: str, name_id: str) -> None:
    contacts = [{"contact_type": "organization_contact", "user_id": 12}]
    desk = Desk(
        organization=117, organizations={"branch": 118}, contacts=contacts, technical_contact={"email": "a@b.jp"}
    )
    desk.on(f"POST /order/certificate/{name_id}", placed())
    desk.adapter.submit(request(product=product))
    desk.adapter.submit(request(product=product, organization="branch"))
    assert desk.body(0)["organization"] == {"id": 117, "contacts": contacts}
    assert desk.body(1)["organization"]["id"] == 118
    assert "technical_contact" not in desk.body(0)


def test_without_an_organization_an_ov_order_is_not_sent(desk: Desk) -> None:
    failure = code_of(lambda: desk.adapter.submit(request(product="digicert-ov", organization="example-kk")))
    assert (type(failure), failure.code) == (InputError, "digicert_no_organization")
    assert "example-kk" in failure.sentence()
    assert desk.http.asked == []


def test_all_that_an_account_may_set_goes_into_the_order() -> None:
    desk = Desk(
        division=9,
        order_validity={"days": 397},
        certificate_validity={"days": 90},
        signature_hash="sha384",
        server_platform=45,
        ca_cert_id="ABCDEF",
        profile_option="server_auth_only_eku",
        skip_approval=True,
        payment_method="balance",
        locale="ja",
        additional_emails=["ops@example.jp"],
        custom_fields=[{"metadata_id": 1, "value": "x"}],
        disable_renewal_notifications=True,
        products={"digicert-dv": "ssl_dv_rapidssl", "mine": {"name_id": "ssl_new", "level": "dv"}},
    )
    desk.on("POST /order/certificate/ssl_dv_rapidssl", placed()).on("POST /order/certificate/ssl_new", placed())
    desk.adapter.submit(request())
    desk.adapter.submit(request(product="mine"))
    body = desk.body()
    assert (
        body["certificate"].items()
        >= {
            "cert_validity": {"days": 90},
            "signature_hash": "sha384",
            "server_platform": {"id": 45},
            "ca_cert_id": "ABCDEF",
            "profile_option": "server_auth_only_eku",
        }.items()
    )
    assert (
        body.items()
        >= {
            "container": {"id": 9},
            "order_validity": {"days": 397},
            "skip_approval": True,
            "payment_method": "balance",
            "locale": "ja",
            "additional_emails": ["ops@example.jp"],
            "custom_fields": [{"metadata_id": 1, "value": "x"}],
            "disable_renewal_notifications": True,
        }.items()
    )


@pytest.mark.parametrize(("changes", "said"), [({"product": "jprs-dv"}, "jprs-dv"), ({"method": "http-01"}, "http-01")])
def test_what_digicert_has_no_word_for_is_not_sent(desk: Desk, changes: dict[str, t.Any], said: str) -> None:
    wish = request(changes.pop("method", "dns"), **changes)
    failure = code_of(lambda: desk.adapter.submit(wish))
    assert (failure.code, said in failure.sentence()) == ("digicert_no_word_for", True)
    assert desk.http.asked == []


def test_an_order_can_be_issued_at_once(desk: Desk) -> None:
    chain = [{"subject_common_name": "www.example.jp", "pem": "-----BEGIN"}]
    desk.on(SUBMIT, placed(certificate_id=77, certificate_chain=chain), placed(certificate_chain=chain))
    assert desk.adapter.submit(request()).status is Status.ISSUED
    assert desk.adapter.submit(request()).status is Status.ISSUED


def test_an_order_in_the_approval_queue_is_accepted_and_then_looked_at(desk: Desk) -> None:
    desk.on(SUBMIT, placed("pending")).on(LOOK, info("needs_approval", requests=[{"id": 922432, "status": "pending"}]))
    assert desk.adapter.submit(request()).status is Status.ACCEPTED
    seen = desk.adapter.look(HANDLE, request())
    assert seen.status is Status.WANTS_APPROVAL
    assert seen.wanted.notes == (
        f"an administrator of the CertCentral account has to approve the request 922432 of order {NUMBER}",
    )


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"id": true}', b'{"id": "x1"}', b'{"requests": []}', b"null"])
def test_an_order_without_a_number_is_looked_for(desk: Desk, body: bytes) -> None:
    failure = code_of(lambda: desk.on(SUBMIT, Answer(201, body)).adapter.submit(request()))
    assert isinstance(failure, TransportError)
    assert (failure.sent, failure.code) == (True, "digicert_order_without_number")


# --- find ------------------------------------------------------------------------------------------------------------


def find(desk: Desk, *known: str, **changes: t.Any) -> Seen | None:
    return desk.adapter.find(request(**changes), known_handles=frozenset(known), since=SINCE)


def test_a_lost_order_is_found_by_our_reference(desk: Desk) -> None:
    desk.on(FIND, listing((NUMBER, "pending"))).on(LOOK, info()).on(VALUE, token())
    seen = find(desk)
    assert seen is not None
    assert (seen.handle, seen.status) == (HANDLE, Status.WANTS_PREPARATION)


def test_of_several_the_live_one_is_taken_and_what_the_ledger_knows_is_not(desk: Desk) -> None:
    orders = listing((1, "rejected"), (2, "pending"), (NUMBER, "needs_approval"), (4, "canceled"))
    desk.on(FIND, orders).on(LOOK, info("needs_approval"))
    seen = find(desk, "1", "2/domains/7", f"{NUMBER}/reissue/5")
    assert seen is not None
    assert seen.handle == HANDLE


@pytest.mark.parametrize(
    "answer",
    [listing(), error(404, "not_found"), error(404, "not_found|order"), listing((NUMBER, "pending"))],
)
def test_there_is_none(desk: Desk, answer: Answer) -> None:
    assert find(desk.on(FIND, answer), HANDLE) is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error(404, "not_found|route"), id="the service has no such call"),
        pytest.param(error(400, "bad_request_format"), id="a refusal of the question"),
        pytest.param(Answer(404), id="a bare 404"),
        pytest.param(Answer(200, {"page": {"total": 0}}), id="no list"),
        pytest.param(Answer(200, []), id="a list of nothing known"),
        pytest.param(Answer(200, {"orders": [{"status": "pending"}]}), id="an order without a number"),
        pytest.param(page(200), id="a page"),
        pytest.param(page(502), id="a gateway"),
        pytest.param(Answer(200, b'{"orders": ['), id="half a JSON"),
    ],
)
def test_what_is_no_list_never_means_that_there_is_none(desk: Desk, answer: Answer) -> None:
    failure = code_of(lambda: find(desk.on(FIND, answer)))
    assert isinstance(failure, (ProtocolError, TransportError))
    assert failure.retryable


def test_a_list_of_several_pages_is_read_to_its_end(desk: Desk) -> None:
    desk.on(FIND, listing((1, "rejected"), total=2)).on(f"{FIND}?offset=1", listing((NUMBER, "pending"), total=2))
    desk.on(LOOK, info("processing"))
    seen = find(desk)
    assert seen is not None
    assert seen.handle == HANDLE


def test_half_a_list_is_none(desk: Desk) -> None:
    desk.on(FIND, listing((1, "rejected"), total=2)).on(f"{FIND}?offset=1", listing((1, "rejected"), total=2))
    assert code_of(lambda: find(desk)).code == "digicert_half_a_list"


def test_somebody_elses_order_with_our_reference_is_not_taken_for_ours(desk: Desk) -> None:
    """It may be that of another program, for DigiCert lets several orders bear one reference."""
    theirs = {"certificate": {"common_name": "other.example.jp", "dns_names": ["other.example.jp"]}}
    desk.on(FIND, listing((NUMBER, "canceled"))).on(LOOK, info("canceled", **theirs))
    assert find(desk) is None
    live = Desk().on(FIND, listing((NUMBER, "pending"))).on(LOOK, info("pending", **theirs))
    failure = code_of(lambda: find(live))
    assert (type(failure), failure.code, failure.retryable) == (ProtocolError, "digicert_other_names", True)


def test_a_found_order_that_cannot_be_read_now_is_not_lost(desk: Desk) -> None:
    desk.on(FIND, listing((NUMBER, "pending"))).on(LOOK, page(500))
    seen = find(desk)
    assert seen is not None
    assert (seen.handle, seen.status) == (HANDLE, Status.UNKNOWN)


# --- look ------------------------------------------------------------------------------------------------------------


def look(desk: Desk, *words: str, **changes: t.Any) -> Seen:
    return desk.adapter.look(HANDLE, request(*words, **changes))


def prepare(desk: Desk, *words: str, **changes: t.Any) -> Seen:
    return desk.adapter.prepare(HANDLE, request(*words, **changes))


def test_by_dns_a_record_is_wanted_at_every_name_and_at_what_digicert_adds(desk: Desk) -> None:
    desk.on(LOOK, info()).on(VALUE, token())
    seen = desk.adapter.prepare(HANDLE, request("dns", "www.example.jp"))
    assert seen == Seen(
        handle=HANDLE,
        status=Status.WANTS_VALIDATION,
        status_word="pending",
        wanted=Wanted(records=tuple(TokenRecord(name, "TXT", TOKEN) for name in NAMES)),
        expires=EXPIRY,
    )


@pytest.mark.parametrize(
    ("settings", "method", "records"),
    [
        ({}, "dns", {("example.jp", "TXT", TOKEN)}),
        ({"txt_name": "_dnsauth.{name}"}, "dns", {("_dnsauth.example.jp", "TXT", TOKEN)}),
        ({}, "dns-cname", {(f"{TOKEN}.example.jp", "CNAME", "dcv.digicert.com")}),
        (
            {"cname_name": "_dnsauth.{name}", "cname_target": "{token}.dcv.digicert.com"},
            "dns-cname",
            {("_dnsauth.example.jp", "CNAME", f"{TOKEN}.dcv.digicert.com")},
        ),
        (
            {"dcv_scope": "base_domain", "base_domains": ["jp.example", "example.jp"]},
            "dns",
            {("example.jp", "TXT", TOKEN)},
        ),
    ],
)
def test_where_the_token_goes_can_be_set(
    settings: dict[str, t.Any], method: str, records: set[tuple[str, str, str]]
) -> None:
    names = ["*.example.jp"] if "dcv_scope" not in settings else ["a.b.example.jp", "example.jp"]
    certificate = {"common_name": names[0], "dns_names": names}
    desk = Desk(**settings).on(LOOK, info(certificate=certificate)).on(VALUE, token())
    seen = desk.adapter.prepare(HANDLE, request(method, *names))
    assert {(one.name, one.type, one.value) for one in seen.wanted.records} == records


def test_a_name_without_a_base_domain_is_told() -> None:
    desk = Desk(dcv_scope="base_domain", base_domains=["example.com"]).on(LOOK, info()).on(VALUE, token())
    assert code_of(lambda: prepare(desk)).code == "digicert_no_base_domain"


def test_by_file_one_is_wanted_on_every_name(desk: Desk) -> None:
    desk.on(LOOK, info()).on(VALUE, token())
    path = ".well-known/pki-validation/fileauth.txt"
    assert prepare(desk, "file").wanted.files == tuple(
        TokenFile(name, path, TOKEN, f"http://{name}/{path}") for name in NAMES
    )


def test_by_mail_a_person_acts_and_it_is_said_who_was_written_to(desk: Desk) -> None:
    emails = [{"email": "admin@example.jp", "status": "unvalidated", "date_emailed": "2026-06-22"}]
    desk.on(LOOK, info()).on(MAILS, Answer(200, {"emails": emails}), error(404, "not_found|route"))
    seen = look(desk, "email")
    assert (seen.status, seen.wanted) == (Status.WANTS_APPROVAL, Wanted(mails=("admin@example.jp",)))
    assert look(desk, "email").wanted.mails == ("hostmaster@example.jp",), "to whom it should"


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ({"admin@example.jp": "validated"}, Status.ISSUING),
        ({"admin@example.jp": "unvalidated", "webmaster@example.jp": "validated"}, Status.ISSUING),
        ({"admin@example.jp": "validated", "admin@www.example.jp": "unvalidated"}, Status.WANTS_APPROVAL),
        ({"admin@example.jp": "unvalidated"}, Status.WANTS_APPROVAL),
    ],
)
def test_when_somebody_of_each_domain_has_approved_digicert_goes_on(
    desk: Desk, statuses: dict[str, str], status: Status
) -> None:
    emails = [{"email": email, "status": word} for email, word in statuses.items()]
    desk.on(LOOK, info()).on(MAILS, Answer(200, {"emails": emails}))
    assert look(desk, "email").status is status


def test_an_order_that_waits_for_approval_too_says_so(desk: Desk) -> None:
    desk.on(LOOK, info(requests=[{"id": 5, "status": "pending"}])).on(VALUE, token())
    seen = prepare(desk)
    assert seen.status is Status.WANTS_VALIDATION
    assert "approve the request 5" in seen.wanted.notes[0]
    desk.on(VALUE, error(400, "bad_request_format")).on(METHOD, error(400, "bad_request_format"))
    assert prepare(desk).status is Status.WANTS_APPROVAL


def test_an_order_with_another_method_gets_ours(desk: Desk) -> None:
    desk.on(LOOK, info(dcv_method="email")).on(VALUE, error(400, "invalid_dcv_method")).on(METHOD, token())
    assert prepare(desk).status is Status.WANTS_VALIDATION
    assert desk.body(-1) == {"dcv_method": "dns-txt-token"}


def test_where_digicert_has_no_token_for_the_order_it_looks_by_itself(desk: Desk) -> None:
    desk.on(LOOK, info()).on(VALUE, error(404, "not_found|route")).on(METHOD, error(404, "not_found|route"))
    seen = prepare(desk)
    assert (seen.status, seen.wanted) == (Status.VALIDATING, Wanted())


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("needs_approval", Status.WANTS_APPROVAL),
        ("processing", Status.ISSUING),
        ("issued", Status.ISSUED),
        ("rejected", Status.REFUSED),
        ("canceled", Status.CANCELLED),
        ("expired", Status.EXPIRED),
        ("revoked", Status.REFUSED),
        ("needs_csr", Status.WANTS_APPROVAL),
        ("waiting_pickup", Status.WANTS_APPROVAL),
        ("reissue_pending", Status.ISSUED),
        ("approved", Status.ACCEPTED),
        ("on_hold", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_each_status_word_has_its_meaning_and_every_other_is_unknown(desk: Desk, word: str, status: Status) -> None:
    seen = look(desk.on(LOOK, info(word)))
    assert (seen.status, seen.status_word) == (status, word or "(none)")


def test_an_account_may_add_words() -> None:
    desk = Desk(statuses={"on_hold": "validating", "processing": "validating"})
    desk.on(LOOK, info("on_hold"), info("processing"), info("issued"))
    assert [look(desk).status for _look in range(3)] == [Status.VALIDATING, Status.VALIDATING, Status.ISSUED]


def test_an_end_is_believed_when_it_is_said_twice(desk: Desk) -> None:
    requests = [{"id": 5, "status": "rejected", "comments": "budget"}]
    desk.on(LOOK, info("rejected"), info("processing"), info("rejected", requests=requests))
    assert look(desk).status is Status.ISSUING
    seen = look(desk)
    assert (seen.status, seen.problem) == (Status.REFUSED, "budget")


def test_the_staff_of_ov_is_not_polled() -> None:
    desk = Desk(organization=1).on(LOOK, info("processing"))
    assert desk.adapter.look(HANDLE, request(product="digicert-ov")).retry_after == 600


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(info(id=NUMBER + 1), "digicert_other_order", id="another order"),
        pytest.param(info("issued", certificate={"dns_names": ["x.jp"]}), "digicert_other_names", id="other names"),
        pytest.param(info("issued", certificate={"dns_names": []}), "digicert_other_names", id="a name is missing"),
        pytest.param(Answer(200, []), "digicert_bad_answer", id="no order"),
        pytest.param(error(404, "not_found|order"), "digicert_refused", id="an order that is not there"),
        pytest.param(error(400, "bad_request_format"), "digicert_refused", id="a refusal of the question"),
    ],
)
def test_what_is_not_about_the_order_ends_nothing(desk: Desk, answer: Answer, code: str) -> None:
    failure = code_of(lambda: look(desk.on(LOOK, answer)))
    assert (type(failure), failure.code, failure.retryable) == (ProtocolError, code, True)


@pytest.mark.parametrize("value", ["", "short", "with blank in it", "x" * 300, None, 5])
def test_a_strange_token_is_not_published(desk: Desk, value: t.Any) -> None:
    failure = code_of(lambda: prepare(desk.on(LOOK, info()).on(VALUE, token(value))))
    assert (type(failure), failure.code) == (ProtocolError, "digicert_bad_answer")


def test_a_token_that_is_no_label_makes_no_cname(desk: Desk) -> None:
    failure = code_of(lambda: prepare(desk.on(LOOK, info()).on(VALUE, token("a/b" * 9)), "dns-cname"))
    assert failure.code == "digicert_strange_wish"


def test_a_handle_that_is_no_order_number_is_not_asked_for(desk: Desk) -> None:
    failure = code_of(lambda: desk.adapter.look("../../user", request()))
    assert (type(failure), failure.code) == (InputError, "digicert_no_order_number")


# --- ready -----------------------------------------------------------------------------------------------------------


def ready(desk: Desk, *words: str, **changes: t.Any) -> Seen:
    return desk.adapter.ready(HANDLE, request(*words, **changes))


def checked(order: str = "pending", dcv: str = "pending", **more: t.Any) -> Answer:
    return Answer(200, {"order_status": order, "dcv_status": dcv, **more})


def test_a_check_that_succeeds_goes_on_to_the_certificate(desk: Desk) -> None:
    validations = [{"dns_name": "Example.jp", "status": "valid"}, {"dns_name": "www.example.jp", "status": "pending"}]
    desk.on(
        CHECK,
        checked("issued", "valid", certificate_id=77),
        checked(dcv="valid"),
        checked(dns_name_validations=validations),
    )
    assert ready(desk) == Seen(HANDLE, Status.ISSUED, "issued")
    assert ready(desk) == Seen(HANDLE, Status.ISSUING, "pending")
    assert ready(desk) == Seen(HANDLE, Status.VALIDATING, "pending", validated=("example.jp",), retry_after=10)


def test_after_an_ov_check_the_staff_has_the_next_word() -> None:
    desk = Desk(organization=1).on(CHECK, checked(dcv="valid"))
    assert ready(desk, product="digicert-ov").retry_after == 600


@pytest.mark.parametrize(
    "code", ["invalid_dns_txt", "file_random_value_not_found", "cname_not_there", "cname_not_there|x"]
)
def test_not_there_yet_is_no_error(code: str) -> None:
    desk = Desk(not_yet_codes=["cname_not_there"]).on(CHECK, error(400, code, "Not found."))
    seen = ready(desk)
    assert (seen.status, seen.problem) == (Status.VALIDATING, f"{code}: Not found. (HTTP 400)")


def test_another_refusal_of_the_check_is_told_if_the_order_still_waits(desk: Desk) -> None:
    desk.on(CHECK, error(400, "caa_check_failed|example.jp", "CAA forbids it.")).on(VALUE, token())
    desk.on(LOOK, info(), info("issued"))
    failure = code_of(lambda: ready(desk))
    assert (type(failure), failure.retryable) == (ProtocolError, True)
    assert failure.why == "caa_check_failed|example.jp: CAA forbids it. (HTTP 400)"
    assert ready(desk).status is Status.ISSUED, "it was issued meanwhile"


def test_a_mail_cannot_be_checked(desk: Desk) -> None:
    desk.on(LOOK, info()).on(MAILS, Answer(200, {"emails": []}))
    assert ready(desk, "email").status is Status.WANTS_APPROVAL
    assert CHECK not in desk.http.lines()


# --- resend, change of contact ---------------------------------------------------------------------------------------


def test_mails_are_sent_again_to_whom_they_were_sent(desk: Desk) -> None:
    emails = [{"email": "admin@example.jp", "status": "unvalidated"}]
    desk.on(RESEND, DONE).on(LOOK, info()).on(MAILS, Answer(200, {"emails": emails}))
    assert desk.adapter.resend(HANDLE, request("email")).status is Status.WANTS_APPROVAL
    sent = next(one for one in desk.http.asked if one.line == RESEND)
    assert sent.json == {
        "domain_approval_emails": [
            {"domain": name, "email": "admin@example.jp", "email_domain": "example.jp"} for name in NAMES
        ]
    }


def test_approval_can_be_asked_for_elsewhere() -> None:
    desk = Desk(locale="ja").on(RESEND, DONE).on(LOOK, info()).on(MAILS, error(404, "not_found|route"))
    seen = desk.adapter.change_contact(HANDLE, request("email"), Contact("constructed", "webmaster@example.jp"))
    assert seen.wanted.mails == ("webmaster@example.jp",)
    body = desk.body()
    assert body["locale"] == "ja"
    assert {one["email"] for one in body["domain_approval_emails"]} == {"webmaster@example.jp"}


def test_an_address_that_is_refused_comes_with_those_that_are_possible(desk: Desk) -> None:
    emails = {"base_emails": ["admin@example.jp"], "dns_txt_emails": ["certs@example.jp"], "name_scope": "example.jp"}
    desk.on(RESEND, error(400, "access_denied|invalid_approver", "Not an approver."))
    desk.on("GET /domain/www.example.jp/dcv/emails", Answer(200, emails), error(404, "not_found"))
    change = Contact("constructed", "boss@example.jp")
    failure = code_of(lambda: desk.adapter.change_contact(HANDLE, request("email"), change))
    assert isinstance(failure, RefusedError)
    assert "access_denied|invalid_approver: Not an approver." in failure.why
    assert failure.todo == "Possible are admin@example.jp, certs@example.jp"
    assert "Possible" not in code_of(lambda: desk.adapter.change_contact(HANDLE, request("email"), change)).todo


def test_the_approvers_of_ev_get_their_mail_again_too() -> None:
    contacts = [
        {"contact_type": "ev_approver", "first_name": "A", "last_name": "B", "email": "ev@example.jp"},
        {"contact_type": "ev_approver", "user_id": 3},
    ]
    desk = Desk(organization=1, contacts=contacts)
    line = f"PUT {ORDER}/order-approval/resend-emails"
    desk.on(RESEND, DONE).on(line, DONE).on(LOOK, info()).on(MAILS, Answer(200, {"emails": []}))
    desk.adapter.resend(HANDLE, request("email", product="digicert-ev"))
    assert next(one for one in desk.http.asked if one.line == line).json == {"emails": ["ev@example.jp"]}


# --- cancel ----------------------------------------------------------------------------------------------------------


def test_an_order_is_cancelled_and_looked_at(desk: Desk) -> None:
    desk.on(CANCEL, DONE).on(LOOK, info("canceled"))
    assert desk.adapter.cancel(HANDLE, request()).status is Status.CANCELLED
    assert desk.body()["status"] == "canceled"
    assert REFERENCE in desk.body()["note"]


@pytest.mark.parametrize(("word", "status"), [("issued", Status.ISSUED), ("rejected", Status.REFUSED)])
def test_a_refused_cancellation_is_as_wanted_if_the_order_has_ended(desk: Desk, word: str, status: Status) -> None:
    desk.on(CANCEL, error(400, "invalid_status", "Only pending orders.")).on(LOOK, info(word))
    assert desk.adapter.cancel(HANDLE, request()).status is status


def test_a_refused_cancellation_of_an_open_order_is_told(desk: Desk) -> None:
    desk.on(CANCEL, error(400, "invalid_status", "Only pending orders.")).on(LOOK, info("processing"))
    failure = code_of(lambda: desk.adapter.cancel(HANDLE, request()))
    assert (type(failure), failure.retryable) == (RefusedError, False)
    assert "Only pending orders." in failure.why


# --- download --------------------------------------------------------------------------------------------------------

ISSUED = info("issued", certificate={"id": 77})


def test_a_certificate_comes_with_whatever_chain_came_with_it(desk: Desk) -> None:
    desk.on(LOOK, ISSUED).on(BY_CERTIFICATE, pem(OURS.certificate, OTHER.certificate))
    issued = desk.adapter.download(HANDLE, request())
    assert (issued.certificate, issued.chain) == (OURS.certificate, (OTHER.certificate,))
    assert desk.http.asked[-1].headers["Accept"] == "*/*"


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Answer(200, b"PK\x03\x04"), id="an archive"),
        pytest.param(Answer(200, b""), id="nothing"),
        pytest.param(error(404, "not_found"), id="not found"),
        pytest.param(pem(OTHER.certificate), id="a certificate for another key"),
    ],
)
def test_where_the_first_place_has_it_not_the_next_may(desk: Desk, first: Answer) -> None:
    desk.on(LOOK, ISSUED).on(BY_CERTIFICATE, first).on(BY_ORDER, pem(OURS.certificate))
    assert desk.adapter.download(HANDLE, request()).certificate == OURS.certificate


def test_the_last_place_is_the_leaf_and_its_chain(desk: Desk) -> None:
    desk.on(LOOK, ISSUED).on(BY_CERTIFICATE, Answer(200, b"PK")).on(BY_ORDER, Answer(200, b"PK"))
    desk.on("GET /certificate/77/download/format/pem_nointermediate", pem(OURS.certificate))
    chain = {"intermediates": [{"subject_common_name": "ICA", "pem": OTHER.certificate}]}
    desk.on("GET /certificate/77/chain", Answer(200, chain))
    issued = desk.adapter.download(HANDLE, request())
    assert (issued.certificate, issued.chain) == (OURS.certificate, (OTHER.certificate,))


def test_a_certificate_for_another_key_is_handed_on_for_a_person_to_look_at(desk: Desk) -> None:
    desk.on(LOOK, ISSUED).on(BY_CERTIFICATE, pem(OTHER.certificate)).on(BY_ORDER, pem(OTHER.certificate))
    leaf = "GET /certificate/77/download/format/pem_nointermediate"
    desk.on(leaf, pem(OTHER.certificate)).on("GET /certificate/77/chain", Answer(200, {"intermediates": []}))
    assert desk.adapter.download(HANDLE, request()).certificate == OTHER.certificate


def test_a_certificate_that_is_not_there_yet_is_asked_for_again(desk: Desk) -> None:
    desk.on(LOOK, info("issued")).on(BY_ORDER, Answer(200, b""))
    failure = code_of(lambda: desk.adapter.download(HANDLE, request()))
    assert (type(failure), failure.code, failure.retryable) == (RefusedError, "digicert_not_issued", True)


def test_a_private_key_among_them_is_refused(desk: Desk) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMAIB\n-----END PRIVATE KEY-----\n"
    desk.on(LOOK, ISSUED).on(BY_CERTIFICATE, pem(OURS.certificate, key))
    assert code_of(lambda: desk.adapter.download(HANDLE, request())).code == "certificate_unusable"


# --- renew and reissue -----------------------------------------------------------------------------------------------

RENEWAL: dict[str, t.Any] = {"kind": OrderKind.RENEW, "replaces": follows("500001/domains/3")}
REISSUE_LINE = f"POST {ORDER}/reissue"
REISSUE_HANDLE = f"{HANDLE}/reissue/9"
DUPLICATE_HANDLE = f"{HANDLE}/duplicate/9"


def reissue(**changes: t.Any) -> t.Any:
    return request(kind=OrderKind.REISSUE, replaces=follows(HANDLE), **changes)


def reissuing(status: str = "reissue_pending", request_status: str = "approved", **changes: t.Any) -> Answer:
    about = {"id": 9, "type": "reissue", "status": request_status, "date": "2026-06-22T03:00:00+00:00"}
    first = {"id": 8, "type": "new_request", "status": "approved", "date": "2026-01-22T03:00:00+00:00"}
    comments = changes.pop("comments", None)
    return info(status, requests=[first, {**about, "comments": comments}], **changes)


def test_a_renewal_says_which_order_it_follows(desk: Desk) -> None:
    desk.on(SUBMIT, placed()).adapter.submit(request(**RENEWAL))
    assert desk.body()["renewal_of_order_id"] == 500001


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({SUBMIT: error(404, "not_found|order")}, id="by its code"),
        pytest.param(
            {SUBMIT: error(400, "invalid"), "GET /order/certificate/500001": error(404, "not_found|order")},
            id="for it has no such order for us",
        ),
    ],
)
def test_a_renewal_of_a_foreign_order_is_told_so(desk: Desk, answers: dict[str, Answer]) -> None:
    for line, answer in answers.items():
        desk.on(line, answer)
    failure = code_of(lambda: desk.adapter.submit(request(**RENEWAL)))
    assert (type(failure), failure.code, failure.retryable) == (RefusedError, PREDECESSOR_UNKNOWN, False)


@pytest.mark.parametrize("before", [info(id=500001), page(500), error(400, "invalid")])
@pytest.mark.parametrize("words", ["invalid_csr", "renewal_of_order_id: it was renewed already"])
def test_another_refusal_of_a_renewal_is_its_own(desk: Desk, before: Answer, words: str) -> None:
    """Else it would be bought as a new certificate."""
    desk.on(SUBMIT, error(400, "invalid", words)).on("GET /order/certificate/500001", before)
    assert code_of(lambda: desk.adapter.submit(request(**RENEWAL))).code == "digicert_refused"


def test_a_reissue_stays_under_its_orders_number(desk: Desk) -> None:
    desk.on(REISSUE_LINE, Answer(201, {"id": NUMBER, "requests": [{"id": 9, "status": "approved"}]}))
    assert desk.adapter.submit(reissue()) == Seen(REISSUE_HANDLE, Status.ACCEPTED, "approved")
    assert desk.body() == {
        "certificate": {
            "common_name": "www.example.jp",
            "dns_names": ["example.jp"],
            "csr": OURS.csr,
            "signature_hash": "sha256",
        },
        "dcv_method": "dns-txt-token",
        "certificate_dcv_scope": "fqdn",
        "comments": REFERENCE,
    }


def test_a_reissue_can_be_issued_at_once(desk: Desk) -> None:
    desk.on(REISSUE_LINE, Answer(201, {"id": NUMBER, "requests": [{"id": 9}], "certificate_id": 78}))
    seen = desk.adapter.submit(reissue())
    assert seen.status is Status.ISSUED
    desk.on(LOOK, reissuing("issued", certificate={"id": 77})).on(
        "GET /certificate/78/download/format/pem_all", pem(OURS.certificate)
    )
    assert desk.adapter.download(seen.handle, reissue()).certificate == OURS.certificate


def test_a_reissue_of_a_foreign_order_is_told_so(desk: Desk) -> None:
    desk.on(REISSUE_LINE, error(404, "not_found|order"))
    assert code_of(lambda: desk.adapter.submit(reissue())).code == PREDECESSOR_UNKNOWN


def test_a_pending_reissue_wants_what_an_order_wants(desk: Desk) -> None:
    desk.on(LOOK, reissuing(certificate={"dns_names": ["old.example.jp"]})).on(VALUE, token())
    seen = desk.adapter.prepare(REISSUE_HANDLE, reissue())
    assert (seen.handle, seen.status) == (REISSUE_HANDLE, Status.WANTS_VALIDATION)
    assert [record.name for record in seen.wanted.records] == list(NAMES)


@pytest.mark.parametrize(
    ("answer", "certificate", "status"),
    [
        pytest.param(reissuing("issued"), OURS, Status.ISSUED, id="our key: it is the new certificate"),
        pytest.param(reissuing("issued"), OTHER, Status.UNKNOWN, id="another key: it is the old one still"),
        pytest.param(reissuing("issued", "rejected"), OTHER, Status.REFUSED, id="the request was rejected"),
        pytest.param(reissuing("issued", "canceled"), OTHER, Status.CANCELLED, id="the request was cancelled"),
    ],
)
def test_whether_issued_means_the_reissue_its_key_tells(
    desk: Desk, answer: Answer, certificate: t.Any, status: Status
) -> None:
    desk.on(LOOK, answer).on(BY_ORDER, pem(certificate.certificate))
    assert desk.adapter.look(REISSUE_HANDLE, reissue()).status is status


def test_a_check_of_a_reissue_does_not_take_the_old_certificate_for_it(desk: Desk) -> None:
    desk.on(CHECK, checked("issued", "valid")).on(LOOK, reissuing("issued")).on(BY_ORDER, pem(OTHER.certificate))
    assert desk.adapter.ready(REISSUE_HANDLE, reissue()).status is Status.UNKNOWN


def test_cancelling_a_reissue_leaves_the_order_issued(desk: Desk) -> None:
    desk.on(CANCEL, DONE)
    assert desk.adapter.cancel(REISSUE_HANDLE, reissue()) == Seen(REISSUE_HANDLE, Status.CANCELLED, "canceled")


def test_a_lost_reissue_is_known_by_its_comment(desk: Desk) -> None:
    desk.on(LOOK, reissuing(comments=f"by us: {REFERENCE}")).on(VALUE, token())
    seen = desk.adapter.find(reissue(), known_handles=frozenset({HANDLE}), since=SINCE)
    assert seen is not None
    assert seen.handle == REISSUE_HANDLE
    assert desk.adapter.find(reissue(), known_handles=frozenset({REISSUE_HANDLE}), since=SINCE) is None


@pytest.mark.parametrize(
    ("known", "since", "changes", "found"),
    [
        ((), SINCE, {}, True),
        ((REISSUE_HANDLE,), SINCE, {}, False),
        ((), NOW + timedelta(hours=1), {}, False),
        ((), SINCE, {"comments": "of somebody else"}, False),
    ],
)
def test_a_lost_reissue_without_a_comment_is_one_of_that_time_that_nobody_knows(
    desk: Desk, known: tuple[str, ...], since: datetime, changes: dict[str, str], found: bool
) -> None:
    desk.on(LOOK, reissuing(**changes)).on(VALUE, token())
    seen = desk.adapter.find(reissue(), known_handles=frozenset(known), since=since)
    assert (seen is not None) is found


@pytest.fixture
def second() -> Desk:
    """An account that takes another certificate of a paid order as a duplicate."""
    return Desk(reissue_as="duplicate")


def duplicating(status: str = "approved") -> Answer:
    about = {"id": 9, "type": "duplicate", "status": status, "date": "2026-06-22T03:00:00+00:00"}
    return info("issued", requests=[about], certificate={"id": 77})


def test_a_duplicate_leaves_the_certificate_before_it_alone(second: Desk) -> None:
    second.on(f"POST {ORDER}/duplicate", Answer(201, {"id": NUMBER, "requests": [{"id": 9, "status": "approved"}]}))
    assert second.on(LOOK, info("issued")).adapter.submit(reissue()) == Seen(
        DUPLICATE_HANDLE, Status.ACCEPTED, "approved"
    )
    assert second.body(-1).keys() == {"certificate"}


def test_of_the_duplicates_the_one_with_our_key_is_ours(second: Desk) -> None:
    certificates = [{"id": 81, "sub_id": "001"}, {"id": 82, "sub_id": "002"}, {"sub_id": "003"}]
    second.on(f"GET {ORDER}/duplicate", Answer(200, {"certificates": certificates})).on(LOOK, duplicating())
    second.on("GET /certificate/82/download/format/pem_all", pem(OTHER.certificate))
    second.on("GET /certificate/81/download/format/pem_all", pem(OURS.certificate))
    assert second.adapter.look(DUPLICATE_HANDLE, reissue()).status is Status.ISSUED
    assert second.adapter.download(DUPLICATE_HANDLE, reissue()).certificate == OURS.certificate


@pytest.mark.parametrize(("status", "means"), [("pending", Status.WANTS_APPROVAL), ("approved", Status.UNKNOWN)])
def test_a_duplicate_that_is_not_there_yet(second: Desk, status: str, means: Status) -> None:
    second.on(f"GET {ORDER}/duplicate", Answer(200, {"certificates": []})).on(LOOK, duplicating(status))
    seen = second.adapter.look(DUPLICATE_HANDLE, reissue())
    assert seen.status is means
    assert means is Status.UNKNOWN or "approve the request 9" in seen.wanted.notes[0]


def test_a_lost_duplicate_is_found(second: Desk) -> None:
    second.on(LOOK, duplicating("pending")).on(f"GET {ORDER}/duplicate", Answer(200, {"certificates": []}))
    seen = second.adapter.find(reissue(), known_handles=frozenset({HANDLE}), since=SINCE)
    assert seen is not None
    assert seen.handle == DUPLICATE_HANDLE


def test_an_order_goes_on_when_its_product_was_taken_out_of_the_settings(desk: Desk) -> None:
    desk.on(LOOK, info(), info("processing")).on(VALUE, token())
    assert prepare(desk, product="mine").status is Status.WANTS_VALIDATION
    assert prepare(desk, product="mine").status is Status.ISSUING


# --- OV and EV: domains ----------------------------------------------------------------------------------------------

OV_SUBMIT = "POST /order/certificate/ssl_basic"
SHOW = "GET /domain/{}?include_dcv=true&include_validation=true"
DOMAIN_HANDLE = f"{HANDLE}/domains/11,12"


def domain(number: int, name: str, status: str = "pending", **more: t.Any) -> Answer:
    dcv = {
        "token": f"token-of-{name.replace('.', '-')}",
        "status": "pending",
        "expiration_date": "2026-07-01T00:00:00+00:00",
    }
    validations = [{"type": "ov", "status": "pending", "dcv_status": status}]
    return Answer(200, {"id": number, "name": name, "validations": validations, "dcv_token": {**dcv, **more}})


@pytest.fixture
def ov() -> Desk:
    desk = Desk(organization=117)
    return (
        desk.on(LOOK, info())
        .on(SHOW.format(11), domain(11, "www.example.jp"))
        .on(SHOW.format(12), domain(12, "example.jp"))
    )


def test_the_domains_of_an_ov_order_are_kept_in_its_handle(ov: Desk) -> None:
    token_of = {"token": TOKEN, "status": "pending"}
    domains = [{"id": 11, "name": "www.example.jp", "dcv_token": token_of}, {"id": 12, "name": "example.jp"}]
    ov.on(OV_SUBMIT, placed(domains=domains))
    assert ov.adapter.submit(request(product="digicert-ov")).handle == DOMAIN_HANDLE


def test_each_domain_has_its_own_token(ov: Desk) -> None:
    seen = ov.adapter.look(DOMAIN_HANDLE, request(product="digicert-ov"))
    assert seen.status is Status.WANTS_VALIDATION
    assert {(one.name, one.value) for one in seen.wanted.records} == {
        ("www.example.jp", "token-of-www-example-jp"),
        ("example.jp", "token-of-example-jp"),
    }


def test_a_domain_that_is_validated_wants_nothing_and_when_all_are_the_staff_goes_on(ov: Desk) -> None:
    ov.on(SHOW.format(11), domain(11, "www.example.jp", "complete"))
    seen = ov.adapter.look(DOMAIN_HANDLE, request(product="digicert-ov"))
    assert [one.name for one in seen.wanted.records] == ["example.jp"]
    ov.on(SHOW.format(12), domain(12, "example.jp", "complete"))
    seen = ov.adapter.look(DOMAIN_HANDLE, request(product="digicert-ov"))
    assert (seen.status, seen.retry_after) == (Status.ISSUING, 600)


def test_a_dynamic_file_lies_where_its_url_says(ov: Desk) -> None:
    for number, name in ((11, "www.example.jp"), (12, "example.jp")):
        url = f"http://{name}/.well-known/pki-validation/abc.txt"
        ov.on(SHOW.format(number), domain(number, name, http_token_url=url))
    seen = ov.adapter.look(DOMAIN_HANDLE, request("file", product="digicert-ov"))
    assert {file.url for file in seen.wanted.files} == {
        f"http://{name}/.well-known/pki-validation/abc.txt" for name in NAMES
    }


@pytest.mark.parametrize(
    "url", ["http://victim.example/.well-known/pki-validation/a.txt", "http://example.jp/index.php", "http://[", "x?y"]
)
def test_a_dynamic_file_elsewhere_is_not_placed(ov: Desk, url: str) -> None:
    ov.on(SHOW.format(12), domain(12, "example.jp", http_token_url=url))
    failure = code_of(lambda: ov.adapter.look(DOMAIN_HANDLE, request("file", product="digicert-ov")))
    assert (type(failure), failure.code) == (ProtocolError, "digicert_strange_wish")


def test_the_target_of_a_cname_is_the_one_that_the_answer_says(ov: Desk) -> None:
    for number, name in ((11, "www.example.jp"), (12, "example.jp")):
        ov.on(SHOW.format(number), domain(number, name, verification_value="Abc.dcv.digicert.com."))
    seen = ov.adapter.look(DOMAIN_HANDLE, request("dns-cname", product="digicert-ov"))
    assert {one.value for one in seen.wanted.records} == {"abc.dcv.digicert.com"}


def test_a_token_that_has_expired_is_replaced(ov: Desk) -> None:
    old = {"expiration_date": "2026-06-01T00:00:00+00:00"}
    ov.on(SHOW.format(12), domain(12, "example.jp", **old))
    ov.on("POST /domain/12/dcv/token", Answer(200, {"token": TOKEN, "expiration_date": "2026-07-22T00:00:00+00:00"}))
    seen = ov.adapter.prepare(DOMAIN_HANDLE, request(product="digicert-ov"))
    assert TOKEN in {one.value for one in seen.wanted.records}


def test_where_there_is_no_token_to_renew_the_validation_begins_again(ov: Desk) -> None:
    validations = [{"type": "ov", "status": "pending", "dcv_status": "pending"}]
    ov.on(SHOW.format(12), Answer(200, {"id": 12, "name": "example.jp", "validations": validations}))
    ov.on("POST /domain/12/dcv/token", error(400, "invalid_dcv_method"))
    ov.on("PUT /domain/12/dcv/method", Answer(200, {"dcv_token": {"token": TOKEN}}), error(400, "no"))
    ov.on("POST /domain/12/validation", Answer(201, {"dcv_token": {"token": TOKEN}}))
    for _again in range(2):
        seen = ov.adapter.prepare(DOMAIN_HANDLE, request(product="digicert-ov"))
        assert TOKEN in {one.value for one in seen.wanted.records}
    assert ov.http.lines()[-1] == "POST /domain/12/validation"


def test_a_domain_of_somebody_else_is_not_proved(ov: Desk) -> None:
    ov.on(SHOW.format(12), domain(12, "victim.example"))
    failure = code_of(lambda: ov.adapter.look(DOMAIN_HANDLE, request(product="digicert-ov")))
    assert failure.code == "digicert_other_names"


def test_ready_has_each_domain_checked_and_then_the_order(ov: Desk) -> None:
    ov.on("PUT /domain/11/dcv/validate-token", Answer(200, {"token": TOKEN, "status": "active"}))
    ov.on("PUT /domain/12/dcv/validate-token", error(400, "invalid_dns_txt", "No."), Answer(200, {"status": "active"}))
    ov.on(CHECK, checked(dcv="valid"))
    wish = request(product="digicert-ov")
    seen = ov.adapter.ready(DOMAIN_HANDLE, wish)
    assert (seen.handle, seen.status, seen.problem) == (
        DOMAIN_HANDLE,
        Status.VALIDATING,
        "invalid_dns_txt: No. (HTTP 400)",
    )
    assert ov.adapter.ready(DOMAIN_HANDLE, wish).status is Status.ISSUING


def test_mails_of_domains_are_sent_by_domain(ov: Desk) -> None:
    ov.on("PUT /domain/11/dcv/emails", DONE).on("PUT /domain/12/dcv/emails", DONE)
    ov.on(MAILS, error(404, "not_found|route"))
    ov.adapter.change_contact(
        DOMAIN_HANDLE, request("email", product="digicert-ov"), Contact("txt", "certs@example.jp")
    )
    assert ov.body() == {"email_array": ["certs@example.jp"]}


def test_domains_can_be_submitted_before_the_order() -> None:
    desk = Desk(organization=117, prevalidate=True)
    desk.on("POST /domain", Answer(201, {"id": 11}), error(400, "already_there"), Answer(201, {"id": 13}))
    desk.on(OV_SUBMIT, placed(domains=[{"id": 11}]))
    seen = desk.adapter.submit(request("dns", "a.example.jp", "b.example.jp", "c.example.jp", product="digicert-ov"))
    assert seen.handle == f"{HANDLE}/domains/11,13"
    assert desk.body(0) == {
        "name": "a.example.jp",
        "organization": {"id": 117},
        "validations": [{"type": "ov"}],
        "dcv_method": "dns-txt-token",
    }


def test_what_is_lost_before_the_order_is_sent_is_no_lost_order() -> None:
    desk = Desk(organization=117, prevalidate=True).on("POST /domain", LOST)
    failure = code_of(lambda: desk.adapter.submit(request(product="digicert-ov")))
    assert isinstance(failure, TransportError)
    assert failure.sent is False


# --- revoke ----------------------------------------------------------------------------------------------------------

REVOKE = "PUT /certificate/0A1B/revoke"


def test_a_certificate_is_revoked_by_its_serial_number() -> None:
    desk = Desk(skip_approval=True).on(REVOKE, DONE)
    desk.adapter.revoke(OURS.certificate, "superseded")
    assert desk.body() == {"revocation_reason": "superseded", "skip_approval": True}


def test_a_serial_number_that_is_not_known_is_tried_without_its_zero(desk: Desk) -> None:
    desk.on(REVOKE, error(404, "not_found")).on("GET /order/certificate/0A1B", error(404, "not_found"))
    desk.on("PUT /certificate/a1b/revoke", DONE)
    desk.adapter.revoke(OURS.certificate, "superseded")
    assert desk.http.lines()[-1] == "PUT /certificate/a1b/revoke"


def test_one_that_is_revoked_already_is_as_wanted(desk: Desk) -> None:
    desk.on(REVOKE, error(400, "invalid_status")).on("GET /order/certificate/0A1B", info("revoked"))
    desk.adapter.revoke(OURS.certificate, "superseded")


def test_one_that_waits_for_approval_is_not_revoked(desk: Desk) -> None:
    desk.on(REVOKE, Answer(201, {"id": 31, "type": "revoke", "status": "pending"}))
    failure = code_of(lambda: desk.adapter.revoke(OURS.certificate, "superseded"))
    assert (type(failure), failure.code) == (RefusedError, "digicert_revocation_waits")
    assert "31" in failure.where


def test_a_refusal_is_told_in_its_own_words(desk: Desk) -> None:
    desk.on(REVOKE, error(400, "reissue_pending", "A reissue is pending.")).on(
        "GET /order/certificate/0A1B", info("reissue_pending")
    )
    assert "A reissue is pending." in code_of(lambda: desk.adapter.revoke(OURS.certificate, "superseded")).why


def test_a_reason_that_digicert_does_not_have_is_refused(desk: Desk) -> None:
    assert code_of(lambda: desk.adapter.revoke(OURS.certificate, "privilegeWithdrawn")).code == "unknown_reason"
    assert desk.http.asked == []


# --- what the account can do -----------------------------------------------------------------------------------------


def test_what_the_account_can_do(desk: Desk) -> None:
    can = desk.adapter.capabilities
    assert can.methods == ("email", "dns", "dns-cname", "file")
    assert can.wildcard_methods == ("email", "dns", "dns-cname")
    assert can.finding is Finding.EXACT
    assert can.renewing and can.reissuing and can.resending and can.changing_contact and can.cancel and can.revoke
    assert desk.http.asked == []


# --- every verb, every bad answer ------------------------------------------------------------------------------------

TO_ANOTHER = Contact("constructed", "admin@example.jp")
VERBS: dict[str, t.Callable[[Desk], object]] = {
    "submit": lambda desk: desk.adapter.submit(request()),
    "find": find,
    "look": look,
    "ready": ready,
    "download": lambda desk: desk.adapter.download(HANDLE, request()),
    "resend": lambda desk: desk.adapter.resend(HANDLE, request("email")),
    "change_contact": lambda desk: desk.adapter.change_contact(
        HANDLE, request("email"), Contact("constructed", "admin@example.jp")
    ),
    "cancel": lambda desk: desk.adapter.cancel(HANDLE, request()),
    "revoke": lambda desk: desk.adapter.revoke(OURS.certificate, "superseded"),
}
LINES = {
    "submit": SUBMIT,
    "find": FIND,
    "look": LOOK,
    "ready": CHECK,
    "download": LOOK,
    "resend": MAILS,
    "change_contact": RESEND,
    "cancel": CANCEL,
    "revoke": REVOKE,
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("answer", "kind", "retryable"),
    [
        pytest.param(LOST, TransportError, True, id="a lost answer"),
        pytest.param(NOT_SENT, TransportError, True, id="no connection"),
        pytest.param(page(500), TransportError, True, id="500"),
        pytest.param(page(502), TransportError, True, id="502"),
        pytest.param(page(302, location="https://elsewhere.example/"), TransportError, True, id="a redirect"),
        pytest.param(page(200), TransportError, True, id="a page for JSON"),
        pytest.param(Answer(200, b'{"half": '), TransportError, True, id="half a JSON"),
        pytest.param(error(401, "unauthorized"), InputError, False, id="401"),
        pytest.param(error(403, "access_denied|missing_permission"), InputError, False, id="403"),
        pytest.param(error(429, "request_limit_exceeded", "Service unavailable"), RefusedError, True, id="429"),
        pytest.param(page(429, **{"retry-after": "7"}), RefusedError, True, id="429 as a page"),
        pytest.param(page(503, **{"retry-after": "7"}), RefusedError, True, id="maintenance"),
    ],
)
def test_what_a_bad_answer_means(desk: Desk, verb: str, answer: t.Any, kind: type, retryable: bool) -> None:
    if verb == "submit" and getattr(answer, "status", 0) == 503:
        kind = TransportError  # a gateway may say so after the order was taken: it is looked for
    failure = code_of(lambda: VERBS[verb](desk.on(LINES[verb], answer)))
    assert (type(failure), failure.retryable) == (kind, retryable)
    assert failure.code
    assert KEY not in failure.sentence()
    assert desk.http.lines() == [LINES[verb]] * (2 if getattr(answer, "status", 0) == 401 else 1)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (error(429, "request_limit_exceeded"), 5),
        (error(400, "request_limit_exceeded"), 5),
        (page(429, **{"retry-after": "7"}), 7),
        (page(429, **{"retry-after": "Mon, 22 Jun 2026 03:00:09 GMT"}), 9),
        (page(503, **{"retry-after": "60"}), 60),
    ],
)
def test_when_to_come_back_is_told_and_everybody_waits(desk: Desk, answer: Answer, seconds: int) -> None:
    failure = code_of(lambda: desk.on(SUBMIT, answer).adapter.submit(request()))
    assert failure.retry_at == NOW + timedelta(seconds=seconds)
    assert desk.turns.held == [seconds]


def test_a_refused_order_was_not_made_and_says_why_in_digicerts_words(desk: Desk) -> None:
    errors = [
        {"code": "caa_check_failed|example.jp", "message": "CAA."},
        {"code": "auth_key_exists_for_account"},
        "strange",
        {"message": f"Your key {KEY} is fine."},
    ]
    failure = code_of(lambda: desk.on(SUBMIT, Answer(400, {"errors": errors})).adapter.submit(request()))
    assert (type(failure), failure.code, failure.retryable) == (RefusedError, "digicert_refused", False)
    told = "caa_check_failed|example.jp: CAA.; auth_key_exists_for_account; : Your key ******** is fine. (HTTP 400)"
    assert failure.why == told
    assert failure.reference == "caa_check_failed|example.jp auth_key_exists_for_account"


def test_errors_can_be_a_single_object(desk: Desk) -> None:
    answer = Answer(400, {"errors": {"code": "ambiguous_product", "message": "Which?"}})
    failure = code_of(lambda: desk.on(SUBMIT, answer).adapter.submit(request()))
    assert failure.why == "ambiguous_product: Which? (HTTP 400)"


def test_a_key_that_is_refused_once_is_tried_again(desk: Desk) -> None:
    desk.on(LOOK, error(401, "unauthorized"), info("processing"))
    assert look(desk).status is Status.ISSUING


def test_an_approver_who_is_refused_is_no_question_of_our_key(desk: Desk) -> None:
    failure = code_of(lambda: desk.on(SUBMIT, error(403, "access_denied|invalid_approver")).adapter.submit(request()))
    assert failure.code == "digicert_refused"


@pytest.mark.parametrize(("verb", "kind"), [("submit", TransportError), ("look", DeadlineError)])
def test_when_the_time_is_up_nothing_is_sent(verb: str, kind: type) -> None:
    desk = Desk(deadline=0)
    failure = code_of(lambda: VERBS[verb](desk))
    assert (type(failure), failure.code) == (kind, "digicert_no_time_left")
    assert not isinstance(failure, TransportError) or failure.sent is False
    assert desk.http.asked == []


# --- the budget ------------------------------------------------------------------------------------------------------


def test_every_request_takes_its_turn_and_waits_for_it(desk: Desk) -> None:
    desk.turns.waits = [2.5, 0.0]
    desk.on(LOOK, info()).on(VALUE, token())
    prepare(desk)
    assert (desk.turns.taken, desk.clock.slept) == (2, [2.5])


@pytest.mark.parametrize(("verb", "kind"), [("submit", TransportError), ("look", DeadlineError)])
def test_a_turn_beyond_the_deadline_is_told_with_its_time(verb: str, kind: type) -> None:
    desk = Desk(deadline=10)
    desk.turns.waits = [90.0]
    failure = code_of(lambda: VERBS[verb](desk))
    assert (type(failure), failure.code, failure.retryable) == (kind, "digicert_no_turn", True)
    assert failure.retry_at == NOW + timedelta(seconds=90)
    assert desk.http.asked == []
    assert desk.clock.slept == []
