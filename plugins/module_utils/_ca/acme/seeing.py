# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an order and its authorizations mean: pure, one branch for each status of RFC 8555 §7.1.6.

    order (§7.1.6)      authorizations, challenges of our method        Seen.status       next
    ──────────────      ────────────────────────────────────────        ───────────       ────
    pending             one challenge pending                           WANTS_VALIDATION  publish, then ready
    pending             none pending, one processing or valid           VALIDATING        look
    pending             one invalid (authorization or challenge)        REFUSED
    pending             one authorization deactivated                   CANCELLED
    pending             one authorization expired                       EXPIRED
    pending             all authorizations valid                        VALIDATING        look (becomes ready)
    ready               -                                               WANTS_VALIDATION  nothing to publish: ready
    processing          -                                               ISSUING           look
    valid               -                                               ISSUED            download
    invalid             by the reason found                             REFUSED, EXPIRED or CANCELLED
    any other word      in the order, an authorization, a challenge     UNKNOWN           look

This file is private to the collection.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.answers import (
    Authorization,
    Challenge,
    Order,
    checked_parameter,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import (
    STANDING_TTL,
    Holder,
    Standing,
    owner_name,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.problem import Problem

__all__ = ["KeyAuthorizer", "Way", "account_label", "seen_of"]

#: §7.1.6: "pending", "valid" and the four words in which an authorization ends.
_FINAL: dict[str, Status] = {
    "invalid": Status.REFUSED,
    "revoked": Status.REFUSED,
    "deactivated": Status.CANCELLED,
    "expired": Status.EXPIRED,
}
_AUTHORIZATION_WORDS = frozenset({"pending", "valid"} | _FINAL.keys())
_CHALLENGE_WORDS = frozenset({"pending", "processing", "valid", "invalid"})
#: Of several reasons, the one to tell: what the CA refused weighs more than what we gave up.
_WEIGHT = (Status.REFUSED, Status.CANCELLED, Status.EXPIRED)


class KeyAuthorizer(t.Protocol):
    """What of the account key is needed to know the tokens."""

    def key_authorization(self, token: str) -> str: ...

    def dns_value(self, token: str) -> str: ...


class Way(t.NamedTuple):
    """How the names of an order are validated.

    account: its URL; holder: the account as standing records name it; issuer_domain: the one to name in them, if the CA
    offers it; persist_until: their end, 0: none
    """

    method: str
    key: KeyAuthorizer
    account: str = ""
    holder: Holder = Holder("")
    issuer_domain: str = ""
    persist_until: int = 0


def seen_of(order: Order, authorizations: t.Sequence[Authorization], *, way: Way, now: datetime) -> Seen:
    """authorizations: needed while the order is pending or invalid; else they may be left out.

    Raises RefusedError where the CA offers no challenge of ``method``, ProtocolError for a token that is none.
    """
    if order.status == "pending":
        return _pending(order, authorizations, way)
    if order.status == "ready":
        # §7.1.6: all authorizations are valid; §7.4: the client should finalize now.
        return _seen(order, authorizations, Status.WANTS_VALIDATION, validated=order.names)
    if order.status == "processing":
        # §7.4: "The certificate is being issued."
        return _seen(order, authorizations, Status.ISSUING, validated=order.names, retry_after=order.retry_after)
    if order.status == "valid":
        # §7.4: "The server has issued the certificate and provisioned its URL" - without one it is not there yet.
        status = Status.ISSUED if order.certificate else Status.UNKNOWN
        return _seen(order, authorizations, status, validated=order.names)
    if order.status == "invalid":
        return _invalid(order, authorizations, now)
    if order.status == "deactivated":
        # No status of an order in §7.1.6, but Pebble's word for one whose authorization we deactivated.
        return _seen(order, authorizations, Status.CANCELLED)
    return _seen(order, authorizations, Status.UNKNOWN, retry_after=order.retry_after)


def _pending(order: Order, authorizations: t.Sequence[Authorization], way: Way) -> Seen:
    """§7.1.6: the order waits until every authorization is valid, and becomes invalid with the first that ends."""
    ended = [one for one in authorizations if one.status in _FINAL]
    if ended:
        return _ended(order, authorizations, ended)
    strange = [one.status for one in authorizations if one.status not in _AUTHORIZATION_WORDS]
    waiting = [one for one in authorizations if one.status == "pending"]
    asked = [(one, _challenge(one, way.method)) for one in waiting]
    strange += [challenge.status for _one, challenge in asked if challenge.status not in _CHALLENGE_WORDS]
    if strange:
        return _seen(order, authorizations, Status.UNKNOWN, word=f"{order.status}, {strange[0]}")
    refused = [one for one, challenge in asked if challenge.status == "invalid"]
    if refused:  # §7.1.6: the authorization becomes invalid with it; no second try on the same one
        return _ended(order, authorizations, refused)
    is_open = any(challenge.status == "pending" for _one, challenge in asked)
    return _seen(
        order,
        authorizations,
        Status.WANTS_VALIDATION if is_open else Status.VALIDATING,
        wanted=_wanted(asked, way),
        validated=_valid_names(authorizations),
        retry_after=max((one.retry_after for one in waiting if one.retry_after is not None), default=order.retry_after),
    )


def _invalid(order: Order, authorizations: t.Sequence[Authorization], now: datetime) -> Seen:
    """§7.1.6: an error at any stage, an authorization that ended otherwise than valid, or the order's expiry."""
    ended = [one for one in authorizations if one.status in _FINAL]
    if order.problem is None and not ended and order.expires is not None and order.expires <= now:
        return _seen(order, authorizations, Status.EXPIRED, problem="the order has expired")
    return _ended(order, authorizations, ended)


def _ended(order: Order, authorizations: t.Sequence[Authorization], ended: t.Sequence[Authorization]) -> Seen:
    found = {_FINAL.get(one.status, Status.REFUSED) for one in ended}
    status = (
        Status.REFUSED if order.problem is not None else next((one for one in _WEIGHT if one in found), Status.REFUSED)
    )
    words = [f"{one.name}: {_words(one.problem) or f'the authorization is {one.status}'}" for one in ended]
    told = {one.problem.detail for one in ended if one.problem is not None}
    if order.problem is not None and order.problem.detail not in told:  # CAs repeat an authorization's in the order
        words.insert(0, _words(order.problem))
    word = order.status if order.status == "invalid" else f"{order.status}, {ended[0].status}"
    return _seen(order, authorizations, status, word=word, problem="; ".join(words) or "the CA gave no reason")


def _words(problem: Problem | None) -> str:
    if problem is None:
        return ""
    advice = problem.advice
    return problem.sentence() + (f". {advice.todo}" if advice else "")


def _challenge(authorization: Authorization, method: str) -> Challenge:
    challenge = authorization.challenge(method)
    if challenge is None:
        offered = ", ".join(sorted({one.type for one in authorization.challenges})) or "none that we speak"
        raise RefusedError(
            code="acme_method_not_offered",
            what=f"The CA does not validate {authorization.name} by {method}",
            where=authorization.url,
            why=f"it offers {offered}",
            todo="Choose another validation method for this certificate",
            reference="RFC 8555 §8",
        )
    return challenge


def _wanted(asked: t.Sequence[tuple[Authorization, Challenge]], way: Way) -> Wanted:
    """Also what was answered stays wanted until it is valid: the CA may look again, from several places (§8.2)."""
    if way.method == "http-01":
        return Wanted(files=tuple(_file(one, challenge, way.key) for one, challenge in asked))
    if way.method == "dns-persist-01":
        return Wanted(records=_standing_records(asked, way))
    return Wanted(records=tuple(_record(one, challenge, way) for one, challenge in asked))


def _record(authorization: Authorization, challenge: Challenge, way: Way) -> TokenRecord:
    """§8.4. A name and its wildcard share the owner name: both values must be there."""
    label = f"{account_label(way.account)}." if way.method == "dns-account-01" else ""
    name = f"{label}_acme-challenge.{validated_name(authorization.name)}"
    return TokenRecord(name=name, type="TXT", value=way.key.dns_value(challenge.checked_token()))


def account_label(account: str) -> str:
    """draft-ietf-acme-dns-account-label: of the account's URL, so that several accounts can answer side by side."""
    digest = hashlib.sha256(account.encode()).digest()[:10]
    return "_" + base64.b32encode(digest).decode("ascii").lower()


def _standing_records(asked: t.Sequence[tuple[Authorization, Challenge]], way: Way) -> tuple[TokenRecord, ...]:
    """draft-ietf-acme-dns-persist §4. One record for a name and its wildcard: the wider one is enough for both."""
    wide = {validated_name(one.name) for one, _challenge in asked if one.name.startswith("*.")}
    found: dict[str, TokenRecord] = {}
    for one, challenge in asked:
        name = validated_name(one.name)
        issuers = challenge.checked_issuers()
        issuer = way.issuer_domain if way.issuer_domain in issuers else issuers[0]
        holder = way.holder if way.holder.hash_prefix else Holder(challenge.account_uri or way.account)
        standing = Standing(issuer, checked_parameter(holder.uri(name)), name in wide, way.persist_until)
        record = TokenRecord(owner_name(name), "TXT", standing.value(), STANDING_TTL)
        found.setdefault(name, record)
    return tuple(found.values())


def _file(authorization: Authorization, challenge: Challenge, key: KeyAuthorizer) -> TokenFile:
    """§8.3."""
    token = challenge.checked_token()
    path = f".well-known/acme-challenge/{token}"
    name = authorization.name
    return TokenFile(dns_name=name, path=path, content=key.key_authorization(token), url=f"http://{name}/{path}")


def _valid_names(authorizations: t.Sequence[Authorization]) -> tuple[str, ...]:
    return tuple(one.name for one in authorizations if one.status == "valid")


def _seen(
    order: Order,
    authorizations: t.Sequence[Authorization],
    status: Status,
    *,
    word: str = "",
    wanted: Wanted | None = None,
    validated: tuple[str, ...] | None = None,
    problem: str = "",
    retry_after: float | None = None,
) -> Seen:
    ends = [moment for moment in (order.expires, *(one.expires for one in authorizations)) if moment is not None]
    return Seen(
        handle=order.url,
        status=status,
        status_word=word or order.status,
        wanted=wanted or Wanted(),
        validated=_valid_names(authorizations) if validated is None else validated,
        problem=problem,
        expires=min(ends, default=None),
        retry_after=retry_after,
    )
