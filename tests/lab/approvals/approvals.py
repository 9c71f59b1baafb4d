# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval mails of houses without an API, the pages behind their links, and who pressed what on them.

    paper = lab.also["approvals"].ask("cybertrust", "admin@shop.example.jp", domain="shop.example.jp")
    lab.also["approvals"].mail(paper)                    # by SMTP
    paper.state, paper.posts                             # waiting, approved or refused; what was sent to it

Looking at a page approves nothing. Every visit is an event ``approval_visit`` of the history, whoever it was.
"""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from lab.clock import LabClock
from lab.history import History
from lab.http_server import Request, Response, Routes
from lab.mail import MailSink, send

from .houses import HOUSES, House, write
from .pages import answer, question

BASE = "/approvals"


@dataclass
class Paper:
    """One question to somebody. twist: a word of pages.TWISTS, empty: the page is as it should be."""

    key: str
    house: House
    to: str
    facts: dict[str, str]
    twist: str = ""
    state: str = "waiting"
    step: int = 0
    posts: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.facts["url"]


class Approvals:
    """The lab calls tick() five times a second. ``url`` is that of its HTTPS server."""

    def __init__(
        self, folder: Path, *, clock: LabClock, history: History, mail: MailSink, url: str, **_world: t.Any
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock, self._history, self._mail, self._url = clock, history, mail, url
        self.papers: dict[str, Paper] = {}

    def facts(self) -> dict[str, t.Any]:
        return {"url": f"{self._url}{BASE}"}

    def roots(self) -> t.Sequence[Path]:
        return []

    def start(self, stack: t.Any) -> None:
        """It has no server of its own."""

    def tick(self) -> None:
        """Nothing happens by itself."""

    def poll(self) -> None:
        """It looks at nothing."""

    def orders(self) -> list[dict[str, t.Any]]:
        return [{"order": one.key, "state": one.state, **one.facts} for one in reversed(self.papers.values())]

    # -- asking

    def ask(self, house: str, to: str, *, domain: str, twist: str = "", **facts: str) -> Paper:
        key = secrets.token_hex(16)
        row = HOUSES[house]
        words = {
            "to": to,
            "domain": domain,
            "names": domain,
            "order": "",
            "organization": "",
            "code": secrets.token_urlsafe(24).replace("-", "a").replace("_", "b"),
            "days": "30",
            "url": f"{self._url}{BASE}/{row.page}?k={key}",
            "reject": f"{self._url}{BASE}/RejectDCVCode?k={key}",
            **facts,
        }
        paper = Paper(key, row, to, words, twist)
        self.papers[key] = paper
        return paper

    def raw(self, paper: Paper) -> bytes:
        return write(paper.house, paper.facts, self._clock.now())

    def mail(self, paper: Paper) -> None:
        send(self._mail.host, self._mail.port, paper.house.sender, [paper.to], self.raw(paper))

    # -- pages

    def routes(self, routes: Routes) -> None:
        routes.add("GET", rf"{BASE}/(?P<page>\w+)", self._visit)
        routes.add("POST", rf"{BASE}/(?P<page>\w+)", self._visit)

    def _visit(self, request: Request) -> Response:
        form = request.form() if request.method == "POST" else {}
        paper = self.papers.get(form.get("k") or request.query.get("k", ""))
        self._history.add(
            "approval_visit",
            method=request.method,
            page=request.match["page"],
            key=paper.key if paper else "",
            house=paper.house.key if paper else "",
        )
        if paper is None:
            return Response.of_html("<p>ページが見つかりません</p>", 404)
        if request.match["page"] == "RejectDCVCode":  # as it is: a look at it is enough
            paper.state = "refused"
            return Response.of_html("<p>The certificate was rejected.</p>")
        if request.method == "GET":
            return Response.of_html(question(paper, escape))
        paper.posts.append(dict(form))
        return Response.of_html(answer(paper, form, escape))
