# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every call goes through: SOAP, the address, the password, vices, history. HTTP 200 for nearly everything."""

from __future__ import annotations

import hashlib
import secrets
import typing as t
from datetime import datetime, timedelta
from email.utils import format_datetime

from lab.clock import LabClock, jst
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import Playing
from lab.vices import Switches

from . import problems
from .book import CA
from .playing import PLAYS, SHARED, SKEW, TYPE
from .problems import WORDS, Fault, Problem, problem
from .soap_reading import Node, Unreadable, read
from .soap_writing import ENVELOPE, NAMESPACE, Element, envelope, fault

BASE = "/kb/ws/v1"
SSL, GAS = "ServerSSLService", "GASService"
ORDER, QUERY = "Order", "Query"
USER = "PAR12345_lab"
OK, WARNING, ERROR = "0", "1", "-1"
#: what a call is about, as its vices count: the first of these that it has
SUBJECTS = ("OrderID", "TargetOrderID", "SubID", "SubId", "CommonName", "FQDN")
WSDL = """\
<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="{namespace}">
<documentation>The lab's {service}: see its manual. {operations}</documentation>
</definitions>
"""

Act = t.Callable[[Node], t.Sequence[Element]]


class Call(t.NamedTuple):
    name: str
    service: str
    #: the kind of header that its request has
    asks: str
    #: and its answer
    answers: str
    #: elements of its answer, which are nil when it says no
    payload: tuple[str, ...]
    act: Act


class Api:
    def __init__(self, *, clock: LabClock, history: History, switches: Switches) -> None:
        self.password = secrets.token_urlsafe(18)
        self._clock, self._history, self._switches = clock, history, switches
        self._playing = Playing(PLAYS, clock, switches, SHARED)
        self._calls: dict[tuple[str, str], Call] = {}

    def add_to(self, routes: Routes, calls: t.Iterable[Call]) -> None:
        self._calls = {(call.service, call.name): call for call in calls}
        for service in (SSL, GAS):
            routes.add("POST", f"{BASE}/{service}", self._handler(service))
            routes.add("GET", f"{BASE}/{service}", self._description(service))

    def _description(self, service: str) -> Handler:
        names = ", ".join(name for its, name in self._calls if its == service)

        def handle(_request: Request) -> Response:
            text = WSDL.format(namespace=NAMESPACE, service=service, operations=names)
            return Response(200, TYPE, text.encode("utf-8"))

        return handle

    def _handler(self, service: str) -> Handler:
        def handle(request: Request) -> Response:
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/xml":
                return Response(415, {"Content-Type": "text/plain"}, b"text/xml only\n")
            try:
                operation, node = _operation(read(request.body))
            except Unreadable as error:
                return Response(500, TYPE, fault("Client", f"The message cannot be read: {error}"))
            call = self._calls.get((service, operation))
            if call is None:
                return Response(500, TYPE, fault("Client", f"{service} has no operation {operation}."))
            return self._answer(call, node)

        return handle

    def _answer(self, call: Call, node: Node) -> Response:
        acting = _Acting(self, call, node)
        subject = _subject(node)
        if self._switches.is_on("gcc_ip_not_allowed"):
            answer, vice = acting.refused(problems.ADDRESS), "gcc_ip_not_allowed"
        elif not self._may(node, call.asks):
            answer, vice = acting.refused(problems.LOGIN), ""
        else:
            answer, vice = self._playing.play(call.name, subject, acting)
        self._history.add(
            "request", ca=CA, call=call.name, subject=subject, status=answer.status, code=acting.code, vice=vice
        )
        return answer

    def _may(self, node: Node, kind: str) -> bool:
        token = f"{kind}RequestHeader.AuthToken"
        user, password = node.word(f"{token}.UserName"), node.word(f"{token}.Password")
        right = secrets.compare_digest(password.encode(), self.password.encode())
        return right and user == USER

    def respond(self, call: Call, faults: t.Sequence[Fault], payload: t.Sequence[Element]) -> Response:
        header = self._header(call, faults)
        short = call.name == "DecodeCSR" and self._switches.is_on("gcc_decode_without_response")
        other = self._switches.is_on("gcc_other_prefixes")
        body = envelope(
            call.name if short else f"{call.name}Response",
            Element("Response", [header, *payload]),
            prefixes=("SOAP-ENV", "tns") if other else ("soap", "ns2"),
            without_nil=self._switches.is_on("gcc_nil_left_out"),
        )
        cookie = f"JSESSIONID={secrets.token_hex(16).upper()}; Path=/kb; Secure; HttpOnly"
        date = format_datetime(self._now(), usegmt=True)
        return Response(200, {**TYPE, "Date": date, "Set-Cookie": cookie}, body)

    def _now(self) -> datetime:
        """By its own clock."""
        return self._clock.now() + (SKEW if self._switches.is_on("gcc_clock_skewed") else timedelta())

    def _header(self, call: Call, faults: t.Sequence[Fault]) -> Element:
        success = ERROR if faults else OK
        errors = [_error(one) for one in faults]
        if not faults and self._switches.is_on("gcc_warnings"):
            success = WARNING
            words = [Element("ErrorCode", "1"), Element("ErrorField", None), Element("ErrorMessage", "Please note.")]
            errors = [Element("Error", words)]
        stamp = jst(self._now()).isoformat(timespec="milliseconds")
        parts = [Element("SuccessCode", success), Element("Errors", errors), Element("Timestamp", stamp)]
        if not errors and self._switches.is_on("gcc_nil_left_out"):
            del parts[1]
        return Element(f"{call.answers}ResponseHeader", parts)


class _Acting:
    """One call that is being answered."""

    def __init__(self, api: Api, call: Call, node: Node) -> None:
        self._api, self._call, self._node = api, call, node
        #: of the first error; 0: there was none
        self.code = 0

    def __call__(self) -> Response:
        try:
            payload = self._call.act(self._node)
        except Problem as refusal:
            return self._refused(refusal)
        return self._api.respond(self._call, (), payload)

    def refused(self, code: int) -> Response:
        return self._refused(problem(code))

    def _refused(self, refusal: Problem) -> Response:
        self.code = refusal.faults[0].code
        return self._api.respond(self._call, refusal.faults, [Element(name, None) for name in self._call.payload])


def _operation(root: Node) -> tuple[str, Node]:
    """Its name, and the element Request below it."""
    bodies = [one for one in root.children if (one.space, one.name) == (ENVELOPE, "Body")]
    if (root.space, root.name) != (ENVELOPE, "Envelope") or len(bodies) != 1 or len(bodies[0].children) != 1:
        raise Unreadable("it is no SOAP 1.1 message with one operation")
    operation = bodies[0].children[0]
    request = operation.find("Request")
    if operation.space != NAMESPACE or request is None:
        raise Unreadable("the operation is not in its namespace, or has no Request in none")
    return operation.name, request


def _error(one: Fault) -> Element:
    field = [Element("ErrorField", one.field)] if one.field else []
    message = Element("ErrorMessage", WORDS[one.code])
    return Element("Error", [Element("ErrorCode", str(one.code)), *field, message])


def _subject(node: Node) -> str:
    for name in SUBJECTS:
        if node.word(name):
            return node.word(name).strip()
    csr = node.word("OrderRequestParameter.CSR") or node.word("CSR")
    return hashlib.sha256(csr.encode("utf-8")).hexdigest()[:16] if csr else ""
