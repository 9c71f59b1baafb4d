# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate a web host of the lab shows: the pairs of a store, chosen by the name that a client asks for.

A store is <store>/<name>/live/{fullchain,privkey}.pem. As nginx does: one pair that cannot be used, and nothing of the
whole set is taken; of two certificates for one name the first (by its name in the store) has it; who asks for no known
name gets the first.
"""

from __future__ import annotations

import hashlib
import ssl
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


class BrokenPair(Exception):
    """The words for the log."""


class Pair(t.NamedTuple):
    name: str
    #: the folder that ``live`` led to
    generation: str
    serial: str
    certificate_sha256: str
    dns_names: tuple[str, ...]
    context: ssl.SSLContext

    def facts(self) -> dict[str, t.Any]:
        return {"name": self.name, "generation": self.generation, "serial": self.serial, "dns_names": [*self.dns_names]}


class Pairs:
    """A set that was read once. ``context`` is for the listener: it changes to the right pair during the handshake."""

    def __init__(self, pairs: t.Sequence[Pair], fallback: Pair) -> None:
        self.pairs = tuple(pairs)
        self._first = pairs[0] if pairs else fallback
        self._by_name: dict[str, Pair] = {}
        for pair in pairs:
            for name in pair.dns_names:
                self._by_name.setdefault(name, pair)
        self.context = self._first.context
        self.context.sni_callback = self._change

    def choose(self, server_name: str | None) -> Pair:
        name = (server_name or "").lower().rstrip(".")
        star = "*." + name.partition(".")[2]
        return self._by_name.get(name) or self._by_name.get(star) or self._first

    def _change(self, connection: ssl.SSLObject, server_name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self.choose(server_name).context


def read_pairs(store: Path, fallback: Path) -> Pairs:
    """What is live in the store now. BrokenPair: something of it cannot be served."""
    found = sorted(store.glob("*/live/fullchain.pem"))
    return Pairs([_read(path.parents[1].name, path.parent) for path in found], _read("", fallback))


def _read(name: str, live: Path) -> Pair:
    try:
        folder = live.resolve(strict=True)  # once: both files are of one generation, whatever happens to the link
        leaf = x509.load_pem_x509_certificate((folder / "fullchain.pem").read_bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem", password="")
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
        raise BrokenPair(f"cannot use the pair of {name or 'the lab'} in {live}: {exc}") from exc
    context.options |= ssl.OP_NO_TICKET  # a resumed session would show no certificate
    context.num_tickets = 0
    digest = hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest()
    return Pair(name, folder.name, f"{leaf.serial_number:x}", digest, dns_names_of(leaf), context)


def dns_names_of(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(sorted(name.lower() for name in names.get_values_for_type(x509.DNSName)))
