# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers of the API go wrong: its words for it."""

from __future__ import annotations

import typing as t
from datetime import timedelta
from email.utils import format_datetime

from lab import playing
from lab.clock import LabClock
from lab.http_server import Response
from lab.playing import Act, Play, as_json

SKEW = timedelta(hours=1)
SHARED = ("look", "check")  # looks share a subject, so that nobody spends his time on waiting
READING = ("look", "list", "alternate", "download")
BUSY = "Service unavailable, please limit request volume"


def problem(status: int, code: str, message: str, in_a_list: bool = True, **headers: str) -> Response:
    error: t.Any = {"code": code, "message": message}
    answer = as_json({"errors": [error] if in_a_list else error}, status)
    return Response(status, {**answer.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}, answer.body)


def page(title: str, text: str, status: int = 200, **headers: str) -> Response:
    head = f"<!DOCTYPE html>\n<html lang='en'><head><title>{title}</title></head>"
    return Response.of_html(f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>\n", status, **headers)


def too_many(**headers: str) -> Response:
    return problem(429, "request_limit_exceeded", BUSY, True, **headers)


def _too_many(_act: Act, _clock: LabClock) -> Response:
    return too_many()


def _too_many_seconds(_act: Act, _clock: LabClock) -> Response:
    return too_many(Retry_After="1")


def _too_many_date(_act: Act, clock: LabClock) -> Response:
    return too_many(Retry_After=format_datetime(clock.now() + timedelta(seconds=2), usegmt=True))


def _too_many_skewed(_act: Act, clock: LabClock) -> Response:
    there = clock.now() + SKEW
    moment = format_datetime(there + timedelta(seconds=2), usegmt=True)
    return too_many(Retry_After=moment, Date=format_datetime(there, usegmt=True))


def _server_error(_act: Act, _clock: LabClock) -> Response:
    return page("500 Internal Server Error", "Something went wrong.", 500)


def _unavailable(_act: Act, _clock: LabClock) -> Response:
    return page("503 Service Unavailable", "We are down for maintenance.", 503, Retry_After="1")


def _unavailable_after_effect(act: Act, clock: LabClock) -> Response:
    act()
    return _unavailable(act, clock)


def _gateway(act: Act, _clock: LabClock) -> Response:
    act()
    return page("502 Bad Gateway", "The server did not answer.", 502)


def _html(_act: Act, _clock: LabClock) -> Response:
    return page("Sign in", "Your session has expired.")


def _redirect(_act: Act, _clock: LabClock) -> Response:
    return page("Moved", "Please sign in.", 302, Location="/sorry.html")


def _unauthorized(_act: Act, _clock: LabClock) -> Response:
    return unauthorized()


def unauthorized(as_page: bool = False) -> Response:
    """UNVERIFIED what is in it: nobody should read more than the number."""
    if as_page:
        return page("401 Unauthorized", "Authorization required.", 401)
    return problem(401, "access_denied", "The API key is missing or invalid.")


PLAYS = (
    Play("dc_too_many", _too_many),
    Play("dc_server_error", _server_error),
    Play("dc_lost_answer", playing.lost),
    Play("dc_html_for_json", _html),
    Play("dc_too_many_seconds", _too_many_seconds),
    Play("dc_too_many_date", _too_many_date),
    Play("dc_too_many_skewed", _too_many_skewed),
    Play("dc_unavailable", _unavailable),
    Play("dc_gateway_lost_effect", _gateway),
    Play("dc_unavailable_after_effect", _unavailable_after_effect),
    Play("dc_half_json", playing.half),
    Play("dc_cut_answer", playing.cut),
    Play("dc_slow_drip", playing.drip),
    Play("dc_redirect_to_page", _redirect),
    Play("dc_unauthorized_first", _unauthorized),
    Play("dc_huge_answer", playing.huge, READING),
)
