# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another certificate of an order: what is refused before it is sent, and how a lost one is found. And what nobody
documents of it: settings."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    PREDECESSOR_UNKNOWN,
    OrderKind,
    OrderRequest,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError, TransportError
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import (
    NUMBER,
    OTHER,
    OURS,
    REFERENCE,
    Desk,
    error,
    follows,
    info,
    pem,
    request,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    LOST,
    NOW,
    Answer,
    Scripted,
    page,
)

ORDER = f"/order/certificate/{NUMBER}"
LOOK, LIST, POST = f"GET {ORDER}", f"GET {ORDER}/duplicate", f"POST {ORDER}/duplicate"
HANDLE, SINCE = str(NUMBER), NOW - timedelta(minutes=1)
PLACED = Answer(201, {"id": NUMBER, "requests": [{"id": 9, "status": "approved"}]})


def wish(*names: str) -> OrderRequest:
    return request("dns", *names, kind=OrderKind.REISSUE, replaces=follows(HANDLE))


def duplicates(**settings: t.Any) -> Desk:
    return Desk(reissue_as="duplicate", **settings).on(POST, PLACED).on(LOOK, info("issued"))


def found(desk: Desk, *known: str) -> str:
    """The handle, "" for none."""
    seen = desk.adapter.find(wish(), known_handles=frozenset({HANDLE, *known}), since=SINCE)
    return seen.handle if seen is not None else ""


def failed(action: t.Callable[[], object]) -> InkanError:
    with pytest.raises(InkanError) as caught:
        action()
    return caught.value


# --- before a duplicate is sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [("www.example.jp",), ("www.example.jp", "example.jp", "shop.example.jp"), ("*.example.jp", "example.jp")],
    ids=["fewer", "more", "others"],
)
def test_a_duplicate_for_other_names_is_not_sent(names: tuple[str, ...]) -> None:
    desk = duplicates().on(LOOK, info("issued", certificate={"dns_names": ["example.jp", "mail.example.jp"]}))
    failure = failed(lambda: desk.adapter.submit(wish(*names)))
    assert (type(failure), failure.code) == (InputError, "digicert_duplicate_names")
    assert "mail.example.jp" in failure.why
    assert "reissue_as: reissue" in failure.todo
    assert POST not in desk.http.lines()


def test_a_free_www_in_the_order_is_no_other_name() -> None:
    desk = duplicates()
    assert desk.adapter.submit(wish("www.example.jp")).handle == f"{HANDLE}/duplicate/9"


@pytest.mark.parametrize("answer", [LOST, page(500), page(200), error(401, "access_denied")])
def test_a_look_before_the_duplicate_that_fails_loses_no_order(answer: Scripted) -> None:
    failure = failed(lambda: duplicates().on(LOOK, answer).adapter.submit(wish()))
    assert isinstance(failure, InputError) or (isinstance(failure, TransportError) and not failure.sent)


def test_a_duplicate_of_an_order_that_is_not_there_is_told_so() -> None:
    failure = failed(lambda: duplicates().on(LOOK, error(404, "not_found|order")).adapter.submit(wish()))
    assert failure.code == PREDECESSOR_UNKNOWN


@pytest.mark.parametrize("is_set", [False, True])
def test_a_comment_goes_with_a_duplicate_only_if_it_is_said_so(is_set: bool) -> None:
    desk = duplicates(duplicate_comments=is_set)
    desk.adapter.submit(wish())
    assert desk.body(-1).get("comments") == (REFERENCE if is_set else None)


# --- a lost duplicate ------------------------------------------------------------------------------------------------


def listed(*certificates: dict[str, t.Any]) -> Desk:
    desk = duplicates().on(LIST, Answer(200, {"certificates": list(certificates)}))
    for number, paper in ((81, OTHER), (82, OURS), (83, OTHER)):
        desk.on(f"GET /certificate/{number}/download/format/pem_all", pem(paper.certificate))
        desk.on(f"GET /certificate/{number}/download/format/pem_nointermediate", error(404, "not_found"))
        desk.on(f"GET /certificate/{number}/chain", error(404, "not_found"))
    return desk


