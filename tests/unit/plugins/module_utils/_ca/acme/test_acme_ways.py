# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What newer servers have beside RFC 8555's core: other challenges, profiles, renewal information, patience kept."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.seeing import account_label
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import Advice, Advising
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, Predecessor, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    ACCOUNT,
    CA,
    DIRECTORY,
    HTML,
    NOW,
    ORDER,
    TOKEN,
    Answer,
    World,
    account,
    authorization,
    certificate,
    challenge,
    directory,
    order,
    private_key,
    problem,
    request,
)

pytest.importorskip("acme")  # the oldest Pythons of targets have none that is new enough
pytest.importorskip("josepy")

NEW_ORDER = f"{CA}/newOrder"
AUTHZ = f"{CA}/authz/1"
CERT = f"{CA}/cert/1"
INFO = f"{CA}/renewalInfo"
#: base64url of the octets 0102030405 and of the serial number 0x81, which DER writes as 0081
RENEWAL_ID = "AQIDBAU.AIE"


def error_of(call: t.Callable[[], object], kind: type[InkanError]) -> InkanError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def world_of(folder: Path, **settings: t.Any) -> World:
    return World(str(folder / "accounts"), settings)


def persist(*issuers: str, **more: t.Any) -> dict[str, t.Any]:
    listed = list(issuers) or ["ca.example"]
    return {**challenge("dns-persist-01"), "token": None, "issuer-domain-names": listed, **more}


# --- dns-account-01, dns-persist-01 ----------------------------------------------------------------------------------


def test_dns_account_01_is_answered_below_the_label_of_the_account(world: World) -> None:
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization(challenges=[challenge("dns-account-01")]))
    (record,) = world.open().submit(request(method="dns-account-01")).wanted.records
    # of "https://ca.example.test/acct/1", by sha256sum, xxd and base32
    assert record.name == "_rtcx7tofoupp7izy._acme-challenge.www.example.test"
    assert (record.type, len(record.value)) == ("TXT", 43)


def test_the_label_of_an_account_is_that_of_the_drafts_example() -> None:
    assert account_label("https://example.com/acme/acct/ExampleAccount") == "_ujmmovf2vn55tgye"


def test_dns_persist_01_wants_one_standing_record_for_a_name_and_its_wildcard(world: World) -> None:
    names = ("example.test", "*.example.test")
    world.http.on(NEW_ORDER, order("pending", *names))
    world.http.on(AUTHZ, authorization("pending", "example.test", [persist()]))
    world.http.on(f"{CA}/authz/2", authorization("pending", "example.test", [persist()], wildcard=True))
    (record,) = world.open().submit(request(*names, method="dns-persist-01")).wanted.records
    assert record.name == "_validation-persist.example.test"
    assert record.value == f"ca.example; accounturi={ACCOUNT}; policy=wildcard"
    assert record.ttl == 3600


@pytest.mark.parametrize(
    ("settings", "more", "value"),
    [
        ({}, {}, f"ca.example; accounturi={ACCOUNT}"),
        ({"issuer_domain": "other.example"}, {}, f"other.example; accounturi={ACCOUNT}"),
        ({"issuer_domain": "nobody.example"}, {}, f"ca.example; accounturi={ACCOUNT}"),
        ({}, {"accounturi": "https://ca.example/a/9"}, "ca.example; accounturi=https://ca.example/a/9"),
        # 2026-11-20T12:00 is in the step of 45 days from 2026-10-19 on; the second one after it begins on 2027-01-17
        ({"persist_days": 90}, {}, f"ca.example; accounturi={ACCOUNT}; persistUntil=1800144000"),
    ],
)
def test_the_standing_record_says_what_the_draft_wants(
    tmp_path: Path, settings: t.Any, more: t.Any, value: str
) -> None:
    world = world_of(tmp_path, **settings)
    offered = [persist("ca.example", "other.example", **more)]
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization(challenges=offered))
    (record,) = world.open().submit(request(method="dns-persist-01")).wanted.records
    assert record.value == value


