# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a seller knows us: signatures, logins, parameters, client certificates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestFactory, _direct_http
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.signing import sent_words, signature, timestamp
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io.client_identity import ClientIdentity
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    BASE,
    LOST,
    NOW,
    NUMBER,
    REFERENCE,
    Answer,
    FakeClock,
    Table,
    account,
    answer,
    described,
    error,
    listing,
    request,
)

LOOK = f"GET /orders/{NUMBER}"
SECRET, TOKEN = "a-secret-that-is-long", "token-one-0001"


# --- signatures: the vectors of RFC 2202 and RFC 4231


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha384",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ],
)
def test_signatures_are_those_of_the_rfcs(algorithm: str, digest: str) -> None:
    words: dict[str, str] = {"algorithm": algorithm, "key_encoding": "text"}
    text = "what do ya want for nothing?"
    assert signature(text, "Jefe", encoding="hex", **words) == digest
    assert base64.b64decode(signature(text, "Jefe", encoding="base64", **words)).hex() == digest


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_key_of_bytes_is_written_in_hex_or_base64(encoding: str) -> None:
    raw = b"\x0b" * 20
    key = raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
    found = signature("Hi There", key, algorithm="sha256", key_encoding=encoding, encoding="hex")
    assert found == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    with pytest.raises(InputError, match=f"the key is no {encoding}"):
        signature("Hi There", "nö", algorithm="sha256", key_encoding=encoding, encoding="hex")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("seconds", "1782097200"),
        ("milliseconds", "1782097200250"),
        ("iso8601", "2026-06-22T03:00:00Z"),
        ("http", "Mon, 22 Jun 2026 03:00:00 GMT"),
    ],
)
def test_a_time_in_four_forms(form: str, words: str) -> None:
    moment = datetime(2026, 6, 22, 12, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=9)))
    assert timestamp(moment, form) == words


