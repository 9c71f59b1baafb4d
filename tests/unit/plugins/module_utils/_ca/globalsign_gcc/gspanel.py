# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted GCC: answers as its manuals and recordings show them, written by hand; a line is the operation's name."""

from __future__ import annotations

import re
import typing as t
from xml.sax.saxutils import escape

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    OrderKind,
    OrderRequest,
    Predecessor,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.adapter import GccAdapter, GccFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse, Wanted
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import OTHER, OURS, Turns
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    Answer,
    FakeClock,
    Scripted,
)

BASE = "https://system.globalsign.com/kb/ws/v1"
PASSWORD = 'pa<ss>&"word-0001'
USER = "PAR12345_user"
NUMBER = "CEAP2611207388"
BEFORE = "CEAP2505120001"
REFERENCE = "ik-1f0c4d2e9a8b7c6d5e4f3a2b"
TXT = "_globalsign-domain-verification=Yl0123456789012345678901234567890123456789Ts"
META = '<meta name="globalsign-domain-verification" content="Yl0123456789012345678901234567890123456789Ts" />'
NAMES = ("www.example.jp", "example.jp")
PERSON = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
_OPERATION = re.compile(rb"<v1:([A-Za-z]+)>")

__all__ = ["OTHER", "OURS"]


def said(inner: str = "", *, success: str = "0", errors: str = "<Errors/>", query: bool = False) -> Answer:
    """The operation is put in when it is asked."""
    kind = "Query" if query else "Order"
    header = f"<SuccessCode>{success}</SuccessCode>{errors}<Timestamp>2026-06-22T12:00:00.000+09:00</Timestamp>"
    response = f"<Response><{kind}ResponseHeader>{header}</{kind}ResponseHeader>{inner}</Response>"
    body = f'<n:@@Response xmlns:n="{BASE}/">{response}</n:@@Response>'
    text = f'<?xml version="1.0"?><s:Envelope xmlns:s="{_SOAP}"><s:Body>{body}</s:Body></s:Envelope>'
    return Answer(200, text.encode(), {"content-type": "text/xml;charset=UTF-8"})


def failed(*codes: str, words: str = "No.", field: str = "") -> Answer:
    told = "".join(
        f"<Error><ErrorCode>{code}</ErrorCode>{f'<ErrorField>{field}</ErrorField>' if field else ''}"
        f"<ErrorMessage>{escape(words)}</ErrorMessage></Error>"
        for code in codes
    )
    return said(f"<OrderID {_NIL}/>", success="-1", errors=f"<Errors>{told}</Errors>")


def placed(more: str = "", number: str = NUMBER) -> Answer:
    return said(f"<OrderID>{number}</OrderID>{more}")


def by_dns(*names: str) -> str:
    listed = "".join(f"<VerificationFQDN>{name}</VerificationFQDN>" for name in names or NAMES)
    return f"<DNSTXT>{TXT}</DNSTXT><VerificationFQDNList>{listed}</VerificationFQDNList>"


def by_file(*urls: str) -> str:
    listed = "".join(f"<VerificationURL>{url}</VerificationURL>" for url in urls)
    return f"<MetaTag>{escape(META)}</MetaTag><VerificationURLList>{listed}</VerificationURLList>"


def approvers(*addresses: str, number: str = NUMBER) -> Answer:
    given = addresses or ("admin@example.jp", "Hostmaster@example.jp")
    listed = "".join(
        f"<SearchOrderDetail><ApproverType>GENERIC</ApproverType><ApproverEmail>{one}</ApproverEmail></SearchOrderDetail>"
        for one in given
    )
    return said(f"<Approvers>{listed}</Approvers><OrderID>{number}</OrderID>", query=True)


def detail(status: str = "1", **words: str) -> Answer:
    """GetOrderByOrderID. words: number, domain, sans, date, reference, approver, renews, reissues, serial, csr, pem,
    chain."""
    one = {"number": NUMBER, "domain": NAMES[0], "date": "2026-06-22T12:00:00.000+09:00", "reference": REFERENCE}
    one.update(words)
    info = (
        f"<OrderInfo><OrderId>{one['number']}</OrderId><DomainName>{one['domain']}</DomainName>"
        f"<OrderDate>{one['date']}</OrderDate><OrderStatus>{status}</OrderStatus>"
        f"<OriginalOrderIDForReIssue>{one.get('reissues', '')}</OriginalOrderIDForReIssue></OrderInfo>"
        f"<OrderSubInfo><SubId>{one['reference']}</SubId></OrderSubInfo>"
        f"<OrderOption><ApproverEmailAddress>{one.get('approver', '')}</ApproverEmailAddress></OrderOption>"
    )
    if "serial" in one:
        info += f"<CertificateInfo><SerialNumber>{one['serial']}</SerialNumber></CertificateInfo>"
    sans = "".join(
        f"<SANEntry><SubjectAltName>{name}</SubjectAltName></SANEntry>" for name in one.get("sans", "").split()
    )
    fulfilled = f"<OriginalCSR>{one.get('csr', '')}</OriginalCSR>"
    if "pem" in one:
        chain = f"<CACertificates><CACertificate><CACertType>INTER</CACertType><CACert>{crlf(one.get('chain', ''))}"
        chain += "</CACert></CACertificate></CACertificates>"
        fulfilled += f"{chain}<ServerCertificate><X509Cert>{crlf(one['pem'])}</X509Cert></ServerCertificate>"
    return said(
        f"<OrderDetail>{info}<SANEntries>{sans}</SANEntries><Fulfillment>{fulfilled}</Fulfillment></OrderDetail>"
    )


