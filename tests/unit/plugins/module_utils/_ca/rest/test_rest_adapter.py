# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs at ラボSSL, as its manual (tests/lab/SELLER.md) says that it answers, and as it should not."""

from __future__ import annotations

import base64
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Finding, OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    KEY,
    LOST,
    NOT_SENT,
    NOW,
    NUMBER,
    REFERENCE,
    TOKEN,
    Answer,
    Table,
    answer,
    described,
    error,
    file_of,
    listing,
    order,
    page,
    request,
)

LIST = f"GET /orders?partner_order_id={REFERENCE}"
LOOK = f"GET /orders/{NUMBER}"
CHECK = f"POST /orders/{NUMBER}/check"
DOWNLOAD = f"GET /orders/{NUMBER}/certificate"
SUBMIT = "POST /orders"
CANCEL = f"DELETE /orders/{NUMBER}"
SINCE = NOW - timedelta(minutes=1)

PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
LEAF, MIDDLE, ROOT = (PEM.format(word) for word in ("MAIB", "MAIC", "MAID"))


@pytest.fixture
def table() -> Table:
    return Table()


def find(table: Table, known: t.Collection[str] = ()) -> Seen | None:
    return table.adapter.find(request(), known_handles=frozenset(known), since=SINCE)


# --- the whole way ---------------------------------------------------------------------------------------------------


def test_what_is_sent_is_what_the_manual_asks_for(table: Table) -> None:
    table.on(SUBMIT, answer("mail_sent", 201)).adapter.submit(request())
    (asked,) = table.http.asked
    assert asked.line == SUBMIT
    assert asked.headers == {
        "Accept": "application/json",
        "Authorization": f"ApiKey {KEY}",
        "Content-Type": "application/json",
    }
    assert asked.json == {
        "partner_order_id": REFERENCE,
        "product": "dv",
        "csr": request().csr_pem,
        "common_name": "www.example.jp",
        "names": ["www.example.jp", "example.jp"],
        "double_address": True,
        "auth": {"method": "mail", "contact": "address", "address": "hostmaster@example.jp"},
    }


@pytest.mark.parametrize(
    ("contact", "auth"),
    [
        ({"kind": "txt", "address": None}, {"method": "mail", "contact": "txt"}),
        ({"kind": "txt", "address": "a@b.jp"}, {"method": "mail", "contact": "txt", "address": "a@b.jp"}),
        (None, {"method": "mail"}),
    ],
)
def test_what_has_no_value_is_left_out(table: Table, contact: object, auth: object) -> None:
    table.on(SUBMIT, answer("received", 201)).adapter.submit(request(contact=contact, double_address=None))
    body = table.http.asked[0].json
    assert body["auth"] == auth
    assert "double_address" not in body


def test_an_order_by_mail_waits_for_a_person_and_says_who_was_written_to(table: Table) -> None:
    table.on(SUBMIT, answer("mail_sent", 201, auth={"sent_to": ["hostmaster@example.jp"]}))
    seen = table.adapter.submit(request())
    assert seen == Seen(
        handle=NUMBER,
        status=Status.WANTS_APPROVAL,
        status_word="mail_sent",
        wanted=Wanted(mails=("hostmaster@example.jp",)),
        expires=datetime(2026, 7, 17, 3, tzinfo=timezone.utc),
    )


def test_an_order_by_file_wants_the_file_on_every_name_and_is_not_polled_for_the_crawler(table: Table) -> None:
    files = [file_of("www.example.jp"), file_of("example.jp")]
    table.on(SUBMIT, answer("waiting_file", 201, auth={"files": files}))
    seen = table.adapter.submit(request("file"))
    path = f".well-known/pki-validation/{TOKEN}.txt"
    assert seen.status is Status.WANTS_VALIDATION
    assert seen.wanted.files == tuple(
        TokenFile(name, path, f"{TOKEN}\n", f"http://{name}/{path}") for name in ("www.example.jp", "example.jp")
    )
    assert seen.retry_after == 3600


def test_an_order_by_dns_wants_the_record(table: Table) -> None:
    records = [{"name": "_labssl.example.jp.", "type": "TXT", "value": "abc=="}]
    changes = {"names": ["*.example.jp"], "auth": {"records": records}}
    table.on(SUBMIT, answer("waiting_dns", 201, **changes))
    seen = table.adapter.submit(request("dns", "*.example.jp", product="digicert-dv"))
    assert seen.wanted == Wanted(records=(TokenRecord("_labssl.example.jp", "TXT", "abc=="),))


