# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificate_orders_info is told of the hosts, so that CAs are asked also about what the ledger does not know.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.run import Item, Run, Said

_FACTS = ("renewal_id", "not_after")


def live_items(run: Run, certificates: t.Iterable[t.Any], accounts: t.Collection[str]) -> list[Item]:
    """Of each declared certificate the newest that a host has. accounts: whose CAs may have renewal information.

    It is asked before the ledger is: which of them the ledger knows is not known here.
    """
    items = []
    for certificate in certificates if accounts else ():
        if not isinstance(certificate, t.Mapping) or certificate.get("ca_account") not in accounts:
            continue
        newest = _newest(run, certificate.get("name"))
        if newest is not None and newest.get("renewal_id"):
            facts = {fact: newest[fact] for fact in _FACTS}
            items.append({"name": certificate["name"], "ca_account": certificate["ca_account"], **facts})
    return items


def _newest(run: Run, name: t.Any) -> Said | None:
    if not isinstance(name, str) or name not in run.targets:
        return None
    live = (run.hosts[host].said("look", name).get("live") for host in run.reached(name))
    return max((one for one in live if one), key=lambda of: str(of["not_after"]), default=None)
