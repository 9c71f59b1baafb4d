# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before a real PowerDNS 4.7: plays the EXTEND and PRUNE of 4.9.12 and 5.0.2, which no package here has.

As their source has it: exactly one record each, a TTL that must be that of the set, disabled records not seen (and so
lost), nothing written where nothing changes, and one transaction for the whole PATCH. Everything else is passed on.
"""

from __future__ import annotations

import http.server
import json
import threading
import typing as t
import urllib.error

from servers.powerdns import PowerDns
from servers.process import free_port

VERSION = "5.0.2"


class Refused(Exception):
    """422 with these words."""


class LaterPowerDns:
    def __init__(self, real: PowerDns) -> None:
        self.port = free_port()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), _handler(real, threading.Lock()))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _replacements(real: PowerDns, path: str, entries: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The same change in words of 4.7."""
    found: dict[tuple[str, str], dict[str, t.Any]] = {}
    plain = []
    for entry in entries:
        if entry["changetype"] not in ("EXTEND", "PRUNE"):
            plain.append(entry)
            continue
        if len(entry["records"]) != 1:
            raise Refused("Exactly one record should be provided for PRUNE or EXTEND operation")
        key = entry["name"], entry["type"]
        there = found.get(key) or _there(real, path, *key)
        if _applied(there, entry):
            found[key] = there
    return plain + list(found.values())


def _there(real: PowerDns, path: str, name: str, type: str) -> dict[str, t.Any]:
    sets = real.call("GET", path)["rrsets"]
    records, ttl = [], None
    for one in sets:
        if (one["name"], one["type"]) == (name, type):
            records, ttl = [record for record in one["records"] if not record["disabled"]], one["ttl"]
    return {"name": name, "type": type, "ttl": ttl, "changetype": "REPLACE", "records": records}


def _applied(there: dict[str, t.Any], entry: dict[str, t.Any]) -> bool:
    (record,) = entry["records"]
    same = [one for one in there["records"] if one["content"] == record["content"]]
    if entry["changetype"] == "PRUNE":
        there["records"] = [one for one in there["records"] if one not in same]
        return bool(same)
    if same:
        return False
    if there["records"] and there["ttl"] != entry["ttl"]:
        raise Refused(f"RRset {entry['name']} IN {entry['type']} has more than one TTL")
    if there["records"] and entry["type"] == "CNAME":
        raise Refused(f"RRset {entry['name']} IN CNAME: Conflicts with pre-existing RRset")
    there["ttl"] = entry["ttl"]
    there["records"] = [*there["records"], record]
    return True


def _handler(real: PowerDns, lock: threading.Lock) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers["X-API-Key"] != real.api_key:
                return self._say(401, b"Unauthorized")
            path = self.path.removeprefix("/api/v1/servers/localhost")
            try:
                with lock:
                    answer = self._answer(path, json.loads(body) if body else None)
            except Refused as refused:
                return self._say(422, json.dumps({"error": str(refused)}).encode())
            except urllib.error.HTTPError as refused:
                return self._say(refused.code, refused.read())
            return self._say(204 if answer is None else 200, b"" if answer is None else json.dumps(answer).encode())

        def _answer(self, path: str, body: t.Any) -> t.Any:
            if self.command == "PATCH":
                entries = _replacements(real, path, body["rrsets"])
                return real.call("PATCH", path, {"rrsets": entries}) if entries else None
            answer = real.call(self.command, path, body)
            return {**answer, "version": VERSION} if path == "" else answer

        def _say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, *_words: object) -> None:
            pass

    return Handler