def test_the_seller_is_asked_to_look_only_where_it_can_be(table: Table) -> None:
    table.on(CHECK, answer("examining", 202)).on(LOOK, answer("waiting_file"))
    assert table.adapter.ready(NUMBER, request("dns")).status is Status.ISSUING
    assert table.adapter.ready(NUMBER, request("file")).status is Status.WANTS_VALIDATION
    assert table.http.lines() == [CHECK, LOOK]
    assert table.adapter.capabilities.unasked_methods == ("email", "registrar", "file")


def test_what_the_account_can_do_is_what_the_description_says(table: Table) -> None:
    found = table.adapter.capabilities
    assert found.methods == ("email", "registrar", "dns", "file")
    assert found.wildcard_methods == ("email", "registrar", "dns")
    assert (found.finding, found.cancel, found.revoke) == (Finding.EXACT, True, True)
    assert table.http.asked == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("received", Status.ACCEPTED),
        ("mail_sent", Status.WANTS_APPROVAL),
        ("waiting_file", Status.WANTS_VALIDATION),
        ("waiting_dns", Status.WANTS_VALIDATION),
        ("checking_registrar", Status.VALIDATING),
        ("examining", Status.ISSUING),
        ("issued", Status.ISSUED),
        ("rejected", Status.REFUSED),
        ("expired", Status.EXPIRED),
        ("cancelled", Status.CANCELLED),
        ("on_hold", Status.UNKNOWN),
        ("Issued", Status.UNKNOWN),
        (None, Status.UNKNOWN),
        ({"a": 1}, Status.UNKNOWN),
    ],
)
def test_each_word_of_the_manual_has_its_meaning_and_no_other_word_has_one(
    table: Table, word: t.Any, status: Status
) -> None:
    seen = table.on(LOOK, answer(word)).adapter.look(NUMBER, request())
    assert seen.status is status
    assert seen.status_word == (word if isinstance(word, str) else "(none)")


def test_a_refused_order_tells_why(table: Table) -> None:
    table.on(LOOK, answer("rejected", reason="承認されませんでした"))
    assert table.adapter.look(NUMBER, request()).problem == "承認されませんでした"


def test_names_that_are_done_are_told(table: Table) -> None:
    table.on(LOOK, answer("waiting_file", auth={"done": ["WWW.example.jp."]}))
    assert table.adapter.look(NUMBER, request()).validated == ("www.example.jp",)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_certificate_comes_with_its_issuers_in_the_order_of_the_seller(table: Table, ends: str) -> None:
    body = {
        "certificate": LEAF.replace("\n", ends),
        "intermediates": [text.replace("\n", ends) for text in (MIDDLE, ROOT)],
    }
    issued = table.on(DOWNLOAD, Answer(200, body)).adapter.download(NUMBER, request())
    assert (issued.certificate, issued.chain) == (LEAF, (MIDDLE, ROOT))


@pytest.mark.parametrize(
    "body",
    [
        {"certificate": LEAF + MIDDLE + ROOT},
        {"certificate": [LEAF, MIDDLE], "intermediates": ROOT},
        {"certificate": LEAF, "intermediates": [MIDDLE + ROOT, None]},
        {"certificate": "subject=/CN=www\n" + LEAF, "intermediates": ["", MIDDLE, ROOT]},
    ],
)
def test_bundles_of_all_kinds_are_taken_apart(table: Table, body: t.Any) -> None:
    issued = table.on(DOWNLOAD, Answer(200, body)).adapter.download(NUMBER, request())
    assert (issued.certificate, issued.chain) == (LEAF, (MIDDLE, ROOT))


def test_the_answer_may_be_the_pem_text_itself() -> None:
    table = Table(described(calls__download={"request": "GET /orders/{order_id}/certificate", "certificate": "@"}))
    table.on(DOWNLOAD, Answer(200, (LEAF + MIDDLE).encode(), {"content-type": "application/x-pem-file"}))
    issued = table.adapter.download(NUMBER, request())
    assert (issued.certificate, issued.chain) == (LEAF, (MIDDLE,))


