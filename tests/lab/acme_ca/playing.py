# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers of the ACME server go wrong: its words for it."""

from __future__ import annotations

import json
import typing as t
from datetime import timedelta
from email.utils import format_datetime

from lab import playing
from lab.clock import LabClock
from lab.http_server import Response
from lab.playing import Act, Play

from .problems import Document, Problem

SKEW = timedelta(hours=1)
#: of these, orders share a subject, so that nobody spends his time on waiting
SHARED = ("directory", "nonce", "order", "authorization", "challenge")
READING = ("directory", "order", "authorization", "certificate", "renewal_info")
POSTS = (
    *("account_new", "account", "key_change", "order_new", "authorization_new", "order", "authorization"),
    *("challenge", "finalize", "certificate", "revoke", "orders"),
)
JSON_TYPE, PROBLEM_TYPE = "application/json", "application/problem+json"


def as_json(
    document: Document, status: int = 200, kind: str = JSON_TYPE, headers: t.Mapping[str, str] | None = None
) -> Response:
    body = json.dumps(document, indent=2).encode("utf-8")
    return Response(status, {"Content-Type": kind, **(headers or {})}, body)


def of_problem(problem: Problem) -> Response:
    return as_json(problem.document(), problem.status, PROBLEM_TYPE, problem.headers)


def _page(title: str, text: str, status: int = 200, **headers: str) -> Response:
    head = f"<!DOCTYPE html>\n<html lang='en'><head><title>{title}</title></head>"
    return Response.of_html(f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>\n", status, **headers)


def _too_many(**headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return of_problem(Problem("rateLimited", "Service busy; retry later.", headers=named))


def _too_many_seconds(_act: Act, _clock: LabClock) -> Response:
    return _too_many(Retry_After="1")


def _too_many_bare(_act: Act, _clock: LabClock) -> Response:
    return _too_many()


def _too_many_date(_act: Act, clock: LabClock) -> Response:
    return _too_many(Retry_After=format_datetime(clock.now() + timedelta(seconds=2), usegmt=True))


def _too_many_skewed(_act: Act, clock: LabClock) -> Response:
    there = clock.now() + SKEW
    moment = format_datetime(there + timedelta(seconds=2), usegmt=True)
    return _too_many(Retry_After=moment, Date=format_datetime(there, usegmt=True))


def _server_error(_act: Act, _clock: LabClock) -> Response:
    return of_problem(Problem("serverInternal", "Something went wrong here."))


def _error_page(_act: Act, _clock: LabClock) -> Response:
    return _page("500 Internal Server Error", "Something went wrong.", 500)


def _unavailable(_act: Act, _clock: LabClock) -> Response:
    return _page("503 Service Unavailable", "The service is down for maintenance.", 503, Retry_After="1")


def _gateway(act: Act, _clock: LabClock) -> Response:
    act()
    return _page("502 Bad Gateway", "The server did not answer.", 502)


def _html(_act: Act, _clock: LabClock) -> Response:
    return _page("Welcome", "You are behind a portal: please sign in.")


def _redirect(_act: Act, _clock: LabClock) -> Response:
    return _page("Moved", "Please sign in.", 302, Location="/sorry.html")


def _bad_nonce(_act: Act, _clock: LabClock) -> Response:
    return of_problem(Problem("badNonce", "JWS has an invalid anti-replay nonce"))


PLAYS: t.Final = (
    Play("acme_bad_nonce", _bad_nonce, POSTS),
    Play("acme_server_error", _server_error),
    Play("acme_lost_answer", playing.lost),
    Play("acme_too_many_seconds", _too_many_seconds),
    Play("acme_too_many_date", _too_many_date),
    Play("acme_too_many_skewed", _too_many_skewed),
    Play("acme_too_many", _too_many_bare),
    Play("acme_error_page", _error_page),
    Play("acme_unavailable", _unavailable),
    Play("acme_gateway_lost_effect", _gateway),
    Play("acme_html_for_json", _html),
    Play("acme_redirect_to_page", _redirect),
    Play("acme_half_json", playing.half),
    Play("acme_cut_answer", playing.cut),
    Play("acme_slow_drip", playing.drip),
    Play("acme_gzip_unasked", playing.zipped),
    Play("acme_huge_answer", playing.huge, READING),
)
