# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's mail server: what arrives, where it lies, and how it is late or comes twice."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
import typing as t
from email.message import EmailMessage
from pathlib import Path

import pytest
from lab.clock import LabClock
from lab.history import History
from lab.mail import MailSink, folder_of, send
from lab.vices import Switches

SENDER = "ca@labssl.example"
ADDRESS = "hostmaster@example.jp"
TEXT = "証明書の発行を承認してください。\nhttps://127.0.0.1:8443/approve/ab-12?x=1\nありがとうございます。\n"


@pytest.fixture
def mail(tmp_path: Path) -> t.Iterator[MailSink]:
    clock = LabClock()
    with MailSink(tmp_path / "maildirs", clock, History(clock), Switches(on=())) as sink:
        yield sink


def japanese(charset: str = "utf-8", **how: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, ADDRESS, "【重要】承認のお願い"
    message.set_content(TEXT, charset=charset, **how)
    return message


def deliver(mail: MailSink, message: EmailMessage | bytes, *addresses: str) -> None:
    send(mail.host, mail.port, SENDER, addresses or [ADDRESS], message)


# --- what arrives ---


@pytest.mark.parametrize("how", ["base64", "quoted-printable", "8bit"])
def test_a_japanese_mail_in_utf_8_is_read_as_it_was_written(mail: MailSink, how: str) -> None:
    deliver(mail, japanese(cte=how))
    [letter] = mail.messages(ADDRESS)
    assert (letter.subject, letter.text) == ("【重要】承認のお願い", TEXT)


def test_a_japanese_mail_in_iso_2022_jp_is_read_as_it_was_written(mail: MailSink) -> None:
    deliver(mail, japanese("iso-2022-jp", cte="7bit"))
    [letter] = mail.messages(ADDRESS)
    assert b"\x1b$B" in letter.raw
    assert (letter.subject, letter.text) == ("【重要】承認のお願い", TEXT)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(TEXT.encode("iso-2022-jp"), id="ISO-2022-JP"),
        pytest.param(TEXT.encode(), id="UTF-8"),
        pytest.param("髙﨑①㈱".encode("cp932"), id="what no charset of the head fits"),
        pytest.param(b".\n..\n.a\n\n.", id="lines that begin with a dot"),
        pytest.param(b"  spaces \t \n\n\n", id="spaces at the end"),
    ],
)
def test_every_byte_survives(mail: MailSink, body: bytes) -> None:
    whole = b"From: ca@labssl.example\nSubject: x\n\n" + body
    deliver(mail, whole)
    [letter] = mail.messages(ADDRESS)
    sent = whole.replace(b"\n", b"\r\n")
    assert letter.raw == (sent if sent.endswith(b"\r\n") else sent + b"\r\n")
    assert letter.path.read_bytes().endswith(letter.raw)


def test_the_links_of_text_and_html_are_found_once_each(mail: MailSink) -> None:
    message = japanese()
    message.add_alternative(
        '<p><a href="https://127.0.0.1:8443/approve/ab-12?x=1">承認</a> <a href="https://l.example/n?a=1&amp;b=2">しない</a>'
        '<a href="javascript:alert(1)">x</a></p>',
        subtype="html",
    )
    deliver(mail, message)
    [letter] = mail.messages(ADDRESS)
    assert letter.links == ["https://127.0.0.1:8443/approve/ab-12?x=1", "https://l.example/n?a=1&b=2"]


def test_a_link_ends_where_japanese_text_goes_on(mail: MailSink) -> None:
    message = EmailMessage()
    message.set_content("承認ページ（https://127.0.0.1:8443/a/b）をご覧ください。<https://l.example/c>")
    deliver(mail, message)
    assert mail.messages()[0].links == ["https://127.0.0.1:8443/a/b", "https://l.example/c"]


def test_a_mail_that_is_html_only_has_its_html_as_text(mail: MailSink) -> None:
    message = EmailMessage()
    message.set_content("<p>承認する</p>", subtype="html", charset="iso-2022-jp")
    deliver(mail, message)
    assert "承認する" in mail.messages()[0].text


# --- where it lies ---


def test_everybody_has_a_mailbox_and_each_recipient_one_copy(mail: MailSink) -> None:
    deliver(mail, japanese(), "Admin@Example.JP", "admin@example.jp", "nobody@elsewhere.example")
    assert {path.name for path in mail.folder.iterdir()} == {"admin@example.jp", "nobody@elsewhere.example"}
    assert [letter.address for letter in mail.messages("ADMIN@example.jp")] == ["admin@example.jp"]
    assert mail.messages("else@example.jp") == []
    assert len(mail.messages()) == 2