def test_the_certificate_may_be_in_the_order_itself() -> None:
    table = Table(described(calls__download=None, order__certificate="certificate.pem", order__chain="certificate.ca"))
    table.on(LOOK, answer("issued", certificate={"pem": LEAF, "ca": [MIDDLE]}), answer("examining"))
    assert table.adapter.download(NUMBER, request()).chain == (MIDDLE,)
    with pytest.raises(RefusedError) as caught:
        table.adapter.download(NUMBER, request())
    assert (caught.value.code, caught.value.retryable) == ("rest_not_issued", True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (LEAF + "-----BEGIN PRIVATE KEY-----\nMAIB\n-----END PRIVATE KEY-----\n", "PRIVATE KEY"),
        (LEAF[:-10], "no whole PEM"),
        ("see the mail", "no whole PEM"),
        (PEM.format("not base64!"), "no whole PEM"),
        (PEM.format("AAAA"), "no base64 of a certificate"),
        (LEAF * 12, "12 certificates"),
        ({"pem": LEAF}, "no text"),
        (42, "no text"),
    ],
)
def test_what_is_no_certificate_is_not_taken_for_one(table: Table, body: t.Any, why: str) -> None:
    table.on(DOWNLOAD, Answer(200, {"certificate": body, "intermediates": None}))
    with pytest.raises(ProtocolError, match=why):
        table.adapter.download(NUMBER, request())


def test_a_certificate_that_is_not_ready_is_asked_for_again(table: Table) -> None:
    table.on(DOWNLOAD, error(409, "not_issued"))
    with pytest.raises(RefusedError) as caught:
        table.adapter.download(NUMBER, request())
    assert caught.value.retryable


def test_an_unlisted_refusal_of_the_download_lets_no_order_go(table: Table) -> None:
    table.on(DOWNLOAD, error(404, "certificate_not_found"))
    with pytest.raises(ProtocolError, match="certificate_not_found: だめです"):
        table.adapter.download(NUMBER, request())


# --- cancel and revoke -----------------------------------------------------------------------------------------------


def test_an_order_is_cancelled(table: Table) -> None:
    table.on(CANCEL, answer("cancelled"))
    assert table.adapter.cancel(NUMBER, request()).status is Status.CANCELLED
    assert table.http.lines() == [CANCEL]


def test_an_empty_answer_to_cancel_is_followed_by_a_look(table: Table) -> None:
    table.on(CANCEL, Answer(204)).on(LOOK, answer("cancelled"))
    assert table.adapter.cancel(NUMBER, request()).status is Status.CANCELLED
    table.on(LOOK, error(404, "order_not_found"))
    assert table.adapter.cancel(NUMBER, request()).status is Status.CANCELLED


def test_what_was_issued_or_has_ended_meanwhile_is_told_in_place_of_the_refusal(table: Table) -> None:
    table.on(CANCEL, error(409, "already_issued")).on(LOOK, answer("issued"))
    assert table.adapter.cancel(NUMBER, request()).status is Status.ISSUED
    table.on(LOOK, answer("mail_sent"))
    with pytest.raises(RefusedError, match="already_issued"):
        table.adapter.cancel(NUMBER, request())


REAL = """-----BEGIN CERTIFICATE-----
MAwwCqADAgECAgMA3q0=
-----END CERTIFICATE-----
"""


def test_a_certificate_is_revoked_by_its_serial_number(table: Table) -> None:
    line = "POST /certificates/dead/revoke"
    table.on(line, Answer(200, {"serial": "dead", "revoked_at": "2026-06-23T10:00:00+09:00"}))
    table.adapter.revoke(REAL, "superseded")
    assert table.http.asked[0].json == {"reason": "superseded"}
    table.on(line, error(404, "certificate_not_found"))
    with pytest.raises(RefusedError, match="certificate_not_found"):
        table.adapter.revoke(REAL, "superseded")


def test_reasons_are_said_in_the_words_of_the_seller() -> None:
    table = Table(described(reasons={"superseded": 4}))
    table.on("POST /certificates/dead/revoke", Answer(204)).adapter.revoke(REAL, "superseded")
    assert table.http.asked[0].json == {"reason": 4}
    with pytest.raises(InputError, match="keyCompromise"):
        table.adapter.revoke(REAL, "keyCompromise")
    assert len(table.http.asked) == 1


