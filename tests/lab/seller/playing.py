# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers go wrong on their way: one vice a request at most, once for each call and its subject.

The subject of a call is the partner's order (or the order, or the serial); looks share one, so that a demo does not
spend its time on waiting.
"""

from __future__ import annotations

import gzip
import json
import threading
import typing as t
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from lab.clock import LabClock
from lab.http_server import Response
from lab.vices import Switches

DRIP_SECONDS = 2
SKEW = timedelta(hours=1)
HUGE = 32 * 1024 * 1024
SHARED = ("look", "check", "resend")  # calls with one subject for all orders
READING = ("look", "find", "download")
MAINTENANCE_TIMES = 2

Act = t.Callable[[], Response]


class Play(t.NamedTuple):
    vice: str
    #: what the partner gets; whoever does not call the act has no effect
    answer: t.Callable[[Act, LabClock], Response]
    #: empty: all
    calls: tuple[str, ...] = ()


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


def _huge(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, body=b" " * HUGE + answer.body)


def _gateway(act: Act, _clock: LabClock) -> Response:
    act()
    return page("502 Bad Gateway", "サーバーからの応答がありません。", 502)


def _lost(act: Act, _clock: LabClock) -> Response:
    return replace(act(), cut=0)


def _cut(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, cut=max(1, len(answer.body) // 2))


def _half(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _drip(act: Act, _clock: LabClock) -> Response:
    return replace(act(), drip=DRIP_SECONDS)


def _gzip(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=gzip.compress(answer.body))


def _bom(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, body=b"\xef\xbb\xbf" + answer.body)


PLAYS = (
    Play("too_many_seconds", _too_many_seconds),
    Play("server_error", _server_error),
    Play("lost_answer", _lost),
    Play("html_for_json", _html),
    Play("too_many_date", _too_many_date),
    Play("too_many_skewed", _too_many_skewed),
    Play("gateway_lost_effect", _gateway),
    Play("half_json", _half),
    Play("cut_answer", _cut),
    Play("slow_drip", _drip),
    Play("gzip_unasked", _gzip),
    Play("bom_json", _bom),
    Play("redirect_to_page", _redirect),
    Play("unauthorized_first", _unauthorized),
    Play("error_in_200", _error_in_200, READING),
    Play("huge_answer", _huge, READING),
)


class Playing:
    def __init__(self, clock: LabClock, switches: Switches) -> None:
        self._clock, self._switches = clock, switches
        self._lock = threading.Lock()
        self._struck: dict[tuple[str, str], str] = {}

    def play(self, call: str, subject: str, act: Act) -> tuple[Response, str]:
        """The answer, and the vice that had its hand in it."""
        if self._switches.strikes("maintenance", "seller", MAINTENANCE_TIMES):
            return page("メンテナンスのお知らせ", MAINTENANCE, 503, "shift_jis", Retry_After="1"), "maintenance"
        chosen = self._choose(call, "" if call in SHARED else subject)
        return (chosen.answer(act, self._clock), chosen.vice) if chosen else (act(), "")

    def _choose(self, call: str, subject: str) -> Play | None:
        """The vices take turns. Whom one has struck, no other strikes as long as that one is on."""
        with self._lock:
            before = self._struck.get((call, subject), "")
            fitting = [play for play in PLAYS if call in (play.calls or (call,)) and self._switches.is_on(play.vice)]
            if before in [play.vice for play in fitting]:
                fitting = [play for play in fitting if play.vice == before]  # and only if it was switched on anew
            turn = sum(1 for other, _subject in self._struck if other == call) % max(1, len(fitting))
            for play in (*fitting[turn:], *fitting[:turn]):
                if self._switches.strikes(play.vice, f"{call} {subject}"):
                    self._struck[call, subject] = play.vice
                    return play
        return None


def as_json(document: t.Any, status: int = 200) -> Response:
    """Keys in the order of the manual."""
    body = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8")
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, body)
