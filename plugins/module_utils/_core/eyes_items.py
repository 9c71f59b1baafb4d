# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dcv_check is told of a certificate beside its records and files; and what outside vantage points add. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.finding import ROWS
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import each, is_packed
from ansible_collections.inkan.tls.plugins.module_utils._data.acme_directories import ACME_DIRECTORIES
from ansible_collections.inkan.tls.plugins.module_utils._data.caa_issuers import CAA_ISSUERS
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import CONTACT_KINDS, METHOD_RULES

Item = dict[str, t.Any]
Said = t.Mapping[str, t.Any]

_CAS = frozenset(row.key for row in CAA_ISSUERS)
_RULE_OF_KIND = {row.kind: row.rule for row in CONTACT_KINDS}
#: methods that no ACME challenge is
_RULES = {
    "file": "3.2.2.4.18",
    "dns": "3.2.2.4.7",
    "dns-cname": "3.2.2.4.7",
    "registrar": "3.2.2.4.12",
}
#: kinds of contact that can be looked at (``_dns/contact_look``)
_LOOKED_AT = ("constructed", "txt", "caa", "soa")


def ca_of_account(account: t.Any) -> str | None:
    """The row of ``caa_issuers`` for an ACME account, by its preset or by its directory."""
    settings = account.get("settings") if isinstance(account, t.Mapping) else None
    if not isinstance(settings, t.Mapping):
        return None
    for row in ACME_DIRECTORIES:
        if settings.get("preset") == row.key or settings.get("directory") == row.directory:
            return next((key for key in sorted(_CAS) if row.key.startswith(key)), None)
    return None


def look_at(plan: Said, wish: Said, order: Said, ca_of_accounts: t.Mapping[str, str]) -> Item:
    """Names, CA, methods and contacts. plan: what dcv_plan tells people; wish: its normalized certificate."""
    ca = plan.get("ca") or ca_of_accounts.get(str(wish.get("ca_account"))) or ""
    contact = (wish.get("validation") or {}).get("contact") or {}
    return {
        "dns_names": list(order.get("dns_names") or wish.get("dns_names") or ()),
        **({"ca": ca} if ca in _CAS else {}),
        "validation_methods": _labels(str(wish.get("method") or ""), contact),
        "contacts": _contacts(contact) if wish.get("method") == "email" else [],
    }


def _labels(method: str, contact: Said) -> list[str]:
    """RFC 8657, with the labels of SC-098v2 for what is no ACME challenge."""
    acme = [[method, rule.caa_label] for rule in METHOD_RULES if rule.acme_challenge == method]
    if acme:
        return acme[0]
    wanted = _RULE_OF_KIND.get(str(contact.get("kind"))) if method == "email" else _RULES.get(method)
    return [rule.caa_label for rule in METHOD_RULES if rule.id == wanted]


def _contacts(contact: Said) -> list[Item]:
    kind, address = contact.get("kind"), contact.get("address")
    if kind not in _LOOKED_AT or not address:
        return []
    return [{"kind": kind, "domain": domain, "address": address} for domain in contact.get("domains") or ()]


# --- outside vantage points ------------------------------------------------------------------------------------------


def with_outside(checks: t.Mapping[str, Said], outside: t.Sequence[Said]) -> t.Mapping[str, Said]:
    """The results of this machine's look by name, with what was seen from outside. outside: one register a host.

    What only a vantage point misses is fatal, for a CA compares several; a point that could not look is a warning.
    """
    joined = {name: dict(said) for name, said in checks.items()}
    for register in outside:
        host = str(register.get("item") or "a vantage point")
        results = register.get("results")
        if not (isinstance(results, list) or is_packed(results)):
            if not register.get("skipped"):
                _add(joined.values(), "vantage_not_asked", host, str(register.get("msg") or "it could not be reached"))
            continue
        for seen in each(results):
            if seen.get("name") in joined:
                _compare(joined[seen["name"]], seen, host)
    return joined


def _compare(here: Item, seen: Said, host: str) -> None:
    known = set(here.get("lacking") or ())
    for text in seen.get("lacking") or ():
        if text not in known:
            _add([here], "vantage_lacks", host, str(text))


def _add(items: t.Iterable[Item], word: str, host: str, why: str) -> None:
    row = ROWS[word]
    for item in items:
        finding = {
            "code": word,
            "severity": row.severity,
            "what": row.what,
            "where": host,
            "why": why,
            "todo": row.todo,
        }
        item["findings"] = [*(item.get("findings") or ()), finding]
        key = "lacking" if row.severity == "fatal" else "warnings"
        item[key] = [*(item.get(key) or ()), f"from {host}: {why}"]
        if row.severity == "fatal":
            item["state"] = item["outcome"] = "not_visible"
