# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A customer of GlobalSign GCC who writes his XML by hand, and nothing by the collection: for the tests of the lab."""

from __future__ import annotations

import http.client
import ssl
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab.lab import Lab

SECONDS = 10.0
SSL_CALLS, GAS_CALLS = "ServerSSLService", "GASService"
#: those that need the other header than their service's
QUERIES_OF_SSL = ("GetDVApproverList", "GetApproverList")
ORDERS_OF_GAS = ("ReIssue", "ValidateOrderParameters")
ON_GAS = (
    "GetOrderByOrderID", "GetCertificateOrders", "GetOrderByCommonName", "GetOrderByDateRange", "GetModifiedOrders",
    "GetOrderByExpirationDate", "DecodeCSR", *ORDERS_OF_GAS,
)  # fmt: skip
SOAP, SERVICE = "{http://schemas.xmlsoap.org/soap/envelope/}", "{https://system.globalsign.com/kb/ws/v1/}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
CONTACT = (
    "<ContactInfo><FirstName>Taro</FirstName><LastName>Yamada</LastName><Phone>03-1234-5678</Phone>"
    "<Email>taro@example.jp</Email></ContactInfo>"
)
ALL = "".join(
    f"<{word}>true</{word}>"
    for word in (
        "ReturnOrderOption", "ReturnCertificateInfo", "ReturnFulfillment", "ReturnCACerts", "ReturnOriginalCSR",
        "ReturnSANEntries",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def _root(self) -> ElementTree.Element:
        """Whoever has the lab for his peer need not fear what it sends, unless it has that vice."""
        assert b"<!DOCTYPE" not in self.body
        return ElementTree.fromstring(self.body)  # noqa: S314

    @property
    def response(self) -> ElementTree.Element:
        found = self._root.find(f"{SOAP}Body/*/Response")
        assert found is not None, self.body
        return found

    @property
    def operation(self) -> str:
        return self._root.findall(f"{SOAP}Body/*")[0].tag.removeprefix(SERVICE)

    @property
    def header(self) -> ElementTree.Element:
        return self.response[0]

    @property
    def success(self) -> str:
        return self.header.findtext("SuccessCode") or ""

    @property
    def errors(self) -> list[tuple[int, str]]:
        """Code and field of each."""
        found = self.header.findall("Errors/Error")
        return [(int(one.findtext("ErrorCode") or 0), one.findtext("ErrorField") or "") for one in found]

    @property
    def codes(self) -> list[int]:
        return [code for code, _field in self.errors]

    def text(self, path: str) -> str:
        return (self.response.findtext(path) or "").strip()

    def texts(self, path: str) -> list[str]:
        return [(one.text or "").strip() for one in self.response.findall(path)]

    def is_nil(self, path: str) -> bool:
        found = self.response.find(path)
        return found is not None and found.get(NIL) == "true"

    @property
    def leaf(self) -> x509.Certificate:
        [found] = self.response.iter("X509Cert")
        return x509.load_pem_x509_certificate((found.text or "").encode())

    @property
    def authorities(self) -> dict[str, x509.Certificate]:
        return {
            one.findtext("CACertType") or "": x509.load_pem_x509_certificate((one.findtext("CACert") or "").encode())
            for one in self.response.iter("CACertificate")
        }


class Client:
    def __init__(self, lab: Lab, password: str | None = None) -> None:
        self.lab = lab
        facts = lab.facts()["gcc"]
        self._url = urlsplit(facts["url"])
        self._context = ssl.create_default_context(cafile=facts["ca"])
        self._user = facts["username"]
        self._password = facts["password"] if password is None else password

    def send(self, service: str, body: bytes, content_type: str = "text/xml;charset=UTF-8") -> Answer:
        connection = http.client.HTTPSConnection(self._url.netloc, context=self._context, timeout=SECONDS)
        try:
            headers = {"Content-Type": content_type, "SOAPAction": '""'}
            connection.request("POST", f"{self._url.path}/{service}", body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def call(self, operation: str, inside: str) -> Answer:
        gas = operation in ON_GAS
        ordering = operation in ORDERS_OF_GAS if gas else operation not in QUERIES_OF_SSL
        return self.send(
            GAS_CALLS if gas else SSL_CALLS, self.message(operation, inside, "Order" if ordering else "Query")
        )

    def message(self, operation: str, inside: str, kind: str) -> bytes:
        token = f"<AuthToken><UserName>{self._user}</UserName><Password>{self._password}</Password></AuthToken>"
        header = f"<{kind}RequestHeader>{token}</{kind}RequestHeader>"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:v1="https://system.globalsign.com/kb/ws/v1/"><soapenv:Header/><soapenv:Body>'
            f"<v1:{operation}><Request>{header}{inside}</Request></v1:{operation}>"
            "</soapenv:Body></soapenv:Envelope>"
        ).encode()

    def page(self, url: str) -> tuple[int, str]:
        """As a browser gets it."""
        connection = http.client.HTTPSConnection(self._url.netloc, context=self._context, timeout=SECONDS)
        try:
            connection.request("GET", url.partition(self._url.netloc)[2])
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8")
        finally:
            connection.close()

    # --- what is called again and again ---

    def order(self, operation: str, product: str, names: t.Sequence[str], more: str = "", **facts: str) -> Answer:
        return self.call(operation, wish(product, names, **facts) + more + CONTACT + sans(names[1:]))

    def dns_order(self, *names: str, **facts: str) -> Answer:
        return self.order("DVDNSOrder", "DV_HIGH_DNS", names, **facts)

    def verify(self, order: str, name: str) -> Answer:
        return self.call("DVDNSVerificationForIssue", f"<OrderID>{order}</OrderID><ApproverFQDN>{name}</ApproverFQDN>")

    def look(self, order: str, options: str = ALL) -> Answer:
        inside = f"<OrderID>{order}</OrderID><OrderQueryOption>{options}</OrderQueryOption>"
        return self.call("GetOrderByOrderID", inside)

    def status(self, order: str) -> str:
        return self.look(order).text("OrderDetail/OrderInfo/OrderStatus")

    def modify(self, order: str, word: str) -> Answer:
        inside = f"<OrderID>{order}</OrderID><ModifyOrderOperation>{word}</ModifyOrderOperation>"
        return self.call("ModifyOrder", inside)

    def issued(self, *names: str, **facts: str) -> str:
        """An order by DNS, which is issued; its number."""
        answer = self.dns_order(*names, **facts)
        assert answer.codes == [], answer.body
        order = answer.text("OrderID")
        self.txt(answer.texts("VerificationFQDNList/VerificationFQDN")[-1], answer.text("DNSTXT"))
        done = self.verify(order, answer.texts("VerificationFQDNList/VerificationFQDN")[-1])
        assert done.codes == [], done.body
        return order

    def txt(self, name: str, *values: str) -> None:
        zone = str(self.lab.registrar.registered_domain(name))
        label = name.removesuffix(zone).rstrip(".") or "@"
        self.lab.dns.set(zone, label, "TXT", list(values))


def wish(product: str, names: t.Sequence[str], **facts: str) -> str:
    """``facts``: csr, kind, months, option, renewal, and sub_id."""
    options = "<Options><Option><OptionName>SAN</OptionName><OptionValue>true</OptionValue></Option></Options>"
    base = facts.get("option", "wildcard" if names[0].startswith("*.") else "")
    renewal = facts.get("renewal", "")
    return (
        f"<OrderRequestParameter><ProductCode>{product}</ProductCode>"
        + (f"<BaseOption>{base}</BaseOption>" if base else "")
        + f"<OrderKind>{facts.get('kind', 'renewal' if renewal else 'new')}</OrderKind><Licenses>1</Licenses>"
        + (options if len(names) > 1 else "")
        + f"<ValidityPeriod><Months>{facts.get('months', '6')}</Months></ValidityPeriod>"
        + f"<CSR>{facts.get('csr') or csr(names[0])}</CSR>"
        + (f"<RenewalTargetOrderID>{renewal}</RenewalTargetOrderID>" if renewal else "")
        + "</OrderRequestParameter>"
        + (f"<SubID>{facts['sub_id']}</SubID>" if "sub_id" in facts else "")
    )


def sans(names: t.Sequence[str]) -> str:
    entries = "".join(
        f"<SANEntry><SANOptionType>{13 if name.startswith('*.') else 7}</SANOptionType>"
        f"<SubjectAltName>{name}</SubjectAltName></SANEntry>"
        for name in names
    )
    return f"<SANEntries>{entries}</SANEntries>" if entries else ""


def csr(common_name: str, key: ec.EllipticCurvePrivateKey | None = None) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()
