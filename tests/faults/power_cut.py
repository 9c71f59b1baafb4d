# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk holds after the power was cut: what was synced, and of the rest only what luck left.

    before = Disk.read(root)                                   # all of it durable
    subprocess.run([*recorder(log, root), sys.executable, …])  # strace writes down what the process does
    disk = before
    for operation in operations(log, root):
        disk.apply(operation)
        disk.write_to(root, LOSSES["nothing unsynced"])        # the power is cut here: now run again

The rules are those of POSIX, harsher than most file systems: bytes last once their file was synced, a name (also a new,
a moved or a removed one) once the folder that holds it was. A process that is recorded is otherwise itself.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = "strace"
_NAMES = (
    "openat",
    "open",
    "creat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
)
_LINKS = ("symlink", "symlinkat", "link", "linkat")
_BYTES = ("write", "pwrite64", "ftruncate", "truncate", "lseek", "chmod", "fchmod", "fchmodat")
_SYNCS = ("fsync", "fdatasync", "syncfs", "sync")
#: Ways to write that nobody uses here: met below the root they are an error, so that nothing is missed in silence.
_UNKNOWN = ("writev", "pwritev", "pwritev2", "sendfile", "copy_file_range", "fallocate", "splice")
_SHARED = ("mmap",)

#: Whether one unsynced operation got to the disk: is it about a name (else bytes), the how maniest is it of its file.
Luck = t.Callable[[bool, int], bool]
LOSSES: dict[str, Luck] = {
    "nothing unsynced": lambda _is_name, _number: False,
    "names without bytes": lambda is_name, _number: is_name,
    "bytes without names": lambda is_name, _number: not is_name,
    "every other write": lambda is_name, number: is_name or number % 2 == 1,
    "everything": lambda _is_name, _number: True,
}


def recorder(log: Path, *, shared: bool = False) -> list[str]:
    """The beginning of a command: what follows is run, with its children, and written down in files ``log``.PID.

    shared: also the mapping of files into memory (every start of a program has many).
    """
    calls = (*_NAMES, *_LINKS, *_BYTES, *_SYNCS, *_UNKNOWN, *(_SHARED if shared else ()))
    wanted = ",".join(f"?{name}" for name in calls)
    command = [PROGRAM, "-ff", "--seccomp-bpf", "-qqq", "-ttt", "-y", "-xx", "-s", "16777216", "-e", "signal=none"]
    return [*command, "-e", f"trace={wanted}", "-o", str(log), "--"]


def can_record() -> bool:
    return shutil.which(PROGRAM) is not None


class Operation(t.NamedTuple):
    """A system call that succeeded; paths are absolute, ``fd`` tells open files of one path apart."""

    at: float
    call: str
    paths: tuple[str, ...]
    data: bytes = b""
    number: int = 0  # offset, size, mode
    flags: frozenset[str] = frozenset()
    fd: int = -1


def operations(log: Path, root: Path, only: t.Collection[int] | None = None) -> list[Operation]:
    """What was done below ``root``, in order. only: by these processes."""
    found = []
    for file in sorted(log.parent.glob(f"{log.name}.*")):
        if only is not None and int(file.suffix[1:]) not in only:
            continue
        with file.open(encoding="ascii", errors="replace") as lines:
            found += [operation for line in lines for operation in [_parsed(line, str(root))] if operation]
    return sorted(found, key=lambda one: one.at)


# -- lines of strace --------------------------------------------------------------------------------------------------

_LINE = re.compile(r"([0-9.]+) ([a-z0-9_]+)\((.*)\) += (-?[0-9]+)(<([^>]*)>)?", re.DOTALL)
_ARGUMENT = re.compile(
    r'[, ]*(?:"([^"]*)"(\.\.\.)?|([0-9]+|AT_FDCWD)<([^>]*)>(?:\(deleted\))?|([^,<"{\[]+)|\{[^}]*\}|\[[^\]]*\])'
)


class _Fd(t.NamedTuple):
    number: int
    path: str


def _unhex(text: str) -> str:
    return os.fsdecode(bytes.fromhex(text.replace("\\x", ""))) if text.startswith("\\x") else text


