# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to look as the CA looks: the variable ``inkan_sight``, parsed once for every module that looks.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.names import is_address
from ansible_collections.inkan.tls.plugins.module_utils._data.trust_anchors import ROOT_ANCHORS


def sight_spec() -> dict[str, t.Any]:
    """Of AnsibleModule, documented by the fragment inkan.tls.sight. A new one each time: core fills in the defaults
    where they stand."""
    return {
        "type": "dict",
        "default": {},
        "options": {
            "resolvers": {"type": "list", "elements": "str", "default": []},
            "dns_port": {"type": "int", "default": 53},
            "http_port": {"type": "int", "default": 80},
            "https_port": {"type": "int", "default": 443},
            "ca_bundle": {"type": "path"},
            "trust_anchors": {"type": "list", "elements": "str"},
            "private_addresses": {"type": "bool"},
            "own_resolvers": {"type": "list", "elements": "str"},
        },
    }


class Sight(t.NamedTuple):
    """resolvers: IP literals, asked in order; empty: those of this machine. Only a lab has other ports.

    anchors      DNSSEC trust anchors, DS records as text; empty: nothing is validated
    own_resolvers  whose view is compared; None: those of this machine
    may_be_private   addresses of inner networks and of this machine are looked at like others
    """

    resolvers: tuple[str, ...] = ()
    dns_port: int = 53
    http_port: int = 80
    https_port: int = 443
    ca_bundle: str | None = None
    anchors: tuple[str, ...] = ROOT_ANCHORS
    may_be_private: bool = False
    own_resolvers: tuple[str, ...] | None = None


def parse_sight(raw: t.Mapping[str, t.Any] | None, errors: InputCollector) -> Sight:
    """From the option O(sight); what is wrong goes to ``errors``."""
    given = raw or {}
    resolvers = _resolvers(given, "resolvers", errors)
    own = None if given.get("own_resolvers") is None else _resolvers(given, "own_resolvers", errors)
    ports = {name: int(default if given.get(name) is None else given[name]) for name, default in _PORTS.items()}
    for name, port in ports.items():
        if not 0 < port < 65536:
            errors.add(
                "bad_port",
                what="A port is a number from 1 to 65535",
                where=f"sight.{name}",
                why="what is given is none",
                todo="Correct it, or leave it out: only a lab needs it",
            )
    private = given.get("private_addresses")
    return Sight(
        resolvers,
        ports["dns_port"],
        ports["http_port"],
        ports["https_port"],
        given.get("ca_bundle"),
        _anchors(given.get("trust_anchors"), ports["dns_port"], errors),
        ports != _PORTS if private is None else bool(private),
        own,
    )


def _resolvers(given: t.Mapping[str, t.Any], key: str, errors: InputCollector) -> tuple[str, ...]:
    resolvers = tuple(str(one).strip() for one in given.get(key) or ())
    for resolver in resolvers:
        if not is_address(resolver):
            errors.add(
                "resolver_no_address",
                what="A resolver must be an IP address",
                where=f"sight.{key}",
                why=f"{resolver!r} is none",
                todo="Write the address, for example 192.0.2.53",
            )
    return resolvers


#: owner IN DS tag algorithm digest-type digest
_ANCHOR = re.compile(
    r"(\S{1,255})\s+(?:\d+\s+)?IN\s+DS\s+\d{1,5}\s+\d{1,3}\s+\d{1,3}\s+[0-9A-Fa-f \t]{40,200}", re.IGNORECASE
)


def _anchors(given: t.Sequence[str] | None, dns_port: int, errors: InputCollector) -> tuple[str, ...]:
    """Those of the root where nothing is said and the port is DNS's own; a lab has its own root, or none."""
    if given is None:
        return ROOT_ANCHORS if dns_port == _PORTS["dns_port"] else ()
    anchors = tuple(" ".join(str(one).split()) for one in given)
    for anchor in anchors:
        if not _ANCHOR.fullmatch(anchor):
            errors.add(
                "bad_trust_anchor",
                what="A trust anchor is a DS record",
                where="sight.trust_anchors",
                why=f"{anchor[:120]!r} is none",
                todo="Write it as: example.jp. IN DS 12345 13 2 ABCDEF…",
            )
    return anchors


_PORTS = {"dns_port": 53, "http_port": 80, "https_port": 443}
