# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs against a scripted CA: what is asked, what is understood, what a lost answer leads to."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import CaAdapter, Finding, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    ACCOUNT,
    CA,
    DIRECTORY,
    HTML,
    LIST,
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
    problem,
    request,
)

pytest.importorskip("acme")  # the oldest Pythons of targets have none that is new enough
pytest.importorskip("josepy")

NEW_ORDER = f"{CA}/newOrder"
AUTHZ = f"{CA}/authz/1"
CHALL = f"{CA}/chall/1/dns-01"
FINALIZE = f"{ORDER}/finalize"
CERT = f"{CA}/cert/1"
LOST = TransportError(code="http_broken_answer", what="no answer", sent=True)
NOT_SENT = TransportError(code="http_no_connection", what="no connection", sent=False)


def error_of(call: t.Callable[[], object], kind: type[InkanError]) -> InkanError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


# --- submit ----------------------------------------------------------------------------------------------------------


def test_submit_orders_the_names_and_tells_what_to_publish(world: World) -> None:
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization())
    seen = world.open().submit(request())
    asked = world.http.to(NEW_ORDER)
    assert [one.payload for one in asked] == [{"identifiers": [{"type": "dns", "value": "www.example.test"}]}]
    assert asked[0].header["kid"] == ACCOUNT
    assert asked[0].header["url"] == NEW_ORDER
    assert (seen.handle, seen.status, seen.status_word) == (ORDER, Status.WANTS_VALIDATION, "pending")
    assert [record.name for record in seen.wanted.records] == ["_acme-challenge.www.example.test"]


def test_the_adapter_is_one_of_the_contract(world: World) -> None:
    adapter: CaAdapter = world.open()
    assert adapter.capabilities.methods == ("http-01", "dns-01", "dns-account-01", "dns-persist-01")
    assert adapter.capabilities.wildcard_methods == ("dns-01", "dns-account-01", "dns-persist-01")


def test_names_that_are_validated_already_are_not_wanted(world: World) -> None:
    names = ("a.example.test", "b.example.test")
    world.http.on(NEW_ORDER, order("pending", *names))
    world.http.on(AUTHZ, authorization("valid", "a.example.test"))
    world.http.on(f"{CA}/authz/2", authorization("pending", "b.example.test", number=2))
    seen = world.open().submit(request(*names))
    assert seen.validated == ("a.example.test",)
    assert [record.name for record in seen.wanted.records] == ["_acme-challenge.b.example.test"]


def test_an_order_whose_names_are_all_validated_is_ready_at_once(world: World) -> None:
    world.http.on(NEW_ORDER, order("ready"))
    seen = world.open().submit(request())
    assert (seen.status, seen.wanted.records) == (Status.WANTS_VALIDATION, ())
    assert world.http.to(AUTHZ) == []


def test_a_wildcard_authorization_is_told_by_its_flag(world: World) -> None:
    world.http.on(NEW_ORDER, order("pending", "*.example.test"))
    world.http.on(AUTHZ, authorization("pending", "example.test", wildcard=True))
    seen = world.open().submit(request("*.example.test"))
    assert [record.name for record in seen.wanted.records] == ["_acme-challenge.example.test"]


@pytest.mark.parametrize(
    "wish", [request("*.example.test", method="http-01"), request(method="email"), request(method="tls-alpn-01")]
)
def test_a_method_that_cannot_be_is_refused_before_the_ca_is_asked(world: World, wish: t.Any) -> None:
    assert error_of(lambda: world.open().submit(wish), InputError).code == "method_not_possible"
    assert world.http.asked == []


def test_a_lost_answer_to_new_order_is_told_as_sent(world: World) -> None:
    world.http.on(NEW_ORDER, LOST)
    failure = error_of(lambda: world.open().submit(request()), TransportError)
    assert isinstance(failure, TransportError) and failure.sent
    assert len(world.http.to(NEW_ORDER)) == 1, "an order must not be sent again on suspicion"


