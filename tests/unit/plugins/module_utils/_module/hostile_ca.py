# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA in a dictionary (or a file, to outlive a killed process) that obeys the contract and misbehaves on demand.

``ca.fault("submit", lost_answer)`` makes the next submit do that; faults queue up a verb. ``ca.orders`` is what the CA
really has, ``ca.calls`` what it was asked. CSRs and certificates are plain words, read by :class:`Words`:
``csr a.example b.example KEY`` and ``certificate SERIAL KEY a.example b.example``.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
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
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import orders_spec, read_call
from ansible_collections.inkan.tls.plugins.module_utils._module.orders import Tools, run_orders
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result

START = datetime(2026, 11, 20, tzinfo=timezone.utc)


class FakeClock:
    """Sleeping is how time passes."""

    def __init__(self, now: datetime = START) -> None:
        self.start = now
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds


def key(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def csr(word: str, *names: str) -> str:
    return " ".join(["csr", *names, key(word)])


class Words:
    """The CertificateReader of these words."""

    def csr(self, pem: str) -> tuple[frozenset[str], str]:
        words = pem.split()
        if not words or words[0] != "csr":
            raise InputError(code="csr_unreadable", what="Cannot read the CSR", why="it is no PEM certificate request")
        return frozenset(words[1:-1]), words[-1]

    def csr_facts(self, pem: str) -> CsrFacts:
        *names, public_key = pem.split()[1:]
        return CsrFacts(names[0], tuple(names), "ecdsa-p256", (), public_key, public_key)

    def certificate(self, issued: Issued) -> tuple[Certificate, frozenset[str], str]:
        word, serial, public_key, *names = issued.certificate.split()
        if word != "certificate":
            raise ProtocolError(code="certificate_unreadable", what="Cannot read the certificate")
        year = timedelta(days=90)
        return Certificate(issued.certificate, issued.chain, serial, START, START + year), frozenset(names), public_key


Fault = t.Callable[[t.Callable[[], t.Any]], t.Any]


def lost_answer(effect: t.Callable[[], t.Any]) -> t.Any:
    """The CA does it, the answer never comes."""
    effect()
    raise TransportError(code="timeout", what="No answer came", sent=True)


def no_network(_effect: t.Callable[[], t.Any]) -> t.Any:
    raise TransportError(code="connect", what="Cannot connect", sent=False)


def garbage(effect: t.Callable[[], t.Any]) -> t.Any:
    effect()
    raise ProtocolError(code="no_json", what="The answer is HTML")


def refusal(_effect: t.Callable[[], t.Any]) -> t.Any:
    raise RefusedError(code="caa", what="The CA refuses", why="CAA forbids it")


def rate_limit(seconds: float) -> Fault:
    def fault(_effect: t.Callable[[], t.Any]) -> t.Any:
        at = START + timedelta(seconds=seconds)
        raise RefusedError(code="rate_limited", what="Too many orders", retryable=True, retry_at=at)

    return fault


def bug(_effect: t.Callable[[], t.Any]) -> t.Any:
    raise KeyError("adapter bug")


def answering(**changes: t.Any) -> Fault:
    """The true answer, altered."""
    return lambda effect: replace(effect(), **changes)


@dataclass
class HostileCa:
    """The CA itself. path: keep the orders in this file."""

    finding: Finding = Finding.EXACT
    methods: tuple[str, ...] = ("dns-01", "http-01")
    can_cancel: bool = True
    renewing: bool = False
    reissuing: bool = False
    approving: bool = False  # a person approves; mails can be sent again, and to others
    takes_in: bool = False  # nobody can be asked
    side_by_side: int = 1
    polls: int = 1  # looks until a validation is done, and again until the certificate is there
    retry_after: float | None = None
    path: Path | None = None
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    revoked: list[tuple[str, str]] = field(default_factory=list)
    open_error: Exception | None = None
    capabilities_faults: list[Exception] = field(default_factory=list)
    settings_sentences: list[str] = field(default_factory=list)
    _orders: dict[str, dict[str, t.Any]] = field(default_factory=dict)

    @property
    def orders(self) -> dict[str, dict[str, t.Any]]:
        if self.path is not None:
            self._orders = json.loads(self.path.read_text()) if self.path.exists() else {}
        return self._orders

    def save(self) -> None:
        if self.path is not None:
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps(self._orders))
            os.replace(new, self.path)

    def fault(self, verb: str, *faults: Fault) -> None:
        self.faults.setdefault(verb, []).extend(faults)

    def settings_errors(self, _account: AccountConfig) -> list[str]:
        return self.settings_sentences

    def open(self, _account: AccountConfig, *, deadline: float) -> HostileAdapter:
        assert deadline >= 0
        if self.open_error is not None:
            raise self.open_error
        return HostileAdapter(self)

    def names_ordered(self) -> list[str]:
        return [" ".join(order["names"]) for order in self.orders.values()]

    def count(self, verb: str) -> int:
        return sum(call.split()[0] == verb for call in self.calls)


