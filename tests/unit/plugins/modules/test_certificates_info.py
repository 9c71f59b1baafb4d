# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a host, what is broken, what is due, and what is really served."""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Journal, Store
from ansible_collections.inkan.tls.plugins.module_utils._module import looking
from ansible_collections.inkan.tls.plugins.module_utils._x509 import seal
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256
from ansible_collections.inkan.tls.plugins.modules.certificates_info import Ports, run
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import DyingSystem
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge
from cryptography.hazmat.primitives import serialization

Item = dict[str, t.Any]
CA = forge.ca("CA")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def silent(address: str, port: int, server_name: str | None, timeout: float) -> bytes:
    raise AssertionError("no handshake was asked for")


def look(store: Store, handshake: t.Any = silent, **params: t.Any) -> list[Item]:
    reading = Store(store.path, system=DyingSystem(0))  # whatever changes something dies
    result = run(params, False, Ports(reading, handshake, SerialExecutor()))
    assert not result.changed
    return [item.as_data() for item in result.items]


def stage(store: Store, name: str = "shop") -> tuple[int, forge.Forged]:
    leaf = forge.make(f"{name}.example.jp", by=CA, names=[f"{name}.example.jp"])
    csr = new_csr(leaf.key_pem, wish_for(f"{name}.example.jp", [], "ecdsa-p256"))
    return store.new_generation(name, {"privkey.pem": leaf.key_pem, "csr.pem": csr}), leaf


def make_live(store: Store, name: str = "shop", days: int = 90) -> forge.Forged:
    number, staged = stage(store, name)
    leaf = forge.make(f"{name}.example.jp", by=CA, key=staged.key, names=[f"*.{name}.example.jp"], days=days)
    files = {"cert.pem": leaf.pem, "chain.pem": CA.pem, "fullchain.pem": leaf.pem + CA.pem}
    store.add_files(name, number, {file: text.encode() for file, text in files.items()})
    store.switch(name, number)
    return leaf


def path_of(store: Store, file: str, name: str = "shop") -> Path:
    return Path(store.path, name, "live", file)


def test_an_empty_host_has_nothing_and_stays_empty(store: Store) -> None:
    assert look(store) == []
    (absent,) = look(store, names=["shop"])
    assert (absent["outcome"], absent["state"], absent["live"], absent["error"]) == ("absent", "absent", None, None)
    assert not os.path.exists(store.path)


def test_a_live_certificate_is_told_with_its_facts(store: Store) -> None:
    leaf = make_live(store)
    (found,) = look(store)
    assert (found["outcome"], found["state"], found["switching"], found["problem"]) == ("found", "live", False, None)
    live = found["live"]
    assert live["serial"] == f"{leaf.certificate.serial_number:x}"
    assert live["not_after"] == "2027-02-17T00:00:00Z"
    assert live["dns_names"] == ["*.shop.example.jp"]
    assert live["generation"] == 1 and live["matches"] and live["renewal_id"] is None
    assert found["has_keys"] == [live["public_key_sha256"]] == [public_key_sha256(leaf.key_pem)]
    assert found["staged"] == []


def test_a_staged_key_is_told_beside_the_live_one(store: Store) -> None:
    make_live(store)
    number, staged = stage(store)
    (found,) = look(store)
    (one,) = found["staged"]
    assert (one["generation"], one["public_key_sha256"]) == (number, public_key_sha256(staged.key_pem))
    assert len(one["csr_sha256"]) == 64
    assert datetime.fromisoformat(one["created_at"].replace("Z", "+00:00")).tzinfo
    assert len(found["has_keys"]) == 2


def test_a_name_with_only_a_staged_key_is_staged(store: Store) -> None:
    stage(store)
    (found,) = look(store)
    assert (found["outcome"], found["state"], found["live"]) == ("found", "staged", None)


def test_a_switch_under_way_and_an_awaited_key_are_told(store: Store) -> None:
    make_live(store)
    private = seal.new_recipient()
    store.write_journal("shop", Journal(None, 1, datetime(2026, 11, 20, tzinfo=timezone.utc)))
    store.write_recipient("shop", private)
    (found,) = look(store)
    assert found["switching"]
    assert len(found["recipient"]) == 44


@pytest.mark.parametrize("file", ["cert.pem", "privkey.pem"])
@pytest.mark.parametrize("content", [None, b"", b"rubbish"])
def test_what_cannot_be_served_is_a_finding_and_no_failure(store: Store, file: str, content: bytes | None) -> None:
    make_live(store)
    path_of(store, file).unlink()
    if content is not None:
        path_of(store, file).write_bytes(content)
    (found,) = look(store)
    assert (found["outcome"], found["state"], found["error"]) == ("broken", "broken", None)
    assert found["problem"]["code"] in ("live_broken", "certificate_unreadable", "private_key_unreadable")


