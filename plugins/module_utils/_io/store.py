# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: keys, CSRs and certificates of one host, in generations, one of them live.

    <store>/<name>/generations/0007/{privkey,csr,cert,chain,fullchain}.pem      0000: what lay there before us
    <store>/<name>/live -> generations/0007        switched by one rename
    <store>/<name>/switching.json                  there while a switch is not yet proven
    <store>/<name>/recipient.key                   there while a sealed key is awaited
    <store>/<name>/.lock                           flock: one process works on a name at a time

                new_generation            add_files           switch
    nothing ────────────────▶ staged ────────────▶ complete ◀────────▶ live
                              key, CSR       └──▶ gone (prune)

The pair that services read is ``live/…``. It stays a pair at every instant because a generation appears whole (it is
filled beside and renamed), no file of the live generation is ever replaced by other content, only a complete
generation can become live, and it does so by one rename. A kill at any call leaves at worst a temporary entry, which
the next holder of the lock removes.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import threading
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.files import SYSTEM, Directory, System, temporary_name

KEY, CSR, CERTIFICATE, CHAIN, FULLCHAIN = "privkey.pem", "csr.pem", "cert.pem", "chain.pem", "fullchain.pem"
RECIPIENT_KEY = "recipient.key"

_GENERATION_FILES = (KEY, CSR, CERTIFICATE, CHAIN, FULLCHAIN)
_CERTIFICATE_FILES = frozenset((CERTIFICATE, CHAIN, FULLCHAIN))
_GENERATIONS, _LIVE, _JOURNAL, _LOCK = "generations", "live", "switching.json", ".lock"
_NUMBER = re.compile(r"[0-9]{4,9}")
_LIVE_TARGET = re.compile(r"generations/([0-9]{4,9})")
_MAX_FILE = 1024 * 1024
#: Long enough for another module's file work, too short for a person to notice.
_LOCK_WAIT = 10.0


class Generation(t.NamedTuple):
    """One generation. has_certificate: certificate, chain and both together are there. created_at: aware UTC."""

    number: int
    has_key: bool
    has_csr: bool
    has_certificate: bool
    created_at: datetime


@dataclass(frozen=True)
class Journal:
    """A switch that was begun and is not yet proven. previous: None at the first deployment.

    answered: whether the service answered a handshake before it, None: it was not asked.
    """

    previous: int | None
    target: int
    at: datetime
    answered: bool | None = None


def default_store_path() -> str:
    """``/etc/inkan-tls`` for root, a folder of the user's data for others."""
    return "/etc/inkan-tls" if os.geteuid() == 0 else os.path.expanduser("~/.local/share/inkan-tls/store")


