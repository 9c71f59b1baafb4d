# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page behind the link of an approval mail. Looking at it approves nothing; who refuses writes to the support."""

from __future__ import annotations

from html import escape

from lab.http_server import Request, Response, Routes
from lab.vices import Switches

from .claiming import Claiming, Found
from .mailer import PATH

WORDS = {
    "ja": {
        "title": "ドメイン名の利用権の確認",
        "domain": "ドメイン名",
        "names": "証明書の名前",
        "organization": "組織名",
        "order": "オーダー番号",
        "ask": "上記のドメイン名に対する証明書の発行を承認しますか。承認しない場合は、サポートまでご連絡ください。",
        "press": "承認する",
        "done": "承認を受け付けました。ありがとうございました。",
        "over": "この承認リンクは、すでに使用されたか、有効期限が切れています。",
        "scope": "承認の範囲を選択してください。",
        "host": "このホスト名のみ",
        "all": "このドメイン名に対する今後のすべての申請",
        "other": "English",
    },
    "en": {
        "title": "Domain control validation",
        "domain": "Domain",
        "names": "Names",
        "organization": "Organization",
        "order": "Order",
        "ask": "Do you approve a certificate for the domain above? If not, please write to our support.",
        "press": "Approve",
        "done": "Thank you. Your approval was received.",
        "over": "This link was used already, or has expired.",
        "scope": "Please choose what you approve.",
        "host": "this host only",
        "all": "all future orders for this domain",
        "other": "日本語",
    },
}
SCOPES = ("host", "all")
LAYOUT = """\
<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title} - DigiCert</title></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""


class Pages:
    def __init__(self, claiming: Claiming, switches: Switches) -> None:
        self._claiming, self._switches = claiming, switches

    def add_to(self, routes: Routes) -> None:
        routes.add("GET", PATH, self._show)
        routes.add("POST", PATH, self._press)

    def _show(self, request: Request) -> Response:
        lang = _language(request.query.get("lang", "ja"))
        found = self._claiming.find_link(request.query.get("t", ""))
        if found is None or not self._claiming.still_waits(found):
            return _page(lang, f"<p>{WORDS[lang]['over']}</p>", 404 if found is None else 200)
        return _page(lang, self._question(lang, found))

    def _press(self, request: Request) -> Response:
        form = request.form()
        lang = _language(form.get("lang", "ja"))
        found = self._claiming.find_link(form.get("t", ""))
        if found is None:
            return _page(lang, f"<p>{WORDS[lang]['over']}</p>", 404)
        if form.get("action") != "approve" or (self._asks_scope() and form.get("scope") not in SCOPES):
            return _page(lang, f"<p>{WORDS[lang]['scope']}</p>", 400)
        if not self._claiming.approve(found):
            return _page(lang, f"<p>{WORDS[lang]['over']}</p>", 409)
        return _page(lang, f"<p>{WORDS[lang]['done']}</p>")

    def _asks_scope(self) -> bool:
        return self._switches.is_on("dc_page_asks_scope")

    def _question(self, lang: str, found: Found) -> str:
        words, order = WORDS[lang], found.order
        facts = {
            "domain": found.claim.domain if found.claim else "",
            "names": ", ".join(self._claiming.names(order) if order else ()),
            "organization": self._claiming.organization_name(found),
            "order": str(order.id) if order else "",
        }
        rows = "\n".join(f"<tr><th>{words[k]}</th><td>{escape(v)}</td></tr>" for k, v in facts.items() if v)
        choice = ""
        if self._asks_scope():
            marks = {"host": " checked", "all": ""}
            radios = (f"<input type=radio name=scope value={s}{marks[s]}> {words[s]}<br>" for s in SCOPES)
            choice = f"<p>{words['scope']}</p><p>{''.join(radios)}</p>"
        key, other = escape(found.link.key), "en" if lang == "ja" else "ja"
        return (
            f"<p><a href='{PATH}?t={key}&amp;lang={other}'>{words['other']}</a></p>\n"
            f"<table>{rows}</table>\n<p>{words['ask']}</p>\n"
            f'<form method="post" action="{PATH}"><input type="hidden" name="t" value="{key}">'
            f'<input type="hidden" name="lang" value="{lang}">{choice}'
            f'<button type="submit" name="action" value="approve">{words["press"]}</button></form>'
        )


def _language(wanted: str) -> str:
    return wanted if wanted in WORDS else "en"


def _page(lang: str, body: str, status: int = 200) -> Response:
    return Response.of_html(LAYOUT.format(lang=lang, title=WORDS[lang]["title"], body=body), status)
