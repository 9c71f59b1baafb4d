# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that approves, no secret and nothing that plays with the eye leaves in a notification."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.notice_text import MOST, fit_to_send

RANDOM = "q8Zt4KxP2vW7mN3rLb6Y"


@pytest.mark.parametrize(
    ("text", "gone", "kept"),
    [
        ("open https://ca.example/approve?code=abc now", ["https", "ca.example", "abc"], ["open", "now", "[link]"]),
        ("HTTPS://CA.EXAMPLE/x", ["EXAMPLE"], ["[link]"]),
        ("see ca.example.jp/dcv?x=1 soon", ["dcv", "x=1"], ["see", "soon"]),
        ("ca.example.jp:8443/dcv", ["dcv"], ["[link]"]),
        ("承認はhttps://ca.example/承認?x=1 から", ["ca.example", "x=1"], ["承認は", "から"]),
        ("javascript:alert(1)", ["alert"], ["[link]"]),
        ("data:text/html,x", ["html"], ["[link]"]),
        ("mailto:a@example.jp?subject=yes", ["subject"], ["[link]"]),
        ("ftp://x.example/y", ["x.example"], ["[link]"]),
        (f"the random value is {RANDOM}", [RANDOM], ["the"]),
        (f"token={RANDOM}", [RANDOM], []),
        ("approval code: 482913", ["482913"], ["approval code"]),
        ("PIN 4829", ["4829"], ["PIN"]),
        ("your code is A1-9981", ["9981"], ["your code is"]),
        ("承認コード: 482913", ["482913"], ["承認コード"]),
        ("暗証番号 4829", ["4829"], []),
        ("a\r\nBcc: x@example.jp", ["\r", "\n"], ["Bcc"]),
        ("a\u202egnp.exe", ["\u202e"], ["\\u202e"]),
        ("a\u2066b\u2069\u200b", ["\u2066", "\u2069", "\u200b"], []),
        ("\x1b[31mred\x07", ["\x1b", "\x07"], ["red"]),
        ("lone \ud800 half", ["\ud800"], ["lone"]),
    ],
)
def test_a_hostile_text_is_made_fit_to_send(text: str, gone: list[str], kept: list[str]) -> None:
    fit = fit_to_send(text)
    assert [word for word in gone if word in fit] == []
    assert [word for word in kept if word not in fit] == []
    fit.encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "shop.example.jp is not visible on ns1.example.jp",
        "approve by the mail to certs@example.jp",
        "HTTP 503 of 192.0.2.1:443",
        "web1, switch: the service did not come back within 30 seconds",
        "*.shop.example.jp and _acme-challenge.shop.example.jp",
        "certificates-2026-production.example.jp",
        'No CA may issue for co.jp (item "bad")',
        "ログインして承認してください (期限 2026-12-01T00:00:00Z)",
        "/etc/inkan-tls/shop is not writable",
        "the code of the error is ca_down",
    ],
)
def test_what_people_need_stays_as_it_is(text: str) -> None:
    assert fit_to_send(text) == text


def test_serial_numbers_that_are_told_to_stay_do() -> None:
    serial = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    assert serial not in fit_to_send(f"serial {serial} is served")
    assert fit_to_send(f"serial {serial} is served", keep=(serial,)) == f"serial {serial} is served"


def test_secrets_are_starred_in_their_usual_encodings() -> None:
    assert "hunter22" not in fit_to_send("login hunter22-hunter failed", ["hunter22-hunter"])
    assert "cGFzc3dvcmQtMQ" not in fit_to_send("Basic cGFzc3dvcmQtMQ== x", ["password-1"])


def test_it_is_bounded() -> None:
    assert len(fit_to_send("word " * 10_000)) < MOST + 40


def test_what_was_made_longer_by_escapes_is_cut_again() -> None:
    just = "\u202e" * 8 + "aa"
    assert fit_to_send(just, most=10) == "\\u202e" * 8 + "aa"
    assert fit_to_send("\u202e" * 9 + "a", most=10) == ("\\u202e" * 2)[:10] + "…"
    assert fit_to_send("a" * 11, most=10) == "a" * 10 + "… (1 more characters)"
