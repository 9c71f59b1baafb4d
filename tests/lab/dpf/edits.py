# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that edit and publish: each is refused at once, or accepted and done by a job."""

from __future__ import annotations

import typing as t

from lab.clock import LabClock
from lab.history import History
from lab.vices import Switches

from .api import SERVICE, Call, Caller
from .jobs import Jobs
from .looks import RECORD, ZONE, Looking
from .publishing import Servers, publish
from .records import CHANGEABLE, MOST_DESCRIPTION, Record, fields_of, name_of
from .wrongs import Document, Wrong, schema
from .zones import DpfZone

#: who edits at the worst moment
SOMEBODY = "SA0000009"
CREATED = ("name", "rrtype", "rdata", "ttl", "description", "labels")


class Editing:
    def __init__(
        self,
        url: str,
        looking: Looking,
        jobs: Jobs,
        servers: Servers,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._url, self._looking, self._jobs, self._servers = url, looking, jobs, servers
        self._clock, self._history, self._switches = clock, history, switches

    def calls(self) -> list[Call]:
        return [
            Call("create", "POST", f"{ZONE}/records", self._create),
            Call("change", "PATCH", RECORD, self._change),
            Call("delete", "DELETE", RECORD, self._delete),
            Call("undo", "DELETE", f"{RECORD}/changes", self._undo),
            Call("publish", "PATCH", f"{ZONE}/changes", self._publish),
            Call("undo_all", "DELETE", f"{ZONE}/changes", self._undo_all),
            Call("replace", "PUT", f"{ZONE}/records", self._replace),
            Call("atomic", "PATCH", f"{ZONE}/atomic_changes", self._atomic),
            Call("change_ttl", "PATCH", f"{ZONE}/default_ttl", self._change_default_ttl),
            Call("undo_ttl", "DELETE", f"{ZONE}/default_ttl/changes", self._undo_default_ttl),
        ]

    # --- editing ---

    def _editable(self, caller: Caller) -> DpfZone:
        zone = self._looking.zone(caller)
        if zone.proxy:
            raise Wrong(("forbidden", "zone"))
        zone.long_texts = self._switches.is_on("dpf_long_text_split")
        return zone

    def _accepted(self, zone: DpfZone, act: t.Callable[[], str]) -> Document:
        job = self._jobs.add(zone.id, act)
        return {"request_id": job.id, "jobs_url": f"{self._url}/jobs/{job.id}"}

    def _staged(self, zone: DpfZone, edit: t.Callable[[DpfZone], Record], what: str, operator: str) -> Document:
        """Refused at once where it can be seen at once; done by a job."""
        edit(_copy(zone))

        def act() -> str:
            record = edit(zone)
            self._history.add(
                "dpf_edit", service=SERVICE, zone=zone.name, name=record.name, type=record.rrtype, what=what,
                operator=operator, values=list(record.rdata),
            )  # fmt: skip
            self._somebody(zone, record)
            return f"/zones/{zone.id}/records/{record.id}"

        return self._accepted(zone, act)

    def _create(self, caller: Caller) -> Document:
        zone = self._editable(caller)
        wish = fields_of(caller.body(), ("name", "rrtype", "rdata"), CREATED)
        wish["name"] = name_of(wish["name"])
        operator = caller.token.operator
        return self._staged(zone, lambda there: there.create(wish, operator), "create", operator)

    def _change(self, caller: Caller) -> Document:
        zone, id = self._editable(caller), caller.part(2)
        wish = fields_of(caller.body(), (), CHANGEABLE)
        zone.known(id)
        if zone.known(id).rrtype == "SOA" and self._switches.is_on("dpf_soa_fixed"):
            raise Wrong(("forbidden", "record"))
        operator = caller.token.operator
        return self._staged(zone, lambda there: there.change(id, wish, operator), "change", operator)

    def _delete(self, caller: Caller) -> Document:
        zone, id, operator = self._editable(caller), caller.part(2), caller.token.operator
        return self._staged(zone, lambda there: there.delete(id, operator), "delete", operator)

    def _undo(self, caller: Caller) -> Document:
        zone, id = self._editable(caller), caller.part(2)
        return self._staged(zone, lambda there: there.undo(id), "undo", caller.token.operator)

    def _undo_all(self, caller: Caller) -> Document:
        zone = self._editable(caller)
        operator = caller.token.operator if self._switches.is_on("dpf_publish_own_only") else None

        def act() -> str:
            zone.undo_all(operator)
            return f"/zones/{zone.id}"

        return self._accepted(zone, act)

    def _list_of(self, caller: Caller, more: t.Collection[str]) -> tuple[list[Document], bool, bool, str]:
        body = caller.body()
        flags = ("overwrite_soa", "overwrite_zone_apex_ns")
        if not isinstance(body, dict) or not {"records"} <= set(body) <= {"records", *flags, *more}:
            raise schema()
        if not isinstance(body["records"], list) or not body["records"]:
            raise Wrong(("required", "records"))
        values = [body.get(flag, True) for flag in flags]
        if not all(isinstance(value, bool) for value in values):
            raise schema()
        wishes = [fields_of(one, CREATED, CREATED) for one in body["records"]]
        for wish in wishes:
            wish["name"] = name_of(wish["name"])
        return wishes, values[0], values[1], _description(body)

    def _replace(self, caller: Caller) -> Document:
        zone, operator = self._editable(caller), caller.token.operator
        wishes, soa, apex_ns, _description = self._list_of(caller, ())
        _copy(zone).replace_all(wishes, soa, apex_ns, operator)

        def act() -> str:
            zone.replace_all(wishes, soa, apex_ns, operator)
            return f"/zones/{zone.id}/records"

        return self._accepted(zone, act)

    def _atomic(self, caller: Caller) -> Document:
        zone, operator = self._editable(caller), caller.token.operator
        wishes, soa, apex_ns, description = self._list_of(caller, ("description",))
        _copy(zone).replace_all(wishes, soa, apex_ns, operator)

        def act() -> str:
            zone.replace_all(wishes, soa, apex_ns, operator)
            self.publish(zone, operator, description)
            return f"/zones/{zone.id}/records/currents"

        return self._accepted(zone, act)

    # --- publishing ---

    def _publish(self, caller: Caller) -> Document:
        zone, operator = self._editable(caller), caller.token.operator
        body = caller.body()
        if not isinstance(body, dict) or not set(body) <= {"description"}:
            raise schema()
        description = _description(body)
        if not zone.diffs() and zone.new_default_ttl is None and self._switches.is_on("dpf_publish_nothing_refused"):
            raise Wrong(("not_found", "record"))

        def act() -> str:
            self.publish(zone, operator, description)
            return f"/zones/{zone.id}/records/currents"

        return self._accepted(zone, act)

    def publish(self, zone: DpfZone, operator: str, description: str) -> None:
        zone.check_references()
        own_only = self._switches.is_on("dpf_publish_own_only")
        pairs = zone.publish(operator, own_only, self._clock.now(), description)
        publish(self._servers, zone)
        changed = [record for pair in pairs for record in (pair.new or pair.old,) if record is not None]
        self._history.add(
            "dpf_publish", service=SERVICE, zone=zone.name, operator=operator, description=description,
            changed=[[record.name, record.rrtype] for record in changed],
            foreign=[[one.name, one.rrtype] for one in changed if one.operator not in (None, operator)],
        )  # fmt: skip

    # --- the default TTL ---

    def _change_default_ttl(self, caller: Caller) -> Document:
        zone, body = self._looking.zone(caller), caller.body()
        if not isinstance(body, dict) or set(body) != {"value"} or body["value"] is None:
            raise schema()
        value = fields_of({"ttl": body["value"]}, ("ttl",), ("ttl",))["ttl"]

        def act() -> str:
            zone.new_default_ttl = (value, caller.token.operator)
            return f"/zones/{zone.id}/default_ttl"

        return self._accepted(zone, act)

    def _undo_default_ttl(self, caller: Caller) -> Document:
        zone = self._looking.zone(caller)
        if zone.new_default_ttl is None:
            raise Wrong(("forbidden", "default_ttl"))

        def act() -> str:
            zone.new_default_ttl = None
            return f"/zones/{zone.id}/default_ttl"

        return self._accepted(zone, act)

    # --- other people ---

    def _somebody(self, zone: DpfZone, record: Record) -> None:
        """Edits at the worst moment: right after ours was staged."""
        if self._switches.strikes("dpf_foreign_edit", zone.id):
            self.somebody_edits(zone, f"somebody-{record.id}.{zone.name}", "TXT", ['"a foreign edit"'])
        if self._switches.strikes("dpf_foreign_publish", zone.id):
            self.publish(zone, SOMEBODY, "a foreign publication")

    def somebody_edits(
        self, zone: DpfZone, name: str, rrtype: str, values: t.Sequence[str], ttl: int | None = None
    ) -> Record:
        known = zone.at(name, rrtype)
        if known is None:
            wish: Document = {"name": name, "rrtype": rrtype, "rdata": tuple(values), "ttl": ttl}
            return zone.create(wish, SOMEBODY)
        if not values:
            return zone.delete(known.id, SOMEBODY)
        return zone.change(known.id, {"rdata": tuple(values), "ttl": ttl}, SOMEBODY)


def _description(body: Document) -> str:
    description = body.get("description", "")
    if not isinstance(description, str) or len(description) > MOST_DESCRIPTION:
        raise schema()
    return description


def _copy(zone: DpfZone) -> DpfZone:
    """To try an edit on."""
    copy = DpfZone(zone.id, zone.service_code, zone.name, long_texts=zone.long_texts)
    copy.published, copy.edited = dict(zone.published), dict(zone.edited)
    return copy