@pytest.mark.parametrize("url", [DIRECTORY, f"{CA}/newAccount", f"{CA}/newNonce"])
def test_a_failure_before_new_order_is_told_as_not_sent(world: World, url: str) -> None:
    world.http.on(NEW_ORDER, order()).on(url, LOST)
    failure = error_of(lambda: world.open().submit(request()), TransportError)
    assert isinstance(failure, TransportError) and not failure.sent
    assert world.http.to(NEW_ORDER) == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HTML, id="HTML instead of JSON"),
        pytest.param(Answer(201, b"", {}), id="nothing"),
        pytest.param(order(location="http://ca.example.test/order/1"), id="a plain http URL"),
        pytest.param(order(location="https://127.0.0.1/order/1"), id="a URL of this machine"),
        pytest.param(order(location="javascript:alert(1)"), id="no URL"),
        pytest.param(order(location="https://ca.example.test/\x1b[2J"), id="a URL with control characters"),
        pytest.param(order(location="https://ca.example.test/" + "a" * 2000), id="a URL without end"),
    ],
)
def test_an_order_that_was_taken_but_has_no_usable_url_may_exist(world: World, answer: Answer) -> None:
    world.http.on(NEW_ORDER, answer)
    failure = error_of(lambda: world.open().submit(request()), TransportError)
    assert isinstance(failure, TransportError) and failure.sent
    assert failure.code == "acme_order_without_url"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(502, b"bad gateway"), id="a gateway's fault"),
        pytest.param(Answer(503, b"upstream reset", {"content-type": "text/plain"}), id="a gateway's bare 503"),
        pytest.param(problem(500, "serverInternal"), id="the CA's own fault"),
    ],
)
def test_after_a_server_fault_the_order_may_exist(world: World, answer: Answer) -> None:
    world.http.on(NEW_ORDER, answer)
    failure = error_of(lambda: world.open().submit(request()), TransportError)
    assert isinstance(failure, TransportError) and failure.sent
    assert len(world.http.to(NEW_ORDER)) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({AUTHZ: LOST}, id="the authorization's answer is lost"),
        pytest.param({AUTHZ: HTML}, id="the authorization is HTML"),
        pytest.param({AUTHZ: authorization(challenges=[challenge(token="../x")])}, id="a hostile token"),
        pytest.param({AUTHZ: authorization(challenges=[challenge("http-01")])}, id="the method is not offered"),
        pytest.param({NEW_ORDER: order("pending", "www.evil.test")}, id="the names were changed"),
        pytest.param({NEW_ORDER: Answer(201, b"{half", {"location": ORDER})}, id="half of the order"),
        pytest.param({NEW_ORDER: order(finalize="http://169.254.169.254/")}, id="a URL that leaves TLS"),
    ],
)
def test_once_the_order_has_a_url_submit_never_loses_it(world: World, trouble: dict[str, t.Any]) -> None:
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization())
    for url, answer in trouble.items():
        world.http.on(url, answer)
    seen = world.open().submit(request())
    assert (seen.handle, seen.status) == (ORDER, Status.UNKNOWN)
    assert seen.problem
    assert seen.wanted.records == ()


@pytest.mark.parametrize(
    "kind, retryable", [("rejectedIdentifier", False), ("unsupportedIdentifier", False), ("caa", False)]
)
def test_a_refused_order_carries_the_cas_words_and_advice(world: World, kind: str, retryable: bool) -> None:
    inner = [
        {
            "type": f"urn:ietf:params:acme:error:{kind}",
            "detail": "never",
            "identifier": {"type": "dns", "value": "x.test"},
        }
    ]
    world.http.on(NEW_ORDER, problem(403, kind, "Policy forbids", subproblems=inner))
    failure = error_of(lambda: world.open().submit(request()), RefusedError)
    assert (failure.code, failure.retryable) == (f"acme_{kind}", retryable)
    assert f"Policy forbids ({kind}); 1. x.test: never ({kind})" in failure.why
    assert failure.todo


def test_names_are_compared_as_a_set(world: World) -> None:
    world.http.on(NEW_ORDER, order("ready", "b.example.test", "A.example.test"))
    assert world.open().submit(request("a.example.test", "b.example.test")).status is Status.WANTS_VALIDATION


