# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the order modules, read once: untyped on one side, frozen values on the other.

Everything that is wrong with the options is collected and refused in one message before any effect. What only one
item's CSR can tell (unreadable, other names, another key) is that item's own error: the others go on.

This file is private to the collection.
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    AdapterFactory,
    Issued,
    OrderKind,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import Intake, read_intake
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback_url
from ansible_collections.inkan.tls.plugins.module_utils._core.names import (
    dns_name_error,
    item_name_error,
    owner_name_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import is_standing
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Goal, Resolve, Until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task
from ansible_collections.inkan.tls.plugins.module_utils._core.records import value_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import SHORTEST_SECRET
from ansible_collections.inkan.tls.plugins.module_utils._core.task_input import read_tasks
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig

#: RFC 5280 §5.3.1, without those that no subscriber may give (BR 4.9.1.1).
REVOKE_REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
PURPOSES = ("issue", "renew", "reissue")
#: A reissue is wished; where there can be none, the certificate is bought again.
REISSUE_OR_RENEW = "reissue_or_renew"
_KINDS = {**{kind.value: kind for kind in OrderKind}, REISSUE_OR_RENEW: OrderKind.REISSUE}
_TOKEN_ID = re.compile(r"[rf][0-9a-f]{24}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SERIAL = re.compile(r"[0-9a-f]{1,40}")
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HANDLE = re.compile(r"[!-~]{1,2000}")
_LONGEST_DEADLINE = 24 * 3600
_MOST_NAMES = 1000
_ACCOUNT_KEYS = {"adapter", "settings", "offers"}


@dataclass(frozen=True)
class Observed:
    """What the play saw since the last call."""

    deployed_on: tuple[str, ...] = ()
    rolled_back_on: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    #: owner name and value of TXT records, with a blank between
    standing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One of O(certificates). csr "": none was given; hosts None: they are as the ledger knows them."""

    name: str
    purpose: str = "issue"
    ca_account: str = ""
    product: str = "acme"
    common_name: str = ""
    dns_names: tuple[str, ...] = ()
    method: str = ""
    csr: str = ""
    public_key_sha256: str = ""
    custodian: str = ""
    hosts: tuple[str, ...] | None = None
    visible: bool = False
    options: t.Mapping[str, t.Any] | None = None
    revoke_reason: str = "unspecified"
    replaces: str = ""
    serial: str = ""
    resolve: Resolve | None = None
    handle: str = ""
    kind: OrderKind | None = None
    reissue_only: bool = False
    resend: bool = False
    observed: Observed = Observed()
    #: what persons told, whoever they told it to; and what of it cannot be read
    intakes: tuple[Intake, ...] = ()
    intake_errors: tuple[str, ...] = ()
    #: PEM of what the service shows, where the seller installs certificates
    served: str = ""
    #: us or seller; brought: certificate and chain of what was issued elsewhere
    key_made_by: str = "us"
    brought: Issued | None = None
    #: what a person has to do for the order once it is made
    tasks: tuple[Task, ...] = ()

    @property
    def is_ordered(self) -> bool:
        """Whether all is there that a new order needs of a key."""
        return bool(self.csr or self.brought or self.key_made_by == "seller")


def _brought_option(data: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """The order remembers what it is about."""
    return {"brought": {"certificate": data["certificate"], "chain": list(data["chain"])}} if data else {}


def _brought(data: t.Mapping[str, t.Any] | None) -> Issued | None:
    return Issued(data["certificate"], tuple(data["chain"])) if data else None


@dataclass(frozen=True)
class Call:
    """All options of one call. moved_to: O(now), None for the real clock."""

    ledger_path: str
    ledger_durable: bool
    accounts: t.Mapping[str, AccountConfig]
    goal: Goal
    until: Until
    deadline: float
    moved_to: datetime | None
    record_only: bool
    check_mode: bool
    items: tuple[Item, ...]
    intake_path: str = ""
    #: whether persons tell of orders of one of the accounts
    takes_in: bool = False
    mailboxes: t.Mapping[str, MailboxConfig] = field(default_factory=dict)


def ledger_spec() -> dict[str, t.Any]:
    """Shared with certificate_orders_info; documented in the fragment inkan.tls.ledger."""
    return {"ledger_path": {"type": "path"}, "now": {"type": "str"}}


def orders_spec() -> dict[str, t.Any]:
    return {
        **ledger_spec(),
        "ledger_durable": {"type": "bool", "default": False},
        "ca_accounts": {"type": "dict", "default": {}},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "state": {"type": "str", "choices": [goal.value for goal in Goal], "default": "present"},
        "until": {"type": "str", "choices": [until.value for until in Until], "default": "issued"},
        "deadline": {"type": "float", "default": 120.0},
        "record_only": {"type": "bool", "default": False},
        "intake_path": {"type": "path"},
        "mailboxes": {"type": "dict", "default": {}},
        "mailbox_secrets": {"type": "dict", "default": {}, "no_log": True},
        "certificates": {"type": "list", "elements": "dict", "required": True, "options": _certificate_spec()},
    }


def _certificate_spec() -> dict[str, t.Any]:
    strings = {"type": "list", "elements": "str", "default": []}
    observed = {
        "deployed_on": strings,
        "rolled_back_on": strings,
        "published": {**strings, "no_log": False},
        "removed": {**strings, "no_log": False},
        "standing": strings,
    }
    brought = {
        "certificate": {"type": "str", "required": True},
        "chain": strings,
    }
    return {
        "name": {"type": "str", "required": True},
        "purpose": {"type": "str", "choices": list(PURPOSES), "default": "issue"},
        "ca_account": {"type": "str"},
        "product": {"type": "str", "default": "acme"},
        "common_name": {"type": "str"},
        "dns_names": {"type": "list", "elements": "str", "default": []},
        "method": {"type": "str"},
        "csr": {"type": "str"},
        "public_key_sha256": {"type": "str", "no_log": False},
        "custodian": {"type": "str"},
        "hosts": {"type": "list", "elements": "str"},
        "visible": {"type": "bool", "default": False},
        "options": {"type": "dict", "default": {}},
        "revoke_reason": {"type": "str", "choices": list(REVOKE_REASONS), "default": "unspecified"},
        "replaces": {"type": "str"},
        "serial": {"type": "str"},
        "resolve": {"type": "str", "choices": [resolve.value for resolve in Resolve]},
        "handle": {"type": "str"},
        "kind": {"type": "str", "choices": [*(kind.value for kind in OrderKind), REISSUE_OR_RENEW]},
        "resend": {"type": "bool", "default": False},
        "intake": {"type": "dict"},
        "served": {"type": "str"},
        "key_made_by": {"type": "str", "choices": ["us", "seller"], "default": "us", "no_log": False},
        "brought": {"type": "dict", "options": brought},
        "tasks": {"type": "list", "elements": "dict", "default": []},
        "observed": {"type": "dict", "default": {}, "options": observed},
    }


def default_ledger_path() -> str:
    if os.geteuid() == 0:
        return "/var/lib/inkan-tls/ledger.sqlite3"
    return os.path.expanduser("~/.local/state/inkan-tls/ledger.sqlite3")


def read_ledger_path(params: t.Mapping[str, t.Any], errors: InputCollector) -> str:
    path = params.get("ledger_path") or default_ledger_path()
    if not os.path.isabs(path):
        errors.add(
            "ledger_path_relative",
            what="Cannot find the ledger",
            where=f"ledger_path {path}",
            why="the path is relative, and modules run in changing folders",
            todo="Give an absolute path",
        )
    return os.path.normpath(path)


def read_now(params: t.Mapping[str, t.Any], errors: InputCollector) -> datetime | None:
    text = params.get("now")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        errors.add(
            "now_unreadable",
            what="Cannot move the clock",
            where=f"now {text!r}",
            why="it is no ISO 8601 time with a zone",
            todo="Write it as 2026-11-20T00:00:00Z",
        )
        return None
    return moment.astimezone(timezone.utc)


def read_call(params: t.Mapping[str, t.Any], check_mode: bool, adapters: t.Mapping[str, AdapterFactory]) -> Call:
    """The options as values, or InputErrors with everything that is wrong with them."""
    errors = InputCollector()
    path = read_ledger_path(params, errors)
    accounts = read_accounts(params, adapters, errors, os.path.dirname(path))
    goal = Goal(params["state"])
    reader = _Items(goal, params["record_only"], check_mode, frozenset(params["ca_accounts"] or {}), errors)
    call = Call(
        ledger_path=path,
        ledger_durable=params["ledger_durable"],
        accounts=accounts,
        goal=goal,
        until=Until(params["until"]),
        deadline=_deadline(params["deadline"], errors),
        moved_to=_moved_clock(params, accounts, errors),
        record_only=params["record_only"],
        check_mode=check_mode,
        items=reader.read(params["certificates"]),
        intake_path=params.get("intake_path") or os.path.join(os.path.dirname(path), "intake"),
        mailboxes=_mailboxes(params, accounts, errors),
        takes_in=any(getattr(adapters.get(one.adapter), "takes_in", False) for one in accounts.values()),
    )
    errors.refuse()
    return call


def _mailboxes(
    params: t.Mapping[str, t.Any], accounts: t.Mapping[str, AccountConfig], errors: InputCollector
) -> dict[str, MailboxConfig]:
    """Those that accounts name; what is wrong with others is not ours to say."""
    given, secrets = params.get("mailboxes") or {}, params.get("mailbox_secrets") or {}
    found = {}
    for account in accounts.values():
        name = account.settings.get("mailbox") if account.adapter == "portal" else None
        if not isinstance(name, str) or name in found:
            continue
        data = given.get(name)
        wrong = ["there is no such entry"]
        if isinstance(data, dict):
            settings, secret = data.get("settings") or {}, secrets.get(name) or {}
            config = MailboxConfig(name, str(data.get("service") or ""), settings, secret)
            found[name] = config
            from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import settings_errors

            wrong = settings_errors(config)
        for why in wrong:
            where = f'mailboxes "{name}", CA account "{account.name}"'
            errors.add(
                "mailbox_settings", what="Cannot use the mailbox", where=where, why=why, todo="Correct inkan_mailboxes"
            )
    return found


def _deadline(seconds: float, errors: InputCollector) -> float:
    if not 0 < seconds <= _LONGEST_DEADLINE:  # also refuses nan
        errors.add(
            "deadline_out_of_range",
            what="Cannot work within the deadline",
            where=f"deadline {seconds}",
            why=f"it is not more than 0 and at most {_LONGEST_DEADLINE} seconds",
            todo="Give the seconds that the whole call may take; pending orders go on in the next run",
        )
    return seconds


def _moved_clock(
    params: t.Mapping[str, t.Any], accounts: t.Mapping[str, AccountConfig], errors: InputCollector
) -> datetime | None:
    moved_to = read_now(params, errors)
    if moved_to is not None:
        for name, account in accounts.items():
            endpoint = account.settings.get("directory") or account.settings.get("url")
            if not is_loopback_url(endpoint):
                errors.add(
                    "moved_clock_refused",
                    what="Will not order with a moved clock",
                    where=f'now, CA account "{name}"',
                    why=f"its endpoint {endpoint!r} is not on loopback: a real CA lives by the real time",
                    todo='Remove "now", or use it in a lab only',
                )
    return moved_to


def read_accounts(
    params: t.Mapping[str, t.Any], adapters: t.Mapping[str, AdapterFactory], errors: InputCollector, folder: str
) -> dict[str, AccountConfig]:
    """O(ca_accounts) by name; all that is wrong with them, or with their settings, goes to ``errors``."""
    return _Accounts(params, adapters, errors).read(folder)


class _Accounts:
    """O(ca_accounts) with O(secrets)."""

    def __init__(
        self, params: t.Mapping[str, t.Any], adapters: t.Mapping[str, AdapterFactory], errors: InputCollector
    ) -> None:
        self._accounts: t.Mapping[str, t.Any] = params["ca_accounts"] or {}
        self._secrets: t.Mapping[str, t.Any] = params["secrets"] or {}
        self._adapters = adapters
        self._errors = errors

    def read(self, ledger_folder: str) -> dict[str, AccountConfig]:
        for name in self._secrets:
            if name not in self._accounts:
                self._refuse("secrets_without_account", name, "secrets are given for it, but it is not in ca_accounts")
        found = {}
        for name, data in self._accounts.items():
            account = self._account(name, data, os.path.join(ledger_folder, "accounts", name))
            if account is not None:
                found[name] = account
        return found

    def _account(self, name: str, data: object, folder: str) -> AccountConfig | None:
        wrong = self._shape_error(name, data)
        if wrong or not isinstance(data, dict):
            self._refuse("account_malformed", name, wrong or "it is no dictionary")
            return None
        secrets = self._read_secrets(name)
        account = AccountConfig(name, data["adapter"], data.get("settings") or {}, secrets, folder)
        factory = self._adapters.get(account.adapter)
        if factory is None:
            known = ", ".join(sorted(self._adapters))
            self._refuse("adapter_unknown", name, f"there is no adapter {account.adapter!r}; known are {known}")
            return None
        for sentence in factory.settings_errors(account):
            self._refuse("account_settings", name, sentence)
        return account

    def _shape_error(self, name: str, data: object) -> str:
        if item_name_error(name):
            return str(item_name_error(name))
        if not isinstance(data, dict):
            return "it is no dictionary"
        if "secrets" in data:
            return 'it holds "secrets", which would be shown: move them to the option "secrets"'
        strange = sorted(str(key) for key in set(data) - _ACCOUNT_KEYS)
        if strange:
            return f"it has unknown keys: {', '.join(strange)}"
        if not isinstance(data.get("adapter"), str):
            return 'its "adapter" is missing or no text'
        if not isinstance(data.get("settings") or {}, dict):
            return 'its "settings" are no dictionary'
        return ""

    def _read_secrets(self, name: str) -> dict[str, str]:
        """Never a value in an error: only which one."""
        given = self._secrets.get(name) or {}
        if not isinstance(given, dict):
            self._refuse("secret_malformed", name, "its secrets are no dictionary of texts")
            return {}
        for key, value in given.items():
            if not isinstance(value, str):
                self._refuse("secret_malformed", name, f"the secret {key} is no text (quote numbers: zeros get lost)")
            elif len(value) < SHORTEST_SECRET:
                why = f"the secret {key} is shorter than {SHORTEST_SECRET} characters and cannot be masked in output"
                self._refuse("secret_too_short", name, why)
        return {str(key): value for key, value in given.items() if isinstance(value, str)}

    def _refuse(self, code: str, name: str, why: str) -> None:
        self._errors.add(
            code,
            what="Cannot use the CA account",
            where=f'ca_accounts "{name}"',
            why=why,
            todo="Correct inkan_ca_accounts",
        )


class _Items:
    """O(certificates)."""

    def __init__(
        self, goal: Goal, record_only: bool, check_mode: bool, accounts: frozenset[str], errors: InputCollector
    ) -> None:
        self._goal = goal
        self._record_only = record_only
        self._check_mode = check_mode
        self._accounts = accounts
        self._errors = errors
        self._name = ""

    def read(self, certificates: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Item, ...]:
        seen: set[str] = set()
        items = []
        for data in certificates:
            self._name = data["name"]
            if self._name in seen:
                self._refuse("duplicate_name", "name", self._name, "two items have this name", "Name each item once")
            seen.add(self._name)
            items.append(self._item(data))
        return tuple(items)

    def _item(self, data: t.Mapping[str, t.Any]) -> Item:
        common_name = data["common_name"] or ""
        dns_names = tuple(dict.fromkeys([*([common_name] if common_name else []), *data["dns_names"]]))
        intake, wrong = read_intake(data["intake"])
        item = Item(
            name=data["name"],
            purpose=data["purpose"],
            ca_account=data["ca_account"] or "",
            product=data["product"],
            common_name=common_name or (dns_names[0] if dns_names else ""),
            dns_names=dns_names,
            method=data["method"] or "",
            csr=data["csr"] or "",
            public_key_sha256=data["public_key_sha256"] or "",
            custodian=data["custodian"] or "",
            hosts=tuple(dict.fromkeys(data["hosts"])) if data["hosts"] is not None else None,
            visible=data["visible"],
            options={**(data["options"] or {}), **_brought_option(data["brought"])},
            revoke_reason=data["revoke_reason"],
            replaces=data["replaces"] or "",
            serial=data["serial"] or "",
            resolve=Resolve(data["resolve"]) if data["resolve"] else None,
            handle=data["handle"] or "",
            kind=_KINDS.get(data["kind"] or ""),
            reissue_only=data["kind"] == OrderKind.REISSUE.value,
            resend=data["resend"],
            observed=self._observed(data["observed"] or {}),
            intakes=(intake,),
            intake_errors=tuple(wrong),
            served=data["served"] or "",
            key_made_by=data["key_made_by"],
            brought=_brought(data["brought"]),
            tasks=self._tasks(data["tasks"]),
        )
        self._judge(item)
        return item

    def _tasks(self, given: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Task, ...]:
        tasks, wrong = read_tasks(given)
        for why in wrong:
            self._refuse("bad_value", "tasks", "", why, "Give the tasks of plans of dcv_plan")
        return tasks

    def _observed(self, data: t.Mapping[str, t.Any]) -> Observed:
        lists = {key: tuple(dict.fromkeys(data.get(key) or ())) for key in Observed.__dataclass_fields__}
        for key in ("published", "removed"):
            for token in lists[key]:
                why = "it is no id of a token as this module returns them"
                self._shape(_TOKEN_ID, token, f"observed.{key}", why, "Give the ids of wanted and leftovers")
        for record in lists["standing"]:
            owner, _blank, value = record.partition(" ")
            if owner_name_error(owner) or not is_standing(owner) or value_error("TXT", value):
                why = "it is no owner name of a standing record with its value behind a blank"
                self._refuse("bad_value", "observed.standing", record, why, "Give what dns_tokens published")
        return Observed(**lists)

    def _judge(self, item: Item) -> None:
        why = item_name_error(item.name)
        if why:
            self._refuse("bad_name", "name", item.name, why, "Rename the certificate")
        self._judge_words(item)
        if self._record_only:
            return
        for dns_name in item.dns_names:
            why = dns_name_error(dns_name)
            if why:
                self._refuse("bad_dns_name", "dns_names", dns_name, why, "Give A-labels in lower case")
        if len(item.dns_names) > _MOST_NAMES:
            why = f"{len(item.dns_names)} names, {_MOST_NAMES} are possible"
            self._refuse("too_many_names", "dns_names", item.dns_names[0] + " …", why, "Split the certificate")
        if item.ca_account and item.ca_account not in self._accounts:
            why = "there is no such entry in ca_accounts"
            todo = "Correct the name, or add the account"
            self._refuse("ca_account_unknown", "ca_account", item.ca_account, why, todo)
        if item.is_ordered and self._goal is Goal.PRESENT:
            self._judge_order(item)

    def _judge_words(self, item: Item) -> None:
        if item.public_key_sha256 != KNOWN_AFTER_ORDER:
            why = "it is no SHA-256 in lower-case hex"
            todo = "Take it from certificate_requests"
            self._shape(_DIGEST, item.public_key_sha256, "public_key_sha256", why, todo)
        for option, text in (("replaces", item.replaces), ("serial", item.serial)):
            self._shape(_SERIAL, text, option, "it is no serial number in lower-case hex", "Take it from results")
        for option, text in (("method", item.method), ("product", item.product)):
            self._shape(_WORD, text, option, "it is no key of the catalogue", "See the documentation of dcv_plan")
        self._shape(_HANDLE, item.handle, "handle", "it is empty, too long or has blanks", "Give the CA's own word")
        if (item.resolve is Resolve.ADOPT) != bool(item.handle):
            why = "adopt needs the handle of the order at the CA, and nothing else has one"
            self._refuse("handle_missing", "resolve", item.resolve.value if item.resolve else "", why, "Give both")

    def _judge_order(self, item: Item) -> None:
        if item.csr and (item.brought or item.key_made_by == "seller"):
            why = "there is a key already, and so no CSR of ours"
            self._refuse("bad_value", "csr", "", why, "Leave it out where the seller makes the key, or it is brought")
        for option, value in (("ca_account", item.ca_account), ("method", item.method), ("dns_names", item.dns_names)):
            if not value:
                self._refuse("option_missing", option, "", "an order cannot be made without it", "Give it with the CSR")
        if item.csr == KNOWN_AFTER_ORDER and not self._check_mode:
            why = "that is what check mode shows; an order needs the CSR itself"
            self._refuse("known_after_order", "csr", KNOWN_AFTER_ORDER, why, "Take it from certificate_requests")

    def _shape(self, shape: t.Pattern[str], text: str, option: str, why: str, todo: str) -> None:
        if text and not shape.fullmatch(text):
            self._refuse("bad_value", option, text, why, todo)

    def _refuse(self, code: str, option: str, value: str, why: str, todo: str) -> None:
        shown = f" {value[:100]!r}" if value else ""
        self._errors.add(
            code,
            what="Cannot use the item",
            where=f'item "{self._name[:100]}", {option}{shown}',
            why=why,
            todo=todo,
        )
