# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers of the API go wrong: its words for it."""

from __future__ import annotations

import json
from email.utils import format_datetime

from lab import playing
from lab.clock import LabClock
from lab.http_server import Response
from lab.playing import Act, Play

from .jobs import new_request_id
from .wrongs import Document

#: their looks share a subject, so that nobody spends his time on waiting
SHARED = ("job", "zones", "zone", "records", "currents", "diffs", "record", "servers")
READING = ("zones", "records", "currents", "diffs", "job")


def as_json(document: Document, status: int = 200) -> Response:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8")
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, body)


def refusal(status: int, kind: str, message: str, **more: str) -> Response:
    return as_json({"request_id": new_request_id(), "error_type": kind, "error_message": message, **more}, status)


def _with(answer: Response, name: str, value: str) -> Response:
    return Response(answer.status, {**answer.headers, name: value}, answer.body)


def too_many() -> Response:
    return refusal(429, "TooManyRequests", "Too many requests.")


def _too_many(_act: Act, _clock: LabClock) -> Response:
    return too_many()


def _too_many_seconds(_act: Act, _clock: LabClock) -> Response:
    return _with(too_many(), "Retry-After", "1")


def _too_many_date(_act: Act, clock: LabClock) -> Response:
    return _with(too_many(), "Retry-After", format_datetime(clock.now(), usegmt=True))


def _server_error(_act: Act, _clock: LabClock) -> Response:
    return refusal(500, "SystemError", "System error occurred.")


def _unavailable(_act: Act, _clock: LabClock) -> Response:
    return refusal(503, "ServiceUnavailable", "Service unavailable.")


def _busy(_act: Act, _clock: LabClock) -> Response:
    return refusal(503, "SystemBusy", "The system is busy, Please try again later.")


def _gateway(act: Act, _clock: LabClock) -> Response:
    act()
    return refusal(504, "GatewayTimeout", "Gateway timeout.")


def _blocked(_act: Act, _clock: LabClock) -> Response:
    return refusal(406, "NotAcceptable", "Request was blocked.", block_id=new_request_id())


def _plain_text(_act: Act, _clock: LabClock) -> Response:
    return Response(500, {"Content-Type": "text/plain"}, b"upstream connect error\n")


def _html(_act: Act, _clock: LabClock) -> Response:
    return Response.of_html("<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n")


def _redirect(_act: Act, _clock: LabClock) -> Response:
    return Response.of_html("<!DOCTYPE html>\n<title>Moved</title>\n", 302, Location="/sorry.html")


PLAYS = (
    Play("dpf_too_many", _too_many),
    Play("dpf_server_error", _server_error),
    Play("dpf_lost_answer", playing.lost),
    Play("dpf_too_many_seconds", _too_many_seconds),
    Play("dpf_too_many_date", _too_many_date),
    Play("dpf_unavailable", _unavailable),
    Play("dpf_busy", _busy),
    Play("dpf_gateway_lost_effect", _gateway),
    Play("dpf_blocked", _blocked),
    Play("dpf_plain_text_error", _plain_text),
    Play("dpf_html_for_json", _html),
    Play("dpf_redirect_to_page", _redirect),
    Play("dpf_half_json", playing.half),
    Play("dpf_cut_answer", playing.cut),
    Play("dpf_slow_drip", playing.drip),
    Play("dpf_gzip_unasked", playing.zipped),
    Play("dpf_huge_answer", playing.huge, READING),
)
