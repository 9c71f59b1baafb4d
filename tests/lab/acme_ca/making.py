# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: made of a CSR and an order's profile, and given out with one of two chains.

The usual chain ends below the root X1. The alternate one has X1 as the older root X0 signed it.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from lab.issuing import House, Issuing, pem
from lab.signing_request import PublicKey
from lab.vices import Switches

from .book import Certificate
from .jws import encode
from .profiles import Profile

ORGANIZATION = "ACME CA of the Lab"
HOST = "acme.lab.example"
HOUSE = House(
    organization=ORGANIZATION,
    root="Lab ACME Root X1",
    issuing=("Lab ACME E7", "Lab ACME E8"),
    base_url=f"http://{HOST}/acme/ca",
)
OLD_HOUSE = House(organization=ORGANIZATION, root="Lab ACME Root X0", issuing=(), base_url=HOUSE.base_url)
BACKDATED = timedelta(hours=1)
USUAL_ISSUER, NEW_ISSUER = 0, 1
CHAINS = 2


class Making:
    def __init__(self, now: datetime, switches: Switches) -> None:
        self._switches = switches
        self.issuing, self.old = Issuing(HOUSE, now), Issuing(OLD_HOUSE, now)
        self._crossed = _crossed(self.issuing, self.old)

    def make(
        self, key: PublicKey, names: t.Sequence[str], profile: Profile, now: datetime
    ) -> tuple[x509.Certificate, int]:
        """The certificate, and the number of its issuer."""
        issuer = NEW_ISSUER if self._switches.is_on("acme_new_intermediate") else USUAL_ISSUER
        start = now - BACKDATED
        end = start + profile.validity - timedelta(seconds=1)
        leaf = self.issuing.issue(key, names, start, end, issuer)
        return (leaf if profile.full else self._bare(leaf, issuer)), issuer

    def _bare(self, full: x509.Certificate, issuer: int) -> x509.Certificate:
        """Without common name and subject key identifier."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(full.issuer)
            .public_key(full.public_key())
            .serial_number(full.serial_number)
            .not_valid_before(full.not_valid_before_utc)
            .not_valid_after(full.not_valid_after_utc)
        )
        for extension in full.extensions:
            is_names = isinstance(extension.value, x509.SubjectAlternativeName)
            if not isinstance(extension.value, x509.SubjectKeyIdentifier):
                builder = builder.add_extension(extension.value, critical=extension.critical or is_names)
        return builder.sign(self.issuing.issuing[issuer].key, hashes.SHA256())

    def chain(self, certificate: Certificate, number: int) -> str:
        """application/pem-certificate-chain (RFC 8555, 7.4.2 and 9.1). ``number``: 0 is the usual chain."""
        leaf = certificate.leaf
        strikes = self._switches.strikes("acme_other_certificate", certificate.id)
        if strikes or self._switches.is_on("acme_wrong_key"):
            leaf = self._of_another_key(certificate)
        intermediates = self._intermediates(certificate.issuer)
        above = [self._crossed] if number else []
        if self._switches.is_on("acme_root_included"):
            above.append((self.old if number else self.issuing).root.certificate)
        if self._switches.is_on("acme_chain_reversed"):
            root = self.issuing.root.certificate
            return self._written([leaf, *reversed([*intermediates, *(above or [root])])])
        return self._written([leaf, *intermediates, *above])

    def _intermediates(self, issuer: int) -> list[x509.Certificate]:
        if self._switches.is_on("acme_wrong_chain"):
            return [self.issuing.impostor(issuer)]
        if self._switches.is_on("acme_new_intermediate"):
            return [self.issuing.renewed(issuer)]
        return self.issuing.chain(issuer)

    def _of_another_key(self, certificate: Certificate) -> x509.Certificate:
        own = certificate.leaf
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        return self.issuing.issue(
            other, certificate.names, own.not_valid_before_utc, own.not_valid_after_utc, certificate.issuer
        )

    def _written(self, chain: t.Sequence[x509.Certificate]) -> str:
        text = "".join(pem(one) for one in chain)
        if self._switches.is_on("acme_pem_spaced"):
            text = "\n".join(pem(one) for one in chain)
        if self._switches.is_on("acme_crlf_pem"):
            text = text.replace("\n", "\r\n")
        return text.rstrip("\r\n") if self._switches.is_on("acme_pem_no_newline") else text


def ari_id(leaf: x509.Certificate) -> str:
    """RFC 9773, 4.1."""
    key = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert key is not None
    serial = leaf.serial_number
    return f"{encode(key)}.{encode(serial.to_bytes(serial.bit_length() // 8 + 1, 'big'))}"


def _crossed(new: Issuing, old: Issuing) -> x509.Certificate:
    """The new root's name and key, signed by the old root."""
    own = new.root.certificate
    identifier = old.root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateBuilder()
        .subject_name(own.subject)
        .issuer_name(old.root.certificate.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(own.not_valid_before_utc)
        .not_valid_after(own.not_valid_after_utc)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    for extension in own.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(old.root.key, hashes.SHA256())
