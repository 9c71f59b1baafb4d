# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ACME CA: orders, proofs, certificates, revocation; with an independent client where there is one."""

from __future__ import annotations

import subprocess
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import josepy
import pytest
from acme import challenges, client, crypto_util, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from journeys.lab.subscriber import HTTP, Subscriber, ari_id, certificates, encode, new_key
from lab.lab import Lab

WWW, SHOP = "www.example.jp", "shop.example.jp"


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


def is_trusted(lab: Lab, root: str, chain: t.Sequence[x509.Certificate]) -> None:
    """openssl builds a path from the leaf over these to this root only."""
    for name, content in (("leaf", chain[:1]), ("chain", chain[1:])):
        pems = b"".join(one.public_bytes(Encoding.PEM) for one in content)
        (lab.folder / f"{name}.pem").write_bytes(pems)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore"]
    command += ["-attime", str(int(lab.clock.now().timestamp())), "-CAfile", root]
    command += ["-untrusted", str(lab.folder / "chain.pem"), str(lab.folder / "leaf.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- by the acme library ---


def test_the_acme_library_gets_a_certificate_and_both_chains(lab: Lab) -> None:
    facts = lab.facts()["acme_ca"]
    key = josepy.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    net = client.ClientNetwork(key, alg=josepy.ES256, verify_ssl=facts["ca"])
    acme = client.ClientV2(client.ClientV2.get_directory(facts["url"], net), net)
    acme.new_account(messages.NewRegistration.from_data(email="tls@example.jp", terms_of_service_agreed=True))
    own = ec.generate_private_key(ec.SECP256R1())
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    order = acme.new_order(crypto_util.make_csr(pem, [WWW, "*.example.jp"]))
    assert order.body.status == messages.STATUS_PENDING
    for authorization in order.authorizations:
        challenge = next(one for one in authorization.body.challenges if isinstance(one.chall, challenges.DNS01))
        response, value = challenge.response_and_validation(key)
        lab.dns.set("example.jp", f"_acme-challenge.{authorization.body.identifier.value}", "TXT", [value])
        acme.answer_challenge(challenge, response)
    until = datetime.now() + timedelta(seconds=20)  # noqa: DTZ005 - as the library has it
    order = acme.finalize_order(acme.poll_authorizations(order, until), until, fetch_alternative_chains=True)
    leaf, *rest = x509.load_pem_x509_certificates(order.fullchain_pem.encode())
    is_trusted(lab, facts["issuing_ca"], [leaf, *rest])
    (other,) = order.alternative_fullchains_pem
    is_trusted(lab, facts["older_root"], x509.load_pem_x509_certificates(other.encode()))
    assert leaf.public_key() == own.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {WWW, "*.example.jp"}
    moment, _again = acme.renewal_time(order.fullchain_pem.encode())
    assert moment is not None
    assert leaf.not_valid_before_utc < moment < leaf.not_valid_after_utc
    (told,) = lab.history.events("order", ca="acme_ca")
    assert (told["names"], told["profile"], told["replaces"]) == (["*.example.jp", WWW], "classic", "")
    acme.revoke(leaf, 0)
    assert lab.history.events("revoked", ca="acme_ca", by="account", reason=0) != []


def test_the_acme_library_binds_changes_and_ends_its_account(lab: Lab) -> None:
    lab.switches.only("acme_eab_required", "acme_bad_nonce")
    facts = lab.facts()["acme_ca"]
    key = josepy.JWKRSA(key=new_key("rsa").key)
    net = client.ClientNetwork(key, verify_ssl=facts["ca"])
    acme = client.ClientV2(client.ClientV2.get_directory(facts["url"], net), net)
    assert acme.external_account_required()
    name, secret = next(iter(facts["bindings"].items()))
    bound = messages.ExternalAccountBinding.from_data(key.public_key(), name, secret, acme.directory)
    wish = messages.NewRegistration.from_data(terms_of_service_agreed=True, external_account_binding=bound)
    account = acme.new_account(wish)
    assert account.body.status == "valid"
    changed = acme.update_registration(unbound(account), messages.Registration(contact=("mailto:tls@example.jp",)))
    assert changed.body.contact == ("mailto:tls@example.jp",)
    assert acme.deactivate_registration(unbound(changed)).body.status == "deactivated"
    told = [event["what"] for event in lab.history.events("account", account=account.uri)]
    assert told == ["new", "contact", "deactivated"]
    assert "acme_bad_nonce" in [event["vice"] for event in lab.history.events("request", call="account_new")]


def unbound(account: messages.RegistrationResource) -> messages.RegistrationResource:
    """The library sends all that it was answered, but cannot write a binding that it has read."""
    return account.update(body=account.body.update(external_account_binding=None))


# --- orders ---


def test_an_order_on_its_way_is_not_made_twice(lab: Lab, subscriber: Subscriber) -> None:
    first, again = (subscriber.order(WWW, SHOP.upper()) for _unused in range(2))
    assert first.status == again.status == 201
    assert first.headers["location"] == again.headers["location"]
    assert [event["reused"] for event in lab.history.events("order")] == [False, True]
    assert subscriber.order(WWW, SHOP, profile="tlsserver").headers["location"] != first.headers["location"]
    lab.switches.only("acme_orders_anew")
    assert subscriber.order(WWW, SHOP).headers["location"] != first.headers["location"]
    other = Subscriber(lab)
    other.enter()
    assert other.post(first.headers["location"]).status == 404
    assert other.post(first.json["authorizations"][0]).status == 404


@pytest.mark.parametrize(
    ("names", "more", "error"),
    [
        ([WWW], {"profile": "tlsclient"}, "invalidProfile"),
        ([WWW], {"profile": 3}, "invalidProfile"),
        ([WWW], {"notAfter": "2027-01-01T00:00:00Z"}, "malformed"),
        ([], {}, "malformed"),
        (["-.example.jp"], {}, "malformed"),
        (["*.*.example.jp"], {}, "malformed"),
        (["www.nobody.test"], {}, "rejectedIdentifier"),
        (["www.example.com"], {}, "rejectedIdentifier"),
        ([WWW], {"identifiers": [{"type": "ip", "value": "192.0.2.1"}]}, "unsupportedIdentifier"),
        ([WWW], {"identifiers": [{"type": "dns", "value": WWW, "ancestorDomain": "ample.jp"}]}, "malformed"),
        ([f"n{number}.example.jp" for number in range(26)], {"profile": "shortlived"}, "malformed"),
        ([WWW], {"replaces": "no.such"}, "malformed"),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    lab: Lab, subscriber: Subscriber, names: list[str], more: dict[str, t.Any], error: str
) -> None:
    lab.also["acme_ca"].forbid("example.com")
    assert subscriber.order(*names, **more).error == error
    assert lab.history.events("order") == []


def test_several_names_that_are_refused_are_told_apart(lab: Lab, subscriber: Subscriber) -> None:
    document = subscriber.order(WWW, "www.nobody.test", "-.example.jp").json
    assert document["type"].endswith(":compound")
    told = {part["identifier"]["value"]: part["type"].rpartition(":")[2] for part in document["subproblems"]}
    assert told == {"www.nobody.test": "rejectedIdentifier", "-.example.jp": "malformed"}
    lab.switches.only("acme_only_linked")
    lab.registrar.register("example.co.jp", linked=False)
    assert subscriber.order("www.example.co.jp").error == "rejectedIdentifier"
    assert subscriber.order(WWW).status == 201


@pytest.mark.parametrize(("profile", "hours"), [("classic", 90 * 24), ("tlsserver", 45 * 24), ("shortlived", 160)])
def test_a_profile_says_what_the_certificate_is(subscriber: Subscriber, profile: str, hours: int) -> None:
    leaf, intermediate = certificates(subscriber.issue(WWW, profile=profile))
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert life + timedelta(seconds=1) == timedelta(hours=hours)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert (bool(leaf.subject), names.critical) == (profile == "classic", profile != "classic")
    has_identifier = any(isinstance(one.value, x509.SubjectKeyIdentifier) for one in leaf.extensions)
    assert has_identifier == (profile == "classic")
    is_trusted(subscriber.lab, subscriber.facts["issuing_ca"], [leaf, intermediate])


def test_what_is_proven_is_not_asked_again_until_it_expires(lab: Lab, subscriber: Subscriber) -> None:
    subscriber.issue(WWW)
    again = subscriber.order(WWW, profile="tlsserver").json
    assert again["status"] == "ready"
    assert subscriber.order(f"*.{WWW}").json["status"] == "pending", "which is another proof"
    lab.switches.only("acme_no_reuse")
    assert subscriber.order(WWW, profile="shortlived").json["status"] == "pending"
    lab.switches.none()
    shown = subscriber.post(again["authorizations"][0], {"status": "deactivated"}).json
    assert shown["status"] == "deactivated"
    assert subscriber.order(WWW, profile="tlsserver").json["status"] == "pending"
    subscriber.prove(subscriber.order(WWW).json["authorizations"][0])
    lab.clock.advance(days=31)
    assert subscriber.order(WWW, profile="tlsserver").json["status"] == "pending"


def test_an_order_expires_and_one_with_a_failed_proof_is_lost(lab: Lab, subscriber: Subscriber) -> None:
    order = subscriber.order(WWW)
    challenge = subscriber.challenge(order.json["authorizations"][0], "dns-01")
    shown = subscriber.claim(challenge, order.json["authorizations"][0])
    assert (shown["status"], [one["type"] for one in shown["challenges"]]) == ("invalid", ["dns-01"])
    assert shown["challenges"][0]["error"]["type"].endswith(":unauthorized")
    assert subscriber.post(order.headers["location"]).json["status"] == "invalid"
    assert subscriber.post(challenge["url"], {}).error == "malformed"
    assert subscriber.finalize(order.json, [WWW]).error == "orderNotReady"
    anew = subscriber.order(WWW)
    assert anew.headers["location"] != order.headers["location"]
    lab.clock.advance(days=8)
    assert subscriber.post(anew.headers["location"]).json["status"] == "invalid"


def test_a_csr_is_checked_and_the_order_stays_ready(subscriber: Subscriber) -> None:
    order = subscriber.order(WWW)
    assert subscriber.finalize(order.json, [WWW]).error == "orderNotReady"
    subscriber.prove(order.json["authorizations"][0])
    assert subscriber.finalize(order.json, [WWW, SHOP]).error == "badCSR"
    own = subscriber.key.key
    assert subscriber.finalize(order.json, [WWW], own._wrapped).error == "badCSR", "the key of the account"
    assert subscriber.post(order.json["finalize"], {"csr": encode(b"\x30\x00")}).error == "badCSR"
    assert subscriber.post(order.json["finalize"], {}).error == "malformed"
    assert subscriber.post(order.headers["location"]).json["status"] == "ready"
    done = subscriber.finalize(order.json, [WWW]).json
    assert done["status"] == "valid"
    assert subscriber.finalize(order.json, [WWW]).error == "orderNotReady"


# --- in advance (RFC 8555, 7.4.1; RFC 9444) ---


def authorize(subscriber: Subscriber, name: str, **more: t.Any) -> t.Any:
    wish = {"identifier": {"type": "dns", "value": name}, **more}
    return subscriber.post(subscriber.directory["newAuthz"], wish)


def test_a_name_is_authorized_before_an_order(subscriber: Subscriber) -> None:
    answer = authorize(subscriber, WWW)
    assert answer.status == 201
    assert authorize(subscriber, WWW).headers["location"] == answer.headers["location"]
    assert subscriber.prove(answer.headers["location"])["status"] == "valid"
    order = subscriber.order(WWW).json
    assert (order["status"], order["authorizations"]) == ("ready", [answer.headers["location"]])
    assert authorize(subscriber, "*.example.jp").error == "malformed"
    assert authorize(subscriber, "www.nobody.test").error == "rejectedIdentifier"


def test_names_below_a_domain_share_its_proof(subscriber: Subscriber) -> None:
    names = [WWW, SHOP]
    wish = [{"type": "dns", "value": name, "ancestorDomain": "example.jp"} for name in names]
    order = subscriber.post(subscriber.directory["newOrder"], {"identifiers": wish}).json
    (url,) = order["authorizations"]
    shown = subscriber.post(url).json
    assert (shown["identifier"]["value"], shown["subdomainAuthAllowed"]) == ("example.jp", True)
    assert HTTP not in [one["type"] for one in shown["challenges"]]
    subscriber.prove(url)
    assert subscriber.finalize(order, names).json["status"] == "valid"
    assert subscriber.order("deep.api.example.jp", "*.example.jp").json["status"] == "ready"
    assert subscriber.order("www.example.com").json["status"] == "pending"


def test_lets_encrypt_has_none_of_this(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_no_new_authz", "acme_no_ari", "acme_no_profiles", "acme_only_old_challenges")
    directory = Subscriber(lab).directory
    assert not {"newAuthz", "renewalInfo"} & set(directory)
    assert not {"profiles", "issuerDomainNames", "subdomainAuthAllowed"} & set(directory["meta"])
    assert authorize(subscriber, WWW).status == 404
    assert subscriber.order(WWW, profile="tlsserver").error == "invalidProfile"
    order = subscriber.order(WWW).json
    assert "profile" not in order
    shown = subscriber.post(order["authorizations"][0]).json
    assert [one["type"] for one in shown["challenges"]] == [HTTP, "dns-01"]


def test_an_account_may_have_a_list_of_its_orders(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_orders_list")
    mine = [subscriber.order(name).headers["location"] for name in (WWW, SHOP, "example.jp")]
    url = subscriber.post(subscriber.account).json["orders"]
    first = subscriber.post(url)
    (more,) = first.links("next")
    second = subscriber.post(more)
    assert first.json["orders"] + second.json["orders"] == mine
    assert second.links("next") == []


# --- revocation ---


def revoke(who: Subscriber, leaf: x509.Certificate, key: josepy.JWK | None = None, **more: t.Any) -> t.Any:
    url = who.directory["revokeCert"]
    header = {} if key is None else {"kid": None, "jwk": key.public_key().to_json()}
    return who.post(url, {"certificate": encode(leaf.public_bytes(Encoding.DER)), **more}, key, **header)


def test_who_may_revoke(lab: Lab, subscriber: Subscriber) -> None:
    own = new_key()
    leaf = certificates(subscriber.issue(WWW, key=own.key._wrapped))[0]
    stranger = Subscriber(lab)
    stranger.enter()
    assert revoke(stranger, leaf).error == "unauthorized"
    assert revoke(stranger, leaf, new_key()).error == "unauthorized"
    assert revoke(subscriber, leaf, reason=2).error == "badRevocationReason"
    assert revoke(subscriber, leaf, reason=True).error == "badRevocationReason"
    assert revoke(stranger, leaf, own, reason=1).status == 200, "the certificate's key is enough"
    assert revoke(subscriber, leaf).error == "alreadyRevoked"
    assert revoke(subscriber, certificates(subscriber.issue(SHOP))[1]).status == 404
    assert lab.also["acme_ca"].making.issuing.is_revoked(leaf.serial_number)
    other = certificates(subscriber.issue(SHOP))[0]
    stranger.prove(stranger.order(SHOP).json["authorizations"][0])
    assert revoke(stranger, other).status == 200, "whoever has proven all names may, too"


# --- rate limits ---


def test_rate_limits_say_when_to_come_again_and_renewals_are_exempt(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_rate_limits")
    limits = lab.also["acme_ca"].limits.limits
    limits["names"] = limits["names"]._replace(number=2)
    leaf = certificates(subscriber.issue(WWW))[0]
    lab.clock.advance(hours=1)
    subscriber.issue(WWW, profile="tlsserver")
    answer = subscriber.order(WWW)
    assert (answer.status, answer.error) == (429, "rateLimited")
    assert 6 * 86400 < int(answer.headers["retry-after"]) <= 7 * 86400 - 3600 + 1
    assert answer.links("help") != []
    lab.switches.set("acme_retry_after_date", on=True)
    assert subscriber.order(WWW).headers["retry-after"].endswith(" GMT")
    assert subscriber.order(WWW, replaces=ari_id(leaf)).status == 201
    assert subscriber.order(WWW, SHOP).status == 201
    lab.clock.advance(days=6, hours=23.1)
    assert subscriber.order(WWW).status == 201


def test_orders_and_domains_are_limited_too(lab: Lab, subscriber: Subscriber) -> None:
    lab.switches.only("acme_rate_limits")
    limits = lab.also["acme_ca"].limits.limits
    limits["domain"] = limits["domain"]._replace(number=1)
    limits["orders"] = limits["orders"]._replace(number=3)
    subscriber.issue(WWW)
    assert "registered domain" in subscriber.order(SHOP).json["detail"]
    assert subscriber.order("www.example.com").status == subscriber.order("shop.example.com").status == 201
    assert "new orders" in subscriber.order("example.com").json["detail"]
    limits["accounts"] = limits["accounts"]._replace(number=1)
    assert Subscriber(lab).enter().error == "rateLimited"
