# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: who signs for which credential, with which serial, and in which texts they are handed out."""

from __future__ import annotations

import itertools
import os
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from lab.clock import LabClock
from lab.history import History
from lab.issuing import DOMAIN_VALIDATED, House, Issuing, pem
from lab.signing_request import PublicKey
from lab.vices import Switches

from .book import CA, Book
from .clients import ORGANIZATION
from .policy import IDENTITY, Wish
from .values import Certificate

HOUSE = House(
    organization="GlobalSign of the Lab",
    root="Lab GlobalSign Root R46",
    issuing=(
        *("Lab GlobalSign Atlas DV TLS CA 2026 Q3", "Lab GlobalSign Atlas DV TLS CA 2026 Q4"),
        *("Lab GlobalSign Atlas OV TLS CA 2026 Q3", "Lab GlobalSign Atlas OV TLS CA 2026 Q4"),
    ),
    base_url="http://secure.lab.example/atlas/ca",
)
ORGANIZATION_VALIDATED = x509.ObjectIdentifier("2.23.140.1.2.2")  # BR 7.1.6.1
SERIAL_BYTES = 16
SUBJECT = (
    (NameOID.COUNTRY_NAME, "country"),
    (NameOID.STATE_OR_PROVINCE_NAME, "state"),
    (NameOID.LOCALITY_NAME, "locality"),
    (NameOID.ORGANIZATION_NAME, "organization"),
)


class Making:
    def __init__(self, book: Book, issuing: Issuing, *, clock: LabClock, history: History, switches: Switches) -> None:
        self._book, self._issuing = book, issuing
        self._clock, self._history, self._switches = clock, history, switches
        self._numbers = itertools.count(1)

    def make(self, credential: str, wish: Wish) -> Certificate:
        serial, issuer, now = self._new_serial(), self._issuer(credential), self._clock.now()
        signed = self._sign(credential, issuer, wish, serial)
        certificate = Certificate(serial, signed, wish.key, wish.names, credential, issuer, now, now)
        self._history.add(
            "order", ca=CA, order=f"{serial:X}", product=credential, names=list(wish.names),
            public_key_sha256=_digest(wish.key),
        )  # fmt: skip
        self._book.add_certificate(certificate)
        self._history.add("issued", ca=CA, order=f"{serial:X}", serial=f"{serial:x}", names=list(wish.names))
        return certificate

    def _sign(self, credential: str, issuer: int, wish: Wish, serial: int) -> x509.Certificate:
        examined = credential == ORGANIZATION
        return self._issuing.issue(
            wish.key, wish.names, wish.not_before, wish.not_after, issuer, serial=serial,
            policy=ORGANIZATION_VALIDATED if examined else DOMAIN_VALIDATED,
            organization=[x509.NameAttribute(oid, IDENTITY[word]) for oid, word in SUBJECT] if examined else (),
        )  # fmt: skip

    def _new_serial(self) -> int:
        """Three of four begin with the byte 01, as the real ones: without leading zeros that is an odd digit."""
        first = 0x01 if next(self._numbers) % 4 else 0x5A
        return int.from_bytes(bytes([first]) + os.urandom(SERIAL_BYTES - 1), "big")

    def _issuer(self, credential: str) -> int:
        return (2 if credential == ORGANIZATION else 0) + self._switches.is_on("atlas_new_intermediate")

    def issuer_ends(self, credential: str) -> datetime:
        return self._issuing.issuing[self._issuer(credential)].certificate.not_valid_after_utc

    # --- texts ---

    def leaf(self, certificate: Certificate) -> str:
        serial = certificate.serial
        if self._switches.is_on("atlas_wrong_key") or self._switches.strikes("atlas_other_certificate", serial):
            key, of = self._issuing.root.key.public_key(), certificate.certificate
            wish = Wish(certificate.names, key, of.not_valid_before_utc, of.not_valid_after_utc)
            return self._text(self._sign(certificate.credential, certificate.issuer, wish, self._new_serial()))
        return self._text(certificate.certificate)

    def chain(self, credential: str) -> list[str]:
        """The issuing CA's certificate and the root's, as they are now."""
        issuer = self._issuer(credential)
        moved = self._switches.is_on("atlas_chain_moved_on") and self._book.certificates()
        if moved or self._switches.strikes("atlas_chain_late", credential):
            issuer ^= 1  # the other one of the pair
        first = self._issuing.issuing[issuer].certificate
        if self._switches.is_on("atlas_new_intermediate"):
            first = self._issuing.renewed(issuer)
        if self._switches.is_on("atlas_wrong_chain"):
            first = self._issuing.impostor(issuer)
        texts = [self._text(first), self._text(self._issuing.root.certificate)]
        return texts[::-1] if self._switches.is_on("atlas_chain_reversed") else texts

    def _text(self, certificate: x509.Certificate) -> str:
        text = pem(certificate)
        if self._switches.is_on("atlas_crlf_pem"):
            text = text.replace("\n", "\r\n")
        return text.rstrip() if self._switches.is_on("atlas_pem_no_newline") else text

    def revoke(self, certificate: Certificate, at: datetime, reason: str) -> None:
        self._book.revoke(certificate.serial, revoked_at=at, updated_at=self._clock.now(), reason=reason)
        flag = x509.ReasonFlags(reason) if reason else x509.ReasonFlags.unspecified
        self._issuing.revoke(certificate.serial, at, flag)
        self._history.add("revoked", ca=CA, order=f"{certificate.serial:X}", reason=reason)


def _digest(key: PublicKey) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()