# --- look ------------------------------------------------------------------------------------------------------------


def test_look_continues_an_order_in_a_new_process(world: World) -> None:
    world.http.on(ORDER, order()).on(AUTHZ, authorization())
    seen = world.open().look(ORDER, request())
    assert seen.status is Status.WANTS_VALIDATION
    assert [one.payload for one in world.http.to(ORDER)] == [""], "POST-as-GET has an empty payload (RFC 8555 §6.3)"


@pytest.mark.parametrize(
    "answer, code",
    [
        pytest.param(HTML, "acme_bad_answer", id="HTML instead of JSON"),
        pytest.param(Answer(200, b'{"status": "pend'), "acme_bad_answer", id="half of the JSON"),
        pytest.param(Answer(200, b"[" * 100_000), "acme_bad_answer", id="nested without end"),
        pytest.param(Answer(200, []), "acme_bad_answer", id="a list"),
        pytest.param(Answer(200, {"status": 7}), "acme_bad_answer", id="a status that is no word"),
        pytest.param(order("x" * 100), "acme_bad_answer", id="an endless status"),
        pytest.param(order(identifiers=[{"type": "ip", "value": "192.0.2.1"}]), "acme_bad_answer", id="an address"),
        pytest.param(
            order(identifiers=[{"type": "dns", "value": "a\nb"}]), "acme_bad_answer", id="a name that is none"
        ),
        pytest.param(order(authorizations="https://x"), "acme_bad_answer", id="no list of authorizations"),
        pytest.param(order(authorizations=["https://x.test/"] * 1001), "acme_bad_answer", id="too many authorizations"),
        pytest.param(order(authorizations=["ftp://x.test/"]), "acme_bad_answer", id="an authorization by ftp"),
        pytest.param(order(authorizations=["https://localhost/"]), "acme_bad_answer", id="one of this machine"),
        pytest.param(order(authorizations=["https://:443/"]), "acme_bad_answer", id="one without a host"),
        pytest.param(order("pending", "www.evil.test"), "acme_identifiers_changed", id="changed names"),
        pytest.param(Answer(302, b"", {"location": "https://x.test/"}), "acme_bad_answer", id="a redirect"),
        pytest.param(Answer(403, b"<h1>WAF"), "acme_bad_answer", id="a firewall's page"),
    ],
)
def test_an_answer_that_breaks_the_rfc_is_a_protocol_error(world: World, answer: Answer, code: str) -> None:
    world.http.on(ORDER, answer)
    assert error_of(lambda: world.open().look(ORDER, request()), ProtocolError).code == code


def test_an_authorization_for_a_name_that_was_not_ordered_is_never_published(world: World) -> None:
    world.http.on(ORDER, order()).on(AUTHZ, authorization("pending", "www.evil.test"))
    failure = error_of(lambda: world.open().look(ORDER, request()), ProtocolError)
    assert failure.code == "acme_strange_authorization"


def test_challenges_of_strange_types_may_look_as_they_like(world: World) -> None:
    strange = {"type": "tls-alpn-77", "url": "gopher://x", "status": {}}
    world.http.on(ORDER, order()).on(AUTHZ, authorization(challenges=[strange, challenge()]))
    assert world.open().look(ORDER, request()).status is Status.WANTS_VALIDATION


@pytest.mark.parametrize(
    "answer", [problem(404, "malformed", "No order for ID 1"), Answer(404)], ids=["Boulder", "Pebble"]
)
@pytest.mark.parametrize("verb", ["look", "ready", "cancel"])
def test_an_order_that_the_ca_has_forgotten_has_expired(world: World, verb: str, answer: Answer) -> None:
    world.http.on(ORDER, answer)
    seen = getattr(world.open(), verb)(ORDER, request())
    assert (seen.status, seen.status_word) == (Status.EXPIRED, "HTTP 404")


def test_a_404_that_no_ca_wrote_ends_no_order(world: World) -> None:
    world.http.on(ORDER, Answer(404, b"nginx", {"replay-nonce": None}))
    assert error_of(lambda: world.open().look(ORDER, request()), ProtocolError).retryable


