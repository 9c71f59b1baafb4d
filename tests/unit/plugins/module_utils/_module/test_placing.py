# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set is put beside the live one only if it fits, and a sealed key opens only where it belongs."""

from __future__ import annotations

import base64
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256
from ansible_collections.inkan.tls.plugins.module_utils._x509.seal import seal, seal_context
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import DyingSystem, Killed
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.host import CHAIN, ROOT, Host, item, leaf
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

OLD, NEW = leaf("shop.example.jp", 0xA1), leaf("shop.example.jp", 0xA2)


@pytest.fixture(name="host")
def fixture_host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def digest(certificate: forge.Forged) -> str:
    return public_key_sha256(certificate.key_pem)


def sealed_for(host: Host, name: str, certificate: forge.Forged, as_digest: str | None = None) -> str:
    """What the custodian returns for this host."""
    recipient = base64.b64decode(host.run("prepare", {"name": name}).items[0].extra["recipient"])
    context = seal_context(name, as_digest or digest(certificate))
    return base64.b64encode(seal(certificate.key_pem, recipient, context)).decode()


# -- prepare ----------------------------------------------------------------------------------------------------------


def test_prepare_makes_one_key_and_keeps_it(host: Host) -> None:
    first, second = host.run("prepare", {"name": "shop"}), host.run("prepare", {"name": "shop"})
    assert (first.items[0].outcome, first.changed) == ("prepared", True)
    assert (second.items[0].outcome, second.changed) == ("kept", False)
    assert first.items[0].extra == second.items[0].extra
    assert stat.S_IMODE((host.store_path / "shop" / "recipient.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((host.store_path / "shop").stat().st_mode) == 0o700


def test_prepare_in_check_mode_makes_nothing(host: Host) -> None:
    result = host.run("prepare", {"name": "shop"}, check_mode=True)
    assert result.items[0].extra == {"recipient": "known_after_order"}
    assert result.changed
    assert not host.store_path.exists()


def test_a_damaged_recipient_key_is_replaced(host: Host) -> None:
    host.run("prepare", {"name": "shop"})
    (host.store_path / "shop" / "recipient.key").write_bytes(b"damaged")
    assert host.run("prepare", {"name": "shop"}).items[0].outcome == "prepared"


# -- verify on the custodian ------------------------------------------------------------------------------------------


def test_the_public_files_join_the_staged_key_and_nothing_live_is_touched(host: Host) -> None:
    host.deployed("shop", OLD)
    host.stage("shop", NEW)
    live = host.store_path / "shop" / "generations" / "0001"
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in live.iterdir()}
    result = host.run("verify", item("shop", NEW)).items[0]
    assert (result.outcome, result.state, result.changed, result.extra["generation"]) == ("verified", "staged", True, 2)
    staged = host.store_path / "shop" / "generations" / "0002"
    assert (staged / "fullchain.pem").read_text() == NEW.pem + CHAIN[0]
    assert (staged / "chain.pem").read_text() == CHAIN[0]
    assert stat.S_IMODE((staged / "privkey.pem").stat().st_mode) == 0o600
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in live.iterdir()} == before
    assert host.live_serial("shop") == "a1"


def test_a_second_verify_writes_nothing(host: Host) -> None:
    host.stage("shop", NEW)
    host.run("verify", item("shop", NEW))
    before = host.snapshot()
    assert host.run("verify", item("shop", NEW)).items[0].outcome == "kept"
    assert host.snapshot() == before


def test_a_reissued_certificate_of_the_live_key_gets_a_generation_of_its_own(host: Host) -> None:
    host.deployed("shop", OLD)
    again = leaf("shop.example.jp", 0xA9, key=OLD.key)
    result = host.run("verify", item("shop", again)).items[0]
    assert (result.outcome, result.extra["generation"]) == ("verified", 2)
    assert host.live_serial("shop") == "a1"
    assert host.run("switch", item("shop", again)).items[0].outcome == "switched"
    assert host.live_serial("shop") == "a9"


def test_a_verify_that_is_killed_at_any_call_is_finished_by_the_next_run(tmp_path: Path) -> None:
    survived = -1
    finished = False
    while not finished:
        survived += 1
        path = tmp_path / str(survived)
        path.mkdir()
        host = Host(path)
        host.stage("shop", NEW)
        host.system = DyingSystem(survived)
        try:
            host.run("verify", item("shop", NEW))
            finished = True
        except Killed:
            host.system = DyingSystem()
            assert host.run("verify", item("shop", NEW)).items[0].error is None
        host.system = DyingSystem()
        assert len(Store(str(host.store_path)).generations("shop")) == 1
        assert host.run("switch", item("shop", NEW)).items[0].outcome == "switched"
    assert survived > 10


BAD: dict[str, tuple[dict[str, t.Any], str]] = {
    "no certificate": ({"certificate": "-----BEGIN NOTHING"}, "certificate_unreadable"),
    "its key among the certificates": ({"chain": [*CHAIN, NEW.key_pem.decode()]}, "certificate_not_alone"),
    "another key": ({"public_key_sha256": digest(OLD)}, "certificate_key_mismatch"),
    "a key that is not here": ({"public_key_sha256": "ab" * 32}, "key_missing"),
    "names missing": ({"dns_names": ["shop.example.jp", "other.example.jp"]}, "certificate_names_missing"),
    "no chain": ({"chain": []}, "chain_missing"),
    "a stranger's chain": ({"chain": [ROOT.pem]}, "chain_broken"),
}


