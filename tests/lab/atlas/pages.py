# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page behind the link of an approval mail. Looking at it approves nothing."""

from __future__ import annotations

from html import escape

from lab.http_server import Request, Response, Routes

from .claiming import Claiming
from .mailer import PATH

LAYOUT = """\
<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>ドメイン名の利用権の確認 - GlobalSign</title></head>
<body><h1>ドメイン名の利用権の確認</h1>
{body}
</body></html>
"""
OVER = "<p>この承認リンクは、すでに使用されたか、有効期限が切れています。</p>"
DONE = "<p>承認を受け付けました。ありがとうございました。</p>"


class Pages:
    def __init__(self, claiming: Claiming) -> None:
        self._claiming = claiming

    def add_to(self, routes: Routes) -> None:
        routes.add("GET", PATH, self._show)
        routes.add("POST", PATH, self._press)

    def _show(self, request: Request) -> Response:
        key = request.query.get("t", "")
        claim = self._claiming.linked(key)
        if claim is None:
            return _page(OVER, 404)
        return _page(
            f"<table><tr><th>ドメイン名</th><td>{escape(claim.domain)}</td></tr>"
            f"<tr><th>申請番号</th><td>{escape(claim.id)}</td></tr></table>\n"
            "<p>上記のドメイン名に対する証明書の発行を承認しますか。</p>\n"
            f'<form method="post" action="{PATH}"><input type="hidden" name="t" value="{escape(key)}">'
            '<button type="submit" name="action" value="approve">承認する</button></form>'
        )

    def _press(self, request: Request) -> Response:
        form = request.form()
        claim = self._claiming.linked(form.get("t", ""))
        if claim is None:
            return _page(OVER, 404)
        if form.get("action") != "approve" or not self._claiming.approve(claim):
            return _page(OVER, 409)
        return _page(DONE)


def _page(body: str, status: int = 200) -> Response:
    return Response.of_html(LAYOUT.format(body=body), status)
