# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA behind all portals: a root, an intermediate, and leaves that end when they are told to."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab.clock import LabClock

YEARS = timedelta(days=3650)
ROOT, ISSUING = "Portal Root", "Portal CA G1"


class Issuer:
    def __init__(self, clock: LabClock) -> None:
        self._clock = clock
        self._root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _number in range(2))
        ends = clock.now() + YEARS
        self.intermediate = self._made(ISSUING, self._key.public_key(), ROOT, self._root_key, ends, ())

    def for_request(self, csr: str, names: t.Sequence[str], ends: datetime) -> str:
        return self.for_key(x509.load_pem_x509_csr(csr.encode()).public_key(), names, ends)

    def for_key(self, key: t.Any, names: t.Sequence[str], ends: datetime) -> str:
        return self._made(names[0], key, ISSUING, self._key, ends, names)

    def _made(
        self, subject: str, key: t.Any, issuer: str, signer: t.Any, ends: datetime, names: t.Sequence[str]
    ) -> str:
        builder = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
            key,
            x509.random_serial_number(),
            self._clock.now() - timedelta(minutes=5),
            ends,
        ).add_extension(x509.BasicConstraints(not names, None), critical=True)
        if names:
            found = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(found, critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
