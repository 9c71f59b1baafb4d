# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders on their way: made, finalized, issued; certificates revoked (RFC 8555, 7.4, 7.6; RFC 9773, 5).

What takes time goes on in ``work()``, which the lab's tick and every request call: nobody waits for a tick.
"""

from __future__ import annotations

import threading
import time
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from josepy.jwk import JWK

from lab import signing_request
from lab.clock import LabClock, iso_utc
from lab.history import History
from lab.names import bare
from lab.vices import Switches

from . import jws, profiles
from .accounts import Accounts
from .authorizing import PENDING_DAYS, SLOW_SECONDS, Authorizing, serves
from .book import (
    CA,
    INVALID,
    PENDING,
    PROCESSING,
    READY,
    VALID,
    Account,
    Authorization,
    Book,
    Certificate,
    Order,
)
from .limits import Limits
from .making import Making, ari_id
from .ordering import Rules, Wish
from .policy import Asking, Policy
from .problems import Document, Problem, malformed
from .renewal import Renewal

#: RFC 5280, 5.3.1, and what the Baseline Requirements let subscribers say
REASONS = {
    0: x509.ReasonFlags.unspecified,
    1: x509.ReasonFlags.key_compromise,
    3: x509.ReasonFlags.affiliation_changed,
    4: x509.ReasonFlags.superseded,
    5: x509.ReasonFlags.cessation_of_operation,
}


class Desk:
    def __init__(
        self,
        book: Book,
        accounts: Accounts,
        rules: Rules,
        authorizing: Authorizing,
        policy: Policy,
        making: Making,
        renewal: Renewal,
        limits: Limits,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._book, self._accounts, self._rules, self._renewal = book, accounts, rules, renewal
        self._authorizing, self._policy, self._making, self._limits = authorizing, policy, making, limits
        self._clock, self._history, self._switches = clock, history, switches
        self._working = threading.Lock()

    # --- new orders ---

    def new_order(self, account: Account, document: Document) -> Order:
        wish = self._rules.read(document)
        replaces = self._renewal.check_replaces(document.get("replaces"), account.id, wish.names)
        known = self._known(account, wish, replaces)
        if known is not None:
            self._tell_order(known, account, reused=True)
            return known
        self._renewal.check_not_replaced(replaces)
        if not replaces:  # RFC 9773, 5: whoever replaces may come
            self._check_limits(account, wish.names)
        order = self._made(account, wish, replaces)
        self._limits.count("orders", [account.id])
        self._tell_order(order, account, reused=False)
        return order

    def _known(self, account: Account, wish: Wish, replaces: str) -> Order | None:
        """As at Let's Encrypt: an order on its way for the same is the same order."""
        if self._switches.is_on("acme_orders_anew"):
            return None
        wanted = (wish.names, wish.ancestors, wish.profile.name, replaces)
        for order in self._book.of_account(account.id):
            self.refresh(order)
            same = (order.names, order.ancestors, order.profile, order.replaces) == wanted
            if same and order.status in (PENDING, READY):
                return order
        return None

    def _check_limits(self, account: Account, names: t.Sequence[str]) -> None:
        self._limits.check("orders", [account.id])
        self._limits.check("names", [",".join(names)])
        self._limits.check("domain", self._rules.registered(names))

    def _made(self, account: Account, wish: Wish, replaces: str) -> Order:
        now = self._clock.now()
        number = self._book.number("order")
        order = Order(number, account.id, wish.names, wish.profile.name, replaces, now, now + PENDING_DAYS)
        order.ancestors = wish.ancestors
        for name in wish.names:
            order.authorizations[name] = self._authorizing.find_or_make(account, name, wish.ancestors.get(name, "")).id
        self._book.orders[order.id] = order
        self.refresh(order)
        return order

    # --- how things stand ---

    def refresh(self, order: Order) -> None:
        if order.status not in (PENDING, READY):
            return
        parts = [self._book.authorizations[id] for id in order.authorizations.values()]
        for part in parts:
            self._authorizing.refresh(part)
        if order.expires < self._clock.now():
            self._fail(order, malformed("The order has expired."))
        elif any(part.status not in (PENDING, VALID) for part in parts):
            order.status = INVALID
        else:
            order.status = READY if all(part.status == VALID for part in parts) else PENDING

    def _fail(self, order: Order, problem: Problem) -> None:
        order.status, order.error = INVALID, problem.document()
        self._history.add("failed", ca=CA, order=order.id, why=problem.detail)

    def work(self) -> None:
        """Validates what was asked for, and issues what is processed. When it returns, all that was due is done."""
        with self._working:
            self._authorizing.work()
            with self._book.lock:
                for order in [order for order in self._book.orders.values() if order.status == PROCESSING]:
                    slow = self._switches.is_on("acme_processing_slow")
                    if not slow or time.monotonic() >= order.since + SLOW_SECONDS:
                        self._issue(order)

    # --- issuing ---

    def finalize(self, order: Order, csr_der: bytes) -> None:
        self.refresh(order)
        if order.status != READY:
            raise Problem("orderNotReady", f"The order is {order.status}.")
        order.csr = self._read_csr(order, csr_der)
        for name, id in order.authorizations.items():
            self._recheck(order, name, self._book.authorizations[id])
        order.status, order.since = PROCESSING, time.monotonic()
        self._history.add("finalize", ca=CA, order=order.id, names=list(order.names), replaces=order.replaces)
        if not self._switches.is_on("acme_processing_first") and not self._switches.is_on("acme_processing_slow"):
            self._issue(order)

    def _recheck(self, order: Order, name: str, one: Authorization) -> None:
        """CAA is looked at again before issuing (RFC 8659, 3; BR 3.2.2.8)."""
        account_url = self._accounts.address(self._book.accounts[order.account])
        try:
            self._policy.check(Asking(bare(name), name.startswith("*."), account_url, one.method))
        except Problem as problem:
            self._fail(order, problem)
            raise

    def _read_csr(self, order: Order, der: bytes) -> x509.CertificateSigningRequest:
        try:
            csr = x509.load_der_x509_csr(der)
            read = signing_request.read(csr.public_bytes(Encoding.PEM).decode("ascii"))
        except (ValueError, signing_request.Invalid) as error:
            raise Problem("badCSR", f"The CSR is not good: {error}") from None
        names = {name.lower() for name in read.names}
        if names != set(order.names):
            differing = ", ".join(sorted(names ^ set(order.names)))
            raise Problem("badCSR", f"The CSR has not exactly the names of the order: {differing}")
        account = self._book.accounts[order.account]
        if any(_spki(read.key) == _spki(key.key) for key in account.keys):
            raise Problem("badCSR", "The key of the CSR is that of the account.")
        return csr

    def _issue(self, order: Order) -> None:
        if self._switches.strikes("acme_fails_at_issuing", ",".join(order.names)):
            self._fail(order, Problem("serverInternal", "Error finalizing order"))
            return
        assert order.csr is not None
        profile = profiles.named(order.profile) or profiles.PROFILES[0]
        key = signing_request.read(order.csr.public_bytes(Encoding.PEM).decode("ascii")).key
        leaf, issuer = self._making.make(key, order.names, profile, self._clock.now())
        number = self._book.number("certificate")
        made = Certificate(ari_id(leaf), number, order.account, order.id, order.names, leaf, issuer, order.profile)
        self._book.certificates[made.id] = made
        order.certificate, order.status = number, VALID
        if not order.replaces:
            self._limits.count("names", [",".join(order.names)])
            self._limits.count("domain", self._rules.registered(order.names))
        self._history.add(
            "issued", ca=CA, order=order.id, names=list(order.names), serial=f"{leaf.serial_number:x}",
            profile=order.profile, certificate=made.id, replaces=order.replaces,
            not_after=iso_utc(leaf.not_valid_after_utc),
        )  # fmt: skip

    # --- revocation (RFC 8555, 7.6) ---

    def revoke(self, account: Account | None, jwk: JWK, document: Document) -> Certificate:
        certificate = self._certificate_of(document.get("certificate"))
        has_key = _spki(jwk.key) == _spki(certificate.leaf.public_key())
        if not (self._may_revoke(account, certificate) if account else has_key):
            raise Problem("unauthorized", "Neither the account nor the key may revoke this certificate.")
        reason = document.get("reason", 0)
        if isinstance(reason, bool) or reason not in REASONS:
            raise Problem("badRevocationReason", f"The reason is one of {sorted(REASONS)}.")
        if certificate.revoked is not None:
            raise Problem("alreadyRevoked", "The certificate was revoked already.")
        certificate.revoked = self._clock.now()
        self._making.issuing.revoke(certificate.leaf.serial_number, certificate.revoked, REASONS[reason])
        serial = f"{certificate.leaf.serial_number:x}"
        self._history.add(
            "revoked", ca=CA, certificate=certificate.id, serial=serial, reason=reason,
            by="account" if account else "key",
        )  # fmt: skip
        return certificate

    def _certificate_of(self, text: t.Any) -> Certificate:
        if not isinstance(text, str):
            raise malformed("certificate is missing.")
        der = jws.decode(text)
        found = (one for one in self._book.certificates.values() if one.leaf.public_bytes(Encoding.DER) == der)
        certificate = next(found, None)
        if certificate is None:
            raise malformed("This is no certificate of this CA.", 404)
        return certificate

    def _may_revoke(self, account: Account, certificate: Certificate) -> bool:
        """It is its own, or the account has proven all its names."""
        if certificate.account == account.id:
            return True
        proven = self._authorizing.proven(account)
        return all(any(serves(one, name, "") for one in proven) for name in certificate.names)

    # --- history ---

    def _tell_order(self, order: Order, account: Account, reused: bool) -> None:
        self._history.add(
            "order", ca=CA, order=order.id, account=self._accounts.address(account), names=list(order.names),
            profile=order.profile, replaces=order.replaces, status=order.status, reused=reused,
        )  # fmt: skip


def _spki(key: t.Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
