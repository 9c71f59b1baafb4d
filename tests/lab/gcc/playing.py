# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers of the interface go wrong: its words for it."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from lab import playing
from lab.clock import LabClock
from lab.http_server import Response
from lab.playing import Act, Play

from . import problems
from .soap_writing import HEAD, fault

SKEW = timedelta(hours=1)
#: looks share a subject, so that nobody spends his time on waiting
SHARED = ("GetOrderByOrderID", "DVDNSVerificationForIssue", "URLVerificationForIssue")
READING = ("GetOrderByOrderID", "GetCertificateOrders", "GetOrderByDateRange", "GetModifiedOrders")
TYPE = {"Content-Type": "text/xml;charset=UTF-8"}
#: ten times ten times ... a word: 10^9 of them, if somebody counts
ENTITIES = '<!ENTITY a0 "lab">' + "".join(f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 10))
BOMB = f"<!DOCTYPE lab [{ENTITIES}]>"
EXTERNAL = '<!DOCTYPE lab [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>'
LOADED = '<!DOCTYPE lab SYSTEM "http://127.0.0.1:9/lab.dtd">'


class Acting(t.Protocol):
    """An act that knows how its own call says no."""

    def __call__(self) -> Response: ...

    def refused(self, code: int) -> Response: ...


def page(title: str, text: str, status: int = 200, **headers: str) -> Response:
    head = f"<!DOCTYPE html>\n<html lang='en'><head><title>{title}</title></head>"
    return Response.of_html(f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>\n", status, **headers)


def _too_many(_act: Act, _clock: LabClock) -> Response:
    return page("Too many requests", "Please come back later.", 429)


def _too_many_seconds(_act: Act, _clock: LabClock) -> Response:
    return page("Too many requests", "Please come back later.", 429, Retry_After="1")


def _too_many_date(_act: Act, clock: LabClock) -> Response:
    moment = format_datetime(clock.now() + timedelta(seconds=2), usegmt=True)
    return page("Too many requests", "Please come back later.", 429, Retry_After=moment)


def _too_many_skewed(_act: Act, clock: LabClock) -> Response:
    there = clock.now() + SKEW
    moment = format_datetime(there + timedelta(seconds=2), usegmt=True)
    date = format_datetime(there, usegmt=True)
    return page("Too many requests", "Please come back later.", 429, Retry_After=moment, Date=date)


def _server_error(_act: Act, _clock: LabClock) -> Response:
    return page("500 Internal Server Error", "Something went wrong.", 500)


def _unavailable(_act: Act, _clock: LabClock) -> Response:
    return page("503 Service Unavailable", "We are down for maintenance.", 503, Retry_After="1")


def _unavailable_after(act: Act, _clock: LabClock) -> Response:
    act()
    return page("503 Service Unavailable", "The server did not answer.", 503)


def _soap_fault(_act: Act, _clock: LabClock) -> Response:
    return Response(500, TYPE, fault("Server", "Something went wrong."))


def _html(_act: Act, _clock: LabClock) -> Response:
    return page("メンテナンスのお知らせ", "ただいまメンテナンス中です。")


def _redirect(_act: Act, _clock: LabClock) -> Response:
    return page("Moved", "Please come here.", 302, Location="/sorry.html")


def _internal(act: Act, _clock: LabClock) -> Response:
    return t.cast(Acting, act).refused(problems.INTERNAL)


def _internal_after(act: Act, _clock: LabClock) -> Response:
    act()
    return t.cast(Acting, act).refused(problems.INTERNAL)


def _database(act: Act, _clock: LabClock) -> Response:
    return t.cast(Acting, act).refused(problems.DATABASE)


def _login(act: Act, _clock: LabClock) -> Response:
    return t.cast(Acting, act).refused(problems.LOGIN)


def _huge(act: Act, _clock: LabClock) -> Response:
    """White space where XML may have it: after the declaration."""
    answer = act()
    head = HEAD.encode("ascii")
    return replace(answer, body=head + b" " * playing.HUGE + answer.body.removeprefix(head))


def _with_type(act: Act, document_type: str, reference: str) -> Response:
    """A document type, and whoever expands it finds it first thing in the response."""
    answer = act()
    text = answer.body.decode("utf-8").replace(HEAD, HEAD + document_type, 1)
    text = text.replace("<Response>", f"<Response>{reference}", 1) if reference else text
    return replace(answer, body=text.encode("utf-8"))


def _bomb(act: Act, _clock: LabClock) -> Response:
    return _with_type(act, BOMB, "<Note>&a9;</Note>")


def _external(act: Act, _clock: LabClock) -> Response:
    return _with_type(act, EXTERNAL, "<Note>&a9;</Note>")


def _loaded(act: Act, _clock: LabClock) -> Response:
    return _with_type(act, LOADED, "")


PLAYS = (
    Play("gcc_too_many", _too_many),
    Play("gcc_server_error", _server_error),
    Play("gcc_lost_answer", playing.lost),
    Play("gcc_html_for_xml", _html),
    Play("gcc_internal_error", _internal),
    Play("gcc_internal_after_effect", _internal_after),
    Play("gcc_database_error", _database),
    Play("gcc_too_many_seconds", _too_many_seconds),
    Play("gcc_too_many_date", _too_many_date),
    Play("gcc_too_many_skewed", _too_many_skewed),
    Play("gcc_unavailable", _unavailable),
    Play("gcc_unavailable_after_effect", _unavailable_after),
    Play("gcc_soap_fault", _soap_fault),
    Play("gcc_half_xml", playing.half),
    Play("gcc_cut_answer", playing.cut),
    Play("gcc_slow_drip", playing.drip),
    Play("gcc_redirect_to_page", _redirect),
    Play("gcc_login_first", _login),
    Play("gcc_entity_bomb", _bomb),
    Play("gcc_external_entity", _external),
    Play("gcc_document_type", _loaded),
    Play("gcc_gzip_unasked", playing.zipped),
    Play("gcc_bom_xml", playing.with_mark),
    Play("gcc_huge_answer", _huge, READING),
)
