# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A full, read-only or forbidden disk under store, copies, document root, ledger and report.

Either the module says what hinders it, by code and with something to do, or it was not hindered. The live pair stays,
no key is lost, and when the hindrance is gone the next run does it all.
"""

from __future__ import annotations

import errno
import os
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._io.files import System
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._report.data import report_data
from ansible_collections.inkan.tls.plugins.modules import certificate_reports
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import HostileCa, Playground, item
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import a_report
from deploy_scenes import SCENES, Scene, digest
from deploy_stage import leftovers
from hindrances import HINDRANCES, Hindrance, Immutable, small_disk, why_not_immutable
from module_process import Ended, Seed, run_module
from observer import Observer
from spread import spread
from tally import Invariant, Tally
from web_service import WebService

HARNESS = "hindered disk, deploy"
#: Tokens and copies have no owner that must be ours; what is only removed needs no room.
PAIRS = [(scene, hindrance) for scene in SCENES for hindrance in HINDRANCES]


def attack(scene: Scene, hindrance: Hindrance, observer: Observer, web: WebService, seed: Seed | None = None) -> Ended:
    """What the hindered run said."""
    with small_disk() as disk:
        folder = disk / "host"
        folder.mkdir()
        scene.lay(folder)
        scene.begin(folder, web)
        observer.watch(folder)
        before = scene.keys(folder)
        hindrance.lay_on(folder)
        try:
            hindered = run_module(
                scene.module, scene.params(folder, web), seed=seed, uid=hindrance.uid, before=hindrance.inside
            )
        finally:
            hindrance.lift(folder)
        is_told(hindered, hindrance)
        assert observer.seen() == []
        assert {digest(certificate) for certificate in scene.lasting} <= scene.keys(folder), "a private key is lost"
        if hindered.item()["outcome"] in ("refused", "key_missing"):
            assert before <= scene.keys(folder), "a refused item lost a key"
        ended = run_module(scene.module, scene.params(folder, web), seed=seed)
        scene.settled(folder, web, ended)
        assert observer.seen() == []
        assert not leftovers(folder), leftovers(folder)
        return hindered


def is_told(ended: Ended, hindrance: Hindrance) -> None:
    """Errors have a code that says what it is, and something to do."""
    assert ended.answer.get("results"), f"no results: {ended.answer or ended.words}"
    for one in ended.answer["results"]:
        error = one["error"]
        if error is None or error["code"] in ("rolled_back", "service_unproven", "rollback_incomplete"):
            continue  # the words of these name the hindrance, or they are the scene's own
        assert error["code"] in hindrance.codes, error
        assert error["todo"] and error["where"], error


@pytest.mark.parametrize(("name", "by"), spread(PAIRS, short=16))
def test_a_hindered_run_says_so_and_the_next_one_finishes(
    name: str, by: str, observer: Observer, web: WebService, tally: Tally
) -> None:
    with tally.attack(Invariant.NOTHING_LOST, HARNESS):
        attack(SCENES[name], HINDRANCES[by], observer, web)


@pytest.mark.parametrize("by", HINDRANCES)
def test_a_key_that_cannot_be_staged_is_an_error(by: str, observer: Observer, web: WebService, tally: Tally) -> None:
    """The hindrance hinders: else the grid above would prove nothing."""
    with tally.attack(Invariant.NOTHING_LOST, HARNESS):
        hindered = attack(SCENES["request"], HINDRANCES[by], observer, web)
        assert hindered.item()["outcome"] == "refused" and not hindered.answer["changed"]


@pytest.mark.parametrize("name", spread(list(SCENES), short=3))
def test_where_all_is_immutable_the_next_run_finishes(
    name: str, observer: Observer, web: WebService, tally: Tally
) -> None:
    why = why_not_immutable()
    if why:
        pytest.skip(why)
    with tally.attack(Invariant.NOTHING_LOST, HARNESS):
        hindered = attack(SCENES[name], Immutable(), observer, web)
        assert name != "request" or hindered.item()["outcome"] == "refused", "it was not hindered"


def _swallowed(patch: pytest.MonkeyPatch) -> None:
    write = System.write

    def careless(self: System, fd: int, content: t.Any) -> int:
        try:
            return write(self, fd, content)
        except OSError as exc:
            assert exc.errno in (errno.ENOSPC, errno.EFBIG)
            return len(content)

    patch.setattr(System, "write", careless)


def _raw(patch: pytest.MonkeyPatch) -> None:
    def raised(*_words: t.Any, **_options: t.Any) -> t.NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(Store, "new_generation", raised)


@pytest.mark.parametrize(("defect", "seed"), [("a failed write goes unnoticed", _swallowed), ("no code", _raw)])
def test_the_harness_notices(defect: str, seed: Seed, observer: Observer, web: WebService, tally: Tally) -> None:
    with tally.seeded(HARNESS, defect):
        hindered = attack(SCENES["request"], HINDRANCES["small files"], observer, web, seed)
        assert hindered.item()["outcome"] == "refused", "half a key is called a key"


# -- ledger and report ------------------------------------------------------------------------------------------------

FILL = [by for by in ("disk full", "no inodes", "read-only") if by in HINDRANCES]


@pytest.mark.parametrize("by", FILL)
@pytest.mark.parametrize("known", [False, True], ids=["a new ledger", "a ledger with an order"])
def test_a_ledger_that_cannot_be_written_costs_no_order(by: str, known: bool, tally: Tally) -> None:
    with small_disk() as disk, tally.attack(Invariant.ONE_ORDER, HARNESS):
        folder = disk / "host"
        (folder / "ledger").mkdir(parents=True, mode=0o700)
        ground = Playground(folder, ca=HostileCa())
        if known:
            ground.one(item("known"), until="wanted")
        HINDRANCES[by].lay_on(folder)
        try:
            said = _played(ground)
        finally:
            HINDRANCES[by].lift(folder)
        assert len(ground.ca.orders) == int(known), "ordered, and nothing could note it"
        assert said is None or (said["code"] and said["todo"]), said
        assert said is not None, "it was not hindered"
        assert ground.one(item("new"), until="wanted")["outcome"] == "submitted"
        assert len(ground.ca.orders) == int(known) + 1


def _played(ground: Playground) -> dict[str, t.Any] | None:
    try:
        error: dict[str, t.Any] | None = ground.one(item("new"), until="wanted")["error"]
        return error
    except InkanError as raised:
        return raised.as_data()


#: a report is nobody's secret: root writes it wherever it is told to
@pytest.mark.parametrize("by", [by for by in HINDRANCES if by != "wrong owner"])
def test_a_report_that_cannot_be_written_leaves_the_last_one(by: str, tally: Tally) -> None:
    hindrance = HINDRANCES[by]
    with small_disk() as disk, tally.attack(Invariant.NOTHING_LOST, HARNESS):
        folder = disk / "host"
        (folder / "report").mkdir(parents=True)
        params = {"report": report_data(a_report()), "path": str(folder / "report")}
        (folder / "report/report.json").write_text("the last one")
        hindrance.lay_on(folder)
        try:
            hindered = run_module(certificate_reports, params, uid=hindrance.uid, before=hindrance.inside)
        finally:
            hindrance.lift(folder)
        assert (folder / "report/report.json").read_text() == "the last one"
        error = (hindered.answer.get("errors") or [hindered.item()["error"]])[0]
        assert error["code"] in hindrance.codes and error["todo"], error
        assert not leftovers(folder), leftovers(folder)
        ended = run_module(certificate_reports, params)
        assert {one["error"] is None for one in ended.answer["results"]} == {True}, ended
