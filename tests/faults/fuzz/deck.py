# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deck of HTTP answers as one text, so that both engines can spoil it and people can read what was found.

    verb look
    %%%%
    on: GET https://ca.example/order
    200
    content-type: application/json

    {"status": "valid"}

The n-th request that the word after ``on`` fits gets the n-th such answer, the last one for ever.
"""

from __future__ import annotations

import base64
import random
import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse

from fuzz.mutate import TEXTS, mutated_json

__all__ = ["Card", "Deck", "HostileHttp", "mutated_deck"]

_BETWEEN = b"\n%%%%\n"
_OPERATION = re.compile(rb"<v1:([A-Za-z]+)>")
_STATUSES = (200, 201, 202, 204, 301, 302, 400, 401, 403, 404, 405, 408, 409, 429, 500, 503, 199, 999, 600)
_HEADERS = ("retry-after", "location", "link", "replay-nonce", "content-type", "date", "total-count", "set-cookie")


@dataclass(frozen=True)
class Card:
    on: str
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    def raw(self) -> bytes:
        lines = [f"on: {self.on}", str(self.status), *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\n".join(lines).encode("latin-1", "replace") + b"\n\n" + self.body

    @classmethod
    def read(cls, raw: bytes) -> Card:
        """Whatever it is: a line that is no header is left out."""
        head, _gap, body = raw.partition(b"\n\n")
        lines = head.decode("latin-1").split("\n")
        on = lines[0][4:] if lines[0].startswith("on: ") else ""
        word = lines[1] if len(lines) > 1 else ""
        status = int(word) if re.fullmatch(r"[1-9][0-9]{2}", word) else 200
        pairs = [line.partition(": ") for line in lines[2:]]
        return cls(on, status, {name.lower(): value for name, mark, value in pairs if mark}, body)


@dataclass(frozen=True)
class Deck:
    verb: str
    cards: tuple[Card, ...]

    def raw(self) -> bytes:
        return _BETWEEN.join([f"verb {self.verb}".encode(), *(card.raw() for card in self.cards)])

    @classmethod
    def read(cls, raw: bytes) -> Deck:
        first, *rest = raw.split(_BETWEEN)
        verb = first.decode("latin-1").partition(" ")[2]
        return cls(verb, tuple(Card.read(one) for one in rest) or (Card("", 200, {}, first),))


class HostileHttp:
    """HttpClient. Each request takes a little of the clock's time, as in the world: a deadline ends what a CA draws
    out. The bounds are those of the real one: status, header values without line ends, body of 1 MiB."""

    def __init__(self, deck: Deck, clock: t.Any, cost: float = 0.25, most: int = 600) -> None:
        self._deck = deck
        self._clock = clock
        self._cost = cost
        self._left = most
        self._turn: dict[str, int] = {}
        self._nonces = 0

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        connect_to: object = None,
    ) -> HttpResponse:
        self._left -= 1
        assert self._left >= 0, "the other side keeps us busy without an end"
        assert "\n" not in url and "\r" not in url
        for name, value in (headers or {}).items():
            assert not set(f"{name}{value}") & set("\r\n\0"), f"a header of ours carries a line end: {name}"
        if hasattr(self._clock, "seconds"):
            self._clock.seconds += self._cost
        said = f"{method} {url} ".encode("utf-8", "replace") + (body or b"")
        fitting = [card for card in self._deck.cards if card.on.encode("latin-1", "replace") in said]
        if not fitting:
            raise TransportError(code="http_no_connection", what="no connection", sent=False)
        operation = _OPERATION.search(body or b"")
        turn = self._turn[fitting[0].on] = self._turn.get(fitting[0].on, -1) + 1
        card = fitting[min(turn, len(fitting) - 1)]
        given = {name: value.replace("\r", "").replace("\n", "") for name, value in card.headers.items()}
        self._nonces += 1
        nonce = (
            {"replay-nonce": base64.urlsafe_b64encode(b"nonce-%06d" % self._nonces).decode()} if method != "GET" else {}
        )
        raw = card.body.replace(b"@@", operation[1] if operation else b"")
        return HttpResponse(card.status, {**nonce, **given}, raw[: 1 << 20], url)


def mutated_deck(data: bytes, dice: random.Random, verbs: t.Sequence[str] = ()) -> bytes:
    deck = Deck.read(data)
    cards = list(deck.cards)
    for _time in range(dice.randint(1, 3)):
        place = dice.randint(0, len(cards) - 1)
        card = cards[place]
        way = dice.randint(0, 9)
        if way == 0:
            cards[place] = replace(card, status=dice.choice(_STATUSES))
        elif way == 1:
            cards[place] = replace(card, headers={**card.headers, dice.choice(_HEADERS): dice.choice(TEXTS)})
        elif way == 2:
            cards.insert(place, cards[dice.randint(0, len(cards) - 1)])
        else:
            cards[place] = replace(card, body=mutated_json(card.body, dice))
    verb = dice.choice(verbs) if verbs and dice.randint(0, 3) == 0 else deck.verb
    return Deck(verb, tuple(cards)).raw()