def _arguments(text: str) -> list[str | bytes | _Fd]:
    found: list[str | bytes | _Fd] = []
    for match in _ARGUMENT.finditer(text):
        quoted, shortened, number, path, word = match.groups()
        if quoted is not None:
            assert shortened is None, "strace shortened what was written"
            found.append(bytes.fromhex(quoted.replace("\\x", "")))
        elif number is not None:
            found.append(_Fd(-1 if number == "AT_FDCWD" else int(number), _unhex(path)))
        elif word is not None and word.strip():
            found.append(word.strip())
    return found


def _parsed(line: str, root: str) -> Operation | None:
    match = _LINE.match(line)
    if match is None or int(match[4]) < 0:
        return None
    call, result = match[2], int(match[4])
    arguments = _arguments(match[3])
    paths = _paths(arguments, call)
    if call != "sync" and not any(path == root or path.startswith(root + "/") for path in paths):
        return None
    assert call not in _UNKNOWN, f"the replay does not know {call}: {line[:200]}"
    if call in _SHARED:
        assert "MAP_SHARED" not in line or "PROT_WRITE" not in line, f"the replay does not know {line[:200]}"
        return None
    if call in ("openat", "open", "creat"):  # a link at its end was followed
        paths = (_unhex(match[6]),)
    return _operation(float(match[1]), call, arguments, paths, result)


def _paths(arguments: t.Sequence[str | bytes | _Fd], call: str) -> tuple[str, ...]:
    """Of the files it is about. A text that is written is no path, nor is where a symlink leads."""
    if call in ("write", "pwrite64"):
        return tuple(one.path for one in arguments[:1] if isinstance(one, _Fd))
    found, folder = [], None
    for one in arguments[1:] if call in ("symlink", "symlinkat") else arguments:
        if isinstance(one, _Fd):
            folder = one.path
        elif isinstance(one, bytes):
            found.append(os.path.normpath(os.path.join(folder or "/", os.fsdecode(one))))
            folder = None
    return tuple(found) if found else ((folder,) if folder is not None else ())


def _operation(
    at: float, call: str, arguments: t.Sequence[str | bytes | _Fd], paths: tuple[str, ...], result: int
) -> Operation:
    texts = [one for one in arguments if isinstance(one, bytes)]
    words = [one for one in arguments if isinstance(one, str)]
    fd = next((one.number for one in arguments if isinstance(one, _Fd)), -1)
    flags = frozenset(flag for word in words for flag in word.split("|"))
    if call in ("openat", "open", "creat"):
        mode = int(words[-1], 8) if "O_CREAT" in flags else 0
        return Operation(at, "open", paths, number=mode, flags=flags, fd=result)
    if call in ("write", "pwrite64"):
        data = texts[0][:result] if texts else b""
        return Operation(at, call, paths, data, number=int(words[-1]), fd=fd)
    if call in ("symlink", "symlinkat"):
        return Operation(at, "symlink", paths, texts[0])
    if call in ("ftruncate", "truncate"):
        return Operation(at, "truncate", paths, number=int(words[-1]))
    if call == "lseek":
        return Operation(at, "lseek", paths, number=result, fd=fd)
    if call in ("mkdir", "mkdirat", "chmod", "fchmod", "fchmodat"):
        octal = next(int(word, 8) for word in words if word.startswith("0"))
        return Operation(at, "mkdir" if call.startswith("mkdir") else "chmod", paths, number=octal)
    if call == "unlinkat" and "AT_REMOVEDIR" in flags:
        return Operation(at, "unlink", paths)
    if call == "renameat2":
        assert "RENAME_EXCHANGE" not in flags, "the replay does not know an exchange of names"
    plain = {"unlinkat": "unlink", "rmdir": "unlink", "renameat": "rename", "renameat2": "rename", "linkat": "link"}
    plain |= {"fdatasync": "fsync", "syncfs": "sync"}
    return Operation(at, plain.get(call, call), paths, fd=fd)


