# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a web host of the lab sends its visitors elsewhere: rules in a file that is read at each request.

    https  to the same path by https           chain  hops times to itself, then the file
    name   to the same path of another name    loop   to itself, for ever
    url    to this URL, whatever it is         meta   a page that says so in HTML: no redirect for a CA (JPRS-9)

Rules are for plain http unless they say ``scheme``; for every name unless they say ``name``; the first that fits is
taken. URLs name no port: who looks maps 80 and 443 to the ports of the lab.
"""

from __future__ import annotations

import html
import json
import os
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import parse_qsl

HOWS = ("https", "name", "url", "chain", "loop", "meta")


@dataclass(frozen=True)
class Rule:
    how: str
    #: for visitors of this name (None: of any)
    name: str | None = None
    #: the other name, or the URL
    to: str = ""
    hops: int = 1
    status: int = 301
    #: what the path begins with
    below: str = "/"
    scheme: str = "http"

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise ValueError(f'a redirect is one of {", ".join(HOWS)}, not "{self.how}"')

    def fits(self, scheme: str, name: str, target: str) -> bool:
        return self.scheme == scheme and self.name in (None, name) and target.startswith(self.below)


class Answer(t.NamedTuple):
    status: int
    location: str = ""
    page: str = ""


def read_rules(path: Path) -> list[Rule]:
    """OSError, ValueError or TypeError: what a person wrote there is no list of rules."""
    return [Rule(**rule) for rule in json.loads(path.read_text(encoding="utf-8"))]


def write_rules(path: Path, rules: t.Sequence[Rule]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(rule) for rule in rules], indent=1), encoding="utf-8")
    os.replace(fresh, path)


def answer(rules: t.Sequence[Rule], scheme: str, name: str, target: str) -> Answer | None:
    """What a visitor gets instead of the file; None: the file."""
    rule = next((rule for rule in rules if rule.fits(scheme, name, target)), None)
    if rule is None:
        return None
    if rule.how == "meta":
        url = html.escape(f"http://{rule.to}{target}")
        page = f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={url}"><a href="{url}">{url}</a>\n'
        return Answer(200, page=page)
    location = _location(rule, f"{scheme}://{name}", name, target)
    return Answer(rule.status, location) if location else None


def _location(rule: Rule, here: str, name: str, target: str) -> str:
    if rule.how == "https":
        return f"https://{name}{target}"
    if rule.how == "name":
        return f"http://{rule.to}{target}"
    if rule.how == "url":
        return rule.to
    if rule.how == "loop":
        return f"{here}{target}"
    path, _mark, query = target.partition("?")
    hop = dict(parse_qsl(query)).get("hop", "0")
    done = int(hop) if hop.isascii() and hop.isdigit() and len(hop) < 5 else 0
    return f"{here}{path}?hop={done + 1}" if done < rule.hops else ""
