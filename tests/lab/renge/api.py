# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The partners' API of RENGE.md: who is let in, and the calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
import typing as t
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import quote, urlencode

from cryptography import x509

from lab import playing
from lab.clock import LabClock, jst
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import Act, Play, Playing
from lab.refusal import Refused
from lab.vices import Switches

from .book import CA, CSR_WANTED, ISSUED, MAKING, RECORDS_WANTED, Book, Order
from .desk import PLANS, Desk, refused

BASE = "/renge/v2"
ALLOWED_SECONDS = 7200
AHEAD = timedelta(days=1)
MOST_A_SECOND = 100
MOST_LISTED, USUALLY_LISTED = 50, 20
NONCE = re.compile(r"[A-Za-z0-9]{16,64}")
#: RFC 5280 5.3.1
REASONS = {
    0: x509.ReasonFlags.unspecified,
    1: x509.ReasonFlags.key_compromise,
    3: x509.ReasonFlags.affiliation_changed,
    4: x509.ReasonFlags.superseded,
    5: x509.ReasonFlags.cessation_of_operation,
    9: x509.ReasonFlags.privilege_withdrawn,
}
Document = dict[str, t.Any]
Answer = t.Callable[[Request], Document]


def _problem(status: int, code: str, message: str) -> Response:
    return playing.as_json({"result": "NG", "code": code, "message": message}, status)


def _too_many(_act: Act, _clock: LabClock) -> Response:
    answer = _problem(429, "E0429", "リクエストが多すぎます。")
    return Response(answer.status, {**answer.headers, "X-Renge-Left": "0", "X-Renge-Again": "1"}, answer.body)


def _html(_act: Act, _clock: LabClock) -> Response:
    return Response.of_html("<!DOCTYPE html>\n<title>ログイン</title><h1>もう一度ログインしてください。</h1>\n")


PLAYS = (
    Play("renge_too_many", _too_many),
    Play("renge_lost_answer", playing.lost),
    Play("renge_html_for_json", _html),
)


class Turnstile:
    """Who is let in, and how often. Safe for threads."""

    def __init__(self, clock: LabClock, switches: Switches) -> None:
        self._clock, self._switches = clock, switches
        self._lock = threading.Lock()
        self.key, self.secret = f"RK{secrets.randbelow(10**8):08}", secrets.token_urlsafe(32)
        self._nonces: set[str] = set()
        self._second, self._count = 0, 0

    def now(self) -> t.Any:
        return self._clock.now() + (AHEAD if self._switches.is_on("renge_clock_ahead") else timedelta(0))

    def count(self) -> int:
        """How many requests are left after this one; below 0: none was."""
        with self._lock:
            second = int(time.monotonic())
            self._second, self._count = second, (self._count + 1 if second == self._second else 1)
            return MOST_A_SECOND - self._count

    def lets_in(self, request: Request) -> bool:
        words = [request.headers.get(f"x-renge-{name}", "") for name in ("key", "time", "nonce", "signature")]
        key, moment, nonce, signature = words
        if not re.fullmatch(r"\d{1,12}", moment) or not NONCE.fullmatch(nonce):
            return False
        query = urlencode(request.pairs, quote_via=quote)
        target = request.path + (f"?{query}" if query else "")
        lines = (request.method, target, moment, nonce, hashlib.sha256(request.body).hexdigest())
        digest = hmac.new(self.secret.encode(), "\n".join(lines).encode(), hashlib.sha256).digest()
        is_right = hmac.compare_digest(base64.b64encode(digest), signature.encode("utf-8", "replace"))
        if key != self.key or not is_right or abs(int(moment) - self.now().timestamp()) > ALLOWED_SECONDS:
            return False
        with self._lock:
            is_new = nonce not in self._nonces
            self._nonces.add(nonce)
        return is_new


