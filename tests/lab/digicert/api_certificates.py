# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""/certificate/...: downloads and revocation; also /order/certificate/{id}/revoke."""

from __future__ import annotations

import typing as t

from cryptography import x509

from lab.http_server import Response

from .api import NO_CONTENT, Api, Call, Caller
from .application import a_flag, broken
from .desk import Desk
from .making import Making, not_issued
from .showing import moment
from .values import Certificate, Order

REASONS = {
    reason.value.lower(): reason
    for reason in (
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    )
}


class CertificateCalls:
    def __init__(self, api: Api, desk: Desk, making: Making) -> None:
        self._api, self._desk, self._making = api, desk, making

    def calls(self) -> list[Call]:
        order = "/certificate/download/order/([0-9]+)"
        one = "/certificate/([0-9]+)/download"
        return [
            Call("download", "GET", f"{one}/format/([a-z0-9_]+)", "look", self._download),
            Call("download", "GET", f"{one}/platform(?:/(-?[0-9]+))?", "look", self._for_platform),
            Call("download", "GET", f"{order}(?:/format/([a-z0-9_]+))?", "look", self._of_order),
            Call("chain", "GET", "/certificate/([0-9]+)/chain", "look", self._chain),
            Call("revoke_certificate", "PUT", "/certificate/([^/]+)/revoke", "orders", self._revoke_one),
            Call("revoke", "PUT", "/order/certificate/([0-9]+)/revoke", "orders", self._revoke_all),
        ]

    # --- downloads ---

    def _download(self, caller: Caller) -> Response:
        return self._file(self._certificate(caller), caller.part(2))

    def _for_platform(self, caller: Caller) -> Response:
        certificate, platform = self._certificate(caller), caller.request.match[2]
        return self._file(certificate, self._making.platform_format(certificate, int(platform) if platform else None))

    def _of_order(self, caller: Caller) -> Response:
        """The active certificate of the order."""
        order = self._desk.the_order(caller.number())
        certificate = self._desk.book.certificate(order.certificate)
        if certificate is None or certificate.revoked:
            raise not_issued()
        return self._file(certificate, caller.request.match[2] or self._making.platform_format(certificate))

    def _file(self, certificate: Certificate, form: str) -> Response:
        content, kind = self._making.file(certificate, form)
        return Response(200, {"Content-Type": kind}, content)

    def _chain(self, caller: Caller) -> Response:
        *intermediates, _root = self._making.chain(self._certificate(caller))
        return self._api.json({"intermediates": self._making.listed(intermediates)})

    def _certificate(self, caller: Caller) -> Certificate:
        certificate = self._desk.book.certificate(caller.number())
        if certificate is None:
            raise not_issued()
        return certificate

    # --- revocation ---

    def _revoke_one(self, caller: Caller) -> Response:
        """By the number of the certificate, or by its serial."""
        wanted = caller.part().replace(":", "").upper().lstrip("0")
        for one in self._desk.book.certificates():
            if caller.number() == one.id or (caller.number() < 0 and wanted == one.serial.lstrip("0")):
                return self._revoke(caller, self._desk.the_order(one.order), [one])
        raise not_issued()

    def _revoke_all(self, caller: Caller) -> Response:
        order = self._desk.the_order(caller.number())
        return self._revoke(caller, order, self._desk.book.certificates(order.id))

    def _revoke(self, caller: Caller, order: Order, certificates: t.Sequence[Certificate]) -> Response:
        body = caller.body()
        word = str(body.get("revocation_reason") or body.get("reason") or "unspecified")
        reason = REASONS.get(word.lower())
        if reason is None:
            raise broken(f"revocation_reason must be one of {', '.join(r.value for r in REASONS.values())}.")
        comments = str(body.get("comments") or body.get("comment") or "")
        skip = a_flag(body, "skip_approval")
        ask = self._desk.revoke(order, certificates, reason, comments, skip, caller.who)
        if ask.status == "approved":
            return NO_CONTENT
        document = {
            "id": ask.id,
            "date": moment(ask.asked_at),
            "type": ask.type,
            "status": ask.status,
            "requester": {"first_name": ask.by, "last_name": "of the lab", "email": f"{ask.by}@lab.example"},
            "comments": ask.comments,
        }
        return self._api.json(document, 201)
