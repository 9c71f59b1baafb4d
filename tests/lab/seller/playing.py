# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the seller's answers go wrong: its words and pages for it.

The subject of a call is the partner's order (or the order, or the serial).
"""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

from lab import playing
from lab.clock import LabClock
from lab.http_server import Response
from lab.playing import Act, Play
from lab.vices import Switches

SKEW = timedelta(hours=1)
SHARED = ("look", "check", "resend")  # looks share a subject, so that a demo does not spend its time on waiting
READING = ("look", "find", "download")
MAINTENANCE_TIMES = 2


def problem(status: int, code: str, message: str, **headers: str) -> Response:
    return Response.of_json({"error": {"code": code, "message": message}}, status, **headers)


def page(title: str, text: str, status: int = 200, charset: str = "utf-8", **headers: str) -> Response:
    html = (
        f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="{charset}"><title>{title}</title></head>\n'
        f"<body><h1>{title}</h1><p>{text}</p><p>ラボSSL</p></body></html>\n"
    )
    return Response.of_html(html, status, charset, **headers)


BUSY = "リクエストが多すぎます。しばらく待ってから再度お試しください。"
MAINTENANCE = "ただいまシステムメンテナンス中です。恐れ入りますが、しばらく経ってから再度ご利用ください。"


def _too_many_seconds(_act: Act, _clock: LabClock) -> Response:
    return problem(429, "too_many_requests", BUSY, Retry_After="1")


def _too_many_date(_act: Act, clock: LabClock) -> Response:
    moment = format_datetime(clock.now() + timedelta(seconds=2), usegmt=True)
    return problem(429, "too_many_requests", BUSY, Retry_After=moment)


def _too_many_skewed(_act: Act, clock: LabClock) -> Response:
    there = clock.now() + SKEW
    moment = format_datetime(there + timedelta(seconds=2), usegmt=True)
    return problem(429, "too_many_requests", BUSY, Retry_After=moment, Date=format_datetime(there, usegmt=True))


def _server_error(_act: Act, _clock: LabClock) -> Response:
    return page("500 Internal Server Error", "エラーが発生しました。", 500)


def _unauthorized(_act: Act, _clock: LabClock) -> Response:
    return problem(401, "unauthorized", "APIキーを確認できません。")


def _html(_act: Act, _clock: LabClock) -> Response:
    return page("パートナーログイン", "セッションの有効期限が切れました。もう一度ログインしてください。")


def _redirect(_act: Act, _clock: LabClock) -> Response:
    return page("ページが移動しました", "トップページをご覧ください。", 302, Location="/sorry.html")


def _error_in_200(_act: Act, _clock: LabClock) -> Response:
    return problem(200, "too_many_requests", BUSY)


def _gateway(act: Act, _clock: LabClock) -> Response:
    act()
    return page("502 Bad Gateway", "サーバーからの応答がありません。", 502)


PLAYS = (
    Play("too_many_seconds", _too_many_seconds),
    Play("server_error", _server_error),
    Play("lost_answer", playing.lost),
    Play("html_for_json", _html),
    Play("too_many_date", _too_many_date),
    Play("too_many_skewed", _too_many_skewed),
    Play("gateway_lost_effect", _gateway),
    Play("half_json", playing.half),
    Play("cut_answer", playing.cut),
    Play("slow_drip", playing.drip),
    Play("gzip_unasked", playing.zipped),
    Play("bom_json", playing.with_mark),
    Play("redirect_to_page", _redirect),
    Play("unauthorized_first", _unauthorized),
    Play("error_in_200", _error_in_200, READING),
    Play("huge_answer", playing.huge, READING),
)


class Playing(playing.Playing):
    def __init__(self, clock: LabClock, switches: Switches) -> None:
        super().__init__(PLAYS, clock, switches, SHARED)
        self._seller_switches = switches

    def play(self, call: str, subject: str, act: Act) -> tuple[Response, str]:
        if self._seller_switches.strikes("maintenance", "seller", MAINTENANCE_TIMES):
            return page("メンテナンスのお知らせ", MAINTENANCE, 503, "shift_jis", Retry_After="1"), "maintenance"
        return super().play(call, subject, act)
