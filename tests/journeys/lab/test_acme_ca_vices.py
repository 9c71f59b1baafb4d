# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each vice of the lab's ACME CA does what its row says, and whoever tries again gets through."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import time
import typing as t
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import josepy
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from journeys.lab.subscriber import Answer, Subscriber, ari_id, certificates
from lab.lab import Lab
from lab.vices import VICES

OURS = {vice.name for vice in VICES if vice.room == "acme_ca"}
WWW = "www.example.jp"
#: vice -> status and content type of the answer that it gives in place of the true one
INSTEAD: t.Mapping[str, tuple[int, str]] = {
    "acme_bad_nonce": (400, "application/problem+json"),
    "acme_server_error": (500, "application/problem+json"),
    "acme_too_many_seconds": (429, "application/problem+json"),
    "acme_too_many_date": (429, "application/problem+json"),
    "acme_too_many_skewed": (429, "application/problem+json"),
    "acme_too_many": (429, "application/problem+json"),
    "acme_error_page": (500, "text/html; charset=utf-8"),
    "acme_unavailable": (503, "text/html; charset=utf-8"),
    "acme_html_for_json": (200, "text/html; charset=utf-8"),
    "acme_redirect_to_page": (302, "text/html; charset=utf-8"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), vices=(), web=(), also=("acme_ca",)) as lab:
        yield lab


@pytest.fixture
def lab(world: Lab) -> t.Iterator[Lab]:
    yield world
    world.switches.none()
    assert world.failures == []


@pytest.fixture
def subscriber(lab: Lab) -> Subscriber:
    subscriber = Subscriber(lab)
    assert subscriber.enter().status == 201
    return subscriber


def orders(lab: Lab, subscriber: Subscriber) -> list[dict[str, t.Any]]:
    return lab.history.events("order", account=subscriber.account)


# --- answers ---


@pytest.mark.parametrize("vice", INSTEAD)
def test_another_answer_comes_once_and_nothing_was_done(lab: Lab, subscriber: Subscriber, vice: str) -> None:
    nonces = [subscriber.nonce() for _unused in range(2)]
    lab.switches.only(vice)
    answer = order_with(subscriber, nonces[0])
    assert (answer.status, answer.headers["content-type"]) == INSTEAD[vice]
    assert orders(lab, subscriber) == []
    wait = answer.headers.get("retry-after")
    if vice in ("acme_too_many_date", "acme_too_many_skewed"):
        moment, there = parsedate_to_datetime(str(wait)), parsedate_to_datetime(answer.headers["date"])
        assert timedelta(0) < moment - there <= timedelta(seconds=3)
        assert (moment - lab.clock.now() > timedelta(minutes=50)) == (vice == "acme_too_many_skewed")
    else:
        assert wait == ("1" if vice in ("acme_too_many_seconds", "acme_unavailable") else None)
    assert lab.history.events("request", call="order_new")[-1]["vice"] == vice
    assert order_with(subscriber, nonces[1]).status == 201


def order_with(subscriber: Subscriber, nonce: str) -> Answer:
    """By one request only: asking for a nonce would get its share of the vice."""
    wish = {"identifiers": [{"type": "dns", "value": WWW}]}
    return subscriber.post(subscriber.directory["newOrder"], wish, nonce=nonce)


@pytest.mark.parametrize("vice", ["acme_lost_answer", "acme_gateway_lost_effect", "acme_cut_answer"])
def test_an_answer_may_not_arrive_though_all_was_done(lab: Lab, subscriber: Subscriber, vice: str) -> None:
    nonces = [subscriber.nonce() for _unused in range(2)]
    lab.switches.only(vice)
    if vice == "acme_gateway_lost_effect":
        assert order_with(subscriber, nonces[0]).status == 502
    else:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            order_with(subscriber, nonces[0])
    answer = order_with(subscriber, nonces[1])
    assert [event["reused"] for event in orders(lab, subscriber)] == [False, True]
    assert answer.headers["location"].endswith(orders(lab, subscriber)[0]["order"])