def test_an_invalid_order_whose_authorizations_are_gone_tells_its_own_words(world: World) -> None:
    own = {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids"}
    world.http.on(ORDER, order("invalid", error=own)).on(AUTHZ, problem(404, "malformed"))
    seen = world.open().look(ORDER, request())
    assert (seen.status, "CAA forbids" in seen.problem) == (Status.REFUSED, True)


@pytest.mark.parametrize(
    "value, seconds", [("7", 7.0), ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0), ("soon", None), ("-5", None)]
)
def test_retry_after_is_understood_in_both_forms(world: World, value: str, seconds: float | None) -> None:
    world.http.on(ORDER, order("processing", headers={"retry-after": value}))
    assert world.open().look(ORDER, request()).retry_after == seconds


def test_wanted_is_the_same_whatever_order_the_ca_lists_authorizations_in(world: World) -> None:
    names = ("a.example.test", "b.example.test")
    urls = [f"{CA}/authz/1", f"{CA}/authz/2"]
    world.http.on(ORDER, order("pending", *names), order("pending", *names, authorizations=urls[::-1]))
    world.http.on(urls[0], authorization("pending", names[0]))
    world.http.on(urls[1], authorization("pending", names[1], number=2))
    adapter = world.open()
    assert adapter.look(ORDER, request(*names)).wanted == adapter.look(ORDER, request(*names)).wanted


# --- ready -----------------------------------------------------------------------------------------------------------


def test_ready_answers_every_pending_challenge_of_our_method_and_no_other(world: World) -> None:
    names = ("a.example.test", "b.example.test")
    world.http.on(ORDER, order("pending", *names))
    world.http.on(AUTHZ, authorization("pending", names[0]))
    world.http.on(f"{CA}/authz/2", authorization("pending", names[1], number=2))
    for number in (1, 2):
        world.http.on(f"{CA}/chall/{number}/dns-01", Answer(200, challenge("dns-01", "processing", number)))
    seen = world.open().ready(ORDER, request(*names))
    assert seen.status is Status.VALIDATING
    assert [one.payload for one in world.http.asked if "/chall/" in one.url] == [{}, {}]


def test_an_answered_challenge_that_the_ca_still_calls_pending_is_not_answered_twice(world: World) -> None:
    """Boulder says pending until it has looked."""
    world.http.on(ORDER, order()).on(AUTHZ, authorization()).on(CHALL, Answer(200, challenge()))
    adapter = world.open()
    assert adapter.ready(ORDER, request()).status is Status.VALIDATING
    assert adapter.look(ORDER, request()).status is Status.VALIDATING
    assert adapter.ready(ORDER, request()).status is Status.VALIDATING
    assert len(world.http.to(CHALL)) == 1


def test_a_later_process_answers_again(world: World) -> None:
    world.http.on(ORDER, order()).on(AUTHZ, authorization()).on(CHALL, Answer(200, challenge()))
    world.open().ready(ORDER, request())
    world.open().ready(ORDER, request())
    assert len(world.http.to(CHALL)) == 2


def test_retry_after_of_the_answered_challenge_is_handed_on(world: World) -> None:
    answered = Answer(200, challenge("dns-01", "processing"), {"retry-after": "3"})
    world.http.on(ORDER, order()).on(AUTHZ, authorization()).on(CHALL, answered)
    assert world.open().ready(ORDER, request()).retry_after == 3.0
    assert world.clock.slept == [], "polling in time belongs to the ledger"


def test_a_challenge_that_was_validated_meanwhile_is_no_error(world: World) -> None:
    """The answer to an earlier ready was lost; the CA does not take a second one."""
    world.http.on(ORDER, order(), order("ready")).on(AUTHZ, authorization())
    world.http.on(CHALL, problem(400, "malformed", "authorization must be pending"))
    seen = world.open().ready(ORDER, request())
    assert (seen.status, seen.status_word) == (Status.WANTS_VALIDATION, "ready")


