# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account: one key, made once, never shown; registered once, bound only when needed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS, adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    LocalError,
    PolicyError,
    RefusedError,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    ACCOUNT,
    CA,
    DIRECTORY,
    EAB_KEY,
    ORDER,
    FakeClock,
    World,
    account,
    account_key,
    directory,
    order,
    problem,
    request,
)

pytest.importorskip("acme")  # the oldest Pythons of targets have none that is new enough
pytest.importorskip("josepy")

NEW_ACCOUNT = f"{CA}/newAccount"
UNKNOWN = problem(400, "accountDoesNotExist")
EAB = {"eab_kid": "kid-1"}


def made_world(tmp_path: Path, settings: t.Mapping[str, t.Any] | None = None, eab: str = "") -> World:
    world = World(str(tmp_path / "accounts"), settings, eab)
    world.http.on(ORDER, order("processing"))
    return world


def look(world: World) -> None:
    world.open().look(ORDER, request())


def refused(world: World, kind: type[InkanError]) -> InkanError:
    with pytest.raises(kind) as caught:
        look(world)
    return caught.value


def registrations(world: World) -> list[dict[str, t.Any]]:
    return [one.payload for one in world.http.to(NEW_ACCOUNT)]


def test_the_key_is_made_once_and_is_nobodys_but_ours(tmp_path: Path) -> None:
    world = made_world(tmp_path, {"key_type": "ecdsa-p384"})
    look(world)
    look(world)
    key = tmp_path / "accounts" / "main.pem"
    assert world.made == ["ecdsa-p384"]
    assert key.read_bytes() == account_key()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert [name for name in os.listdir(key.parent) if name.endswith(".pem")] == ["main.pem"]


def test_a_new_key_is_registered_at_once_and_a_known_one_is_only_asked_for(tmp_path: Path) -> None:
    world = made_world(tmp_path, {"contact": ["a@example.jp", "b@example.jp"]})
    look(world)
    look(world)
    assert registrations(world) == [
        {"contact": ["mailto:a@example.jp", "mailto:b@example.jp"]},
        {"onlyReturnExisting": True},
    ]
    header = world.http.to(NEW_ACCOUNT)[0].header
    assert "kid" not in header and header["jwk"]["kty"] == "EC" and "d" not in header["jwk"]
    assert world.http.to(ORDER)[0].header["kid"] == ACCOUNT


def test_a_key_that_the_ca_does_not_know_is_registered(tmp_path: Path) -> None:
    """A run was killed between writing the key and hearing of the account."""
    world = made_world(tmp_path)
    look(world)
    world.http.on(NEW_ACCOUNT, UNKNOWN, account())
    look(world)
    assert registrations(world)[1:] == [{"onlyReturnExisting": True}, {}]


def test_terms_must_be_accepted_where_there_are_any(tmp_path: Path) -> None:
    world = made_world(tmp_path)
    world.http.on(DIRECTORY, directory(termsOfService="https://ca.example.test/terms/v7"))
    error = refused(world, PolicyError)
    assert error.code == "acme_terms_not_accepted"
    assert "https://ca.example.test/terms/v7" in error.todo and "accept_terms: true" in error.todo
    assert registrations(world) == []


def test_accepted_terms_are_said(tmp_path: Path) -> None:
    world = made_world(tmp_path, {"accept_terms": True})
    world.http.on(DIRECTORY, directory(termsOfService="https://ca.example.test/terms/v7"))
    look(world)
    assert registrations(world) == [{"termsOfServiceAgreed": True}]


def test_an_account_that_is_there_needs_neither_terms_nor_binding(tmp_path: Path) -> None:
    world = made_world(tmp_path)
    look(world)
    world.http.on(DIRECTORY, directory(termsOfService="https://x.test/", externalAccountRequired=True))
    look(world)
    assert registrations(world)[1:] == [{"onlyReturnExisting": True}]


