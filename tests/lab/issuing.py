# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority of one who issues: a root, a policy CA below it where it has one, and issuing CAs below that.

All keys are ECDSA P-256.
"""

from __future__ import annotations

import os
import threading
import typing as t
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from .signing_request import PublicKey

DOMAIN_VALIDATED = x509.ObjectIdentifier("2.23.140.1.2.1")  # BR 7.1.6.1
MAX_COMMON_NAME = 64  # RFC 5280, upper bound of X.520
#: the lab's clock may be set back a little, and a long way ahead
BEFORE, YEARS_AHEAD = timedelta(days=400), timedelta(days=365 * 30)


Key = ec.EllipticCurvePrivateKey


class Authority(t.NamedTuple):
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def name(self) -> str:
        return common_name(self.certificate)

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")


class Revoked(t.NamedTuple):
    serial: int
    at: datetime
    reason: x509.ReasonFlags


class House(t.NamedTuple):
    """Who issues, and what the authorities are called."""

    organization: str
    root: str
    issuing: tuple[str, ...]
    #: where certificates say that their issuer and its revocation list are
    base_url: str
    #: empty: the issuing CAs are right below the root
    policy: str = ""


class Issuing:
    def __init__(self, house: House, now: datetime) -> None:
        self._lock = threading.Lock()
        self._revoked: dict[int, Revoked] = {}
        self.base_url = house.base_url

        def make(name: str, parent: Authority | None, length: int = 0, key: Key | None = None) -> Authority:
            return _authority(name, house.organization, parent, now, path_length=length, key=key)

        self.root = make(house.root, None, 2)
        self.policy = make(house.policy, self.root, 1) if house.policy else None
        parent = self.policy or self.root
        self.issuing = tuple(make(name, parent) for name in house.issuing)
        #: for vices: each issuing CA anew with its own key (a true chain), and another of the same name (a false one)
        self._renewed = [make(one.name, parent, key=one.key).certificate for one in self.issuing]
        self._impostors = [make(one.name, parent).certificate for one in self.issuing]

    @property
    def authorities(self) -> tuple[Authority, ...]:
        return (self.root, *([self.policy] if self.policy else []), *self.issuing)

    def issue(
        self,
        key: PublicKey,
        names: t.Sequence[str],
        not_before: datetime,
        not_after: datetime,
        issuer: int = 0,
        *,
        policy: x509.ObjectIdentifier = DOMAIN_VALIDATED,
        organization: t.Sequence[x509.NameAttribute[str]] = (),
        serial: int = 0,
    ) -> x509.Certificate:
        """``serial``: of the new certificate; 0: any."""
        authority = self.issuing[issuer]
        common = [x509.NameAttribute(NameOID.COMMON_NAME, names[0])] if len(names[0]) <= MAX_COMMON_NAME else []
        subject = [*organization, *common]
        builder = (
            _builder(x509.Name(subject), authority.certificate.subject, key, not_before, not_after, serial)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=not subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, key_encipherment=isinstance(key, rsa.RSAPublicKey)), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.CertificatePolicies([x509.PolicyInformation(policy, None)]), critical=False)
            .add_extension(_authority_key(authority), critical=False)
            .add_extension(self._where_the_issuer_is(authority), critical=False)
            .add_extension(self._where_the_list_is(authority), critical=False)
        )
        return builder.sign(authority.key, hashes.SHA256())

    def chain(self, issuer: int) -> list[x509.Certificate]:
        """The intermediates, the leaf's issuer first; without the root."""
        return [self.issuing[issuer].certificate, *([self.policy.certificate] if self.policy else [])]

    def renewed(self, issuer: int) -> x509.Certificate:
        return self._renewed[issuer]

    def impostor(self, issuer: int) -> x509.Certificate:
        return self._impostors[issuer]

    def revoke(self, serial: int, at: datetime, reason: x509.ReasonFlags) -> tuple[Revoked, bool]:
        """What is known about it, and whether that is new: the first time stays."""
        with self._lock:
            known = self._revoked.get(serial)
            if known is None:
                self._revoked[serial] = Revoked(serial, at, reason)
            return self._revoked[serial], known is None

    def is_revoked(self, serial: int) -> bool:
        with self._lock:
            return serial in self._revoked

    def revocation_list(self, issuer: int, now: datetime) -> bytes:
        """DER. Holds all revoked serials: they are random, so another CA's do no harm in a lab."""
        authority = self.issuing[issuer]
        builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
        builder = builder.last_update(_second(now)).next_update(_second(now + timedelta(days=7)))
        with self._lock:
            revoked = list(self._revoked.values())
        for entry in revoked:
            item = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(_second(entry.at))
            if entry.reason is not x509.ReasonFlags.unspecified:  # RFC 5280 5.3.1: left out then
                item = item.add_extension(x509.CRLReason(entry.reason), critical=False)
            builder = builder.add_revoked_certificate(item.build())
        builder = builder.add_extension(_authority_key(authority), critical=False)
        return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def file(self, slug: str, kind: str, now: datetime) -> bytes | None:
        """What certificates point at: their issuer's certificate (crt) and its revocation list (crl), in DER."""
        for number, authority in enumerate(self.issuing):
            if authority.slug == slug and kind == "crl":
                return self.revocation_list(number, now)
        for authority in self.authorities:
            if authority.slug == slug and kind == "crt":
                return authority.certificate.public_bytes(serialization.Encoding.DER)
        return None

    def _where_the_issuer_is(self, authority: Authority) -> x509.AuthorityInformationAccess:
        url = x509.UniformResourceIdentifier(f"{self.base_url}/{authority.slug}.crt")
        return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, url)])

    def _where_the_list_is(self, authority: Authority) -> x509.CRLDistributionPoints:
        url = x509.UniformResourceIdentifier(f"{self.base_url}/{authority.slug}.crl")
        return x509.CRLDistributionPoints([x509.DistributionPoint([url], None, None, None)])


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _authority(
    name: str,
    organization: str,
    parent: Authority | None,
    now: datetime,
    *,
    path_length: int,
    key: Key | None,
) -> Authority:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    issuer = parent.certificate.subject if parent else subject
    builder = (
        _builder(subject, issuer, key.public_key(), now - BEFORE, now + YEARS_AHEAD)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(digital_signature=True, key_cert_sign=True, crl_sign=True), critical=True)
    )
    if parent:
        builder = builder.add_extension(_authority_key(parent), critical=False)
    return Authority(key, builder.sign(parent.key if parent else key, hashes.SHA256()))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PublicKey,
    not_before: datetime,
    not_after: datetime,
    serial: int = 0,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial or _serial())
        .not_valid_before(_second(not_before))
        .not_valid_after(_second(not_after))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _serial() -> int:
    """16 random bytes. The first is never 0: some sellers' partners count digits."""
    return int.from_bytes(bytes([os.urandom(1)[0] % 255 + 1]) + os.urandom(15), "big")


def _second(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc).replace(microsecond=0)


def _authority_key(authority: Authority) -> x509.AuthorityKeyIdentifier:
    own = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(**used: bool) -> x509.KeyUsage:
    words = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{word: used.get(word, False) for word in words})
