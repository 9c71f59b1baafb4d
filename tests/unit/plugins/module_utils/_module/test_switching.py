# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate goes live and is proven, or the one before comes back, however often the run is killed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import DyingSystem, FullDisk, Killed
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.host import (
    CHAIN,
    Host,
    der_of,
    is_pair,
    item,
    leaf,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

OLD, NEW, NEWER = (leaf("shop.example.jp", serial) for serial in (0xA1, 0xA2, 0xA3))
BLOG_OLD, BLOG_NEW = leaf("blog.example.jp", 0xB1), leaf("blog.example.jp", 0xB2)


@pytest.fixture(name="host")
def fixture_host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def verified(host: Host, name: str, certificate: forge.Forged, **deploy: t.Any) -> dict[str, t.Any]:
    host.stage(name, certificate)
    wish = item(name, certificate, **deploy)
    assert host.run("verify", wish).items[0].error is None
    return wish


# -- switch -----------------------------------------------------------------------------------------------------------


def test_a_verified_certificate_goes_live_and_is_served(host: Host) -> None:
    host.deployed("shop", OLD)
    result = host.run("switch", verified(host, "shop", NEW))
    assert result.items[0].as_data() == {
        "name": "shop",
        "changed": True,
        "outcome": "switched",
        "state": "live",
        "error": None,
        "generation": 2,
        "previous": 1,
        "serial": "a2",
        "not_before": "2026-11-19T00:00:00Z",
        "not_after": "2027-02-17T00:00:00Z",
        "issuer": "CN=Middle",
        "served_serial": "a2",
    }
    assert host.served("shop") == host.live_serial("shop") == "a2"
    assert not host.journal("shop")
    assert len(host.reloads) == 1


def test_a_second_run_reloads_nothing_and_writes_nothing(host: Host) -> None:
    host.deployed("shop", OLD)
    wish = verified(host, "shop", NEW, copies=[{"path": str(host.path / "all.pem"), "content": "combined"}])
    host.run("switch", wish)
    before, host.reloads = host.snapshot(), []
    for state in ("verify", "switch"):
        result = host.run(state, wish)
        assert (result.changed, result.items[0].outcome, result.diff) == (False, "kept", [])
    assert host.reloads == []
    assert host.snapshot() == before


def test_without_a_handshake_the_second_run_does_nothing_either(host: Host) -> None:
    wish = verified(host, "shop", OLD, handshake=None)
    assert host.run("switch", wish).items[0].outcome == "switched"
    host.reloads.clear()
    assert not host.run("switch", wish).changed
    assert host.reloads == []


def test_a_service_that_serves_another_certificate_than_the_live_one_is_reloaded(host: Host) -> None:
    host.deployed("shop", OLD, NEW)
    host.memory["shop.example.jp"] = forge.x509.load_pem_x509_certificate(OLD.pem.encode()).public_bytes(
        forge.serialization.Encoding.DER
    )
    result = host.run("switch", item("shop", NEW)).items[0]
    assert (result.outcome, result.changed) == ("switched", True)
    assert host.served("shop") == "a2"


def test_a_certificate_that_was_not_verified_is_not_switched_to(host: Host) -> None:
    host.deployed("shop", OLD)
    before = host.snapshot()
    result = host.run("switch", item("shop", NEW)).items[0]
    assert (result.outcome, result.error.code, result.changed) == ("refused", "not_verified", False)
    assert host.snapshot() == before


def test_a_certificate_that_expired_since_it_was_verified_is_not_switched_to(host: Host) -> None:
    wish = verified(host, "shop", OLD)
    host.clock = type(host.clock)(forge.NOW.replace(year=2028))
    result = host.run("switch", wish).items[0]
    assert (result.outcome, result.error.code) == ("refused", "certificate_expired")
    assert not (host.store_path / "shop" / "live").exists()


def test_check_mode_tells_the_same_and_writes_nothing(host: Host) -> None:
    host.deployed("shop", OLD)
    wish = verified(host, "shop", NEW)
    before = host.snapshot()
    planned = host.run("switch", wish, check_mode=True)
    assert host.snapshot() == before
    assert host.reloads == []
    done = host.run("switch", wish)
    assert [(one.outcome, one.changed) for one in planned.items] == [(one.outcome, one.changed) for one in done.items]
    assert [diff.as_data() for diff in planned.diff] == [diff.as_data() for diff in done.diff]
    assert "serial: a1" in planned.diff[0].before
    assert "serial: a2" in planned.diff[0].after


@pytest.mark.parametrize("state", ["verify", "switch"])
def test_check_mode_takes_what_is_known_only_after_the_order(host: Host, state: str) -> None:
    result = host.run(state, {**item("shop"), "certificate": "known_after_order"}, check_mode=True)
    assert result.changed
    assert result.items[0].error is None
    assert not host.store_path.exists()


# -- what is not proven goes back -------------------------------------------------------------------------------------


def test_a_reload_that_fails_brings_the_old_certificate_back(host: Host) -> None:
    host.deployed("shop", OLD)
    host.sick_of = {"a2"}
    result = host.run("switch", verified(host, "shop", NEW)).items[0]
    assert (result.outcome, result.error.code, result.error.did_change) == ("rolled_back", "rolled_back", True)
    assert "cannot load a2" in result.error.why
    assert "its service serves it" in result.error.why
    assert result.extra["serial"] == result.extra["served_serial"] == "a1"
    assert (result.extra["generation"], result.extra["previous"]) == (1, None)
    assert host.served("shop") == host.live_serial("shop") == "a1"
    assert not host.journal("shop")


def test_a_service_that_goes_on_serving_the_old_one_is_not_believed(host: Host) -> None:
    host.deployed("shop", OLD)
    wish = verified(host, "shop", NEW)
    host.read_files = lambda: None  # type: ignore[method-assign]  # a reload that says yes and does nothing
    result = host.run("switch", wish).items[0]
    assert (result.outcome, result.error.code) == ("rolled_back", "rolled_back")
    assert "serial a1" in result.error.why
    assert host.live_serial("shop") == "a1"
    assert 10 <= host.clock.slept <= 11


def test_the_time_that_a_reload_takes_does_not_count(host: Host) -> None:
    host.deployed("shop", OLD)
    wish = verified(host, "shop", NEW)
    reload, look = host.reload, host.look

    def slowly(how: t.Any, *, start: bool = False) -> None:
        host.clock.sleep(60)
        reload(how, start=start)
        host.looks = 0

    def old_workers_first(*where: t.Any) -> bytes:
        served = look(*where)
        return served if host.looks > 3 else der_of(OLD.pem.encode())

    host.reload, host.look = slowly, old_workers_first  # type: ignore[method-assign]
    assert host.run("switch", wish).items[0].outcome == "switched"
    assert len(host.reloads) == 1


def test_a_post_check_that_says_no_brings_the_old_certificate_back(host: Host) -> None:
    check = {"argv": ["/bin/check", "shop"]}
    host.deployed("shop", OLD, post_check=check)
    host.check_says_no_to = {"a2"}
    result = host.run("switch", verified(host, "shop", NEW, post_check=check)).items[0]
    assert (result.outcome, host.served("shop")) == ("rolled_back", "a1")
    assert host.checks[-1] == ("/bin/check", "shop")


def test_copies_come_back_with_the_old_certificate(host: Host) -> None:
    copies = [
        {"path": str(host.path / f"{kind}.pem"), "content": kind} for kind in ("privkey", "fullchain", "combined")
    ]
    host.deployed("shop", OLD, copies=copies)
    before = {copy["path"]: Path(copy["path"]).read_bytes() for copy in copies}
    host.sick_of = {"a2"}
    host.run("switch", verified(host, "shop", NEW, copies=copies))
    assert {path: Path(path).read_bytes() for path in before} == before


def test_a_first_deployment_without_a_service_stays_live_and_says_so(host: Host) -> None:
    host.is_up = False
    wish = verified(host, "shop", OLD)
    result = host.run("switch", wish).items[0]
    assert (result.outcome, result.error.code, result.error.retryable) == ("unproven", "service_unproven", True)
    assert host.live_serial("shop") == "a1"
    host.is_up = True
    again = host.run("switch", wish).items[0]
    assert (again.outcome, again.error, host.served("shop")) == ("switched", None, "a1")
    assert not host.journal("shop")


def test_a_renewal_while_the_service_is_down_stays_live(host: Host) -> None:
    host.deployed("shop", OLD)
    host.is_up = False
    result = host.run("switch", verified(host, "shop", NEW)).items[0]
    assert (result.outcome, result.error.code) == ("unproven", "service_unproven")
    assert host.live_serial("shop") == "a2"


# -- what lay there before the first deployment -----------------------------------------------------------------------


def foreign_pair(host: Host, kind: str) -> list[dict[str, str]]:
    """What another tool left where the copies go, and the copies."""
    content = {
        "privkey": OLD.key_pem,
        "cert": OLD.pem.encode(),
        "fullchain": (OLD.pem + CHAIN[0]).encode(),
        "combined": OLD.key_pem + (OLD.pem + CHAIN[0]).encode(),
    }
    names = {"two files": ["privkey", "fullchain"], "leaf alone": ["privkey", "cert"], "one file": ["combined"]}[kind]
    for name in names:
        (host.path / f"{name}.pem").write_bytes(content[name])
    return [{"path": str(host.path / f"{name}.pem"), "content": name} for name in names]


@pytest.mark.parametrize("kind", ["two files", "leaf alone", "one file"])
def test_a_pair_that_lay_there_before_comes_back_if_the_first_deployment_is_not_proven(host: Host, kind: str) -> None:
    copies = foreign_pair(host, kind)
    wish = verified(host, "shop", NEW, copies=copies)
    host.memory["shop.example.jp"] = der_of(OLD.pem.encode())
    host.sick_of = {"a2"}
    result = host.run("switch", wish).items[0]
    assert (result.outcome, result.error.code) == ("rolled_back", "rolled_back")
    assert host.served("shop") == host.live_serial("shop") == "a1"
    for copy in copies:
        assert OLD.pem in Path(copy["path"]).read_text() or Path(copy["path"]).read_bytes() == OLD.key_pem
    host.sick_of = set()
    assert host.run("switch", wish).items[0].outcome == "switched"
    back = host.run("rollback", {**item("shop", copies=copies), "to_serial": "a1"}).items[0]
    if kind == "leaf alone":  # nobody goes back by choice to what clients refuse
        assert back.error.code == "chain_missing"
    else:
        assert (back.error, host.served("shop")) == (None, "a1")


def test_what_lay_there_before_is_older_than_all_that_was_deployed(host: Host) -> None:
    copies = foreign_pair(host, "two files")
    for certificate in (NEW, NEWER):
        assert host.run("switch", verified(host, "shop", certificate, copies=copies)).items[0].error is None
    serials = [host.run("rollback", item("shop", copies=copies)).items[0].extra["serial"] for _turn in range(2)]
    assert serials == ["a2", "a1"]
    last = host.run("rollback", item("shop", copies=copies)).items[0]
    assert last.error.code == "no_previous_generation"


def test_a_killed_first_deployment_is_rolled_back_to_what_lay_there_before(host: Host) -> None:
    copies = foreign_pair(host, "two files")
    wish = verified(host, "shop", NEW, copies=copies)
    host.system = DyingSystem()
    host.reload = lambda *_how, **_more: host.system.fail("reload")  # type: ignore[method-assign]
    with pytest.raises(Killed):
        host.run("switch", wish)
    del host.reload  # type: ignore[method-assign]
    assert host.live_serial("shop") == "a2"
    back = host.run("rollback", item("shop", copies=copies)).items[0]
    assert (back.error, back.outcome, host.served("shop")) == (None, "rolled_back", "a1")


def test_parameters_beside_the_pair_do_not_hide_it(host: Host) -> None:
    copies = foreign_pair(host, "one file")
    path = Path(copies[0]["path"])
    path.write_bytes(path.read_bytes() + b"-----BEGIN DH PARAMETERS-----\nMAYCAQcCAQI=\n-----END DH PARAMETERS-----\n")
    assert host.run("switch", verified(host, "shop", NEW, copies=copies)).items[0].error is None
    assert host.run("rollback", item("shop", copies=copies)).items[0].extra["serial"] == "a1"


def test_what_is_no_pair_is_not_kept(host: Host) -> None:
    copies = foreign_pair(host, "two files")
    (host.path / "privkey.pem").write_bytes(BLOG_OLD.key_pem)
    assert host.run("switch", verified(host, "shop", NEW, copies=copies)).items[0].error is None
    assert len(Store(str(host.store_path)).generations("shop")) == 1


def test_a_first_deployment_over_a_foreign_pair_may_be_killed_at_any_call(tmp_path: Path) -> None:
    survived, finished = -1, False
    while not finished:
        survived += 1
        path = tmp_path / str(survived)
        path.mkdir()
        host = Host(path)
        wish = verified(host, "shop", NEW, copies=foreign_pair(host, "two files"))
        host.system = DyingSystem(survived)
        try:
            host.run("switch", wish)
            finished = True
        except Killed:
            host.system = DyingSystem()
            assert host.run("switch", wish).items[0].error is None
        assert host.served("shop") == host.live_serial("shop") == "a2"
        assert len(Store(str(host.store_path)).generations("shop")) == 2, survived
    assert survived > 30


# -- many at once -----------------------------------------------------------------------------------------------------


def test_items_with_one_service_share_one_reload(host: Host) -> None:
    host.deployed("shop", OLD)
    host.deployed("blog", BLOG_OLD)
    wishes = [verified(host, "shop", NEW), verified(host, "blog", BLOG_NEW)]
    result = host.run("switch", *wishes)
    assert [one.outcome for one in result.items] == ["switched", "switched"]
    assert len(host.reloads) == 1


def test_a_certificate_that_the_server_cannot_stomach_takes_no_other_one_down(host: Host) -> None:
    host.deployed("shop", OLD)
    host.deployed("blog", BLOG_OLD)
    wishes = [verified(host, "shop", NEW), verified(host, "blog", BLOG_NEW)]
    host.sick_of = {"a2"}
    result = host.run("switch", *wishes)
    assert [one.outcome for one in result.items] == ["rolled_back", "switched"]
    assert (host.served("shop"), host.served("blog")) == ("a1", "b2")
    assert not host.journal("shop")
    assert not host.journal("blog")


def test_an_item_with_an_error_hides_no_other(host: Host) -> None:
    host.deployed("blog", BLOG_OLD)
    result = host.run("switch", item("shop", NEW), verified(host, "blog", BLOG_NEW))
    assert [one.name for one in result.items] == ["shop", "blog"]
    assert [one.outcome for one in result.items] == ["refused", "switched"]


def test_a_name_that_another_process_works_on_is_refused_alone(host: Host) -> None:
    host.deployed("shop", OLD)
    wishes = [verified(host, "shop", NEW), verified(host, "blog", BLOG_NEW)]
    with Store(str(host.store_path)).lock("shop"):
        result = host.run("switch", *wishes)
    assert [(one.outcome, one.error and one.error.code) for one in result.items] == [
        ("refused", "store_busy"),
        ("switched", None),
    ]
    assert host.live_serial("shop") == "a1"


# -- rollback ---------------------------------------------------------------------------------------------------------


def test_rollback_makes_the_generation_before_live_and_proves_it(host: Host) -> None:
    host.deployed("shop", OLD, NEW)
    result = host.run("rollback", item("shop")).items[0]
    assert (result.outcome, result.changed, result.extra["previous"]) == ("rolled_back", True, 2)
    assert result.error is None
    assert host.served("shop") == host.live_serial("shop") == "a1"


def test_rollback_to_a_serial_is_done_once(host: Host) -> None:
    host.deployed("shop", OLD, NEW)
    wish = {**item("shop"), "to_serial": "a1"}
    assert host.run("rollback", wish).items[0].outcome == "rolled_back"
    assert not host.run("rollback", wish).changed


@pytest.mark.parametrize("wanted", [{}, {"to_serial": "ff"}], ids=["only one generation", "unknown serial"])
def test_without_a_generation_to_go_to_nothing_is_done(host: Host, wanted: dict[str, str]) -> None:
    host.deployed("shop", OLD)
    before = host.snapshot()
    result = host.run("rollback", {**item("shop"), **wanted}).items[0]
    assert (result.outcome, result.error.code) == ("refused", "no_previous_generation")
    assert host.snapshot() == before


def test_rollback_leaves_out_an_expired_generation(host: Host) -> None:
    short = leaf("shop.example.jp", 0xA0, days=10)
    host.deployed("shop", OLD, short, NEW)
    host.clock = type(host.clock)(forge.NOW.replace(month=12))
    assert host.run("rollback", item("shop")).items[0].extra["serial"] == "a1"


def test_a_rollback_that_is_not_proven_is_undone(host: Host) -> None:
    host.deployed("shop", OLD, NEW)
    host.sick_of = {"a1"}
    result = host.run("rollback", item("shop")).items[0]
    assert (result.outcome, result.error.code) == ("kept", "rollback_undone")
    assert host.served("shop") == host.live_serial("shop") == "a2"


def test_generations_beyond_the_wished_number_go_and_staged_keys_stay(host: Host) -> None:
    host.stage("shop", leaf("shop.example.jp", 0xC0))  # generation 1: an order is open for this key
    certificates = [leaf("shop.example.jp", serial) for serial in (1, 2, 3, 4)]
    for certificate in certificates:
        wish = verified(host, "shop", certificate)
        assert host.run("switch", wish, keep_generations=2).items[0].error is None
    numbers = [generation.number for generation in Store(str(host.store_path)).generations("shop")]
    assert numbers == [1, 4, 5]


# -- killed at any instant --------------------------------------------------------------------------------------------


def scene(path: Path, system: DyingSystem | None = None) -> tuple[Host, dict[str, t.Any]]:
    """OLD is live, NEW is verified, with copies beside; from here on ``system`` counts."""
    host = Host(path)
    copies = [{"path": str(path / f"{kind}.pem"), "content": kind} for kind in ("privkey", "fullchain", "combined")]
    host.deployed("shop", OLD, copies=copies)
    wish = verified(host, "shop", NEW, copies=copies, mode="0640", post_check={"argv": ["/bin/true"]})
    host.system = system or DyingSystem()
    return host, wish


def _calls_of_a_switch(tmp_path: Path) -> int:
    (tmp_path / "counted").mkdir()
    host, wish = scene(tmp_path / "counted")
    assert host.run("switch", wish).items[0].outcome == "switched"
    return len(host.system.log)


def test_a_switch_that_is_killed_at_any_call_is_finished_by_the_next_run(tmp_path: Path) -> None:
    calls = _calls_of_a_switch(tmp_path)
    assert calls > 30
    for survived in range(calls):
        path = tmp_path / str(survived)
        path.mkdir()
        host, wish = scene(path, DyingSystem(survived))
        with pytest.raises(Killed):
            host.run("switch", wish)
        assert host.all_live_pairs_match(), survived
        assert is_pair((path / "combined.pem").read_bytes(), (path / "combined.pem").read_bytes()), survived
        host.system = DyingSystem()
        result = host.run("switch", wish).items[0]
        assert result.error is None, (survived, result.error)
        _is_settled(host, path)
        assert not host.run("switch", wish).changed, survived


def _is_settled(host: Host, path: Path) -> None:
    assert host.served("shop") == host.live_serial("shop") == "a2"
    assert not host.journal("shop")
    assert is_pair((path / "privkey.pem").read_bytes(), (path / "fullchain.pem").read_bytes())
    assert is_pair((path / "combined.pem").read_bytes(), (path / "combined.pem").read_bytes())
    left = [str(file) for file in path.rglob("*") if "inkan-" in file.name]
    assert left == []


def test_a_run_killed_between_switch_and_reload_reloads_in_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "counted").mkdir()
    host, wish = scene(tmp_path / "counted")
    host.run("switch", wish)
    before_reload = host.system.log.index("reload")
    host, wish = scene(tmp_path, DyingSystem(before_reload))
    host.reloads.clear()
    with pytest.raises(Killed, match="reload"):
        host.run("switch", wish)
    assert (host.live_serial("shop"), host.served("shop"), host.reloads) == ("a2", "a1", [])
    assert host.journal("shop")
    host.system = DyingSystem()
    assert host.run("switch", wish).items[0].outcome == "switched"
    assert (host.served("shop"), len(host.reloads)) == ("a2", 1)