def test_since_draft_02_the_account_is_hashed_with_each_domain(world: World) -> None:
    world.http.on(DIRECTORY, directory(accountHashPrefix=f"{CA}/h/", issuerDomainNames=["ca.example"]))
    names = ("a.example.test", "b.example.test")
    world.http.on(NEW_ORDER, order("pending", *names))
    offered = {**challenge("dns-persist-01"), "token": None, "issuerDomainNames": ["ca.example"]}
    world.http.on(AUTHZ, authorization("pending", "a.example.test", [offered]))
    world.http.on(f"{CA}/authz/2", authorization("pending", "b.example.test", [offered]))
    adapter = world.open()
    a, b = adapter.submit(request(*names, method="dns-persist-01")).wanted.records
    facts = adapter.remembered_account()
    assert facts is not None and facts.standing is not None
    assert a.value == f"ca.example; accounturi={facts.standing.holder.uri('a.example.test')}"
    assert a.value.startswith(f"ca.example; accounturi={CA}/h/sha-256/") and len({a.value, b.value}) == 2
    assert ACCOUNT not in a.value + b.value


@pytest.mark.parametrize(
    "wrong",
    [
        persist(**{"issuer-domain-names": []}),
        persist(*[f"ca{number}.example" for number in range(11)]),
        persist("CA.example"),
        persist("ca.example."),
        persist("ca.example; policy=wildcard"),
        persist(accounturi="https://ca.example/a;policy=wildcard"),
        persist(accounturi="https://ca.example/a b"),
    ],
)
def test_a_challenge_that_could_not_be_a_record_is_never_published(world: World, wrong: t.Any) -> None:
    world.http.on(ORDER, order()).on(AUTHZ, authorization(challenges=[wrong]))
    assert error_of(lambda: world.open().look(ORDER, request(method="dns-persist-01")), ProtocolError).code == (
        "acme_bad_answer"
    )


# --- profiles --------------------------------------------------------------------------------------------------------


def test_a_profile_is_ordered_where_the_directory_has_it(tmp_path: Path) -> None:
    world = world_of(tmp_path, profile="classic")
    world.http.on(DIRECTORY, directory(profiles={"classic": "90 days", "shortlived": "160 hours"}))
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization())
    world.open().submit(request())
    world.open().submit(request(options={"profile": "shortlived"}))
    assert [one.payload["profile"] for one in world.http.to(NEW_ORDER)] == ["classic", "shortlived"]


@pytest.mark.parametrize(
    ("meta", "why"),
    [({"profiles": {"classic": "x"}}, "its directory has classic"), ({}, "its directory has no profiles")],
)
def test_a_profile_that_the_directory_has_not_is_refused_before_anything_is_ordered(
    world: World, meta: t.Any, why: str
) -> None:
    world.http.on(DIRECTORY, directory(**meta))
    failure = error_of(lambda: world.open().submit(request(options={"profile": "clasic"})), RefusedError)
    assert (failure.code, failure.why, failure.retryable) == ("acme_profile_unknown", why, False)
    assert world.http.to(NEW_ORDER) == []


# --- renewal information ---------------------------------------------------------------------------------------------


def suggestion(start: str = "2026-12-01T00:00:00Z", end: str = "2026-12-02T00:00:00Z", **more: t.Any) -> Answer:
    headers = more.pop("headers", {"retry-after": "21600"})
    return Answer(200, {"suggestedWindow": {"start": start, "end": end}, **more}, headers)


OLD = certificate(serial=0x81, aki=bytes([1, 2, 3, 4, 5]))


def test_advice_is_asked_for_without_an_account_and_over_one_directory(world: World) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo"))
    world.http.on(f"{INFO}/{RENEWAL_ID}", suggestion(explanationURL="https://ca.example/why"))
    adapter = world.open()
    assert isinstance(adapter, Advising)
    start, end = datetime(2026, 12, 1, tzinfo=timezone.utc), datetime(2026, 12, 2, tzinfo=timezone.utc)
    assert adapter.renewal_advice(OLD) == Advice(start, end, "https://ca.example/why", 21600.0)
    adapter.renewal_advice(OLD)
    assert [one.method for one in world.http.asked] == ["GET", "GET", "GET"]
    assert len(world.http.to(DIRECTORY)) == 1 and world.made == []