def test_a_challenge_that_the_ca_will_not_take_is_an_error(world: World) -> None:
    world.http.on(ORDER, order()).on(AUTHZ, authorization()).on(
        CHALL, problem(403, "unauthorized", "account suspended")
    )
    assert "account suspended" in error_of(lambda: world.open().ready(ORDER, request()), RefusedError).sentence()


def test_a_ready_order_is_finalized_with_the_csr(world: World) -> None:
    world.http.on(ORDER, order("ready")).on(FINALIZE, order("processing", headers={"retry-after": "2"}))
    seen = world.open().ready(ORDER, request())
    assert (seen.status, seen.retry_after) == (Status.ISSUING, 2.0)
    assert list(world.http.to(FINALIZE)[0].payload) == ["csr"]


def test_finalized_by_a_call_whose_answer_was_lost(world: World) -> None:
    world.http.on(ORDER, order("ready"), order("processing"))
    world.http.on(FINALIZE, problem(403, "orderNotReady", 'Order\'s status ("processing") is not acceptable'))
    assert world.open().ready(ORDER, request()).status is Status.ISSUING


@pytest.mark.parametrize(
    "word, status",
    [("processing", Status.ISSUING), ("valid", Status.ISSUED), ("invalid", Status.REFUSED), ("odd", Status.UNKNOWN)],
)
def test_ready_changes_nothing_where_nothing_is_awaited_of_us(world: World, word: str, status: Status) -> None:
    world.http.on(ORDER, order(word, certificate=CERT)).on(AUTHZ, authorization("valid"))
    assert world.open().ready(ORDER, request()).status is status
    assert all(one.payload == "" for one in world.http.asked if one.header.get("kid")), "only POST-as-GET"


def test_a_refused_csr_ends_the_order(world: World) -> None:
    world.http.on(ORDER, order("ready")).on(FINALIZE, problem(400, "badCSR", "CSR has a weak key"))
    failure = error_of(lambda: world.open().ready(ORDER, request()), RefusedError)
    assert (failure.code, failure.retryable) == ("acme_badCSR", False)


def test_a_csr_that_is_none_is_our_own_error(world: World) -> None:
    world.http.on(ORDER, order("ready"))
    wish = dataclasses.replace(request(), csr_pem="nonsense")
    assert error_of(lambda: world.open().ready(ORDER, wish), InputError).code == "csr_unreadable"


def test_a_whole_life(world: World) -> None:
    """pending, answered, validated, finalized, issued: each verb once more than needed."""
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization())
    world.http.on(CHALL, Answer(200, challenge("dns-01", "processing")))
    world.http.on(FINALIZE, order("processing"))
    world.http.on(CERT, Answer(200, (certificate() + certificate("Issuer One", "Root", 2)).encode()))
    adapter = world.open()
    handle = adapter.submit(request()).handle
    world.http.on(ORDER, order())
    assert adapter.ready(handle, request()).status is Status.VALIDATING
    world.http.on(ORDER, order("ready")).on(AUTHZ, authorization("valid"))
    assert adapter.look(handle, request()).status is Status.WANTS_VALIDATION
    assert adapter.ready(handle, request()).status is Status.ISSUING
    world.http.on(ORDER, order("valid", certificate=CERT))
    assert adapter.ready(handle, request()).status is Status.ISSUED
    issued = adapter.download(handle, request())
    assert (issued.certificate, issued.chain) == (certificate(), (certificate("Issuer One", "Root", 2),))
    nonces = [one.header["nonce"] for one in world.http.asked if one.header]
    assert len(nonces) == len(set(nonces))
    assert len(world.http.to(f"{CA}/newNonce")) == 1, "every answer brings the next nonce"


def test_an_order_just_seen_as_ready_or_valid_is_not_asked_for_again_by_the_next_verb(world: World) -> None:
    world.http.on(ORDER, order("ready"), order("processing"), order("valid", certificate=CERT))
    world.http.on(FINALIZE, order("processing"))
    world.http.on(CERT, Answer(200, certificate().encode()))
    adapter = world.open()
    assert adapter.look(ORDER, request()).status is Status.WANTS_VALIDATION
    assert adapter.ready(ORDER, request()).status is Status.ISSUING
    assert adapter.look(ORDER, request()).status is Status.ISSUING
    assert adapter.look(ORDER, request()).status is Status.ISSUED
    assert adapter.download(ORDER, request()).certificate == certificate()
    assert len(world.http.to(ORDER)) == 3, "one for each look"


