# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment that the service or another hand spoils: found, proven or rolled back, and mended.

A lost host is played by real playbooks: tests/real/test_trouble.py.
"""

from __future__ import annotations

import os
import sys
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Journal, Store
from ansible_collections.inkan.tls.plugins.module_utils._module import switch_judging, switching
from deploy_scenes import NEW, OLD, SCENES, combined
from deploy_stage import leftovers
from module_process import Ended, Seed, run_module
from observer import Observer
from tally import Invariant, Tally
from web_service import WebService

HARNESS = "deploy safety"
_LOOK = """
import socket, ssl, sys
context = ssl._create_unverified_context()
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as raw, context.wrap_socket(raw) as tls:
    served = ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))
sys.exit(served != ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(open(sys.argv[2]).read())))
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[WebService]:
    """A second service of the same host, with the same certificate."""
    with WebService(tmp_path_factory.mktemp("other") / "service") as other:
        yield other


def laid(tmp_path: Path, observer: Observer) -> Path:
    """OLD is live with its copies, NEW is verified."""
    folder = tmp_path / "host"
    folder.mkdir()
    SCENES["switch"].lay(folder)
    observer.watch(folder)
    return folder


def switch(folder: Path, web: WebService, *, seed: Seed | None = None, check: bool = False, **deploy: t.Any) -> Ended:
    params = SCENES["switch"].params(folder, web)
    params["certificates"][0]["deploy"].update(deploy)
    return run_module(SCENES["switch"].module, {**params, "_ansible_check_mode": check}, seed=seed)


def is_live(folder: Path, web: WebService, wanted: t.Any, observer: Observer) -> None:
    """On disk, in the copies, and served; nothing is left of the way."""
    assert (folder / "store/shop/live/cert.pem").read_text() == wanted.pem
    for kind, content in combined(wanted).items():
        assert (folder / f"copies/{kind}.pem").read_bytes() == content, kind
    assert web.served() == f"{wanted.certificate.serial_number:x}"
    assert not (folder / "store/shop/switching.json").exists()
    assert not leftovers(folder), leftovers(folder)
    assert observer.seen() == []


# -- half-switched sets -----------------------------------------------------------------------------------------------


def _journal(folder: Path) -> None:
    """Killed before the rename."""
    store = Store(str(folder / "store"))
    store.write_journal("shop", Journal(2, 3, datetime.now(timezone.utc), True))


def _journal_and_live(folder: Path) -> None:
    """Killed after it."""
    _journal(folder)
    Store(str(folder / "store")).switch("shop", 3)


def _key_of_the_new_one(folder: Path) -> None:
    """Killed between the renames of the copies, by a tool that keeps no journal."""
    (folder / "copies/privkey.pem").write_bytes(NEW.key_pem)


def _live_turned_by_hand(folder: Path) -> None:
    (folder / "turned").symlink_to("generations/0003")
    os.rename(folder / "turned", folder / "store/shop/live")


def _copies_turned_by_hand(folder: Path) -> None:
    _live_turned_by_hand(folder)
    for kind, content in combined(NEW).items():
        (folder / f"copies/{kind}.pem").write_bytes(content)


def _copy_lost(folder: Path) -> None:
    _copies_turned_by_hand(folder)
    (folder / "copies/combined.pem").unlink()


def _copy_open(folder: Path) -> None:
    _copies_turned_by_hand(folder)
    (folder / "copies/fullchain.pem").chmod(0o666)


HALF: dict[str, t.Callable[[Path], None]] = {
    "a journal, nothing switched": _journal,
    "a journal, live switched, copies not": _journal_and_live,
    "the key of the new one beside the old certificate": _key_of_the_new_one,
    "live turned by hand": _live_turned_by_hand,
    "all turned by hand, nothing reloaded": _copies_turned_by_hand,
    "a copy is lost": _copy_lost,
    "a copy is open to all": _copy_open,
}


def mend(half: str, tmp_path: Path, observer: Observer, web: WebService, seed: Seed | None = None) -> None:
    folder = laid(tmp_path, observer)
    web.serve(folder / "store/shop/live")
    HALF[half](folder)
    before = _listing(folder)
    planned = switch(folder, web, check=True, seed=seed)
    assert planned.answer["changed"] is True, "the half-switched set is not seen"
    assert _listing(folder) == before, "check mode has written"
    done = switch(folder, web, seed=seed)
    assert (done.item()["outcome"], done.code()) == ("switched", None), done.item()
    is_live(folder, web, NEW, observer)
    assert switch(folder, web, seed=seed).answer["changed"] is False


