# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""``look`` asks, ``prepare`` moves: tokens are made, and our own requests approved where the account says so."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._data.digicert_words import ORDER_WORDS, REQUEST_WORDS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import (
    DONE,
    KEY,
    NUMBER,
    OTHER,
    OURS,
    REFERENCE,
    TOKEN,
    Desk,
    error,
    info,
    pem,
    request,
    token,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import LOST, Answer, Scripted, page

ORDER = f"/order/certificate/{NUMBER}"
LOOK, VALUE, METHOD = f"GET {ORDER}", f"PUT {ORDER}/dcv-random-value", f"PUT {ORDER}/dcv-method"
MAILS, DUPLICATES = f"GET {ORDER}/email-validation", f"GET {ORDER}/duplicate"
HANDLE, APPROVER_KEY = str(NUMBER), "key-of-the-approver-01"
APPROVE = "PUT /request/5/status"
REFUSED = error(400, "access_denied|invalid_approver", "The requester may not approve this request.")


def queued(order: str = "needs_approval", comments: str = "", kind: str = "new_request", **changes: t.Any) -> Answer:
    requests = [{"id": 5, "type": kind, "status": "pending", "comments": comments, "date": "2026-06-22T03:00:00+00:00"}]
    return info(order, requests=requests, **changes)


@pytest.mark.parametrize("asks_for", ["look", "find"])
@pytest.mark.parametrize("approves", [False, True])
@pytest.mark.parametrize("handle", [HANDLE, f"{NUMBER}/domains/11", f"{NUMBER}/reissue/5", f"{NUMBER}/duplicate/5"])
def test_who_only_asks_changes_nothing_at_digicert(handle: str, approves: bool, asks_for: str) -> None:
    """Whatever the order, its request and its domain are called."""
    desk = Desk(approve_requests=approves, organization=117)
    shown = Answer(200, {"id": 11, "name": "example.jp", "validations": [{"type": "ov", "dcv_status": "pending"}]})
    orders = [{"order_id": NUMBER, "status": "pending"}]
    desk.on(f"GET /order/alternate/{REFERENCE}", Answer(200, {"orders": orders, "page": {"total": 1}}))
    desk.on("GET /domain/11?include_dcv=true&include_validation=true", shown)
    desk.on(MAILS, Answer(200, {"emails": []})).on(DUPLICATES, Answer(200, {"certificates": []}))
    desk.on(f"GET /certificate/download/order/{NUMBER}/format/pem_all", pem(OTHER.certificate))
    for word in [row.word for row in (*ORDER_WORDS, *REQUEST_WORDS)]:
        for method in ("dns", "email"):
            desk.on(LOOK, queued(word, comments=REFERENCE))
            if asks_for == "look":
                desk.adapter.look(handle, request(method))
            else:
                desk.adapter.find(request(method), known_handles=frozenset(), since=desk.clock.now())
    assert {line.partition(" ")[0] for line in desk.http.lines()} == {"GET"}


def test_the_token_of_an_order_is_had_by_preparing_it() -> None:
    desk = Desk().on(LOOK, info()).on(VALUE, token())
    assert desk.adapter.look(HANDLE, request()).status is Status.WANTS_PREPARATION
    seen = desk.adapter.prepare(HANDLE, request())
    assert (seen.status, {one.value for one in seen.wanted.records}) == (Status.WANTS_VALIDATION, {TOKEN})
    assert desk.http.lines() == [LOOK, VALUE], "what was just read is not asked for again"
    desk.adapter.prepare(HANDLE, request())
    assert desk.http.lines()[2:] == [LOOK, VALUE]


@pytest.mark.parametrize("answer", [error(404, "not_found|order"), error(400, "bad_request_format")])
def test_a_refusal_while_preparing_ends_no_order(answer: Answer) -> None:
    desk = Desk().on(LOOK, answer)
    with pytest.raises(Exception, match="stays as it is") as caught:
        desk.adapter.prepare(HANDLE, request())
    assert not isinstance(caught.value, RefusedError)


# --- the approval queue ----------------------------------------------------------------------------------------------


def approving(*answers: Scripted, **settings: t.Any) -> Desk:
    """needs_approval, until the request was answered."""
    desk = Desk(approve_requests=True, **settings)
    return desk.on(LOOK, queued(), info()).on(APPROVE, *answers).on(VALUE, token())


