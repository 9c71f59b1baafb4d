#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcv_check
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Look at validation records and files as a CA does
description:
  - Tells for each item whether all its records and files can be seen where a CA will look, and if not, which server
    lacks what.
  - Records are asked of every address of every authoritative server of their zone. A CNAME at the name is followed. TXT
    values are compared after joining their character-strings. One of several values will do.
  - Resolvers are never asked for the record itself, so that none remembers its absence. They are asked for zones, name
    servers and addresses only.
  - Files are fetched from every address of the host, first by their URL (below C(/.well-known/acme-challenge/) by http on
    port 80, as RFC 8555 wants it), then through redirects (301, 302, 307, 308; to http and https on ports 80 and 443; at
    most ten), as the Baseline Requirements 3.2.2.4.18 and 3.2.2.4.19 allow. Certificates are not verified on this look, a
    CA does not verify them either.
  - An address family that this machine cannot reach is a warning of the item. The CA may reach it.
  - Not visible is an answer, never an error.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.sight
attributes:
  check_mode:
    support: full
    details: It only looks, and only once, whatever O(deadline) says, because in check mode nothing was published.
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
requirements:
  - dnspython
notes:
  - Runs on the controller. Needs a way to all authoritative servers on UDP and TCP port 53, and to the web servers.
  - Whether DNSSEC validates is not checked yet. CAs have to validate it.
options:
  checks:
    description: What must be visible.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the item, unique in the call.
        type: str
        required: true
      records:
        description: The records.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The owner name, absolute, with A-labels.
            type: str
            required: true
          type:
            description: The type of the record.
            type: str
            choices: [TXT, CNAME, CAA]
            default: TXT
          value:
            description: The value. V(known_after_order) is taken in check mode.
            type: str
            required: true
      files:
        description: The files.
        type: list
        elements: dict
        default: []
        suboptions:
          url:
            description: Where a CA fetches it first. V(known_after_order) is taken in check mode.
            type: str
            required: true
          content:
            description:
              - What the file must be (below C(/.well-known/acme-challenge/), but for white space at its end) or hold
                (elsewhere). V(known_after_order) is taken in check mode.
            type: str
            required: true
  deadline:
    description: Seconds to go on looking until all is visible. V(0) looks once.
    type: int
    default: 0
seealso:
  - module: inkan.tls.dns_tokens
  - module: inkan.tls.file_tokens
"""

EXAMPLES = r"""
- name: Wait up to two minutes until the CA will see the record
  inkan.tls.dcv_check:
    sight:
      resolvers: [192.0.2.53]
    deadline: 120
    checks:
      - name: shop
        records:
          - name: _acme-challenge.shop.example.jp
            value: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv

- name: Look at a file once
  inkan.tls.dcv_check:
    checks:
      - name: www
        files:
          - url: http://www.example.jp/.well-known/pki-validation/gsdv.txt
            content: 9b1f2c7e5d3a
