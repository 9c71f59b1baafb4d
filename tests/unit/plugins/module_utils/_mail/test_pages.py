# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval pages as they are read, and mails whose headers break the rules of encoding."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter
from ansible_collections.inkan.tls.plugins.module_utils._mail.pages import Browser, read_page
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import read_mail

URL = "https://approve.example/link/a?t=1"


def page(html: str | bytes, kind: str = "text/html; charset=utf-8"):  # type: ignore[no-untyped-def]
    body = html.encode() if isinstance(html, str) else html
    return read_page(HttpResponse(200, {"content-type": kind}, body, URL))


def test_labels_are_those_that_a_person_sees_beside_a_field() -> None:
    found = page(
        "<form method=POST action='../next'><table><tr><th>ご署名</th><td><input name=who></td></tr></table>"
        "<label for=f>FQDN限定</label><input type=radio id=f name=s value=1>"
        "<label><input type=radio name=s value=2> 全体</label><p><input type=radio name=s value=3> 三つ目<br></p>"
        "<input type=submit value=承認></form>"
    )
    [form] = found.forms
    assert [(one.name, one.label) for one in form.fields] == [
        ("who", "ご署名"), ("s", "FQDN限定"), ("s", "全体"), ("s", "三つ目"),
    ]  # fmt: skip
    assert (form.method, form.action) == ("post", "https://approve.example/next")
    assert [button.words for button in form.buttons] == ["承認"]


def test_rows_of_tables_lists_and_lines_are_labels_with_values() -> None:
    found = page("<table><tr><td>Domain<td>a.example</tr></table><dl><dt>Order<dd>42</dl><p>組織名：例株式会社</p>")
    assert set(found.rows) == {("Domain", "a.example"), ("Order", "42"), ("組織名", "例株式会社")}


@pytest.mark.parametrize("charset", ["shift_jis", "euc-jp", "iso-2022-jp"])
def test_a_page_tells_its_charset_in_its_head_or_its_header(charset: str) -> None:
    html = f"<meta charset={charset}><p>承認する</p>"
    assert page(html.encode(charset), "text/html").text == "承認する"
    assert page("<p>承認する</p>".encode(charset), f"text/html; charset={charset}").text == "承認する"


def test_what_is_no_page_has_no_text() -> None:
    assert page("<p>x</p>", "application/json").text == ""


class Http:
    def __init__(self, *answers: HttpResponse) -> None:
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]

    def request(self, method, url, *, headers=None, body=None, timeout=1.0):  # type: ignore[no-untyped-def]
        self.asked.append((method, url, (headers or {}).get("Cookie", "")))
        return self.answers.pop(0)


def moved(to: str, **headers: str) -> HttpResponse:
    return HttpResponse(303, {"location": to, **headers}, b"", URL)


def shown(**headers: str) -> HttpResponse:
    return HttpResponse(200, {"content-type": "text/html", **headers}, b"<p>ok</p>", URL)


def test_cookies_of_the_visit_are_sent_back() -> None:
    cookie = {"set-cookie": "id=1; Path=/; Expires=Fri, 20 Nov 2026 00:00:00 GMT, csrf=a.b; Secure"}
    http = Http(shown(**cookie), shown())
    browser = Browser(http, 5.0)
    browser.show(URL)
    browser.send(URL, [("a", "承")])
    assert http.asked[1] == ("POST", URL, "id=1; csrf=a.b")


def test_a_redirect_is_followed_on_the_same_host_only() -> None:
    http = Http(moved("/done"), shown())
    assert Browser(http, 5.0).show(URL).text == "ok"
    http = Http(moved("https://evil.example/done"))
    assert Browser(http, 5.0).show(URL).moved_to == "evil.example" and len(http.asked) == 1


def test_a_subject_of_plain_utf8_is_read() -> None:
    raw = "Subject: 申請開始のお知らせ\r\nFrom: a@example.jp\r\n\r\nx".encode()
    assert read_mail(Letter("1", raw, datetime.now(timezone.utc), False)).subject == "申請開始のお知らせ"
