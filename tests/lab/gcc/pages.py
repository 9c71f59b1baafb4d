# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page behind the link of an approval mail. Looking at it approves nothing."""

from __future__ import annotations

from html import escape

from lab.http_server import Request, Response, Routes

from .approving import Approving
from .desk import Desk
from .mailer import PATH
from .products import DNS, URL
from .proving import Proving
from .values import Order

LAYOUT = """\
<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>サーバ証明書の発行承認 - GlobalSign</title></head>
<body><h1>サーバ証明書の発行承認</h1>
{body}
</body></html>
"""
VERIFICATION_PATH = "/gcc/verification"
OVER = "<p>この承認ページは、すでに使用されたか、有効期限が切れています。</p>"
DONE = {"approve": "<p>承認を受け付けました。</p>", "refuse": "<p>承認しない旨を受け付けました。</p>"}


class Pages:
    def __init__(self, desk: Desk, approving: Approving, proving: Proving) -> None:
        self._desk, self._approving, self._proving = desk, approving, proving

    def add_to(self, routes: Routes) -> None:
        routes.add("GET", PATH, self._show)
        routes.add("POST", PATH, self._press)
        routes.add("GET", VERIFICATION_PATH, self._verification)

    def _verification(self, request: Request) -> Response:
        """The domain verification page, which tells an order's code to who has its link."""
        order = self._desk.find_order(request.query.get("o", ""))
        if order is None or order.application.method not in (DNS, URL):
            return _page(OVER, 404)
        dns = order.application.method == DNS
        where = self._proving.fqdns(order) if dns else self._proving.urls(order)
        code = self._proving.text(order) if dns else self._proving.meta_tag(order)
        places = "".join(f"<li>{escape(one)}</li>" for one in where)
        return _page(f"<p>ドメイン認証コード</p><pre>{escape(code)}</pre><ul>{places}</ul>")

    def _show(self, request: Request) -> Response:
        order = self._approving.find_link(request.query.get("k", ""))
        if order is None or not self._approving.still_waits(order):
            return _page(OVER, 404 if order is None else 200)
        return _page(_question(order, request.query.get("k", "")))

    def _press(self, request: Request) -> Response:
        form = request.form()
        order = self._approving.find_link(form.get("k", ""))
        if order is None:
            return _page(OVER, 404)
        action = form.get("action", "")
        if action not in DONE:
            return _page("<p>選択してください。</p>", 400)
        done = self._approving.press(order, action == "approve")
        return _page(DONE[action]) if done else _page(OVER, 409)


def _question(order: Order, key: str) -> str:
    names = escape(", ".join(order.application.names))
    return (
        f"<table><tr><th>注文番号</th><td>{escape(order.id)}</td></tr><tr><th>名前</th><td>{names}</td></tr></table>\n"
        f'<form method="post" action="{PATH}"><input type="hidden" name="k" value="{escape(key)}">'
        '<button type="submit" name="action" value="approve">承認する</button>'
        '<button type="submit" name="action" value="refuse">承認しない</button></form>'
    )


def _page(body: str, status: int = 200) -> Response:
    return Response.of_html(LAYOUT.format(body=body), status)