def _listing(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("half", HALF)
def test_a_half_switched_set_is_seen_and_mended(
    half: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    with tally.attack(Invariant.LIVE_PAIR, HARNESS):
        mend(half, tmp_path, observer, web)


def test_it_would_be_noticed_if_copies_were_not_looked_at(
    tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    def seed(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(switch_judging, "misplaced", lambda _copies: [])
        patch.setattr(switch_judging.Judge, "_served", lambda *_words: switch_judging.Served.RIGHT)

    with tally.seeded(HARNESS, "neither copies nor the service are looked at"):
        mend("a copy is lost", tmp_path, observer, web, seed)


# -- the service ------------------------------------------------------------------------------------------------------

#: how the service behaves, and what then is live and served
SERVICES: dict[str, tuple[dict[str, t.Any], t.Any]] = {
    "its reload fails": ({"sick_of": {"a2"}}, OLD),
    "it takes the new one and dies": ({"dies_of": {"a2"}}, OLD),
    "it answers the old one for ever": ({"lag": 10**9}, OLD),
    "it answers the old one for a while": ({"lag": 3}, NEW),
}


def serve(kind: str, tmp_path: Path, observer: Observer, web: WebService, seed: Seed | None = None) -> None:
    folder = laid(tmp_path, observer)
    behaviour, wanted = SERVICES[kind]
    web.serve(folder / "store/shop/live", **behaviour)
    look = {"address": "127.0.0.1", "port": web.port, "server_name": "shop.example.jp", "timeout": 1.0}
    if wanted is NEW:
        look["timeout"] = 30.0
    done = switch(folder, web, seed=seed, handshake=look)
    said = ("switched", None) if wanted is NEW else ("rolled_back", "rolled_back")
    assert (done.item()["outcome"], done.code()) == said, done.item()
    assert web.reloads() == (1 if wanted is NEW else 2), "rolled back without a reload"
    if kind != "it answers the old one for ever":  # what it has read it says never
        assert done.item()["served_serial"] == web.served()
    is_live(folder, web, wanted, observer)


@pytest.mark.parametrize("kind", SERVICES)
def test_what_the_service_does_decides(
    kind: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    with tally.attack(Invariant.NOTHING_LOST, HARNESS):
        serve(kind, tmp_path, observer, web)


@pytest.mark.parametrize(
    ("defect", "kind", "name", "value"),
    [
        ("what is served is not looked at", "it answers the old one for ever", "_is_served_by", lambda *_words: True),
        ("a failed reload is no failure", "its reload fails", "_reload", lambda *_words, **_more: None),
        ("it looks only once", "it answers the old one for a while", "_prove", None),
        ("what is not proven stays", "it takes the new one and dies", "_go_back", lambda *_words: None),
    ],
)
def test_it_would_be_noticed_if(
    defect: str, kind: str, name: str, value: t.Any, tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    prove = switching._Switch._prove

    def seed(patch: pytest.MonkeyPatch) -> None:
        once = value or (lambda self, work, since: prove(self, work, since - 10**6))
        patch.setattr(switching._Switch, name, once)

    with tally.seeded(HARNESS, defect):
        serve(kind, tmp_path, observer, web, seed)


# -- several services, one certificate --------------------------------------------------------------------------------


def _both(folder: Path, web: WebService, other: WebService) -> dict[str, t.Any]:
    script = folder.parent / "reload-both"
    script.write_text(f"#!/bin/sh\n{web.reload} && {other.reload}\n")
    script.chmod(0o755)
    return {"argv": [str(script)]}


def test_of_two_services_one_that_fails_takes_both_back(
    tmp_path: Path, observer: Observer, web: WebService, other: WebService, tally: Tally
) -> None:
    with tally.attack(Invariant.NOTHING_LOST, HARNESS):
        folder = laid(tmp_path, observer)
        web.serve(folder / "store/shop/live")
        other.serve(folder / "store/shop/live", sick_of={"a2"})
        done = switch(folder, web, reload=_both(folder, web, other))
        assert (done.item()["outcome"], done.code()) == ("rolled_back", "rolled_back")
        is_live(folder, web, OLD, observer)
        assert other.served() == "a1"
        other.serve(folder / "store/shop/live")
        assert switch(folder, web, reload=_both(folder, web, other)).item()["outcome"] == "switched"
        is_live(folder, web, NEW, observer)
        assert other.served() == "a2"


@pytest.mark.parametrize("is_checked", [False, True], ids=["only the first is asked", "the check asks the second"])
def test_what_is_proven_of_a_second_service_is_what_the_check_asks(
    is_checked: bool, tmp_path: Path, observer: Observer, web: WebService, other: WebService, tally: Tally
) -> None:
    """One handshake proves one service: of a second one post_check has to speak."""
    with tally.attack(Invariant.NOTHING_LOST, HARNESS):
        folder = laid(tmp_path, observer)
        web.serve(folder / "store/shop/live")
        other.serve(folder / "store/shop/live", lag=10**9)  # it reloads, and goes on as before
        check = [sys.executable, "-c", _LOOK, str(other.port), str(folder / "store/shop/live/cert.pem")]
        deploy = {"post_check": {"argv": check}} if is_checked else {}
        done = switch(folder, web, reload=_both(folder, web, other), **deploy)
        assert done.item()["outcome"] == ("rolled_back" if is_checked else "switched"), done.item()
        is_live(folder, web, OLD if is_checked else NEW, observer)
