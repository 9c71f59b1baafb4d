# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificates point at: their issuers' certificates and revocation lists, on the lab's HTTPS server."""

from __future__ import annotations

from .clock import LabClock
from .http_server import Request, Response, Routes
from .issuing import Issuing

TYPES = {"crt": "application/pkix-cert", "crl": "application/pkix-crl"}


def add_to(routes: Routes, path: str, issuing: Issuing, clock: LabClock) -> None:
    def answer(request: Request) -> Response:
        content = issuing.file(request.match[1], request.match[2], clock.now())
        if content is None:
            return Response(404, {"Content-Type": "text/plain"}, b"no such authority\n")
        return Response(200, {"Content-Type": TYPES[request.match[2]]}, content)

    routes.add("GET", rf"{path}/([a-z0-9-]+)\.(crt|crl)", answer)