def test_a_binding_that_is_required_and_missing_is_told_before_the_request(tmp_path: Path) -> None:
    world = made_world(tmp_path)
    world.http.on(DIRECTORY, directory(externalAccountRequired=True))
    error = refused(world, PolicyError)
    assert error.code == "acme_externalAccountRequired"
    assert "eab_kid" in error.todo
    assert registrations(world) == []


def test_a_binding_that_only_the_refusal_demands_is_told_too(tmp_path: Path) -> None:
    world = made_world(tmp_path)
    world.http.on(NEW_ACCOUNT, problem(403, "externalAccountRequired"))
    error = refused(world, RefusedError)
    assert (error.code, "eab_kid" in error.todo) == ("acme_externalAccountRequired", True)


@pytest.mark.parametrize(
    "shown", [EAB_KEY, EAB_KEY + "=" * (-len(EAB_KEY) % 4), f"  {EAB_KEY}\n"], ids=["plain", "padded", "with blanks"]
)
def test_the_binding_signs_our_public_key_with_the_shared_one(tmp_path: Path, shown: str) -> None:
    """RFC 8555 §7.3.4, checked with the standard library."""
    world = made_world(tmp_path, EAB, shown)
    look(world)
    (asked,) = world.http.to(NEW_ACCOUNT)
    bound = asked.payload["externalAccountBinding"]
    protected, payload = decoded(bound["protected"]), decoded(bound["payload"])
    assert json.loads(protected) == {"alg": "HS256", "kid": "kid-1", "url": NEW_ACCOUNT}
    assert json.loads(payload) == asked.header["jwk"]
    signed = f"{bound['protected']}.{bound['payload']}".encode()
    assert decoded(bound["signature"]) == hmac.new(decoded(EAB_KEY), signed, hashlib.sha256).digest()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_binding_is_used_for_a_new_account_only(tmp_path: Path) -> None:
    """Some CAs let each pair pass only once."""
    world = made_world(tmp_path, EAB, EAB_KEY)
    look(world)
    look(world)
    assert ["externalAccountBinding" in one for one in registrations(world)] == [True, False]


@pytest.mark.parametrize("kind", ["unauthorized", "malformed"])
def test_a_wrong_binding_says_what_to_compare_and_shows_no_key(tmp_path: Path, kind: str) -> None:
    world = made_world(tmp_path, EAB, EAB_KEY)
    world.http.on(NEW_ACCOUNT, problem(403, kind, f"the MAC {EAB_KEY} does not verify"))
    error = refused(world, RefusedError)
    assert error.code == "acme_binding_refused"
    assert "does not verify" in error.why
    assert EAB_KEY not in str(error.as_data())


@pytest.mark.parametrize("status", ["deactivated", "revoked", "frozen"])
def test_an_account_that_is_not_valid_is_not_used(tmp_path: Path, status: str) -> None:
    world = made_world(tmp_path)
    world.http.on(NEW_ACCOUNT, account(status))
    error = refused(world, RefusedError)
    assert (error.code, status in error.why) == ("acme_account_not_valid", True)


def test_an_exposed_key_is_refused(tmp_path: Path) -> None:
    world = made_world(tmp_path)
    look(world)
    (tmp_path / "accounts" / "main.pem").chmod(0o640)
    assert refused(world, LocalError).code == "acme_account_key_exposed"


def test_a_link_in_place_of_the_key_is_not_followed(tmp_path: Path) -> None:
    world = made_world(tmp_path)
    look(world)
    key = tmp_path / "accounts" / "main.pem"
    key.rename(tmp_path / "elsewhere.pem")
    key.symlink_to(tmp_path / "elsewhere.pem")
    refused(world, LocalError)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    world = made_world(tmp_path)
    look(world)
    (tmp_path / "accounts" / "main.pem").write_bytes(content)
    error = refused(world, LocalError)
    assert error.code == "acme_account_key_unreadable"
    assert "AAAA" not in error.sentence()