def test_and_is_asked_for_anew_by_the_verb_after_it(world: World) -> None:
    """What was kept is used once: finalized by somebody else meanwhile, the order is seen as it is."""
    world.http.on(ORDER, order("ready"), order("processing"), order("valid", certificate=CERT))
    world.http.on(FINALIZE, problem(403, "orderNotReady", 'Order\'s status ("processing") is not acceptable'))
    adapter = world.open()
    assert adapter.look(ORDER, request()).status is Status.WANTS_VALIDATION
    assert adapter.ready(ORDER, request()).status is Status.ISSUING
    assert adapter.ready(ORDER, request()).status is Status.ISSUED


# --- find ------------------------------------------------------------------------------------------------------------


def listed(*urls: str, following: str = "") -> Answer:
    return Answer(200, {"orders": list(urls)}, {"link": f'<{following}>;rel="next"'} if following else {})


def test_find_pages_through_the_accounts_orders_and_takes_the_newest_unknown_one(world: World) -> None:
    urls = {name: f"{CA}/order/{name}" for name in ("known", "other", "valid", "older", "newer", "gone", "broad")}
    world.http.on(LIST, listed(urls["known"], urls["other"], urls["valid"], following=f"{LIST}?cursor=2"))
    world.http.on(f"{LIST}?cursor=2", listed(urls["older"], urls["newer"], following=f"{LIST}?cursor=3"))
    world.http.on(f"{LIST}?cursor=3", listed(urls["gone"], urls["broad"], following=LIST))
    world.http.on(urls["other"], order("pending", "other.example.test"))
    world.http.on(urls["valid"], order("valid", certificate=CERT))
    world.http.on(urls["older"], order(expires="2026-11-22T00:00:00Z"))
    world.http.on(urls["newer"], order("ready", expires="2026-11-23T00:00:00Z"))
    world.http.on(urls["gone"], problem(404, "malformed"))
    world.http.on(urls["broad"], order("pending", "www.example.test", "example.test"))
    seen = world.open().find(request(), known_handles=frozenset({urls["known"]}), since=NOW)
    assert seen is not None
    assert (seen.handle, seen.status_word) == (urls["newer"], "ready")
    assert world.http.to(urls["known"]) == []


def test_find_trusts_an_empty_list(world: World) -> None:
    world.http.on(LIST, listed())
    adapter = world.open()
    assert adapter.capabilities.finding is Finding.EXACT
    assert adapter.find(request(), known_handles=frozenset(), since=NOW) is None


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        pytest.param({}, Finding.NEEDLESS, id="nothing is bought before it is finalized"),
        pytest.param({"lost_order": "resubmit"}, Finding.NEEDLESS, id="said so"),
        pytest.param({"lost_order": "ask_person"}, Finding.IMPOSSIBLE, id="this CA has a bill for orders"),
    ],
)
def test_without_a_list_a_lost_order_is_sent_again_unless_the_user_chose(
    world: World, settings: dict[str, str], finding: Finding
) -> None:
    world.config = dataclasses.replace(world.config, settings={"directory": DIRECTORY, **settings})
    world.http.on(f"{CA}/newAccount", account(orders=None))
    assert world.open().capabilities.finding is finding
    assert [one.url for one in world.http.asked if "newOrder" in one.url or "/orders" in one.url] == []


def test_a_failure_while_finding_is_not_taken_for_none(world: World) -> None:
    world.http.on(LIST, LOST)
    error_of(lambda: world.open().find(request(), known_handles=frozenset(), since=NOW), TransportError)


def test_too_many_unknown_orders_are_not_taken_for_none(world: World) -> None:
    world.http.on(LIST, listed(*(f"{CA}/order/{number}" for number in range(501))))
    failure = error_of(lambda: world.open().find(request(), known_handles=frozenset(), since=NOW), ProtocolError)
    assert failure.code == "acme_too_many_orders"