def test_a_mailbox_is_a_maildir_and_read_mails_stay_in_their_order(mail: MailSink) -> None:
    for number in range(3):
        deliver(mail, f"Subject: {number}\n\n.".encode())
    box = mail.folder / ADDRESS
    first = mail.messages()[0].path
    assert first.parent == box / "new"
    first.rename(box / "cur" / f"{first.name}:2,S")
    assert [letter.subject for letter in mail.messages(ADDRESS)] == ["0", "1", "2"]
    assert sorted(path.name for path in box.iterdir()) == ["cur", "new", "tmp"]
    assert list((box / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "address",
    [
        "../../etc/x@example.jp",
        "/etc/passwd@example.jp",
        ".hidden@example.jp",
        "..@example.jp",
        "a\0b@c",
        "日本@例え.jp",
        "a" * 300 + "@example.jp",
        '"a b;$(x)"@example.jp',
    ],
)
def test_no_address_leads_out_of_the_folder(address: str) -> None:
    folder = folder_of(address)
    assert "/" not in folder and "\0" not in folder and not folder.startswith(".") and len(folder) < 255


def test_no_two_addresses_share_a_folder() -> None:
    addresses = [".a@x", "%2Ea@x", "a/b@x", "a%2Fb@x", "a%2fb@x ", "a" * 300 + "@x", "a" * 301 + "@x"]
    assert len({folder_of(address) for address in addresses}) == len(addresses)


def test_a_strange_address_is_delivered_below_the_folder(mail: MailSink) -> None:
    deliver(mail, b"Subject: x\n\nx", '"../../out"@example.jp')
    [letter] = mail.messages()
    assert letter.path.resolve().is_relative_to(mail.folder.resolve())
    assert len(mail.messages(letter.address)) == 1


def test_what_is_no_address_is_refused(mail: MailSink) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(mail, japanese(), "nobody")


def test_what_is_too_long_is_refused(mail: MailSink) -> None:
    with pytest.raises((smtplib.SMTPException, OSError)):
        deliver(mail, b"Subject: x\n\n" + b"x" * 5_100_000)
    assert mail.messages() == []


def test_the_history_names_each_delivery(tmp_path: Path) -> None:
    clock = LabClock()
    history = History(clock)
    with MailSink(tmp_path, clock, history, Switches(on=())) as sink:
        deliver(sink, japanese())
    [event] = history.events("mail_delivered")
    assert (event["address"], event["sender"], event["subject"]) == (ADDRESS, SENDER, "【重要】承認のお願い")
    assert (event["late"], event["again"]) == (False, False)


# --- its vices ---


def test_twice_is_the_same_mail_again(tmp_path: Path) -> None:
    clock = LabClock()
    history = History(clock)
    with MailSink(tmp_path, clock, history, Switches(on=["mail_twice"])) as sink:
        deliver(sink, japanese())
        first, second = sink.messages(ADDRESS)
        assert first.raw == second.raw and first.path != second.path
    assert [event["again"] for event in history.events("mail_delivered")] == [False, True]


def test_late_is_there_only_when_it_is_asked_for(tmp_path: Path) -> None:
    clock = LabClock()
    with MailSink(tmp_path, clock, History(clock), Switches(on=["mail_late"])) as sink:
        deliver(sink, japanese())
        assert sink.messages() == []
        assert sink.deliver_late() == 1
        assert len(sink.messages(ADDRESS)) == 1
        assert sink.deliver_late() == 0


def test_late_comes_by_itself_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.mail.LATE_SECONDS", 0.05)
    clock = LabClock()
    with MailSink(tmp_path, clock, History(clock), Switches(on=["mail_late"])) as sink:
        deliver(sink, japanese())
        end = time.monotonic() + 5
        while not sink.messages() and time.monotonic() < end:
            time.sleep(0.01)
        assert len(sink.messages()) == 1
        assert sink.deliver_late() == 0


def test_what_is_late_at_the_end_is_not_lost(tmp_path: Path) -> None:
    clock = LabClock()
    with MailSink(tmp_path, clock, History(clock), Switches(on=["mail_late"])) as sink:
        deliver(sink, japanese())
    assert len(sink.messages()) == 1


# --- bad company ---


def test_idle_and_broken_clients_hold_up_nobody(mail: MailSink) -> None:
    idle = [socket.create_connection((mail.host, mail.port), timeout=5) for _unused in range(5)]
    idle[0].sendall(b"\xff\x00 DATA\r\n\r\n.\r\nMAIL FROM:<\r\n")
    idle[1].close()
    deliver(mail, japanese())
    assert len(mail.messages()) == 1
    begin = time.monotonic()
    mail.stop()
    assert time.monotonic() - begin < 3
    for one in idle:
        one.close()


def test_mails_at_the_same_moment_all_arrive(mail: MailSink) -> None:
    threads = [threading.Thread(target=deliver, args=(mail, f"Subject: {n}\n\nx".encode())) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(letter.subject for letter in mail.messages(ADDRESS)) == [str(n) for n in range(8)]