# -- the disk ---------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _File:
    """kept: what is durable; now: what a process sees; pending: the way from the one to the other."""

    mode: int
    kept: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    pending: list[t.Callable[[bytearray], None]] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)

    def do(self, change: t.Callable[[bytearray], None]) -> None:
        change(self.now)
        self.pending.append(change)

    def sync(self) -> None:
        self.kept = bytes(self.now)
        self.pending.clear()

    def after(self, luck: Luck) -> bytes:
        content = bytearray(self.kept)
        for number, change in enumerate(self.pending):
            if luck(False, number):
                change(content)
        return bytes(content)


@dataclass(eq=False)
class _Link:
    target: str


@dataclass(eq=False)
class _Folder:
    mode: int
    kept: dict[str, _Node] = field(default_factory=dict)
    now: dict[str, _Node] = field(default_factory=dict)
    pending: list[t.Callable[[dict[str, _Node]], None]] = field(default_factory=list)

    def do(self, change: t.Callable[[dict[str, _Node]], None]) -> None:
        change(self.now)
        self.pending.append(change)

    def sync(self) -> None:
        self.kept = dict(self.now)
        self.pending.clear()

    def after(self, luck: Luck) -> dict[str, _Node]:
        names = dict(self.kept)
        for number, change in enumerate(self.pending):
            if luck(True, number):
                change(names)
        return names


_Node = t.Union[_File, _Link, _Folder]


class Disk:
    """The tree below one folder."""

    def __init__(self, root: Path, tree: _Folder) -> None:
        self._root = str(root)
        self._tree = tree

    @classmethod
    def read(cls, root: Path) -> Disk:
        """What lies there is durable."""
        tree = _read(root)
        assert isinstance(tree, _Folder)
        return cls(root, tree)

    def apply(self, operation: Operation) -> None:
        getattr(self, f"_{operation.call}")(operation)

    def write_to(self, root: Path, luck: Luck) -> None:
        """The power was cut: ``root`` holds what is left, and nothing else."""
        for entry in list(os.scandir(root)):
            shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
        _write(root, self._tree, luck)

    def files(self, luck: Luck) -> dict[str, bytes | str]:
        """By path: content, or where a symlink leads."""
        return dict(_walk("", self._tree, luck))

    # one system call each

    def _open(self, asked: Operation) -> None:
        folder, name = self._place(asked.paths[0])
        if folder is None:
            return
        node = folder.now.get(name)
        if node is None and "O_CREAT" in asked.flags:
            node = _File(asked.number & ~0o022)
            folder.do(_setting(name, node))
        if not isinstance(node, _File):
            return
        if "O_TRUNC" in asked.flags and node.now:
            node.do(_resizing(0))
        node.offsets[asked.fd] = -1 if "O_APPEND" in asked.flags else 0

    def _write(self, asked: Operation) -> None:
        node = self._node(asked.paths[0])
        if isinstance(node, _File):
            offset = node.offsets.get(asked.fd, 0)
            offset = len(node.now) if offset < 0 else offset
            node.do(_writing(offset, asked.data))
            if node.offsets.get(asked.fd, 0) >= 0:
                node.offsets[asked.fd] = offset + len(asked.data)

    def _pwrite64(self, asked: Operation) -> None:
        node = self._node(asked.paths[0])
        if isinstance(node, _File):
            node.do(_writing(asked.number, asked.data))

    def _lseek(self, asked: Operation) -> None:
        node = self._node(asked.paths[0])
        if isinstance(node, _File) and node.offsets.get(asked.fd, 0) >= 0:
            node.offsets[asked.fd] = asked.number

    def _truncate(self, asked: Operation) -> None:
        node = self._node(asked.paths[0])
        if isinstance(node, _File):
            node.do(_resizing(asked.number))

    def _chmod(self, asked: Operation) -> None:
        """At once and for good: no test here is about modes that were not synced."""
        node = self._node(asked.paths[0])
        if isinstance(node, (_File, _Folder)):
            node.mode = asked.number

    def _mkdir(self, asked: Operation) -> None:
        folder, name = self._place(asked.paths[0])
        if folder is not None:
            folder.do(_setting(name, _Folder(asked.number & ~0o022)))

    def _symlink(self, asked: Operation) -> None:
        folder, name = self._place(asked.paths[0])
        if folder is not None:
            folder.do(_setting(name, _Link(os.fsdecode(asked.data))))

    def _unlink(self, asked: Operation) -> None:
        folder, name = self._place(asked.paths[0])
        if folder is not None:
            folder.do(_removing(name))

    def _link(self, asked: Operation) -> None:
        node = self._node(asked.paths[0])
        folder, name = self._place(asked.paths[1])
        if folder is not None and node is not None:
            folder.do(_setting(name, node))

    def _rename(self, asked: Operation) -> None:
        """Within one folder it is one change; between two each folder has its own."""
        (old_folder, old), (new_folder, new) = (self._place(path) for path in asked.paths)
        node = self._node(asked.paths[0])
        if node is None:
            assert old_folder is None, f"{asked.paths[0]} is not there"
            assert new_folder is None, f"{asked.paths[0]} comes from outside"
            return
        if old_folder is new_folder:
            old_folder.do(_moving(old, new, node))
            return
        old_folder.do(_removing(old))
        if new_folder is not None:
            new_folder.do(_setting(new, node))

    def _fsync(self, asked: Operation) -> None:
        node = self._node(asked.paths[0])
        if isinstance(node, (_File, _Folder)):
            node.sync()

    def _sync(self, _asked: Operation) -> None:
        _sync_all(self._tree)

    # where

    def _node(self, path: str) -> _Node | None:
        if path == self._root:
            return self._tree
        folder, name = self._place(path)
        return folder.now.get(name) if folder is not None else None

    def _place(self, path: str) -> tuple[t.Any, str]:
        """The folder that holds the path's last name; None outside of the tree. A symlink on the way is followed."""
        if not path.startswith(self._root + "/"):
            return None, ""
        *way, name = path[len(self._root) + 1 :].split("/")
        folder: _Node | None = self._tree
        here = self._root
        for part in way:
            folder = folder.now.get(part) if isinstance(folder, _Folder) else None
            if isinstance(folder, _Link):
                here = os.path.normpath(os.path.join(here, folder.target))
                folder = self._node(here)
            else:
                here = f"{here}/{part}"
        return (folder if isinstance(folder, _Folder) else None), name


