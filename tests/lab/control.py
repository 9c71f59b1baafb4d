# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own pages at /_lab/: to look, to move the clock, to send the crawler, to switch vices.

    GET  /_lab/           one page for people
    GET  /_lab/state      JSON: now, vices, orders, failures
    GET  /_lab/history    JSON: all events, or ?kind=... and any fact: ?kind=fetch&order=LS-000001
    POST /_lab/clock      {"now": "2026-06-23T10:00:00+09:00"} or {"advance_hours": 6}
    POST /_lab/vices      {"dns_truncates": false, ...}
    POST /_lab/crawler    the seller's crawler comes round now, and the other CAs look for their tokens

POST takes JSON, and answers with the state; or a form, and leads back to the page. There is no password: whoever may
use this machine may play. A page from elsewhere may not (Origin).
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from . import control_page
from .clock import iso_jst, iso_utc
from .http_server import Handler, Request, Response, Routes
from .vices import VICES

if t.TYPE_CHECKING:
    from .lab import Lab

State = dict[str, t.Any]
MAX_EVENTS_ON_PAGE = 300


class BrokenRequest(Exception):
    """What the caller wants cannot be done; the sentence says why."""


class Control:
    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def routes(self, routes: Routes) -> None:
        routes.add("GET", r"/_lab/", self._page)
        routes.add("GET", r"/_lab", lambda _request: Response(303, {"Location": "/_lab/"}))
        routes.add("GET", r"/_lab/state", lambda _request: Response.of_json(self.state()))
        routes.add("GET", r"/_lab/history", self._history)
        for word, change in (("clock", self._clock), ("vices", self._vices), ("crawler", self._crawler)):
            routes.add("POST", rf"/_lab/{word}", self._changing(change))

    def state(self) -> State:
        lab = self._lab
        now = lab.clock.now()
        return {
            "now": iso_utc(now),
            "now_jst": iso_jst(now),
            "vices": {vice.name: lab.switches.is_on(vice.name) for vice in VICES},
            "orders": [
                *map(control_page.order_facts, lab.seller.orders()),
                *lab.digicert.orders(),
                *(order for simulator in lab.also.values() for order in simulator.orders()),
            ],
            "records": {zone: lab.dns.records(zone) for zone in lab.dns.zones()},
            "failures": lab.failures,
        }

    # --- looking ---------------------------------------------------------------------------------------------------

    def _page(self, request: Request) -> Response:
        kind = request.query.get("kind") or None
        events = self._lab.history.events(kind)[-MAX_EVENTS_ON_PAGE:]
        kinds = sorted({event["kind"] for event in self._lab.history.events()})
        page = control_page.page(self.state(), self._lab.mail.messages(), events[::-1], kinds, kind)
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        return Response.of_html(page, Content_Security_Policy=policy, Cache_Control="no-store")

    def _history(self, request: Request) -> Response:
        where = dict(request.query)
        kind = where.pop("kind", None)
        events = [event for event in self._lab.history.events(kind) if _fits(event, where)]
        return Response.of_json({"events": events})

    # --- changing --------------------------------------------------------------------------------------------------

    def _changing(self, change: t.Callable[[State], None]) -> Handler:
        def handler(request: Request) -> Response:
            if _is_from_elsewhere(request):
                return Response.of_json({"error": "this request comes from a page that is not the lab's"}, 403)
            is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
            try:
                change(request.form() if is_form else _document(request))
            except BrokenRequest as error:
                return Response.of_json({"error": str(error)}, 400)
            if is_form:
                return Response(303, {"Location": "/_lab/"})
            return Response.of_json(self.state())

        return handler

    def _clock(self, wish: State) -> None:
        if set(wish) == {"now"}:
            try:
                self._lab.clock.set(datetime.fromisoformat(str(wish["now"]).strip()))
            except ValueError as error:
                raise BrokenRequest(f"now: {error}") from error
        elif set(wish) == {"advance_hours"}:
            try:
                self._lab.clock.advance(hours=float(wish["advance_hours"]))
            except (TypeError, ValueError, OverflowError) as error:
                raise BrokenRequest(f"advance_hours: {error}") from error
        else:
            raise BrokenRequest("either now or advance_hours")
        self._lab.history.add("clock", now=iso_utc(self._lab.clock.now()))

    def _vices(self, wish: State) -> None:
        known = {vice.name for vice in VICES}
        for name, on in wish.items():
            if name not in known or on not in (True, False, "on", "off"):
                raise BrokenRequest(f"{name}: a vice of the lab and true or false, please")
        for name, on in wish.items():
            self._lab.switches.set(name, on in (True, "on"))
            self._lab.history.add("vice", name=name, on=on in (True, "on"))

    def _crawler(self, _wish: State) -> None:
        self._lab.seller.crawl()
        self._lab.digicert.poll()
        for simulator in self._lab.also.values():
            simulator.poll()


def _document(request: Request) -> State:
    try:
        document = request.json() if request.body else {}
    except ValueError as error:
        raise BrokenRequest(f"no JSON: {error}") from error
    if not isinstance(document, dict):
        raise BrokenRequest("a JSON object, please")
    return document


def _is_from_elsewhere(request: Request) -> bool:
    """A browser names the page that sends a form; curl and Python name none."""
    origin = request.headers.get("origin")
    return origin is not None and origin != f"https://{request.headers.get('host')}"


def _fits(event: t.Mapping[str, t.Any], where: t.Mapping[str, str]) -> bool:
    return all(word in event and str(event[word]) == value for word, value in where.items())