def test_what_is_signed_is_what_is_sent() -> None:
    words = sent_words("POST", "https://api.example:8443/v1/orders?a=%2F", b"{}")
    assert words["target"] == "/v1/orders?a=%2F" and words["path"] == "/v1/orders" and words["query"] == "a=%2F"
    assert words["host"] == "api.example:8443"
    assert words["body_sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert sent_words("GET", "https://api.example", None)["target"] == "/"


HMAC: dict[str, t.Any] = {
    "algorithm": "sha256",
    "key": "{secrets.secret}",
    "text": "{verb}\n{target}\n{timestamp}\n{nonce}\n{body_sha256}",
    "headers": {"X-Sign": "v1={signature}", "X-Time": "{timestamp}", "X-Nonce": "{nonce}"},
}


def signing(**changes: t.Any) -> Table:
    return Table(described(headers=None, auth={"hmac": {**HMAC, **changes}}), secrets={"secret": SECRET})


def is_signed(asked: t.Any) -> bool:
    digest = hashlib.sha256(asked.body or b"").hexdigest()
    verb, _blank, target = asked.line.partition(" ")
    lines = (verb, f"/api/v1{target}", asked.headers["X-Time"], asked.headers["X-Nonce"], digest)
    right = hmac.new(SECRET.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return bool(asked.headers["X-Sign"] == f"v1={right}")


def test_every_request_is_signed_with_a_nonce_of_its_own() -> None:
    table = signing().on("POST /orders", answer("received")).on(LOOK, answer("waiting_dns"))
    table.adapter.submit(request())
    table.adapter.look(NUMBER, request())
    assert [is_signed(one) for one in table.http.asked] == [True, True]
    assert len({one.headers["X-Nonce"] for one in table.http.asked}) == 2
    assert table.http.asked[0].headers["X-Time"] == str(int(NOW.timestamp()))


def test_a_clock_that_differs_is_learnt_from_a_refusal() -> None:
    refusal = error(401, "too_old", date="Mon, 22 Jun 2026 04:00:00 GMT")
    table = signing().on(LOOK, refusal, answer("waiting_dns"))
    assert table.adapter.look(NUMBER, request()).status is Status.WANTS_VALIDATION
    first, second = (int(one.headers["X-Time"]) for one in table.http.asked)
    assert second - first == 3600
    assert [is_signed(one) for one in table.http.asked] == [True, True]


@pytest.mark.parametrize("date", ["Mon, 22 Jun 2026 03:00:02 GMT", "Mon, 22 Jun 2020 03:00:00 GMT", "soon"])
def test_a_date_that_is_near_or_absurd_moves_no_clock(date: str) -> None:
    table = signing().on(LOOK, error(401, "no", date=date), answer("waiting_dns"))
    table.adapter.look(NUMBER, request())
    assert len({one.headers["X-Time"] for one in table.http.asked}) == 1


def test_a_refusal_does_not_tell_the_key() -> None:
    table = signing(key="{secrets.secret}&").on(LOOK, error(401, "no", message=f"{SECRET}& is no key"))
    with pytest.raises(InputError) as caught:
        table.adapter.look(NUMBER, request())
    assert caught.value.code == "rest_account_refused"
    assert SECRET not in caught.value.sentence()


# --- logins

LOGIN: dict[str, t.Any] = {
    "request": "POST /login",
    "body": {"key": "{secrets.api_key}"},
    "token": "access_token",
    "expires_in": "expires_in",
}


def logging_in(**changes: t.Any) -> Table:
    auth = {"bearer": "{token}", "login": {**LOGIN, **changes}}
    table = Table(described(headers={"X-Version": "2"}, auth=auth), secrets={"api_key": SECRET})
    return table.on("POST /login", *(token(number) for number in range(1, 9))).on(LOOK, answer("waiting_dns"))


def token(number: int, **more: t.Any) -> Answer:
    return Answer(200, {"access_token": f"token-{number:04}", "expires_in": 600, **more})


def bearers(table: Table) -> list[str]:
    return [one.headers.get("Authorization", "") for one in table.http.asked]


def test_one_login_serves_all_requests_as_long_as_its_token_lives() -> None:
    table = logging_in()
    for _look in range(3):
        table.adapter.look(NUMBER, request())
    assert table.http.lines() == ["POST /login", LOOK, LOOK, LOOK]
    assert bearers(table) == ["", *["Bearer token-0001"] * 3]
    assert table.http.asked[0].headers["X-Version"] == "2"
    table.clock.seconds += 571
    with pytest.raises(TransportError):  # the time of the whole call
        table.adapter.submit(request())


def test_a_token_is_renewed_before_it_ends() -> None:
    table = logging_in(expires_in="nothing", lifetime=20)
    table.adapter.look(NUMBER, request())
    table.clock.seconds += 17
    table.adapter.look(NUMBER, request())
    table.clock.seconds += 2
    table.adapter.look(NUMBER, request())
    assert bearers(table) == ["", "Bearer token-0001", "Bearer token-0001", "", "Bearer token-0002"]


def test_a_refused_token_is_fetched_anew_once() -> None:
    table = logging_in().on(LOOK, error(401, "expired"), answer("waiting_dns"))
    table.adapter.look(NUMBER, request())
    assert table.http.lines() == ["POST /login", LOOK, "POST /login", LOOK]
    table = logging_in().on(LOOK, error(401, "expired"))
    with pytest.raises(InputError):
        table.adapter.look(NUMBER, request())
    assert table.http.lines() == ["POST /login", LOOK, "POST /login", LOOK]


@pytest.mark.parametrize("answered", [LOST, Answer(500, b"oops"), Answer(200, {"access_token": "two words"})])
def test_whatever_goes_wrong_while_logging_in_nothing_was_ordered(answered: t.Any) -> None:
    table = logging_in().on("POST /login", answered)
    with pytest.raises(InkanError) as caught:
        table.adapter.submit(request())
    assert table.http.lines() == ["POST /login"]
    assert isinstance(caught.value, TransportError) and caught.value.sent is False


def test_a_token_is_masked_wherever_the_seller_repeats_it() -> None:
    table = logging_in().on(LOOK, error(400, "bad", message="token-0001 was seen"))
    with pytest.raises(InkanError) as caught:
        table.adapter.look(NUMBER, request())
    assert "token-0001" not in caught.value.sentence()


# --- parameters and client certificates


def test_a_key_in_the_query_is_sent_with_every_request() -> None:
    description = described(headers=None, auth={"query": {"api key": "{secrets.api_key}"}})
    assert any("no name of a parameter" in why for why in read_description(description)[1])
    description = described(headers=None, auth={"query": {"key": "{secrets.api_key}"}})
    table = Table(description, secrets={"api_key": "k&y=1234"})
    table.on(f"{LOOK}?key=k%26y%3D1234", answer("waiting_dns"))
    table.on(f"GET /orders?partner_order_id={REFERENCE}&key=k%26y%3D1234", listing())
    assert table.adapter.look(NUMBER, request()).status is Status.WANTS_VALIDATION
    assert table.adapter.find(request(), known_handles=frozenset(), since=NOW) is None


def test_a_client_certificate_is_two_secrets_and_perhaps_a_password() -> None:
    description = described(headers=None, auth={"client_certificate": True})
    wrong = RestFactory(clock=FakeClock()).settings_errors(account(description, secrets={"client_key": "k" * 8}))
    assert wrong == ["the description uses the secret client_certificate, which is missing"]
    secrets = {"client_certificate": "no PEM", "client_key": "neither", "client_key_password": "12345678"}
    settings, errors = parse_settings(account(description, secrets=secrets))
    assert errors == [] and settings is not None
    http = _direct_http(settings)
    assert isinstance(http, DirectHttp) and http._identity == ClientIdentity("no PEM", "neither", "12345678")
    with pytest.raises(InputError) as caught:
        http.request("GET", BASE)
    assert caught.value.code == "client_certificate_unusable"
    assert "password" not in (parse_settings(account(described(), secrets={"api_key": "k" * 8}))[1] or [""])[0]


# --- mistakes


@pytest.mark.parametrize(
    ("auth", "why"),
    [
        ({"hmac": {"algorithm": "sha256"}}, "key, text, headers is missing"),
        ({"hmac": {**HMAC, "algorithm": "md5"}}, "auth.hmac.algorithm: 'md5' is not possible here"),
        ({"hmac": {**HMAC, "encoding": "bas64"}}, 'Did you mean "base64"?'),
        ({"hmac": {**HMAC, "headers": {"X": "{nonce}"}}}, "no header has {signature}"),
        ({"hmac": {**HMAC, "text": "{bodi}"}}, 'Did you mean "body"?'),
        ({"hmac": {**HMAC, "text": "{signature}"}}, "there is no 'signature' in signed"),
        ({"login": {"request": "POST /login"}}, "token is missing"),
        ({"login": {**LOGIN, "lifetime": 0}}, "from 1 to"),
        ({"login": {**LOGIN, "request": "POST login"}}, "does not begin with a slash"),
        ({"bearer": "{token}"}, "login is missing"),
        ({"basic": "x"}, "it has no colon"),
        ({"basic": "{secrets.a}:{secrets.b}", "bearer": "{secrets.a}"}, "exclude each other"),
        ({"oauth2": {}}, 'Did you mean "login"?'),
        ({"client_certificate": "yes"}, "stands where true or false is needed"),
    ],
)
def test_a_mistake_in_auth_is_told(auth: t.Any, why: str) -> None:
    description, errors = read_description(described(headers=None, auth=auth))
    assert description is None
    assert any(why in sentence for sentence in errors), errors


def test_basic_is_said_once() -> None:
    pair = "{secrets.user}:{secrets.password}"
    errors = read_description(described(headers=None, basic_auth=pair, auth={"basic": pair}))[1]
    assert any("says the same" in why for why in errors)
    assert read_description(described(headers=None, auth={"basic": pair}))[1] == []