# --- download --------------------------------------------------------------------------------------------------------


def chain_answer(*pems: str, headers: t.Mapping[str, str] | None = None) -> Answer:
    return Answer(200, "".join(pems).encode(), {"content-type": "application/pem-certificate-chain", **(headers or {})})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HTML, id="HTML"),
        pytest.param(chain_answer(), id="nothing"),
        pytest.param(chain_answer(certificate().replace("CERTIFICATE", "PRIVATE KEY")), id="a private key"),
        pytest.param(chain_answer(certificate(), "rm -rf /\n"), id="text after the chain"),
        pytest.param(chain_answer("# comment\n", certificate()), id="text before the chain"),
        pytest.param(chain_answer(certificate()[:200]), id="half a certificate"),
        pytest.param(chain_answer(*[certificate()] * 11), id="eleven certificates"),
        pytest.param(
            chain_answer("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), id="no certificate"
        ),
        pytest.param(chain_answer(certificate(key=2)), id="another key's certificate"),
    ],
)
def test_a_download_that_is_no_chain_for_our_key_is_refused(world: World, answer: Answer) -> None:
    world.http.on(ORDER, order("valid", certificate=CERT)).on(CERT, answer)
    error_of(lambda: world.open().download(ORDER, request()), ProtocolError)


def test_pem_is_written_anew_in_one_form(world: World) -> None:
    world.http.on(ORDER, order("valid", certificate=CERT))
    world.http.on(CERT, chain_answer("\r\n" + certificate().replace("\n", "\r\n") + "\n\n", certificate("x", "y", 2)))
    issued = world.open().download(ORDER, request())
    assert issued.certificate == certificate()


@pytest.mark.parametrize(
    "answer, retryable",
    [
        (order("processing"), True),
        (order("ready"), True),  # a stale answer: the ledger has heard that it is issued
        (order("invalid"), False),
        (problem(404, "malformed"), False),
    ],
)
def test_what_is_not_issued_cannot_be_downloaded(world: World, answer: Answer, retryable: bool) -> None:
    world.http.on(ORDER, answer)
    assert error_of(lambda: world.open().download(ORDER, request()), RefusedError).retryable is retryable


@pytest.mark.parametrize(
    "wish, root", [("Root Two", "Root Two"), ("Root One", "Root One"), ("Root Nine", "Root One"), ("", "Root One")]
)
def test_the_preferred_chain_is_chosen_by_its_last_issuer(world: World, wish: str, root: str) -> None:
    world.config = dataclasses.replace(world.config, settings={"directory": DIRECTORY, "preferred_chain": wish})
    links = {"link": f'<{DIRECTORY}>;rel="index", <{CERT}/1>;rel="alternate", </cert/1/2>; rel=alternate'}
    world.http.on(ORDER, order("valid", certificate=CERT))
    chains = {name: certificate("Issuer One", name, 2) for name in ("Root One", "Root Two", "Root Three")}
    world.http.on(CERT, chain_answer(certificate(), chains["Root One"], headers=links))
    world.http.on(f"{CERT}/1", chain_answer(certificate(), chains["Root Three"]))
    world.http.on(f"{CERT}/2", chain_answer(certificate(), chains["Root Two"]))
    assert world.open().download(ORDER, request()).chain == (chains[root],)


# --- cancel and revoke -----------------------------------------------------------------------------------------------


def test_cancel_deactivates_pending_authorizations_and_leaves_valid_ones(world: World) -> None:
    names = ("a.example.test", "b.example.test")
    world.http.on(ORDER, order("pending", *names))
    world.http.on(AUTHZ, authorization("valid", names[0]))
    world.http.on(f"{CA}/authz/2", authorization("pending", names[1], number=2))
    assert world.open().cancel(ORDER, request(*names)).status is Status.CANCELLED
    written = [(one.url, one.payload) for one in world.http.asked if one.header.get("kid") and one.payload]
    assert written == [(f"{CA}/authz/2", {"status": "deactivated"})]


