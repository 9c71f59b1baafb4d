# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The partners' API of SELLER.md."""

from __future__ import annotations

import secrets
import typing as t

from cryptography import x509

from lab.clock import iso_jst
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import as_json
from lab.refusal import Refused
from lab.vices import Switches

from . import products
from .desk import Desk
from .orders import Order
from .playing import Playing, problem
from .showing import Showing

BASE = "/api/v1"
INDEX_SECONDS = 2
MOST_LISTED = 100
#: what a subscriber may say (BR 4.9.1.1, RFC 5280 5.3.1)
REASONS = {
    reason.value.lower(): reason
    for reason in (
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.privilege_withdrawn,
    )
}
Act = t.Callable[[Request], Response]


class Api:
    def __init__(self, desk: Desk, showing: Showing, playing: Playing, *, history: History, switches: Switches) -> None:
        self._desk, self._showing, self._playing = desk, showing, playing
        self._history, self._switches = history, switches
        self.key = secrets.token_urlsafe(24)

    def add_to(self, routes: Routes) -> None:
        order = rf"{BASE}/orders/([^/]+)"
        calls: tuple[tuple[str, str, str, Act], ...] = (
            ("submit", "POST", f"{BASE}/orders", self._submit),
            ("find", "GET", f"{BASE}/orders", self._find),
            ("look", "GET", order, self._look),
            ("check", "POST", f"{order}/check", self._check),
            ("resend", "POST", f"{order}/resend", self._resend),
            ("download", "GET", f"{order}/certificate", self._download),
            ("cancel", "DELETE", order, self._cancel),
            ("revoke", "POST", rf"{BASE}/certificates/([^/]+)/revoke", self._revoke),
        )
        for call, method, path, act in calls:
            routes.add(method, path, self._handler(call, act))

    def _handler(self, call: str, act: Act) -> Handler:
        def handle(request: Request) -> Response:
            subject = _subject(call, request)
            if self._is_partner(request):
                answer, vice = self._playing.play(call, subject, lambda: _answered(act, request))
            else:
                answer, vice = problem(401, "unauthorized", "APIキーを確認できません。"), ""
            self._history.add(
                "request",
                call=call,
                method=request.method,
                path=request.path,
                subject=subject,
                status=answer.status,
                vice=vice,
            )
            return answer

        return handle

    def _is_partner(self, request: Request) -> bool:
        expected = f"ApiKey {self.key}".encode()
        return secrets.compare_digest(request.headers.get("authorization", "").encode(), expected)

    # --- calls ---

    def _submit(self, request: Request) -> Response:
        application = products.read(_document(request))
        return as_json(self._showing.order(self._desk.take(application), "submit"), 201)

    def _find(self, request: Request) -> Response:
        wanted = request.query.get("partner_order_id")
        if wanted is None:
            raise products.broken("partner_order_id を指定してください。")
        found = self._desk.orders.all()
        if not self._switches.is_on("list_unfiltered"):
            found = [order for order in found if order.partner_order_id == wanted]
        if self._switches.is_on("late_index"):
            found = [order for order in found if self._desk.orders.age(order.order_id) >= INDEX_SECONDS]
        listed = [self._showing.order(order, "find") for order in found[:MOST_LISTED]]
        shown: list[t.Any] | None = listed
        if not listed and self._switches.is_on("nulls_for_lists"):
            shown = None
        return as_json({"orders": shown, "total": len(found)})

    def _look(self, request: Request) -> Response:
        order = self._order(request)
        if self._switches.strikes("order_missing_first", order.order_id):
            raise _no_order(order.order_id)
        return as_json(self._showing.order(order, "look"))

    def _check(self, request: Request) -> Response:
        return as_json(self._showing.order(self._desk.check(self._order(request)), "check"), 202)

    def _resend(self, request: Request) -> Response:
        return as_json(self._showing.order(self._desk.resend(self._order(request)), "resend"), 202)

    def _download(self, request: Request) -> Response:
        order = self._order(request)
        if order.state != "issued" or self._switches.strikes("download_late", order.order_id):
            raise Refused(409, "not_issued", "証明書はまだ発行されていません。")
        return as_json(self._showing.certificate(order))

    def _cancel(self, request: Request) -> Response:
        return as_json(self._showing.order(self._desk.cancel(self._order(request)), "cancel"))

    def _revoke(self, request: Request) -> Response:
        document = _document(request)
        reason = document.get("reason") if isinstance(document, dict) else None
        known = REASONS.get(reason.lower()) if isinstance(reason, str) else None
        if known is None:
            raise products.broken(
                f"reason には次のいずれかを指定してください: {'、'.join(r.value for r in REASONS.values())}"
            )
        serial = request.match[1]
        return as_json({"serial": serial, "revoked_at": iso_jst(self._desk.revoke(serial, known))})

    def _order(self, request: Request) -> Order:
        order = self._desk.orders.get(request.match[1])
        if order is None:
            raise _no_order(request.match[1])
        return order


def _no_order(order_id: str) -> Refused:
    return Refused(404, "order_not_found", f"お申し込み番号 {order_id} は見つかりません。")


def _answered(act: Act, request: Request) -> Response:
    try:
        return act(request)
    except Refused as refusal:
        return problem(refusal.status, refusal.code, refusal.message)


def _document(request: Request) -> t.Any:
    try:
        return request.json()
    except ValueError:
        raise products.broken("リクエストをJSON（UTF-8）として読み取れません。") from None


def _subject(call: str, request: Request) -> str:
    """What the call is about, as its vices count: the partner's number, the order, or the serial."""
    if call == "find":
        return request.query.get("partner_order_id", "")
    if call != "submit":
        return request.match[1]
    try:
        document = request.json()
    except ValueError:
        return ""
    return str(document.get("partner_order_id", "")) if isinstance(document, dict) else ""
