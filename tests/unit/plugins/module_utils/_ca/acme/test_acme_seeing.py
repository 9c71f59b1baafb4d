# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every status of RFC 8555 §7.1.6, and words that are none."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.answers import Authorization, Challenge, Order
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.seeing import Way, seen_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord
from ansible_collections.inkan.tls.plugins.module_utils._core.problem import Problem
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    ACCOUNT,
    NOW,
    ORDER,
    TOKEN,
    TYPE,
)

REFUSAL = Problem(type=TYPE + "dns", detail="NXDOMAIN looking up TXT")


class Key:
    def key_authorization(self, token: str) -> str:
        return f"{token}.thumbprint"

    def dns_value(self, token: str) -> str:
        return f"digest-of-{token[:4]}"


def an_order(status: str, **more: t.Any) -> Order:
    words: dict[str, t.Any] = {
        "url": ORDER,
        "status": status,
        "names": ("a.example.test", "b.example.test"),
        "authorizations": (),
        "finalize": f"{ORDER}/finalize",
        "certificate": None,
        "expires": NOW + timedelta(days=7),
        "problem": None,
    }
    return Order(**{**words, **more})


def a_challenge(status: str = "pending", kind: str = "dns-01", **more: t.Any) -> Challenge:
    return Challenge(**{"type": kind, "url": "https://x/c", "status": status, "token": TOKEN, "problem": None, **more})


def an_authorization(status: str, *challenges: Challenge, name: str = "a.example.test", **more: t.Any) -> Authorization:
    return Authorization(
        url="https://x/a", name=name, status=status, challenges=challenges, **{"expires": None, **more}
    )


def seen(order: Order, *authorizations: Authorization, method: str = "dns-01") -> Seen:
    return seen_of(order, authorizations, way=Way(method, Key(), ACCOUNT), now=NOW)


VALID = an_authorization("valid", name="b.example.test")


@pytest.mark.parametrize(
    "authorizations, status, word",
    [
        pytest.param([an_authorization("pending", a_challenge())], Status.WANTS_VALIDATION, "pending", id="to publish"),
        pytest.param(
            [an_authorization("pending", a_challenge()), an_authorization("pending", a_challenge("processing"))],
            Status.WANTS_VALIDATION,
            "pending",
            id="one answered, one still to publish",
        ),
        pytest.param(
            [an_authorization("pending", a_challenge("processing")), VALID],
            Status.VALIDATING,
            "pending",
            id="the CA is looking",
        ),
        pytest.param(
            [an_authorization("pending", a_challenge("valid"))],
            Status.VALIDATING,
            "pending",
            id="the challenge is valid, the authorization not yet",
        ),
        pytest.param([VALID], Status.VALIDATING, "pending", id="all valid, the order not yet ready"),
        pytest.param(
            [an_authorization("pending", a_challenge("invalid", problem=REFUSAL)), VALID],
            Status.REFUSED,
            "pending, pending",
            id="a challenge failed",
        ),
        pytest.param(
            [an_authorization("invalid", a_challenge("invalid", problem=REFUSAL)), VALID],
            Status.REFUSED,
            "pending, invalid",
            id="an authorization failed",
        ),
        pytest.param([an_authorization("revoked")], Status.REFUSED, "pending, revoked", id="the CA took it back"),
        pytest.param([an_authorization("deactivated"), VALID], Status.CANCELLED, "pending, deactivated", id="given up"),
        pytest.param([an_authorization("expired"), VALID], Status.EXPIRED, "pending, expired", id="too late"),
        pytest.param(
            [an_authorization("expired"), an_authorization("invalid")],
            Status.REFUSED,
            "pending, expired",
            id="a refusal weighs more than an expiry",
        ),
        pytest.param(
            [an_authorization("paused"), VALID], Status.UNKNOWN, "pending, paused", id="unknown authorization"
        ),
        pytest.param(
            [an_authorization("pending", a_challenge("queued"))],
            Status.UNKNOWN,
            "pending, queued",
            id="unknown challenge",
        ),
    ],
)
def test_a_pending_order_means_what_its_authorizations_say(
    authorizations: list[Authorization], status: Status, word: str
) -> None:
    found = seen(an_order("pending"), *authorizations)
    assert (found.status, found.status_word, found.handle) == (status, word, ORDER)


@pytest.mark.parametrize(
    "order, status",
    [
        pytest.param(an_order("processing", retry_after=7.0), Status.ISSUING, id="being issued"),
        pytest.param(an_order("valid", certificate="https://x/cert"), Status.ISSUED, id="issued"),
        pytest.param(an_order("valid"), Status.UNKNOWN, id="issued without a certificate"),
        pytest.param(an_order("deactivated"), Status.CANCELLED, id="Pebble's word for given up"),
        pytest.param(an_order("on-hold"), Status.UNKNOWN, id="a word that nobody knows"),
        pytest.param(
            an_order("VALID", certificate="https://x/cert"), Status.UNKNOWN, id="words are compared as they are"
        ),
    ],
)
def test_the_other_words_of_an_order(order: Order, status: Status) -> None:
    found = seen(order)
    assert (found.status, found.status_word) == (status, order.status)
    assert found.retry_after == order.retry_after


