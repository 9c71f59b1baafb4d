# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to an order between its coming in and its end. Every step is in the history."""

from __future__ import annotations

import secrets
import time
import typing as t
from datetime import datetime, timedelta

from cryptography import x509

from lab.clock import LabClock, iso_jst
from lab.history import History
from lab.issuing import Issuing, pem
from lab.looking import Resolver, in_all
from lab.refusal import Refused
from lab.vices import Switches

from . import addresses, csr, validity
from .orders import PENDING, File, Link, Order, Orders, Record
from .products import Application, judge

MAIL_DAYS, OTHER_DAYS = 25, 30  # CPI-5; a random value lives at most 30 days (BR)
SLOW_EXAMINATION_SECONDS = 3
NOT_APPROVED = "承認されませんでした"
NOT_LINKED = "ドメイン名の登録者と証明書の申請者が一致することを、管理指定事業者に確認できませんでした"
NOT_IN_TIME = "期限までに認証が完了しませんでした"


class Registrar(t.Protocol):
    def registered_domain(self, name: str) -> str | None: ...

    def is_linked(self, domain: str) -> bool: ...


class Mailer(t.Protocol):
    def send(self, order: Order, link: Link) -> None: ...


class Desk:
    def __init__(
        self,
        orders: Orders,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        resolver: Resolver,
        registrar: Registrar,
        issuing: Issuing,
        mailer: Mailer,
    ) -> None:
        self.orders = orders
        self._clock, self._history, self._switches = clock, history, switches
        self._resolver, self._registrar = resolver, registrar
        self._issuing, self._mailer = issuing, mailer
        self._examining_since: dict[str, float] = {}

    # --- what the partner asks for ---

    def take(self, application: Application) -> Order:
        judge(application, self._registrar.registered_domain)
        csr.read(application.csr, application.common_name, application.names)
        recipients = self._recipients(application) if application.method == "mail" else []
        now = self._clock.now()

        def make(number: int) -> Order:
            plain_number = self._switches.is_on("number_for_text")
            return Order(
                order_id=str(100_000 + number) if plain_number else f"LS-{number:06d}",
                partner_order_id=application.partner_order_id,
                product=application.product,
                common_name=application.common_name,
                names=application.names,
                csr=application.csr,
                method=application.method,
                state="received",
                created_at=now,
                expires_at=now + timedelta(days=MAIL_DAYS if application.method == "mail" else OTHER_DAYS),
                links=tuple(Link(address, secrets.token_urlsafe(24)) for address in recipients),
            )

        order = self.orders.add(make)
        self._history.add(
            "order",
            order=order.order_id,
            partner_order_id=order.partner_order_id,
            product=order.product,
            method=order.method,
            names=list(order.names),
            recipients=recipients,
        )
        return order if self._switches.is_on("received_first") else self._begin(order)

    def check(self, order: Order) -> Order:
        """Look for the records now."""
        if order.state != "waiting_dns":
            return order
        present = set()
        for record in order.records:
            seen = self._resolver.txt_everywhere(record.name)
            servers = {server: record.value in values for server, values in seen.items()}
            self._history.add("look", order=order.order_id, name=record.name, servers=servers)
            if record.value in in_all(seen):
                present.add(record.name)
        done = [name for name in order.names if _record_name(name) in present]
        return self.validated(order, done)

    def resend(self, order: Order) -> Order:
        if order.state != "mail_sent":
            raise Refused(409, "not_applicable", "この状態のお申し込みには、ドメイン承認メールを再送できません。")
        self._send_mails(order)
        return order

    def cancel(self, order: Order) -> Order:
        cancelled = self.orders.change(order.order_id, (*PENDING, "examining"), state="cancelled")
        if cancelled is None:
            if order.state == "issued":
                raise Refused(409, "already_issued", "証明書は発行済みのため、取り消しできません。")
            raise Refused(409, "already_closed", "このお申し込みは既に終了しています。")
        return cancelled

    def revoke(self, serial: str, reason: x509.ReasonFlags) -> datetime:
        number = _number(serial)
        order = next((order for order in self.orders.in_state("issued") if _number(order.serial) == number), None)
        if order is None:
            raise Refused(404, "certificate_not_found", f"シリアル番号 {serial} の証明書はありません。")
        revoked, is_new = self._issuing.revoke(_number(order.serial), self._clock.now(), reason)
        if is_new:
            self._history.add("revoked", order=order.order_id, serial=order.serial, reason=reason.value)
        return revoked.at

    # --- what people do on the approval page ---

    def find_link(self, order_id: str, key: str) -> tuple[Order, Link] | None:
        order = self.orders.get(order_id)
        for link in order.links if order else ():
            if order and secrets.compare_digest(link.key.encode(), key.encode()):
                return order, link
        return None

    def answer(self, order: Order, link: Link, approved: bool) -> Order | None:
        """None: it was too late, or somebody else was quicker."""
        if self._clock.now() >= order.expires_at:
            self.expire()
            return None
        facts: dict[str, t.Any] = {"state": "examining", "done": order.names}
        if not approved:
            facts = {"state": "rejected", "reason": NOT_APPROVED}
        changed = self.orders.change(order.order_id, ("mail_sent",), **facts)
        if changed is not None:
            self._history.add("approved" if approved else "refused", order=order.order_id, address=link.address)
        return changed

    # --- what goes on by itself ---

    def work(self) -> None:
        """One step for each order that has one to do."""
        self.expire()
        for order in self.orders.in_state("examining"):
            self._examine(order)
        for order in self.orders.in_state("checking_registrar"):
            self._ask_registrar(order)
        for order in self.orders.in_state("received"):
            self._begin(order)

    def expire(self) -> None:
        now = self._clock.now()
        for order in self.orders.in_state(*PENDING):
            if now >= order.expires_at:
                self.orders.change(order.order_id, PENDING, state="expired", reason=NOT_IN_TIME)

    def validated(self, order: Order, names: t.Iterable[str]) -> Order:
        """These names are proven. When all are, the certificate is made."""
        found = {*order.done, *names}
        done = tuple(name for name in order.names if name in found)
        facts: dict[str, t.Any] = {"done": done}
        if done == order.names:
            facts["state"] = "examining"
        changed = self.orders.change(order.order_id, (order.state,), **facts) if done != order.done else None
        return changed or self.orders.get(order.order_id) or order

    def _begin(self, order: Order) -> Order:
        facts: dict[str, t.Any] = {"state": "checking_registrar"}
        if order.method == "mail":
            facts = {"state": "mail_sent"}
        elif order.method == "file":
            facts = {"state": "waiting_file", "files": _files(order)}
        elif order.method == "dns":
            facts = {"state": "waiting_dns", "records": _records(order)}
        changed = self.orders.change(order.order_id, ("received",), **facts)
        if changed is not None and changed.state == "mail_sent":
            self._send_mails(changed)
        return changed or order

    def _ask_registrar(self, order: Order) -> None:
        domains = {self._registrar.registered_domain(addresses.bare(name)) for name in order.names}
        linked = all(domain is not None and self._registrar.is_linked(domain) for domain in domains)
        self._history.add("registrar", order=order.order_id, domains=sorted(filter(None, domains)), linked=linked)
        if linked:
            self.validated(order, order.names)
        else:
            self.orders.change(order.order_id, ("checking_registrar",), state="rejected", reason=NOT_LINKED)

    def _examine(self, order: Order) -> None:
        since = self._examining_since.setdefault(order.order_id, time.monotonic())
        if self._switches.is_on("examining_slow") and time.monotonic() - since < SLOW_EXAMINATION_SECONDS:
            return
        now = self._clock.now().replace(microsecond=0)
        key = csr.read(order.csr, order.common_name, order.names)
        issuer = 1 if self._switches.is_on("new_intermediate") else 0
        not_after = validity.not_after(order.product, now)
        certificate = self._issuing.issue(key, order.names, now, not_after, issuer)
        issued = self.orders.change(
            order.order_id,
            ("examining",),
            state="issued",
            certificate=pem(certificate),
            serial=f"{certificate.serial_number:x}",
            not_after=not_after,
            issuer=issuer,
        )
        if issued is not None:
            self._history.add(
                "issued",
                order=order.order_id,
                serial=issued.serial,
                names=list(order.names),
                not_after=iso_jst(not_after),
            )

    def _send_mails(self, order: Order) -> None:
        for link in order.links:
            self._mailer.send(order, link)

    def _recipients(self, application: Application) -> list[str]:
        """Who may approve. Refused if nobody can, or if whom the order names may not."""
        registered = self._registrar.registered_domain(addresses.bare(application.common_name)) or ""
        domains = addresses.domains(application.common_name, registered)
        wanted = addresses.tidy(application.address)
        if application.address and not wanted:
            raise Refused(400, "address_not_allowed", f"{application.address} はメールアドレスではありません。")
        if application.contact == "txt":
            domain, found = self._published(domains)
        elif application.contact == "address":
            domain, found = wanted.partition("@")[2], list(addresses.constructed(application.common_name, registered))
        else:
            raise Refused(400, "broken_request", "auth.contact は address または txt を指定してください。")
        if application.contact == "address" and not wanted:
            raise Refused(400, "address_missing", "承認メールの送付先メールアドレスを指定してください。")
        if wanted and wanted not in found:
            raise Refused(
                400, "address_not_allowed", f"{wanted} は指定できません。指定できるアドレス: {'、'.join(found)}"
            )
        for name in application.names:
            if not addresses.covers(domain, name):
                raise Refused(400, "address_not_allowed", f"{domain} のメールアドレスでは {name} を承認できません。")
        return [wanted] if wanted else found

    def _published(self, domains: t.Iterable[str]) -> tuple[str, list[str]]:
        """The TXT contacts at the first of these domains that has any, at every server."""
        looked_at = [f"{addresses.CONTACT_LABEL}.{domain}" for domain in domains]
        for owner in looked_at:
            seen = self._resolver.txt_everywhere(owner)
            found = sorted(filter(None, map(addresses.tidy, in_all(seen))))
            self._history.add("contact_look", name=owner, servers={key: sorted(seen[key]) for key in seen})
            if found:
                return owner.partition(".")[2], found
        message = f"{'、'.join(looked_at)} のTXTレコードに、すべての権威サーバーで一致するメールアドレスがありません。"
        raise Refused(400, "contact_not_found", message)


def _files(order: Order) -> tuple[File, ...]:
    """One string at one path, on every name of the order (JPRS-6, JPRS-8)."""
    path, content = f"/.well-known/pki-validation/{secrets.token_hex(16)}.txt", secrets.token_hex(32)
    return tuple(File(name, f"http://{name}{path}", content) for name in order.names)


def _record_name(name: str) -> str:
    return f"_labssl.{addresses.bare(name)}"


def _records(order: Order) -> tuple[Record, ...]:
    """*.example.jp and example.jp share one."""
    owners = dict.fromkeys(_record_name(name) for name in order.names)
    return tuple(Record(owner, "TXT", f"labssl={secrets.token_urlsafe(32)}") for owner in owners)


def _number(serial: str) -> int:
    """Written with colons, in upper case, with zeros before it: the same number. -1 if it is none."""
    try:
        return int(serial.replace(":", "").replace(" ", ""), 16)
    except ValueError:
        return -1