def test_a_key_that_is_not_the_certificates_own_is_found(store: Store) -> None:
    make_live(store)
    path_of(store, "privkey.pem").write_bytes(forge.key_pem(forge.new_key()))
    (found,) = look(store)
    assert found["state"] == "broken"
    assert found["live"]["matches"] is False


def test_a_link_that_leads_nowhere_is_found(store: Store) -> None:
    make_live(store)
    live = Path(store.path, "shop", "live")
    live.unlink()
    live.symlink_to("generations/0009")
    (found,) = look(store)
    assert (found["state"], found["problem"]["code"]) == ("broken", "live_broken")
    live.unlink()
    live.symlink_to("/etc")
    assert look(store)[0]["problem"]["code"] == "store_broken"


def test_a_broken_name_never_hides_the_others(store: Store) -> None:
    make_live(store, "a")
    make_live(store, "b")
    path_of(store, "cert.pem", "a").write_bytes(b"rubbish")
    assert [found["state"] for found in look(store)] == ["broken", "live"]


def test_a_store_that_may_not_be_read_is_an_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    make_live(store)

    def forbidden(self: Store, name: str) -> int:
        raise looking.LocalError(code="permission_denied", what="Cannot open", why="Permission denied")

    monkeypatch.setattr(Store, "live", forbidden)
    (found,) = look(store)
    assert found["error"]["code"] == "permission_denied"


def test_a_sweep_returns_what_expires_is_broken_or_absent(store: Store) -> None:
    for name, days in (("late", 90), ("soon", 10), ("broken", 90)):
        make_live(store, name, days)
    stage(store, "staged")
    path_of(store, "privkey.pem", "broken").unlink()
    before = (forge.NOW + timedelta(days=30)).isoformat()
    assert [found["name"] for found in look(store, expiring_before=before)] == ["broken", "soon", "staged"]
    names = ["late", "absent", "soon"]
    assert [found["name"] for found in look(store, expiring_before=before, names=names)] == ["absent", "soon"]
    assert len(look(store, expiring_before="2036-01-01")) == 4


def test_a_sweep_opens_only_the_live_pair_of_what_is_not_due(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    make_live(store)
    stage(store)
    read: list[str] = []
    really = Store.read

    def reading(self: Store, name: str, generation: int, file: str) -> bytes | None:
        read.append(file)
        return really(self, name, generation, file)

    monkeypatch.setattr(Store, "read", reading)
    assert look(store, expiring_before="2026-11-21") == []
    assert sorted(read) == ["cert.pem", "privkey.pem"]


def test_what_is_served_is_compared_with_what_is_live(store: Store) -> None:
    leaf = make_live(store)
    other = forge.make("other.example.jp", by=CA)
    asked: list[tuple[str, int, str | None]] = []
    serving = leaf

    def handshake(address: str, port: int, server_name: str | None, timeout: float) -> bytes:
        asked.append((address, port, server_name))
        return t.cast(bytes, serving.certificate.public_bytes(serialization.Encoding.DER))

    probe = {"name": "shop", "address": "192.0.2.1", "port": 8443}
    (found,) = look(store, handshake, served=[probe])
    assert found["served"]["matches_live"] and found["served"]["serial"] == found["live"]["serial"]
    assert asked == [("192.0.2.1", 8443, "www.shop.example.jp")]
    serving = other
    (found,) = look(store, handshake, served=[{**probe, "server_name": "a.example.jp"}], expiring_before="2026-11-21")
    assert not found["served"]["matches_live"]
    assert asked[-1][2] == "a.example.jp"


def test_a_server_that_does_not_answer_is_told_in_the_entry(store: Store) -> None:
    make_live(store)

    def refusing(address: str, port: int, server_name: str | None, timeout: float) -> bytes:
        raise TransportError(code="tls_no_connection", what="Cannot connect", why="Connection refused")

    (found,) = look(store, refusing, served=[{"name": "shop"}])
    assert found["served"] is None
    assert "Connection refused" in found["served_error"]
    assert found["error"] is None


def test_a_wrong_option_is_refused_with_all_others(store: Store) -> None:
    with pytest.raises(InputErrors) as caught:
        look(
            store,
            names=["../x", "a", "a"],
            expiring_before="tomorrow",
            timeout=1000.0,
            served=[{"name": "shop", "port": 70000, "server_name": "UPPER"}],
        )
    codes = sorted(error.code for error in caught.value.errors)
    assert codes == ["bad_name", "bad_value", "bad_value", "bad_value", "bad_value", "duplicate_name"]
