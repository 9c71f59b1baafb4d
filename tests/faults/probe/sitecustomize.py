# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""In every Python process of a play that has this folder in PYTHONPATH: what it tells others, and with which modes it
makes files, is written below $INKAN_PROBE. $INKAN_PROBE_RAISE names a call that breaks down, with what it was given.

    processes   arguments and environment of every process that it starts
    syslog      what it hands to syslog
    creations   mode and path of every file that it makes: the mode that it asked for, not what a umask left of it
"""

from __future__ import annotations

import os
import sys

_FOLDER = os.environ.get("INKAN_PROBE", "")
_RAISE = os.environ.get("INKAN_PROBE_RAISE", "")
_real_open = os.open
_busy = False


def _tell(name, *words):
    global _busy
    _busy = True
    try:
        fd = _real_open(os.path.join(_FOLDER, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(fd, (" ".join(words).replace("\n", "\\n") + "\n").encode("utf-8", "backslashreplace"))
        os.close(fd)
    finally:
        _busy = False


def _hook(event, arguments):
    if _busy:
        return
    if event == "subprocess.Popen":
        _tell("processes", repr(arguments[1]), repr(arguments[3]))
    elif event in ("os.exec", "os.posix_spawn"):
        _tell("processes", repr(arguments))
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax"):
        path = arguments[0]
        if isinstance(path, (str, bytes)) and not os.path.lexists(path):
            _tell("creations", "0666", os.path.abspath(os.fsdecode(path)))


def _open(path, flags, mode=0o777, *, dir_fd=None):
    if flags & os.O_CREAT and not _busy:
        name = os.fsdecode(path)
        where = f"/proc/self/fd/{dir_fd}" if dir_fd is not None else ""
        _tell("creations", f"{mode:04o}", os.path.join(os.readlink(where) if where else os.getcwd(), name))
    return _real_open(path, flags, mode, dir_fd=dir_fd)


def _watch_syslog():
    import syslog

    real = syslog.syslog

    def told(*arguments):
        _tell("syslog", repr(arguments))
        return real(*arguments)

    syslog.syslog = told


def _is_module():
    """Whether this process is a module, and not Ansible: what it was started with tells."""
    return "ansible-playbook" not in " ".join(sys.orig_argv)


def _break_down():
    """The call raises what nobody expects, whose words have all that the call was given."""
    if _RAISE == "http":
        import http.client

        def endheaders(self, message_body=None, **_more):
            raise RuntimeError(f"the wire broke at {self._buffer!r} {message_body!r}")

        http.client.HTTPConnection.endheaders = endheaders
    if _RAISE == "disk":
        real = os.write

        def write(fd, data):
            if b"PRIVATE KEY" in bytes(data):
                raise RuntimeError(f"the disk broke at {bytes(data)!r}")
            return real(fd, data)

        os.write = write


if _FOLDER:
    os.open = _open
    _watch_syslog()
    sys.addaudithook(_hook)
    if _RAISE == "http" or (_RAISE and _is_module()):  # Ansible asks nobody by HTTP, but for modules in its process
        _break_down()
