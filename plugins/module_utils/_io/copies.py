# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a generation outside the store, and who may read the key inside it.

Each copy is written beside its place (0600 from its first byte), synced, and renamed over it. Copies that belong
together are first all written and then all renamed, private key first: between the first and the last rename, some
microseconds, a service that happens to start finds the new key beside the old certificate. Only a combined copy, and
the live link itself, have no such window.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import Content, CopyWish, Standing
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._io.files import (
    SYSTEM,
    Directory,
    System,
    owner_ids,
    telling,
)

#: Larger files at the place of a copy are not compared, only refused.
_MAX_READ = 1024 * 1024
#: One temporary name for each copy: what a killed run leaves, the next one removes.
_TEMPORARY = ".{}.inkan-new"
_ORDER = [Content.PRIVKEY, Content.COMBINED, Content.CERT, Content.FULLCHAIN, Content.CHAIN]


@dataclass(frozen=True)
class Copy:
    """A copy with its bytes."""

    wish: CopyWish
    content: bytes


def misplaced(copies: t.Sequence[Copy]) -> list[Copy]:
    """The copies whose content, owner, group or mode on disk is not as wished, or that a killed run left unfinished."""
    return [copy for copy in copies if not _is_in_place(copy)]


def unusable_place(wish: CopyWish, store_path: str) -> str | None:
    """Why no copy can be written there, or None. Nothing is touched."""
    store = os.path.realpath(store_path)
    if f"{os.path.realpath(os.path.dirname(wish.path))}/".startswith(f"{store}/"):
        return f"{wish.path} lies in the store {store_path}: a link on its way leads there"
    try:
        owner_ids(wish.standing.owner, wish.standing.group, where=wish.path)
        with _parent(wish.path) as directory:
            facts = directory.stat(os.path.basename(wish.path))
    except InkanError as exc:
        return exc.sentence()
    if facts is None or stat.S_ISREG(facts.st_mode):
        return None
    return f"{wish.path} is no regular file (a link, perhaps): it is not replaced"


def read_copy(path: str) -> bytes | None:
    """What lies at the place of a copy, or None."""
    with _parent(path) as directory:
        return directory.read(os.path.basename(path), _MAX_READ)


def write_copies(copies: t.Sequence[Copy], *, system: System = SYSTEM) -> None:
    """Write those that are misplaced: all beside their places first, then all renamed."""
    with contextlib.ExitStack() as stack:
        wrong = sorted(misplaced(copies), key=lambda copy: _ORDER.index(copy.wish.content))
        places = [(stack.enter_context(_parent(copy.wish.path, system)), copy) for copy in wrong]
        try:
            for directory, copy in places:
                _stage(directory, copy)
            for directory, copy in places:  # nothing between these renames: their window is that of the copies
                with telling("Cannot put the copy in its place", copy.wish.path):
                    system.rename(_temporary(copy), os.path.basename(copy.wish.path), directory.fd)
        except InkanError:
            _forget(places)
            raise
        for directory, _copy in places:
            directory.sync()


def _stage(directory: Directory, copy: Copy) -> None:
    standing, temporary = copy.wish.standing, _temporary(copy)
    uid, gid = owner_ids(standing.owner, standing.group, where=copy.wish.path)
    directory.remove(temporary)
    directory.create(temporary, copy.content, mode=standing.mode, uid=uid, gid=gid)


def _forget(places: t.Sequence[tuple[Directory, Copy]]) -> None:
    """What is left of a failed writing goes: some of it are keys."""
    for directory, copy in places:
        with contextlib.suppress(InkanError):
            directory.remove(_temporary(copy))


def _parent(path: str, system: System = SYSTEM) -> Directory:
    """The directory of a copy. Links on the way to it are the user's (/etc/ssl/certs is one on some systems)."""
    return Directory.open(os.path.realpath(os.path.dirname(path)), system=system)


def _temporary(copy: Copy) -> str:
    return _TEMPORARY.format(os.path.basename(copy.wish.path))


def _is_in_place(copy: Copy) -> bool:
    name = os.path.basename(copy.wish.path)
    with _parent(copy.wish.path) as directory:
        facts = directory.stat(name)
        if facts is None or directory.stat(_temporary(copy)) is not None:
            return False
        return _stands(facts, copy.wish.standing) and directory.read(name, _MAX_READ) == copy.content


# -- the key inside the store -----------------------------------------------------------------------------------------


def is_granted(directories: t.Sequence[str], key_path: str, standing: Standing) -> bool:
    """Whether ``standing`` holds for the key, and the directories above it can be passed."""
    with telling("Cannot look at the private key", key_path):
        passable = all(stat.S_IMODE(os.lstat(directory).st_mode) & 0o011 == 0o011 for directory in directories)
        return passable and _stands(os.lstat(key_path), standing)


def _stands(facts: os.stat_result, standing: Standing) -> bool:
    uid, gid = owner_ids(standing.owner, standing.group)
    return (
        stat.S_ISREG(facts.st_mode)
        and stat.S_IMODE(facts.st_mode) == standing.mode
        and uid in (-1, facts.st_uid)
        and gid in (-1, facts.st_gid)
    )
