# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders and facts as rows of the ledger, and back. What is written here is read by every later version.

This file is private to the collection.
"""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.advice import AdviceKey, Remembered
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Answer, Certificate, Fact, Kind, Order
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, TokenFile, TokenRecord, Wanted


def to_text(moment: datetime) -> str:
    """``2026-11-20T00:00:00.000Z``."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


ORDER_FIELDS = (
    "reference name purpose ca_account product common_name dns_names method csr public_key_sha256 custodian hosts"
    " options created_at"
).split()
_JSON_FIELDS = frozenset({"dns_names", "hosts", "options"})


def order_row(order: Order) -> tuple[str, ...]:
    values = {name: getattr(order, name) for name in ORDER_FIELDS}
    values["created_at"] = to_text(order.created_at)
    return tuple(_json(value) if name in _JSON_FIELDS else value for name, value in values.items())


def row_order(row: t.Sequence[str]) -> Order:
    values: dict[str, t.Any] = dict(zip(ORDER_FIELDS, row))
    values["dns_names"] = _texts(json.loads(values["dns_names"]))
    values["hosts"] = _texts(json.loads(values["hosts"]))
    values["options"] = json.loads(values["options"])
    if not isinstance(values["options"], dict):
        raise ValueError("the options are no dictionary")
    values["created_at"] = read_time(values["created_at"])
    return Order(**values)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


_WORDS = ("handle", "word", "host", "token", "by", "code", "text")


def fact_data(fact: Fact) -> str:
    """What the fact says, without its times: the same words give the same text."""
    data: dict[str, t.Any] = {name: getattr(fact, name) for name in _WORDS if getattr(fact, name)}
    if fact.status is not None:
        data["status"] = fact.status.value
    if fact.expires is not None:
        data["expires"] = to_text(fact.expires)
    if fact.names:
        data["names"] = list(fact.names)
    if fact.wanted is not None:
        data["wanted"] = _wanted_data(fact.wanted)
    if fact.certificate is not None:
        data["certificate"] = _certificate_data(fact.certificate)
    return _json(data)


def row_fact(kind: str, at: str, data: str, times: int, last_at: str | None) -> Fact:
    said = json.loads(data)
    return Fact(
        kind=Kind(kind),
        at=read_time(at),
        status=Answer(said["status"]) if "status" in said else None,
        expires=read_time(said["expires"]) if "expires" in said else None,
        names=_texts(said.get("names", ())),
        wanted=_wanted(said["wanted"]) if "wanted" in said else None,
        certificate=_certificate(said["certificate"]) if "certificate" in said else None,
        times=times,
        last_at=read_time(last_at) if last_at else None,
        **{name: _text(said.get(name, "")) for name in _WORDS},
    )


def _text(value: object) -> str:
    """A row of ours has texts where it says something: any other value is not of our writing."""
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} stands where a text is")
    return value


def _texts(values: t.Iterable[object]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _wanted_data(wanted: Wanted) -> dict[str, t.Any]:
    data: dict[str, t.Any] = {
        "records": [[record.name, record.type, record.value, record.ttl] for record in wanted.records],
        "files": [[file.dns_name, file.path, file.content, file.url] for file in wanted.files],
        "notes": list(wanted.notes),
        "mails": list(wanted.mails),
    }
    if wanted.tasks:
        data["tasks"] = [_task_data(task) for task in wanted.tasks]
    return data


_TASK_WORDS = ("actor", "what", "owner", "where", "sheet", "tell", "letter", "kind", "mail", "escalate_to")


def _task_data(task: Task) -> dict[str, t.Any]:
    data: dict[str, t.Any] = {name: getattr(task, name) for name in _TASK_WORDS if getattr(task, name)}
    if task.due is not None:
        data["due"] = to_text(task.due)
    if task.lapses is not None:
        data["lapses"] = to_text(task.lapses)
    if task.card:
        data["card"] = [list(pair) for pair in task.card]
    if task.papers:
        data["papers"] = list(task.papers)
    return {**data, "facts": list(task.facts)}


def _task(data: t.Mapping[str, t.Any]) -> Task:
    return Task(
        due=read_time(data["due"]) if "due" in data else None,
        lapses=read_time(data["lapses"]) if "lapses" in data else None,
        card=tuple((_text(key), _text(value)) for key, value in data.get("card", ())),
        papers=_texts(data.get("papers", ())),
        facts=_texts(data.get("facts", ())),
        **{name: _text(data.get(name, "")) for name in _TASK_WORDS},
    )


def _record(name: object, type: object, value: object, ttl: object = 60) -> TokenRecord:
    if not isinstance(ttl, int):
        raise ValueError("a time to live is no number")
    return TokenRecord(_text(name), _text(type), _text(value), ttl)


def _wanted(data: t.Mapping[str, t.Any]) -> Wanted:
    return Wanted(
        records=tuple(_record(*record) for record in data["records"]),
        files=tuple(TokenFile(*_texts(file)) for file in data["files"]),
        notes=_texts(data["notes"]),
        mails=_texts(data.get("mails", ())),  # facts written before version 0.2 have none
        tasks=tuple(_task(task) for task in data.get("tasks", ())),
    )


def _certificate_data(certificate: Certificate) -> dict[str, t.Any]:
    return {
        "pem": certificate.pem,
        "chain": list(certificate.chain),
        "serial": certificate.serial,
        "not_before": to_text(certificate.not_before),
        "not_after": to_text(certificate.not_after),
        "key_type": certificate.key_type,
        **({"public_key_sha256": certificate.public_key_sha256} if certificate.public_key_sha256 else {}),
    }


def _certificate(data: t.Mapping[str, t.Any]) -> Certificate:
    return Certificate(
        pem=_text(data["pem"]),
        chain=_texts(data["chain"]),
        serial=_text(data["serial"]),
        not_before=read_time(data["not_before"]),
        not_after=read_time(data["not_after"]),
        key_type=_text(data["key_type"]),
        public_key_sha256=_text(data.get("public_key_sha256", "")),
    )


ADVICE_FIELDS = "ca_account serial asked_at ask_again_at starts ends url problem".split()


def advice_row(key: AdviceKey, one: Remembered) -> tuple[str | None, ...]:
    window = (to_text(one.start) if one.start else None, to_text(one.end) if one.end else None)
    return (*key, to_text(one.asked_at), to_text(one.ask_again_at), *window, one.url, one.problem)


def row_advice(row: t.Sequence[t.Any]) -> tuple[AdviceKey, Remembered]:
    account, serial, asked_at, ask_again_at, starts, ends, url, problem = row
    window = (read_time(starts) if starts else None, read_time(ends) if ends else None)
    return (account, serial), Remembered(read_time(asked_at), read_time(ask_again_at), *window, url, problem)
