# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nonces, patience, lost answers, and what may not be shown."""

from __future__ import annotations

import random
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.library import AccountKey, load_library
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.network import Network, Once
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    CA,
    Answer,
    FakeClock,
    Script,
    Scripted,
    account_key,
    problem,
)

pytest.importorskip("acme")  # the oldest Pythons of targets have none that is new enough
pytest.importorskip("josepy")

URL = f"{CA}/thing"
NONCE = f"{CA}/newNonce"
OK = Answer(200, {})
BAD_NONCE = problem(400, "badNonce", "JWS has an invalid anti-replay nonce")
LOST = TransportError(code="http_broken_answer", what="no answer", sent=True)


class Line:
    """A network over a script whose newNonce answers well."""

    def __init__(self, *answers: Scripted, deadline: float = 60.0, secrets: tuple[str, ...] = ()) -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock).on(URL, *answers).on(NONCE, Answer(200))
        key = AccountKey(load_library(), account_key(), "key")
        self.network = Network(self.http, self.clock, key, deadline=deadline, where="CA", secrets=secrets)
        self.network.new_nonce_url = NONCE
        self.network.kid = f"{CA}/acct/1"

    def post(self, once: Once = Once.NO) -> t.Any:
        return self.network.post(URL, b"{}", "do it", once=once)

    def read(self) -> t.Any:
        return self.network.read(URL, "read it")


# --- nonces ----------------------------------------------------------------------------------------------------------


def test_a_refused_nonce_is_replaced_by_the_one_of_the_refusal() -> None:
    line = Line(BAD_NONCE, BAD_NONCE, OK)
    line.post(Once.IF_TOLD)
    nonces = [one.header["nonce"] for one in line.http.to(URL)]
    assert len(set(nonces)) == 3
    assert len(line.http.to(NONCE)) == 1
    assert line.clock.slept == []


def test_ten_refused_nonces_in_a_row_are_survived() -> None:
    assert Line(*[BAD_NONCE] * 10, OK).post().status == 200


def test_a_server_that_takes_no_nonce_at_all_ends_as_a_refusal_to_come_back_to() -> None:
    line = Line(BAD_NONCE)
    with pytest.raises(RefusedError) as caught:
        line.post()
    assert (caught.value.code, caught.value.retryable) == ("acme_badNonce", True)
    assert len(line.http.to(URL)) == 11


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_no_run_is_lost_to_rejected_nonces(rate: float) -> None:
    dice = random.Random(8555)  # noqa: S311 (no secret: which requests are refused)
    answers = [BAD_NONCE if dice.random() < rate else OK for _number in range(2000)]
    line = Line(*answers, OK)
    for _number in range(1000):
        assert line.read().status == 200


@pytest.mark.parametrize("nonce", ["", "not base64url!", "a" * 600, "é", "abc\tdef", "x"])
def test_an_invalid_nonce_is_ignored_and_a_new_one_is_asked_for(nonce: str) -> None:
    line = Line(Answer(200, {}, {"replay-nonce": nonce}), OK)
    line.post()
    line.post()
    assert len(line.http.to(NONCE)) == 2


def test_a_server_without_nonces_is_told() -> None:
    line = Line(OK)
    line.http.on(NONCE, Answer(200, b"", {"replay-nonce": ""}))
    with pytest.raises(ProtocolError):
        line.post()
    assert line.http.to(URL) == []


def test_a_nonce_that_cannot_be_had_means_that_nothing_was_sent() -> None:
    line = Line(OK)
    line.http.on(NONCE, LOST)
    with pytest.raises(TransportError) as caught:
        line.post(Once.IF_TOLD)
    assert not caught.value.sent


# --- patience --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers, pause",
    [
        pytest.param({"retry-after": "10"}, 10.0, id="seconds"),
        pytest.param({"retry-after": "Fri, 20 Nov 2026 12:00:20 GMT"}, 20.0, id="a date"),
        pytest.param(
            {"retry-after": "Fri, 20 Nov 2026 14:00:05 GMT", "date": "Fri, 20 Nov 2026 14:00:00 GMT"},
            5.0,
            id="a date of a server whose clock is wrong",
        ),
        pytest.param({"retry-after": "later"}, 0.5, id="unreadable: the table"),
        pytest.param({}, 0.5, id="absent: the table"),
    ],
)
@pytest.mark.parametrize(
    "status, body",
    [(429, b""), (503, b""), (429, b'{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "slow"}')],
)
def test_patience_is_kept_within_the_deadline(headers: dict[str, str], pause: float, status: int, body: bytes) -> None:
    line = Line(Answer(status, body, headers), OK)
    assert line.post().status == 200
    assert line.clock.slept == [pause]


def test_rate_limited_counts_whatever_the_status_is() -> None:
    line = Line(problem(403, "rateLimited", "too many", {"retry-after": "2"}), OK)
    assert line.post().status == 200


