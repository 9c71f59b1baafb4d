# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ACME CA really looks: files, records, aliases, persistent records, CAA."""

from __future__ import annotations

import hashlib
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from journeys.lab.subscriber import ACCOUNT, DNS, HTTP, PERSIST, Answer, Document, Subscriber, encode, new_key
from journeys.lab.test_acme_ca_requests import roll
from lab.acme_ca.persisting import hashed_uri
from lab.acme_ca.proving import account_label
from lab.lab import Lab

WWW, ZONE = "www.example.jp", "example.jp"
HERE = "acme.lab.example"


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


def opened(subscriber: Subscriber, name: str = WWW) -> str:
    return str(subscriber.order(name).json["authorizations"][0])


def why(shown: Document) -> tuple[str, str]:
    """Type and sentence of a proof that failed."""
    assert shown["status"] == "invalid"
    (one,) = shown["challenges"]
    return one["error"]["type"].rpartition(":")[2], one["error"]["detail"]


# --- files ---


def test_a_file_is_looked_at_on_every_host(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", vices=(), also=("acme_ca",)) as lab:
        subscriber = Subscriber(lab)
        subscriber.enter()
        for hosts, expected in ((("web1",), "invalid"), (("web1", "web2"), "valid")):
            url = opened(subscriber)
            challenge = subscriber.challenge(url, HTTP)
            for host in hosts:
                path = lab.web[host].document_root / ".well-known" / "acme-challenge" / challenge["token"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(subscriber.key_authorization(challenge) + "\n")
            shown = subscriber.claim(challenge, url)
            assert shown["status"] == expected
            if expected == "invalid":
                assert why(shown)[0] == "unauthorized"
                assert "127.0.0.12" in why(shown)[1]
        url = opened(subscriber, "nothing.example.jp")
        assert why(subscriber.claim(subscriber.challenge(url, HTTP), url))[0] == "dns"
        assert lab.failures == []


# --- records ---


def test_every_server_has_to_have_the_record(lab: Lab, subscriber: Subscriber) -> None:
    url = opened(subscriber)
    challenge = subscriber.challenge(url, DNS)
    name, value = subscriber.record(challenge)
    lab.dns.set(ZONE, name, "TXT", ["something else", value])
    assert subscriber.claim(challenge, url)["status"] == "valid"
    lab.dns.set(ZONE, name, "TXT", ["something else"])
    kind, sentence = why(subscriber.prove_nothing(opened(subscriber, f"*.{WWW}"), DNS))
    assert kind == "unauthorized"
    assert "something else" in sentence
    assert "127.0.0.2" in sentence


def test_an_alias_is_followed_to_another_zone(lab: Lab, subscriber: Subscriber) -> None:
    url = opened(subscriber)
    challenge = subscriber.challenge(url, DNS)
    name, value = subscriber.record(challenge)
    lab.dns.set(ZONE, name, "CNAME", ["www-example-jp.acme.example.com."])
    lab.dns.set("example.com", "www-example-jp.acme", "TXT", [value])
    assert subscriber.claim(challenge, url)["status"] == "valid"


def test_an_account_has_a_label_of_its_own(lab: Lab, subscriber: Subscriber) -> None:
    """The label is that of the example in the draft."""
    assert account_label("https://example.com/acme/acct/ExampleAccount") == "_ujmmovf2vn55tgye"
    url = opened(subscriber)
    challenge = subscriber.challenge(url, ACCOUNT)
    name, value = subscriber.record(challenge)
    assert name.endswith(f"._acme-challenge.{WWW}")
    lab.dns.set(ZONE, f"_acme-challenge.{WWW}", "TXT", [value])
    assert why(subscriber.claim(challenge, url))[0] == "unauthorized"
    assert subscriber.prove(opened(subscriber), ACCOUNT)["status"] == "valid"


# --- records that stay ---


def test_the_hash_of_the_draft_is_ours() -> None:
    """draft-ietf-acme-dns-persist-02, 10.2."""
    prefix, account = "https://ca.example/account-hash/", "https://ca.example/acct/123"
    key = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    hashes = [hashed_uri(prefix, domain, key, account) for domain in ("example.com", "*")]
    assert hashes == [
        f"{prefix}sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw",
        f"{prefix}sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug",
    ]


def account_of(subscriber: Subscriber, domain: str = WWW) -> str:
    octets = bytes([len(domain)]) + f"{domain}{subscriber.thumbprint}{subscriber.account}".encode()
    prefix = subscriber.directory["meta"]["accountHashPrefix"]
    return f"{prefix}sha-256/{encode(hashlib.sha256(octets).digest())}"


def persists(subscriber: Subscriber, *values: str, at: str = WWW, name: str = WWW) -> Document:
    """With these records at a name, a proof of another."""
    subscriber.lab.dns.set(ZONE, f"_validation-persist.{at}", "TXT", values)
    return subscriber.prove_nothing(opened(subscriber, name), PERSIST)


def test_a_record_that_stays_is_enough_again_and_again(lab: Lab, subscriber: Subscriber) -> None:
    challenge = subscriber.challenge(opened(subscriber), PERSIST)
    assert challenge["issuerDomainNames"] == subscriber.directory["meta"]["issuerDomainNames"]
    assert "token" not in challenge
    value = f"{HERE}; accounturi={account_of(subscriber)}"
    assert persists(subscriber, value)["status"] == "valid"
    lab.clock.advance(days=40)
    assert (
        persists(subscriber, "ca.example; accounturi=x", value + "; more=1;", "not an issue-value")["status"] == "valid"
    )
    for name, domain in ((f"*.{WWW}", WWW), (f"shop.{WWW}", WWW)):
        assert why(persists(subscriber, value, at=domain, name=name))[0] == "unauthorized"
    assert persists(subscriber, value + "; policy=WildCard", name=f"*.{WWW}")["status"] == "valid"


def test_a_record_for_every_domain_and_one_of_an_older_key(lab: Lab, subscriber: Subscriber) -> None:
    anywhere = f"{HERE}; accounturi={account_of(subscriber, '*')}"
    assert persists(subscriber, anywhere)["status"] == "valid"
    older = f"{HERE}; accounturi={account_of(subscriber, 'shop.example.jp')}"
    new = new_key()
    assert roll(subscriber, new).status == 200
    subscriber.key = new
    assert persists(subscriber, older, at="shop.example.jp", name="shop.example.jp")["status"] == "valid"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ca.example; accounturi={own}", "unauthorized"),
        ("{here}; accounturi={other}", "unauthorized"),
        ("{here}; accounturi={url}", "unauthorized"),
        ("{here}", "malformed"),
        ("{here}; accounturi={own}; accounturi={own}", "malformed"),
        ("{here}; accounturi = {own} {own}", "malformed"),
        ("{here}; accounturi={prefix}sha-1/2jmj7l5rSw0yVb-vlWAYkK-YBwk", "malformed"),
        ("{here}; accounturi={own}; persistUntil=tomorrow", "malformed"),
        ("{here}; accounturi={own}; persistUntil=1700000000", "unauthorized"),
    ],
)
def test_a_record_that_stays_is_checked(subscriber: Subscriber, value: str, kind: str) -> None:
    prefix = subscriber.directory["meta"]["accountHashPrefix"]
    other = account_of(subscriber, "example.jp")
    text = value.format(here=HERE, own=account_of(subscriber), other=other, url=subscriber.account, prefix=prefix)
    assert why(persists(subscriber, text))[0] == kind


