# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: who signs which product, for how long, and how an answer shows them with their chain."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from lab.issuing import DOMAIN_VALIDATED, House, Issuing, pem
from lab.vices import Switches

from . import terms
from .application import Application, Request
from .products import DV, EV, OV
from .soap_writing import Element, pem_text
from .values import Made, Order

HOUSE = House(
    organization="GlobalSign of the Lab",
    root="Lab GlobalSign Root R6",
    issuing=(
        "Lab GlobalSign DV SSL CA 1",
        "Lab GlobalSign DV SSL CA 2",
        "Lab AlphaSSL CA",
        "Lab GlobalSign OV SSL CA",
        "Lab GlobalSign EV CA",
    ),
    base_url="http://cacerts.lab.example/gcc/ca",
)
NEW_ISSUER = 1
POLICIES = {
    DV: DOMAIN_VALIDATED,
    OV: x509.ObjectIdentifier("2.23.140.1.2.2"),
    EV: x509.ObjectIdentifier("2.23.140.1.1"),
}
#: certificates begin a little before they are made, as clocks differ
BEFORE = timedelta(minutes=1)


class Making:
    def __init__(self, issuing: Issuing, switches: Switches) -> None:
        self._issuing, self._switches = issuing, switches

    def ends(self, application: Application, now: datetime) -> datetime:
        """Of what was bought."""
        return application.not_after or terms.after_months(application.not_before or now, application.months)

    def make(self, order: Order, request: Request, names: tuple[str, ...], ends: datetime, now: datetime) -> Made:
        application = order.application
        begin = max(application.not_before or now, now) - BEFORE
        begin = begin.astimezone(timezone.utc).replace(microsecond=0)
        end = min(begin + terms.longest(now), ends).astimezone(timezone.utc).replace(microsecond=0)
        issuer = NEW_ISSUER if self._switches.is_on("gcc_new_intermediate") else application.product.issuer
        validation = application.product.validation
        certificate = self._issuing.issue(
            request.key, names, begin, end, issuer, policy=POLICIES[validation],
            organization=[] if validation == DV else _subject(application),
        )  # fmt: skip
        return Made(
            pem(certificate), f"{certificate.serial_number:032X}", certificate.subject.rfc4514_string(), names,
            issuer, begin, end,
        )  # fmt: skip

    # --- in an answer ---

    def fulfillment(self, order: Order, *, with_chain: bool, csr: str = "") -> Element:
        """With all that it may have; nil what was not asked for, or is not there yet."""
        made = order.made
        late = made is None or self._switches.strikes("gcc_certificate_late", order.id)
        if made is None or late:
            return Element("Fulfillment", None)
        chain = self._chain(made)
        leaf = self._leaf(order, made)
        authorities = [Element("CACertificate", [Element("CACertType", kind), _pem("CACert", one)])
                       for kind, one in chain]  # fmt: skip
        without = not with_chain or self._switches.strikes("gcc_chain_missing_first", order.id)
        packed = pkcs7.serialize_certificates([leaf, *(one for _kind, one in chain)], Encoding.PEM).decode("ascii")
        certificate = [_pem("X509Cert", leaf), Element("PKCS7Cert", pem_text(packed))]
        return Element(
            "Fulfillment",
            [
                Element("CACertificates", None if without else authorities),
                Element("ServerCertificate", certificate),
                Element("OriginalCSR", pem_text(csr) or None),
                Element("PKCS12Cert", None),
            ],
        )

    def _chain(self, made: Made) -> list[tuple[str, x509.Certificate]]:
        inter = self._issuing.chain(made.issuer)[0]
        if self._switches.is_on("gcc_new_intermediate"):
            inter = self._issuing.renewed(made.issuer)
        if self._switches.is_on("gcc_wrong_chain"):
            inter = self._issuing.impostor(made.issuer)
        found = [("INTER", inter), ("ROOT", self._issuing.root.certificate)]
        return found[::-1] if self._switches.is_on("gcc_root_first") else found

    def _leaf(self, order: Order, made: Made) -> x509.Certificate:
        always = self._switches.is_on("gcc_wrong_key")
        if not always and not self._switches.strikes("gcc_other_certificate", order.id):
            return x509.load_pem_x509_certificate(made.pem.encode("ascii"))
        key = self._issuing.root.key.public_key()
        return self._issuing.issue(key, made.names, made.begin, made.end, made.issuer)


def _pem(name: str, certificate: x509.Certificate) -> Element:
    return Element(name, pem_text(pem(certificate)))


def _subject(application: Application) -> list[x509.NameAttribute[str]]:
    words = application.organization
    return [
        x509.NameAttribute(NameOID.COUNTRY_NAME, words["Country"].upper()),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, words["Region"]),
        x509.NameAttribute(NameOID.LOCALITY_NAME, words["City"]),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, (words["OrganizationName"] or "Example K.K.")[:64]),
    ]
