# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ACME CA: signed requests and accounts (RFC 8555, 6 and 7.3)."""

from __future__ import annotations

import base64
import json
import typing as t

import josepy
import pytest
from journeys.lab.subscriber import Document, Subscriber, encode, new_key
from lab.lab import Lab


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


# --- requests ---


def test_the_directory_tells_what_there_is(lab: Lab) -> None:
    directory = Subscriber(lab).directory
    words = {"newNonce", "newAccount", "newOrder", "newAuthz", "revokeCert", "keyChange", "renewalInfo"}
    assert words < set(directory)
    assert set(directory["meta"]["profiles"]) == {"classic", "tlsserver", "shortlived"}
    assert directory["meta"]["caaIdentities"] == directory["meta"]["issuerDomainNames"]
    assert len(set(directory) - words - {"meta"}) == 1, "and something that no client knows"


def test_a_nonce_is_new_each_time_and_good_once(subscriber: Subscriber) -> None:
    url, nonce = subscriber.account, subscriber.nonce()
    first = subscriber.post(url, nonce=nonce)
    assert first.status == 200
    again = subscriber.post(url, nonce=nonce)
    assert (again.status, again.error) == (400, "badNonce")
    assert subscriber.post(url, nonce=again.headers["replay-nonce"]).status == 200
    assert len({nonce, first.headers["replay-nonce"], again.headers["replay-nonce"]}) == 3
    assert subscriber.post(url, nonce="AAAAAAAAAAAAAAAAAAAAAA").error == "badNonce"
    assert subscriber.send("GET", subscriber.directory["newNonce"]).status == 204


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"url": "https://127.0.0.1/acme/elsewhere"}, 401, "unauthorized"),
        ({"alg": "HS256"}, 400, "badSignatureAlgorithm"),
        ({"alg": "RS256"}, 400, "malformed"),
        ({"jwk": {"kty": "EC"}}, 400, "malformed"),
        ({"kid": None}, 400, "malformed"),
        ({"kid": "https://127.0.0.1/acme/acct/1"}, 400, "accountDoesNotExist"),
        ({"crit": ["exp"]}, 400, "malformed"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_a_header_has_to_be_as_the_rfc_says(subscriber: Subscriber, changed: Document, status: int, error: str) -> None:
    answer = subscriber.post(subscriber.account, "", **changed)
    assert (answer.status, answer.error) == (status, error)
    assert "replay-nonce" in answer.headers


def test_the_signature_is_checked(subscriber: Subscriber) -> None:
    assert subscriber.post(subscriber.account, "", new_key()).error == "malformed"
    body = subscriber.signed(subscriber.account, {"contact": []}, nonce=subscriber.nonce())
    for broken in ({**body, "payload": encode(b'{"status":"deactivated"}')}, {**body, "header": {}}, {}, []):
        assert subscriber.send("POST", subscriber.account, json.dumps(broken).encode()).error == "malformed"
    padded = {**body, "payload": base64.urlsafe_b64encode(b"{}").decode()}
    assert "padding" in subscriber.send("POST", subscriber.account, json.dumps(padded).encode()).json["detail"]
    assert subscriber.post(subscriber.account).json["status"] == "valid"


def test_json_without_a_signature_and_a_plain_get_are_refused(subscriber: Subscriber) -> None:
    assert subscriber.send("POST", subscriber.account, b"{}", "application/json").status == 415
    assert subscriber.send("POST", subscriber.account, b"what?").error == "malformed"
    got = subscriber.send("GET", subscriber.account)
    assert (got.status, got.error) == (405, "malformed")


def test_rsa_keys_sign_as_well_and_weak_ones_do_not(lab: Lab) -> None:
    subscriber = Subscriber(lab, new_key("rsa"))
    assert subscriber.enter().status == 201
    assert subscriber.post(subscriber.account).json["status"] == "valid"
    assert Subscriber(lab, new_key("weak")).enter().error == "badPublicKey"


# --- accounts ---


def test_the_account_of_a_key_is_found_again(lab: Lab, subscriber: Subscriber) -> None:
    first = subscriber.account
    assert subscriber.enter(contact=["mailto:late@example.jp"]).status == 200
    assert subscriber.account == first
    assert subscriber.post(first).json["contact"] == [], "what is sent with it changes nothing"
    assert subscriber.enter(onlyReturnExisting=True).status == 200
    assert Subscriber(lab).enter(onlyReturnExisting=True).error == "accountDoesNotExist"
    assert "orders" not in subscriber.post(first).json


@pytest.mark.parametrize(
    ("contact", "error"),
    [
        (["tel:+81-3-0000-0000"], "unsupportedContact"),
        (["mailto:tls@example.jp?subject=x"], "invalidContact"),
        (["mailto:a@example.jp,b@example.jp"], "invalidContact"),
        (["tls@example.jp"], "invalidContact"),
        ("mailto:tls@example.jp", "malformed"),
    ],
)
def test_contacts_are_checked(lab: Lab, subscriber: Subscriber, contact: object, error: str) -> None:
    assert Subscriber(lab).enter(contact=contact).error == error
    assert subscriber.post(subscriber.account, {"contact": contact}).error == error


def test_contacts_change_and_an_account_ends(lab: Lab, subscriber: Subscriber) -> None:
    changed = subscriber.post(subscriber.account, {"contact": ["mailto:tls@example.jp"]})
    assert changed.json["contact"] == ["mailto:tls@example.jp"]
    assert Subscriber(lab).enter(termsOfServiceAgreed=False).error == "malformed"
    other = Subscriber(lab)
    other.enter()
    assert other.post(subscriber.account).error == "unauthorized"
    assert subscriber.post(subscriber.account, {"status": "valid", "contact": []}).json["contact"] == []
    assert subscriber.post(subscriber.account, {"status": "revoked"}).error == "malformed"
    assert subscriber.post(subscriber.account, {"status": "deactivated"}).json["status"] == "deactivated"
    after = subscriber.post(subscriber.account)
    assert (after.status, after.error) == (401, "unauthorized")
    assert subscriber.enter().status == 401


# --- external accounts (RFC 8555, 7.3.4) ---


def binding(subscriber: Subscriber, kid: str = "kid-1", **changed: t.Any) -> Document:
    secret = changed.pop("secret", None) or subscriber.facts["bindings"].get(kid, "AAAA")
    jwk = changed.pop("jwk", None) or subscriber.key.public_key().to_json()
    header = {"alg": "HS256", "kid": kid, "url": subscriber.directory["newAccount"], **changed}
    protected, payload = (encode(json.dumps(part).encode()) for part in (header, jwk))
    mac = josepy.HS256.sign(base64.urlsafe_b64decode(secret + "=="), f"{protected}.{payload}".encode())
    return {"protected": protected, "payload": payload, "signature": encode(mac)}


def test_a_binding_is_needed_where_the_ca_says_so(lab: Lab) -> None:
    lab.switches.only("acme_eab_required")
    subscriber = Subscriber(lab)
    assert subscriber.directory["meta"]["externalAccountRequired"] is True
    assert subscriber.enter().error == "externalAccountRequired"
    bound = binding(subscriber)
    answer = subscriber.enter(externalAccountBinding=bound)
    assert answer.status == 201
    assert answer.json["externalAccountBinding"] == bound
    assert lab.history.events("account", account=subscriber.account)[0]["external"] == "kid-1"
    assert Subscriber(lab).enter(onlyReturnExisting=True).error == "accountDoesNotExist"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"kid": "kid-9"}, "unauthorized"),
        ({"secret": encode(b"another secret of 32 octets here")}, "unauthorized"),
        ({"url": "https://127.0.0.1/acme/elsewhere"}, "malformed"),
        ({"nonce": "x"}, "malformed"),
        ({"alg": "ES256"}, "malformed"),
        ({"jwk": new_key().public_key().to_json()}, "malformed"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_a_binding_is_checked_also_where_none_is_needed(lab: Lab, changed: Document, error: str) -> None:
    subscriber = Subscriber(lab)
    kid = changed.get("kid", "kid-1")
    more = {word: value for word, value in changed.items() if word != "kid"}
    assert subscriber.enter(externalAccountBinding=binding(subscriber, kid, **more)).error == error


def test_a_binding_may_be_good_for_one_account(lab: Lab) -> None:
    for once in (False, True):
        lab.switches.set("acme_eab_once", once)
        first, second = Subscriber(lab), Subscriber(lab)
        kid = f"kid-{2 + once}"
        assert first.enter(externalAccountBinding=binding(first, kid)).status == 201
        assert second.enter(externalAccountBinding=binding(second, kid)).status == (403 if once else 201)


# --- key rollover (RFC 8555, 7.3.5) ---


def roll(subscriber: Subscriber, new: josepy.JWK, payload: Document | None = None, **header: t.Any) -> t.Any:
    url = subscriber.directory["keyChange"]
    wish = {"account": subscriber.account, "oldKey": subscriber.key.public_key().to_json(), **(payload or {})}
    own = {"kid": None, "jwk": new.public_key().to_json(), **header}
    return subscriber.post(url, subscriber.signed(url, wish, new, **own))


def test_an_account_gets_another_key(lab: Lab, subscriber: Subscriber) -> None:
    new = new_key("rsa")
    assert roll(subscriber, new).status == 200
    old = subscriber.key
    assert subscriber.post(subscriber.account).error == "malformed", "the old key signs no more"
    subscriber.key = new
    assert subscriber.post(subscriber.account).json["key"] == new.public_key().to_json()
    assert Subscriber(lab, old).enter(onlyReturnExisting=True).error == "accountDoesNotExist"


def test_a_rollover_is_checked(lab: Lab, subscriber: Subscriber) -> None:
    new, other = new_key(), Subscriber(lab)
    other.enter()
    taken = roll(subscriber, other.key)
    assert (taken.status, taken.headers["location"]) == (409, other.account)
    for payload, header in (
        ({"account": other.account}, {}),
        ({"oldKey": other.key.public_key().to_json()}, {}),
        ({}, {"url": subscriber.account}),
        ({}, {"nonce": "x"}),
        ({}, {"jwk": new_key().public_key().to_json()}),
    ):
        assert roll(subscriber, new, payload, **header).error == "malformed"
    assert roll(subscriber, new_key("weak")).error == "badPublicKey"
    assert subscriber.post(subscriber.account).status == 200