def test_revoked_before_is_as_wanted() -> None:
    call = {"request": "POST /certificates/{serial}/revoke", "already": ["already_revoked"]}
    table = Table(described(calls__revoke=call))
    table.on("POST /certificates/dead/revoke", error(409, "already_revoked"))
    table.adapter.revoke(REAL, "superseded")


def test_what_the_description_does_not_have_is_not_offered() -> None:
    table = Table(described(calls__cancel=None, calls__revoke=None, calls__ready=None, calls__find="impossible"))
    found = table.adapter.capabilities
    assert (found.finding, found.cancel, found.revoke) == (Finding.IMPOSSIBLE, False, False)
    assert found.unasked_methods == found.methods
    for act in (lambda: table.adapter.cancel(NUMBER, request()), lambda: table.adapter.revoke(REAL, "superseded")):
        with pytest.raises(RefusedError, match="portal"):
            act()


# --- a lost answer ---------------------------------------------------------------------------------------------------

LOSSES = [
    pytest.param(LOST, id="the connection breaks"),
    pytest.param(page(200), id="a page in place of JSON"),
    pytest.param(page(500, "Internal Server Error"), id="a server fault"),
    pytest.param(page(502, "Bad Gateway"), id="a gateway loses it"),
    pytest.param(page(503), id="a bare 503 may come after the effect"),
    pytest.param(page(503, **{"retry-after": "1800"}), id="and one with Retry-After that has no words of the seller"),
    pytest.param(error(500, "invalid_csr"), id="a server fault that has words"),
    pytest.param(Answer(201, b'{"order_id": "LS-0000'), id="half a JSON"),
    pytest.param(Answer(201, b""), id="nothing at all"),
    pytest.param(Answer(201, b"NaN"), id="no JSON"),
    pytest.param(Answer(201, b"[" * 100_000), id="JSON without a bottom"),
    pytest.param(Answer(201, {}), id="no number"),
    pytest.param(Answer(201, [1]), id="no order"),
    pytest.param(Answer(201, None), id="null"),
    pytest.param(answer(status=201, order_id="a b"), id="a number with a blank"),
    pytest.param(answer(status=201, order_id="a\r\nb"), id="a number with a line end"),
    pytest.param(answer(status=201, order_id="x" * 300), id="a number without an end"),
    pytest.param(answer(status=201, order_id=True), id="a number that is true"),
    pytest.param(answer(status=201, order_id=["LS-1"]), id="a list of numbers"),
    pytest.param(answer(status=201, partner_order_id="another"), id="the answer to another order"),
    pytest.param(Answer(302, b"", {"location": "https://elsewhere.example/"}), id="a redirect"),
    pytest.param(Answer(303, b"", {"location": "/orders/1"}), id="the redirect of a form"),
    pytest.param(page(408, "Request Timeout"), id="a proxy gives up waiting"),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_an_order_whose_answer_was_lost_may_exist(table: Table, loss: t.Any) -> None:
    table.on(SUBMIT, loss)
    with pytest.raises(TransportError) as caught:
        table.adapter.submit(request())
    assert caught.value.sent
    assert len(table.http.asked) == 1, "it was sent once"


def test_an_order_that_never_left_is_known_not_to_exist(table: Table) -> None:
    table.on(SUBMIT, NOT_SENT)
    with pytest.raises(TransportError) as caught:
        table.adapter.submit(request())
    assert not caught.value.sent


def test_without_time_nothing_is_sent() -> None:
    table = Table(deadline=10.0).on(SUBMIT, answer("received", 201)).on(LOOK, answer("received"))
    table.clock.seconds = 10.0
    with pytest.raises(TransportError) as caught:
        table.adapter.submit(request())
    assert not caught.value.sent
    with pytest.raises(DeadlineError):
        table.adapter.look(NUMBER, request())
    assert table.http.asked == []


def test_no_request_gets_more_time_than_is_left_or_than_is_set() -> None:
    table = Table(deadline=10.0, timeout=4).on(LOOK, answer("received"))
    table.http.cost = 7.0
    table.adapter.look(NUMBER, request())
    table.adapter.look(NUMBER, request())
    assert [asked.timeout for asked in table.http.asked] == [4.0, 3.0]


def test_a_lost_order_is_found_by_our_reference(table: Table) -> None:
    table.on(LIST, listing(order("mail_sent", auth={"sent_to": ["a@example.jp"]})))
    seen = find(table)
    assert seen is not None
    assert (seen.handle, seen.status, seen.wanted.mails) == (NUMBER, Status.WANTS_APPROVAL, ("a@example.jp",))


def test_only_our_reference_counts_and_only_orders_that_nobody_knows(table: Table) -> None:
    others = [order(partner_order_id="ik-1f0c4d2e9a8b7c6d5e4f3a2c", order_id="LS-1"), order(partner_order_id=None)]
    table.on(LIST, listing(*others, order(order_id="LS-7")))
    assert find(table, known=["LS-7"]) is None
    found = find(table)
    assert found is not None and found.handle == "LS-7"


@pytest.mark.parametrize("none", [listing(), Answer(200, {"orders": None, "total": 0})])
def test_an_empty_list_means_that_there_is_none(table: Table, none: Answer) -> None:
    assert find(table.on(LIST, none)) is None


def test_of_two_orders_with_our_reference_the_living_one_is_taken(table: Table) -> None:
    table.on(LIST, listing(order("cancelled", order_id="LS-2"), order("received", order_id="LS-1")))
    found = find(table)
    assert found is not None and found.handle == "LS-1"


def test_a_list_is_read_page_by_page_to_its_end() -> None:
    call = {"request": "GET /orders?page={page}&after={offset}", "orders": "orders", "total": "total"}
    table = Table(described(calls__find=call))
    for number in range(3):
        others = [order(partner_order_id="x", order_id=f"LS-{number}-{one}") for one in range(2)]
        mine = [order()] if number == 2 else []
        table.on(f"GET /orders?page={number + 1}&after={2 * number}", listing(*others, *mine, total=7))
    found = find(table)
    assert found is not None and found.handle == NUMBER
    assert len(table.http.asked) == 3


def test_a_list_without_a_total_ends_with_the_page_that_brings_nothing_new() -> None:
    call = {"request": "GET /orders?page={page}", "orders": "orders"}
    table = Table(described(calls__find=call))
    same = listing(order(partner_order_id="x", order_id="LS-1"))
    table.on("GET /orders?page=1", same).on("GET /orders?page=2", same)
    assert find(table) is None
    assert len(table.http.asked) == 2


@pytest.mark.parametrize(
    "half",
    [
        pytest.param(listing(total=3), id="a list that is shorter than it says"),
        pytest.param(Answer(200, {"status": "ok"}), id="no list"),
        pytest.param(Answer(200, {"orders": None, "total": None}), id="nulls for a list and its length"),
        pytest.param(Answer(200, {"orders": None, "total": 1}), id="null for a list of one"),
        pytest.param(Answer(200, {"orders": {}, "total": 0}), id="a dictionary for a list"),
        pytest.param(listing("order"), id="a word for an order"),
        pytest.param(listing(order(order_id=None)), id="our order without its number"),
        pytest.param(error(404, "order_not_fund"), id="an error that is not listed as gone"),
        pytest.param(page(404, "Not Found"), id="another server's 404"),
        pytest.param(page(200), id="a page"),
        pytest.param(page(503), id="maintenance"),
        pytest.param(LOST, id="no answer"),
    ],
)
def test_not_there_is_said_only_by_a_whole_list(table: Table, half: t.Any) -> None:
    with pytest.raises(InkanError) as caught:
        find(table.on(LIST, half))
    assert caught.value.retryable


def test_a_single_order_may_be_the_list_and_gone_means_none() -> None:
    table = Table(described(calls__find={"request": "GET /by/{reference}", "orders": "[@]"}))
    table.on(f"GET /by/{REFERENCE}", Answer(200, order()), error(404, "order_not_found"))
    found = find(table)
    assert found is not None and found.handle == NUMBER
    assert find(table) is None


def test_a_seller_that_knows_the_reference_already_is_asked_for_the_order() -> None:
    submit = {**described()["calls"]["submit"], "already": "duplicate_reference"}
    table = Table(described(calls__submit=submit)).on(SUBMIT, error(409, "duplicate_reference"))
    with pytest.raises(TransportError) as caught:
        table.adapter.submit(request())
    assert caught.value.sent


def test_once_the_number_is_known_the_order_is_not_lost_again(table: Table) -> None:
    table.on(SUBMIT, answer("waiting_file", 201, auth={"files": [file_of("evil.example")]}))
    seen = table.adapter.submit(request("file"))
    assert (seen.handle, seen.status, seen.wanted) == (NUMBER, Status.UNKNOWN, Wanted())
    assert "evil.example" in seen.problem
    table.on(LIST, listing(order("waiting_file", auth={"files": [file_of("evil.example")]})))
    found = find(table)
    assert found is not None and (found.handle, found.status) == (NUMBER, Status.UNKNOWN)


# --- patience --------------------------------------------------------------------------------------------------------

SERVER_TIME = "Mon, 23 Nov 2026 03:00:00 GMT"
IN_A_MINUTE = "Mon, 23 Nov 2026 03:01:00 GMT"


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        pytest.param(error(429, "too_many_requests", **{"retry-after": "7"}), 7, id="seconds"),
        pytest.param(
            error(429, "too_many_requests", **{"retry-after": IN_A_MINUTE, "date": SERVER_TIME}), 60, id="a date"
        ),
        pytest.param(error(429, "too_many_requests"), None, id="429 and no time"),
        pytest.param(page(429, "Too Many Requests", **{"retry-after": "7"}), 7, id="a page of a gateway"),
        pytest.param(error(503, "closed", **{"retry-after": "1800"}), 1800, id="a 503 that the seller tells"),
        pytest.param(error(503, "maintenance"), None, id="maintenance in JSON"),
    ],
)
@pytest.mark.parametrize("verb", ["submit", "look", "find", "download", "ready", "cancel"])
def test_patience_is_asked_for_and_told_with_its_time(
    table: Table, verb: str, reply: Answer, seconds: float | None
) -> None:
    for line in (SUBMIT, LIST, LOOK, CHECK, DOWNLOAD, CANCEL):
        table.on(line, reply)
    acts: dict[str, t.Callable[[], t.Any]] = {
        "submit": lambda: table.adapter.submit(request()),
        "find": lambda: find(table),
        "cancel": lambda: table.adapter.cancel(NUMBER, request()),
    }
    with pytest.raises(RefusedError) as caught:
        acts.get(verb, lambda: getattr(table.adapter, verb)(NUMBER, request("dns")))()
    assert caught.value.code == "rest_come_back_later"
    assert caught.value.retryable
    assert caught.value.retry_at == (None if seconds is None else NOW + timedelta(seconds=seconds))
    assert table.clock.slept == [], "the ledger waits, not the adapter"


