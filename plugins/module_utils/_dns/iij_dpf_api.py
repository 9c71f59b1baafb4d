# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of the IIJ DNS Platform Service (DPF-API 3.7.0, its published OpenAPI file): one call after the other.

Every call but GET only begins a job (202), which is asked for until it has ended. A wrong token is a 400, and so is a
zone or record that is not there.

This file is private to the collection.
"""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_name
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf_settings import numbers_of, url_of

#: a zone of some hundred thousand RRsets, in pages of 10,000
MAX_ANSWER = 64 * 1024 * 1024
PAGE = 10_000
_MAX_PAGES = 50
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
#: told to come back sooner than this is believed, later is given up
_LONGEST_PAUSE = 60.0

T = t.TypeVar("T")


# --- answers ---------------------------------------------------------------------------------------------------------


class DpfZone(t.NamedTuple):
    id: str
    name: str
    service_code: str


class DpfRecord(t.NamedTuple):
    """One RRset. ttl None: that of the zone; values: rdata as the API writes them; operator: who edited it."""

    id: str
    name: str
    type: str
    ttl: int | None
    values: tuple[str, ...]
    labels: t.Mapping[str, str]
    operator: str


class DpfDiff(t.NamedTuple):
    """A pending edit: old None: it adds; new None: it deletes."""

    new: DpfRecord | None
    old: DpfRecord | None

    @property
    def record(self) -> DpfRecord:
        return self.new or t.cast(DpfRecord, self.old)  # one of them is there


def _zone(raw: t.Mapping[str, t.Any]) -> DpfZone:
    return DpfZone(_identity(raw["id"]), canonical_name(raw["name"]), str(raw["service_code"]))


def _record(raw: t.Mapping[str, t.Any]) -> DpfRecord:
    ttl = raw["ttl"]
    return DpfRecord(
        id=_identity(raw["id"]),
        name=canonical_name(str(raw["name"])),
        type=str(raw["rrtype"]),
        ttl=None if ttl is None else int(ttl),
        values=tuple(str(one["value"]) for one in raw["rdata"]),
        labels={str(key): str(value) for key, value in (raw.get("labels") or {}).items()},
        operator=str(raw.get("operator") or ""),
    )


def _diff(raw: t.Mapping[str, t.Any]) -> DpfDiff:
    """What has no counterpart is null, or has state 2 (to be deleted) as its new side (dns-providers 1.3)."""
    new = _record(raw["new"]) if raw.get("new") else None
    old = _record(raw["old"]) if raw.get("old") else None
    if new is None and old is None:
        raise ValueError("neither old nor new")
    if new is not None and raw["new"].get("state") == 2:
        return DpfDiff(None, old or new)
    return DpfDiff(new, old)


def _identity(value: t.Any) -> str:
    """It becomes part of a path."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("no id")
    return value


# --- calls -----------------------------------------------------------------------------------------------------------