"""

RETURN = r"""
results:
  description: One for each item of O(checks), in the same order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      sample: shop
    changed:
      description: Always false.
      type: bool
      sample: false
    outcome:
      description: The same word as RV(results[].state).
      type: str
      sample: visible
    state:
      description:
        - V(visible) where every server that could be reached shows everything, else V(not_visible).
        - V(known_after_order) in check mode, for an item with a value that only the order will tell.
      type: str
      sample: not_visible
    error:
      description: Always null.
      type: dict
      sample: null
    records:
      description: What each server says.
      type: list
      elements: dict
      contains:
        name:
          description: The owner name.
          type: str
          sample: _acme-challenge.shop.example.jp
        type:
          description: The type.
          type: str
          sample: TXT
        value:
          description: The value that must be there.
          type: str
          sample: gfj9Xq-Rg85nM1234567890abcdefghijklmnopqrstuv
        visible:
          description: Whether all servers show it, null where it was not looked for.
          type: bool
          sample: false
        servers:
          description: One for each address, and for each name of a CNAME chain.
          type: list
          elements: dict
          contains:
            server:
              description: The name of the server.
              type: str
              sample: ns2.example.jp
            address:
              description: Its address.
              type: str
              sample: 192.0.2.54
            record:
              description: The name that it was asked for.
              type: str
              sample: _acme-challenge.shop.example.jp
            found:
              description: Whether it shows the value, null where its address family cannot be reached from here.
              type: bool
              sample: false
            answer:
              description: What it says.
              type: str
              sample: says NXDOMAIN
    files:
      description: What each web server serves.
      type: list
      elements: dict
      contains:
        url:
          description: The URL.
          type: str
          sample: http://www.example.jp/.well-known/pki-validation/gsdv.txt
        found:
          description: Whether all addresses of the host serve the content, null where it was not looked for.
          type: bool
          sample: true
        status:
          description: The last status, of the first address that lacks it, else of the first. Null without an answer.
          type: int
          sample: 200
        hops:
          description: The requests of the same address, each with C(url), C(address) and C(status).
          type: list
          elements: dict
          sample:
            - url: http://www.example.jp/.well-known/pki-validation/gsdv.txt
              address: 192.0.2.80
              status: 200
        reason:
          description: Why it is found or not.
          type: str
          sample: serves the content
        addresses:
          description: The same for each address of the host, each with C(address), C(found), C(status), C(reason).
          type: list
          elements: dict
          sample:
            - address: 192.0.2.80
              found: true
              status: 200
              reason: serves the content
    findings:
      description: What was found. Empty if all is well.
      type: list
      elements: dict
      contains:
        code:
          description: A stable word for it. The guide "What the CA sees" lists them all.
          type: str
          sample: record_missing
        severity:
          description: V(fatal) where a CA that looks now would say no, V(warning) for all else.
          type: str
          sample: fatal
        what:
          description: What it is.
          type: str
          sample: A record is not there
        where:
          description: The record, file, name or contact, and the server or address that shows it.
          type: str
          sample: TXT _acme-challenge.shop.example.jp, ns2.example.jp (192.0.2.54)
        why:
          description: What was seen there.
          type: str
          sample: says NXDOMAIN
        todo:
          description: What a person does next.
          type: str
          sample: Publish it, and wait until each server has it
    lacking:
      description: The fatal findings, a sentence each. Empty if visible.
      type: list
      elements: str
      sample: ["TXT _acme-challenge.shop.example.jp: ns2.example.jp (192.0.2.54) says NXDOMAIN"]
    warnings:
      description: The other findings, a sentence each.
      type: list
      elements: str
      sample: []
looks:
  description: How many times it looked.
  returned: always
  type: int
  sample: 1
