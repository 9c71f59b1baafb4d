# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of the ledger as RV(results) show it, and as text for diff.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    SELLERS_KEY,
    Entry,
    Fact,
    Kind,
    Leftover,
    OrderKind,
    Standing,
    State,
    leftovers,
    standing_records,
    token_id,
    tokens_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.people import open_tasks
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import owner_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import Waiting, waiting_for
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Item
from ansible_collections.inkan.tls.plugins.module_utils._module.people_view import followed_tasks, iso, task_data
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff

__all__ = [
    "entry_data",
    "entry_text",
    "history_data",
    "iso",
    "order_diff",
    "planned_data",
    "planned_text",
    "planned_tokens",
    "problem_of",
    "wanted_data",
]

Data = dict[str, t.Any]


def entry_data(entry: Entry | None, entries: t.Iterable[Entry]) -> Data:
    """entries: all of the certificate name, for what is left over and what was revoked."""
    known = list(entries)
    data = _nothing() if entry is None else {**_order_data(entry), **_standing_data(entry)}
    return {**data, **_of_all(known)}


def _of_all(entries: t.Sequence[Entry]) -> Data:
    """What does not belong to one order alone."""
    revoked = [one.standing.certificate for one in entries if one.state is State.REVOKED]
    serials = [certificate.serial for certificate in revoked if certificate is not None]
    standing = [
        _record_data(left.token) for left in standing_records(entries).values() if isinstance(left.token, TokenRecord)
    ]
    return {"leftovers": _leftover_data(leftovers(entries)), "standing": standing, "revoked_serials": serials}


def _nothing() -> Data:
    absent = dict.fromkeys(
        "purpose reference order certificate serial not_before not_after obtained_at key_type public_key_sha256"
        " custodian method common_name ca_account product created_at expires waiting_for status_word problem kind"
        " replaces order_number".split()
    )
    lists = "chain hosts hosts_pending deployed_on rolled_back_on dns_names tasks".split()
    return {**absent, **{key: [] for key in lists}, "options": {}, "wanted": wanted_data(Wanted())}


def _order_data(entry: Entry) -> Data:
    order = entry.order
    return {
        "purpose": order.purpose,
        "reference": order.reference,
        "ca_account": order.ca_account,
        "product": order.product,
        "method": order.method,
        "common_name": order.common_name,
        "dns_names": list(order.dns_names),
        "public_key_sha256": entry.public_key_sha256 or None,
        "custodian": order.custodian or None,
        "options": dict(entry.options),
        "created_at": iso(order.created_at),
    }


def _standing_data(entry: Entry) -> Data:
    standing = entry.standing
    certificate = standing.certificate
    waiting = waiting_for(entry)
    return {
        "order": standing.handle or None,
        "kind": standing.kind.value,
        "replaces": {"order": standing.replaces, "serial": standing.replaces_serial} if standing.replaces else None,
        "wanted": {**wanted_data(standing.wanted), "tasks": [task_data(task, id_) for id_, task in open_tasks(entry)]},
        "tasks": followed_tasks(entry),
        "certificate": certificate.pem if certificate else None,
        "chain": list(certificate.chain) if certificate else [],
        "serial": certificate.serial if certificate else None,
        "not_before": iso(certificate.not_before) if certificate else None,
        "not_after": iso(certificate.not_after) if certificate else None,
        "key_type": certificate.key_type if certificate else None,
        "obtained_at": iso(standing.obtained_at),
        "hosts": list(standing.hosts),
        "hosts_pending": list(standing.hosts_pending),
        "deployed_on": list(standing.deployed_on),
        "rolled_back_on": list(standing.rolled_back_on),
        "expires": iso(standing.expires) if entry.is_open else None,
        "status_word": standing.word or None,
        "problem": problem_of(entry),
        "waiting_for": _waiting_data(waiting) if waiting else None,
        "order_number": standing.taken["order_number"].text if "order_number" in standing.taken else None,
    }


def _waiting_data(waiting: Waiting) -> Data:
    data = {"actor": waiting.actor, "what": waiting.what, "by": iso(waiting.by)}
    if waiting.task is not None:
        words = {"owner": waiting.owner, "sheet": waiting.task.sheet, "tell": waiting.task.tell}
        data.update({key: value or None for key, value in words.items()})
    return data