@pytest.mark.parametrize("vice", ["acme_half_json", "acme_gzip_unasked", "acme_huge_answer", "acme_slow_drip"])
def test_an_answer_may_be_bent(lab: Lab, subscriber: Subscriber, vice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.playing.DRIP_SECONDS", 0.3)
    monkeypatch.setattr("lab.playing.HUGE", 1000)
    url, true = subscriber.facts["url"], json.dumps(subscriber.directory)
    lab.switches.only(vice)
    began = time.monotonic()
    answer = subscriber.send("GET", url)
    if vice == "acme_half_json":
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(answer.body)
    elif vice == "acme_gzip_unasked":
        assert (answer.headers["content-encoding"], json.loads(gzip.decompress(answer.body))) == (
            "gzip",
            json.loads(true),
        )
    elif vice == "acme_huge_answer":
        assert answer.body.startswith(b" " * 1000)
    else:
        assert time.monotonic() - began >= 0.3
    assert subscriber.send("GET", url).json == json.loads(true)


def test_errors_may_bring_no_nonce(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_no_nonce_in_errors")
    assert "replay-nonce" not in subscriber.order("www.nobody.test").headers
    assert "replay-nonce" in subscriber.order(WWW).headers


# --- orders ---


def test_statuses_may_be_strange_once_or_for_good(lab: Lab, subscriber: Subscriber) -> None:
    url = subscriber.order(WWW).headers["location"]
    lab.switches.only("acme_strange_status")
    assert [subscriber.post(url).json["status"] for _unused in range(2)] == ["reticulating", "pending"]
    lab.switches.only("acme_strange_status_always")
    assert [subscriber.post(url).json["status"] for _unused in range(2)] == ["reticulating"] * 2


def test_looks_may_be_behind(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_missing_first")
    answer = subscriber.order(WWW)
    url = answer.headers["location"]
    assert [subscriber.post(url).status for _unused in range(2)] == [404, 200]
    lab.switches.only("acme_stale_answer_first")
    subscriber.prove(answer.json["authorizations"][0])
    assert [subscriber.post(url).json["status"] for _unused in range(3)] == ["pending", "ready", "ready"]


def test_things_may_take_their_time(lab: Lab, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.acme_ca.authorizing.SLOW_SECONDS", 3600)
    lab.switches.only("acme_validation_slow")
    order = subscriber.order(WWW)
    (url,) = order.json["authorizations"]
    challenge = subscriber.challenge(url, "dns-01")
    name, value = subscriber.record(challenge)
    lab.dns.set("example.jp", name, "TXT", [value])
    assert subscriber.claim(challenge, url)["status"] == "pending"
    waiting = subscriber.post(challenge["url"])
    assert (waiting.json["status"], waiting.headers["retry-after"]) == ("processing", "1")
    lab.switches.none()
    other = subscriber.order("shop.example.jp")
    subscriber.prove(other.json["authorizations"][0])
    monkeypatch.setattr("lab.acme_ca.desk.SLOW_SECONDS", 3600)
    lab.switches.only("acme_processing_slow")
    done = subscriber.finalize(other.json, ["shop.example.jp"])
    assert (done.json["status"], done.headers["retry-after"]) == ("processing", "1")
    assert subscriber.post(other.headers["location"]).json["status"] == "processing"
    monkeypatch.setattr("lab.acme_ca.desk.SLOW_SECONDS", 0)
    assert subscriber.post(other.headers["location"]).json["status"] == "valid"


def test_an_order_may_be_processing_at_first(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_processing_first")
    order = subscriber.order(WWW)
    subscriber.prove(order.json["authorizations"][0])
    assert subscriber.finalize(order.json, [WWW]).json["status"] == "processing"
    assert subscriber.post(order.headers["location"]).json["status"] == "valid"


def test_an_order_may_be_lost_at_its_proof_or_at_its_end(lab: Lab, subscriber: Subscriber) -> None:
    name = "lost.example.jp"
    lab.switches.only("acme_validation_fails_first")
    first = subscriber.order(name)
    assert subscriber.prove(first.json["authorizations"][0])["status"] == "invalid"
    assert subscriber.post(first.headers["location"]).json["status"] == "invalid"
    assert subscriber.issue(name).status == 200
    lab.switches.only("acme_fails_at_issuing")
    second = subscriber.order(name, profile="tlsserver")
    lost = subscriber.finalize(second.json, [name]).json
    assert (lost["status"], lost["error"]["type"].rpartition(":")[2]) == ("invalid", "serverInternal")
    assert subscriber.issue(name, profile="tlsserver").status == 200


def test_a_challenge_may_be_unknown(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_unknown_challenge")
    (url,) = subscriber.order("unknown.example.jp").json["authorizations"]
    first, *others = subscriber.post(url).json["challenges"]
    assert first["type"] not in ("http-01", "dns-01", "dns-account-01", "dns-persist-01")
    assert len(others) == 4
    shown = subscriber.claim(first, url)
    assert shown["status"] == "invalid"


def test_terms_may_have_changed(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_terms_changed")
    answer = subscriber.order(WWW)
    assert (answer.status, answer.error) == (403, "userActionRequired")
    assert answer.json["instance"].startswith("https://")
    assert answer.links("terms-of-service") != []


# --- certificates ---


@pytest.mark.parametrize(
    "vice",
    [
        *("acme_new_intermediate", "acme_other_certificate", "acme_wrong_key", "acme_wrong_chain"),
        *("acme_root_included", "acme_chain_reversed", "acme_no_alternates"),
        *("acme_crlf_pem", "acme_pem_spaced", "acme_pem_no_newline"),
    ],
)
def test_a_download_may_be_strange(lab: Lab, subscriber: Subscriber, vice: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    lab.switches.only(*(["acme_new_intermediate"] if vice == "acme_new_intermediate" else []))
    subscriber.issue(WWW, key=key)
    (number,) = [event["order"] for event in lab.history.events("issued")][-1:]
    url = subscriber.post(f"{subscriber.facts['url'].removesuffix('directory')}order/{number}").json["certificate"]
    lab.switches.only(vice)
    first, second = subscriber.post(url), subscriber.post(url)
    assert seen(first, second, key)[vice]
    lab.switches.none()
    assert seen(subscriber.post(url), second, key)[vice] is (vice == "acme_new_intermediate")


def seen(answer: Answer, second: Answer, key: ec.EllipticCurvePrivateKey) -> dict[str, bool]:
    leaf, *chain = certificates(answer)
    own, text = key.public_key(), answer.body
    names = [one.subject.rfc4514_string() for one in chain]
    try:
        leaf.verify_directly_issued_by(chain[0])
        is_signed = True
    except (InvalidSignature, ValueError):
        is_signed = False
    return {
        "acme_new_intermediate": is_signed and "E8" in names[0],
        "acme_other_certificate": leaf.public_key() != own == certificates(second)[0].public_key(),
        "acme_wrong_key": leaf.public_key() != own != certificates(second)[0].public_key(),
        "acme_wrong_chain": not is_signed and leaf.issuer == chain[0].subject,
        "acme_root_included": is_signed and chain[-1].subject == chain[-1].issuer,
        "acme_chain_reversed": not is_signed and chain[0].subject == chain[0].issuer == chain[-1].issuer,
        "acme_no_alternates": answer.links("alternate") == [],
        "acme_crlf_pem": b"\r\n" in text and b"\n" not in text.replace(b"\r\n", b""),
        "acme_pem_spaced": b"-----\n\n-----BEGIN" in text,
        "acme_pem_no_newline": text.endswith(b"-----"),
    }


# --- all ---


class Patient(Subscriber):
    """Tries again, as often as there may be vices, whatever became of it."""

    TRIES = 8

    def send(self, method: str, url: str, body: bytes | None = None, kind: str = "application/jose+json") -> Answer:
        for _unused in range(self.TRIES):
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                answer = super().send(method, url, body, kind)
                if body is not None or answer.status < 300:
                    return answer
        raise AssertionError(f"{url} has no answer")

    def post(self, url: str, payload: object = "", key: josepy.JWK | None = None, /, **header: t.Any) -> Answer:
        for _unused in range(self.TRIES):
            answer = super().post(url, payload, key, **header)
            if answer.status < 300 and b"reticulating" not in answer.body:
                return answer
        raise AssertionError(f"{url}: {answer.body!r}")


def test_every_vice_is_shown_by_a_test_of_the_ca() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_acme_ca_*.py"))]
    assert {name for name in OURS if not any(f'"{name}"' in text for text in texts)} == set()


def test_with_the_gentle_half_a_patient_client_gets_its_certificate(lab: Lab) -> None:
    """Whatever fails is tried again with a new nonce, as often as there are vices that could strike."""
    lab.switches.only(*(vice.name for vice in VICES if vice.default and vice.room == "acme_ca"))
    patient = Patient(lab)
    assert patient.enter().status in (200, 201)
    leaf = certificates(patient.issue("patient.example.jp"))[0]
    assert patient.send("GET", f"{patient.directory['renewalInfo']}/{ari_id(leaf)}").json["suggestedWindow"]
    told = [(event["call"], event["vice"]) for event in lab.history.events("request", ca="acme_ca") if event["vice"]]
    struck = {"acme_bad_nonce", "acme_server_error", "acme_lost_answer", "acme_too_many_seconds"}
    assert {vice for _call, vice in told} >= struck
    assert ("renewal_info", "acme_server_error") in told or ("renewal_info", "acme_lost_answer") in told
    assert len(orders(lab, patient)) >= 1
    assert len({event["order"] for event in orders(lab, patient)}) == 1, "one order, whatever was lost"
