# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import email.message
import email.policy
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import Mail, read_mail

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
LINK = "https://approve.example.jp/d?token=abc_DEF-123"


def read(raw: bytes | str) -> Mail:
    raw = raw if isinstance(raw, bytes) else raw.replace("\n", "\r\n").encode()
    return read_mail(Letter("1", raw, NOW, False))


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("ISO-2022-JP", "iso2022_jp"),
        ("windows-31j", "cp932"),
        ("Shift_JIS", "cp932"),
        ("EUC-JP", "euc_jp"),
        ("utf-8", "utf-8"),
        ("cp50221", "iso2022_jp"),
        ("x-no-such-charset", "utf-8"),
        ("base64", "utf-8"),
    ],
)
def test_japanese_text_is_read_whatever_its_charset_is_called(charset: str, codec: str) -> None:
    head = f"From: a@example.jp\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    mail = read(head + f"ドメイン名の利用権確認のお願い\r\n{LINK}\r\n".encode(codec))
    assert mail.text.startswith("ドメイン名の利用権確認のお願い")
    assert mail.links == (LINK,)


def test_a_sign_that_the_charset_lacks_spoils_neither_the_link_nor_the_rest() -> None:
    """① of NEC in ISO-2022-JP (awx-and-mail 3.3)."""
    body = b"\x1b$B\x2d\x21F|K\\\x1b(B " + LINK.encode()
    mail = read(b"From: a@example.jp\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + body)
    assert mail.links == (LINK,)


def test_a_subject_in_pieces_and_charsets_is_one_text() -> None:
    mail = read(
        "Subject: =?ISO-2022-JP?B?GyRCPjVHJxsoQg==?=\n =?UTF-8?Q?_shop=2Eexample=2Ejp?=\nFrom: a@example.jp\n\n"
    )
    assert mail.subject == "承認 shop.example.jp"


@pytest.mark.parametrize("subject", ["=?utf-8?b?####?=", "=?no-such?q?abc?=", "=?utf-8?q?=ff=fe?="])
def test_a_broken_subject_breaks_nothing(subject: str) -> None:
    assert read(f"Subject: {subject}\nFrom: a@example.jp\n\nx\n").text.strip() == "x"


def test_a_mail_of_html_alone_has_its_text_and_the_links_of_href() -> None:
    page = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>承認&amp;確認</p><script>var x='https://evil.example/'"
        "</script><table><tr><td>shop.example.jp</td></tr></table>"
        f'<a href="{LINK.replace("?", "?a=1&amp;")}">https://looks.example.com/</a></body></html>'
    )
    mail = read(f"From: a@example.jp\nContent-Type: text/html; charset=utf-8\n\n{page}\n")
    assert mail.text == "承認&確認\nshop.example.jp\nhttps://looks.example.com/"
    assert mail.links == (LINK.replace("?", "?a=1&"),)


def test_plain_text_goes_before_html_and_links_are_there_once() -> None:
    message = email.message.EmailMessage()
    message["From"] = "CA <no-reply@ca.example>"
    message.set_content(f"押してください。{LINK}\n", charset="utf-8", cte="quoted-printable")
    message.add_alternative(f'<p>other</p><a href="{LINK}">x</a>', subtype="html")
    mail = read(message.as_bytes(policy=email.policy.SMTP))
    assert mail.text.strip() == f"押してください。{LINK}"
    assert mail.links == (LINK,)


def test_attachments_are_kept_apart_with_their_names_unused() -> None:
    message = email.message.EmailMessage()
    message["From"] = "a@example.jp"
    message.set_content("see there")
    message.add_attachment(b"-----BEGIN", maintype="application", subtype="x-x509-ca-cert", filename="../../証明書.cer")
    message.add_attachment("text that is attached", filename="note.txt")
    mail = read(message.as_bytes())
    assert mail.text.strip() == "see there"
    assert [(one.name, one.kind) for one in mail.attachments] == [
        ("../../証明書.cer", "application/x-x509-ca-cert"),
        ("note.txt", "text/plain"),
    ]
    assert mail.attachments[0].content == b"-----BEGIN"


def test_two_froms_are_counted() -> None:
    mail = read("From: no-reply@ca.example\nFrom: evil@example.com\n\nx\n")
    assert (mail.from_count, mail.senders) == (2, ("no-reply@ca.example", "evil@example.com"))


@pytest.mark.parametrize(
    ("header", "senders"),
    [
        ('"no-reply@ca.example" <evil@example.com>', ("evil@example.com",)),
        ("no-reply@ca.example, evil@example.com", ("no-reply@ca.example", "evil@example.com")),
        ("CA <No-Reply@CA.Example>", ("No-Reply@ca.example",)),
        ("=?utf-8?q?no-reply=40ca=2Eexample?= <evil@example.com>", ("evil@example.com",)),
        ("no address", ()),
        ("", ()),
    ],
)
def test_senders_are_the_addresses_and_never_the_names_beside_them(header: str, senders: tuple[str, ...]) -> None:
    assert read(f"From: {header}\n\nx\n").senders == senders


def test_recipients_are_of_all_headers_that_name_one() -> None:
    mail = read("Delivered-To: certs@example.jp\nTo: Hostmaster <hostmaster@EXAMPLE.jp>\nCc: certs@example.jp\n\nx\n")
    assert mail.recipients == ("certs@example.jp", "hostmaster@example.jp")


def test_authentication_results_keep_their_order() -> None:
    mail = read("Authentication-Results: mx.example.jp;\n dmarc=pass\nAuthentication-Results: forged; dkim=pass\n\nx\n")
    assert mail.authentication == ("mx.example.jp; dmarc=pass", "forged; dkim=pass")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 500,
        b"From: a@example.jp\r\nContent-Type: text/html\r\n\r\n" + b"<a href='" * 20_000,
        b"From: a@example.jp\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nx",
        b"From: a@example.jp\r\nContent-Transfer-Encoding: base64\r\n\r\n=====\r\n",
        b"From: " + b"(" * 5_000 + b"\r\n\r\nx",
        b"From: " + b"a:" * 4_000 + b"\r\n\r\nx",
    ],
    ids=[
        *("nothing", "no text", "nested without end", "open tags", "odd bytes", "broken base64", "open comments"),
        "groups in groups",
    ],
)
def test_whatever_comes_is_read_or_is_empty(raw: bytes) -> None:
    mail = read(raw)
    assert mail.links == () and len(mail.text) <= 200_000
