# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a mailbox by access tokens from Dovecot, which asks an authorization server what each is worth (XOAUTH2)."""

from __future__ import annotations

import tempfile
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import read_mail
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox, settings_errors
from ansible_collections.inkan.tls.plugins.module_utils._x509.signing import rs256
from servers.dovecot import Dovecot
from servers.tokens import CLIENT, ROBOT, SECRET, Tokens

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


class Place(t.NamedTuple):
    tokens: Tokens
    server: Dovecot


@pytest.fixture(scope="module")
def houses() -> t.Iterator[Place]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with (
            Tokens(Path(folder) / "tokens") as tokens,
            Dovecot(Path(folder) / "dovecot", ("certs", "other"), tokens.introspection_url) as server,
        ):
            server.deliver("1.host", b"From: ca@example.jp\r\nSubject: approve\r\n\r\nx\r\n")
            server.deliver("2.host", b"From: x@example.jp\r\nSubject: secret\r\n\r\nx\r\n", user="other")
            yield Place(tokens, server)


@pytest.fixture
def place(houses: Place) -> Place:
    houses.tokens.passed = 0.0
    houses.tokens.granted.clear()
    houses.tokens.judged.clear()
    return houses


def config(place: Place, secrets: dict[str, str], **more: t.Any) -> MailboxConfig:
    settings = {
        "host": "localhost",
        "port": place.server.imaps_port,
        "user": "certs",
        "ca_bundle": str(place.server.authority.bundle),
    }
    found = MailboxConfig("certs", "imap", {**settings, **more}, secrets)
    assert settings_errors(found) == []
    return found


def microsoft(place: Place, secret: str = SECRET, **more: t.Any) -> MailboxConfig:
    oauth = {"service": "microsoft365", "tenant": "t", "client_id": CLIENT, "token_url": place.tokens.token_url}
    return config(place, {"client_secret": secret}, oauth2=oauth, **more)


def google(place: Place, key: str) -> MailboxConfig:
    oauth = {"service": "google", "client_email": ROBOT, "token_url": place.tokens.token_url}
    return config(place, {"private_key": key}, oauth2=oauth)


def read(place: Place, found: MailboxConfig) -> list[Letter]:
    http = DirectHttp(ca_bundle=str(place.tokens.authority.bundle))
    with open_mailbox(found, SystemClock(), deadline=20.0, signer=rs256, http=http) as mailbox:
        return list(mailbox.letters(since=LONG_AGO))


def subjects(letters: t.Iterable[Letter]) -> list[str]:
    return [read_mail(one).subject for one in letters]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_the_token_of_an_application_opens_the_mailbox(place: Place, tls: str) -> None:
    port = place.server.imaps_port if tls == "implicit" else place.server.imap_port
    assert subjects(read(place, microsoft(place, tls=tls, port=port))) == ["approve"]
    assert (place.tokens.granted, place.tokens.judged) == (["client_credentials"], [True])
    assert set(place.server.flags()) <= {""}, "no letter is marked"


def test_the_statement_of_a_service_account_opens_the_mailbox(place: Place) -> None:
    assert subjects(read(place, google(place, place.tokens.robot_key))) == ["approve"]
    assert place.tokens.judged == [True]


def test_a_token_that_has_ended_is_refused_at_once_and_told_without_it(place: Place) -> None:
    ended = place.tokens.new(life=-1.0)
    with pytest.raises(RefusedError) as caught:
        read(place, config(place, {"access_token": ended}))
    assert (caught.value.code, place.tokens.judged) == ("mailbox_login_refused", [False])
    assert ended not in caught.value.sentence() and ended[:40] not in caught.value.sentence()


def test_each_run_fetches_a_token_so_that_one_that_ends_costs_nothing(place: Place) -> None:
    given = place.tokens.new()
    assert subjects(read(place, config(place, {"access_token": given}))) == ["approve"]
    assert subjects(read(place, microsoft(place))) == ["approve"]
    place.tokens.passed += 3601.0
    with pytest.raises(RefusedError):
        read(place, config(place, {"access_token": given}))
    assert subjects(read(place, microsoft(place))) == ["approve"]
    assert (place.tokens.granted, place.tokens.judged) == (["client_credentials"] * 2, [True, True, False, True])
    assert subjects(read(place, config(place, {"access_token": place.tokens.new()}))) == ["approve"]


def test_the_token_of_another_mailbox_opens_neither(place: Place) -> None:
    with pytest.raises(InkanError) as caught:
        read(place, config(place, {"access_token": place.tokens.new("other")}))
    assert (caught.value.code, place.tokens.judged) == ("mailbox_login_refused", [True])


def test_a_secret_that_is_wrong_is_told_without_it_and_no_mail_server_is_asked(place: Place) -> None:
    with pytest.raises(RefusedError) as caught:
        read(place, microsoft(place, "another-secret-2"))
    assert (caught.value.code, place.tokens.judged) == ("mailbox_token_refused", [])
    assert "invalid_client" in caught.value.sentence() and "another-secret-2" not in caught.value.sentence()


def test_another_service_account_is_refused(place: Place, tmp_path: Path) -> None:
    with Tokens(tmp_path) as others, pytest.raises(RefusedError) as caught:
        read(place, google(place, others.robot_key))
    assert (caught.value.code, place.tokens.judged) == ("mailbox_token_refused", [])


def test_a_token_service_that_is_not_the_one_gets_no_secret(place: Place, tmp_path: Path) -> None:
    with Tokens(tmp_path) as others:
        oauth = {"service": "microsoft365", "tenant": "t", "client_id": CLIENT, "token_url": others.token_url}
        with pytest.raises(TransportError):
            read(place, config(place, {"client_secret": SECRET}, oauth2=oauth))
        assert others.granted == []
