# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading XML that somebody sends: bounded, and without document types, entities and processing instructions."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from xml.parsers import expat

MOST_BYTES, MOST_ELEMENTS, MOST_DEPTH = 262_144, 4000, 24
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Unreadable(ValueError):
    """It is no XML, or none that anybody should read."""


@dataclass
class Node:
    #: its namespace; empty: it has none
    space: str
    name: str
    nil: bool = False
    parts: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def all(self, name: str) -> list[Node]:
        """The children of this name that are in no namespace, as the interface wants them."""
        return [child for child in self.children if (child.space, child.name) == ("", name)]

    def find(self, path: str) -> Node | None:
        """Names with dots between them."""
        here = self
        for name in path.split("."):
            found = here.all(name)
            if not found or found[0].nil:
                return None
            here = found[0]
        return here

    def word(self, path: str) -> str:
        found = self.find(path)
        return found.text if found else ""


class _Reading:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._number = 0

    def begin(self, name: str, attributes: t.Mapping[str, str]) -> None:
        self._number += 1
        if self._number > MOST_ELEMENTS or len(self._open) >= MOST_DEPTH:
            raise Unreadable("too many elements")
        space, _space, local = name.rpartition(" ")
        node = Node(space, local, attributes.get(f"{XSI} nil", "") in ("true", "1"))
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()

    def take(self, text: str) -> None:
        self._open[-1].parts.append(text)

    def refuse(self, *_what: object) -> t.NoReturn:
        raise Unreadable("a document type, an entity or a processing instruction")


def read(body: bytes) -> Node:
    """Unreadable says why not. It is UTF-8, whatever it says."""
    if len(body) > MOST_BYTES:
        raise Unreadable("too long")
    reading = _Reading()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reading.begin, reading.end
    parser.CharacterDataHandler = reading.take
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.EntityDeclHandler = reading.refuse
    parser.ProcessingInstructionHandler = reading.refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Unreadable(str(error)) from None
    if reading.root is None:
        raise Unreadable("nothing")
    return reading.root