@pytest.mark.parametrize(
    "key_type, algorithm", [("rsa-2048", "RS256"), ("ecdsa-p384", "ES384"), ("ecdsa-p256", "ES256")]
)
def test_each_key_type_has_its_algorithm(tmp_path: Path, key_type: str, algorithm: str) -> None:
    world = made_world(tmp_path)
    folder = tmp_path / "accounts"
    folder.mkdir(mode=0o700)
    (folder / "main.pem").write_bytes(new_private_key(key_type))
    (folder / "main.pem").chmod(0o600)
    look(world)
    assert world.http.to(ORDER)[0].header["alg"] == algorithm


def test_a_missing_library_says_what_to_install_and_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "josepy", None)
    error = refused(made_world(tmp_path), LocalError)
    assert error.code == "library_missing"
    assert "acme >= 4 and josepy >= 2" in error.todo and "ledger host" in error.todo


def test_a_library_that_is_too_old_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("josepy.ComparableX509", object, raising=False)
    error = refused(made_world(tmp_path), LocalError)
    assert (error.code, "josepy 1" in error.why) == ("library_missing", True)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, secret, words",
    [
        ({"directory": ""}, "", "directory is missing"),
        ({"directory": 7}, "", "directory is missing"),
        ({"directory": "http://ca.example.jp/dir"}, "", "must be an https URL"),
        ({"directory": "ca.example.jp/dir"}, "", "https URL"),
        ({"directory": "https://user:pass@ca.example.jp/"}, "", "without a user name"),
        ({"directory": "https://[::1/"}, "", "directory is no URL"),
        ({"contact": ["someone"]}, "", "'someone'"),
        ({"contact": "a@example.jp?cc=b"}, "", "no mail address"),
        ({"contact": [3]}, "", "no mail address"),
        ({"accept_terms": "yes"}, "", "accept_terms must be true or false"),
        ({"key_type": "dsa"}, "", "key_type must be one of ecdsa-p256"),
        ({"lost_order": "panic"}, "", "lost_order must be one of resubmit, ask_person"),
        ({"preferred_chain": 1}, "", "preferred_chain must be a text"),
        ({"ca_bundle": ["x"]}, "", "ca_bundle must be a text"),
        ({"directry": "x"}, "", "unknown setting 'directry': known are accept_terms"),
        ({"eab_kid": "kid-1"}, "", "the secret eab_hmac_key is missing"),
        ({}, EAB_KEY, "eab_kid is missing"),
        ({"eab_kid": "kid-1"}, "not base64 at all !!", "eab_hmac_key is not base64url"),
        ({"eab_kid": "kid-1"}, "A" * 33, "a character is missing"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: dict[str, t.Any], secret: str, words: str) -> None:
    world = World(str(tmp_path), settings, secret)
    errors = world.factory.settings_errors(world.config)
    assert len(errors) == 1 and words in errors[0], errors
    assert secret == "" or secret not in errors[0]
    with pytest.raises(InputError):
        world.open()


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    world = World(str(tmp_path), {"directory": "x", "contact": ["y"], "key_type": "z", "what": 1})
    assert len(world.factory.settings_errors(world.config)) == 4


def test_a_name_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    world = World(str(tmp_path))
    world.config = world.config.__class__("../main", "acme", world.config.settings, {}, str(tmp_path))
    assert "cannot name a file" in world.factory.settings_errors(world.config)[0]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:14000/dir", "https://localhost:14000/dir", "https://ca.example.jp/dir"]
)
def test_good_settings(tmp_path: Path, url: str) -> None:
    world = World(str(tmp_path), {"directory": url, "contact": "a@example.jp", "accept_terms": None, "eab_kid": None})
    assert world.factory.settings_errors(world.config) == []


def test_the_registry_knows_every_adapter_by_its_key() -> None:
    factories = adapter_factories(clock=FakeClock(), new_private_key=new_private_key)
    assert sorted(factories) == sorted(ADAPTERS)
