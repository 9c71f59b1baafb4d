# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: who signs which product, for how long, and in which files they are downloaded."""

from __future__ import annotations

import io
import typing as t
import zipfile
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from lab.issuing import DOMAIN_VALIDATED, House, Issuing, common_name, pem
from lab.refusal import Refused
from lab.vices import Switches

from . import terms
from .application import Wish, broken
from .products import DV, EV, OV
from .values import Certificate, Order, Organization

HOUSE = House(
    organization="DigiCert of the Lab",
    root="Lab DigiCert Global Root",
    issuing=("Lab DigiCert TLS CA1", "Lab DigiCert TLS CA2", "Lab GeoTrust TLS CA1", "Lab RapidSSL TLS CA1"),
    base_url="http://cacerts.lab.example/digicert/ca",
)
ISSUERS = {"DigiCert": 0, "GeoTrust": 2, "RapidSSL": 3}
NEW_ISSUER = 1
CA_IDS = tuple(f"1AB0000000{number:06X}" for number in range(1, len(HOUSE.issuing) + 1))
POLICIES = {
    DV: DOMAIN_VALIDATED,
    OV: x509.ObjectIdentifier("2.23.140.1.2.2"),
    EV: x509.ObjectIdentifier("2.23.140.1.1"),
}
PEM_TYPE, ZIP_TYPE, P7B_TYPE = "application/x-pem-file", "application/zip", "application/x-pkcs7-certificates"
ZIPS = ("default_pem", "apache", "default", "default_cer")
FORMATS = ("pem_all", "pem_noroot", "pem_nointermediate", *ZIPS, "cer", "p7b")
#: by server_platform.id
PLATFORM_FORMATS = {2: "apache", 45: "pem_noroot"}


class Made(t.NamedTuple):
    pem: str
    serial: str
    thumbprint: str
    issuer: int
    valid_from: datetime
    valid_till: datetime


class Making:
    def __init__(self, issuing: Issuing, switches: Switches) -> None:
        self._issuing, self._switches = issuing, switches

    def judge(self, wish: Wish) -> None:
        if wish.ca_cert_id and wish.ca_cert_id.upper() not in CA_IDS:
            raise broken(f"certificate.ca_cert_id: there is no {wish.ca_cert_id}.")

    def make(
        self, order: Order, wish: Wish, names: t.Sequence[str], organization: Organization | None, now: datetime
    ) -> Made:
        begin, end = terms.today(now), self.end(order, wish, now)
        issuer = self._issuer(order, wish)
        certificate = self._issuing.issue(
            wish.key, names, begin, end, issuer, policy=POLICIES[order.product.validation],
            organization=[] if organization is None or order.product.validation == DV else _subject(organization),
        )  # fmt: skip
        return Made(
            pem(certificate),
            f"{certificate.serial_number:032X}",
            certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - that is what a thumbprint is
            issuer,
            begin,
            end,
        )

    def end(self, order: Order, wish: Wish, now: datetime) -> datetime:
        """Of a certificate that is made now."""
        begin = terms.today(now)
        return min(begin + terms.longest(now), order.valid_till, *([wish.term.ends(begin)] if wish.term else []))

    def _issuer(self, order: Order, wish: Wish) -> int:
        if wish.ca_cert_id:
            return CA_IDS.index(wish.ca_cert_id.upper())
        return NEW_ISSUER if self._switches.is_on("dc_new_intermediate") else ISSUERS[order.product.brand]

    def ca(self, certificate: Certificate) -> dict[str, str]:
        return {"id": CA_IDS[certificate.issuer], "name": self._issuing.issuing[certificate.issuer].name}

    # --- files ---

    def chain(self, certificate: Certificate) -> list[x509.Certificate]:
        """The intermediates, the leaf's issuer first, and the root, as they are now."""
        found = self._issuing.chain(certificate.issuer)
        if self._switches.is_on("dc_new_intermediate"):
            found[0] = self._issuing.renewed(certificate.issuer)
        if self._switches.is_on("dc_wrong_chain"):
            found[0] = self._issuing.impostor(certificate.issuer)
        return [*found, self._issuing.root.certificate]

    def file(self, certificate: Certificate, form: str) -> tuple[bytes, str]:
        """The content, and its type."""
        if form not in FORMATS:
            raise broken(f"There is no format {form}.")
        leaf = x509.load_pem_x509_certificate(self._leaf(certificate).encode())
        *intermediates, root = self.chain(certificate)
        if form in ZIPS:
            return _zip(leaf, intermediates, root, "cer" if form == "default_cer" else "crt"), ZIP_TYPE
        if form in ("cer", "p7b"):
            return _crlf(pkcs7.serialize_certificates([leaf, *intermediates, root], Encoding.PEM).decode()), P7B_TYPE
        parts = {"pem_all": [*intermediates, root], "pem_noroot": intermediates, "pem_nointermediate": []}[form]
        certificates = [leaf, *parts]
        if self._switches.is_on("dc_chain_reversed"):
            certificates = [leaf, *parts[::-1]]
        if self._switches.is_on("dc_pem_repeated"):
            certificates = certificates * 2
        if self._switches.strikes("dc_pem_missing_first", certificate.id):
            return b"", PEM_TYPE
        return _crlf("".join(map(pem, certificates))), PEM_TYPE

    def platform_format(self, certificate: Certificate, platform: int | None = None) -> str:
        return PLATFORM_FORMATS.get(certificate.wish.platform if platform is None else platform, "default_pem")

    def listed_chain(self, certificate: Certificate) -> list[dict[str, str]]:
        """As an answer that brings the certificate at once has it: the leaf first, the root last."""
        leaf = {"subject_common_name": certificate.names[0], "pem": _crlf(certificate.pem).decode()}
        return [leaf, *self.listed(self.chain(certificate))]

    def listed(self, certificates: t.Iterable[x509.Certificate]) -> list[dict[str, str]]:
        return [{"subject_common_name": common_name(one), "pem": _crlf(pem(one)).decode()} for one in certificates]

    def _leaf(self, certificate: Certificate) -> str:
        always = self._switches.is_on("dc_wrong_key")
        if not always and not self._switches.strikes("dc_other_certificate", certificate.id):
            return certificate.pem
        key, start, end = self._issuing.root.key.public_key(), certificate.valid_from, certificate.valid_till
        return pem(self._issuing.issue(key, certificate.names, start, end, certificate.issuer))


def key_size(wish: Wish) -> int:
    key = wish.key
    return key.key_size if isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)) else 0


def not_issued() -> Refused:
    return Refused(404, "not_found", "There is no such certificate, or it is not issued yet.")


def _subject(organization: Organization) -> list[x509.NameAttribute[str]]:
    return [
        x509.NameAttribute(NameOID.COUNTRY_NAME, organization.country.upper()),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, organization.state),
        x509.NameAttribute(NameOID.LOCALITY_NAME, organization.city),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization.name),
    ]


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("ascii")


def _zip(
    leaf: x509.Certificate, intermediates: t.Iterable[x509.Certificate], root: x509.Certificate, end: str
) -> bytes:
    """Files of their own, whose names are nobody's promise."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for one, name in [(leaf, "certificate"), *((one, "") for one in intermediates), (root, "")]:
            slug = name or common_name(one).lower().replace(" ", "_")
            archive.writestr(f"certs/{slug}.{end}", _crlf(pem(one)))
    return content.getvalue()
