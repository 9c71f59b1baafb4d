# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook in the background: writes what it is told to told.jsonl of the directory, one message a line.

Prints its port. As long as there is a file "down" in the directory, it answers 500 and has taken nothing.
"""

from __future__ import annotations

import http.server
import os
import pathlib
import sys

DIRECTORY = pathlib.Path(sys.argv[1])


class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_up = not (DIRECTORY / "down").exists()
        if is_up:
            with open(DIRECTORY / "told.jsonl", "ab") as file:
                file.write(body + b"\n")
        self.send_response(200 if is_up else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        """Nobody listens."""


def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Sink)
    print(server.server_address[1], flush=True)
    if os.fork():
        return
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silence, number)
    (DIRECTORY / "sink.pid").write_text(str(os.getpid()), encoding="utf-8")
    server.serve_forever()


main()
