# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a portal account: which seller, who applies, and how a user's own reseller differs from its row.

    settings:
      seller: jprs
      owner: 情報システム部 (certs@example.jp)
      portal: {title: 例のリセラー, apply: 会員メニュー > SSL, ask_mail: ssl@reseller.example.jp}

A seller that no row has (a key of ``inkan_sellers``) describes itself in ``portal`` alone.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import common_errors
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import FIELDS, PORTALS, Hand, Portal

__all__ = ["METHODS", "Settings", "parse_settings"]

#: words of validation.method that a person can carry to and fro
METHODS = ("email", "file", "registrar")
_KNOWN = ("seller", "owner", "portal", "url", "apply_days", "mailbox")
_TEXTS = ("title", "url", "apply", "renew", "status", "number", "ask", "ask_mail", "resend", "change", "cancel")
_PLAIN = tuple(key for key in _TEXTS if key not in ("resend", "change"))
_LISTS = ("fields", "required", "ov_fields", "ov_required", "methods")
_NEEDED = ("title", "apply")
_KEYS = (*_TEXTS, *_LISTS, "labels", "approval_days", "reissues")
_APPLY_DAYS = 7
_LONGEST = 1000
_FIELD_KEYS = frozenset(one.key for one in FIELDS)


@dataclass(frozen=True)
class Settings:
    """owner: who applies; apply_days: within how many days of the order."""

    portal: Portal
    owner: str = ""
    apply_days: int = _APPLY_DAYS


def parse_settings(account: AccountConfig) -> tuple[Settings | None, list[str]]:
    """None where a sentence says why."""
    given = account.settings
    errors = common_errors(account, _KNOWN)
    if account.secrets:
        errors.append("a portal has no secrets: nobody logs in there but persons")
    errors += [
        f"{key} must be a text of one line" for key in ("owner", "url", "mailbox") if not _is_text(given.get(key, "-"))
    ]
    days = given.get("apply_days", _APPLY_DAYS)
    if not _is_number(days, 1, 90):
        errors.append("apply_days must be a whole number from 1 to 90")
    portal = _portal(given.get("seller"), given.get("portal"), errors)
    if errors or portal is None:
        return None, errors
    if given.get("url"):
        portal = portal._replace(url=given["url"])
    return Settings(portal, given.get("owner", ""), days), []


def _portal(seller: object, own: object, errors: list[str]) -> Portal | None:
    rows = {row.seller: row for row in PORTALS}
    if not isinstance(seller, str) or item_name_error(seller):
        errors.append(f"seller is missing: {', '.join(rows)}, or a key of inkan_sellers with a portal of its own")
        return None
    if own is None and seller not in rows:
        errors.append(f"there is no portal of {seller!r}. {nearest(seller, rows)} Else describe it in portal")
        return None
    if own is None:
        return rows[seller]
    if not isinstance(own, dict) or not all(isinstance(key, str) for key in own):
        errors.append("portal must be a dictionary")
        return None
    wrong = _own_errors(own, is_new=seller not in rows)
    errors += wrong
    return None if wrong else _with_own(rows.get(seller) or _unknown_portal(seller), own)


def _unknown_portal(seller: str) -> Portal:
    return Portal(seller, seller, "", "", "", "", ())


def _own_errors(own: t.Mapping[str, t.Any], *, is_new: bool) -> list[str]:
    errors = [f"portal.{key} is no word of it. {nearest(key, _KEYS)}" for key in own if key not in _KEYS]
    errors += [f"portal.{key} must be a text" for key in _TEXTS if not _is_text(own.get(key, "-"), lines=True)]
    for key in _LISTS:
        errors += _list_errors(key, own[key]) if key in own else []
    labels = own.get("labels", {})
    if not isinstance(labels, dict) or not all(_is_text(value) for value in labels.values()):
        errors.append("portal.labels must be a dictionary of texts")
    else:
        errors += [f"portal.labels has {key!r}. {nearest(str(key), _FIELD_KEYS)}" for key in labels if _odd(key)]
    if own.get("approval_days") is not None and not _is_number(own["approval_days"], 1, 397):
        errors.append("portal.approval_days must be a whole number from 1 to 397")
    if not isinstance(own.get("reissues", False), bool):
        errors.append("portal.reissues must be true or false")
    if own.get("ask_mail") and _is_text(own["ask_mail"]) and address_error(own["ask_mail"]):
        errors.append(f"portal.ask_mail: {address_error(own['ask_mail'])}")
    if is_new:
        errors += [f"portal.{key} is missing: no row has this seller" for key in _NEEDED if not own.get(key)]
    return errors


def _list_errors(key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return [f"portal.{key} must be a list of texts"]
    known: t.Collection[str] = METHODS if key == "methods" else _FIELD_KEYS
    return [f"portal.{key} has {word!r}. {nearest(word, known)}" for word in value if word not in known]


def _odd(key: object) -> bool:
    return key not in _FIELD_KEYS


def _with_own(row: Portal, own: t.Mapping[str, t.Any]) -> Portal:
    words: dict[str, t.Any] = {key: own[key] for key in _PLAIN if key in own}
    words.update({key: tuple(own[key]) for key in _LISTS if key in own})
    words.update({key: (_hand(row, key, own[key]),) for key in ("resend", "change") if key in own})
    changed = row._replace(**words)
    if "labels" in own:
        changed = changed._replace(labels=(*row.labels, *own["labels"].items()))
    if "approval_days" in own:
        changed = changed._replace(approval_days=own["approval_days"])
    return changed._replace(
        status=changed.status or changed.apply,
        ask=changed.ask or changed.title,
        reissues=own.get("reissues", row.reissues),
    )


def _hand(row: Portal, key: str, letter: str) -> Hand:
    """A user's own letter."""
    known = row.resend if key == "resend" else row.change
    what = known[0].what if known else f"write to the seller ({key})"
    return Hand(what, letter, known[0].facts if known else ())


def _is_text(value: object, *, lines: bool = False) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    return all(line.isprintable() for line in (value.splitlines() if lines else [value]))


def _is_number(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
