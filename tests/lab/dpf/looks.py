# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that look: zones, records as edited and as published, differences, jobs, histories."""

from __future__ import annotations

import typing as t

from lab.clock import iso_utc
from lab.vices import Switches

from .api import Call, Caller, chosen, page
from .jobs import Jobs
from .records import Record
from .wrongs import Document, Wrong, no_zone
from .zones import DpfZone, Pair

ZONE, RECORD = r"/zones/([A-Za-z0-9]+)", r"/zones/([A-Za-z0-9]+)/records/([A-Za-z0-9]+)"


class Looking:
    def __init__(
        self, url: str, zones: dict[str, DpfZone], jobs: Jobs, name_servers: t.Sequence[str], switches: Switches
    ) -> None:
        self._url, self._zones, self._jobs = url, zones, jobs
        self._name_servers = [f"{name}." for name in name_servers]
        self._switches = switches

    def calls(self) -> list[Call]:
        return [
            Call("ping", "GET", "/ping", lambda _caller: {}),
            Call("job", "GET", "/jobs/([A-Za-z0-9]+)", self._job),
            Call("zones", "GET", "/zones", lambda caller: {"results": page(caller, self._zone_list(caller))}),
            Call("zones", "GET", "/zones/count", lambda caller: _count(self._zone_list(caller))),
            Call("zone", "GET", ZONE, lambda caller: {"result": _of_zone(self.zone(caller))}),
            Call("zone", "GET", f"{ZONE}/zone_proxy", self._proxy),
            Call("servers", "GET", f"{ZONE}/managed_dns_servers", self._managed),
            Call("records", "GET", f"{ZONE}/records", self._records),
            Call("records", "GET", f"{ZONE}/records/count", lambda caller: _count(self._edited(caller))),
            Call("currents", "GET", f"{ZONE}/records/currents", self._currents),
            Call("currents", "GET", f"{ZONE}/records/currents/count", lambda c: _count(self._published(c))),
            Call("diffs", "GET", f"{ZONE}/records/diffs", self._diffs),
            Call("diffs", "GET", f"{ZONE}/records/diffs/count", lambda c: _count(self.zone(c).diffs())),
            Call("record", "GET", RECORD, self._record),
            Call("default_ttl", "GET", f"{ZONE}/default_ttl", self._default_ttl),
            Call("default_ttl", "GET", f"{ZONE}/default_ttl/diffs", self._default_ttl_diffs),
            Call("histories", "GET", f"{ZONE}/zone_histories", self._histories),
            Call("history", "GET", rf"{ZONE}/zone_histories/([0-9]+)/text", self._history_text),
        ]

    def _job(self, caller: Caller) -> Document:
        return self._jobs.shown(caller.part(), self._url)

    def zone(self, caller: Caller) -> DpfZone:
        zone = self._zones.get(caller.part())
        if zone is None or zone.service_code not in caller.token.services:
            raise no_zone()
        return zone

    def _zone_list(self, caller: Caller) -> list[Document]:
        mine = [zone for zone in self._zones.values() if zone.service_code in caller.token.services]
        words: dict[str, t.Callable[[DpfZone, str], bool]] = {
            "name": lambda zone, value: self._is_named(zone.name, value),
            "full_text": lambda zone, value: value in zone.name or value in zone.description,
            "service_code": lambda zone, value: zone.service_code == value,
            "state": lambda zone, value: str(zone.state) == value,
            "zone_proxy_enabled": lambda zone, value: str(int(zone.proxy)) == value,
            "label": lambda _zone, _value: False,
        }
        return [_of_zone(zone) for zone in chosen(caller, mine, words)]

    def _is_named(self, name: str, value: str) -> bool:
        value = value.lower()
        exact = self._switches.is_on("dpf_names_exact")
        return name.rstrip(".") == value.rstrip(".") if exact else value in name

    def _proxy(self, caller: Caller) -> Document:
        return {"result": {"enabled": int(self.zone(caller).proxy)}}

    def _managed(self, caller: Caller) -> Document:
        self.zone(caller)
        return {"results": self._name_servers}

    def _fitting(self, caller: Caller, records: t.Iterable[Record]) -> list[Record]:
        words: dict[str, t.Callable[[Record, str], bool]] = {
            "name": lambda one, value: self._is_named(one.name, value),
            "full_text": lambda one, value: value in one.name or any(value in text for text in one.rdata),
            "ttl": lambda one, value: str(one.ttl) == value,
            "rrtype": lambda one, value: one.rrtype == value,
            "rdata": lambda one, value: any(value in text for text in one.rdata),
            "description": lambda one, value: value in one.description,
            "operator": lambda one, value: one.operator == value,
            "label": lambda one, value: one.labels.get(value.partition("=")[0]) == value.partition("=")[2],
        }
        return chosen(caller, list(records), words)

    def _edited(self, caller: Caller) -> list[Record]:
        return self._fitting(caller, self.zone(caller).edited.values())

    def _published(self, caller: Caller) -> list[Record]:
        return self._fitting(caller, self.zone(caller).published.values())

    def _records(self, caller: Caller) -> Document:
        return {"results": [self._shown(one) for one in page(caller, self._edited(caller))]}

    def _currents(self, caller: Caller) -> Document:
        return {"results": [self._shown(one) for one in page(caller, self._published(caller))]}

    def _record(self, caller: Caller) -> Document:
        return {"result": self._shown(self.zone(caller).known(caller.part(2)))}

    def _shown(self, record: Record) -> Document:
        return record.document(with_dot=not self._switches.is_on("dpf_names_without_dot"))

    def _diffs(self, caller: Caller) -> Document:
        pairs: t.Sequence[Pair] = page(caller, self.zone(caller).diffs())
        found = [
            {"new": pair.new and self._shown(pair.new), "old": pair.old and self._shown(pair.old)} for pair in pairs
        ]
        if self._switches.is_on("dpf_diff_half_left_out"):
            found = [{word: half for word, half in one.items() if half is not None} for one in found]
        return {"results": found}

    def _histories(self, caller: Caller) -> Document:
        found = [
            {"id": one.id, "committed_at": iso_utc(one.at), "description": one.description, "operator": one.operator}
            for one in self.zone(caller).histories
        ]
        return {"results": page(caller, found[::-1] if caller.request.query.get("order") == "DESC" else found)}

    def _history_text(self, caller: Caller) -> Document:
        found = [one for one in self.zone(caller).histories if str(one.id) == caller.part(2)]
        if not found:
            raise Wrong(("not_found", "zone_history"))
        one = found[0]
        return {
            "result": {
                "id": one.id,
                "committed_at": iso_utc(one.at),
                "description": one.description,
                "operator": one.operator,
                "text": one.text,
            }
        }

    def _default_ttl(self, caller: Caller) -> Document:
        zone = self.zone(caller)
        if zone.new_default_ttl is None:
            return {"result": {"value": zone.default_ttl, "state": 0, "operator": None}}
        value, operator = zone.new_default_ttl
        return {"result": {"value": value, "state": 3, "operator": operator}}

    def _default_ttl_diffs(self, caller: Caller) -> Document:
        zone = self.zone(caller)
        if zone.new_default_ttl is None:
            return {"results": []}
        value, operator = zone.new_default_ttl
        old = {"value": zone.default_ttl, "state": 5, "operator": None}
        return {"results": [{"new": {"value": value, "state": 3, "operator": operator}, "old": old}]}


def _of_zone(zone: DpfZone) -> Document:
    return {
        "id": zone.id,
        "common_config_id": 1234,
        "service_code": zone.service_code,
        "state": zone.state,
        "favorite": 2,
        "name": zone.name,
        "network": None,
        "description": zone.description,
    }


def _count(found: t.Sequence[t.Any]) -> Document:
    return {"result": {"count": len(found)}}