def test_a_roll_back_that_is_killed_at_any_call_ends_with_the_old_certificate(tmp_path: Path) -> None:
    (tmp_path / "counted").mkdir()
    host, wish = scene(tmp_path / "counted")
    host.sick_of = {"a2"}
    assert host.run("switch", wish).items[0].outcome == "rolled_back"
    calls = len(host.system.log)
    for survived in range(calls):
        path = tmp_path / str(survived)
        path.mkdir()
        host, wish = scene(path, DyingSystem(survived))
        host.sick_of = {"a2"}
        with pytest.raises(Killed):
            host.run("switch", wish)
        assert host.all_live_pairs_match(), survived
        host.system = DyingSystem()
        assert host.run("switch", wish).items[0].outcome == "rolled_back", survived
        assert host.served("shop") == host.live_serial("shop") == "a1"
        assert not host.journal("shop")


def test_a_killed_rollback_is_finished_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "counted").mkdir()
    first = leaf("shop.example.jp", 0xA0)
    host = Host(tmp_path / "counted")
    host.deployed("shop", first, OLD, NEW)
    host.system = DyingSystem()
    host.run("rollback", item("shop"))
    calls = host.system.log
    for survived in range(len(calls)):
        path = tmp_path / str(survived)
        path.mkdir()
        host = Host(path)
        host.deployed("shop", first, OLD, NEW)
        host.system = DyingSystem(survived)
        with pytest.raises(Killed) as killed:
            host.run("rollback", item("shop"))
        host.system = DyingSystem()
        host.run("rollback", item("shop"))
        journal_was_gone = survived == len(calls) - 1  # only the sync of its removal was missing: this is a new order
        assert host.live_serial("shop") == ("a0" if journal_was_gone else "a1"), (survived, str(killed.value))


def test_a_disk_that_fills_at_any_call_leaves_a_pair_and_is_finished_later(tmp_path: Path) -> None:
    told = {  # by what is live then: outcome, changed, no error
        "a1": {("refused", False, False), ("rolled_back", True, False)},
        "a2": {("unproven", True, False), ("switched", True, False), ("switched", True, True)},
    }
    for survived in range(_calls_of_a_switch(tmp_path)):
        path = tmp_path / str(survived)
        path.mkdir()
        host, wish = scene(path, FullDisk(survived))
        result = host.run("switch", wish).items[0]
        assert host.all_live_pairs_match(), survived
        serial = host.live_serial("shop")
        host.system = DyingSystem()
        again = host.run("switch", wish).items[0]
        assert again.error is None, (survived, again.error)
        assert (result.outcome, result.changed, result.error is None) in told[serial], (survived, result)
        _is_settled(host, path)
