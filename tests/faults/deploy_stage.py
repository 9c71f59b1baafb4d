# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one scene of a host again and again, each time attacked in another way, under the eyes of the observer."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import shutil
import typing as t
from pathlib import Path

from deploy_scenes import Scene, digest
from module_process import Ended, Seed, Strike, run_module
from observer import Observer
from power_cut import LOSSES, Disk, Luck, Operation
from spread import spread
from web_service import WebService

#: what of the unsynced gets lost
WAYS: dict[str, Luck] = {
    **LOSSES,
    "every other name": lambda is_name, number: not is_name or number % 2 == 1,
}


class Stage:
    """Copies of a scene, one after the other, each attacked once."""

    def __init__(self, scene: Scene, folder: Path, observer: Observer, web: WebService) -> None:
        self.scene, self.observer, self.web = scene, observer, web
        self._laid, self._played, self._cut = folder / "laid", folder / "played", folder / "cut"
        self._laid.mkdir()
        scene.lay(self._laid)

    def fresh(self) -> Path:
        shutil.rmtree(self._played, ignore_errors=True)
        shutil.copytree(self._laid, self._played, symlinks=True)
        self.scene.begin(self._played, self.web)
        return self._played

    def play(self, folder: Path, strike: Strike | None = None, seed: Seed | None = None) -> Ended:
        return run_module(self.scene.module, self.scene.params(folder, self.web), strike, seed=seed)

    def operations(self, seed: Seed | None = None) -> t.Sequence[str]:
        return self.play(self.fresh(), seed=seed).operations

    def attack(self, strike: Strike, seed: Seed | None = None) -> None:
        """Kill it there, look, run again, look, and once more. The product is defect all the while, if it is seeded."""
        folder = self.fresh()
        self.observer.watch(folder)
        assert self.play(folder, strike, seed).was_killed, "the strike never hit"
        with told(f"killed {strike.moment} {strike.number}"):
            self.is_finished(folder, seed)

    def is_finished(self, folder: Path, seed: Seed | None = None) -> None:
        """What was interrupted is come through: nothing is lost, and the next run ends it."""
        lasting = {digest(certificate) for certificate in self.scene.lasting}
        assert self.observer.seen() == []
        held = self.scene.keys(folder)
        assert lasting <= held, "a private key is lost"
        again = self.play(folder, seed=seed)
        self.scene.settled(folder, self.web, again)
        assert self.observer.seen() == []
        assert not (lasting | self._of_an_order(again, held)) - self.scene.keys(folder), "a private key is lost"
        assert not leftovers(folder), leftovers(folder)
        if self.scene.is_repeatable:
            third = self.play(folder, seed=seed)
            assert third.answer.get("changed") is False, third.answer
            self.scene.settled(folder, self.web, third)

    def _of_an_order(self, again: Ended, held: set[str]) -> set[str]:
        """Keys that were there after the kill and that nobody may throw away: all, but what a switch prunes."""
        return held if self.scene.params(self._played, self.web).get("state") not in ("switch", "rollback") else set()

    def cuts(self, seed: Seed | None = None, short: int = 10**9) -> t.Iterator[Cut]:
        """Every different disk that a power cut during a run can leave; in the short form ``short`` of them."""
        folder = self.fresh()
        disk = Disk.read(folder)
        with Recorder(folder.parent / "operations") as recorder:
            run_module(self.scene.module, self.scene.params(folder, self.web), seed=seed, watcher=recorder)
        real, seen = Disk.read(folder).files(LOSSES["everything"]), set()
        operations = recorder.operations(folder)
        wanted = set(spread([(number, how) for number in range(len(operations)) for how in WAYS], short))
        for number, operation in enumerate(operations):
            disk.apply(operation)
            for how, luck in WAYS.items():
                if (number, how) not in wanted:
                    continue
                shutil.rmtree(self._cut, ignore_errors=True)
                self._cut.mkdir()
                disk.write_to(self._cut, luck)
                if _listing(self._cut) not in seen:
                    seen.add(_listing(self._cut))
                    yield Cut(f"after {number}, {operation.call}: {how}", self._cut)
        assert disk.files(LOSSES["everything"]) == real, "the recorder has missed something"
        durable = disk.files(LOSSES["nothing unsynced"])
        locks = {name for name in real if name.endswith("/.lock")}
        lost = {name for name in {*real, *durable} - locks if real.get(name) != durable.get(name)}
        assert not lost, f"a power cut after the end of the run would undo it: {sorted(lost)}"

    def cut(self, cut: Cut, seed: Seed | None = None) -> None:
        """The power goes; the machine comes up again, its service with it, and the module is run."""
        folder = self._played
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(cut.disk, folder, symlinks=True)
        self.observer.watch(folder)
        was_live = (self._laid / "store/shop/live").is_symlink()
        assert (folder / "store/shop/live/fullchain.pem").exists() or not was_live, "what was live is gone"
        self.scene.begin(folder, self.web)
        with told(cut.name):
            self.is_finished(folder, seed)