def test_advice_is_given_for_an_identifier_alone(world: World) -> None:
    """Of a certificate that only its host has, and with the same answer."""
    world.http.on(DIRECTORY, directory("renewalInfo")).on(f"{INFO}/{RENEWAL_ID}", suggestion())
    adapter = world.open()
    advice = adapter.renewal_advice(OLD)
    assert advice is not None and adapter.renewal_advice_of(RENEWAL_ID) == advice
    assert [one.method for one in world.http.asked] == ["GET", "GET", "GET"] and world.made == []


def test_a_ca_without_renewal_information_gives_no_advice(world: World) -> None:
    adapter = world.open()
    assert adapter.renewal_advice(OLD) is None
    assert adapter.renewal_advice_of(RENEWAL_ID) is None
    assert len(world.http.asked) == 1, "its directory"


def test_a_certificate_without_an_authority_key_identifier_gets_none(world: World) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo"))
    assert world.open().renewal_advice(certificate()) is None
    assert len(world.http.asked) == 1


@pytest.mark.parametrize(
    ("headers", "again"),
    [({}, 21600.0), ({"retry-after": "1"}, 60.0), ({"retry-after": "9999999"}, 86400.0)],
)
def test_advice_is_asked_for_again_in_bounds(world: World, headers: t.Any, again: float) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo")).on(f"{INFO}/{RENEWAL_ID}", suggestion(headers=headers))
    advice = world.open().renewal_advice(OLD)
    assert advice is not None and advice.ask_again == again


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        suggestion("2026-12-02T00:00:00Z", "2026-12-01T00:00:00Z"),
        suggestion("2026-12-02T00:00:00Z", "2026-12-02T00:00:00Z"),
        suggestion("soon", "later"),
        Answer(200, {"suggestedWindow": None}),
    ],
)
def test_what_is_no_window_is_no_advice(world: World, answer: Answer) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo")).on(f"{INFO}/{RENEWAL_ID}", answer)
    assert error_of(lambda: world.open().renewal_advice(OLD), ProtocolError).code == "acme_bad_answer"


def test_an_explanation_that_is_no_page_is_not_shown(world: World) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo"))
    world.http.on(f"{INFO}/{RENEWAL_ID}", suggestion(explanationURL="javascript:alert(1)"))
    advice = world.open().renewal_advice(OLD)
    assert advice is not None and advice.url == ""


def test_a_ca_that_is_asked_too_often_for_advice_is_left_alone_until_then(world: World) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo"))
    world.http.on(f"{INFO}/{RENEWAL_ID}", problem(429, "rateLimited", headers={"retry-after": "90"}))
    for _again in range(2):
        failure = error_of(lambda: world.open().renewal_advice(OLD), RefusedError)
        assert failure.retry_at == NOW + timedelta(seconds=90)
    assert len(world.http.to(f"{INFO}/{RENEWAL_ID}")) == 1
    assert world.clock.slept == []


# --- replaces --------------------------------------------------------------------------------------------------------


def renewal() -> t.Any:
    return request(kind=OrderKind.RENEW, replaces=Predecessor("https://ca.example.test/order/0", "81", OLD))


def test_a_renewal_says_what_it_replaces_where_the_server_has_renewal_information(world: World) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo")).on(NEW_ORDER, order()).on(AUTHZ, authorization())
    adapter = world.open()
    assert adapter.capabilities.renewing
    adapter.submit(renewal())
    assert world.http.to(NEW_ORDER)[0].payload["replaces"] == RENEWAL_ID


