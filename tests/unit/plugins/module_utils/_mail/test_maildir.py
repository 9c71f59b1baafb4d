# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._mail import imap
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MAX_LETTER, Letter, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox, settings_errors

NOW = datetime(2026, 11, 20, 3, tzinfo=timezone.utc)


def config(service: str = "maildir", settings: dict[str, t.Any] | None = None, **secrets: str) -> MailboxConfig:
    return MailboxConfig("certs", service, settings or {}, secrets)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def put(path: Path, text: str, hours: float = 0.0) -> None:
    path.write_text(text)
    when = (NOW + timedelta(hours=hours)).timestamp()
    os.utime(path, (when, when))


def read(folder: Path, hours: float = -1.0) -> list[Letter]:
    with open_mailbox(config(settings={"path": str(folder)}), SystemClock(), deadline=5) as mailbox:
        return list(mailbox.letters(since=NOW + timedelta(hours=hours)))


def test_letters_of_new_and_cur_are_read_the_oldest_first_and_stay_where_they_are(folder: Path) -> None:
    put(folder / "new" / "2.b.host", "second")
    put(folder / "cur" / "1.a.host:2,S", "first", hours=-0.5)
    put(folder / "tmp" / "3.c.host", "half")
    put(folder / "new" / "0.old.host", "old", hours=-2)
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    assert [(letter.id, letter.raw) for letter in read(folder)] == [("1.a.host", b"first"), ("2.b.host", b"second")]
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before


def test_a_letter_keeps_its_id_when_somebody_reads_it(folder: Path) -> None:
    put(folder / "new" / "1.a.host", "x")
    (before,) = read(folder)
    (folder / "new" / "1.a.host").rename(folder / "cur" / "1.a.host:2,RS")
    assert [letter.id for letter in read(folder)] == [before.id]


def test_what_is_known_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder / "cur" / "1.a.host:2,S", "first", hours=-0.5)
    put(folder / "new" / "2.b.host", "second")
    opened: list[str] = []
    really = os.open
    monkeypatch.setattr(
        os, "open", lambda name, *rest, **more: (opened.append(str(name)), really(name, *rest, **more))[1]
    )
    with open_mailbox(config(settings={"path": str(folder)}), SystemClock(), deadline=5) as mailbox:
        found = [one.id for one in mailbox.letters(since=NOW - timedelta(hours=1), known={"1.a.host"})]
    assert found == ["2.b.host"]
    assert "2.b.host" in opened and "1.a.host:2,S" not in opened


def test_a_large_letter_is_cut_and_says_so(folder: Path) -> None:
    put(folder / "new" / "1.a.host", "x" * (MAX_LETTER + 1))
    (letter,) = read(folder)
    assert (len(letter.raw), letter.is_cut) == (MAX_LETTER, True)


def test_links_pipes_and_folders_are_no_letters(folder: Path, tmp_path: Path) -> None:
    (folder / "secret").write_text("secret")
    (folder / "new" / "link").symlink_to(folder / "secret")
    (folder / "new" / "folder").mkdir()
    os.mkfifo(folder / "new" / "pipe")
    assert read(folder, hours=-1_000_000) == []


def test_what_is_no_maildir_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as caught:
        read(tmp_path)
    assert caught.value.code == "maildir_missing"


IMAP = {"host": "mail.example.jp", "user": "certs@example.jp"}


@pytest.mark.parametrize(
    ("service", "settings", "secrets", "words"),
    [
        ("maildir", {"path": "/var/mail/certs"}, {}, []),
        ("maildir", {"path": "mail"}, {}, ["absolute path"]),
        ("maildir", {"path": "/m", "host": "x"}, {"password": "12345678"}, ["host is unknown", "password is unknown"]),
        ("imap", IMAP, {"password": "12345678"}, []),
        ("imap", {**IMAP, "folders": ["INBOX", "迷惑メール"], "tls": "starttls"}, {"access_token": "12345678"}, []),
        ("imap", {}, {}, ["settings.host", "settings.user", "either password or access_token"]),
        ("imap", {**IMAP, "tls": "none", "port": 0}, {"password": "12345678"}, ["settings.tls", "settings.port"]),
        ("imap", {**IMAP, "folders": ["a\r\nb"], "verify": False}, {"password": "12345678"}, ["verify", "folders"]),
        ("imap", {**IMAP, "user": "a b"}, {"password": "1234\n5678"}, ["settings.user", "one line"]),
        ("pop3", {}, {}, ["imap, maildir"]),
    ],
)
def test_every_mistake_in_the_settings_is_told_at_once(
    service: str, settings: dict[str, t.Any], secrets: dict[str, str], words: list[str]
) -> None:
    errors = settings_errors(config(service, settings, **secrets))
    assert len(errors) == len(words)
    assert all(any(word in error for error in errors) for word in words), errors


@pytest.mark.parametrize(
    ("name", "written"),
    [("INBOX", "INBOX"), ("迷惑メール", "&j,dg0TDhMPww6w-"), ("R&D", "R&-D"), ("受信 A/B", "&U9dP4Q- A/B")],
)
def test_names_of_folders_are_written_in_the_utf7_of_imap(name: str, written: str) -> None:
    assert imap.utf7(name) == written
