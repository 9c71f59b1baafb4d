# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that the seller made goes into the store of its custodian; a brought certificate leaves it by one door only."""

from __future__ import annotations

import base64
import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.store import CERTIFICATE, CHAIN, FULLCHAIN, KEY, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.handing_over import hand_over, hand_over_path
from ansible_collections.inkan.tls.plugins.module_utils._x509 import seal
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key, public_key_sha256
from ansible_collections.inkan.tls.plugins.modules.certificate_requests import run
from cryptography.hazmat.primitives import serialization

PEM = new_private_key("ecdsa-p256")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def ask(store: Store, check_mode: bool = False, key: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> t.Any:
    item = {"name": "quick", "common_name": "quick.example.jp", "key": {"made_by": "seller", **(key or {})}, **more}
    result = run({"certificates": [item], "store_path": None}, check_mode, store, SerialExecutor())
    return result.items[0].as_data()


def test_the_sellers_key_is_taken_in_once(store: Store) -> None:
    given = {"private_key": PEM.decode()}
    planned = ask(store, True, given)
    assert (planned["changed"], planned["public_key_sha256"]) == (True, "known_after_order")
    assert not Path(store.path).exists()
    first, second = ask(store, key=given), ask(store, key=given)
    assert (first["outcome"], first["changed"], second["outcome"], second["changed"]) == (
        "created",
        True,
        "kept",
        False,
    )
    assert first["public_key_sha256"] == second["public_key_sha256"] == public_key_sha256(PEM)
    assert first["csr"] is None
    path = Path(store.path) / "quick" / "generations" / "0001" / KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PEM.decode().splitlines()[1] not in json.dumps(first)


def test_a_portals_download_has_words_and_another_form_around_the_key(store: Store) -> None:
    key = serialization.load_pem_private_key(PEM, None)
    old = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    said = ask(store, key={"private_key": "秘密鍵\r\n" + old.replace("\n", "\r\n") + "\r\n以上\r\n"})
    assert (said["error"], said["public_key_sha256"]) == (None, public_key_sha256(PEM))


def test_a_key_may_lie_in_a_file_on_the_custodian(store: Store, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(PEM)
    assert ask(store, key={"private_key_file": str(tmp_path / "key.pem")})["outcome"] == "created"
    assert (tmp_path / "key.pem").read_bytes() == PEM, "it stays where it is"
    missing = ask(store, key={"private_key_file": str(tmp_path / "none.pem")})
    assert missing["error"]["code"] == "path_missing"
    (tmp_path / "link.pem").symlink_to(tmp_path / "key.pem")
    assert ask(store, key={"private_key_file": str(tmp_path / "link.pem")})["error"]["code"] == "path_is_link"


@pytest.mark.parametrize("text", ["no key", "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----", ""])
def test_what_is_no_key_is_refused_and_not_shown(store: Store, text: str) -> None:
    said = ask(store, key={"private_key": text})
    if not text:
        assert said["outcome"] == "nothing_to_do"
        return
    assert said["error"]["code"] == "private_key_unreadable"
    assert "MIG" not in json.dumps(said)


def test_two_keys_and_an_encrypted_one_are_refused(store: Store) -> None:
    other = new_private_key("ecdsa-p256")
    assert "2 private keys" in ask(store, key={"private_key": (PEM + other).decode()})["error"]["message"]
    locked = serialization.load_pem_private_key(PEM, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    assert ask(store, key={"private_key": locked.decode()})["error"]["code"] == "private_key_unreadable"


def test_only_a_sellers_key_is_taken_in(store: Store) -> None:
    with pytest.raises(InputErrors, match=r"key\.made_by is us"):
        ask(store, key={"made_by": "us", "private_key": PEM.decode()})


def test_the_sellers_key_is_sealed_for_the_other_hosts(store: Store) -> None:
    private = seal.new_recipient()
    public = base64.b64encode(seal.recipient_public(private)).decode()
    given = {"private_key": PEM.decode()}
    said = ask(store, key=given, recipients=[{"host": "web2", "public_key": public}])
    context = seal.seal_context("quick", said["public_key_sha256"])
    assert seal.unseal(base64.b64decode(said["sealed"]["web2"]), private, context) == PEM
    later = ask(store, public_key_sha256=said["public_key_sha256"], recipients=[{"host": "web3", "public_key": public}])
    assert set(later["sealed"]) == {"web3"}, "in a later run the key is there"


# -- hand-over ---------------------------------------------------------------------------------------------------------


def brought(store: Store) -> dict[str, t.Any]:
    files = {KEY: PEM, CERTIFICATE: b"certificate\n", CHAIN: b"chain\n", FULLCHAIN: b"certificate\nchain\n"}
    store.new_generation("www", files)
    return {"name": "byo", "source": "www", "certificate": "certificate\n"}


def test_files_are_handed_over_until_they_are_registered(store: Store) -> None:
    item = brought(store)
    folder = Path(hand_over_path(store.path)) / "byo"
    [planned] = hand_over(store, [item], True).items
    assert planned.changed and not folder.exists()
    [first], [second] = hand_over(store, [item], False).items, hand_over(store, [item], False).items
    assert (first.outcome, first.changed, second.outcome, second.changed) == ("handed_over", True, "kept", False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "certificate.pem": b"certificate\n",
        "chain.pem": b"chain\n",
        "privkey.pem": PEM,
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    done = {**item, "certificate": None}
    assert hand_over(store, [done], True).items[0].changed and folder.exists()
    [gone], [again] = hand_over(store, [done], False).items, hand_over(store, [done], False).items
    assert (gone.outcome, gone.changed, again.outcome, again.changed) == ("withdrawn", True, "kept", False)
    assert not folder.exists()


@pytest.mark.parametrize("registered", [False, True])
def test_what_a_killed_hand_over_left_is_removed_by_the_next_one(store: Store, registered: bool) -> None:
    item = brought(store)
    hand_over(store, [item], False)
    above = Path(hand_over_path(store.path))
    (above / "byo/.inkan-tmp-0123456789abcdef").write_text("half a key")
    (above / ".inkan-tmp-fedcba9876543210").mkdir()
    (above / ".inkan-tmp-fedcba9876543210/privkey.pem").write_text("a key")
    hand_over(store, [{**item, "certificate": None} if registered else item], False)
    assert [path.name for path in above.rglob(".inkan-tmp-*")] == []


def test_another_certificate_than_the_ledgers_is_never_handed_over(store: Store) -> None:
    item = {**brought(store), "certificate": "another\n"}
    [said] = hand_over(store, [item], False).items
    assert said.error is not None and said.error.code == "nothing_to_hand_over" and said.error.retryable
    assert not Path(hand_over_path(store.path)).exists()


def test_a_name_that_leads_elsewhere_is_refused(store: Store) -> None:
    with pytest.raises(InputErrors, match="Cannot hand over"):
        hand_over(store, [{"name": "../byo", "source": "www", "certificate": None}], False)
