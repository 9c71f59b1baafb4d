# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's GSパネル: SOAP, where the verb is the operation in the body."""

from __future__ import annotations

import contextlib
import re
import threading
import typing as t
from dataclasses import replace

from fault_proxy import Answer, Asked, FaultProxy, Upstream
from harness import ZONE, Account, Bench, by_mail, publish_in, two_names, upstream_of
from lab.human import NoButton, press

_VERBS = {
    "DVDNSOrder": "submit",
    "DVOrder": "submit",
    "ReIssue": "submit",
    "GetCertificateOrders": "find",
    "GetOrderByCommonName": "find",
    "GetOrderByDateRange": "find",
    "GetOrderByOrderID": "look",
    "DVDNSVerificationForIssue": "ready",
    "ResendEmail": "resend",
    "ChangeApproverEmail": "change_contact",
}
_OPERATION = re.compile(rb"<v1:([A-Za-z]+)>")
_MODIFIED = re.compile(rb"<ModifyOrderOperation>([A-Za-z]+)<")
_STATUS = re.compile(rb"<OrderStatus>[0-9]+</OrderStatus>|<CertificateStatus>[0-9]+</CertificateStatus>")
_GCC = "https://system.globalsign.com/kb/ws/v1/"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XML = (("Content-Type", "text/xml;charset=UTF-8"),)
_PAGE = (("Content-Type", "text/html; charset=utf-8"),)


class GccHarness:
    """One user for all cells. An answer names the operation that was asked: the proxy asks ``verb_of`` in the thread in
    which it then answers. A cell is played in one thread, too: who presses knows for which name."""

    name = "globalsign_gcc"
    also = ("gcc",)
    verbs = (
        *("submit", "find", "look", "ready", "download", "renew", "reissue"),
        *("resend", "change_contact", "cancel", "revoke"),
    )
    asked_as: t.Mapping[str, str] = {"renew": "submit", "reissue": "submit"}
    skipped: t.Mapping[tuple[str, str], str] = {}
    codes: t.Mapping[str, tuple[str, ...]] = {"refusal": ("gcc_refused",)}

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        self._facts = self._lab.facts()["gcc"]
        self._here = threading.local()

    def upstream(self) -> Upstream:
        return upstream_of(self._facts["url"], self._facts["ca"])

    def account(self, proxy: FaultProxy) -> Account:
        path = "/" + self._facts["url"].split("://", 1)[1].partition("/")[2]
        contact = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
        settings = {
            "url": f"{proxy.url}{path}",
            "ca_bundle": proxy.tls.ca_bundle,
            "timeout": 10,
            "user_name": self._facts["username"],
            "contact": contact,
            "requests_per_minute": 10_000,
        }
        return Account("globalsign_gcc", settings, {"password": self._facts["password"]})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        self._here.name = f"{name}.{ZONE}"
        if verb in ("look", "resend", "change_contact"):  # what is proved by a token is issued at once, without a look
            return by_mail(name, "globalsign-dv")
        return {"product": "globalsign-dv", "method": "dns", "dns_names": two_names(name), "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)
        for mail in wanted["mails"]:
            with contextlib.suppress(NoButton):  # pressed before
                press(self._lab, mail, order=self._here.name)

    def verb_of(self, asked: Asked) -> str:
        found = _OPERATION.search(asked.body)
        self._here.operation = operation = found[1].decode() if found else ""
        if operation == "GetOrderByOrderID" and b"<ReturnFulfillment>true<" in asked.body:
            return "download"
        if operation == "ModifyOrder":
            word = _MODIFIED.search(asked.body)
            return word[1].decode().lower() if word else ""
        return _VERBS.get(operation, "")

    def orders(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        """Those that were cancelled before they were issued among them."""
        return sum(b"<SuccessCode>0</SuccessCode>" in one.answer.body for one in proxy.passed("submit"))

    def busy(self) -> Answer:
        return Answer(429, _PAGE, b"<html><body><h1>Too Many Requests</h1></body></html>")

    def expired(self) -> Answer:
        return self._failure("-4001", "Login failure invalid user ID or password.")

    def refusal(self) -> Answer:
        return self._failure("-6021", "CN in CSR and FQDN are not same.")

    def with_status(self, answer: Answer, word: str) -> Answer:
        def put(match: re.Match[bytes]) -> bytes:
            return re.sub(rb">[0-9]+<", b">" + word.encode() + b"<", match[0])

        return replace(answer, body=_STATUS.sub(put, answer.body))

    def none_found(self) -> Answer:
        return self._said("<SuccessCode>0</SuccessCode><Errors/>", query=True)

    def live(self, proxy: FaultProxy, names: t.Sequence[str]) -> int:
        """Those that are not cancelled."""
        cancelled = sum(b"<SuccessCode>0</SuccessCode>" in one.answer.body for one in proxy.passed("cancel"))
        return self.orders(proxy, names) - cancelled

    def _failure(self, code: str, words: str) -> Answer:
        error = f"<ErrorCode>{code}</ErrorCode><ErrorMessage>{words}</ErrorMessage>"
        return self._said(f"<SuccessCode>-1</SuccessCode><Errors><Error>{error}</Error></Errors>")

    def _said(self, header: str, *, query: bool = False) -> Answer:
        kind, operation = "Query" if query else "Order", f"n:{self._here.operation}Response"
        inner = f"<Response><{kind}ResponseHeader>{header}</{kind}ResponseHeader></Response>"
        body = f'<{operation} xmlns:n="{_GCC}">{inner}</{operation}>'
        return Answer(200, _XML, f'<s:Envelope xmlns:s="{_SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode())
