# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with answers whatever value they hold: DNSSEC, and servers that no CA reaches.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.inner_addresses import is_inner
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.dnssec import Validator
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.views import View, Views, collect
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor

#: code, place and reason
Flaw = tuple[str, str, str]


class Seen(t.NamedTuple):
    """Views, without what inner servers say where there are others; and the flaws of each question."""

    views: Views
    flaws: t.Mapping[Question, t.Sequence[Flaw]]


def see(
    questions: t.Sequence[Question],
    resolver: Resolver,
    executor: Executor,
    validator: Validator | None = None,
    may_be_private: bool = True,
) -> Seen:
    views: Views = collect(questions, resolver, executor)
    flaws: dict[Question, list[Flaw]] = {question: [] for question in views}
    if not may_be_private:
        for question, view in views.items():
            flaws[question] += _inner(view)
        views = {question: _outer(view) for question, view in views.items()}
    if validator is not None:
        for question, found in _bogus(views, validator, executor).items():
            flaws[question] += found
    return Seen(views, flaws)


def _bogus(views: Views, validator: Validator, executor: Executor) -> dict[Question, list[Flaw]]:
    """The zone itself, or the answer of a server."""
    zones = list(dict.fromkeys(view.zone.name for view in views.values() if view.zone is not None))
    states = dict(zip(zones, executor.map(validator.state_of, zones)))
    flaws: dict[Question, list[Flaw]] = {}
    for question, view in views.items():
        if view.zone is None:
            continue
        here = flaws.setdefault(question, [])
        state = states[view.zone.name]
        if state.reason is not None:
            here.append((state.reason[0], f"zone {escaped(view.zone.name, 260)}", state.reason[1]))
        for server, answer in view.answers:
            reason = None if isinstance(answer, InkanError) else validator.judge(question, answer, view.zone.name)
            if reason is not None:
                here.append((reason[0], f"{server.name} ({server.address})", reason[1]))
    return flaws


def _inner(view: View) -> list[Flaw]:
    """Servers that no CA reaches."""
    servers = view.zone.servers if view.zone is not None else ()
    inner = [server for server in servers if is_inner(server.address)]
    if inner and len(inner) == len(servers):
        shown = ", ".join(f"{server.name} ({server.address})" for server in inner[:4])
        return [("view_private_servers", shown, "is an address of an inner network")]
    return [
        ("view_private_server", f"{one.name} ({one.address})", "is an address of an inner network") for one in inner
    ]


def _outer(view: View) -> View:
    outer = tuple(pair for pair in view.answers if not is_inner(pair[0].address))
    return view._replace(answers=outer) if outer else view
