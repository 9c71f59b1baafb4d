# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted HTTP transport for adapters: answers are written down by request line, requests are kept for questions."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse

NOW = datetime(2026, 6, 22, 3, 0, 0, tzinfo=timezone.utc)
LOST = TransportError(code="http_broken_answer", what="no answer", sent=True)
NOT_SENT = TransportError(code="http_no_connection", what="no connection", sent=False)


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class Answer(t.NamedTuple):
    status: int = 200
    body: t.Any = b""
    headers: t.Mapping[str, str] = {}


@dataclass(frozen=True)
class Asked:
    """line: ``GET /orders/LS-000042``, without the base address."""

    line: str
    headers: dict[str, str]
    body: bytes | None
    timeout: float

    @property
    def json(self) -> t.Any:
        return json.loads(self.body or b"null")


Scripted = t.Union[Answer, TransportError]


class Script:
    """HttpClient: the n-th request of a line gets the n-th answer that was written for it, the last one for ever."""

    def __init__(self, clock: FakeClock, base: str) -> None:
        self.clock = clock
        self.base = base
        self.asked: list[Asked] = []
        self.cost = 0.0
        self._answers: dict[str, list[Scripted]] = {}

    def on(self, line: str, *answers: Scripted) -> Script:
        self._answers[line] = list(answers)
        return self

    def lines(self) -> list[str]:
        return [one.line for one in self.asked]

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        assert url.startswith(self.base + "/"), url
        line = f"{method} {url[len(self.base) :]}"
        self.asked.append(Asked(line, dict(headers or {}), body, timeout))
        self.clock.seconds += self.cost
        assert line in self._answers, f"the script has no answer for {line}"
        answers = self._answers[line]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, TransportError):
            raise TransportError(code=answer.code, what=answer.what, sent=answer.sent)
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body, ensure_ascii=False).encode()
        return HttpResponse(answer.status, {"content-type": "application/json", **answer.headers}, raw, url)


def page(status: int = 200, title: str = "ただいまメンテナンス中です", **headers: str) -> Answer:
    body = f"<html><head><title>{title}</title></head><body><p>お待ちください</p></body></html>".encode("cp932")
    return Answer(status, body, {"content-type": "text/html; charset=Shift_JIS", **headers})