class Store:
    """The store at ``path``. Reading needs no lock and writes nothing; every change takes the lock of its name.

    Threads may share one, as long as no two of them work on the same name.
    """

    def __init__(self, path: str, *, system: System = SYSTEM, clock: Clock | None = None) -> None:
        self.path = path
        self._system = system
        self._clock = clock or SystemClock()
        self._open_root: Directory | None = None
        self._opening = threading.Lock()
        self._held: dict[str, int] = {}
        self._looks: dict[str, _Look] = {}

    def close(self) -> None:
        if self._open_root is not None:
            self._open_root.close()
            self._open_root = None

    # -- looking ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def looking(self, name: str) -> t.Iterator[None]:
        """Folders of a name are opened once within, not once a file; may be nested."""
        if name in self._looks:
            yield
            return
        with contextlib.ExitStack() as stack:
            self._looks[name] = _Look(stack, {})
            try:
                yield
            finally:
                del self._looks[name]

    def names(self) -> list[str]:
        """The names that have a folder here."""
        root = self._root()
        if root is None:
            return []
        return [name for name in root.names() if item_name_error(name) is None and _is_directory(root, name)]

    def has(self, name: str) -> bool:
        """Whether the name has a folder here."""
        with self._at(name) as folder:
            return folder is not None

    def generations(self, name: str) -> list[Generation]:
        """Every generation, oldest first."""
        with self.looking(name), self._at(name, _GENERATIONS) as folder:
            if folder is None:
                return []
            return [self._describe(name, number) for number in _numbers(folder)]

    def live(self, name: str) -> int | None:
        """The number of the live generation, or None. LocalError ``store_broken`` if ``live`` is not our link."""
        with self._at(name) as folder:
            if folder is None:
                return None
            target = folder.link_target(_LIVE)
            if target is None and folder.stat(_LIVE) is None:
                return None
            match = _LIVE_TARGET.fullmatch(target or "")
            if match is None or match.group(1) != _folder(int(match.group(1))):
                raise self._broken(name, _LIVE, f"it leads to {target!r}" if target else "it is no link")
            return int(match.group(1))

    def read(self, name: str, generation: int, file: str) -> bytes | None:
        """A file of a generation, or None."""
        self._known_file(name, file)
        with self._at(name, _GENERATIONS, _folder(generation)) as folder:
            return folder.read(file, _MAX_FILE) if folder is not None else None

    def read_journal(self, name: str) -> Journal | None:
        with self._at(name) as folder:
            content = folder.read(_JOURNAL, _MAX_FILE) if folder is not None else None
        return self._parse_journal(name, content) if content is not None else None

    def read_recipient(self, name: str) -> bytes | None:
        """The private key that sealed keys for this host are opened with, while one is awaited."""
        with self._at(name) as folder:
            return folder.read(RECIPIENT_KEY, _MAX_FILE) if folder is not None else None

    # -- changing --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self, name: str, *, wait: float = _LOCK_WAIT) -> t.Iterator[None]:
        """Be alone with a name; may be nested. What a killed run left half-made is removed on entering."""
        if self._held.get(name):
            self._held[name] += 1
            try:
                yield
            finally:
                self._held[name] -= 1
            return
        fd = self._locked(name, wait)
        self._held[name] = 1
        try:
            yield
        finally:
            del self._held[name]
            os.close(fd)

    def new_generation(
        self,
        name: str,
        files: t.Mapping[str, bytes],
        modes: t.Mapping[str, int] | None = None,
        *,
        oldest: bool = False,
    ) -> int:
        """A new generation with these files (mode 0600 unless ``modes`` says else); its number.

        oldest: it is older than all that is here, so it becomes generation 0, if there is none yet.
        """
        for file in files:
            self._known_file(name, file)
        with self.lock(name), self._made(name, _GENERATIONS) as folder:
            number = 0 if oldest and not _has(folder, 0) else self._next_number(name, folder)
            half_made = temporary_name()
            try:
                with folder.made_child(half_made, durable=False) as inside:
                    for file, content in files.items():
                        inside.create(file, content, mode=(modes or {}).get(file, 0o600))
                    inside.sync()
                folder.rename(half_made, _folder(number))
            except LocalError:
                with contextlib.suppress(LocalError):
                    folder.sweep()
                raise
            return number

    def add_files(
        self, name: str, generation: int, files: t.Mapping[str, bytes], modes: t.Mapping[str, int] | None = None
    ) -> list[str]:
        """Put files into a generation, each whole or not at all; the names of those whose content changed.

        A file of the live generation is never replaced by other content.
        """
        for file in files:
            self._known_file(name, file)
        with self.lock(name), self._at(name, _GENERATIONS, _folder(generation)) as folder:
            if folder is None:
                raise self._no_generation(name, generation)
            present = {file: folder.read(file, _MAX_FILE) for file in files}
            new = [file for file in files if present[file] != files[file]]
            if self.live(name) == generation and any(present[file] is not None for file in new):
                raise self._refused(
                    "generation_is_live",
                    name,
                    f"generation {generation} is live, its files are never replaced",
                    "Order with a new generation",
                )
            # the certificate last, for who looks only for it: what belongs to it is there then
            for file in sorted(new, key=lambda one: one == CERTIFICATE):
                folder.write(file, files[file], mode=(modes or {}).get(file, 0o600), durable=False)
            if new:
                folder.sync()
            return new

    def switch(self, name: str, generation: int) -> bool:
        """Let ``live`` lead to a complete generation; False if it did already."""
        with self.lock(name):
            if self.live(name) == generation:
                return False
            with self._at(name, _GENERATIONS) as folder:
                found = self._describe(name, generation) if folder and _has(folder, generation) else None
            if found is None:
                raise self._no_generation(name, generation)
            if not (found.has_key and found.has_certificate):
                why = (
                    f"generation {generation} has no {'private key' if not found.has_key else 'certificate with chain'}"
                )
                raise self._refused("generation_incomplete", name, why, "Run the verify step first")
            with self._made(name, _GENERATIONS, _folder(generation)) as inside:
                inside.sync()  # a run that was killed before its own sync left names that a power cut would take away
            with self._made(name) as folder:
                folder.link(_LIVE, f"{_GENERATIONS}/{_folder(generation)}")
            return True

    def prune(self, name: str, keep: int, never: t.Collection[int] = ()) -> list[int]:
        """Remove the oldest complete generations beyond ``keep``; the removed numbers.

        The live one, those of a switch under way, those in ``never`` and staged keys stay.
        """
        return self._remove_old(name, keep, never, staged=False)

    def prune_staged(self, name: str, keep: int, never: t.Collection[int] = ()) -> list[int]:
        """Remove the oldest staged generations (no certificate) beyond ``keep``; the removed numbers."""
        return self._remove_old(name, keep, never, staged=True)

    def write_journal(self, name: str, journal: Journal) -> None:
        data = {
            "from": journal.previous,
            "to": journal.target,
            "at": journal.at.astimezone(timezone.utc).isoformat(),
            "answered": journal.answered,
        }
        with self.lock(name), self._made(name) as folder:
            folder.write(_JOURNAL, json.dumps(data).encode())

    def clear_journal(self, name: str) -> bool:
        with self.lock(name), self._made(name) as folder:
            return folder.remove(_JOURNAL)

    def write_recipient(self, name: str, private_key: bytes) -> None:
        with self.lock(name), self._made(name) as folder:
            folder.write(RECIPIENT_KEY, private_key)

    def remove_recipient(self, name: str) -> bool:
        with self.lock(name), self._made(name) as folder:
            return folder.remove(RECIPIENT_KEY)

    def set_access(self, name: str, generation: int, *, mode: int = 0o600, uid: int = -1, gid: int = -1) -> bool:
        """Owner and mode of the private key of a generation, for a service that reads the store as its own user.

        The folders on the way become passable (0711), not listable. Whether anything differed.
        """
        changed = False
        with self.lock(name), self._made(name, _GENERATIONS) as folder:
            with self._at(name, _GENERATIONS, _folder(generation)) as inside:
                if inside is None:
                    raise self._no_generation(name, generation)
                changed |= inside.set_access(KEY, mode=mode, uid=uid, gid=gid)
                for file in sorted(_CERTIFICATE_FILES):
                    if inside.stat(file) is not None:
                        changed |= inside.set_access(file, mode=0o644)
            changed |= folder.set_access(_folder(generation), mode=0o711)
            with self._made(name) as item:
                changed |= item.set_access(_GENERATIONS, mode=0o711)
            changed |= self._made_root().set_access(name, mode=0o711)
            changed |= self._made_root().set_own_access(mode=0o711)
        return changed

    # -- inside ----------------------------------------------------------------------------------------------------

    def _locked(self, name: str, wait: float) -> int:
        """The descriptor that holds the lock, once the leftovers are gone."""
        with self.looking(name), self._made(name) as folder:
            fd = folder.lock(_LOCK, wait=wait, clock=self._clock)
            if fd is None:
                raise self._busy(name, wait)
            try:
                self._looks[name].forget(name, _GENERATIONS)  # whoever had the lock may have put others in their place
                self._sweep(name, folder)
            except BaseException:
                os.close(fd)
                raise
            return fd

    def _sweep(self, name: str, folder: Directory) -> None:
        folder.sweep()
        with self._at(name, _GENERATIONS) as generations:
            if generations is None:
                return
            generations.sweep()
            for number in _numbers(generations):
                with self._at(name, _GENERATIONS, _folder(number)) as inside:
                    if inside is not None:
                        inside.sweep()

    def _root(self) -> Directory | None:
        with self._opening:
            if self._open_root is None and os.path.lexists(self.path):
                self._open_root = self._trusted(Directory.open(self.path, system=self._system))
            return self._open_root

    def _made_root(self) -> Directory:
        root = self._root()
        if root is not None:
            return root
        with self._opening:
            self._open_root = self._open_root or self._trusted(Directory.make(self.path, system=self._system))
            return self._open_root

    def _trusted(self, root: Directory) -> Directory:
        found = os.fstat(root.fd)
        if found.st_uid in (0, os.geteuid()) and not found.st_mode & stat.S_IWOTH:
            return root
        root.close()
        raise LocalError(
            code="store_unsafe",
            what="Refusing the store",
            where=self.path,
            why=f"others may write there (owner {found.st_uid}, mode {stat.S_IMODE(found.st_mode):04o})",
            todo="Give it to the user of the task with mode 0700, or choose another store_path",
        )

    @contextlib.contextmanager
    def _at(self, name: str, *below: str) -> t.Iterator[Directory | None]:
        """The folder of a name, or one below it, if it is there."""
        self._known_name(name)
        look = self._looks.get(name)
        if look is not None:
            yield self._down(look, name, below)
            return
        with contextlib.ExitStack() as stack:
            yield self._down(_Look(stack, {}), name, below)

    def _down(self, look: _Look, name: str, below: tuple[str, ...]) -> Directory | None:
        folder, way = self._root(), (name, *below)
        for depth, component in enumerate(way, 1):
            if folder is None:
                return None
            folder = look.open.get(way[:depth]) or look.keep(way[:depth], folder.child(component))
        return folder

    @contextlib.contextmanager
    def _made(self, name: str, *below: str) -> t.Iterator[Directory]:
        """The same, made if it is missing."""
        self._known_name(name)
        look, way = self._looks.get(name), (name, *below)
        with contextlib.ExitStack() as stack:
            look = look or _Look(stack, {})
            folder = self._made_root()
            for depth, component in enumerate(way, 1):
                folder = look.open.get(way[:depth]) or look.keep(way[:depth], folder.made_child(component))
            yield folder

    def _describe(self, name: str, number: int) -> Generation:
        with self._at(name, _GENERATIONS, _folder(number)) as inside:
            if inside is None:  # pruned between the listing and now
                return Generation(number, False, False, False, datetime.fromtimestamp(0, timezone.utc))
            files = frozenset(inside.names())
            first = next((file for file in (KEY, CSR, CERTIFICATE) if file in files), None)
            found = inside.stat(first) if first else os.fstat(inside.fd)
            made = datetime.fromtimestamp(int(found.st_mtime) if found else 0, timezone.utc)
        return Generation(number, KEY in files, CSR in files, files >= _CERTIFICATE_FILES, made)

    def _next_number(self, name: str, folder: Directory) -> int:
        return max([*_numbers(folder), self.live(name) or 0]) + 1

    def _remove_old(self, name: str, keep: int, never: t.Collection[int], *, staged: bool) -> list[int]:
        with self.lock(name), self._made(name, _GENERATIONS) as folder:
            journal = self.read_journal(name)
            under_way = {journal.previous, journal.target} if journal else set()
            spared = {self.live(name), *under_way, *never}
            of_kind = [one.number for one in self.generations(name) if one.has_certificate is not staged]
            old = of_kind[: max(len(of_kind) - keep, 0)]
            gone = [number for number in old if number not in spared]
            for number in gone:
                folder.remove_tree(_folder(number))
                if name in self._looks:
                    self._looks[name].forget(name, _GENERATIONS, _folder(number))
            return gone

    def _parse_journal(self, name: str, content: bytes) -> Journal:
        try:
            data = load_json(content)
            previous, target, answered = data["from"], data["to"], data.get("answered")
            at = datetime.fromisoformat(data["at"])
        except (ValueError, TypeError, KeyError, AttributeError):
            raise self._broken(name, _JOURNAL, "it is no journal of ours") from None
        numbers_fit = _is_number(target) and (previous is None or _is_number(previous))
        if not numbers_fit or at.tzinfo is None or answered not in (None, True, False):
            raise self._broken(name, _JOURNAL, "it is no journal of ours")
        return Journal(previous, target, at, answered)

    def _known_name(self, name: str) -> None:
        error = item_name_error(name)
        if error is not None:
            raise InputError(
                code="bad_name", what=f"Refusing the name {name!r}", where=self.path, why=error, todo="Rename it"
            )

    def _known_file(self, name: str, file: str) -> None:
        if file not in _GENERATION_FILES:
            why = f"{file!r} is none of {', '.join(_GENERATION_FILES)}"
            raise self._refused("unsafe_path", name, why, "Give one of these")

    def _refused(self, code: str, name: str, why: str, todo: str, *, retryable: bool = False) -> LocalError:
        return LocalError(
            code=code,
            what="Cannot work on the store",
            where=f"{self.path}/{name}",
            why=why,
            todo=todo,
            retryable=retryable,
        )

    def _broken(self, name: str, entry: str, why: str) -> LocalError:
        todo = "Somebody changed it by hand: look, then move it away"
        return self._refused("store_broken", f"{name}/{entry}", why, todo)

    def _busy(self, name: str, wait: float) -> LocalError:
        why = f"another process held its lock for {wait:g} seconds"
        return self._refused("store_busy", name, why, "Run again when the other run has ended", retryable=True)

    def _no_generation(self, name: str, generation: int) -> LocalError:
        return self._refused("generation_missing", name, f"there is no generation {generation}", "Make it first")