class HostileAdapter:
    def __init__(self, ca: HostileCa) -> None:
        self._ca = ca

    @property
    def capabilities(self) -> Capabilities:
        ca = self._ca
        if ca.capabilities_faults:
            raise ca.capabilities_faults.pop(0)
        return Capabilities(
            ca.methods,
            ("dns-01",),
            ca.finding,
            cancel=ca.can_cancel,
            renewing=ca.renewing,
            reissuing=ca.reissuing,
            resending=ca.approving,
            changing_contact=ca.approving,
            takes_in=ca.takes_in,
            side_by_side=ca.side_by_side,
        )

    def _do(self, verb: str, about: str, effect: t.Callable[[], t.Any]) -> t.Any:
        self._ca.calls.append(f"{verb} {about}")
        queue = self._ca.faults.get(verb) or []
        return queue.pop(0)(effect) if queue else effect()

    def submit(self, request: OrderRequest) -> Seen:
        def effect() -> Seen:
            orders = self._ca.orders
            handle = f"order-{len(orders) + 1}"
            orders[handle] = {
                "names": list(request.dns_names),
                "csr": request.csr_pem,
                "kind": request.kind.value,
                "replaces": [request.replaces.handle, request.replaces.serial] if request.replaces else None,
                "contact": request.options.get("contact"),
                "status": (Status.WANTS_APPROVAL if self._ca.approving else Status.WANTS_VALIDATION).value,
                "polls": self._ca.polls,
            }
            self._ca.save()
            return self._seen(handle)

        return t.cast(Seen, self._do("submit", request.reference, effect))

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        def effect() -> Seen | None:
            for handle, order in self._ca.orders.items():
                same = order["names"] == list(request.dns_names)
                if same and handle not in known_handles and order["status"] == Status.WANTS_VALIDATION.value:
                    return self._seen(handle)
            return None

        return t.cast("Seen | None", self._do("find", request.reference, effect))

    def look(self, handle: str, request: OrderRequest) -> Seen:
        def effect() -> Seen:
            order = self._ca.orders[handle]
            if order["status"] in (Status.VALIDATING.value, Status.ISSUING.value):
                order["polls"] -= 1
                if order["polls"] <= 0:
                    validated = order["status"] == Status.VALIDATING.value
                    order["status"] = (Status.ISSUING if validated else Status.ISSUED).value
                    order["polls"] = self._ca.polls
                self._ca.save()
            return self._seen(handle)

        return t.cast(Seen, self._do("look", handle, effect))

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        def effect() -> Seen:
            order = self._ca.orders[handle]
            if order["status"] == Status.WANTS_VALIDATION.value:
                order["status"] = Status.VALIDATING.value
            self._ca.save()
            return self._seen(handle)

        return t.cast(Seen, self._do("ready", handle, effect))

    def download(self, handle: str, request: OrderRequest) -> Issued:
        def effect() -> Issued:
            order = self._ca.orders[handle]
            public_key = order["csr"].split()[-1]
            serial = format(0xA000 + int(handle.rpartition("-")[2]), "x")
            return Issued(" ".join(["certificate", serial, public_key, *order["names"]]), ("issuer",))

        return t.cast(Issued, self._do("download", handle, effect))

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        if not self._ca.approving:
            raise not_offered("send mails again")
        return t.cast(Seen, self._do("resend", handle, lambda: self._seen(handle)))

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        if not self._ca.approving:
            raise not_offered("change the contact")

        def effect() -> Seen:
            self._ca.orders[handle]["contact"] = {"kind": contact.kind, "address": contact.address}
            self._ca.save()
            return self._seen(handle)

        return t.cast(Seen, self._do("change_contact", handle, effect))

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        def effect() -> Seen:
            self._ca.orders[handle]["status"] = Status.CANCELLED.value
            self._ca.save()
            return self._seen(handle)

        return t.cast(Seen, self._do("cancel", handle, effect))

    def revoke(self, certificate_pem: str, reason: str) -> None:
        self._do("revoke", reason, lambda: self._ca.revoked.append((certificate_pem, reason)))

    def _seen(self, handle: str) -> Seen:
        order = self._ca.orders[handle]
        status = Status(order["status"])
        wants = status in (Status.WANTS_VALIDATION, Status.VALIDATING)
        records = tuple(TokenRecord(f"_acme-challenge.{name}", "TXT", f"{handle}-{name}") for name in order["names"])
        mails = ((order.get("contact") or {}).get("address", ""),) if status is Status.WANTS_APPROVAL else ()
        return Seen(
            handle=handle,
            status=status,
            status_word=status.value.upper(),
            wanted=Wanted(records=records) if wants else Wanted(mails=mails),
            expires=START + timedelta(days=7),
            retry_after=self._ca.retry_after,
        )