def test_a_page_in_shift_jis_is_told_in_its_own_words(table: Table) -> None:
    table.on(LOOK, page(503, **{"retry-after": "60"}))
    with pytest.raises(RefusedError, match="ただいまメンテナンス中です"):
        table.adapter.look(NUMBER, request())


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "invalid_csr"),
        error(400, "an_unknown_code"),
        error(409, "not_applicable"),
        page(404, "Not Found"),
        page(400, "Bad Request"),
    ],
)
def test_a_refused_submit_made_no_order(table: Table, reply: Answer) -> None:
    with pytest.raises(RefusedError) as caught:
        table.on(SUBMIT, reply).adapter.submit(request())
    assert not caught.value.retryable


def test_a_refusal_is_told_in_the_words_of_the_seller(table: Table) -> None:
    table.on(SUBMIT, error(400, "address_not_allowed", "そのアドレスは使えません"))
    with pytest.raises(RefusedError) as caught:
        table.adapter.submit(request())
    assert caught.value.why == "address_not_allowed: そのアドレスは使えません (HTTP 400)"
    assert caught.value.reference == "address_not_allowed"


@pytest.mark.parametrize("verb", ["submit", "look", "find", "download", "ready"])
def test_a_wrong_key_is_the_accounts_trouble_and_ends_no_order(table: Table, verb: str) -> None:
    for line in (SUBMIT, LIST, LOOK, CHECK, DOWNLOAD):
        table.on(line, error(401, "unauthorized"))
    acts: dict[str, t.Callable[[], t.Any]] = {
        "submit": lambda: table.adapter.submit(request()),
        "find": lambda: find(table),
    }
    with pytest.raises(InputError) as caught:
        acts.get(verb, lambda: getattr(table.adapter, verb)(NUMBER, request("dns")))()
    assert caught.value.code == "rest_account_refused"