@contextlib.contextmanager
def told(when: str) -> t.Iterator[None]:
    """What fails says where it was attacked."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{when}: {error}") from error


class Cut(t.NamedTuple):
    name: str
    disk: Path


def _listing(folder: Path) -> str:
    """What lies there, folders too; temporary names are random, so they count for nothing but their number."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = re.sub(r"\.inkan-tmp-[0-9a-f]+", "a temporary name", str(path.relative_to(folder)))
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found.append((name, path.lstat().st_mode, content))
    return repr(found)


class Recorder:
    """Writes down, in the module process, what it asked the operating system for."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> Recorder:
        self._open = self._file.open("wb", buffering=0)
        return self

    def __exit__(self, *_reason: object) -> None:
        self._open.close()

    def __call__(self, name: str, words: tuple[t.Any, ...], options: dict[str, t.Any], value: t.Any) -> None:
        operation = _operation(name, words, options, value)
        if operation is not None:
            self._open.write(pickle.dumps(operation))

    def operations(self, below: Path) -> list[Operation]:
        found = []
        with self._file.open("rb") as file:
            while file.peek(1):
                found.append(pickle.load(file))  # noqa: S301 (our own)
        return [one for one in found if any(path.startswith(f"{below}/") or path == str(below) for path in one.paths)]


def _operation(name: str, words: tuple[t.Any, ...], options: dict[str, t.Any], value: t.Any) -> Operation | None:
    if name in ("kill", "command"):
        return None
    if name == "open":
        path, flags, mode = words[0], words[1], (*words[2:], 0o777)[0]
        created = frozenset({"O_CREAT"} if flags & os.O_CREAT else ())
        return Operation(0, "open", (_whole(path, options.get("dir_fd")),), number=mode, flags=created, fd=value)
    if name == "write":
        return Operation(0, "write", (_of_fd(words[0]),), bytes(words[1])[:value], fd=words[0])
    if name in ("fsync", "fchmod"):
        call = {"fsync": "fsync", "fchmod": "chmod"}[name]
        return Operation(0, call, (_of_fd(words[0]),), number=words[1] if name == "fchmod" else 0)
    if name == "mkdir":
        return Operation(0, "mkdir", (_whole(words[0], options["dir_fd"]),), number=words[1])
    if name == "symlink":
        return Operation(0, "symlink", (_whole(words[1], options["dir_fd"]),), os.fsencode(words[0]))
    if name in ("unlink", "rmdir"):
        return Operation(0, "unlink", (_whole(words[0], options.get("dir_fd")),))
    if name == "rename":
        old, new = _whole(words[0], options["src_dir_fd"]), _whole(words[1], options["dst_dir_fd"])
        return Operation(0, "rename", (old, new))
    assert name == "fchown", f"the recorder does not know {name}"
    return None


def _whole(name: str, folder: int | None) -> str:
    return os.path.abspath(name) if folder is None else os.path.join(_of_fd(folder), name)


def _of_fd(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}").replace(" (deleted)", "")


def leftovers(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if ".inkan-" in path.name or path.name.endswith("~")]
    return [str(path.relative_to(folder)) for path in found]