def test_no_server_without_it_is_told(world: World) -> None:
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization())
    adapter = world.open()
    assert not adapter.capabilities.renewing
    adapter.submit(renewal())
    assert "replaces" not in world.http.to(NEW_ORDER)[0].payload


@pytest.mark.parametrize(
    "refusal", [problem(409, "alreadyReplaced"), problem(403, "unauthorized"), problem(400, "malformed")]
)
def test_what_was_replaced_before_is_ordered_again_without_saying_so(world: World, refusal: Answer) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo")).on(NEW_ORDER, refusal, order()).on(AUTHZ, authorization())
    assert world.open().submit(renewal()).handle == ORDER
    assert ["replaces" in one.payload for one in world.http.to(NEW_ORDER)] == [True, False]


def test_a_name_that_is_refused_is_not_ordered_twice(world: World) -> None:
    world.http.on(DIRECTORY, directory("renewalInfo")).on(NEW_ORDER, problem(400, "rejectedIdentifier"))
    assert error_of(lambda: world.open().submit(renewal()), RefusedError).code == "acme_rejectedIdentifier"
    assert len(world.http.to(NEW_ORDER)) == 1


# --- names authorized before the order -------------------------------------------------------------------------------


def test_names_are_authorized_before_the_order_but_for_wildcards(tmp_path: Path) -> None:
    world = world_of(tmp_path, preauthorize=True)
    names = ("example.test", "*.example.test")
    world.http.on(DIRECTORY, directory("newAuthz")).on(f"{CA}/newAuthz", authorization("valid", "example.test"))
    world.http.on(NEW_ORDER, order("ready", *names))
    seen = world.open().submit(request(*names))
    assert [one.payload["identifier"]["value"] for one in world.http.to(f"{CA}/newAuthz")] == ["example.test"]
    assert (seen.status, seen.wanted.records) == (Status.WANTS_VALIDATION, ())


def test_a_name_that_is_not_authorized_costs_no_order(tmp_path: Path) -> None:
    world = world_of(tmp_path, preauthorize=True)
    world.http.on(DIRECTORY, directory("newAuthz")).on(f"{CA}/newAuthz", problem(403, "rejectedIdentifier"))
    assert error_of(lambda: world.open().submit(request()), RefusedError).code == "acme_rejectedIdentifier"
    assert world.http.to(NEW_ORDER) == []


def test_a_ca_without_new_authz_is_told_apart(tmp_path: Path) -> None:
    world = world_of(tmp_path, preauthorize=True)
    assert error_of(lambda: world.open().submit(request()), InputError).code == "acme_no_new_authz"


# --- chains ----------------------------------------------------------------------------------------------------------


def downloads(world: World) -> tuple[str, str]:
    """The default chain, and another that ends at Issuer Two: their intermediates."""
    first, second = certificate("Inter", "Issuer One"), certificate("Inter", "Issuer Two")
    link = {"link": f'<{CA}/cert/1/1>;rel="alternate"'}
    world.http.on(ORDER, order("valid", certificate=CERT))
    world.http.on(CERT, Answer(200, (certificate() + first).encode(), link))
    world.http.on(f"{CERT}/1", Answer(200, (certificate() + second).encode()))
    return first, second