def test_a_401_is_believed_when_it_comes_twice(table: Table) -> None:
    table.on(SUBMIT, error(401, "unauthorized"), answer("mail_sent", 201))
    assert table.adapter.submit(request()).handle == NUMBER
    assert table.http.lines() == [SUBMIT, SUBMIT]
    table.on(LOOK, page(403, "Forbidden"), answer("mail_sent"))
    assert table.adapter.look(NUMBER, request()).status is Status.WANTS_APPROVAL


@pytest.mark.parametrize("reply", [error(400, "broken_request"), error(410, "moved"), page(404, "Not Found")])
def test_no_error_answer_ends_an_order(table: Table, reply: Answer) -> None:
    with pytest.raises(ProtocolError):
        table.on(LOOK, reply).adapter.look(NUMBER, request())


def test_a_refused_check_of_an_order_that_went_on_is_no_trouble(table: Table) -> None:
    table.on(CHECK, error(409, "not_applicable")).on(LOOK, answer("examining"))
    assert table.adapter.ready(NUMBER, request("dns")).status is Status.ISSUING
    table.on(LOOK, answer("waiting_dns"))
    with pytest.raises(ProtocolError, match="not_applicable"):
        table.adapter.ready(NUMBER, request("dns"))


@pytest.mark.parametrize("end", ["rejected", "expired", "cancelled"])
def test_an_end_is_believed_when_it_is_said_twice(table: Table, end: str) -> None:
    table.on(LOOK, answer(end), answer("mail_sent"))
    assert table.adapter.look(NUMBER, request()).status is Status.WANTS_APPROVAL
    table.on(LOOK, answer(end))
    assert table.adapter.look(NUMBER, request()).status_word == end


