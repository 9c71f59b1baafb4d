# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""UPDATE messages (RFC 2136): what one does to an RRset, how large it is, and how many go together.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns

#: a message over TCP has 65535 octets (RFC 1035 §4.2.2), less the signature and room for our estimate
MAX_MESSAGE = 60000
#: type, class, TTL, length (RFC 1035 §4.1.3); the owner name is counted in full
_RR_HEADER = 10


class Edit(t.NamedTuple):
    """What one UPDATE does to one RRset."""

    question: Question
    ttl: int
    adds: tuple[dns.rdata.Rdata, ...]
    removes: tuple[dns.rdata.Rdata, ...]

    def size(self) -> int:
        head = len(self.question.name) + 2 + _RR_HEADER
        return sum(head + len(rdata.to_digestable()) for rdata in self.adds + self.removes)

    def pieces(self) -> list[Edit]:
        """Itself, nothing if it does nothing, or one for each record if it is too large for one message."""
        if self.size() <= MAX_MESSAGE:
            return [self] if self.adds or self.removes else []
        adds = [self._replace(adds=(rdata,), removes=()) for rdata in self.adds]
        return adds + [self._replace(adds=(), removes=(rdata,)) for rdata in self.removes]


def message_of(zone: str, edits: t.Iterable[Edit]) -> dns.update.UpdateMessage:
    message = dns.update.UpdateMessage(dns.name.from_text(zone))
    for edit in edits:
        owner = dns.name.from_text(edit.question.name)
        for rdata in edit.removes:
            message.delete(owner, rdata)
        if edit.question.type == "CNAME" and edit.adds and not edit.removes:
            message.absent(owner, "CNAME")  # it would silently take the place of another (RFC 2136 §3.4.2.2)
        for rdata in edit.adds:
            message.add(owner, edit.ttl, rdata)
    return message


def batches(edits: t.Sequence[Edit]) -> list[list[Edit]]:
    """As few messages as their size allows."""
    found: list[list[Edit]] = []
    room = 0
    for edit in edits:
        size = edit.size()
        if size > room or not found:
            found.append([])
            room = MAX_MESSAGE
        found[-1].append(edit)
        room -= size
    return found
