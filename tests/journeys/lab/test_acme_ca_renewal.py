# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ACME CA says when to renew (RFC 9773), and its history shows who followed."""

from __future__ import annotations

import http.client
import json
import ssl
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from journeys.lab.subscriber import Answer, Document, Subscriber, ari_id, certificates, encode
from journeys.lab.test_acme_ca_orders import revoke
from lab.acme_ca.making import ari_id as ari_id_of_the_ca
from lab.clock import iso_utc
from lab.lab import Lab

WWW, SHOP = "www.example.jp", "shop.example.jp"
DAY = timedelta(days=1)


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("acme_ca",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def subscriber(lab: Lab) -> Subscriber:
    subscriber = Subscriber(lab)
    assert subscriber.enter().status == 201
    return subscriber


def issued(subscriber: Subscriber, *names: str, **more: t.Any) -> x509.Certificate:
    return certificates(subscriber.issue(*names, **more))[0]


def info(subscriber: Subscriber, id: str) -> Answer:
    return subscriber.send("GET", f"{subscriber.directory['renewalInfo']}/{id}")


def window(answer: Answer) -> tuple[datetime, datetime]:
    suggested: Document = answer.json["suggestedWindow"]
    return datetime.fromisoformat(suggested["start"]), datetime.fromisoformat(suggested["end"])


# --- renewalInfo ---


def test_the_identifier_is_that_of_the_rfc() -> None:
    """RFC 9773, 4.1 and appendix A: a serial number whose first bit is set gets a byte before it."""
    identifier = bytes.fromhex("69885b6b87464041e1b37b847ba0ae2cde01c8d4")
    assert f"{encode(identifier)}.{encode(bytes.fromhex('0087654321'))}" == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"

    class Leaf:
        serial_number = 0x87654321

        class extensions:
            @staticmethod
            def get_extension_for_class(_kind: object) -> t.Any:
                return type("Found", (), {"value": type("Value", (), {"key_identifier": identifier})})

    assert ari_id_of_the_ca(t.cast(t.Any, Leaf)) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


@pytest.mark.parametrize(("profile", "share"), [("classic", 2 / 3), ("shortlived", 1 / 2)])
def test_the_usual_window_is_before_the_end(subscriber: Subscriber, profile: str, share: float) -> None:
    leaf = issued(subscriber, WWW, profile=profile)
    answer = info(subscriber, ari_id(leaf))
    start, end = window(answer)
    middle = leaf.not_valid_before_utc + (leaf.not_valid_after_utc - leaf.not_valid_before_utc) * share
    assert abs(start + (end - start) / 2 - middle) < timedelta(seconds=2)
    assert start < end < leaf.not_valid_after_utc
    assert (answer.status, answer.headers["retry-after"]) == (200, "21600")
    assert "explanationURL" not in answer.json
    assert "replay-nonce" not in answer.headers, "it is no signed request"


def test_who_is_not_known_has_no_window(subscriber: Subscriber) -> None:
    leaf = issued(subscriber, WWW)
    for id in ("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", "x", f"{ari_id(leaf)}A"):
        assert (info(subscriber, id).status, info(subscriber, id).error) == (404, "malformed")


def test_a_revoked_certificate_is_to_be_renewed_now(lab: Lab, subscriber: Subscriber) -> None:
    leaf = issued(subscriber, WWW)
    assert revoke(subscriber, leaf).status == 200
    start, end = window(info(subscriber, ari_id(leaf)))
    assert start < end <= lab.clock.now()


def test_a_window_can_be_set_for_one(lab: Lab, subscriber: Subscriber) -> None:
    ca, now = lab.also["acme_ca"], datetime.now(timezone.utc).replace(microsecond=0)
    leaf, other = issued(subscriber, WWW), issued(subscriber, SHOP)
    assert ca.certificate_of(WWW) == ari_id(leaf)
    before = window(info(subscriber, ari_id(other)))
    ca.set_window(ari_id(leaf), now, now + DAY, explanation="https://acme.lab.example/why", retry_after="3600")
    answer = info(subscriber, ari_id(leaf))
    assert window(answer) == (now, now + DAY)
    assert (answer.json["explanationURL"], answer.headers["retry-after"]) == ("https://acme.lab.example/why", "3600")
    assert window(info(subscriber, ari_id(other))) == before
    assert [event["vice"] for event in lab.history.events("renewal_info", names=[WWW])] == [""]


@pytest.mark.parametrize(
    "vice", ["acme_ari_past", "acme_ari_end_before_start", "acme_ari_absurd", "acme_ari_after_expiry"]
)
def test_a_window_may_be_strange(lab: Lab, subscriber: Subscriber, vice: str) -> None:
    leaf = issued(subscriber, WWW)
    lab.switches.only(vice, "acme_ari_no_retry_after")
    answer = info(subscriber, ari_id(leaf))
    start, end = window(answer)
    now, over = lab.clock.now(), leaf.not_valid_after_utc
    assert {
        "acme_ari_past": start < end < now,
        "acme_ari_end_before_start": end < start,
        "acme_ari_absurd": start.year == 1 and end.year == 9999,
        "acme_ari_after_expiry": over < start < end,
    }[vice]
    assert "retry-after" not in answer.headers
    assert lab.history.events("renewal_info")[-1]["vice"] == vice


# --- replaces ---


def test_a_certificate_is_replaced_once(lab: Lab, subscriber: Subscriber) -> None:
    id = ari_id(issued(subscriber, WWW))
    first = subscriber.order(WWW, replaces=id)
    assert first.json["replaces"] == id
    again = subscriber.order(WWW, replaces=id)
    assert again.headers["location"] == first.headers["location"], "the same order, not a second one"
    conflict = subscriber.order(WWW, SHOP, replaces=id)
    assert (conflict.status, conflict.error) == (409, "alreadyReplaced")
    assert subscriber.finalize(first.json, [WWW]).json["replaces"] == id
    assert subscriber.order(WWW, replaces=id).status == 409
    assert subscriber.order(WWW).status == 201
    told = [(event["replaces"], event["profile"]) for event in lab.history.events("order", reused=False)]
    assert told == [("", "classic"), (id, "classic"), ("", "classic")]


def test_an_order_that_failed_replaces_nothing(lab: Lab, subscriber: Subscriber) -> None:
    id = ari_id(issued(subscriber, WWW))
    lab.switches.only("acme_no_reuse")
    lost = subscriber.order(WWW, replaces=id)
    url = lost.json["authorizations"][0]
    lab.dns.set("example.jp", f"_acme-challenge.{WWW}", "TXT", [])
    assert subscriber.prove_nothing(url, "dns-01")["status"] == "invalid"
    anew = subscriber.order(WWW, replaces=id)
    assert anew.status == 201
    assert anew.headers["location"] != lost.headers["location"]


def test_only_ones_own_certificate_of_the_same_name_is_replaced(lab: Lab, subscriber: Subscriber) -> None:
    id = ari_id(issued(subscriber, WWW))
    assert subscriber.order(SHOP, replaces=id).error == "malformed"
    stranger = Subscriber(lab)
    stranger.enter()
    assert stranger.order(WWW, replaces=id).error == "unauthorized"
    assert subscriber.order(WWW, SHOP, replaces=id).status == 201


# --- mass renewal ---


def test_a_mass_renewal_is_told_to_all_and_followed_in_the_history(lab: Lab, subscriber: Subscriber) -> None:
    """The client of this test follows the RFC: at a moment of its own in the window. The history shows the spread."""
    names = [f"n{number:02}.example.jp" for number in range(12)]
    url = subscriber.directory["newAuthz"]
    wish = {"identifier": {"type": "dns", "value": "example.jp"}, "subdomainAuthAllowed": True}
    subscriber.prove(subscriber.post(url, wish).headers["location"])
    ids = {name: ari_id(issued(subscriber, name)) for name in names}
    start = lab.clock.now().replace(microsecond=0) + timedelta(hours=1)
    changed = lab.also["acme_ca"].mass_renewal(start, start + DAY, explanation="https://acme.lab.example/incident")
    assert set(changed) == set(ids.values())
    for number, name in enumerate(names):
        answer = info(subscriber, ids[name])
        assert window(answer) == (start, start + DAY)
        lab.clock.set(start + DAY * (number + 0.5) / len(names))
        subscriber.issue(name, replaces=ids[name])
    followed = lab.history.events("order", ca="acme_ca", reused=False)[-len(names) :]
    assert [event["replaces"] for event in followed] == [ids[name] for name in names]
    moments = [datetime.fromisoformat(event["at"]) for event in followed]
    assert start < min(moments) < max(moments) < start + DAY
    quarters = [sum(start + DAY * q / 4 <= at < start + DAY * (q + 1) / 4 for at in moments) for q in range(4)]
    assert quarters == [3, 3, 3, 3]


def test_other_processes_see_and_set_windows(lab: Lab, subscriber: Subscriber) -> None:
    leaf = issued(subscriber, WWW)
    control = lab.facts()["control_url"] + "acme_ca"
    (shown,) = subscriber.send("GET", f"{control}/certificates").json["certificates"]
    assert (shown["id"], shown["names"], shown["not_after"]) == (ari_id(leaf), [WWW], iso_utc(leaf.not_valid_after_utc))
    wish = {"start": "2030-01-01T00:00:00Z", "end": "nonsense", "certificates": [ari_id(leaf)]}
    assert post(subscriber, f"{control}/windows", wish) == (200, {"certificates": [ari_id(leaf)]})
    assert info(subscriber, ari_id(leaf)).json["suggestedWindow"] == {
        "start": "2030-01-01T00:00:00Z",
        "end": "nonsense",
    }
    for broken in ({}, {"start": "a", "end": "b", "certificates": ["x"]}):
        assert post(subscriber, f"{control}/windows", broken)[0] == 400


def post(subscriber: Subscriber, url: str, wish: Document) -> tuple[int, t.Any]:
    host, path = url.removeprefix("https://").split("/", 1)
    context = ssl.create_default_context(cafile=subscriber.facts["ca"])
    connection = http.client.HTTPSConnection(host, context=context, timeout=10)
    try:
        connection.request("POST", f"/{path}", json.dumps(wish), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()
