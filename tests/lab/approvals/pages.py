# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages: what each house asks, what it makes of an answer, and how a page can be another than expected."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .approvals import Paper

Escape = t.Callable[[str], str]
OVER = "<p>この承認ページは、すでに使用されています。</p>"
DONE = "<p>承認を受け付けました。ありがとうございました。</p>"
REFUSED = "<p>承認しない旨を受け付けました。</p>"

SCOPES = (
    '<input type="hidden" name="step" value="2"><p>承認範囲</p>'
    '<input type="radio" name="scope" value="base" id="b">'
    '<label for="b">ベースドメイン全体で使用権を承認する</label><br>'
    '<input type="radio" name="scope" value="fqdn" id="f"><label for="f">FQDN限定で使用権を承認する</label>'
    '<p>ご署名 <input type="text" name="signature"></p><button>承認</button>'
)


def _page(form: str) -> str:
    return f"<html><body>証明書 {{domain}}{form}</body></html>"


#: what is added to a page, or (a page that begins with <html) stands in its place
TWISTS: dict[str, str] = {
    "transfer": "<p>このページはドメイン名の移管（指定事業者変更）の承認ページです。</p>",
    "javascript": "<script src='/app.js'></script>",
    "spa": "<html><body><div id=app>証明書</div><noscript>JavaScript を有効にしてください</noscript>"
    "<script src=/app.js></script></body></html>",
    "captcha": "<div class='g-recaptcha' data-sitekey='x'></div>",
    "over": f"<html><body>{OVER}</body></html>",
    "expired": "<html><body><p>承認ページの有効期限が切れています。</p></body></html>",
    "ended": "<html><body><p>このお申し込みは取り消されています。</p></body></html>",
    "over_en": "<html><body><p>This request was already approved.</p></body></html>",
    "expired_en": "<html><body><p>This approval link has expired.</p></body></html>",
    "handler": _page("<form method=post onsubmit='go()'><button>承認する</button></form>"),
    "button_handler": _page("<form method=post><button onclick='go()'>承認する</button></form>"),
    "js_action": _page("<form method=post action='javascript:go()'><button>承認する</button></form>"),
    "dead_button": _page("<form method=post><button type=button>承認する</button></form>"),
    "two_forms": "<form method=post><button>承認する</button></form>",
    "password": "<html><body>証明書 {domain}<form method=post>パスワード <input type=password name=p>"
    "<button>承認する</button><button>I Approve</button></form></body></html>",
    "elsewhere": "<html><body>証明書 {domain}<form method=post action='https://127.0.0.1:1/x'>"
    "<button>承認する</button></form></body></html>",
    "by_get": "<html><body>証明書 {domain}<form method=get action='/approvals/jprs'><button>承認する</button></form>"
    "</body></html>",
    "other_domain": "<table><tr><th>ドメイン名</th><td>victim.example.com</td></tr></table>",
    "no_names": "<html><body>証明書<form method=post><button>承認する</button></form></body></html>",
    "download": "<html><body>添付をご覧ください</body></html>",
}


def question(paper: Paper, escape: Escape) -> str:
    if paper.state != "waiting":
        return f"<html><body>{OVER}</body></html>"
    twist = TWISTS.get(paper.twist, "").replace("{domain}", escape(paper.facts["domain"]))
    if twist.startswith("<html"):
        return twist
    page = {
        "jprs": _jprs,
        "cybertrust": _cybertrust,
        "globalsign": _globalsign,
        "sectigo": _sectigo,
        "intent": _intent,
        "transfer": _transfer,
    }[paper.house.page]
    return f"<!DOCTYPE html><html><body>{page(paper, escape)}{twist}</body></html>"


def answer(paper: Paper, form: t.Mapping[str, str], escape: Escape) -> str:
    if paper.state != "waiting":
        return f"<html><body>{OVER}</body></html>"
    if paper.house.page == "cybertrust":
        return _cybertrust_answer(paper, form, escape)
    if paper.house.page == "sectigo":
        right = form.get("dcvCode") == paper.facts["code"] and form.get("orderNumber") == paper.facts["order"]
        paper.state = "approved" if right else paper.state
        return (
            "<html><body>You have entered the correct Domain Control Validation code.</body></html>"
            if right
            else "<html><body>The code is wrong.</body></html>"
        )
    approved = form.get("answer") == "approve"
    paper.state = "approved" if approved else "refused"
    return f"<html><body>{DONE if approved else REFUSED}</body></html>"


def _table(paper: Paper, escape: Escape, names: str = "ドメイン名") -> str:
    rows = {names: paper.facts["domain"], "申請団体": paper.facts["organization"], "受付番号": paper.facts["order"]}
    return "<table>" + "".join(f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows.items() if v) + "</table>"


def _form(paper: Paper, inner: str) -> str:
    action, key = f"/approvals/{paper.house.page}", paper.key
    return f'<form method="post" action="{action}"><input type="hidden" name="k" value="{key}">{inner}</form>'


def _jprs(paper: Paper, escape: Escape) -> str:
    return (
        "<h1>ドメイン承認</h1><p>次のサーバー証明書の発行を承認しますか。</p>"
        + _table(paper, escape, "コモンネーム")
        + _form(
            paper,
            '<button name="answer" value="approve">承認する</button>'
            '<button name="answer" value="no">承認しない</button>',
        )
    )


def _cybertrust(paper: Paper, escape: Escape) -> str:
    return (
        "<h1>ドメイン名使用権確認</h1><p>SSLサーバー証明書</p>"
        + _table(paper, escape, "FQDN")
        + _form(paper, '<input type="hidden" name="step" value="1"><input type="submit" value="承認する">')
    )


def _cybertrust_answer(paper: Paper, form: t.Mapping[str, str], escape: Escape) -> str:
    if form.get("step") == "1" and paper.step == 0:
        paper.step = 1
        return (
            "<html><body><h1>ドメイン名使用権確認 (証明書)</h1>"
            + _table(paper, escape, "FQDN")
            + _form(paper, SCOPES)
            + "</body></html>"
        )
    if form.get("step") == "2" and paper.step == 1 and form.get("signature") and form.get("scope") in ("fqdn", "base"):
        paper.state, paper.step = "approved", 2
        return f"<html><body>{DONE}</body></html>"
    return "<html><body><p>入力に誤りがあります。</p></body></html>"


def _globalsign(paper: Paper, escape: Escape) -> str:
    return (
        "<h1>SSL certificate approval</h1>"
        + _table(paper, escape, "Domain")
        + _form(paper, '<input type="hidden" name="answer" value="approve"><button>I Approve</button>')
    )


def _sectigo(paper: Paper, escape: Escape) -> str:
    return f"<h1>Domain Control Validation</h1><p>Certificate for {escape(paper.facts['domain'])}</p>" + _form(
        paper,
        f'<input type="hidden" name="orderNumber" value="{escape(paper.facts["order"])}">'
        'Code <input type="text" name="dcvCode"><input type="submit" value="Next >">',
    )


def _intent(paper: Paper, escape: Escape) -> str:
    return (
        "<h1>証明書の申請の承認</h1>"
        + _table(paper, escape)
        + _form(paper, '<button name="answer" value="approve">承認する</button>')
    )


def _transfer(paper: Paper, escape: Escape) -> str:
    return (
        "<h1>ドメイン名移管の承認</h1>"
        + _table(paper, escape)
        + _form(
            paper,
            '<button name="answer" value="approve">承認</button><button name="answer" value="no">不承認</button>'
            '<button name="answer" value="approve">承認する</button>',
        )
    )