class Api:
    """One account. Not safe for threads."""

    def __init__(self, http: HttpClient, clock: Clock, config: ServiceConfig) -> None:
        self._http, self._clock = http, clock
        self._base = url_of(config)
        self._service_code = config.settings.get("service_code")
        self._numbers = numbers_of(config)
        self._headers = {
            "Authorization": f"Bearer {config.secrets['access_token']}",
            "Content-Type": "application/json; charset=UTF-8",
        }
        self._tokens, self._filled_at = self._numbers["burst"], clock.monotonic()
        self.where = f'service "{config.name}", {escaped(self._base, 200)}'

    def zone(self, name: str) -> DpfZone | None:
        """Compared again: whether the keyword must be the whole name is not said (dns-providers 1.2)."""
        query = urllib.parse.urlencode({"_keywords_name[]": f"{name}."})
        rows = self._listed("/zones", query)
        for found in self._parsed(lambda: [_zone(row) for row in rows]):
            if found.name == name and self._service_code in (None, found.service_code):
                return found
        return None

    def currents(self, zone: str) -> list[DpfRecord]:
        """What DNS serves now."""
        rows = self._listed(f"/zones/{zone}/records/currents")
        return self._parsed(lambda: [_record(row) for row in rows])

    def diffs(self, zone: str) -> list[DpfDiff]:
        rows = self._listed(f"/zones/{zone}/records/diffs")
        return self._parsed(lambda: [_diff(row) for row in rows])

    def default_ttl(self, zone: str) -> int:
        answer = self._json(self._call("GET", f"/zones/{zone}/default_ttl"))
        return self._parsed(lambda: int(answer["result"]["value"]))

    def create(self, zone: str, body: t.Mapping[str, t.Any]) -> str:
        return self._begin("POST", f"/zones/{zone}/records", body)

    def change(self, zone: str, record: str, body: t.Mapping[str, t.Any]) -> str:
        return self._begin("PATCH", f"/zones/{zone}/records/{record}", body)

    def delete(self, zone: str, record: str) -> str:
        return self._begin("DELETE", f"/zones/{zone}/records/{record}")

    def undo(self, zone: str, record: str) -> str:
        return self._begin("DELETE", f"/zones/{zone}/records/{record}/changes")

    def publish(self, zone: str, description: str) -> str:
        return self._begin("PATCH", f"/zones/{zone}/changes", {"description": description})

    def wait(self, job: str) -> None:
        """Until it is done; RefusedError where it failed, DeadlineError where it still runs."""
        until = self._clock.monotonic() + self._numbers["job_timeout"]
        while True:
            answer = self._json(self._call("GET", f"/jobs/{job}"))
            status = answer.get("status") if isinstance(answer, dict) else None
            if status == "SUCCESSFUL":
                return
            if status == "FAILED":
                raise _refusal(self.where, 200, answer)
            if status != "RUNNING":
                raise self._bad_answer(f"a job has the status {escaped(str(status), 40)!r}")
            if self._clock.monotonic() >= until:
                raise self._still_running(job)
            self._clock.sleep(self._numbers["job_interval"])

    # --- one request -------------------------------------------------------------------------------------------------

    def _begin(self, method: str, path: str, body: t.Mapping[str, t.Any] | None = None) -> str:
        answer = self._json(self._call(method, path, body))
        return self._parsed(lambda: _identity(answer["request_id"]))

    def _listed(self, path: str, query: str = "") -> list[t.Mapping[str, t.Any]]:
        found: list[t.Mapping[str, t.Any]] = []
        for page in range(_MAX_PAGES):
            where = f"{path}?limit={PAGE}&offset={page * PAGE}" + (f"&{query}" if query else "")
            answer = self._json(self._call("GET", where))
            rows = answer.get("results") if isinstance(answer, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise self._bad_answer("a list is not of the form that the API documents")
            found += rows
            if len(rows) < PAGE:
                return found
        raise self._bad_answer(f"a list has more than {_MAX_PAGES * PAGE} entries")

    def _call(self, method: str, path: str, body: t.Mapping[str, t.Any] | None = None) -> HttpResponse:
        """429 says that nothing was done: whatever was asked is asked again."""
        content = None if body is None else json.dumps(body).encode("ascii")
        timeout = self._numbers["timeout"]
        until = self._clock.monotonic() + timeout
        while True:
            self._pace()
            try:
                answer = self._http.request(
                    method, self._base + path, headers=self._headers, body=content, timeout=timeout
                )
            except TransportError as failure:
                raise self._unreached(failure) from failure
            if 200 <= answer.status < 300:
                return answer
            pause = _pause(answer, self._numbers["job_interval"])
            is_repeatable = answer.status == 429 or (method == "GET" and answer.status in (500, 503, 504))
            if not is_repeatable or pause > _LONGEST_PAUSE or self._clock.monotonic() + pause > until:
                raise _refusal(self.where, answer.status, _document(answer))
            self._clock.sleep(pause)

    def _pace(self) -> None:
        """A bucket of ``burst`` requests that fills by ``requests_per_second``."""
        rate, now = self._numbers["requests_per_second"], self._clock.monotonic()
        self._tokens = min(self._numbers["burst"], self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens < 1:
            self._clock.sleep((1 - self._tokens) / rate)
            self._tokens, self._filled_at = 1.0, self._clock.monotonic()
        self._tokens -= 1

    def _json(self, answer: HttpResponse) -> t.Any:
        found = _document(answer)
        if found is None:
            raise self._bad_answer("it is no JSON")
        return found

    def _parsed(self, read: t.Callable[[], T]) -> T:
        try:
            return read()
        except (KeyError, TypeError, ValueError, AttributeError) as failure:
            raise self._bad_answer("it is not of the form that the API documents") from failure

    # --- what went wrong ---------------------------------------------------------------------------------------------

    def _unreached(self, failure: TransportError) -> InkanError:
        if failure.code == "http_too_large":
            return self._bad_answer(f"it has {failure.why}: such zones are too large for this service")
        return TransportError(
            code="dns_no_answer" if failure.sent else "dns_unreachable",
            what="The API of the DNS service did not answer" if failure.sent else "The API cannot be reached",
            where=self.where,
            why=failure.why or failure.what,
            todo=failure.todo or "Run again",
            sent=failure.sent,
            retryable=failure.retryable,
        )

    def _bad_answer(self, why: str) -> ProtocolError:
        return ProtocolError(
            code="dns_bad_answer",
            what="The answer of the DNS service's API could not be used",
            where=self.where,
            why=why,
            todo="Check that settings.url is the API of IIJ DNSプラットフォームサービス, and what stands before it",
        )

    def _still_running(self, job: str) -> DeadlineError:
        return DeadlineError(
            code="dns_no_answer",
            what="The DNS service has not finished an edit in time",
            where=self.where,
            why=f"job {job} still runs after {self._numbers['job_timeout']:g} seconds",
            todo="Run again: it starts from what is there then",
            did_change=True,
        )


def _document(answer: HttpResponse) -> t.Any:
    try:
        return load_json(answer.body.decode("utf-8"))
    except ValueError:
        return None


def _pause(answer: HttpResponse, usual: float) -> float:
    """None is documented; given all the same it is believed."""
    told = answer.headers.get("retry-after", "")
    return float(told) if re.fullmatch(r"[0-9]{1,5}", told) else max(usual, 0.01)


#: (code, attribute) of error_details -> code, why, todo (dns-providers 1.5)
_DETAILS: t.Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("invalid", "access_token"): (
        "dns_refused",
        "it does not take the token",
        "Make a token of IIJ ID for IIJ DNSサービスAPI with the scope dpf_write, and give its account the rights",
    ),
    ("not_found", "zone"): ("zone_not_found", "there is no such zone", "Correct the zones of the service"),
    ("forbidden", "zone"): (
        "dns_not_auth",
        "the zone takes no edits: its zone proxy is on, or the account has no right to edit it",
        "Publish at the primary server of the zone (service rfc2136), or give the account of the token the right",
    ),
    ("cname_and_other_mixed", "name"): (
        "cname_conflict",
        "a CNAME can stand beside nothing else",
        "Remove what is there, or publish at the target of the CNAME",
    ),
    ("duplicated", "record"): (
        "rrset_changed",
        "somebody else made the same RRset in the meantime",
        "Run again: it starts from what is there then",
    ),
    ("not_found", "record"): (
        "rrset_changed",
        "somebody else removed the RRset in the meantime",
        "Run again: it starts from what is there then",
    ),
    ("forbidden", "record"): (
        "rrset_changed",
        "somebody else has an edit of the RRset under way",
        "Publish or undo the edit at the control panel, then run again",
    ),
}
_STATUS = {
    404: ("dns_bad_answer", "there is no such call", "Correct settings.url"),
    406: ("dns_refused", "a security control blocked it", "Ask IIJ's support, and name the block_id"),
    429: ("dns_server_failure", "too many requests", "Run again later, or lower requests_per_second"),
    503: ("dns_server_failure", "maintenance, or too much to do", "Run again later"),
}


def _refusal(where: str, status: int, document: t.Any) -> InkanError:
    """document: as the API tells an error, or whatever a gateway says (None: no JSON)."""
    told: t.Mapping[str, t.Any] = document if isinstance(document, dict) else {}
    given = told.get("error_details")
    details = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    keys = [(str(one.get("code")), str(one.get("attribute"))) for one in details]
    code, why, todo = _STATUS.get(status, ("dns_refused", "it cannot take that", "Correct the record"))
    if status >= 500 and status not in _STATUS:
        code, why = "dns_server_failure", "it could not do it"
        todo = "Run again later; tell IIJ's support the request_id if it stays"
    for key in keys:
        code, why, todo = _DETAILS.get(key, (code, why, todo))
    words = [str(status), str(told.get("error_type") or ""), str(told.get("error_message") or "")]
    words += [f"{key[0]}|{key[1]}" for key in keys]
    request = escaped(str(told.get("request_id") or ""), 40)
    return RefusedError(
        code=code,
        what="The API of the DNS service refused",
        where=f"{where}, request_id {request}" if request else where,
        why=f"{escaped(' '.join(word for word in words if word), 300)}: {why}",
        todo=todo,
        retryable=code in ("dns_server_failure", "rrset_changed"),
    )


def may_have_happened(error: InkanError) -> bool:
    """Only a look can tell whether the write took effect; 429 says that it did not."""
    if error.why.startswith("429"):
        return False
    lost = isinstance(error, TransportError) and error.sent
    return lost or isinstance(error, DeadlineError) or error.code in ("dns_bad_answer", "dns_server_failure")


def unreachable(error: InkanError) -> bool:
    """What befell the account as a whole: it is not asked again for each zone."""
    return isinstance(error, (TransportError, DeadlineError)) or "access_token" in error.why
