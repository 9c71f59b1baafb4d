# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of PowerDNS in memory, behind the door ``HttpClient``: zones, REPLACE, EXTEND and PRUNE."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse

Key = tuple[str, str]
Rows = list[dict[str, t.Any]]
BASE = "https://dns.example.test/api/v1/servers/localhost"


@dataclass
class Server:
    """sets: (name with dot, type) -> (TTL, records); of one zone."""

    zone: str = "example.test."
    version: str = "4.7.3"
    kind: str = "Native"
    soa_edit_api: str = "DEFAULT"
    knows_extend: bool = False
    others: t.Sequence[str] = ()
    sets: dict[Key, tuple[int, Rows]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    patches: list[list[dict[str, t.Any]]] = field(default_factory=list)
    #: path or method -> what comes instead of an answer
    answers: dict[str, HttpResponse | InkanError] = field(default_factory=dict)
    #: as answers, after the effect
    lost: InkanError | None = None
    deaf: bool = False
    before_patch: t.Callable[[Server], None] | None = None

    def __post_init__(self) -> None:
        self.put("", "SOA", f"ns1.{self.zone} hostmaster.{self.zone} 7 3600 600 86400 60", ttl=3600)

    def put(self, owner: str, type: str, *contents: str, ttl: int = 60, disabled: t.Collection[str] = ()) -> Server:
        rows = [{"content": one, "disabled": False} for one in contents]
        rows += [{"content": one, "disabled": True} for one in disabled]
        self.sets[f"{owner}.{self.zone}" if owner else self.zone, type] = (ttl, rows)
        return self

    def contents(self, owner: str, type: str = "TXT") -> list[str]:
        _ttl, rows = self.sets.get((f"{owner}.{self.zone}" if owner else self.zone, type), (0, []))
        return [row["content"] + (" (disabled)" if row["disabled"] else "") for row in rows]

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        assert url.startswith(BASE) and headers is not None and headers["X-API-Key"] == "key-of-the-api"
        path = url[len(BASE) :]
        self.calls.append(f"{method} {path}")
        answer = self.answers.get(f"{method} {path}", self.answers.get(method))
        if isinstance(answer, InkanError):
            raise answer
        if answer is not None:
            return answer
        if method == "PATCH" and body is not None:
            return self._patched(json.loads(body)["rrsets"])
        return self._shown(path)

    def _shown(self, path: str) -> HttpResponse:
        if path == "":
            return said(200, {"version": self.version})
        if path.startswith("/zones?"):
            return said(200, [{"name": name} for name in [self.zone, *self.others]])
        if path == f"/zones/{self.zone}/notify":
            return said(200, {"result": "Notification queued"})
        if path != f"/zones/{self.zone}":
            return HttpResponse(404, {}, b"Not Found", "")
        sets = [
            {"name": name, "type": type, "ttl": ttl, "records": rows, "comments": []}
            for (name, type), (ttl, rows) in self.sets.items()
        ]
        data = {"name": self.zone, "kind": self.kind, "soa_edit_api": self.soa_edit_api, "rrsets": sets}
        return said(200, data)

    def _patched(self, entries: list[dict[str, t.Any]]) -> HttpResponse:
        before, self.before_patch = self.before_patch, None
        if before is not None:
            before(self)
        self.patches.append(entries)
        if any(entry["changetype"] != "REPLACE" for entry in entries) and not self.knows_extend:
            return said(422, {"error": "Changetype not understood"})
        clash = [one["name"] for one in entries if one["type"] != "CNAME" and (one["name"], "CNAME") in self.sets]
        if clash:
            return said(422, {"error": f"RRset {clash[0]} IN TXT: Conflicts with pre-existing RRset"})
        if not self.deaf:
            for entry in entries:
                self._apply(entry)
        if self.lost is not None:
            raise self.lost
        return HttpResponse(204, {}, b"", "")

    def _apply(self, entry: dict[str, t.Any]) -> None:
        key = entry["name"], entry["type"]
        rows = entry["records"]
        if entry["changetype"] != "REPLACE":
            there = [row for row in self.sets.get(key, (0, []))[1] if not row["disabled"]]
            rest = [row for row in there if row["content"] != rows[0]["content"]]
            rows = rest if entry["changetype"] == "PRUNE" else [*rest, *rows]
        self.sets[key] = (entry["ttl"], rows)
        if not rows:
            del self.sets[key]


def said(status: int, data: t.Any) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, json.dumps(data).encode(), "")
