# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of one DPF zone in memory, behind an HttpClient: what is staged, what is published, and every call.

``answers``: scripted answers that go first, by the beginning of "METHOD path"; an exception is raised, after the effect
if it was ``sent``. ``after``: called once, after the first call that begins so.
"""

from __future__ import annotations

import json
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse

BASE = "https://dpf.example.jp/dpf/v1"
ZONE_ID, ZONE = "m00000000000a1", "example.jp"
Row = dict[str, t.Any]


class FakeClock:
    def __init__(self) -> None:
        self.time, self.slept = 0.0, 0.0

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds

    def now(self) -> t.Any:
        from datetime import datetime, timedelta, timezone

        self.time += 0.001
        return datetime(2026, 11, 20, tzinfo=timezone.utc) + timedelta(seconds=self.time)


def row(name: str, type: str, *values: str, ttl: int | None = 60, **more: t.Any) -> Row:
    rdata = [{"value": value} for value in values]
    base = {"name": f"{name}.", "rrtype": type, "ttl": ttl, "rdata": rdata, "labels": {}, "state": 0}
    return {**base, "description": "", "operator": None, **more}


class ScriptedDpf:
    def __init__(self, *rows: Row) -> None:
        self.calls: list[str] = []
        self.headers: list[t.Mapping[str, str]] = []
        self.published: dict[str, Row] = {}
        self.staged: dict[str, Row | None] = {}
        self.jobs: dict[str, Row] = {}
        self.answers: dict[str, list[t.Any]] = {}
        self.after: dict[str, t.Callable[[], None]] = {}
        self.job_error: Row | None = None
        soa = "ns000.d-53.net. dns-managers.iij.ad.jp. 1 3600 600 604800 300"
        for one in (row(ZONE, "SOA", soa, ttl=None), row(ZONE, "NS", "ns1.example.net.", ttl=None), *rows):
            self.put(one)

    def put(self, one: Row) -> str:
        identity = f"r{len(self.published):013}"
        self.published[identity] = {"id": identity, **one}
        return identity

    def id_of(self, name: str, type: str) -> str:
        found = [key for key, one in self.published.items() if (one["name"], one["rrtype"]) == (f"{name}.", type)]
        return found[0]

    def values(self, name: str, type: str = "TXT") -> list[str]:
        rows = [one for one in self.published.values() if (one["name"], one["rrtype"]) == (f"{name}.", type)]
        return sorted(value["value"] for one in rows for value in one["rdata"])

    def stage(self, identity: str, change: Row | None, operator: str = "SA0000001") -> None:
        """As somebody else does at the control panel."""
        base = self.published.get(identity)
        self.staged[identity] = (
            None if change is None else {**(base or {}), "id": identity, **change, "operator": operator}
        )

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]

    # --- HttpClient ------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        path = url.removeprefix(BASE)
        call = f"{method} {path}"
        self.calls.append(call)
        self.headers.append(headers or {})
        scripted = next(
            (self.answers[key].pop(0) for key in self.answers if call.startswith(key) and self.answers[key]), None
        )
        if isinstance(scripted, HttpResponse):
            return scripted
        answer = (
            None if isinstance(scripted, TransportError) and not scripted.sent else self._answer(method, path, body)
        )
        for key in [key for key in self.after if call.startswith(key)]:
            self.after.pop(key)()
        if isinstance(scripted, Exception):
            raise scripted
        return answer or say(500, {})

    def _answer(self, method: str, path: str, body: bytes | None) -> HttpResponse:
        parts = urllib.parse.urlsplit(path)
        words = parts.path.strip("/").split("/")
        query = urllib.parse.parse_qs(parts.query)
        if method == "GET":
            return self._get(words, query)
        self._write(method, words[2:], json.loads(body) if body else {})
        identity = f"{len(self.jobs):032}"
        status = {"status": "FAILED", **self.job_error} if self.job_error else {"status": "SUCCESSFUL"}
        self.jobs[identity] = {"request_id": identity, **status}
        return say(202, {"request_id": identity, "jobs_url": f"{BASE}/jobs/{identity}"})

    def _get(self, words: list[str], query: dict[str, list[str]]) -> HttpResponse:
        if words[0] == "jobs":
            return say(200, self.jobs[words[1]])
        if words == ["zones"]:
            other = {"id": "m00000000000b2", "name": "sub.example.jp.", "service_code": "dpm00000009", "state": 2}
            ours = {"id": ZONE_ID, "name": f"{ZONE}.", "service_code": "dpm00000001", "state": 2}
            return self._page([other, ours], query)
        if words[2:] == ["default_ttl"]:
            return say(200, {"request_id": "x", "result": {"value": 300, "state": 0, "operator": None}})
        if words[2:] == ["records", "currents"]:
            return self._page(list(self.published.values()), query)
        diffs = [{"new": new, "old": self.published.get(key)} for key, new in self.staged.items()]
        return self._page(diffs, query)

    def _page(self, rows: list[Row], query: dict[str, list[str]]) -> HttpResponse:
        first, limit = int(query["offset"][0]), int(query["limit"][0])
        return say(200, {"request_id": "x", "results": rows[first : first + limit]})

    def _write(self, method: str, words: list[str], body: Row) -> None:
        if self.job_error:
            return
        if words == ["records"]:
            identity = f"r{len(self.published) + len(self.staged):013}"
            self.staged[identity] = {"description": "", **body, "id": identity, "state": 1, "operator": "SA0000002"}
        elif words == ["changes"]:
            for key, new in self.staged.items():
                self.published.pop(key, None)
                if new is not None:
                    self.published[key] = {**new, "state": 0}
            self.staged.clear()
        elif words[-1] == "changes":
            self.staged.pop(words[1], None)
        else:
            new = (
                None
                if method == "DELETE"
                else {**self.published[words[1]], **body, "state": 3, "operator": "SA0000002"}
            )
            self.staged[words[1]] = new


def say(status: int, document: t.Any, **headers: str) -> HttpResponse:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return HttpResponse(status, {key.replace("_", "-"): value for key, value in headers.items()}, body, BASE)


def refusal(code: str, attribute: str, status: int = 400) -> HttpResponse:
    details = [{"code": code, "attribute": attribute}]
    return say(
        status, {"request_id": "f" * 32, "error_type": "ParameterError", "error_message": "m", "error_details": details}
    )


def lost(sent: bool = True) -> TransportError:
    return TransportError(code="http_no_answer", what="No answer", why="the connection was closed", sent=sent)