@pytest.mark.parametrize(
    "word, status", [("processing", Status.ISSUING), ("valid", Status.ISSUED), ("invalid", Status.REFUSED)]
)
def test_cancel_comes_too_late(world: World, word: str, status: Status) -> None:
    world.http.on(ORDER, order(word, certificate=CERT)).on(AUTHZ, authorization("valid"))
    assert world.open().cancel(ORDER, request()).status is status


@pytest.mark.parametrize("answer", [Answer(200), problem(400, "alreadyRevoked")])
def test_revoke_may_be_repeated(world: World, answer: Answer) -> None:
    world.http.on(f"{CA}/revokeCert", answer)
    world.open().revoke(certificate(), "superseded")
    (asked,) = world.http.to(f"{CA}/revokeCert")
    assert asked.payload["reason"] == 4
    assert asked.header["kid"] == ACCOUNT


def test_a_page_in_place_of_an_answer_revokes_nothing(world: World) -> None:
    world.http.on(f"{CA}/revokeCert", Answer(200, b"<html>Please log in</html>", {"replay-nonce": None}))
    failure = error_of(lambda: world.open().revoke(certificate(), "superseded"), ProtocolError)
    assert failure.retryable


def test_a_reason_that_subscribers_may_not_give_is_refused(world: World) -> None:
    error_of(lambda: world.open().revoke(certificate(), "cACompromise"), InputError)
    assert world.http.asked == []


def test_a_ca_without_revocation_says_so(world: World) -> None:
    bare = directory()
    world.http.on(DIRECTORY, Answer(200, {key: value for key, value in bare.body.items() if key != "revokeCert"}))
    assert not world.open().capabilities.revoke
    assert error_of(lambda: world.open().revoke(certificate(), "superseded"), RefusedError).code == "acme_no_revocation"


# --- the connection --------------------------------------------------------------------------------------------------


def test_opening_an_account_asks_nobody_until_the_first_verb(world: World) -> None:
    world.open()
    assert world.http.asked == []
    assert world.made == []


def test_a_ca_that_could_not_be_reached_is_tried_again_by_the_next_verb(world: World) -> None:
    world.http.on(DIRECTORY, NOT_SENT, NOT_SENT, NOT_SENT, directory()).on(ORDER, order("processing"))
    adapter = world.open()
    error_of(lambda: adapter.look(ORDER, request()), TransportError)
    assert adapter.look(ORDER, request()).status is Status.ISSUING
    assert world.made == ["ecdsa-p256"]


def test_an_order_for_which_no_time_was_left_is_told_as_not_sent(world: World) -> None:
    adapter = world.open(deadline=5)
    assert adapter.capabilities.finding is Finding.EXACT
    world.clock.seconds = 5
    failure = error_of(lambda: adapter.submit(request()), TransportError)
    assert isinstance(failure, TransportError) and not failure.sent
    assert world.http.to(NEW_ORDER) == []


def test_the_deadline_is_for_all_requests_together(world: World) -> None:
    world.http.cost = 4.0
    world.http.on(ORDER, order("processing"))
    adapter = world.open(deadline=30)
    with pytest.raises(DeadlineError):
        for _time in range(20):
            adapter.look(ORDER, request())
    assert world.clock.seconds <= 34
    assert all(one.timeout <= 30 for one in world.http.asked)


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        Answer(200, {"newNonce": f"{CA}/n"}),
        Answer(200, {**directory().body, "newOrder": "http://ca.example.test/"}),
    ],
)
def test_a_directory_that_is_none(world: World, answer: Answer) -> None:
    world.http.on(DIRECTORY, answer)
    error_of(lambda: world.open().look(ORDER, request()), ProtocolError)


def test_the_token_reaches_the_record_only_as_a_digest(world: World) -> None:
    world.http.on(NEW_ORDER, order()).on(AUTHZ, authorization())
    seen = world.open().submit(request())
    assert TOKEN not in seen.wanted.records[0].value
    assert len(seen.wanted.records[0].value) == 43