def problem_of(entry: Entry) -> Data | None:
    """Why it needs a person, even if it has ended, how it ended, or that it is in trouble: ``{by, code, text, at}``."""
    standing = entry.standing
    fact = standing.surplus or standing.reason
    if fact is None or fact.kind is Kind.DOWNLOADED:
        fact = standing.trouble if entry.is_open else None
    return {"by": fact.by, "code": fact.code, "text": fact.text, "at": iso(fact.last_at or fact.at)} if fact else None


def wanted_data(wanted: Wanted) -> Data:
    return {
        "records": [_record_data(record) for record in wanted.records],
        "files": [_file_data(file) for file in wanted.files],
        "notes": list(wanted.notes),
        "mails": list(wanted.mails),
        "tasks": [task_data(task) for task in wanted.tasks],
    }


def _record_data(record: TokenRecord) -> Data:
    return {
        "id": token_id(record),
        "name": record.name,
        "type": record.type,
        "value": record.value,
        "ttl": record.ttl,
    }


def _file_data(file: TokenFile) -> Data:
    return {
        "id": token_id(file),
        "dns_name": file.dns_name,
        "path": file.path,
        "content": file.content,
        "url": file.url,
    }


def _leftover_data(left: t.Mapping[str, Leftover]) -> Data:
    """Each with the options of its own order: where a file lies may have changed since."""
    records, files = [], []
    for leftover in left.values():
        more = {"reference": leftover.order.reference, "options": dict(leftover.order.options)}
        if isinstance(leftover.token, TokenRecord):
            records.append({**_record_data(leftover.token), **more})
        else:
            files.append({**_file_data(leftover.token), **more})
    return {"records": records, "files": files}


def history_data(entry: Entry) -> list[Data]:
    return [_fact_data(fact) for fact in entry.facts]


def _fact_data(fact: Fact) -> Data:
    words = {
        "kind": fact.kind.value,
        "at": iso(fact.at),
        "last_at": iso(fact.last_at),
        "times": fact.times,
        "handle": fact.handle,
        "status": fact.status.value if fact.status else "",
        "word": fact.word,
        "by": fact.by,
        "code": fact.code,
        "text": fact.text,
        "host": fact.host,
        "token": fact.token,
        "names": list(fact.names),
        "serial": fact.certificate.serial if fact.certificate else "",
    }
    return {key: value for key, value in words.items() if value not in ("", None, [])}


# -- check mode -------------------------------------------------------------------------------------------------------


def planned_data(item: Item, public_key_sha256: str, entries: t.Sequence[Entry]) -> Data:
    """An order that check mode does not make: what only the CA can tell is ``known_after_order``."""
    unknown = KNOWN_AFTER_ORDER
    return {
        **_nothing(),
        "purpose": item.purpose,
        "reference": unknown,
        "order": unknown,
        "ca_account": item.ca_account,
        "product": item.product,
        "kind": _planned_kind(item, entries),
        "method": item.method,
        "common_name": item.common_name,
        "dns_names": list(item.dns_names),
        "public_key_sha256": unknown if public_key_sha256 == SELLERS_KEY else public_key_sha256,
        "custodian": item.custodian or None,
        "options": dict(item.options or {}),
        "hosts": list(item.hosts or ()),
        "hosts_pending": list(item.hosts or ()),
        "certificate": unknown,
        "serial": unknown,
        "not_before": unknown,
        "not_after": unknown,
        "wanted": wanted_data(planned_tokens(item)),
        **_of_all(entries),
    }


def _planned_kind(item: Item, entries: t.Iterable[Entry]) -> str:
    """Whether a CA wants to hear of the order before is known when its account is open."""
    follows = any(entry.standing.certificate is not None for entry in entries)
    if item.reissue_only:
        return OrderKind.REISSUE.value
    return KNOWN_AFTER_ORDER if follows and item.kind is not OrderKind.NEW else OrderKind.NEW.value