@pytest.mark.parametrize(("changed", "code"), BAD.values(), ids=BAD)
def test_what_does_not_fit_is_refused_alone_and_changes_nothing(
    host: Host, changed: dict[str, t.Any], code: str
) -> None:
    blog = leaf("blog.example.jp", 0xB1)
    host.deployed("shop", OLD)
    host.stage("shop", NEW)
    host.stage("blog", blog)
    before = {path: entry for path, entry in host.snapshot().items() if "/shop" in path}
    result = host.run("verify", {**item("shop", NEW), **changed}, item("blog", blog))
    assert [one.outcome for one in result.items] == ["refused", "verified"]
    assert result.items[0].error.code == code
    assert {path: entry for path, entry in host.snapshot().items() if "/shop" in path} == before


def test_a_certificate_of_another_key_is_refused(host: Host) -> None:
    host.stage("shop", NEW)
    wish = {**item("shop", leaf("shop.example.jp", 0xA3)), "public_key_sha256": digest(NEW)}
    assert host.run("verify", wish).items[0].error.code == "certificate_key_mismatch"


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (leaf("shop.example.jp", 1, days=1), "certificate_expired"),
        (leaf("shop.example.jp", 1, starts=forge.NOW + forge.timedelta(hours=2)), "certificate_not_yet_valid"),
    ],
)
def test_dates_are_judged_by_the_injected_clock(host: Host, certificate: forge.Forged, code: str) -> None:
    host.clock = type(host.clock)(forge.NOW + forge.timedelta(minutes=1))
    host.stage("shop", certificate)
    assert host.run("verify", item("shop", certificate)).items[0].error.code == code


# -- verify on a receiver ---------------------------------------------------------------------------------------------


def test_a_sealed_key_is_opened_into_a_generation_and_the_recipient_key_goes_after_the_switch(host: Host) -> None:
    wish = {**item("shop", NEW), "public_key_sha256": digest(NEW), "sealed_key": sealed_for(host, "shop", NEW)}
    result = host.run("verify", wish)
    assert (result.items[0].outcome, result.items[0].extra["generation"]) == ("verified", 1)
    key = host.store_path / "shop" / "generations" / "0001" / "privkey.pem"
    assert public_key_sha256(key.read_bytes()) == digest(NEW)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert host.run("switch", wish).items[0].outcome == "switched"
    assert not (host.store_path / "shop" / "recipient.key").exists()
    assert not host.run("switch", wish).changed


def test_a_recipient_key_that_a_killed_run_left_goes_in_a_later_run(host: Host) -> None:
    host.deployed("shop", NEW)
    host.run("prepare", {"name": "shop"})
    result = host.run("switch", item("shop", NEW))
    assert (result.items[0].outcome, result.changed, host.reloads) == ("kept", True, [])
    assert not (host.store_path / "shop" / "recipient.key").exists()


def test_a_key_that_is_not_that_of_the_order_is_refused_though_it_opens(host: Host) -> None:
    sealed = sealed_for(host, "shop", OLD, as_digest=digest(NEW))
    wish = {**item("shop", NEW), "public_key_sha256": digest(NEW), "sealed_key": sealed}
    result = host.run("verify", wish).items[0]
    assert (result.outcome, result.error.code) == ("refused", "sealed_key_mismatch")
    assert Store(str(host.store_path)).generations("shop") == []


def test_a_key_that_was_sealed_for_another_certificate_does_not_open(host: Host) -> None:
    sealed = sealed_for(host, "blog", NEW)
    host.run("prepare", {"name": "shop"})
    wish = {**item("shop", NEW), "sealed_key": sealed}
    assert host.run("verify", wish).items[0].error.code == "sealed_key_unusable"


def test_without_the_recipient_key_the_way_out_is_told(host: Host) -> None:
    wish = {**item("shop", NEW), "sealed_key": sealed_for(host, "shop", NEW)}
    (host.store_path / "shop" / "recipient.key").unlink()
    error = host.run("verify", wish).items[0].error
    assert error.code == "recipient_key_missing"
    assert "prepare" in error.todo


def test_in_check_mode_a_receiver_need_not_hold_the_key_yet(host: Host) -> None:
    result = host.run("verify", item("shop", NEW), check_mode=True)
    assert (result.items[0].outcome, result.items[0].error) == ("verified", None)
    assert host.run("switch", item("shop", NEW), check_mode=True).items[0].outcome == "switched"
    assert not host.store_path.exists()


def test_no_result_diff_or_error_holds_a_private_key(host: Host) -> None:
    secrets = [line for pem in (OLD.key_pem, NEW.key_pem) for line in pem.decode().splitlines()[1:-1]]
    wish = {**item("shop", NEW), "sealed_key": sealed_for(host, "shop", NEW)}
    shown = []
    for state in ("prepare", "verify", "switch", "switch", "rollback"):
        result = host.run(state, wish)
        shown.append(repr([one.as_data() for one in result.items] + [diff.as_data() for diff in result.diff]))
    (host.store_path / "shop" / "generations" / "0001" / "privkey.pem").write_bytes(OLD.key_pem)
    shown += [repr([one.as_data() for one in host.run(state, wish).items]) for state in ("verify", "switch")]
    assert not [secret for secret in secrets if secret in "".join(shown)]
    assert "PRIVATE KEY" not in "".join(shown)
