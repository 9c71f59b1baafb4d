# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of certificates that nobody had to issue: signed here, laid down as each program keeps its own.

All are in order for another 60 days, of a lifetime of 90. One that ends in five days is planted for the proof: a sweep
that does not name it afterwards has not looked.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import pathlib
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab_world import ZONE, labels

GOOD, DUE = 60, 5  # days left
PEM = serialization.Encoding.PEM


class Pair(t.NamedTuple):
    name: str
    dns_name: str
    certificate: bytes
    chain: bytes
    key: bytes


@functools.lru_cache(maxsize=1)
def _issuer() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Benchmark CA")])
    builder = _builder(name, name, key.public_key(), 3650)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    return key, builder.sign(key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: t.Any, left: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    ends = now + datetime.timedelta(days=left)
    return builder.not_valid_before(ends - datetime.timedelta(days=left + 30)).not_valid_after(ends)


def pair(name: str, left: int = GOOD) -> Pair:
    issuer_key, issuer = _issuer()
    key = ec.generate_private_key(ec.SECP256R1())
    fqdn = f"{name}.{ZONE}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, fqdn)])
    builder = _builder(subject, issuer.subject, key.public_key(), left)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(fqdn)]), False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    leaf = builder.add_extension(authority, False).sign(issuer_key, hashes.SHA256())
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(name, fqdn, leaf.public_bytes(PEM), issuer.public_bytes(PEM), private)


@functools.lru_cache(maxsize=2)
def pairs(number: int) -> tuple[Pair, ...]:
    return tuple(pair(name) for name in labels(number))


# How each program keeps them


def lay_flat(folder: pathlib.Path, one: Pair) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{one.name}.pem").write_bytes(one.certificate)


def lay_store(folder: pathlib.Path, one: Pair) -> None:
    """inkan.tls: <store>/<name>/generations/0001, and live."""
    place = folder / one.name / "generations" / "0001"
    place.mkdir(parents=True, exist_ok=True)
    _write(place / "privkey.pem", one.key)
    (place / "cert.pem").write_bytes(one.certificate)
    (place / "chain.pem").write_bytes(one.chain)
    (place / "fullchain.pem").write_bytes(one.certificate + one.chain)
    live = folder / one.name / "live"
    if not live.is_symlink():
        live.symlink_to("generations/0001")


def lay_lego(folder: pathlib.Path, one: Pair) -> None:
    place = folder / "certificates"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{one.dns_name}.crt").write_bytes(one.certificate + one.chain)
    (place / f"{one.dns_name}.issuer.crt").write_bytes(one.chain)
    _write(place / f"{one.dns_name}.key", one.key)
    told = {"domain": one.dns_name, "certUrl": "https://127.0.0.1/none", "certStableUrl": "https://127.0.0.1/none"}
    (place / f"{one.dns_name}.json").write_text(json.dumps(told))


def lay_uacme(folder: pathlib.Path, one: Pair) -> None:
    for place in (folder / one.dns_name, folder / "private" / one.dns_name):
        place.mkdir(parents=True, exist_ok=True)
    (folder / one.dns_name / "cert.pem").write_bytes(one.certificate + one.chain)
    _write(folder / "private" / one.dns_name / "key.pem", one.key)


def lay_dehydrated(folder: pathlib.Path, one: Pair) -> None:
    place = folder / "certs" / one.dns_name
    place.mkdir(parents=True, exist_ok=True)
    for name, content in (("cert", one.certificate), ("chain", one.chain), ("fullchain", one.certificate + one.chain)):
        (place / f"{name}.pem").write_bytes(content)
    _write(place / "privkey.pem", one.key)


def lay_certbot(folder: pathlib.Path, one: Pair, server: str, account: str, root: str) -> None:
    archive, live = folder / "archive" / one.dns_name, folder / "live" / one.dns_name
    for place in (archive, live, folder / "renewal"):
        place.mkdir(parents=True, exist_ok=True)
    contents = {"privkey": one.key, "cert": one.certificate, "chain": one.chain}
    contents["fullchain"] = one.certificate + one.chain
    text = f"version = 5.0.0\narchive_dir = {archive}\n"
    for kind, content in contents.items():
        _write(archive / f"{kind}1.pem", content)
        if not (live / f"{kind}.pem").is_symlink():
            (live / f"{kind}.pem").symlink_to(f"../../archive/{one.dns_name}/{kind}1.pem")
        text += f"{kind} = {live}/{kind}.pem\n"
    text += f"\n[renewalparams]\naccount = {account}\nauthenticator = webroot\nserver = {server}\nkey_type = ecdsa\n"
    text += f"webroot_path = {root},\n[[webroot_map]]\n{one.dns_name} = {root}\n"
    (folder / "renewal" / f"{one.dns_name}.conf").write_text(text)


def _write(path: pathlib.Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
