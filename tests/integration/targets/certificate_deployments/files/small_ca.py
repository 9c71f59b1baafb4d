# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA for the test: small_ca.py DIRECTORY SERIAL DAYS < csr.pem; prints certificate and chain as JSON.

Root and intermediate are made in DIRECTORY at the first call.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(timezone.utc)


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def signed(subject, public_key, serial, days, issuer, issuer_key, extensions):
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(NOW - timedelta(days=2))
        .not_valid_after(NOW + timedelta(days=days))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def ca(directory, title, issuer=None):
    """Key and certificate of a CA, kept in one file."""
    path = directory / f"{title}.pem"
    if path.exists():
        content = path.read_bytes()
        return serialization.load_pem_private_key(content, None), x509.load_pem_x509_certificate(content)
    key = ec.generate_private_key(ec.SECP256R1())
    above_key, above = issuer or (key, None)
    constraints = (x509.BasicConstraints(ca=True, path_length=None), True)
    subject = name(f"Small {title}")
    certificate = signed(
        subject, key.public_key(), x509.random_serial_number(), 3650,
        above.subject if above else subject, above_key, [constraints],
    )  # fmt: skip
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(own + certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


def main():
    directory, serial, days = Path(sys.argv[1]), int(sys.argv[2], 16), int(sys.argv[3])
    directory.mkdir(exist_ok=True)
    intermediate_key, intermediate = ca(directory, "intermediate", ca(directory, "root"))
    csr = x509.load_pem_x509_csr(sys.stdin.buffer.read())
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    leaf = signed(
        csr.subject, csr.public_key(), serial, days, intermediate.subject, intermediate_key,
        [(names.value, False), (x509.BasicConstraints(ca=False, path_length=None), True)],
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    print(
        json.dumps({"certificate": leaf.public_bytes(pem).decode(), "chain": [intermediate.public_bytes(pem).decode()]})
    )


if __name__ == "__main__":
    main()