"""

import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error, shown_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_name,
    canonical_value,
    value_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import SIGHT_SPEC, Sight, parse_sight
from ansible_collections.inkan.tls.plugins.module_utils._dns import visibility
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import DNSPYTHON_ERROR
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Sighting, Wish
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import ExchangeTo, WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io import web_look
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor, executor_for
from ansible_collections.inkan.tls.plugins.module_utils._io.system_resolvers import system_resolvers
from ansible_collections.inkan.tls.plugins.module_utils._io.web_look import FileSighting, FileWish
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module

#: waiting for servers, not for processors
WORKERS = 16
DNS_TIMEOUT = 4.0
#: seconds between two looks: soon at first, then so that servers do not mind
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0


def argument_spec() -> dict[str, t.Any]:
    return {
        "sight": SIGHT_SPEC,
        "deadline": {"type": "int", "default": 0},
        "checks": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "records": {
                    "type": "list",
                    "elements": "dict",
                    "default": [],
                    "options": {
                        "name": {"type": "str", "required": True},
                        "type": {"type": "str", "choices": ["TXT", "CNAME", "CAA"], "default": "TXT"},
                        "value": {"type": "str", "required": True},
                    },
                },
                "files": {
                    "type": "list",
                    "elements": "dict",
                    "default": [],
                    "options": {"url": {"type": "str", "required": True}, "content": {"type": "str", "required": True}},
                },
            },
        },
    }


class Ports(t.NamedTuple):
    """The outside: time, DNS servers by address, workers, and one HTTP request."""

    clock: Clock
    exchange_to: t.Callable[[Sight], ExchangeTo]
    executor: Executor
    fetch: web_look.Fetch


def real_ports() -> Ports:
    return Ports(
        clock=SystemClock(),
        exchange_to=lambda sight: lambda address: WireExchange(address, sight.dns_port, DNS_TIMEOUT),
        executor=executor_for(WORKERS),
        fetch=web_look.fetch,
    )


@dataclass
class Check:
    """One item, and the latest look at it."""

    name: str
    records: list[Wish]
    files: list[FileWish]
    known: bool
    seen_records: dict[Wish, Sighting] = field(default_factory=dict)
    seen_files: dict[FileWish, FileSighting] = field(default_factory=dict)

    def open_records(self) -> list[Wish]:
        return [one for one in self.records if one not in self.seen_records or not self.seen_records[one].visible]

    def open_files(self) -> list[FileWish]:
        return [one for one in self.files if one not in self.seen_files or not self.seen_files[one].visible]

    @property
    def is_open(self) -> bool:
        return self.known and bool(self.open_records() or self.open_files())


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    """Judge all options first; then look, again and again until the deadline."""
    ports = ports or real_ports()
    errors = InputCollector()
    sight = parse_sight(params["sight"], errors)
    checks = _checks(params["checks"], check_mode, errors)
    errors.refuse()
    looks = _watch(checks, sight, 0 if check_mode else params["deadline"], ports)
    return Result(items=[_item(check) for check in checks], extra={"looks": looks})


def _watch(checks: list[Check], sight: Sight, deadline: int, ports: Ports) -> int:
    """Only what is not yet visible is looked at again."""
    clock = ports.clock
    ends = clock.monotonic() + max(deadline, 0)
    pause = FIRST_PAUSE
    looks = 0
    while any(check.is_open for check in checks):
        _look([check for check in checks if check.is_open], sight, ports)
        looks += 1
        left = ends - clock.monotonic()
        if left <= 0 or not any(check.is_open for check in checks):
            break
        clock.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)
    return looks


def _look(checks: list[Check], sight: Sight, ports: Ports) -> None:
    """With a new memory each time: a name server or an address may be what was wrong."""
    resolver = Resolver(sight.resolvers or system_resolvers(), ports.exchange_to(sight), ports.executor)
    records = visibility.look([one for check in checks for one in check.open_records()], resolver, ports.executor)
    wanted = [one for check in checks for one in check.open_files()]
    files = web_look.look(wanted, resolver, sight, ports.executor, ports.fetch, ports.clock.monotonic)
    for check in checks:
        check.seen_records.update({one: records[one] for one in check.open_records()})
        check.seen_files.update({one: files[one] for one in check.open_files()})


# --- options ---------------------------------------------------------------------------------------------------------


def _checks(raw: list[dict[str, t.Any]], check_mode: bool, errors: InputCollector) -> list[Check]:
    checks: list[Check] = []
    for number, item in enumerate(raw, 1):
        name = item["name"]
        records = [_wish(one) for one in item["records"] or []]
        files = [FileWish(one["url"], one["content"]) for one in item["files"] or []]
        known = not any(KNOWN_AFTER_ORDER in text for one in [*records, *files] for text in one)
        reasons = [*_name_reasons(name, {check.name for check in checks})]
        reasons += [reason for record in records for reason in _record_reasons(record)]
        reasons += [reason for file in files for reason in _file_reasons(file)]
        if not known and not check_mode:
            reasons.append(("known_after_order", "a value is only known after the order", "Order first, then look"))
        for code, why, todo in reasons:
            where = f'item {number} "{escaped(name, 80)}"'
            errors.add(code, what="A check cannot be done", where=where, why=why, todo=todo)
        checks.append(Check(name, records, files, known))
    return checks


def _wish(raw: dict[str, t.Any]) -> Wish:
    known = raw["value"] != KNOWN_AFTER_ORDER
    value = canonical_value(raw["type"], raw["value"]) if known else raw["value"]
    return Wish(canonical_name(raw["name"]), raw["type"], value)


#: code, why, and what to do
Reason = tuple[str, str, str]


def _name_reasons(name: str, names: set[str]) -> t.Iterator[Reason]:
    why = shown_name_error(name)
    if why:
        yield "bad_name", why, "Correct the name"
    if name in names:
        yield "duplicate_name", "another item has the same name", "Give each item its own name"


def _record_reasons(wish: Wish) -> t.Iterator[Reason]:
    shown = escaped(wish.name, 80)
    why = owner_name_error(wish.name)
    if why:
        yield "bad_record", f"{shown!r} is no owner name: {why}", "Write an absolute A-label name"
    why = None if wish.value == KNOWN_AFTER_ORDER else value_error(wish.type, wish.value)
    if why:
        yield "bad_value", f"the value at {shown} is no {wish.type} value: {why}", "Take the value that the order wants"


def _file_reasons(wish: FileWish) -> t.Iterator[Reason]:
    why = None if KNOWN_AFTER_ORDER in wish.url else web_look.url_error(wish.url)
    if why:
        yield "bad_url", f"{escaped(wish.url, 200)!r} cannot be fetched: {why}", "Take the URL that the order wants"
    if not wish.content.strip():
        yield "no_content", "the content of a file is empty", "Take the content that the order wants"


# --- results ---------------------------------------------------------------------------------------------------------


def _item(check: Check) -> ItemResult:
    seen: list[Sighting | FileSighting] = [*check.seen_records.values(), *check.seen_files.values()]
    state = KNOWN_AFTER_ORDER if not check.known else "not_visible" if check.is_open else "visible"
    return ItemResult(
        name=check.name,
        outcome=state,
        state=state,
        extra={
            "records": [_record_data(one, check.seen_records.get(one)) for one in check.records],
            "files": [_file_data(one, check.seen_files.get(one)) for one in check.files],
            "findings": [finding.as_data() for one in seen for finding in one.findings],
            "lacking": [text for one in seen for text in one.lacking],
            "warnings": [text for one in seen for text in one.warnings],
        },
    )


def _record_data(wish: Wish, seen: Sighting | None) -> dict[str, t.Any]:
    rows = seen.rows if seen else ()
    return {
        "name": wish.name,
        "type": wish.type,
        "value": wish.value,
        "visible": seen.visible if seen else None,
        "servers": [
            {
                "server": row.server,
                "address": row.address,
                "record": row.record,
                "found": row.found,
                "answer": row.answer,
            }
            for row in rows
        ],
    }


def _file_data(wish: FileWish, seen: FileSighting | None) -> dict[str, t.Any]:
    visits = seen.visits if seen else ()
    telling = next((one for one in visits if one.found is False), visits[0] if visits else None)
    return {
        "url": wish.url,
        "found": seen.visible if seen else None,
        "status": telling.status if telling else None,
        "hops": [hop._asdict() for hop in telling.hops] if telling else [],
        "reason": telling.reason if telling else "; ".join(seen.lacking) if seen else "it was not looked for",
        "addresses": [
            {"address": one.address, "found": one.found, "status": one.status, "reason": one.reason} for one in visits
        ],
    }


def main() -> None:
    run_module(
        argument_spec=argument_spec(),
        run=run,
        needs=(Library("dnspython", DNSPYTHON_ERROR, "to speak DNS"),),
    )


if __name__ == "__main__":
    main()
