# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The items of approval_mails: what a declaration and its organization say that a page may ask for. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import TASKS

Item = dict[str, t.Any]
Said = t.Mapping[str, t.Any]

__all__ = ["approval_items", "approval_lines", "awaited_names", "done_items", "done_lines"]

_AWAITING = frozenset({"awaiting_approval", "awaiting_person"})


def approval_items(
    names: t.Sequence[str], certificates: t.Sequence[t.Any], organizations: Said, settings: Said, answer: Said
) -> list[Item]:
    """names: in this order. settings: inkan_approvals. answer: answer and reason of a person, or nothing."""
    declared = {one["name"]: one for one in certificates if isinstance(one, t.Mapping) and one.get("name")}
    said = {key: value for key, value in answer.items() if value}
    return [{**_item(name, declared.get(name, {}), organizations, settings), **said} for name in names]


def awaited_names(run: Run) -> list[str]:
    """Certificates of which a mail may tell something: an approval, an applicant's will, a notice of a portal."""
    return [name for name in run.names() if _is_awaited(run.order(name))]


def _is_awaited(order: Said) -> bool:
    tasks = (order.get("wanted") or {}).get("tasks") or ()
    return order.get("state") in _AWAITING or any(task.get("kind") in TASKS for task in tasks)


def _item(name: str, certificate: Said, organizations: Said, settings: Said) -> Item:
    organization = _mapping(organizations.get(str(certificate.get("organization"))))
    own = _mapping(_mapping(settings.get("certificates")).get(name))
    responsible = organization.get("responsible")
    person = responsible.get("name") if isinstance(responsible, t.Mapping) else responsible
    called = [
        organization.get("japanese_name"),
        organization.get("name"),
        _mapping(organization.get("subject")).get("O"),
    ]
    words = {
        "signature": own.get("signature") or organization.get("signature") or person,
        "organizations": [str(one) for one in called if one],
        "ca": own.get("ca"),
        "seller": own.get("seller"),
        **_owner(organization),
    }
    return {"name": name, **{key: value for key, value in words.items() if value}}


def _owner(organization: Said) -> Item:
    """Who does for it what machines cannot, and who hears that it is late, as in ``_core/plan_tasks``."""
    responsible, technical = organization.get("responsible"), organization.get("technical")
    technician = _mapping(technical)
    return {
        "owner": _mapping(responsible).get("name") if isinstance(responsible, t.Mapping) else responsible,
        "mail": _mapping(responsible).get("mail"),
        "escalate_to": technician.get("mail") or technician.get("name") or (technical if not technician else None),
    }


def _mapping(value: t.Any) -> Said:
    return value if isinstance(value, t.Mapping) else {}


_SPOKEN = {
    "not_waiting": "no approval by mail is awaited",
    "no_mail": "no approval mail has come yet",
    "mail_found": "an approval mail is there and waits for a person: approve it by name",
    "mail_doubtful": "what came has something against it",
    "approval_unknown": "the approval was sent, and is not confirmed yet",
    "busy": "another run works on it",
}


def approval_lines(results: t.Sequence[Said]) -> list[str]:
    """One line a certificate, with the reasons against each mail and, after a refusal, what a person does next."""
    return [_line(one) for one in results]


def _correction(task: Said) -> str:
    lapses = f", or the live certificate ends at {task['lapses']}" if task.get("lapses") else ""
    return f"{task.get('owner') or 'You'} to {task['what']}, by {task['by']}{lapses}"


def _spoken(one: Said) -> str:
    outcome = str(one.get("outcome"))
    if outcome == "mail_found" and (one.get("error") or one.get("held")):
        return "an approval mail is there"  # what it waits for follows
    return _SPOKEN.get(outcome, outcome)


def _line(one: Said) -> str:
    parts = [f"{one['name']}: {_spoken(one)}"]
    parts += [
        f"{mail['subject']}: {mail['why']} ({mail['code']})" for mail in one.get("mails") or () if mail.get("code")
    ]
    if _mapping(one.get("held")):
        parts.append(str(one["held"]["why"]))
    if one.get("outcome") == "refused" and one.get("procedure"):
        parts.append(str(one["procedure"]))
    if _mapping(one.get("correction")):
        parts.append(_correction(one["correction"]))
    if _mapping(one.get("error")):
        parts.append(str(one["error"]["message"]))
    return ". ".join(part.rstrip(".") for part in parts) + "."


# -- steps that persons have done -------------------------------------------------------------------------------------


def done_items(
    names: t.Sequence[str], done: t.Sequence[str], reopen: t.Sequence[str], note: str | None, who: str | None
) -> list[Item]:
    """Items of certificate_orders (record_only)."""
    words = {"done": list(done), "reopen": list(reopen), "note": note, "who": who}
    intake = {key: value for key, value in words.items() if value}
    return [{"name": name, "intake": intake} for name in names]


def done_lines(results: t.Sequence[Said]) -> list[str]:
    """One line a certificate: how its steps stand; or what of the word did not fit."""
    return [_done_line(one) for one in results]


def _done_line(one: Said) -> str:
    if _mapping(one.get("error")):
        return f"{one['name']}: {one['error']['message']}"
    tasks = [_spoken_task(task) for task in one.get("tasks") or ()]
    return f"{one['name']}: {'; '.join(tasks) or 'the ledger follows no step of it'}."


def _spoken_task(task: Said) -> str:
    told = f" ({task['told_by']}{': ' + task['note'] if task.get('note') else ''})" if task.get("told_by") else ""
    return f"{task['id']} is {task['state']}{told}"