def _setting(name: str, node: _Node) -> t.Callable[[dict[str, _Node]], None]:
    return lambda names: names.__setitem__(name, node)


def _removing(name: str) -> t.Callable[[dict[str, _Node]], None]:
    def change(names: dict[str, _Node]) -> None:
        names.pop(name, None)

    return change


def _moving(old: str, new: str, node: _Node) -> t.Callable[[dict[str, _Node]], None]:
    def change(names: dict[str, _Node]) -> None:
        names.pop(old, None)
        names[new] = node

    return change


def _writing(offset: int, data: bytes) -> t.Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(data)] = data

    return change


def _resizing(size: int) -> t.Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        del content[size:]
        content.extend(bytes(size - len(content)))

    return change


def _read(path: Path) -> _Node | None:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return _Link(os.readlink(path))
    if stat.S_ISDIR(status.st_mode):
        found = {child.name: node for child in path.iterdir() for node in [_read(child)] if node is not None}
        return _Folder(stat.S_IMODE(status.st_mode), found, dict(found))
    if not stat.S_ISREG(status.st_mode):
        return None
    content = path.read_bytes()
    return _File(stat.S_IMODE(status.st_mode), content, bytearray(content))


def _write(path: Path, folder: _Folder, luck: Luck) -> None:
    for name, node in folder.after(luck).items():
        place = path / name
        if isinstance(node, _Folder):
            place.mkdir()
            _write(place, node, luck)
            place.chmod(node.mode)
        elif isinstance(node, _Link):
            place.symlink_to(node.target)
        else:
            place.write_bytes(node.after(luck))
            place.chmod(node.mode)


def _walk(prefix: str, folder: _Folder, luck: Luck) -> t.Iterator[tuple[str, bytes | str]]:
    for name, node in folder.after(luck).items():
        if isinstance(node, _Folder):
            yield from _walk(f"{prefix}{name}/", node, luck)
        else:
            yield f"{prefix}{name}", node.target if isinstance(node, _Link) else node.after(luck)


def _sync_all(node: _Node) -> None:
    if isinstance(node, (_File, _Folder)):
        node.sync()
    if isinstance(node, _Folder):
        for child in node.now.values():
            _sync_all(child)