def test_a_chain_is_chosen_by_the_fingerprint_of_one_of_its_certificates(tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    second = certificate("Inter", "Issuer Two")
    digest = x509.load_pem_x509_certificate(second.encode()).fingerprint(hashes.SHA256()).hex(":").upper()
    world = world_of(tmp_path, preferred_chain=digest)
    downloads(world)
    assert world.open().download(ORDER, request()).chain == (second,)


def test_a_fingerprint_that_no_chain_has_gets_the_default(tmp_path: Path) -> None:
    world = world_of(tmp_path, preferred_chain="ab" * 32)
    first, _second = downloads(world)
    assert world.open().download(ORDER, request()).chain == (first,)


def test_a_chain_is_chosen_by_the_fingerprint_of_a_root_that_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    root = certificate("Issuer Two", "Issuer Two")
    bundle = tmp_path / "roots.pem"
    bundle.write_text(certificate("Issuer One", "Issuer One") + root, "ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    world = world_of(
        tmp_path, preferred_chain=x509.load_pem_x509_certificate(root.encode()).fingerprint(hashes.SHA256()).hex()
    )
    _first, second = downloads(world)
    assert world.open().download(ORDER, request()).chain == (second,)


# --- patience --------------------------------------------------------------------------------------------------------


def test_a_limit_of_the_account_holds_up_every_order_of_every_process_to_the_second(world: World) -> None:
    world.http.on(NEW_ORDER, problem(429, "rateLimited", headers={"retry-after": "120"}), order())
    world.http.on(AUTHZ, authorization())
    assert error_of(lambda: world.open().submit(request()), RefusedError).retry_at == NOW + timedelta(seconds=120)
    failure = error_of(lambda: world.open().submit(request("b.example.test")), RefusedError)
    assert (failure.code, failure.retry_at) == ("acme_held", NOW + timedelta(seconds=120))
    assert failure.retryable and len(world.http.to(NEW_ORDER)) == 1
    world.clock.seconds = 119.9
    assert world.open(deadline=0.05).submit is not None
    error_of(lambda: world.open(deadline=0.05).submit(request()), RefusedError)
    world.clock.seconds = 120.0
    assert world.open().submit(request()).handle == ORDER


def test_a_short_limit_is_waited_for_and_no_longer(world: World) -> None:
    world.http.on(NEW_ORDER, problem(429, "rateLimited", headers={"retry-after": "5"}), order())
    world.http.on(AUTHZ, authorization())
    assert world.open().submit(request()).handle == ORDER
    assert sum(world.clock.slept) == 5.0


def test_a_date_to_come_back_at_is_held_to_the_second(world: World) -> None:
    headers = {"retry-after": "Fri, 20 Nov 2026 12:30:07 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}
    world.http.on(NEW_ORDER, problem(429, "rateLimited", headers=headers))
    for code in ("acme_rateLimited", "acme_held"):
        failure = error_of(lambda: world.open().submit(request()), RefusedError)
        assert (failure.code, failure.retry_at) == (code, NOW + timedelta(minutes=30, seconds=7))


def test_a_limit_of_some_names_leaves_the_others_alone(world: World) -> None:
    world.http.on(NEW_ORDER, problem(429, "rateLimited", headers={"retry-after": "86400"}), order("ready"))
    error_of(lambda: world.open().submit(request("b.example.test")), RefusedError)
    assert world.open().submit(request()).handle == ORDER
    assert error_of(lambda: world.open().submit(request("b.example.test")), RefusedError).code == "acme_held"


def test_what_was_held_under_another_clock_holds_nothing(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.http.on(NEW_ORDER, order("ready"))
    (tmp_path / "accounts").mkdir(mode=0o700)
    later = (NOW + timedelta(days=1)).timestamp()
    holds = {"all": [later, later + 60], "orders": ["x", None]}
    for text in (json.dumps({"all": holds["all"]}), json.dumps(holds), "[]", "{", json.dumps({"all": [0, 1e18]})):
        (tmp_path / "accounts" / "main.holds.json").write_text(text, "ascii")
        assert world.open().submit(request()).handle == ORDER


# --- revocation by the certificate's key -----------------------------------------------------------------------------


def store_of(folder: Path, key: int) -> str:
    generation = folder / "store" / "shop" / "generations" / "0001"
    generation.mkdir(parents=True)
    (generation / "privkey.pem").write_bytes(private_key(key))
    return str(folder / "store")


def test_where_the_account_may_not_revoke_the_key_of_the_certificate_does(tmp_path: Path) -> None:
    world = world_of(tmp_path, revocation_keys=store_of(tmp_path, 1))
    world.http.on(f"{CA}/revokeCert", problem(403, "unauthorized"), Answer(200))
    world.open().revoke(certificate(), "keyCompromise")
    first, second = world.http.to(f"{CA}/revokeCert")
    assert first.header["kid"] == ACCOUNT and "kid" not in second.header
    assert second.header["jwk"]["kty"] == "EC" and "d" not in second.header["jwk"]
    assert first.payload == second.payload and second.payload["reason"] == 1


@pytest.mark.parametrize("key", [None, 2])
def test_without_that_key_on_the_ledger_host_the_refusal_stands(tmp_path: Path, key: int | None) -> None:
    settings = {"revocation_keys": store_of(tmp_path, key)} if key else {}
    world = world_of(tmp_path, **settings)
    world.http.on(f"{CA}/revokeCert", problem(403, "unauthorized"))
    assert error_of(lambda: world.open().revoke(certificate(), "superseded"), RefusedError).code == "acme_unauthorized"
    assert len(world.http.to(f"{CA}/revokeCert")) == 1


# --- presets ---------------------------------------------------------------------------------------------------------


def errors_of(folder: Path, **settings: t.Any) -> list[str]:
    world = world_of(folder)
    config = world.config.__class__("main", "acme", settings, {}, str(folder))
    return world.factory.settings_errors(config)


def test_a_preset_takes_the_place_of_the_directory(tmp_path: Path) -> None:
    assert errors_of(tmp_path, preset="letsencrypt") == []
    assert errors_of(tmp_path, preset="jprs") == []
    (unknown,) = errors_of(tmp_path, preset="cybertrust")
    assert "not public" in unknown and "jprs" in unknown


def test_the_ca_of_a_preset_that_wants_a_binding_is_not_asked_without(tmp_path: Path) -> None:
    world = world_of(tmp_path, preset="jprs")
    failure = error_of(lambda: world.open().submit(request()), InkanError)
    assert failure.code == "acme_externalAccountRequired" and "the reseller's portal" in failure.todo
    assert world.http.to(f"{CA}/newAccount") == []


def test_a_name_that_jprs_refuses_is_to_be_registered_at_the_reseller(tmp_path: Path) -> None:
    kid = {"preset": "jprs", "eab_kid": "kid-1"}
    world = World(
        str(tmp_path / "accounts"), kid, eab="zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    )
    world.http.on(NEW_ORDER, problem(403, "unauthorized"))
    failure = error_of(lambda: world.open().submit(request()), RefusedError)
    assert "利用FQDN情報登録" in failure.todo and failure.code == "acme_unauthorized"


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "no profile"},
        {"preauthorize": "yes"},
        {"issuer_domain": "CA.example"},
        {"persist_days": 7},
        {"persist_days": True},
        {"revocation_keys": "store"},
        {"preset": ["jprs"]},
    ],
)
def test_each_wrong_setting_is_named(tmp_path: Path, wrong: dict[str, t.Any]) -> None:
    (sentence,) = errors_of(tmp_path, directory=DIRECTORY, **wrong)
    assert next(iter(wrong)) in sentence


def test_a_token_of_another_kind_of_challenge_is_no_trouble(world: World) -> None:
    offered = [challenge("tls-alpn-01", token=7), persist(), challenge("dns-01")]
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization(challenges=offered))
    (record,) = world.open().submit(request()).wanted.records
    assert record.name == "_acme-challenge.www.example.test" and TOKEN


def test_contacts_that_changed_are_told_once(tmp_path: Path) -> None:
    world = world_of(tmp_path, contact=["a@example.test"])
    world.http.on(NEW_ORDER, order("ready"))
    world.http.on(f"{CA}/newAccount", account(contact=["mailto:old@example.test"]))
    (tmp_path / "accounts").mkdir(mode=0o700)
    (tmp_path / "accounts" / "main.pem").write_bytes(private_key(3))
    (tmp_path / "accounts" / "main.pem").chmod(0o600)
    world.http.on(ACCOUNT, account())
    world.open().submit(request())
    world.open().submit(request())
    assert [one.payload for one in world.http.to(ACCOUNT)] == [{"contact": ["mailto:a@example.test"]}]