_Found = t.TypeVar("_Found", Directory, t.Optional[Directory])


class _Look(t.NamedTuple):
    """Open folders by the way from the store to them; ``stack`` closes them."""

    stack: contextlib.ExitStack
    open: dict[tuple[str, ...], Directory]

    def keep(self, way: tuple[str, ...], found: _Found) -> _Found:
        if found is not None:
            self.open[way] = self.stack.enter_context(found)
        return found

    def forget(self, *way: str) -> None:
        """The folder, and those below it, are opened anew when they are next asked for."""
        for known in [known for known in self.open if known[: len(way)] == way]:
            del self.open[known]


def _folder(number: int) -> str:
    return f"{number:04d}"


def _is_number(value: object) -> bool:
    """Of a generation, as its folder can have it."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9


def _numbers(folder: Directory) -> list[int]:
    found = (int(entry) for entry in folder.names() if _NUMBER.fullmatch(entry) and entry == _folder(int(entry)))
    return sorted(found)


def _has(folder: Directory, number: int) -> bool:
    return folder.stat(_folder(number)) is not None


def _is_directory(root: Directory, name: str) -> bool:
    found = root.stat(name)
    return found is not None and stat.S_ISDIR(found.st_mode)


__all__ = [
    "CERTIFICATE",
    "CHAIN",
    "CSR",
    "FULLCHAIN",
    "KEY",
    "Generation",
    "Journal",
    "Store",
    "default_store_path",
]
