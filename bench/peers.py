# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user would pick instead, as rows: where it comes from, and how its version is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import typing as t

from paths import REPOSITORY

VENV = REPOSITORY / ".cache" / "bench" / "venv"  # requirements/bench.txt, made by scripts/venv bench
PARALLEL = 4  # processes, forks and lanes of every peer; ours starts one process and has threads in it


class Peer(t.NamedTuple):
    """source: Debian or PyPI; package: of which the version is told; flags: what it is run with that it need not be."""

    name: str
    source: str
    package: str
    flags: str


PEERS: t.Mapping[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("lego", "Debian", "lego", "no propagation check of its own resolvers, 4 processes"),
        Peer("certbot", "PyPI", "certbot", "no propagation wait, 4 lanes (it locks its folder)"),
        Peer("dehydrated", "Debian", "dehydrated", "no lock, 4 processes, hook with nsupdate"),
        Peer("uacme", "Debian", "uacme", "4 processes, hook with nsupdate"),
        Peer("openssl", "Debian", "openssl", "4 processes"),
        Peer("nsupdate", "Debian", "bind9-dnsutils", "one batch a zone"),
        Peer(
            "community.crypto", "PyPI", "community.crypto", "a host a certificate, 4 forks, no check of TLS at the CA"
        ),
        Peer("community.general", "PyPI", "community.general", "a loop in one task"),
    )
}


def versions() -> dict[str, str]:
    return {name: f"{_version(peer)} ({peer.source})" for name, peer in PEERS.items()}


def _version(peer: Peer) -> str:
    if peer.source == "Debian":
        found = _said("dpkg-query", "-W", "-f", "${Version}", peer.package)
        return found or "unknown"
    if "." in peer.package:
        manifest = next(VENV.glob(f"lib/python3*/site-packages/ansible_collections/{peer.package.replace('.', '/')}"))
        return str(json.loads((manifest / "MANIFEST.json").read_text())["collection_info"]["version"])
    code = f"import importlib.metadata as m; print(m.version({peer.package!r}))"
    return _said(str(VENV / "bin" / "python"), "-c", code) or "unknown"


def _said(*argv: str) -> str:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    return done.stdout.strip() if done.returncode == 0 else ""


def program(name: str) -> str:
    """A program of the bench's own virtual environment."""
    return str(VENV / "bin" / name)