def test_patience_beyond_the_deadline_ends_as_a_refusal_with_the_time_to_come_back() -> None:
    line = Line(problem(429, "rateLimited", "too many certificates (5) already issued", {"retry-after": "3600"}))
    with pytest.raises(RefusedError) as caught:
        line.post(Once.IF_TOLD)
    error = caught.value
    assert (error.code, error.retryable) == ("acme_rateLimited", True)
    assert error.retry_at is not None and error.retry_at.isoformat() == "2026-11-20T13:00:00+00:00"
    assert "too many certificates (5) already issued" in error.sentence()
    assert line.clock.slept == []


def test_a_hostile_retry_after_does_not_overflow() -> None:
    with pytest.raises(RefusedError) as caught:
        Line(Answer(429, b"", {"retry-after": "9" * 20})).post()
    assert caught.value.retry_at is not None and caught.value.retry_at.year == 2026


def test_a_server_that_is_never_ready_ends_with_the_deadline() -> None:
    line = Line(Answer(503, b""), deadline=60)
    with pytest.raises(RefusedError) as caught:
        line.post()
    assert caught.value.code == "acme_unavailable"
    assert line.clock.seconds < 60


def test_a_server_that_always_says_now_is_not_asked_for_ever() -> None:
    line = Line(Answer(429, b"", {"retry-after": "0"}))
    with pytest.raises(RefusedError):
        line.post()
    assert len(line.http.to(URL)) == 21


def test_a_deliberate_503_to_a_new_order_is_waited_for() -> None:
    assert Line(Answer(503, b"", {"retry-after": "1"}), OK).post(Once.IF_TOLD).status == 200


def test_a_503_to_an_order_that_can_be_found_is_believed_from_the_ca_alone() -> None:
    assert Line(problem(503, "serverInternal"), OK).post(Once.IF_FOUND).status == 200
    line = Line(Answer(503, b"<html>", {"retry-after": "1"}), OK)
    with pytest.raises(TransportError) as caught:
        line.post(Once.IF_FOUND)
    assert caught.value.sent
    assert len(line.http.to(URL)) == 1


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [LOST, Answer(500, b"oops"), problem(500, "serverInternal"), Answer(502, b"<html>")]
)
def test_a_read_is_repeated_after_a_fault(trouble: Scripted) -> None:
    line = Line(trouble, trouble, OK)
    assert line.read().status == 200
    assert line.clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("trouble", [LOST, Answer(500, b"oops")])
def test_a_read_is_not_repeated_for_ever(trouble: Scripted) -> None:
    line = Line(trouble)
    with pytest.raises(TransportError):
        line.read()
    assert len(line.http.to(URL)) == 3


@pytest.mark.parametrize("trouble", [LOST, Answer(500, b"oops"), problem(500, "serverInternal")])
def test_a_write_is_never_repeated_on_suspicion(trouble: Scripted) -> None:
    line = Line(trouble)
    with pytest.raises(TransportError) as caught:
        line.post()
    assert caught.value.sent
    assert len(line.http.to(URL)) == 1


def test_a_fault_that_will_not_pass_is_not_repeated() -> None:
    line = Line(TransportError(code="http_tls_unverified", what="no trust", sent=False, retryable=False))
    with pytest.raises(TransportError):
        line.read()
    assert len(line.http.to(URL)) == 1


def test_nothing_is_sent_after_the_deadline() -> None:
    line = Line(OK, deadline=10)
    line.clock.seconds = 10
    with pytest.raises(DeadlineError):
        line.post()
    assert line.http.asked == []


def test_a_request_gets_no_more_time_than_is_left() -> None:
    line = Line(OK, deadline=10)
    line.clock.seconds = 4
    line.post()
    assert [one.timeout for one in line.http.asked] == [6.0, 6.0]


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_secret_that_the_server_repeats_is_masked() -> None:
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7Eaj"
    line = Line(problem(400, "malformed", f"bad key {secret}"), secrets=(secret,))
    with pytest.raises(RefusedError) as caught:
        line.post()
    assert secret not in str(caught.value.as_data())
    assert "bad key ********" in caught.value.why


def test_control_characters_of_the_server_do_not_reach_a_terminal() -> None:
    with pytest.raises(RefusedError) as caught:
        Line(problem(400, "malformed", "\x1b[2Jgone\u202e")).post()
    assert "\x1b" not in caught.value.sentence() and "\u202e" not in caught.value.sentence()
    with pytest.raises(ProtocolError) as broken:
        Line(Answer(400, b"\x1b[2J\xff")).post()
    assert "\x1b" not in broken.value.sentence()


def test_what_a_person_has_to_open_is_in_the_advice() -> None:
    answer = problem(403, "userActionRequired", "terms have changed", instance="https://ca.example.test/terms?v=2")
    with pytest.raises(RefusedError) as caught:
        Line(answer).post()
    assert "https://ca.example.test/terms?v=2" in caught.value.todo


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    line = Line(Answer(status, b"", {"location": "https://evil.test/"}))
    with pytest.raises(ProtocolError):
        line.post()
    assert {one.url for one in line.http.asked} == {URL, NONCE}


def test_the_signature_covers_url_nonce_and_account() -> None:
    line = Line(OK)
    line.post()
    (asked,) = line.http.to(URL)
    assert asked.header == {"alg": "ES256", "kid": f"{CA}/acct/1", "nonce": asked.header["nonce"], "url": URL}
    assert asked.payload == {}
