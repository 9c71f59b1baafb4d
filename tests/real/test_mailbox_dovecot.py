# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a mailbox by IMAP from a real server."""

from __future__ import annotations

import os
import re
import tempfile
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MAX_LETTER, Letter, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.imap import ImapMailbox, utf7
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import read_mail
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox, settings_errors
from ansible_collections.inkan.tls.plugins.module_utils._module.watching_mailbox import Mails
from servers.dovecot import PASSWORD, Dovecot
from servers.pki import Authority

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
JUNK = "迷惑メール"


@pytest.fixture(scope="module")
def server() -> t.Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Dovecot(Path(folder) / "dovecot", users=("certs", "empty", "many")) as dovecot:
            yield dovecot


def config(server: Dovecot, user: str = "certs", password: str = PASSWORD, **changes: t.Any) -> MailboxConfig:
    settings = {"host": "localhost", "port": server.imaps_port, "user": user, "ca_bundle": str(server.authority.bundle)}
    found = MailboxConfig("certs", "imap", {**settings, **changes}, {"password": password})
    assert settings_errors(found) == []
    return found


def read(found: MailboxConfig, since: datetime = LONG_AGO, deadline: float = 20.0) -> list[Letter]:
    with open_mailbox(found, SystemClock(), deadline=deadline) as mailbox:
        return list(mailbox.letters(since=since))


def letter(subject: str, body: str = "x") -> bytes:
    return f"From: ca@example.jp\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_letters_of_all_folders_are_read_and_none_is_marked(server: Dovecot, tls: str) -> None:
    server.deliver(f"1.{tls}.host", letter("first"))
    server.deliver(f"2.{tls}.host", letter("in junk"), folder=utf7(JUNK))
    port = server.imaps_port if tls == "implicit" else server.imap_port
    once = read(config(server, tls=tls, port=port, folders=["INBOX", JUNK]))
    again = read(config(server, tls=tls, port=port, folders=["INBOX", JUNK]))
    assert {read_mail(one).subject for one in once} == {"first", "in junk"}
    assert once == again, "the ids are for good"
    assert len({one.id for one in once}) == len(once)
    assert set(server.flags()) <= {""}, "nothing was seen, answered or deleted"


def test_only_what_came_since_is_read_to_the_second(server: Dovecot) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    for name, hours in (("old", -30), ("before", -2), ("after", -1)):
        path = server.deliver(f"{name}.{now.timestamp():.0f}.host", letter(name), user="many")
        when = (now + timedelta(hours=hours)).timestamp()
        os.utime(path, (when, when))
    found = read(config(server, "many"), since=now - timedelta(hours=1, minutes=30))
    assert [read_mail(one).subject for one in found] == ["after"]
    assert found[0].received_at == now - timedelta(hours=1)


def test_the_event_source_fetches_each_letter_once_and_marks_none(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    really = ImapMailbox._raw
    monkeypatch.setattr(ImapMailbox, "_raw", lambda self, uid: (fetched.append(uid), really(self, uid))[1])
    found = config(server, folders=["INBOX"])
    settings = {"name": "certs", "service": "imap", "settings": dict(found.settings), "look_back_hours": 24 * 365}
    source = Mails({**settings, "secrets": dict(found.secrets)})
    source.look()
    assert len(fetched) == len(set(fetched))
    fetched.clear()
    server.deliver("9.event.host", b"Message-ID: <9@jprs.jp>\r\nSubject: to be told to nobody\r\n\r\nx\r\n")
    (event,) = source.look()
    ((key, message_id),) = [(one["id"], one["message_id"]) for one in event["mails"]]
    assert re.fullmatch(rf"INBOX;UIDVALIDITY=\d+;UID={fetched[0]}", key) and message_id == "<9@jprs.jp>"
    assert (len(fetched), source.look(), len(fetched)) == (1, [], 1)
    assert set(server.flags()) <= {""}


def test_a_large_letter_is_cut_and_says_so(server: Dovecot) -> None:
    server.deliver("large.host", letter("large", "y" * (MAX_LETTER + 10)), user="empty")
    (found,) = read(config(server, "empty"))
    assert (len(found.raw), found.is_cut) == (MAX_LETTER, True)


def test_a_password_that_is_wrong_is_told_without_it(server: Dovecot) -> None:
    with pytest.raises(RefusedError) as caught:
        read(config(server, password="wrong-password-1"))
    assert caught.value.code == "mailbox_login_refused"
    assert "wrong-password-1" not in caught.value.sentence()


def test_a_folder_that_is_not_there_is_told(server: Dovecot) -> None:
    with pytest.raises(RefusedError) as caught:
        read(config(server, folders=['In"box']))
    assert (caught.value.code, 'In"box' in caught.value.sentence()) == ("mailbox_folder_missing", True)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_certificate_that_does_not_prove_the_server_ends_it_before_the_password(
    server: Dovecot, tmp_path: Path, tls: str, wrong: str
) -> None:
    bundle = Authority(tmp_path / "other").bundle if wrong == "authority" else server.authority.bundle
    host = "localhost" if wrong == "authority" else "127.0.0.1"
    port = server.imaps_port if tls == "implicit" else server.imap_port
    with pytest.raises(TransportError) as caught:
        read(config(server, tls=tls, port=port, ca_bundle=str(bundle), host=host))
    assert caught.value.code == "mailbox_tls"


def test_nobody_there_is_told(server: Dovecot) -> None:
    with pytest.raises(InkanError) as caught:
        read(config(server, port=1))
    assert (caught.value.code, caught.value.retryable) == ("mailbox_unreachable", True)
