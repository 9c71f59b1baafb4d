# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of approval_mails, read once.

This file is private to the collection.
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.correction import Owner
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback_url
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_profile_input import read_profiles
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight, parse_sight, sight_spec
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import MailProfile
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import settings_errors
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import (
    ledger_spec,
    read_accounts,
    read_ledger_path,
    read_now,
)

__all__ = ["ANSWERS", "MODES", "ApprovalCall", "ApprovalItem", "approvals_spec", "read_approvals"]

MODES = ("observe", "assist", "auto")
ANSWERS = ("approve", "refuse")
_LONGEST = 3600.0
_ACTOR = re.compile(r"[^\x00-\x1f\x7f]{0,200}")


@dataclass(frozen=True)
class ApprovalItem:
    """answer: what a person decided, "" where nobody did."""

    name: str
    answer: str = ""
    reason: str = ""
    signature: str = ""
    organizations: tuple[str, ...] = ()
    ca: str = ""
    seller: str = ""
    owner: Owner = Owner()


@dataclass(frozen=True)
class ApprovalCall:
    """items None: every open order. actor: who runs it, as evidence."""

    ledger_path: str
    accounts: t.Mapping[str, AccountConfig]
    mailboxes: t.Mapping[str, MailboxConfig]
    profiles: tuple[MailProfile, ...]
    mode: str
    auto_domains: tuple[str, ...]
    daily_cap: int
    stop: bool
    stop_file: str
    actor: t.Mapping[str, str]
    deadline: float
    sight: Sight
    moved_to: datetime | None
    check_mode: bool
    items: tuple[ApprovalItem, ...] | None


def approvals_spec() -> dict[str, t.Any]:
    strings = {"type": "list", "elements": "str", "default": []}
    item = {
        "name": {"type": "str", "required": True},
        "answer": {"type": "str", "choices": list(ANSWERS)},
        "reason": {"type": "str"},
        "signature": {"type": "str"},
        "organizations": strings,
        "ca": {"type": "str"},
        "seller": {"type": "str"},
        "owner": {"type": "str"},
        "mail": {"type": "str"},
        "escalate_to": {"type": "str"},
    }
    return {
        **ledger_spec(),
        "ca_accounts": {"type": "dict", "default": {}},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "mailboxes": {"type": "dict", "required": True},
        "mailbox_secrets": {"type": "dict", "default": {}, "no_log": True},
        "profiles": {"type": "dict", "default": {}},
        "mode": {"type": "str", "choices": list(MODES), "default": "observe"},
        "auto_domains": strings,
        "daily_cap": {"type": "int", "default": 10},
        "stop": {"type": "bool", "default": False},
        "stop_file": {"type": "path"},
        "actor": {"type": "dict", "default": {}},
        "sight": sight_spec(),
        "deadline": {"type": "float", "default": 60.0},
        "certificates": {"type": "list", "elements": "dict", "options": item},
    }


def read_approvals(
    params: t.Mapping[str, t.Any], check_mode: bool, adapters: t.Mapping[str, AdapterFactory]
) -> ApprovalCall:
    errors = InputCollector()
    path = read_ledger_path(params, errors)
    folder = os.path.dirname(path)
    accounts = read_accounts(params, adapters, errors, folder)
    call = ApprovalCall(
        ledger_path=path,
        accounts=accounts,
        mailboxes=_mailboxes(params, errors),
        profiles=read_profiles(params["profiles"], errors),
        mode=params["mode"],
        auto_domains=_domains(params["auto_domains"], errors),
        daily_cap=params["daily_cap"],
        stop=params["stop"],
        stop_file=params["stop_file"] or os.path.join(folder, "stop-approving"),
        actor=_actor(params["actor"], errors),
        deadline=params["deadline"],
        sight=parse_sight(params["sight"], errors),
        moved_to=read_now(params, errors),
        check_mode=check_mode,
        items=_items(params["certificates"], errors),
    )
    _judge(call, errors)
    errors.refuse()
    return call