class Playground:
    """One ledger, some CAs; each ``play`` is one module call, as another process would make it."""

    def __init__(self, folder: Path, **cas: HostileCa) -> None:
        self.ledger = folder / "ledger" / "ledger.sqlite3"
        self.cas = cas or {"ca": HostileCa()}
        self.clock = FakeClock()
        self._number = 0

    @property
    def ca(self) -> HostileCa:
        return self.cas["ca"]

    def tools(self) -> Tools:
        return Tools(
            clock=self.clock,
            adapters=self.cas,
            reader=Words(),
            reference=self._reference,
        )

    def _reference(self, _seed: str) -> str:
        self._number += 1
        return f"ref-{os.getpid()}-{self._number}"

    def options(self, *certificates: t.Mapping[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
        accounts = {name: {"adapter": name, "settings": {}} for name in self.cas}
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": accounts,
            "certificates": [dict(certificate) for certificate in certificates],
            **options,
        }
        validated = ArgumentSpecValidator(orders_spec()).validate(given)
        assert not validated.error_messages, validated.error_messages
        return t.cast("dict[str, t.Any]", validated.validated_parameters)

    def play(self, *certificates: t.Mapping[str, t.Any], check_mode: bool = False, **options: t.Any) -> Result:
        tools = self.tools()
        return run_orders(read_call(self.options(*certificates, **options), check_mode, tools.adapters), tools)

    def one(self, certificate: t.Mapping[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
        """The data of the only result."""
        return self.play(certificate, **options).items[0].as_data()


def item(name: str = "shop", word: str = "key1", **changes: t.Any) -> dict[str, t.Any]:
    """A certificate with a CSR: a wish for an order."""
    names = changes.pop("dns_names", [f"{name}.example.jp"])
    return {
        "name": name,
        "ca_account": "ca",
        "dns_names": names,
        "method": "dns-01",
        "csr": csr(word, *names),
        "hosts": ["web1", "web2"],
        **changes,
    }


def ask(name: str = "shop", **changes: t.Any) -> dict[str, t.Any]:
    """The same certificate later: no CSR, everything visible."""
    return {"name": name, "visible": True, **changes}
