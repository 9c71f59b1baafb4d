# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile and stray mails, a row each: its class, what it is, what speaks against it, and who builds it.

No two are alike but for names. A builder gets the :class:`Bench` and gives what comes to the mailbox. ``looks``: the
mail itself is in order, so that its page is looked at, once; nothing is ever sent to it.
"""

from __future__ import annotations

import base64
import io
import typing as t
import zipfile
from email.header import Header

STRANGER = "127.0.0.66"
HOUSE = "127.0.0.1"
NAME = "shop.example.jp"
TO = f"admin@{NAME}"
JPRS = "info@jprs.jp"
DIGICERT = "no-reply@digitalcertvalidation.com"
MEGABYTE = 1024 * 1024


class Sent(t.NamedTuple):
    """source: the address that it comes from; days: how old it is."""

    raw: bytes
    to: str = TO
    source: str = HOUSE
    days: float = 0.0


class Bench(t.Protocol):
    #: host and port of the lab's pages
    host: str
    #: the number of our order at DigiCert, for www.example.jp
    number: str

    def paper(self, house: str = "jprs", to: str = TO, **facts: str) -> t.Any:
        """A question of the lab, with a page of its own."""

    def raw(self, paper: t.Any) -> bytes:
        """Its mail."""


class Row(t.NamedTuple):
    kind: str
    title: str
    code: str
    build: t.Callable[[Bench], Sent]
    looks: int = 0


ROWS: list[Row] = []


def row(kind: str, title: str, code: str, looks: int = 0) -> t.Callable[[t.Callable[[Bench], Sent]], None]:
    def add(build: t.Callable[[Bench], Sent]) -> None:
        ROWS.append(Row(kind, title, code, build, looks))

    return add


# --- tools -----------------------------------------------------------------------------------------------------------


def mail(
    text: str,
    *head: str,
    sender: str = f"JPRS <{JPRS}>",
    to: str = TO,
    subject: str = "=?utf-8?b?" + base64.b64encode("ドメイン名承認のお願い".encode()).decode() + "?=",
    kind: str = "text/plain; charset=utf-8",
) -> bytes:
    lines = [
        *head,
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        "Message-ID: <1@jprs.jp>",
        "MIME-Version: 1.0",
    ]
    return "\r\n".join([*lines, f"Content-Type: {kind}", "", text]).encode()


def jprs_text(link: str, name: str = NAME) -> str:
    return f"サーバー証明書のドメイン承認をお願いします。\nコモンネーム: {name}\n承認ページURL\n{link}\n"


def good(bench: Bench) -> str:
    return str(bench.paper().url)


def changed(raw: bytes, *head: str) -> bytes:
    return "".join(f"{line}\r\n" for line in head).encode() + raw


def linked(link: str) -> Sent:
    return Sent(mail(jprs_text(link)))


def digicert(
    bench: Bench, number: str | None = None, name: str = "www.example.jp", link: str = "", **more: str
) -> bytes:
    subject = f"[Action Required] Approve Certificate Request for {name} {bench.number if number is None else number}"
    url = link or f"https://{bench.host}/digicert/link/validate?t=none"
    text = f"Please confirm that you control {name}.\n{url}\n"
    return mail(text, sender=f"DigiCert <{DIGICERT}>", to=f"admin@{name}", subject=subject, **more)


def zipped(inner: bytes, name: str = "approval.html") -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, inner)
    return base64.encodebytes(packed.getvalue()).decode()


def with_parts(*parts: str, subject: str | None = None, sender: str = f"JPRS <{JPRS}>") -> bytes:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    more = {"subject": subject} if subject is not None else {}
    return mail(body, sender=sender, kind="multipart/mixed; boundary=b", **more)


def attached(content: str, name: str, kind: str = "application/zip") -> str:
    return (
        f"Content-Type: {kind}; name={name}\r\nContent-Disposition: attachment; filename={name}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{content}"
    )


def text_part(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}"


# --- forged From -----------------------------------------------------------------------------------------------------

FORGED = "forged From"


@row(FORGED, "JPRS's own mail, from a stranger's server", "authentication_failed")
def build_01(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper()), source=STRANGER)


@row(FORGED, "with a result under our server's name", "authentication_failed")
def build_02(bench: Bench) -> Sent:
    forged = "Authentication-Results: mx.lab.example; dmarc=pass header.from=jprs.jp"
    return Sent(changed(bench.raw(bench.paper()), forged), source=STRANGER)


@row(FORGED, "with a result under our server's name in another case, folded", "authentication_failed")
def build_03(bench: Bench) -> Sent:
    forged = "AUTHENTICATION-RESULTS: MX.LAB.EXAMPLE;\r\n dmarc=pass\r\n header.from=jprs.jp"
    return Sent(changed(bench.raw(bench.paper()), forged), source=STRANGER)


@row(FORGED, "with a chain of ARC that says pass", "authentication_failed")
def build_04(bench: Bench) -> Sent:
    forged = "ARC-Authentication-Results: i=1; mx.lab.example; dmarc=pass header.from=jprs.jp"
    return Sent(changed(bench.raw(bench.paper()), forged), source=STRANGER)


@row(FORGED, "with a Received of ours and a result below it", "authentication_failed")
def build_05(bench: Bench) -> Sent:
    forged = ("Received: from a by mx.lab.example; Fri, 20 Nov 2026 00:00:00 +0000",
              "Authentication-Results: mx.lab.example (1); dmarc=pass header.from=jprs.jp")  # fmt: skip
    return Sent(changed(bench.raw(bench.paper()), *forged), source=STRANGER)


@row(FORGED, "DigiCert's words about an order of ours, from a stranger's server", "authentication_failed")
def build_06(bench: Bench) -> Sent:
    return Sent(digicert(bench), to="admin@www.example.jp", source=STRANGER)


@row(FORGED, "its domain with one below it", "sender_unknown")
def build_07(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), sender="JPRS <info@jprs.jp.evil.example>"), source=STRANGER)


@row(FORGED, "the right address as the shown name", "sender_unknown")
def build_08(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), sender='"info@jprs.jp" <ceo@evil.example>'), source=STRANGER)


# --- two Froms -------------------------------------------------------------------------------------------------------

TWO = "two Froms"


@row(TWO, "a stranger's before it", "sender_several")
def build_09(bench: Bench) -> Sent:
    return Sent(changed(bench.raw(bench.paper()), "From: Evil <a@evil.example>"))


@row(TWO, "a stranger's after it", "sender_several")
def build_10(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench))).replace(b"\r\nTo:", b"\r\nFrom: a@evil.example\r\nTo:", 1))


@row(TWO, "the same twice", "sender_several")
def build_11(bench: Bench) -> Sent:
    return Sent(changed(bench.raw(bench.paper()), f"From: {JPRS}"))


@row(TWO, "two addresses in one header", "sender_several")
def build_12(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), sender=f"{JPRS}, a@evil.example"))


@row(TWO, "a group of two", "sender_several")
def build_13(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), sender=f"CAs: {JPRS}, a@evil.example;"))


@row(TWO, "the second in capitals and with an empty address", "sender_several")
def build_14(bench: Bench) -> Sent:
    return Sent(changed(bench.raw(bench.paper()), "FROM: <>"))


# --- links -----------------------------------------------------------------------------------------------------------

ALIKE, USER = "look-alike host", "userinfo"
_PATH = "/approvals/jprs?k=0123456789abcdef"
_HOSTS = (
    (
        ALIKE,
        "the right name, and another domain behind it",
        "link_host_look_alike",
        "approve.jprs.example.evil.example",
    ),
    (ALIKE, "a hyphen for a dot", "link_host_look_alike", "approve-jprs.example"),
    (ALIKE, "a digit for a letter", "link_host_look_alike", "appr0ve.jprs.example"),
    (ALIKE, "rn for m", "link_host_look_alike", "approve.jprs.exarnple"),
    (ALIKE, "a dot at its end", "link_host_look_alike", "approve.jprs.example."),
    (ALIKE, "A-labels of a Cyrillic letter", "link_other_host", "xn--pprove-4nf.jprs.example"),
    (ALIKE, "letters that no URL has", "link_malformed", "аpprove.jprs.example"),
    (USER, "the right name before an @", "link_userinfo", "approve.jprs.example@evil.example"),
    (USER, "a name and a password", "link_userinfo", "approve.jprs.example:443@evil.example"),
    (USER, "an empty name before the right host", "link_userinfo", "@approve.jprs.example"),
    (USER, "a name before the right host", "link_userinfo", "evil@approve.jprs.example"),
    (USER, "two of them", "link_userinfo", "approve.jprs.example@x@evil.example"),
)


def _of_host(host: str) -> t.Callable[[Bench], Sent]:
    return lambda _bench: linked(f"https://{host}{_PATH}")


ROWS += [Row(kind, title, code, _of_host(host)) for kind, title, code, host in _HOSTS]


@row(USER, "quoted, behind a gateway's link", "link_userinfo")
def build_15(_bench: Bench) -> Sent:
    inner = "https%3A%2F%2Fapprove.jprs.example%40evil.example%2Fapprovals%2Fjprs%3Fk%3D1"
    return linked(f"https://jpn01.safelinks.protection.outlook.com/?url={inner}&data=05")


@row(ALIKE, "another host behind a gateway's link", "link_other_host")
def build_16(_bench: Bench) -> Sent:
    return linked("https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.example_approvals_jprs-3Fk-3D1&d=x")


@row(ALIKE, "the right link, and a look-alike beside it", "link_host_look_alike")
def build_17(bench: Bench) -> Sent:
    return linked(f"{good(bench)}\nhttps://approve.jprs.example.evil.example{_PATH}")


# --- transfers -------------------------------------------------------------------------------------------------------

TRANSFER = "transfer from the same sender"


@row(TRANSFER, "as it is sent", "mail_of_another_kind")
def build_18(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper("jprs-transfer")))


@row(TRANSFER, "a subject like that of a certificate", "mail_of_another_kind")
def build_19(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)) + "指定事業者の変更について\n"))


@row(TRANSFER, "in English", "mail_of_another_kind")
def build_20(bench: Bench) -> Sent:
    text = f"Domain transfer of {NAME}\ncertificate of registration\n{good(bench)}"
    return Sent(mail(text, subject="Approve the registrar transfer"))


@row(TRANSFER, "in HTML alone", "mail_of_another_kind")
def build_21(bench: Bench) -> Sent:
    page = f"<p>{NAME} の<b>移管</b>を承認してください</p><a href='{good(bench)}'>承認ページ 証明書</a>"
    return Sent(mail(page, kind="text/html; charset=utf-8"))


@row(TRANSFER, "full-width blanks between its letters", "mail_of_another_kind")
def build_22(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)) + "ドメイン名　移　管\n"))


@row(TRANSFER, "a mail like that of a certificate, and the page of a transfer", "page_transfer", looks=1)
def build_23(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="transfer")))


# --- other orders ----------------------------------------------------------------------------------------------------

OTHER = "other customer's order"


@row(OTHER, "a domain of somebody else", "order_unknown")
def build_24(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), "shop.example.net")))


@row(OTHER, "a domain that ends in ours", "order_unknown")
def build_25(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), f"my{NAME}")))


@row(OTHER, "a domain that begins with ours", "order_unknown")
def build_26(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), f"{NAME}.example.com")))


@row(OTHER, "our domain, labelled beside another", "order_unknown")
def build_27(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)) + "ドメイン名: victim.example.com\n"))


@row(OTHER, "our domain and the number of another order", "order_other")
def build_28(bench: Bench) -> Sent:
    return Sent(digicert(bench, number="99999999"), to="admin@www.example.jp")


@row(OTHER, "our number within a longer one", "order_other")
def build_29(bench: Bench) -> Sent:
    return Sent(digicert(bench, number=f"{bench.number}1"), to="admin@www.example.jp")


@row(OTHER, "our number, and another domain", "order_unknown")
def build_30(bench: Bench) -> Sent:
    return Sent(digicert(bench, name="pay.example.jp"), to="admin@pay.example.jp")


@row(OTHER, "to a mailbox that was not chosen", "recipient_other")
def build_31(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), to="sales@shop.example.jp"), to="sales@shop.example.jp")


@row(OTHER, "a page that names another customer, too", "page_names_other", looks=1)
def build_32(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="other_domain")))


# --- expired, approved already ---------------------------------------------------------------------------------------

EXPIRED, ALREADY = "expired link", "already approved"


@row(EXPIRED, "the page says so", "link_expired", looks=1)
def build_33(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="expired")))


@row(EXPIRED, "the page says so in English", "link_expired", looks=1)
def build_34(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="expired_en")))


@row(EXPIRED, "the application was cancelled", "order_over", looks=1)
def build_35(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="ended")))


@row(EXPIRED, "the page is gone", "page_status", looks=1)
def build_36(bench: Bench) -> Sent:
    return linked(f"https://{bench.host}/approvals/jprs?k=ffffffffffffffffffffffffffffffff")


@row(EXPIRED, "of a week before our order", "mail_before_order")
def build_37(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper()), days=7)


@row(EXPIRED, "of the same names, an hour before our order, with its number", "mail_before_order")
def build_38(bench: Bench) -> Sent:
    return Sent(digicert(bench), to="admin@www.example.jp", days=1 / 24)


@row(ALREADY, "the page says so", "already_approved", looks=1)
def build_39(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="over")))


@row(ALREADY, "the page says so in English", "already_approved", looks=1)
def build_40(bench: Bench) -> Sent:
    return Sent(bench.raw(bench.paper(twist="over_en")))


@row(ALREADY, "a scanner has pressed the button", "already_approved", looks=1)
def build_41(bench: Bench) -> Sent:
    paper = bench.paper()
    paper.state = "approved"
    return Sent(bench.raw(paper))


@row(ALREADY, "the ledger was told so", "order_not_waiting")
def build_42(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), "done.example.jp"), to="admin@done.example.jp"), to="admin@done.example.jp")


@row(ALREADY, "our order has ended", "order_over")
def build_43(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), "gone.example.jp"), to="admin@gone.example.jp"), to="admin@gone.example.jp")


# --- reject links ----------------------------------------------------------------------------------------------------

REJECT = "reject link first"


def sectigo(bench: Bench, *links: str, source: str = HOUSE) -> Sent:
    text = "\n".join(links) + "\nenter the following key/validation code:\n\nAbCdEfGhIjKlMnOp\n"
    raw = mail(
        text,
        sender="Lab <noreply@trust-provider.com>",
        to="admin@api.example.com",
        subject="ORDER #31415926 - Domain Control Validation for api.example.com",
    )
    return Sent(raw, to="admin@api.example.com", source=source)


def reject(bench: Bench) -> str:
    return str(bench.paper("sectigo", order="31415926").facts["reject"])


@row(REJECT, "and no other", "link_missing")
def build_44(bench: Bench) -> Sent:
    return sectigo(bench, reject(bench))


@row(REJECT, "with the path in percent signs", "link_missing")
def build_45(bench: Bench) -> Sent:
    return sectigo(bench, reject(bench).replace("RejectDCVCode", "%52ejectDCVCode"))


@row(REJECT, "within the path that approves", "link_missing")
def build_46(bench: Bench) -> Sent:
    return sectigo(bench, f"https://{bench.host}/approvals/sectigo?next=RejectDCVCode")


@row(REJECT, "behind a gateway's link", "link_missing")
def build_47(bench: Bench) -> Sent:
    inner = reject(bench).replace(":", "%3A").replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    return sectigo(bench, f"https://eur01.safelinks.protection.outlook.com/?url={inner}")


@row(REJECT, "then one that approves, from a stranger's server", "authentication_failed")
def build_48(bench: Bench) -> Sent:
    return sectigo(bench, reject(bench), f"https://{bench.host}/approvals/sectigo?k=1", source=STRANGER)


@row(REJECT, "then two that approve", "link_several")
def build_49(bench: Bench) -> Sent:
    base = f"https://{bench.host}/approvals/sectigo?k="
    return sectigo(bench, reject(bench), f"{base}1", f"{base}2")


@row(REJECT, "as the words Approve in HTML", "link_missing")
def build_50(bench: Bench) -> Sent:
    link = f"https://{bench.host}/approvals/jprs/refuse?k=1"
    page = f"<p>証明書 コモンネーム: {NAME}</p><a href='{link}'>承認ページ Approve</a>"
    return Sent(mail(page, kind="text/html; charset=utf-8"))


# --- pages that need more than a form --------------------------------------------------------------------------------

SCRIPTS = "JavaScript page"
_TWISTS = (
    ("a script beside the form", "javascript", "page_javascript"),
    ("nothing but a script", "spa", "page_javascript"),
    ("a form with a handler", "handler", "page_javascript"),
    ("a button with a handler", "button_handler", "page_javascript"),
    ("an action of javascript:", "js_action", "page_javascript"),
    ("a proof that a person is there", "captcha", "page_captcha"),
    ("a button that sends nothing", "dead_button", "page_button_missing"),
    ("a form to another host", "elsewhere", "page_action_elsewhere"),
    ("a password", "password", "page_field_unknown"),
)


def _twisted(twist: str) -> t.Callable[[Bench], Sent]:
    return lambda bench: Sent(bench.raw(bench.paper(twist=twist)))


ROWS += [Row(SCRIPTS, title, code, _twisted(twist), looks=1) for title, twist, code in _TWISTS]


# --- charsets --------------------------------------------------------------------------------------------------------

CHARSETS = "charset traps"


@row(CHARSETS, "a Cyrillic letter in our name", "order_unknown")
def build_51(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), "shоp.example.jp")))


@row(CHARSETS, "a letter of no width in our name", "order_unknown")
def build_52(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench), "sh\u200bop.example.jp")))


@row(CHARSETS, "a text in a charset that does not exist", "mail_unknown")
def build_53(bench: Bench) -> Sent:
    raw = mail(jprs_text(good(bench)), kind="text/plain; charset=x-evil", subject="approval")
    head, _mark, body = raw.partition(b"\r\n\r\n")
    return Sent(head + b"\r\n\r\n" + body.decode().encode("cp932"))


@row(CHARSETS, "the words that matter in UTF-16 under the name of UTF-8", "mail_unknown")
def build_54(bench: Bench) -> Sent:
    raw = mail("@", subject="approval")
    return Sent(raw.replace(b"@\r\n", b"").rpartition(b"@")[0] + jprs_text(good(bench)).encode("utf-16"))


@row(CHARSETS, "the sender's address as an encoded word", "sender_unknown")
def build_55(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), sender="=?utf-8?q?info=40jprs=2Ejp?= <x@evil.example>"), source=STRANGER)


@row(CHARSETS, "a subject that turns around", "order_unknown")
def build_56(bench: Bench) -> Sent:
    subject = Header("[Action Required] Approve Certificate Request for \u202epj.elpmaxe.www", "utf-8").encode()
    text = f"https://{bench.host}/digicert/link/validate?t=1"
    return Sent(mail(text, sender=DIGICERT, subject=subject, to="admin@www.example.jp"), to="admin@www.example.jp")


@row(CHARSETS, "a link of full-width letters", "link_missing")
def build_57(bench: Bench) -> Sent:
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in good(bench))
    return linked(wide)


@row(CHARSETS, "a sender with a letter that cannot stand there", "sender_unknown")
def build_58(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)), sender="<info\u200b@jprs.jp>"), source=STRANGER)


# --- too large -------------------------------------------------------------------------------------------------------

LARGE = "10 MB body"


@row(LARGE, "ten megabytes before the link", "mail_cut")
def build_59(bench: Bench) -> Sent:
    return Sent(mail("x" * 70 + "\n" + ("y" * 70 + "\n") * (10 * MEGABYTE // 71) + jprs_text(good(bench))))


@row(LARGE, "ten megabytes after the link", "mail_cut")
def build_60(bench: Bench) -> Sent:
    return Sent(mail(jprs_text(good(bench)) + ("z" * 70 + "\n") * (10 * MEGABYTE // 71)))


@row(LARGE, "a page of a million open tags", "mail_cut")
def build_61(bench: Bench) -> Sent:
    page = f"証明書 承認ページ {NAME}<a href='{good(bench)}'>" + "<div><b>\n" * MEGABYTE
    return Sent(mail(page, kind="text/html; charset=utf-8"))


@row(LARGE, "ten megabytes attached, and a text that is right", "mail_cut")
def build_62(bench: Bench) -> Sent:
    content = base64.encodebytes(b"\0" * (8 * MEGABYTE)).decode()
    return Sent(with_parts(text_part(jprs_text(good(bench))), attached(content, "a.bin", "application/octet-stream")))


@row(LARGE, "a hundred thousand parts", "mail_cut")
def build_63(bench: Bench) -> Sent:
    return Sent(with_parts(text_part(jprs_text(good(bench))), *(["Content-Type: text/html\r\n\r\n<p>"] * 300_000)))


@row(LARGE, "a quarter of a million links", "mail_cut")
def build_64(bench: Bench) -> Sent:
    return linked("\n".join(f"https://evil.example/{number:032}" for number in range(200_000)) + "\n" + good(bench))


# --- attachments -----------------------------------------------------------------------------------------------------

ZIP = "zip"


@row(ZIP, "the link within a zip", "mail_only_attached")
def build_65(bench: Bench) -> Sent:
    inner = zipped(jprs_text(good(bench)).encode())
    return Sent(
        with_parts(
            text_part(f"証明書のドメイン承認: 添付をご覧ください\nコモンネーム: {NAME}\n"), attached(inner, "a.zip")
        )
    )


@row(ZIP, "a zip with its password in the text", "mail_only_attached")
def build_66(bench: Bench) -> Sent:
    text = f"承認ページは添付ファイルにあります。パスワード: 1234\n証明書 コモンネーム: {NAME}\n"
    return Sent(with_parts(text_part(text), attached(zipped(b"<html>"), "approval.zip")))


@row(ZIP, "nothing but a zip", "mail_unknown")
def build_67(bench: Bench) -> Sent:
    return Sent(with_parts(attached(zipped(jprs_text(good(bench)).encode()), "a.zip")))


@row(ZIP, "a page as an attachment", "mail_only_attached")
def build_68(bench: Bench) -> Sent:
    page = base64.encodebytes(f"<a href='{good(bench)}'>承認する</a>".encode()).decode()
    text = text_part(f"証明書の承認ページを添付します\nコモンネーム: {NAME}\n")
    return Sent(with_parts(text, attached(page, "approve.html", "text/html")))


@row(ZIP, "the right text, and a zip, from a stranger's server", "authentication_failed")
def build_69(bench: Bench) -> Sent:
    parts = (text_part(jprs_text(good(bench))), attached(zipped(b"x", "invoice.exe"), "invoice.zip"))
    return Sent(with_parts(*parts), source=STRANGER)


@row(ZIP, "a zip of a zip that calls itself a text", "mail_unknown")
def build_70(bench: Bench) -> Sent:
    inner = zipped(base64.b64decode(zipped(jprs_text(good(bench)).encode())), "a.zip")
    part = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}"
    return Sent(with_parts(part))
