# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACME adapter (RFC 8555): the verbs of ``_ca/contract``, one CA account, no memory but the account key.

                 submit: newOrder (§7.4)
                     │
                     ▼            ready: answer all            ready: finalize
    ┌───────────── pending ─────────────────────────► ready ───────────────────► processing ──► valid
    │  publish what  │                                  │                            │            │
    │  is wanted     │ a challenge fails, an authorization ends, the order expires   │            ▼
    │                ▼                                  ▼                            ▼        download
    └─ cancel ──► invalid ◄─────────────────────────────┴────────────────────────────┘      (§7.4.2)
      (§7.5.2)

The handle is the order's URL; whatever else is needed is asked anew each time, so that any process can go on after any
other. How each status is read stands in ``seeing``; no verb sleeps until something happens: the ledger polls.

After a lost answer: every verb but ``submit`` may simply be repeated. A ProtocolError or RefusedError of ``submit``
means that no order was made; a TransportError with ``sent`` that one may have been made. Once the order's URL is known
``submit`` returns it, whatever goes wrong afterwards (Status.UNKNOWN: look again).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import settings_refused
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme import library
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.answers import (
    METHODS,
    Authorization,
    Order,
    chain_of,
    links,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.choosing import (
    advised,
    chosen_profile,
    is_preferred,
    own_key,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.doors import Advisor, Doors
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.network import Once
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.seeing import Way, seen_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.session import CHAIN_TYPE, Session
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountFacts, Advice
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    Capabilities,
    Contact,
    Finding,
    Issued,
    OrderRequest,
    Seen,
    Status,
    not_offered,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

__all__ = ["AcmeAdapter", "AcmeFactory"]

#: RFC 8555 §7.1.3 leaves it to the CA how a wildcard is validated; BR 3.2.2.4.19 (http-01) excludes wildcards.
WILDCARD_METHODS = ("dns-01", "dns-account-01", "dns-persist-01")
#: Refusals of a newOrder that may be about ``replaces`` alone (RFC 9773 §5): nothing was ordered by them.
_NOT_REPLACEABLE = frozenset({"acme_alreadyReplaced", "acme_malformed", "acme_unauthorized", "acme_not_found"})
#: RFC 5280 §5.3.1, those that a Subscriber may give (BR 7.2.2).
REASONS = {
    "unspecified": 0,
    "keyCompromise": 1,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
    "privilegeWithdrawn": 9,
}
#: §7.1.6: an order that a lost newOrder made has not been finalized by anyone, so it is in one of these. One that is
#: processing or valid was finalized with another CSR: its certificate would not fit our key.
_FINDABLE = ("pending", "ready")
#: An order takes half a dozen requests, each a way to the CA and back. RFC 8555 names no limit; a CA that finds it
#: too much says 429 and until when (§6.6), which holds all of them.
_SIDE_BY_SIDE = 4
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


class AcmeAdapter:
    """CaAdapter. The CA is first contacted by the first verb, or when ``capabilities`` is asked for."""

    def __init__(self, doors: Doors, settings: Settings) -> None:
        self._doors = doors
        self._settings = settings
        self._session: Session | None = None
        self._just_seen: dict[str, Order] = {}
        self._advisor: Advisor | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Finding: EXACT where the account lists its orders (§7.1.2.1: Pebble does, Boulder does not), elsewhere
        NEEDLESS: a certificate is issued for a finalized order alone (§7.4), and only ``ready`` finalizes, which needs
        the order's URL. So the price of a lost order is one that expires unused, and its share of a rate limit; Boulder
        even hands out the same pending order again. IMPOSSIBLE by the user's choice (``lost_order: ask_person``), for
        a CA with a bill of its own for orders.
        """
        session = self._open()
        unlisted = Finding.NEEDLESS if self._settings.resubmit_lost else Finding.IMPOSSIBLE
        return Capabilities(
            methods=METHODS,
            wildcard_methods=WILDCARD_METHODS,
            finding=Finding.EXACT if session.account.orders is not None else unlisted,
            revoke=session.directory.revoke_cert is not None,
            renewing=session.directory.renewal_info is not None,
            side_by_side=_SIDE_BY_SIDE,
        )

    def submit(self, request: OrderRequest) -> Seen:
        _refuse_method(request)
        try:
            session = self._open()
            profile = chosen_profile(session, self._settings, request)
            for name in request.dns_names if self._settings.preauthorize else ():
                if not name.startswith("*."):
                    session.pre_authorize(name)
            response = self._new_order(session, request, profile)
        except DeadlineError as failure:
            raise _not_sent(failure) from failure
        except RefusedError as refusal:
            raise advised(refusal, self._settings) from refusal
        handle = _new_handle(session, response)
        try:
            order = session.order_of(handle, response)
            _same_names(order, request)
            return self._seen(order, request)
        except InkanError as failure:
            return Seen(handle=handle, status=Status.UNKNOWN, status_word="submitted", problem=failure.sentence())

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """``since`` is of no use here: an order does not say when it was made (§7.1.3). An older order with exactly
        these names that nobody knows serves as well as the lost one."""
        wish = _names(request)
        listed = self._open().listed_orders(known_handles)
        found = [order for order in listed if order.status in _FINDABLE and order.names == wish]
        if not found:
            return None
        return self._seen(max(found, key=lambda order: (order.expires or _EARLIEST, order.url)), request)

    def look(self, handle: str, request: OrderRequest) -> Seen:
        order = self._open().order(handle)
        if order is None:
            return _gone(handle)
        _same_names(order, request)
        return self._seen(self._kept(order), request)

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        order = self._order(handle)
        if order is None:
            return _gone(handle)
        _same_names(order, request)
        if order.status == "pending":
            return self._answer(order, request)
        if order.status == "ready":
            return self._finalize(order, request)
        return self._seen(self._kept(order), request)

    def download(self, handle: str, request: OrderRequest) -> Issued:
        session = self._open()
        order = self._order(handle)
        if order is None or order.certificate is None:
            raise RefusedError(
                code="acme_not_issued",
                what="The certificate cannot be downloaded",
                where=handle,
                why=f"the order is {order.status}" if order else "the CA knows no such order any more",
                todo="Run again",
                # a stale answer may show the order as it was before it was issued
                retryable=order is not None and order.status not in ("invalid", "deactivated"),
            )
        _same_names(order, request)
        response = session.network.read(order.certificate, "download the certificate", accept=CHAIN_TYPE)
        chain = self._preferred(session, response)
        leaf = library.Certificate(session.library, chain[0])
        if request.csr_pem and not leaf.has_key_of(session.library, request.csr_pem):
            raise ProtocolError(
                code="acme_wrong_certificate",
                what="The CA sent a certificate for another key",
                where=order.certificate,
                why="its public key is not the one of our CSR",
                todo="Do not deploy it; tell the CA",
            )
        return Issued(certificate=chain[0], chain=chain[1:])

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        raise not_offered("send approval mails again: ACME has none")

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        raise not_offered("ask somebody else for approval: ACME asks nobody")

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        """ACME cannot cancel an order: its pending authorizations are deactivated (§7.5.2), which ends it. Valid ones
        are left alone: other orders may build on them, and an order that is not finalized simply expires."""
        session = self._open()
        order = session.order(handle)
        if order is None:
            return _gone(handle)
        if order.status in ("processing", "valid", "invalid"):
            return self._seen(order, request)
        for authorization in session.authorizations(order):
            if authorization.status == "pending":
                session.deactivate(authorization)
        return Seen(handle=handle, status=Status.CANCELLED, status_word=order.status)

    def revoke(self, certificate_pem: str, reason: str) -> None:
        """§7.6. One that is revoked already is as wanted. A success has a nonce (§6.5): a page that came in its place
        has none."""
        if reason not in REASONS:
            raise InputError(
                code="unknown_reason",
                what="Cannot revoke",
                why=f"unknown reason {reason!r}",
                todo=f"Choose one of {', '.join(REASONS)}",
                reference="RFC 5280 §5.3.1",
            )
        session = self._open()
        url = session.directory.revoke_cert
        if url is None:
            raise RefusedError(
                code="acme_no_revocation", what="The CA's directory has no revokeCert", todo="Revoke at the CA's portal"
            )
        try:
            answer = self._revoked(session, url, certificate_pem, REASONS[reason])
        except RefusedError as refusal:
            if refusal.code != "acme_alreadyRevoked":
                raise
            return
        if "replay-nonce" not in answer.headers:
            raise ProtocolError(
                code="acme_bad_answer",
                what="The CA gave no usable answer: revoke",
                why="its success has no nonce: something else may have answered in its place",
                todo="Run again: the certificate may not be revoked yet",
                retryable=True,
            )

    # --- advice, and the account ---------------------------------------------------------------------------------

    def renewal_advice(self, certificate_pem: str) -> Advice | None:
        """RFC 9773 §4: unsigned, so no account is opened and no key is made for it."""
        return self._its_advisor().advice(certificate_pem)

    def renewal_advice_of(self, renewal_id: str) -> Advice | None:
        return self._its_advisor().advice_of(renewal_id)

    def _its_advisor(self) -> Advisor:
        if self._advisor is None:
            self._advisor = self._doors.advise()
        return self._advisor

    def remembered_account(self) -> AccountFacts | None:
        return self._doors.keeper.remembered()

    def open_account(self) -> AccountFacts:
        return self._doors.keeper.facts(self._open())

    def roll_key(self) -> None:
        self._doors.keeper.roll_key(self._open())

    def close_account(self) -> None:
        if self._doors.keeper.is_closed:
            return
        session = self._open()
        session.close()
        self._doors.keeper.closed(session)

    # --- parts of verbs ------------------------------------------------------------------------------------------

    def _revoked(self, session: Session, url: str, certificate_pem: str, reason: int) -> HttpResponse:
        """§7.6: by the account; where that may not, by the certificate's own key, if this host keeps it."""
        payload = session.key.revocation(certificate_pem, reason)
        try:
            return session.network.post(url, payload, "revoke")
        except RefusedError as refusal:
            key = own_key(session.library, certificate_pem, self._settings.revocation_keys)
            if refusal.code != "acme_unauthorized" or key is None:
                raise
            return session.network.post_signed_by(key, url, payload, "revoke by the certificate's key")

    def _new_order(self, session: Session, request: OrderRequest, profile: str) -> HttpResponse:
        """§7.4. One that says which certificate it replaces (RFC 9773 §5), and is refused for that, is sent without."""
        once = Once.IF_FOUND if session.account.orders is not None else Once.IF_TOLD

        def send(replaces: str) -> HttpResponse:
            payload = session.key.new_order(request.dns_names, profile=profile, replaces=replaces)
            request.still_ours()
            return session.network.post(
                session.directory.new_order, payload, "order", once=once, names=request.dns_names
            )

        replaces = _replaced(session, request)
        if replaces:
            try:
                return send(replaces)
            except RefusedError as refusal:
                if refusal.code not in _NOT_REPLACEABLE:
                    raise
        return send("")

    def _open(self) -> Session:
        """Connected once; after a failure the next verb tries again (the ledger rests between)."""
        if self._session is None:
            try:
                self._session = self._doors.connect()
            except TransportError as failure:
                failure.sent = False  # directory and account only: nothing was ordered
                raise
        return self._session

    def _seen(self, order: Order, request: OrderRequest) -> Seen:
        session = self._open()
        authorizations: list[Authorization] = []
        if order.status == "pending":
            authorizations = session.authorizations(order)
            _only_ours(authorizations, request)
        elif order.status == "invalid":
            try:
                authorizations = session.authorizations(order)
            except RefusedError:  # deleted with it: then the order's own words must do
                authorizations = []
        return self._judged(order, authorizations, request)

    def _judged(self, order: Order, authorizations: t.Sequence[Authorization], request: OrderRequest) -> Seen:
        session = self._open()
        now, settings = session.network.clock.now(), self._settings
        end = until(now, settings.persist_days)
        way = Way(request.method, session.key, session.account.url, session.holder, settings.issuer_domain, end)
        return seen_of(order, authorizations, way=way, now=now)

    def _answer(self, order: Order, request: OrderRequest) -> Seen:
        """§7.5.1: answer each pending challenge of our method, all before anything is polled."""
        session = self._open()
        authorizations = session.authorizations(order)
        _only_ours(authorizations, request)
        before = self._judged(order, authorizations, request)
        if before.status is not Status.WANTS_VALIDATION:
            return before
        refusal: RefusedError | None = None
        for number, authorization in enumerate(authorizations):
            try:
                authorizations[number] = session.answered(authorization, request.method)
            except RefusedError as failure:
                refusal = failure  # most often: validated meanwhile, for the answer to an earlier call was lost
        if refusal is None:
            return self._judged(order, authorizations, request)
        after = self.look(order.url, request)
        if after.status is Status.WANTS_VALIDATION and (after.wanted.records or after.wanted.files):
            raise refusal
        return after

    def _finalize(self, order: Order, request: OrderRequest) -> Seen:
        """§7.4. Refused as orderNotReady it was finalized by a call whose answer was lost: look."""
        session = self._open()
        try:
            response = session.network.post(order.finalize, session.key.finalize(request.csr_pem), "finalize the order")
        except RefusedError as refusal:
            if refusal.code != "acme_orderNotReady":
                raise
            return self.look(order.url, request)
        return self._seen(self._kept(session.order_of(order.url, response)), request)

    def _kept(self, order: Order) -> Order:
        """Kept for the next verb where it is ready or valid: no order leaves these but by a request of ours, or by its
        end, which the CA tells whoever comes too late."""
        if order.status in ("ready", "valid"):
            self._just_seen[order.url] = order
        return order

    def _order(self, handle: str) -> Order | None:
        kept = self._just_seen.pop(handle, None)
        return kept if kept is not None else self._open().order(handle)

    def _preferred(self, session: Session, response: HttpResponse) -> tuple[str, ...]:
        """§7.4.2: of the alternate chains the first that the settings prefer; else the default, for a certificate with
        another chain is better than none."""
        default = chain_of(response)
        wish = self._settings.preferred_chain
        if not wish or is_preferred(session.library, default, wish):
            return default
        for url in links(response, "alternate", session.rule):
            other = chain_of(session.network.read(url, "download another chain", accept=CHAIN_TYPE))
            if is_preferred(session.library, other, wish):
                return other
        return default


class AcmeFactory:
    """AdapterFactory. new_private_key: makes a PEM key of a key type of ours (``_x509.keys.new_private_key``)."""

    def __init__(
        self,
        *,
        clock: Clock,
        new_private_key: t.Callable[[str], bytes],
        http: t.Callable[[str | None], HttpClient] | None = None,
    ) -> None:
        self._clock = clock
        self._new_private_key = new_private_key
        self._http = http or (lambda ca_bundle: DirectHttp(ca_bundle=ca_bundle))

    def settings_errors(self, account: AccountConfig) -> list[str]:
        return parse_settings(account)[1]

    def open(self, account: AccountConfig, *, deadline: float) -> AcmeAdapter:
        settings, errors = parse_settings(account)
        if errors:
            raise settings_refused(account, errors)
        doors = Doors(
            account, settings, self._clock, self._http, self._new_private_key, self._clock.monotonic() + deadline
        )
        return AcmeAdapter(doors, settings)


def _refuse_method(request: OrderRequest) -> None:
    wildcards = [name for name in request.dns_names if name.startswith("*.")]
    possible = WILDCARD_METHODS if wildcards else METHODS
    if request.method not in possible:
        raise InputError(
            code="method_not_possible",
            what="Cannot order by ACME",
            where=f"order {request.reference}",
            why=f"{request.method} does not validate {wildcards[0] if wildcards else 'by ACME'}",
            todo=f"Choose {' or '.join(possible)} as the validation method",
        )


def _not_sent(failure: DeadlineError) -> TransportError:
    """The network raises DeadlineError before it sends: said so that nobody looks for a lost order."""
    return TransportError(
        code=failure.code, what=failure.what, where=failure.where, why=failure.why, todo=failure.todo, sent=False
    )


def _new_handle(session: Session, response: HttpResponse) -> str:
    """§7.4: the order's URL is in Location. Without it the order is there, and out of reach."""
    try:
        return session.rule.checked(response.headers.get("location"), "the order's URL")
    except ProtocolError as failure:
        raise TransportError(
            code="acme_order_without_url",
            what="The CA took the order, but half of its answer is missing",
            where=response.url,
            why=failure.what,
            sent=True,
        ) from failure


def _replaced(session: Session, request: OrderRequest) -> str:
    """The identifier of the certificate that is replaced, where the server has renewal information (RFC 9773 §5)."""
    before = request.replaces
    if session.directory.renewal_info is None or before is None or not before.certificate:
        return ""
    try:
        return library.Certificate(session.library, before.certificate).renewal_id
    except InkanError:  # one that cannot be read was not issued by this CA
        return ""


def _names(request: OrderRequest) -> tuple[str, ...]:
    return tuple(sorted(set(request.dns_names)))


def _same_names(order: Order, request: OrderRequest) -> None:
    """§7.4: the server must keep the identifiers; checked at every look, for a wrong handle has other ones, too."""
    wish = _names(request)
    if order.names != wish:
        raise ProtocolError(
            code="acme_identifiers_changed",
            what="The order at the CA is not for the names that were ordered",
            where=order.url,
            why=f"ordered: {', '.join(wish)}; at the CA: {', '.join(order.names)}",
            todo="Cancel this order; if it happens again, tell the CA",
            reference="RFC 8555 §7.4",
        )


def _only_ours(authorizations: t.Sequence[Authorization], request: OrderRequest) -> None:
    """Nothing is published for a name that we did not order."""
    ours = {validated_name(name) for name in request.dns_names}
    strange = sorted({one.name for one in authorizations if validated_name(one.name) not in ours})
    if strange:
        raise ProtocolError(
            code="acme_strange_authorization",
            what="The CA wants a name validated that was not ordered",
            where=", ".join(strange),
            why=f"ordered: {', '.join(request.dns_names)}",
            todo="Cancel this order; if it happens again, tell the CA",
            reference="RFC 8555 §7.1.3",
        )


def _gone(handle: str) -> Seen:
    """The CA forgot the order: nothing can come of it any more."""
    return Seen(handle=handle, status=Status.EXPIRED, status_word="HTTP 404", problem="the CA knows no such order")
