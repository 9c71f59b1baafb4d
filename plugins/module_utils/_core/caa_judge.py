# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether one CAA record set lets a CA issue (RFC 8659 §4, RFC 8657; BR 4.2.2.1). Pure.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.records import parse_caa, shown_value

#: what CAs know (RFC 8659; BR App. A; RFC 9495); anything else that is critical ends it (RFC 8659 §4.1)
KNOWN_TAGS = frozenset(("issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"))
_WORD = re.compile(r"[A-Za-z0-9-]+")
_VALUE = re.compile(r"[!-:<-~]*")


class Issue(t.NamedTuple):
    """The value of an issue or issuewild property. domain "": nobody."""

    domain: str
    parameters: tuple[tuple[str, str], ...]

    def values(self, tag: str) -> list[str]:
        return [value for name, value in self.parameters if name == tag]


class Asker(t.NamedTuple):
    """Who wants to issue. account, methods: None and empty where they are not known."""

    issuers: tuple[str, ...]
    account: str | None = None
    methods: tuple[str, ...] = ()


class Verdict(t.NamedTuple):
    """word: the code of why not, or of what could not be judged; "" where the CA may issue."""

    word: str = ""
    why: str = ""


def parse_issue(text: str) -> Issue | None:
    """RFC 8659 §4.2; None: malformed, which allows nobody."""
    head, *rest = text.split(";")
    domain = head.strip(" \t")
    if domain and not all(map(_is_word, domain.split("."))):
        return None
    parts = [part.strip(" \t") for part in rest]
    if parts and not parts[-1]:
        parts.pop()
    found = []
    for part in parts:
        parameter = parse_parameter(part)
        if parameter is None:
            return None
        found.append(parameter)
    return Issue(domain.lower(), tuple(found))


def parse_parameter(text: str) -> tuple[str, str] | None:
    """RFC 8659 §4.2: a tag, in small letters, and its value; None: it is no parameter."""
    tag, mark, value = text.partition("=")
    tag, value = tag.rstrip(" \t"), value.lstrip(" \t")
    if not mark or not _is_word(tag) or not _VALUE.fullmatch(value):
        return None
    return tag.lower(), value


def _is_word(text: str) -> bool:
    """A label, or a tag. Each pattern here is one repetition: the time it takes grows with the text alone."""
    return bool(_WORD.fullmatch(text)) and text[0] != "-" != text[-1]


def judge_set(values: t.Collection[str], asker: Asker, *, wildcard: bool) -> Verdict:
    """The values of the nearest set; at least one."""
    properties = [parsed for parsed in map(parse_caa, sorted(values)) if parsed is not None]
    critical = [one for one in properties if one.is_critical and one.tag not in KNOWN_TAGS]
    if critical:
        return Verdict("caa_critical", f"has {_shown(critical[0].text())}")
    tag = "issuewild" if wildcard and any(one.tag == "issuewild" for one in properties) else "issue"
    relevant = [one for one in properties if one.tag == tag]
    if not relevant:
        return Verdict()
    shown = "has " + ", ".join(_shown(one.text()) for one in relevant[:5])
    if not asker.issuers:
        return Verdict("caa_not_judged", f"{shown}; the issuer domain names of this CA are not known")
    texts = [one.content.decode("utf-8", "replace") for one in relevant]
    verdicts = [_judge_one(text, asker) for text in texts]
    if Verdict() in verdicts:
        return Verdict()
    if all((issue := parse_issue(text)) is not None and not issue.domain for text in texts):
        word = "caa_forbids_wildcard" if tag == "issuewild" else "caa_forbids_all"
        return Verdict(word, f"{shown}: nobody may issue")
    for word in ("caa_not_judged", "caa_account", "caa_method", "caa_malformed"):
        named = next((verdict for verdict in verdicts if verdict is not None and verdict.word == word), None)
        if named is not None:
            return Verdict(word, f"{shown}: {named.why}")
    word = "caa_forbids_wildcard" if tag == "issuewild" else "caa_forbids"
    return Verdict(word, f"{shown}, and not {' or '.join(asker.issuers[:6])}")


def _judge_one(text: str, asker: Asker) -> Verdict | None:
    """None: it speaks of another CA."""
    issue = parse_issue(text)
    if issue is None:
        near = any(name in text.lower() for name in asker.issuers)
        return Verdict("caa_malformed", "no issuer domain name can be read") if near else None
    if issue.domain not in asker.issuers:
        return None
    return _judge_account(issue, asker) or _judge_methods(issue, asker) or Verdict()


def _judge_account(issue: Issue, asker: Asker) -> Verdict | None:
    """RFC 8657 §3: several, or one that is none of the CA's, allow nobody."""
    accounts = issue.values("accounturi")
    if not accounts:
        return None
    if len(accounts) > 1:
        return Verdict("caa_account", "accounturi stands there more than once, which allows nobody")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", accounts[0]):
        return Verdict("caa_account", f"accounturi {_shown(accounts[0])} is no URI, which allows nobody")
    if asker.account is None:
        return Verdict("caa_not_judged", f"whether accounturi {_shown(accounts[0])} is this account is not known")
    if accounts[0] != asker.account:
        return Verdict("caa_account", f"the account here is {_shown(asker.account)}")
    return None


def _judge_methods(issue: Issue, asker: Asker) -> Verdict | None:
    lists = issue.values("validationmethods")
    if not lists:
        return None
    if len(lists) > 1:
        return Verdict("caa_method", "validationmethods stands there more than once, which allows nobody")
    allowed = {word.strip() for word in lists[0].split(",")}
    if not asker.methods:
        return Verdict("caa_not_judged", f"whether {_shown(lists[0])} is how this order is validated is not known")
    if not allowed & set(asker.methods):
        return Verdict("caa_method", f"the method here is {' or '.join(asker.methods)}")
    return None


def _shown(text: str) -> str:
    return shown_value("CAA", text[:300])