def test_an_order_that_the_seller_does_not_know_has_ended_if_it_says_so_twice(table: Table) -> None:
    gone = error(404, "order_not_found")
    table.on(LOOK, gone, answer("received"))
    assert table.adapter.look(NUMBER, request()).status is Status.ACCEPTED
    table.on(LOOK, gone)
    assert table.adapter.look(NUMBER, request()).status is Status.EXPIRED


def test_an_error_may_come_with_the_status_200() -> None:
    errors = {"when": "result == 'NG'", "code": "code", "message": "text", "retry": ["E99"], "account": ["E01"]}
    table = Table(described(errors=errors, order__at="order"))
    good = Answer(200, {"result": "OK", "order": order("received")})
    table.on(SUBMIT, Answer(200, {"result": "NG", "code": "E42", "text": "CSRが不正です"}), good)
    with pytest.raises(RefusedError, match="E42: CSRが不正です"):
        table.adapter.submit(request())
    assert table.adapter.submit(request()).handle == NUMBER
    table.on(LOOK, Answer(200, {"result": "NG", "code": "E99"}), Answer(200, {"result": "NG", "code": "E01"}))
    with pytest.raises(RefusedError) as caught:
        table.adapter.look(NUMBER, request())
    assert caught.value.retryable
    with pytest.raises(InputError):
        table.adapter.look(NUMBER, request())


def test_a_success_of_another_kind_than_expected_means_not_yet() -> None:
    call = {**described()["calls"]["download"], "expect": 200}
    table = Table(described(calls__download=call)).on(DOWNLOAD, Answer(202, {"message": "preparing"}))
    with pytest.raises(RefusedError) as caught:
        table.adapter.download(NUMBER, request())
    assert caught.value.retryable


# --- hostile answers -------------------------------------------------------------------------------------------------


def test_an_answer_about_another_order_is_not_used(table: Table) -> None:
    table.on(LOOK, answer("issued", order_id="LS-000043", partner_order_id="another"))
    with pytest.raises(ProtocolError, match="LS-000043"):
        table.adapter.look(NUMBER, request())


def test_a_number_may_come_as_number_or_as_text() -> None:
    table = Table().on(SUBMIT, answer("received", 201, order_id=42)).on("GET /orders/42", answer(order_id="42"))
    assert table.adapter.submit(request()).handle == "42"
    assert table.adapter.look("42", request()).status is Status.ACCEPTED


def test_an_order_for_other_names_is_not_used(table: Table) -> None:
    table.on(LOOK, answer("waiting_file", names=["www.example.jp", "mail.example.jp"]))
    with pytest.raises(ProtocolError, match=r"mail\.example\.jp"):
        table.adapter.look(NUMBER, request())


