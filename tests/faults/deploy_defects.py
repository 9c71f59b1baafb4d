# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects that the product could have had. Each is put into the module process under attack, and must be noticed."""

from __future__ import annotations

import os
import stat
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory, System
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._module.switching import _Switch
from module_process import Seed


def _switch_before_verify(patch: pytest.MonkeyPatch) -> None:
    verified = Store.add_files

    def add_files(self: Store, name: str, generation: int, *files: t.Any) -> list[str]:
        with self._made(name) as folder:
            folder.link("live", f"generations/{generation:04d}")
        return verified(self, name, generation, *files)

    patch.setattr(Store, "add_files", add_files)


def _two_steps(patch: pytest.MonkeyPatch) -> None:
    def link(self: Directory, name: str, target: str) -> None:
        self.remove(name)
        self._system.symlink(target, name, self.fd)
        self.sync()

    patch.setattr(Directory, "link", link)


def _open_to_all(patch: pytest.MonkeyPatch) -> None:
    def opened(_self: System, name: str, flags: int, _mode: int, dir_fd: int) -> int:
        return os.open(name, flags, 0o644, dir_fd=dir_fd)

    patch.setattr(System, "open", opened)


def _no_reload_after_rollback(patch: pytest.MonkeyPatch) -> None:
    reload = _Switch._reload

    def forgetful(self: _Switch, works: t.Any, *, start: bool = False) -> t.Any:
        return None if start else reload(self, works)

    patch.setattr(_Switch, "_reload", forgetful)


def _no_sweep(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Directory, "sweep", lambda _self: None)


def _late_journal(patch: pytest.MonkeyPatch) -> None:
    """The word for the next run is written when the new one is live already."""
    place, write = _Switch._place, Store.write_journal
    late: list[t.Callable[[], None]] = []

    def write_journal(self: Store, *words: t.Any) -> None:
        late.append(lambda: write(self, *words))

    def placed(self: _Switch, *words: t.Any) -> None:
        place(self, *words)
        while late:
            late.pop()()

    patch.setattr(Store, "write_journal", write_journal)
    patch.setattr(_Switch, "_place", placed)


def _unsynced(is_folder: bool) -> Seed:
    def seed(patch: pytest.MonkeyPatch) -> None:
        def fsync(_self: System, fd: int) -> None:
            if stat.S_ISDIR(os.fstat(fd).st_mode) is not is_folder:
                os.fsync(fd)

        patch.setattr(System, "fsync", fsync)

    return seed


#: The defect, and the scene that shows it; of kills
KILLS: dict[str, tuple[str, Seed]] = {
    "the switch comes before the verification": ("verify", _switch_before_verify),
    "two renames instead of one": ("switch", _two_steps),
    "a key is open to all until its mode is set": ("request", _open_to_all),
    "a roll back forgets the reload": ("switch, check says no", _no_reload_after_rollback),
    "half-written files are left": ("hand over", _no_sweep),
    "the journal is written after the switch": ("switch, reload refused", _late_journal),
}
#: and of power cuts
CUTS: dict[str, tuple[str, Seed]] = {
    "no sync of a file before its rename": ("request", _unsynced(is_folder=False)),
    "no sync of a folder after a rename": ("request at paths", _unsynced(is_folder=True)),
}
