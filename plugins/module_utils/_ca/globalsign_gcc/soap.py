# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP 1.1 as GCC speaks it: a request out of plain values, an answer as a small tree.

Written by an escaping serializer, never by putting texts together. Read by expat with handlers that refuse: a DOCTYPE
(so there are no entities, internal or external, to expand or to load), processing instructions, more bytes, depth or
elements than any answer has. That is what the package defusedxml adds to the standard library, and all of what
is needed here; so there is no other library.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape

from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import GCC_NAMESPACE, SOAP_NAMESPACE

__all__ = ["Body", "Fault", "Node", "NotXml", "answer_in", "envelope", "escaped_text"]

#: As much as a chain with PKCS #7 beside it has, ten times over; the transport has the same bound.
LARGEST = 1024 * 1024
DEEPEST = 24
MOST_ELEMENTS = 20_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
#: XML 1.0 §2.2: what a document cannot say, not even escaped
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: Elements in their order: a text, elements, or several of the same name. None is left out.
Body = t.Mapping[str, t.Any]


class NotXml(ValueError):
    """The answer is no SOAP answer to what was asked; the text says why."""


@dataclass
class Node:
    """An element. name: without its namespace; text: of the element itself, "" where it is nil."""

    name: str
    namespace: str = ""
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def child(self, *names: str) -> Node | None:
        return next((one for one in self.children if one.name in names), None)

    def every(self, *names: str) -> t.Iterator[Node]:
        """Those of these names, at any depth, in the order of the document."""
        waiting = list(reversed(self.children))
        while waiting:
            node = waiting.pop()
            if node.name in names:
                yield node
            waiting.extend(reversed(node.children))

    def first(self, *names: str) -> Node | None:
        return next(self.every(*names), None)

    def word(self, *names: str) -> str:
        """The text of the first of these names, at any depth, without blanks around it; "" where it is not there."""
        node = self.first(*names)
        return node.text.strip() if node is not None else ""


class Fault(t.NamedTuple):
    """A SOAP fault: the server could not do, or not understand, anything."""

    code: str
    words: str


# --- out -------------------------------------------------------------------------------------------------------------


def envelope(operation: str, request: Body) -> bytes:
    """request: what is in the element ``Request``. ValueError where a text cannot be said in XML."""
    head = f'<soapenv:Envelope xmlns:soapenv="{SOAP_NAMESPACE}" xmlns:v1="{GCC_NAMESPACE}"><soapenv:Body>'
    inner = "".join(_written("Request", request))
    body = f"{head}<v1:{_checked(operation)}>{inner}</v1:{operation}></soapenv:Body></soapenv:Envelope>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _written(name: str, value: t.Any) -> t.Iterator[str]:
    if value is None:
        return
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _written(name, one)
        return
    yield f"<{_checked(name)}>"
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _written(str(key), one)
    else:
        yield escaped_text(_as_text(value))
    yield f"</{name}>"


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def escaped_text(text: str) -> str:
    found = _UNSPEAKABLE.search(text)
    if found is not None:
        raise ValueError(f"a text has the character U+{ord(found[0]):04X}, which XML cannot say")
    return escape(text, {"\r": "&#13;", '"': "&quot;"})


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:100]!r} is no name of an element")
    return name


# --- in --------------------------------------------------------------------------------------------------------------


def answer_in(data: bytes, operation: str) -> Node | Fault:
    """What is in ``OPERATIONResponse`` (its element ``Response``); NotXml where that is not what came."""
    root = _parsed(data)
    if (root.namespace, root.name) != (SOAP_NAMESPACE, "Envelope"):
        raise NotXml(f"its root is {root.name!r}, no SOAP 1.1 envelope")
    bodies = [one for one in root.children if (one.namespace, one.name) == (SOAP_NAMESPACE, "Body")]
    if len(bodies) != 1 or len(bodies[0].children) != 1:
        raise NotXml("its envelope has not one body with one element")
    answer = bodies[0].children[0]
    if (answer.namespace, answer.name) == (SOAP_NAMESPACE, "Fault"):
        return Fault(answer.word("faultcode")[:200], answer.word("faultstring")[:1000])
    if answer.namespace != GCC_NAMESPACE:
        raise NotXml(f"its element {answer.name!r} is of the namespace {answer.namespace[:200]!r}")
    if answer.name != f"{operation}Response":
        raise NotXml(f"it answers with {answer.name!r}, asked was {operation}")
    response = answer.child("Response")
    if response is None:
        raise NotXml("there is no Response in it")
    return response


class _Builder:
    def __init__(self) -> None:
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._count = 0
        self.root: Node | None = None

    def start(self, name: str, attributes: t.Mapping[str, str]) -> None:
        namespace, _mark, local = name.rpartition(" ")
        self._count += 1
        if len(self._open) >= DEEPEST:
            raise NotXml(f"its elements are nested deeper than {DEEPEST}")
        if self._count > MOST_ELEMENTS:
            raise NotXml(f"it has more than {MOST_ELEMENTS} elements")
        node = Node(local, namespace)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._texts.append([])

    def end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)


def _parsed(data: bytes) -> Node:
    if len(data) > LARGEST:
        raise NotXml(f"it has {len(data)} bytes, {LARGEST} are possible")
    parser = expat.ParserCreate(namespace_separator=" ")
    builder = _Builder()
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refusing("a DOCTYPE")
    parser.EntityDeclHandler = _refusing("an entity")
    parser.UnparsedEntityDeclHandler = _refusing("an entity")
    parser.NotationDeclHandler = _refusing("a notation")
    parser.ExternalEntityRefHandler = _refusing("a reference to another document")
    parser.SkippedEntityHandler = _refusing("an entity")
    parser.ProcessingInstructionHandler = _refusing("a processing instruction")
    try:
        parser.Parse(data, True)
    except expat.ExpatError as failure:
        raise NotXml(f"it is no XML: {expat.ErrorString(failure.code)}, line {failure.lineno}") from failure
    except (ValueError, LookupError) as failure:  # a NotXml of ours; or an encoding that nobody knows
        raise NotXml(str(failure)[:200]) from failure
    if builder.root is None:
        raise NotXml("there is no element in it")
    return builder.root


def _refusing(what: str) -> t.Callable[..., t.NoReturn]:
    def refuse(*_args: object) -> t.NoReturn:
        raise NotXml(f"it has {what}, which no SOAP message has (SOAP 1.1 §3)")

    return refuse