def test_a_ready_order_wants_nothing_published_but_ready_to_be_called() -> None:
    found = seen(an_order("ready"))
    assert found.status is Status.WANTS_VALIDATION
    assert (found.wanted.records, found.wanted.files) == ((), ())
    assert found.validated == ("a.example.test", "b.example.test")


@pytest.mark.parametrize(
    "order, authorizations, status, words",
    [
        pytest.param(
            an_order("invalid", problem=Problem(type=TYPE + "caa", detail="CAA forbids")),
            [],
            Status.REFUSED,
            ["CAA forbids (caa)", "Allow the CA in the CAA records"],
            id="the order's own error",
        ),
        pytest.param(
            an_order("invalid"),
            [an_authorization("invalid", a_challenge("invalid", problem=REFUSAL)), VALID],
            Status.REFUSED,
            ["a.example.test: NXDOMAIN looking up TXT (dns)", "Check the delegation"],
            id="an authorization's error",
        ),
        pytest.param(
            an_order("invalid"), [an_authorization("deactivated")], Status.CANCELLED, ["deactivated"], id="given up"
        ),
        pytest.param(an_order("invalid"), [an_authorization("expired")], Status.EXPIRED, ["expired"], id="too late"),
        pytest.param(
            an_order("invalid", expires=NOW), [VALID], Status.EXPIRED, ["has expired"], id="the order's expiry"
        ),
        pytest.param(an_order("invalid"), [], Status.REFUSED, ["gave no reason"], id="no reason at all"),
    ],
)
def test_why_an_order_is_invalid(
    order: Order, authorizations: list[Authorization], status: Status, words: list[str]
) -> None:
    found = seen(order, *authorizations)
    assert (found.status, found.status_word) == (status, "invalid")
    assert all(word in found.problem for word in words), found.problem


def test_a_reason_that_order_and_authorization_share_is_told_once() -> None:
    order = an_order("invalid", problem=REFUSAL)
    found = seen(order, an_authorization("invalid", a_challenge("invalid", problem=REFUSAL)))
    assert found.problem.count("NXDOMAIN") == 1


def test_a_name_and_its_wildcard_want_two_values_at_one_owner_name() -> None:
    other = "B" * 43
    found = seen(
        an_order("pending"),
        an_authorization("pending", a_challenge(), name="example.test"),
        an_authorization("pending", a_challenge(token=other), name="*.example.test"),
    )
    assert found.wanted.records == (
        TokenRecord("_acme-challenge.example.test", "TXT", "digest-of-evaG"),
        TokenRecord("_acme-challenge.example.test", "TXT", "digest-of-BBBB"),
    )
    assert found.wanted.files == ()


def test_http_01_wants_a_file_named_by_the_token() -> None:
    found = seen(an_order("pending"), an_authorization("pending", a_challenge(kind="http-01")), VALID, method="http-01")
    path = f".well-known/acme-challenge/{TOKEN}"
    url = f"http://a.example.test/{path}"
    assert found.wanted.files == (TokenFile("a.example.test", path, f"{TOKEN}.thumbprint", url),)
    assert found.validated == ("b.example.test",)


def test_what_was_answered_stays_wanted_until_it_is_valid() -> None:
    found = seen(an_order("pending"), an_authorization("pending", a_challenge("processing")))
    assert len(found.wanted.records) == 1


@pytest.mark.parametrize(
    "token",
    [
        "",
        "short",
        "../../../../etc/passwd",
        "a" * 201,
        TOKEN + "=",
        TOKEN + "\n",
        TOKEN[:-1] + "é",
        "a/b" * 10,
        "a.b" * 10,
    ],
)
@pytest.mark.parametrize("method", ["dns-01", "http-01"])
def test_a_hostile_token_is_never_published(token: str, method: str) -> None:
    with pytest.raises(ProtocolError):
        seen(an_order("pending"), an_authorization("pending", a_challenge(kind=method, token=token)), method=method)


def test_a_method_that_the_ca_does_not_offer_is_named_with_what_it_offers() -> None:
    with pytest.raises(RefusedError) as caught:
        seen(an_order("pending"), an_authorization("pending", a_challenge(kind="dns-01")), method="http-01")
    assert caught.value.code == "acme_method_not_offered"
    assert "it offers dns-01" in caught.value.sentence()
    assert not caught.value.retryable


def test_the_earliest_end_counts() -> None:
    soon = NOW + timedelta(hours=1)
    found = seen(an_order("pending"), an_authorization("pending", a_challenge(), expires=soon))
    assert found.expires == soon


def test_the_longest_retry_after_of_what_is_pending_counts() -> None:
    found = seen(
        an_order("pending", retry_after=1.0),
        an_authorization("pending", a_challenge("processing"), retry_after=3.0),
        an_authorization("valid", retry_after=99.0),
    )
    assert found.retry_after == 3.0