def crlf(text: str) -> str:
    """Line ends as GlobalSign has them."""
    return text.replace("\n", "&#xD;\n")


def listing(*orders: tuple[str, str], domain: str = NAMES[0]) -> Answer:
    """GetCertificateOrders: number and SubID of each."""
    found = "".join(
        f"<SearchOrderDetail><OrderID>{number}</OrderID><SubId>{reference}</SubId><FQDN>{domain}</FQDN></SearchOrderDetail>"
        for number, reference in orders
    )
    return said(f"<SearchOrderDetails>{found}</SearchOrderDetails>", query=True)


def by_name(number: str = "", code: str = "") -> Answer:
    """GetOrderByCommonName."""
    return said(f"<OrderID>{number}</OrderID><DVC>{code}</DVC>", query=True)


def checked(status: str = "4") -> Answer:
    server = f"<ServerCertificate><X509Cert>{crlf(OURS.certificate)}</X509Cert></ServerCertificate>"
    inner = f"<CertificateInfo><CertificateStatus>{status}</CertificateStatus></CertificateInfo>"
    return said(f"<URLVerificationForIssue>{inner}<Fulfillment>{server}</Fulfillment></URLVerificationForIssue>")


class Asked(t.NamedTuple):
    operation: str
    service: str
    headers: dict[str, str]
    body: str

    def value(self, name: str) -> str:
        """The text of an element, as it is written."""
        found = re.search(f"<{name}>(.*?)</{name}>", self.body, re.DOTALL)
        return found[1] if found else ""


class Script:
    """HttpClient: the n-th call of an operation gets the n-th answer that was written for it, the last one for ever."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Scripted]] = {}

    def on(self, operation: str, *answers: Scripted) -> None:
        self._answers[operation] = list(answers)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        found = _OPERATION.search(body or b"")
        assert method == "POST" and found is not None
        operation = found[1].decode()
        self.asked.append(Asked(operation, url[len(BASE) + 1 :], dict(headers or {}), (body or b"").decode()))
        assert operation in self._answers, f"the script has no answer for {operation}"
        answers = self._answers[operation]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, TransportError):
            raise TransportError(code=answer.code, what=answer.what, sent=answer.sent)
        raw = answer.body.replace(b"@@", operation.encode())
        return HttpResponse(answer.status, {"content-type": "text/xml", **answer.headers}, raw, url)


def account(**settings: t.Any) -> AccountConfig:
    secrets = settings.pop("secrets", {"password": PASSWORD})
    given = {"user_name": USER, "contact": PERSON, **settings}
    return AccountConfig("gspanel", "globalsign_gcc", given, secrets, "/nowhere/accounts/gspanel")


def request(method: str = "dns", *names: str, **changes: t.Any) -> OrderRequest:
    names = names or NAMES
    contact = {"kind": "constructed", "address": "hostmaster@example.jp"}
    return OrderRequest(
        reference=REFERENCE,
        common_name=names[0],
        dns_names=names,
        method=method,
        csr_pem=changes.pop("csr", OURS.csr),
        product=changes.pop("product", "globalsign-dv"),
        kind=changes.pop("kind", OrderKind.NEW),
        replaces=changes.pop("replaces", None),
        reserved=changes.pop("reserved", ""),
        wanted=changes.pop("wanted", Wanted()),
        options={"contact": contact if method == "email" else None, **changes},
    )


def follows(number: str = BEFORE) -> Predecessor:
    return Predecessor(handle=number, serial="a1b", certificate=OTHER.certificate)


class Panel:
    """An account at the scripted GCC."""

    def __init__(self, deadline: float = 60.0, **settings: t.Any) -> None:
        self.clock = FakeClock()
        self.http = Script()
        self.turns = Turns()
        factory = GccFactory(
            clock=self.clock, http=lambda _bundle: self.http, budget=lambda _settings, _folder: self.turns
        )
        self.adapter: GccAdapter = factory.open(account(**settings), deadline=deadline)

    def on(self, operation: str, *answers: Scripted) -> Panel:
        self.http.on(operation, *answers)
        return self

    def calls(self) -> list[str]:
        return [one.operation for one in self.http.asked]
