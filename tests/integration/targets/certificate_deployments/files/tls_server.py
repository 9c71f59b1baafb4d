# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server for the test: tls_server.py DIRECTORY LIVE. It goes into the background and prints its port.

It writes DIRECTORY/server.pid, reads LIVE/fullchain.pem and LIVE/privkey.pem at each SIGHUP, and goes on with what it
has if they cannot be read, or if DIRECTORY/stubborn exists. Every reload is a line of DIRECTORY/reloads.log.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
from pathlib import Path

DIRECTORY, LIVE = Path(sys.argv[1]), Path(sys.argv[2])
context = None


def read_files(*_signal):
    global context
    try:
        if (DIRECTORY / "stubborn").exists():
            raise OSError("told to be stubborn")
        fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        fresh.load_cert_chain(LIVE / "fullchain.pem", LIVE / "privkey.pem")
        context = fresh
        word = "read"
    except OSError as exc:  # ssl.SSLError is one
        word = f"kept: {exc}"
    with open(DIRECTORY / "reloads.log", "a", encoding="utf-8") as log:
        log.write(word + "\n")


def serve(listener):
    while True:
        connection, _peer = listener.accept()
        with connection:
            connection.settimeout(5)
            try:
                if context is not None:
                    context.wrap_socket(connection, server_side=True).close()
            except OSError:
                pass


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    if os.fork():
        os._exit(0)
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    signal.signal(signal.SIGHUP, read_files)
    (DIRECTORY / "server.pid").write_text(f"{os.getpid()}\n")
    signal.alarm(600)  # never outlives a test run that was killed
    serve(listener)


if __name__ == "__main__":
    main()
