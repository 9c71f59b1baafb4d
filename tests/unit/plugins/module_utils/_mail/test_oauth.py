# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens for IMAP, as Microsoft 365 and Google give them to programs."""

from __future__ import annotations

import base64
import json
import typing as t
import urllib.parse
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.oauth import with_token
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import settings_errors
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import load_private_key, new_private_key
from ansible_collections.inkan.tls.plugins.module_utils._x509.signing import rs256
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
BOX = {"host": "outlook.office365.com", "user": "certs@example.jp"}
MICROSOFT = {"service": "microsoft365", "tenant": "example.onmicrosoft.com", "client_id": "1234"}
GOOGLE = {"service": "google", "client_email": "robot@project.iam.gserviceaccount.com"}


class Clock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class Server:
    def __init__(self, status: int = 200, answer: t.Any = None) -> None:
        self.answer = status, json.dumps(answer if answer is not None else {"access_token": "token-1"}).encode()
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def request(
        self, method: str, url: str, *, headers: t.Any = None, body: t.Any = None, timeout: float = 1
    ) -> HttpResponse:
        self.asked.append((method, url, dict(urllib.parse.parse_qsl((body or b"").decode()))))
        return HttpResponse(self.answer[0], {}, self.answer[1], url)


def config(oauth2: dict[str, str], **secrets: str) -> MailboxConfig:
    found = MailboxConfig("certs", "imap", {**BOX, "oauth2": oauth2}, secrets)
    assert settings_errors(found) == []
    return found


def test_microsoft_gives_a_token_for_the_credentials_of_an_application() -> None:
    server = Server()
    made = with_token(config(MICROSOFT, client_secret="geheim-1234"), server, Clock(), None, 5.0)
    assert (made.secrets, "oauth2" in made.settings) == ({"access_token": "token-1"}, False)
    [(method, url, fields)] = server.asked
    assert (method, url) == ("POST", "https://login.microsoftonline.com/example.onmicrosoft.com/oauth2/v2.0/token")
    assert fields == {
        "grant_type": "client_credentials",
        "client_id": "1234",
        "client_secret": "geheim-1234",
        "scope": "https://outlook.office365.com/.default",
    }


def test_google_gives_a_token_for_what_a_service_account_signs() -> None:
    server, key = Server(), new_private_key("rsa-2048")
    with_token(config(GOOGLE, private_key=key.decode()), server, Clock(), rs256, 5.0)
    [(_method, url, fields)] = server.asked
    head, claims, signature = fields["assertion"].split(".")
    signed = f"{head}.{claims}".encode()
    public: t.Any = load_private_key(key).public_key()
    public.verify(base64.urlsafe_b64decode(signature + "=="), signed, padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (said["iss"], said["sub"], said["aud"]) == (GOOGLE["client_email"], BOX["user"], url)
    assert said["exp"] - said["iat"] <= 3600 and said["iat"] == NOW.timestamp()


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (401, {"error": "invalid_client", "error_description": "geheim-1234 is wrong\x1b"}, "mailbox_token_refused"),
        (200, {"token": "x"}, "mailbox_token_refused"),
        (200, {"access_token": "a b"}, "mailbox_token_refused"),
        (503, ["later"], "mailbox_token_malformed"),
    ],
)
def test_what_is_no_token_is_told_without_the_secret(status: int, answer: t.Any, code: str) -> None:
    with pytest.raises(InkanError) as caught:
        with_token(config(MICROSOFT, client_secret="geheim-1234"), Server(status, answer), Clock(), None, 5.0)
    assert caught.value.code == code
    assert "geheim-1234" not in caught.value.sentence() and "\x1b" not in caught.value.sentence()


def test_a_mailbox_without_oauth2_asks_nobody() -> None:
    plain, server = MailboxConfig("certs", "imap", BOX, {"password": "geheim-1234"}), Server()
    assert with_token(plain, server, Clock(), None, 5.0) is plain and server.asked == []


@pytest.mark.parametrize(
    ("oauth2", "secrets", "words"),
    [
        ({"service": "yahoo"}, {"password": "x"}, "service"),
        ({"service": "google"}, {"private_key": "x"}, "client_email"),
        ({**MICROSOFT, "tenant": "a/../b"}, {"client_secret": "x"}, "tenant"),
        ({**MICROSOFT, "token_url": "http://x"}, {"client_secret": "x"}, "https"),
        (MICROSOFT, {"password": "x"}, "client_secret"),
        ({**MICROSOFT, "secret": "x"}, {"client_secret": "x"}, "unknown"),
    ],
)
def test_wrong_settings_are_told(oauth2: dict[str, str], secrets: dict[str, str], words: str) -> None:
    errors = settings_errors(MailboxConfig("certs", "imap", {**BOX, "oauth2": oauth2}, secrets))
    assert any(words in error for error in errors), errors