class Api:
    def __init__(self, book: Book, desk: Desk, clock: LabClock, history: History, switches: Switches) -> None:
        self._book, self._desk, self._history, self._switches = book, desk, history, switches
        self._playing = Playing(PLAYS, clock, switches)
        self.turnstile = Turnstile(clock, switches)

    def add_to(self, routes: Routes) -> None:
        order = rf"{BASE}/orders/([^/]+)"
        calls: tuple[tuple[str, str, str, Answer], ...] = (
            ("cart", "POST", f"{BASE}/carts", self._cart),
            ("submit", "POST", rf"{BASE}/carts/([0-9]+)/order", self._submit),
            ("csr", "PUT", f"{order}/csr", self._csr),
            ("find", "GET", f"{BASE}/orders", self._find),
            ("look", "GET", order, self._look),
            ("check", "POST", f"{order}/check", self._check),
            ("download", "GET", f"{order}/certificate", self._download),
            ("cancel", "POST", f"{order}/cancel", self._cancel),
            ("certificates", "GET", f"{BASE}/certificates", self._certificates),
            ("revoke", "POST", rf"{BASE}/certificates/([0-9]+)/revoke", self._revoke),
        )
        for call, method, path, answer in calls:
            routes.add(method, path, self._handler(call, answer))

    def _handler(self, call: str, answer: Answer) -> Handler:
        def handle(request: Request) -> Response:
            left = self.turnstile.count()
            if left < 0:
                response, vice = _problem(429, "E0429", "リクエストが多すぎます。"), ""
            elif not self.turnstile.lets_in(request):
                response, vice = _problem(401, "E0001", "署名を確認できません。"), ""
            else:
                # whoever tries again has another cart, and the same reference
                subject = self._book.ref_of(int(request.match[1])) if call == "submit" else request.path
                response, vice = self._playing.play(call, subject, lambda: _answered(answer, request))
            self._history.add("request", ca=CA, call=call, method=request.method, path=request.path,
                              status=response.status, vice=vice)  # fmt: skip
            counted = {"X-Renge-Left": str(max(left, 0)), "X-Renge-Again": "1", **response.headers}
            if self._switches.is_on("renge_clock_ahead"):
                counted["Date"] = format_datetime(self.turnstile.now(), usegmt=True)
            return Response(response.status, counted, response.body, response.drip, response.cut)

        return handle

    # --- calls ---

    def _cart(self, request: Request) -> Document:
        document = _document(request)
        ref, plan, renewed = (document.get(name) for name in ("ref", "plan", "renewal_of"))
        if not isinstance(ref, str) or not 0 < len(ref) <= 64:
            raise refused("E1001", "ref を指定してください。")
        if plan not in PLANS:
            raise refused("E1003", f"プラン {plan} はありません。")
        if renewed is not None and self._book.get(str(renewed)) is None:
            raise refused("E1006", f"更新元のご注文 {renewed} は見つかりません。")
        return {"cart": {"cart_no": self._book.fill_cart(ref, str(plan)).number}}

    def _submit(self, request: Request) -> Document:
        document = _document(request)
        names = document.get("domains")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise refused("E1001", "domains を指定してください。")
        if document.get("auth") != "dns":
            raise refused("E1001", "auth には dns を指定してください。")
        return {"order": self._shown(self._desk.order(int(request.match[1]), names))}

    def _csr(self, request: Request) -> Document:
        csr = _document(request).get("csr")
        if not isinstance(csr, str):
            raise refused("E1001", "csr を指定してください。")
        return {"order": self._shown(self._desk.take_csr(self._order(request), csr))}

    def _find(self, request: Request) -> Document:
        every = [order.number for order in self._book.all()]
        limit, cursor = request.query.get("limit", str(USUALLY_LISTED)), request.query.get("cursor", "")
        if not limit.isdigit() or not 1 <= int(limit) <= MOST_LISTED:
            raise refused("E1001", "limit を確認してください。")
        known = int(limit)
        rest = [number for number in every if not cursor or number < cursor]
        page = [order for order in map(self._book.get, rest[:known]) if order is not None]
        following = page[-1].number if len(rest) > known else None
        if following is None and cursor and self._switches.is_on("renge_circle"):
            following = every[known - 1]
        return {"orders": [self._shown(order) for order in page], "next": following}

    def _look(self, request: Request) -> Document:
        order = self._order(request)
        shown = self._shown(order)
        if self._switches.strikes("renge_strange_status", order.number):
            return {"order": {**shown, "status": 55}}
        if (
            order.csr
            and order.status == RECORDS_WANTED
            and self._switches.strikes("renge_csr_shown_late", order.number)
        ):
            return {"order": {**shown, "status": CSR_WANTED}}
        return {"order": shown}

    def _check(self, request: Request) -> Document:
        return {"order": self._shown(self._desk.check(self._order(request)))}

    def _download(self, request: Request) -> Document:
        order = self._order(request)
        if order.status != ISSUED:
            raise refused("E2004", "証明書はまだ発行されていません。")
        return {"pem": order.pem}

    def _cancel(self, request: Request) -> Document:
        return {"order": self._shown(self._desk.cancel(self._order(request)))}

    def _certificates(self, request: Request) -> Document:
        serial = request.query.get("serial", "").lower().lstrip("0")
        found = [order for order in self._book.issued() if order.serial == serial]
        return {"certificates": [{"certificate_no": one.certificate_no, "serial": one.serial} for one in found]}

    def _revoke(self, request: Request) -> Document:
        number = int(request.match[1])
        order = next((one for one in self._book.issued() if one.certificate_no == number), None)
        reason = REASONS.get(_document(request).get("reason", -1))
        if order is None or reason is None:
            raise refused("E1001", "証明書の番号と reason を確認してください。")
        self._desk.revoke(order, reason)
        return {"certificate_no": number}

    # --- parts ---

    def _order(self, request: Request) -> Order:
        order = self._book.get(request.match[1])
        if order is None:
            raise refused("E2001", f"ご注文 {request.match[1]} は見つかりません。")
        return order

    def _shown(self, order: Order) -> Document:
        names = dict.fromkeys(self._desk.host(name) for name in order.names)
        wanted = names if order.status == RECORDS_WANTED else {}
        return {
            "order_no": order.number,
            "ref": order.ref,
            "plan": order.plan,
            "status": order.status,
            "domains": list(order.names),
            "limit": jst(order.expires_at).strftime("%Y/%m/%d %H:%M"),
            "wait": 1 if order.status in (CSR_WANTED, MAKING) else 60,
            "note": order.note,
            "auth": {
                "type": "dns",
                "records": [{"host": host, "value": order.token} for host in wanted],
                "done": list(order.done),
            },
        }

    def orders(self) -> list[Document]:
        """As the lab's page shows them, the newest first."""
        return [
            {
                "order_id": order.number,
                "partner_order_id": order.ref,
                "product": order.plan,
                "state": order.status,
                "common_name": order.names[0],
                "names": list(order.names),
                "reason": order.note,
                "method": "dns",
            }
            for order in self._book.all()
        ]


def _answered(answer: Answer, request: Request) -> Response:
    try:
        return playing.as_json({"result": "OK", **answer(request)})
    except Refused as refusal:
        return _problem(refusal.status, refusal.code, refusal.message)


def _document(request: Request) -> Document:
    try:
        document = request.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise refused("E1001", "リクエストをJSON（UTF-8）として読み取れません。")
    return document
