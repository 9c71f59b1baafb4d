# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users' own rows of approval mails: a row of ours with other words (``based_on``), or one of their own. Pure.

    profiles:
      digicert-lab: {based_on: digicert, hosts: [approve.example.jp], path: /link/}
      my-reseller: {kind: approval, cas: [jprs], senders: [ssl@reseller.example], subjects: ["承認のお願い {domain}"],
                    hosts: [www.reseller.example], path: /approve, forms: [{buttons: [承認する]}], done: [承認しました]}

A row of a user's stands before ours, and in the place of ours where it has its key.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import (
    COVERS,
    KINDS,
    MAIL_PROFILES,
    MOVES,
    TASKS,
    MailProfile,
    Press,
    Scope,
)

__all__ = ["read_profiles"]

_TEXTS = ("title", "kind", "path", "code_pattern", "moves", "task", "procedure", "tested_on")
_LISTS = ("cas", "sellers", "senders", "signed_by", "subjects", "hosts", "rejects", "done", "facts")
_KEYS = ("based_on", *_TEXTS, *_LISTS, "words", "forms", "mailed_all")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?")
_LONGEST = 500
_MOST = 50


def read_profiles(raw: t.Any, errors: InputCollector) -> tuple[MailProfile, ...]:
    """All rows, the users' first; what is wrong goes to ``errors``."""
    if not isinstance(raw or {}, dict):
        _wrong(errors, "profiles", "it is no dictionary")
        return MAIL_PROFILES
    own = []
    for key, given in (raw or {}).items():
        row = _row(str(key), given, errors)
        if row is not None:
            own.append(row)
    known = {row.key for row in MAIL_PROFILES}
    new = [row for row in own if row.key not in known]
    ours = [next((one for one in own if one.key == row.key), row) for row in MAIL_PROFILES]
    return (*_first(ours), *_first(new), *_later(new), *_later(ours))


def _first(rows: t.Iterable[MailProfile]) -> list[MailProfile]:
    """Those that must never be taken for an approval."""
    return [row for row in rows if row.kind in ("other", "intent")]


def _later(rows: t.Iterable[MailProfile]) -> list[MailProfile]:
    return [row for row in rows if row.kind not in ("other", "intent")]


def _wrong(errors: InputCollector, where: str, why: str) -> None:
    errors.add(
        "mail_profile_malformed",
        what="Cannot use the description of a mail",
        where=where,
        why=why,
        todo="Correct inkan_approvals.profiles",
    )


def _row(key: str, given: t.Any, errors: InputCollector) -> MailProfile | None:
    where = f'profile "{key[:80]}"'
    wrong = _row_errors(key, given)
    for why in wrong:
        _wrong(errors, where, why)
    if wrong:
        return None
    base = next((row for row in MAIL_PROFILES if row.key == given.get("based_on", key)), None)
    words: dict[str, t.Any] = {name: given[name] for name in (*_TEXTS, "mailed_all") if name in given}
    words.update({name: tuple(given[name]) for name in _LISTS if name in given})
    if "words" in given:
        words["words"] = tuple(tuple(group) for group in given["words"])
    if "forms" in given:
        words["forms"] = tuple(_press(form) for form in given["forms"])
    if base is None:
        base = MailProfile(key=key, title=key, kind=given["kind"], cas=tuple(given["cas"]), facts=(), tested_on="")
    return base._replace(**{"key": key, "unverified": (), "tested_on": "", **words})


def _press(form: t.Mapping[str, t.Any]) -> Press:
    scopes = tuple(Scope(tuple(one["words"]), one["covers"]) for one in form.get("scopes") or ())
    return Press(tuple(form["buttons"]), scopes, tuple(form.get("signature") or ()), form.get("code_field") or "")


# --- what is wrong ---------------------------------------------------------------------------------------------------


def _row_errors(key: str, given: t.Any) -> list[str]:
    if item_name_error(key):
        return [str(item_name_error(key))]
    if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
        return ["it is no dictionary"]
    wrong = [f"{name[:40]} is no word of it. {nearest(name, _KEYS)}" for name in given if name not in _KEYS]
    wrong += [f"{name} must be a text" for name in _TEXTS if name in given and not _is_text(given[name])]
    wrong += [f"{name} must be a list of texts" for name in _LISTS if name in given and not _are_texts(given[name])]
    if wrong:
        return wrong
    known = {row.key for row in MAIL_PROFILES}
    base = given.get("based_on", key if key in known else None)
    if base is not None and base not in known:
        wrong.append(f"based_on: there is no row {escaped(str(base), 40)!r}. {nearest(str(base), known)}")
    if base is None:
        wrong += [f"{name} is missing, and it is based on no row" for name in ("kind", "cas") if not given.get(name)]
    return [*wrong, *_value_errors(given), *_part_errors(given)]


def _value_errors(given: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    if given.get("kind", KINDS[0]) not in KINDS:
        yield f"kind must be one of {', '.join(KINDS)}"
    if given.get("moves") and given["moves"] not in MOVES:
        yield f"moves must be one of {', '.join(MOVES)}"
    if given.get("task") and given["task"] not in TASKS:
        yield f"task must be one of {', '.join(TASKS)}"
    for sender in given.get("senders", ()):
        if address_error(sender):
            yield f"senders: {escaped(sender, 80)!r}: {address_error(sender)}"
    for host in given.get("hosts", ()):
        if not _HOST.fullmatch(host):
            yield f"hosts: {escaped(host, 80)!r} is no host name in lower case"
        elif ":" in host and not is_loopback(host.partition(":")[0]):
            yield f"hosts: {host} has a port; links lead to port 443, except on loopback"
    for subject in given.get("subjects", ()):
        if re.findall(r"\{(?!domain\}|order\}|order\?\})", subject):
            yield "subjects know {domain}, {order} and {order?}, and no other word in braces"
    if given.get("path") and not given["path"].startswith("/"):
        yield "path must begin with /"
    if given.get("code_pattern"):
        yield from _code_errors(given["code_pattern"])


def _code_errors(pattern: str) -> t.Iterator[str]:
    try:
        groups = re.compile(pattern).groups
    except re.error as failure:
        yield f"code_pattern is no regular expression: {failure}"
        return
    if groups != 1:
        yield "code_pattern needs exactly one group: the code itself"


def _part_errors(given: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    words = given.get("words", [])
    if not isinstance(words, list) or not all(_are_texts(group) and group for group in words):
        yield "words must be a list of lists of texts"
    if not isinstance(given.get("mailed_all", False), bool):
        yield "mailed_all must be true or false"
    forms = given.get("forms", [])
    if not isinstance(forms, list) or not all(_is_form(form) for form in forms):
        yield (
            "forms must be a list of {buttons, scopes, signature, code_field}; scopes of {words, covers}, covers one of"
            f" {', '.join(COVERS)}"
        )


def _is_form(form: t.Any) -> bool:
    if not isinstance(form, dict) or not set(form) <= {"buttons", "scopes", "signature", "code_field"}:
        return False
    scopes = form.get("scopes") or []
    return (
        _are_texts(form.get("buttons"))
        and bool(form["buttons"])
        and _are_texts(form.get("signature") or [])
        and _is_text(form.get("code_field") or "")
        and isinstance(scopes, list)
        and all(isinstance(one, dict) and set(one) == {"words", "covers"} for one in scopes)
        and all(_are_texts(one["words"]) and one["covers"] in COVERS for one in scopes)
    )


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _are_texts(value: t.Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST and all(_is_text(one) for one in value)