def planned_tokens(item: Item) -> Wanted:
    """Where tokens go is known before the order (RFC 8555 §8.3, §8.4; BR 3.2.2.4.18); their values are not."""
    names = tuple(dict.fromkeys(validated_name(dns_name) for dns_name in item.dns_names))
    if item.method == "dns-01":
        return Wanted(records=tuple(TokenRecord(f"_acme-challenge.{name}", "TXT", KNOWN_AFTER_ORDER) for name in names))
    if item.method == "dns-persist-01":
        return Wanted(records=tuple(TokenRecord(owner_name(name), "TXT", KNOWN_AFTER_ORDER) for name in names))
    if item.method == "http-01":
        path = f".well-known/acme-challenge/{KNOWN_AFTER_ORDER}"
        return Wanted(files=tuple(TokenFile(name, path, KNOWN_AFTER_ORDER, f"http://{name}/{path}") for name in names))
    if item.method == "file":
        path = f".well-known/pki-validation/{KNOWN_AFTER_ORDER}"
        return Wanted(files=tuple(TokenFile(name, path, KNOWN_AFTER_ORDER, f"http://{name}/{path}") for name in names))
    contact = (item.options or {}).get("contact") or {}
    mails = (str(contact["address"]),) if contact.get("address") else ()
    return Wanted(notes=("what is to be published is known after the order",), mails=mails)


# -- diff -------------------------------------------------------------------------------------------------------------


def order_diff(name: str, before: str, after: str) -> Diff:
    return Diff(header=f'order "{name}"', before=before, after=after)


def entry_text(entry: Entry | None) -> str:
    """One fact a line; nothing that changes without a change of the order."""
    if entry is None:
        return ""
    standing = entry.standing
    lines = [
        *_order_lines(entry.order.ca_account, entry.order.product, entry.order.method, entry.order.dns_names),
        f"state: {entry.state.value}",
        f"order: {standing.handle or '-'}",
        *_token_lines(tokens_of(standing.wanted).values()),
        *(f"mail to: {mail}" for mail in standing.wanted.mails),
        *(f"{task.actor} to do: {task.what}" for task in standing.wanted.tasks),
        *(f"told: {word} {fact.text}".rstrip() for word, fact in standing.taken.items()),
        *_task_lines(standing),
        *_mail_lines(entry),
        *_kind_lines(standing),
        *(f"deployed on: {host}" for host in standing.deployed_on),
        *(f"rolled back on: {host}" for host in standing.rolled_back_on),
        *(f"left over: {identity}" for identity in standing.outstanding if identity not in tokens_of(standing.wanted)),
    ]
    if standing.certificate:
        dates = f"{iso(standing.certificate.not_before)} to {iso(standing.certificate.not_after)}"
        lines.append(f"certificate: serial {standing.certificate.serial}, {dates}")
    return "\n".join(lines) + "\n"


def _mail_lines(entry: Entry) -> list[str]:
    """Approvals that were begun, each with what came of it, and what mails told."""
    begun = {fact.host: "begun" for fact in entry.facts if fact.kind is Kind.APPROVAL_INTENDED}
    begun.update({fact.host: fact.code for fact in entry.facts if fact.kind is Kind.APPROVAL_OUTCOME})
    lines = [f"approval of {domain}: {outcome}" for domain, outcome in begun.items()]
    return lines + [f"mail: {word}" for word in entry.standing.notices]


def _task_lines(standing: Standing) -> list[str]:
    return [
        f"task {one.id}: {'done' if one.is_done else 'open'}"
        + (f", its mail came at {iso(one.mailed_at)}" if one.mailed_at else "")
        for one in standing.tasks.values()
    ]


def _kind_lines(standing: Standing) -> list[str]:
    if standing.kind is OrderKind.NEW:
        return []
    word = "renews" if standing.kind is OrderKind.RENEW else "reissues"
    return [f"{word}: order {standing.replaces}, serial {standing.replaces_serial}"]


def planned_text(item: Item) -> str:
    lines = [
        *_order_lines(item.ca_account, item.product, item.method, item.dns_names),
        f"state: {State.WANTED.value}",
        f"order: {KNOWN_AFTER_ORDER}",
        *_token_lines(tokens_of(planned_tokens(item)).values()),
        f"certificate: {KNOWN_AFTER_ORDER}",
    ]
    return "\n".join(lines) + "\n"


def _order_lines(ca_account: str, product: str, method: str, dns_names: t.Sequence[str]) -> list[str]:
    return [f"CA account: {ca_account}", f"product: {product}", f"method: {method}", f"names: {', '.join(dns_names)}"]


def _token_lines(tokens: t.Iterable[TokenRecord | TokenFile]) -> list[str]:
    return [
        f"record: {token.name} {token.type} {token.value}"
        if isinstance(token, TokenRecord)
        else f"file: {token.url} {token.content}"
        for token in tokens
    ]