def test_our_own_request_is_approved_and_the_order_goes_on() -> None:
    desk = approving(DONE)
    assert desk.adapter.look(HANDLE, request()).status is Status.WANTS_PREPARATION
    seen = desk.adapter.prepare(HANDLE, request())
    assert (seen.status, {one.value for one in seen.wanted.records}) == (Status.WANTS_VALIDATION, {TOKEN})
    (asked,) = [one for one in desk.http.asked if "/request/" in one.line]
    assert asked.headers["X-DC-DEVKEY"] == KEY
    assert asked.json == {"status": "approved", "processor_comment": f"approved by inkan.tls, {REFERENCE}"}


def test_another_persons_key_approves_where_there_is_one() -> None:
    desk = approving(DONE, secrets={"api_key": KEY, "approver_api_key": APPROVER_KEY})
    desk.adapter.prepare(HANDLE, request())
    keys = {one.headers["X-DC-DEVKEY"] for one in desk.http.asked if "/request/" in one.line}
    assert keys == {APPROVER_KEY}
    assert {one.headers["X-DC-DEVKEY"] for one in desk.http.asked if "/request/" not in one.line} == {KEY}


@pytest.mark.parametrize(
    "answer",
    [
        REFUSED,
        error(403, "access_denied|invalid_approver", "The requester may not approve this request."),
        error(401, "access_denied|invalid_approver", "The requester may not approve this request."),
        error(403, "access_denied|missing_permission", "The requester may not approve this request."),
    ],
    ids=["400", "403", "401", "no right"],
)
def test_whoever_may_not_approve_leaves_it_to_a_person_who_is_told(answer: Answer) -> None:
    desk = approving(answer)
    desk.http.on(LOOK, queued())
    seen = desk.adapter.prepare(HANDLE, request())
    assert seen.status is Status.WANTS_APPROVAL
    (note,) = seen.wanted.notes
    assert f"request 5 of order {NUMBER}" in note
    assert "The requester may not approve this request." in note
    assert "An administrator of the CertCentral account has to approve" in note


@pytest.mark.parametrize("answer", [error(429, "request_limit_exceeded"), page(500), LOST])
def test_an_approval_that_may_be_lost_is_tried_again(answer: Scripted) -> None:
    desk = approving(answer)
    desk.http.on(LOOK, queued())
    with pytest.raises((RefusedError, TransportError)) as caught:
        desk.adapter.prepare(HANDLE, request())
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("handle", "answer"),
    [
        (HANDLE, queued(alternative_order_id="somebody-elses")),
        (HANDLE, queued(alternative_order_id=None)),
        (f"{NUMBER}/reissue/5", queued("reissue_pending", comments="theirs", kind="reissue")),
        (f"{NUMBER}/reissue/6", queued("reissue_pending", comments=REFERENCE, kind="reissue")),
        (f"{NUMBER}/duplicate/5", queued("issued", kind="duplicate")),
    ],
    ids=["another reference", "no reference", "another comment", "another request", "no comment"],
)
def test_a_request_that_is_not_of_our_order_is_not_touched(handle: str, answer: Answer) -> None:
    desk = (
        Desk(approve_requests=True)
        .on(LOOK, answer)
        .on(VALUE, token())
        .on(DUPLICATES, Answer(200, {"certificates": []}))
    )
    desk.on(f"GET /certificate/download/order/{NUMBER}/format/pem_all", pem(OTHER.certificate))
    desk.adapter.prepare(handle, request())
    assert [line for line in desk.http.lines() if "/request/" in line] == []


def test_a_reissue_with_our_comment_is_approved() -> None:
    desk = Desk(approve_requests=True).on(APPROVE, DONE).on(VALUE, token())
    desk.on(LOOK, queued("reissue_pending", comments=REFERENCE, kind="reissue"), info("reissue_pending"))
    seen = desk.adapter.prepare(f"{NUMBER}/reissue/5", request())
    assert APPROVE in desk.http.lines()
    assert seen.status is Status.WANTS_VALIDATION


def test_nobody_approves_unless_it_is_said_so() -> None:
    desk = Desk().on(LOOK, queued())
    seen = desk.adapter.look(HANDLE, request())
    assert (seen.status, desk.http.lines()) == (Status.WANTS_APPROVAL, [LOOK])


@pytest.mark.parametrize(("answer", "is_done"), [(DONE, True), (REFUSED, False)])
def test_a_revocation_of_ours_is_approved_too(answer: Answer, is_done: bool) -> None:
    desk = Desk(approve_requests=True).on("PUT /certificate/0A1B/revoke", Answer(201, {"id": 5, "status": "pending"}))
    desk.on(APPROVE, answer)
    if is_done:
        desk.adapter.revoke(OURS.certificate, "superseded")
        return
    with pytest.raises(RefusedError, match="may not approve") as caught:
        desk.adapter.revoke(OURS.certificate, "superseded")
    assert caught.value.code == "digicert_revocation_waits"
