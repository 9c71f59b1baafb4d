# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk, or who rules it, may hold against a writer; each can be lifted again.

Root mounts a small tmpfs and fills it, takes its inodes or makes it read-only; gives the files to another user; and
lets the module run as an ordinary user whom folders refuse, for root is refused nothing. Who is not root has the limit
on the size of a file, and folders of his own that he may not write.
Where the file system knows the attribute, all is made immutable, too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import shutil
import stat
import struct
import subprocess
import tempfile
import typing as t
from pathlib import Path

_STRANGER = 65534  # nobody
_SIZE, _INODES = "1m", "400"
#: FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL of linux/fs.h, where long has eight bytes
_GET_FLAGS, _SET_FLAGS, _IMMUTABLE = 0x80086601, 0x40086602, 0x10


class Hindrance:
    """codes: what an error may be called; nothing else is clear."""

    codes: t.ClassVar[frozenset[str]]
    uid: t.ClassVar[int | None] = None

    def lay_on(self, folder: Path) -> None:
        """Folder holds all that the module works on."""

    def lift(self, folder: Path) -> None:
        """As it was before."""

    def inside(self) -> None:
        """What the module process does to itself first."""


class FullDisk(Hindrance):
    codes = frozenset({"disk_full"})

    def lay_on(self, folder: Path) -> None:
        with contextlib.suppress(OSError), (folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (65536, 4096, 512, 1):
                with contextlib.suppress(OSError):
                    while ballast.write(bytes(size)):
                        pass

    def lift(self, folder: Path) -> None:
        (folder / "ballast").unlink()


class NoInodes(Hindrance):
    codes = frozenset({"disk_full"})

    def lay_on(self, folder: Path) -> None:
        (folder / "ballast").mkdir()
        with contextlib.suppress(OSError):
            for number in range(int(_INODES) + 1):
                (folder / "ballast" / str(number)).touch()
            raise AssertionError("there is no end of inodes")

    def lift(self, folder: Path) -> None:
        shutil.rmtree(folder / "ballast")


class ReadOnly(Hindrance):
    codes = frozenset({"read_only_file_system"})

    def lay_on(self, folder: Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(folder.parent)], check=True)

    def lift(self, folder: Path) -> None:
        subprocess.run(["mount", "-o", "remount,rw", str(folder.parent)], check=True)


class WrongOwner(Hindrance):
    """Files and folders belong to somebody else: root could write, but whom would it serve?"""

    codes = frozenset({"store_unsafe"})

    def lay_on(self, folder: Path) -> None:
        _give(folder, _STRANGER)

    def lift(self, folder: Path) -> None:
        _give(folder, os.getuid())


class Denied(Hindrance):
    """All of it may be read, no folder may be written: as a security module refuses."""

    codes = frozenset({"permission_denied"})
    uid = _STRANGER if os.geteuid() == 0 else None

    def __init__(self) -> None:
        self._modes: dict[Path, int] = {}

    def lay_on(self, folder: Path) -> None:
        if self.uid is not None:
            _give(folder, self.uid)
        self._modes = {path: stat.S_IMODE(path.stat().st_mode) for path in _folders(folder)}
        for path, mode in self._modes.items():
            path.chmod(mode & ~0o222)

    def lift(self, folder: Path) -> None:
        for path, mode in self._modes.items():
            path.chmod(mode)
        if self.uid is not None:
            _give(folder, os.getuid())


class Immutable(Hindrance):
    """As ``chattr -R +i``: root cannot write, rename or remove there, either."""

    codes = frozenset({"permission_denied"})

    def __init__(self) -> None:
        self._made: list[Path] = []

    def lay_on(self, folder: Path) -> None:
        files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        self._made = [*files, *_folders(folder)]
        for path in self._made:
            _set_immutable(path, True)

    def lift(self, _folder: Path) -> None:
        for path in reversed(self._made):
            _set_immutable(path, False)


def _set_immutable(path: Path, wanted: bool) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        (flags,) = struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(struct.calcsize("l"))))
        fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("l", flags | _IMMUTABLE if wanted else flags & ~_IMMUTABLE))
    finally:
        os.close(descriptor)


def why_not_immutable() -> str:
    """Why the attribute cannot be tried on the small disk; "": it can."""
    with small_disk() as disk:
        try:
            _set_immutable(disk, True)
            _set_immutable(disk, False)
        except OSError as exc:
            return f"the immutable attribute cannot be set here: {exc.strerror}"
    return ""


class SmallFiles(Hindrance):
    codes = frozenset({"file_error"})

    def inside(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def _folders(folder: Path) -> list[Path]:
    return [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]


def _give(folder: Path, uid: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, uid, uid if uid else 0, follow_symlinks=False)


HINDRANCES: dict[str, Hindrance] = {"small files": SmallFiles(), "denied": Denied()}
if os.geteuid() == 0:
    HINDRANCES |= {
        "disk full": FullDisk(),
        "no inodes": NoInodes(),
        "read-only": ReadOnly(),
        "wrong owner": WrongOwner(),
    }


@contextlib.contextmanager
def small_disk() -> t.Iterator[Path]:
    """A folder that everybody may enter; for root a file system of its own."""
    with tempfile.TemporaryDirectory(prefix="inkan-faults-", dir="/tmp") as place:
        os.chmod(place, 0o755)  # noqa: S103 (that the stranger gets there)
        if os.geteuid() != 0:
            yield Path(place)
            return
        options = f"size={_SIZE},nr_inodes={_INODES},mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "inkan-faults", place], check=True)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "-l", place], check=True)