@pytest.mark.parametrize(
    ("names", "is_ours"),
    [
        (["www.example.jp", "example.jp"], True),
        (["example.jp"], False),
        (["www.example.jp", "www.www.example.jp"], False),
    ],
)
def test_a_name_that_comes_for_free_makes_no_other_order_of_it(table: Table, names: list[str], is_ours: bool) -> None:
    one = replace(request(), common_name="www.example.jp", dns_names=("www.example.jp",))
    table.on(LOOK, answer("examining", names=names))
    if is_ours:
        assert table.adapter.look(NUMBER, one).status is Status.ISSUING
    else:
        with pytest.raises(ProtocolError, match="not for the names that were ordered"):
            table.adapter.look(NUMBER, one)


def test_nulls_where_lists_belong_mean_nothing(table: Table) -> None:
    nothing = {"method": "mail", "sent_to": None, "files": None, "records": None, "done": None}
    table.on(LOOK, answer("mail_sent", names=None, auth=nothing))
    seen = table.adapter.look(NUMBER, request())
    assert (seen.wanted, seen.validated, seen.status) == (Wanted(), (), Status.WANTS_APPROVAL)


@pytest.mark.parametrize(
    ("handle", "line"),
    [
        ("a/b", "GET /orders/a%2Fb"),
        ("../users", "GET /orders/..%2Fusers"),
        ("1?admin=1", "GET /orders/1%3Fadmin%3D1"),
        ("1#x", "GET /orders/1%23x"),
        ("100%", "GET /orders/100%25"),
        ("{secrets.api_key}", "GET /orders/%7Bsecrets.api_key%7D"),
        ("注文1", "GET /orders/%E6%B3%A8%E6%96%871"),
    ],
)
def test_a_number_stays_one_segment_of_the_path(table: Table, handle: str, line: str) -> None:
    table.on(line, answer("received", order_id=handle))
    table.adapter.look(handle, request())
    assert table.http.lines() == [line]


@pytest.mark.parametrize("handle", ["", ".", ".."])
def test_a_number_that_would_change_the_path_is_never_sent(table: Table, handle: str) -> None:
    with pytest.raises(InputError, match="another path"):
        table.adapter.look(handle, request())
    assert table.http.asked == []


def test_the_key_is_in_no_error_even_if_the_seller_repeats_it(table: Table) -> None:
    table.on(LOOK, error(400, "broken_request", f"no such key: {KEY}"))
    with pytest.raises(ProtocolError) as caught:
        table.adapter.look(NUMBER, request())
    assert KEY not in str(caught.value.as_data())
    assert "********" in caught.value.why


def test_user_and_password_are_in_no_error_even_if_the_seller_repeats_the_header() -> None:
    description = described(headers=None, basic_auth="{secrets.user}:{secrets.password}")
    table = Table(description, secrets={"user": "partner-00042", "password": "password-0001"})
    said = base64.b64encode(b"partner-00042:password-0001").decode("ascii")
    table.on(LOOK, error(400, "broken_request", f"Authorization: Basic {said}"))
    with pytest.raises(ProtocolError) as caught:
        table.adapter.look(NUMBER, request())
    assert table.http.asked[-1].headers["Authorization"] == f"Basic {said}"
    assert said not in str(caught.value.as_data())


def test_foreign_words_are_bounded_and_harmless(table: Table) -> None:
    table.on(LOOK, answer("rejected", reason="\x1b[2J\u202e" + "長" * 5000))
    problem = table.adapter.look(NUMBER, request()).problem
    assert problem.startswith("\\x1b[2J\\u202e長")
    assert len(problem) < 1100


# --- before anything is sent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (request(product="jprs-dvv"), 'Did you mean "jprs-dv"'),
        (request("http-01"), "methods has no 'http-01'"),
        (request(contact={"kind": "caa", "address": "a@example.jp"}), "contacts has no 'caa'"),
    ],
)
def test_what_the_description_has_no_word_for_is_not_ordered(table: Table, wish: OrderRequest, why: str) -> None:
    with pytest.raises(InputError, match=why):
        table.adapter.submit(wish)
    assert table.http.asked == []


def test_an_open_order_goes_on_when_its_product_is_no_longer_described(table: Table) -> None:
    table.on(LOOK, answer("mail_sent"))
    assert table.adapter.look(NUMBER, request(product="gone")).status is Status.WANTS_APPROVAL