def test_a_lost_duplicate_is_the_one_with_our_key() -> None:
    desk = listed({"id": 81}, {"id": 82}, {"id": 83})
    handle = found(desk)
    assert handle == f"{HANDLE}/duplicate/0/certificate/82"
    assert desk.adapter.look(handle, wish()).status is Status.ISSUED
    assert desk.adapter.download(handle, wish()).certificate == OURS.certificate


def test_one_for_another_key_is_nobody_s_lost_duplicate() -> None:
    assert found(listed({"id": 81}, {"id": 83})) == ""


def test_one_that_the_ledger_knows_or_that_is_older_is_not_asked_for() -> None:
    old = {"id": 83, "date_created": "2026-06-01T00:00:00+00:00"}
    desk = listed(old, {"id": 82})
    assert found(desk, f"{HANDLE}/duplicate/9/certificate/82") == ""
    assert [line for line in desk.http.lines() if "download" in line] == []


@pytest.mark.parametrize(
    "answer",
    [Answer(200, {}), Answer(200, {"certificates": {}}), error(403, "access_denied"), page(200), page(500)],
)
def test_half_a_list_of_duplicates_never_means_that_there_is_none(answer: Answer) -> None:
    assert failed(lambda: found(duplicates().on(LIST, answer))).retryable


def test_a_new_duplicate_without_a_number_may_be_ours() -> None:
    assert failed(lambda: found(listed({"sub_id": "001"}))).code == "digicert_half_a_list"
    assert found(listed({"sub_id": "001", "date_created": "2026-06-01T00:00:00+00:00"})) == ""


def asked(kind: str = "duplicate", status: str = "pending", comments: str = "", minutes: float = 0) -> Answer:
    date = (NOW + timedelta(minutes=minutes)).isoformat()
    return info("issued", requests=[{"id": 9, "type": kind, "status": status, "comments": comments, "date": date}])


def test_one_that_waits_for_approval_is_found_among_the_requests() -> None:
    assert found(listed().on(LOOK, asked())) == f"{HANDLE}/duplicate/9"
    assert found(listed().on(LOOK, asked(status="approved"))) == "", "then it would be in the list"
    assert found(listed().on(LOOK, asked()), f"{HANDLE}/duplicate/9") == ""


# --- what is documented nowhere --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "answer", "is_found"),
    [
        ({}, asked("reissue"), True),
        ({}, asked("reissue", comments=REFERENCE), True),
        ({}, asked("reissue", minutes=-12), False),
        ({}, asked("rekey"), False),
        ({"request_types": {"reissue": ["rekey"]}}, asked("rekey"), True),
        ({"request_types": {"reissue": "rekey"}}, asked("reissue"), False),
        ({"clock_tolerance": 1800}, asked("reissue", minutes=-12), True),
        ({"clock_tolerance": 0}, asked("reissue", minutes=-2), False),
        ({"reissue_found_by": "comment"}, asked("reissue"), False),
        ({"reissue_found_by": "comment"}, asked("reissue", comments=REFERENCE), True),
        ({"reissue_found_by": "time"}, asked("reissue"), True),
        ({"reissue_found_by": "time"}, asked("reissue", comments=REFERENCE), False),
    ],
)
def test_how_a_lost_reissue_is_known_can_be_set(settings: dict[str, t.Any], answer: Answer, is_found: bool) -> None:
    desk = Desk(**settings).on(LOOK, answer)
    desk.on(f"GET /certificate/download/order/{NUMBER}/format/pem_all", pem(OTHER.certificate))
    assert bool(found(desk)) is is_found


def test_what_a_bare_not_found_means_can_be_set() -> None:
    none = error(404, "not_found")
    search = f"GET /order/alternate/{REFERENCE}"
    lost = {"known_handles": frozenset[str](), "since": SINCE}
    assert Desk().on(search, none).adapter.find(request(), **lost) is None
    careful = Desk(gone_codes=["not_found|order"])
    assert failed(lambda: careful.on(search, none).adapter.find(request(), **lost)).retryable
    assert careful.on(search, error(404, "not_found|order")).adapter.find(request(), **lost) is None
