# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account itself: another key, its end, and what is remembered of it, with an answer lost at each place."""

from __future__ import annotations

import base64
import json
import os
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountKeeping
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    ACCOUNT,
    CA,
    DIRECTORY,
    ORDER,
    Answer,
    World,
    account,
    directory,
    order,
    problem,
    request,
)

pytest.importorskip("acme")  # the oldest Pythons of targets have none that is new enough
pytest.importorskip("josepy")

NEW_ACCOUNT = f"{CA}/newAccount"
KEY_CHANGE = f"{CA}/keyChange"
UNKNOWN = problem(400, "accountDoesNotExist")
LOST = TransportError(code="http_broken_answer", what="no answer", sent=True)


class Keyed(World):
    """Each key that is made is another one; the CA has keyChange."""

    def __init__(self, folder: Path, **settings: t.Any) -> None:
        super().__init__(str(folder / "accounts"), settings)
        self.folder = folder / "accounts"
        self.http.on(DIRECTORY, directory("keyChange")).on(ORDER, order("ready"))

    def _new_key(self, key_type: str) -> bytes:
        self.made.append(key_type)
        return new_private_key(key_type)

    def adapter(self) -> AccountKeeping:
        adapter = self.open()
        assert isinstance(adapter, AccountKeeping)
        return adapter

    def keys(self) -> list[str]:
        return sorted(name for name in os.listdir(self.folder) if name.endswith(".pem"))


@pytest.fixture
def keyed(tmp_path: Path) -> Keyed:
    return Keyed(tmp_path)


def unpacked(text: str) -> t.Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def error_of(call: t.Callable[[], object], kind: type[InkanError]) -> InkanError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_another_key_is_signed_for_by_both_keys(keyed: Keyed) -> None:
    keyed.http.on(KEY_CHANGE, Answer(200))
    adapter = keyed.adapter()
    old = adapter.open_account().key_made_at
    before = (keyed.folder / "main.pem").read_bytes()
    adapter.roll_key()
    (asked,) = keyed.http.to(KEY_CHANGE)
    inner = unpacked(asked.payload["protected"])
    assert asked.header["kid"] == ACCOUNT and "jwk" not in asked.header
    assert inner["url"] == KEY_CHANGE and "nonce" not in inner and "kid" not in inner
    body = unpacked(asked.payload["payload"])
    first = keyed.http.to(NEW_ACCOUNT)[0].header["jwk"]
    assert body == {"account": ACCOUNT, "oldKey": first} and inner["jwk"] != first
    assert "d" not in body["oldKey"] and "d" not in inner["jwk"]
    assert (keyed.folder / "main.pem").read_bytes() != before and old is not None
    assert keyed.keys() == ["main.pem"]
    assert stat.S_IMODE((keyed.folder / "main.pem").stat().st_mode) == 0o600


def test_the_session_goes_on_with_the_new_key(keyed: Keyed) -> None:
    keyed.http.on(KEY_CHANGE, Answer(200))
    adapter = keyed.open()
    adapter.roll_key()
    adapter.roll_key()
    first, second = (unpacked(one.payload["payload"])["oldKey"] for one in keyed.http.to(KEY_CHANGE))
    assert unpacked(keyed.http.to(KEY_CHANGE)[0].payload["protected"])["jwk"] == second != first


def test_after_a_lost_answer_to_a_change_that_was_made_the_next_connection_takes_the_new_key(keyed: Keyed) -> None:
    keyed.http.on(KEY_CHANGE, LOST)
    error_of(keyed.adapter().roll_key, TransportError)
    assert keyed.keys() == ["main.next.pem", "main.pem"], "neither key may be lost while nobody knows which one counts"
    following = (keyed.folder / "main.next.pem").read_bytes()
    keyed.http.on(NEW_ACCOUNT, UNKNOWN, account())
    assert keyed.open().look(ORDER, request()).handle == ORDER
    assert keyed.keys() == ["main.pem"] and (keyed.folder / "main.pem").read_bytes() == following
    assert len(keyed.http.to(KEY_CHANGE)) == 1
    assert [one.payload for one in keyed.http.to(NEW_ACCOUNT)][1:] == [{"onlyReturnExisting": True}] * 3


def test_after_a_lost_answer_to_a_change_that_was_not_made_the_same_new_key_is_tried_again(keyed: Keyed) -> None:
    keyed.http.on(KEY_CHANGE, LOST, Answer(200))
    error_of(keyed.adapter().roll_key, TransportError)
    keyed.adapter().roll_key()
    first, second = (unpacked(one.payload["protected"])["jwk"] for one in keyed.http.to(KEY_CHANGE))
    assert first == second and len(keyed.made) == 2
    assert keyed.keys() == ["main.pem"]


def test_where_the_ca_knows_neither_key_nothing_is_thrown_away(keyed: Keyed) -> None:
    keyed.http.on(KEY_CHANGE, LOST)
    error_of(keyed.adapter().roll_key, TransportError)
    keyed.http.on(NEW_ACCOUNT, UNKNOWN, UNKNOWN, UNKNOWN, account())
    keyed.open().look(ORDER, request())
    assert keyed.keys() == ["main.next.pem", "main.pem"]


@pytest.mark.parametrize("refusal", [problem(409, "malformed", "the key has an account"), problem(400, "badPublicKey")])
def test_a_key_that_the_ca_refuses_is_dropped_and_the_old_one_stays(keyed: Keyed, refusal: Answer) -> None:
    keyed.http.on(KEY_CHANGE, refusal)
    adapter = keyed.adapter()
    adapter.open_account()
    before = (keyed.folder / "main.pem").read_bytes()
    error_of(adapter.roll_key, RefusedError)
    assert keyed.keys() == ["main.pem"] and (keyed.folder / "main.pem").read_bytes() == before


def test_a_ca_without_key_change_is_told_apart_before_a_key_is_made(keyed: Keyed) -> None:
    keyed.http.on(DIRECTORY, directory())
    assert error_of(keyed.adapter().roll_key, RefusedError).code == "acme_no_key_change"
    assert keyed.keys() == ["main.pem"]


def test_a_closed_account_is_closed_once_and_its_key_kept(keyed: Keyed) -> None:
    keyed.http.on(ACCOUNT, account("deactivated"))
    keyed.adapter().close_account()
    keyed.adapter().close_account()
    assert [one.payload for one in keyed.http.to(ACCOUNT)] == [{"status": "deactivated"}]
    facts = keyed.adapter().remembered_account()
    assert facts is not None and facts.is_closed and facts.url == ACCOUNT
    assert keyed.keys() == ["main.pem"]


def test_what_is_remembered_needs_no_ca(keyed: Keyed) -> None:
    assert keyed.adapter().remembered_account() is None
    keyed.adapter().open_account()
    asked = len(keyed.http.asked)
    facts = keyed.adapter().remembered_account()
    assert facts is not None and facts.url == ACCOUNT and facts.key_made_at is not None
    assert facts.dns_label == "_rtcx7tofoupp7izy"
    assert len(keyed.http.asked) == asked


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 7, "contact": "x", "status": []}'])
def test_a_memory_that_cannot_be_read_counts_as_none(keyed: Keyed, text: str) -> None:
    keyed.adapter().open_account()
    (keyed.folder / "main.account.json").write_text(text, "ascii")
    assert keyed.adapter().remembered_account() is None
    assert keyed.adapter().open_account().url == ACCOUNT
