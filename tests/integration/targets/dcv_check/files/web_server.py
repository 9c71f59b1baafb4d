# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server for the test: web_server.py DIRECTORY. It goes into the background and prints its port.

It serves one key authorization for the host www.example.test, redirects /moved to it, and writes web.pid.
"""

from __future__ import annotations

import http.server
import os
import sys
from pathlib import Path

DIRECTORY = Path(sys.argv[1])
PATH = "/.well-known/acme-challenge/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers["Host"] == "www.example.test"
        if known and self.path == PATH + "moved":
            self.send_response(302)
            self.send_header("Location", PATH + "tok")
            self.end_headers()
            return
        self.send_response(200 if known and self.path == PATH + "tok" else 404)
        self.end_headers()
        self.wfile.write(b"tok.key\n")

    def log_message(self, *_words):
        """Say nothing."""


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
if os.fork() == 0:
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silence, number)
    (DIRECTORY / "web.pid").write_text(str(os.getpid()), encoding="utf-8")
    server.serve_forever()