def test_a_record_is_good_until_it_says(lab: Lab, subscriber: Subscriber) -> None:
    until = int((lab.clock.now() + timedelta(days=3)).timestamp())
    shown = persists(subscriber, f"{HERE}; accounturi={account_of(subscriber)}; persistUntil={until}")
    assert datetime.fromisoformat(shown["expires"]) == datetime.fromtimestamp(until, timezone.utc)


def test_it_may_count_for_names_below_and_at_once(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_persist_above")
    value = f"{HERE}; accounturi={account_of(subscriber, ZONE)}; policy=wildcard"
    assert persists(subscriber, value, at=ZONE)["status"] == "valid"
    lab.switches.only("acme_persist_at_once")
    assert subscriber.order(ZONE).json["status"] == "ready"
    assert subscriber.order("api.example.jp").json["status"] == "pending"


@pytest.mark.parametrize(("draft", "with_account"), [("acme_persist_00", False), ("acme_persist_01", True)])
def test_the_older_drafts_name_the_account_by_its_url(
    lab: Lab, subscriber: Subscriber, draft: str, with_account: bool
) -> None:
    hashed = account_of(subscriber)
    lab.switches.only(draft)
    assert not {"issuerDomainNames", "accountHashPrefix"} & set(Subscriber(lab).directory["meta"])
    challenge = subscriber.challenge(opened(subscriber), PERSIST)
    assert HERE in challenge["issuer-domain-names"]
    assert challenge.get("accounturi") == (subscriber.account if with_account else None)
    assert why(persists(subscriber, f"{HERE}; accounturi={hashed}"))[0] == "unauthorized"
    assert persists(subscriber, f"{HERE}; accounturi={subscriber.account}")["status"] == "valid"


# --- CAA ---


@pytest.mark.parametrize(
    ("owner", "values", "name", "allowed"),
    [
        (WWW, ['0 issue "acme.lab.example"'], WWW, True),
        (ZONE, ['0 issue "acme-ca.lab.example; x=1"'], WWW, True),
        (ZONE, ['0 issue "ca.example"'], WWW, False),
        (ZONE, ['0 issue ";"'], WWW, False),
        (ZONE, ['0 iodef "mailto:a@example.jp"'], WWW, True),
        (ZONE, ['128 strange "1"', '0 issue "acme.lab.example"'], WWW, False),
        (ZONE, ['0 issuewild ";"', '0 issue "acme.lab.example"'], WWW, True),
        (ZONE, ['0 issuewild ";"', '0 issue "acme.lab.example"'], f"*.{WWW}", False),
        (ZONE, ['0 issue "acme.lab.example; accounturi={url}"'], WWW, True),
        (ZONE, ['0 issue "acme.lab.example; accounturi=https://ca.example/1"'], WWW, False),
        (ZONE, ['0 issue "acme.lab.example; accounturi={url}; accounturi={url}"'], WWW, False),
        (ZONE, ['0 issue "acme.lab.example; validationmethods=http-01,dns-01"'], WWW, True),
        (ZONE, ['0 issue "acme.lab.example; validationmethods=dns-persist-01"'], WWW, False),
        (ZONE, ['0 issue "acme.lab.example; broken parameter"'], WWW, False),
    ],
)
def test_caa_is_obeyed(
    lab: Lab, subscriber: Subscriber, owner: str, values: list[str], name: str, allowed: bool
) -> None:
    lab.dns.set(ZONE, owner, "CAA", [value.format(url=subscriber.account) for value in values])
    shown = subscriber.prove(opened(subscriber, name))
    assert shown["status"] == ("valid" if allowed else "invalid")
    assert allowed or why(shown)[0] == "caa"


def test_caa_is_found_behind_an_alias_and_looked_at_again_at_the_end(lab: Lab, subscriber: Subscriber) -> None:
    answer = subscriber.order("alias.example.jp")
    subscriber.prove(answer.json["authorizations"][0])
    lab.dns.set(ZONE, "alias", "CNAME", ["www.example.com."])
    lab.dns.set("example.com", "www", "CAA", ['0 issue ";"'])
    refused: Answer = subscriber.finalize(answer.json, ["alias.example.jp"])
    assert (refused.status, refused.error) == (403, "caa")
    lost = subscriber.post(answer.headers["location"]).json
    assert (lost["status"], lost["error"]["type"].rpartition(":")[2]) == ("invalid", "caa")


def test_a_name_that_is_too_long_for_a_record_of_proof_is_told(subscriber: Subscriber) -> None:
    name = ".".join(["a" * 60] * 4)[: 250 - len(ZONE) - 1] + f".{ZONE}"
    url = opened(subscriber, name)
    assert why(subscriber.prove_nothing(url, DNS))[0] == "dns"