def _judge(call: ApprovalCall, errors: InputCollector) -> None:
    def refuse(option: str, why: str, todo: str) -> None:
        errors.add("bad_value", what="Cannot look for approval mails", where=option, why=why, todo=todo)

    if not 0 < call.deadline <= _LONGEST:
        refuse(f"deadline {call.deadline}", f"it is not more than 0 and at most {_LONGEST:g}", "Give seconds")
    if not 0 <= call.daily_cap <= 10_000:
        refuse(f"daily_cap {call.daily_cap}", "it is not from 0 to 10000", "Correct it")
    if call.mode == "auto" and not call.auto_domains:
        refuse("mode auto", "no domain has opted in", "Name them in auto_domains, or use the mode assist")
    if call.moved_to is not None:
        for name, account in call.accounts.items():
            endpoint = account.settings.get("directory") or account.settings.get("url")
            if account.adapter != "portal" and not is_loopback_url(endpoint):
                why = "its endpoint is not on loopback: a real CA lives by the real time"
                refuse(f'now, CA account "{name}"', why, 'Remove "now", or use it in a lab only')


def _mailboxes(params: t.Mapping[str, t.Any], errors: InputCollector) -> dict[str, MailboxConfig]:
    found = {}
    secrets = params["mailbox_secrets"] or {}
    for name, data in (params["mailboxes"] or {}).items():
        config = None
        wrong = ["it is no dictionary with service and settings"]
        if isinstance(data, dict) and isinstance(data.get("settings") or {}, dict):
            secret = secrets.get(name) or {}
            is_texts = isinstance(secret, dict) and all(isinstance(one, str) for one in secret.values())
            config = MailboxConfig(str(name), str(data.get("service") or ""), data.get("settings") or {}, secret)
            wrong = settings_errors(config) if is_texts else ["its secrets are no dictionary of texts"]
        for why in wrong:
            errors.add(
                "mailbox_settings",
                what="Cannot use the mailbox",
                where=f'mailboxes "{name}"',
                why=why,
                todo="Correct inkan_mailboxes",
            )
        if config is not None:
            found[str(name)] = config
    return found


def _domains(given: t.Sequence[str], errors: InputCollector) -> tuple[str, ...]:
    for name in given:
        why = dns_name_error(name, wildcard=False)
        if why:
            errors.add(
                "bad_dns_name",
                what="Cannot use the item",
                where=f"auto_domains {name[:100]!r}",
                why=why,
                todo="Give A-labels in lower case; what is below a domain opts in with it",
            )
    return tuple(given)


def _actor(given: t.Mapping[str, t.Any], errors: InputCollector) -> dict[str, str]:
    found = {str(key): str(value) for key, value in (given or {}).items() if value not in (None, "")}
    if len(found) > 20 or not all(_ACTOR.fullmatch(text) for pair in found.items() for text in pair):
        errors.add(
            "bad_value",
            what="Cannot keep the evidence",
            where="actor",
            why="it has more than 20 words, or one of more than 200 characters",
            todo="Give who runs it and the job's number",
        )
    return found


def _words(text: str | None) -> str:
    return escaped(" ".join((text or "").split()), 300)


def _items(given: t.Sequence[t.Mapping[str, t.Any]] | None, errors: InputCollector) -> tuple[ApprovalItem, ...] | None:
    if given is None:
        return None
    seen: set[str] = set()
    for data in given:
        why = item_name_error(data["name"]) or ("two items have this name" if data["name"] in seen else None)
        seen.add(data["name"])
        if why:
            errors.add(
                "bad_name", what="Cannot use the item", where=f"name {data['name'][:100]!r}", why=why, todo="Correct it"
            )
    return tuple(
        ApprovalItem(
            name=data["name"],
            answer=data["answer"] or "",
            reason=data["reason"] or "",
            signature=data["signature"] or "",
            organizations=tuple(data["organizations"]),
            ca=data["ca"] or "",
            seller=data["seller"] or "",
            owner=Owner(*(_words(data[key]) for key in ("owner", "mail", "escalate_to"))),
        )
        for data in given
    )
