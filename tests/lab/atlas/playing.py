# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers of the API go wrong: its words for it."""

from __future__ import annotations

import json
import typing as t
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus

from lab import playing
from lab.clock import LabClock
from lab.http_server import Response
from lab.playing import Act, Play

SKEW = timedelta(hours=1)
SHARED = ("look",)  # looks share a subject, so that nobody spends his time on waiting
READING = ("look", "claim", "claims", "stats", "chain", "policy")
PROBLEM = "application/problem+json"


def problem(status: int, description: str = "", **headers: str) -> Response:
    """Its description is the status in words."""
    body = json.dumps({"description": description or HTTPStatus(status).phrase}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"Content-Type": PROBLEM, **named}, body)


def page(title: str, text: str, status: int = 200, **headers: str) -> Response:
    head = f"<!DOCTYPE html>\n<html lang='en'><head><title>{title}</title></head>"
    return Response.of_html(f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>\n", status, **headers)


def _answering(status: int, **headers: str) -> t.Callable[[Act, LabClock], Response]:
    return lambda _act, _clock: problem(status, **headers)


def _too_many_date(_act: Act, clock: LabClock) -> Response:
    return problem(429, Retry_After=format_datetime(clock.now() + timedelta(seconds=2), usegmt=True))


def _too_many_skewed(_act: Act, clock: LabClock) -> Response:
    there = clock.now() + SKEW
    moment = format_datetime(there + timedelta(seconds=2), usegmt=True)
    return problem(429, Retry_After=moment, Date=format_datetime(there, usegmt=True))


def _server_page(_act: Act, _clock: LabClock) -> Response:
    return page("502 Bad Gateway", "The server did not answer.", 502)


def _accepted(_act: Act, _clock: LabClock) -> Response:
    return Response(202)


def _unavailable_effect(act: Act, _clock: LabClock) -> Response:
    act()
    return problem(503)


def _html(_act: Act, _clock: LabClock) -> Response:
    return page("Sign in", "Your session has expired.")


def _redirect(_act: Act, _clock: LabClock) -> Response:
    return page("Moved", "Please sign in.", 302, Location="/sorry.html")


PLAYS = (
    Play("atlas_too_many", _answering(429)),
    Play("atlas_server_error", _answering(500)),
    Play("atlas_lost_answer", playing.lost),
    Play("atlas_html_for_json", _html),
    Play("atlas_unavailable", _answering(503)),
    Play("atlas_too_many_seconds", _answering(429, Retry_After="1")),
    Play("atlas_too_many_date", _too_many_date),
    Play("atlas_too_many_skewed", _too_many_skewed),
    Play("atlas_server_page", _server_page),
    Play("atlas_unavailable_effect", _unavailable_effect),
    Play("atlas_accepted", _accepted),
    Play("atlas_half_json", playing.half),
    Play("atlas_cut_answer", playing.cut),
    Play("atlas_slow_drip", playing.drip),
    Play("atlas_redirect_to_page", _redirect),
    Play("atlas_huge_answer", playing.huge, READING),
    Play("atlas_gzip_unasked", playing.zipped, READING),
    Play("atlas_bom_json", playing.with_mark, READING),
)
