# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One item of the catalogue, planned: what the tests of dcv_plan's sellers share."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, NameTools
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import read_organizations
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned, plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, read_policy
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import (
    is_public_suffix,
    registered_domain,
    registrable_domain,
)
from ansible_collections.inkan.tls.plugins.modules import dcv_plan

NOW = "2026-11-20T00:00:00Z"


def planned(
    product: str | rows.Product = "jprs-dv",
    name: str = "www.example.jp",
    *more: str,
    as_of: str = NOW,
    accounts: dict[str, t.Any] | None = None,
    organizations: dict[str, t.Any] | None = None,
    renewal: dict[str, t.Any] | None = None,
    sources: dict[str, str | None] | None = None,
    **changes: t.Any,
) -> Planned:
    """``product``: one of the catalogue, or rows of one's own."""
    raw = {"name": "x", "common_name": name, "dns_names": list(more), "ca_account": "a", **changes}
    made_up = () if isinstance(product, str) else (product,)
    raw["product"] = product if isinstance(product, str) else product.key
    errors = InputCollector()
    (wish,) = read_wishes([raw], errors)
    policy = read_policy(renewal, errors)
    people = read_organizations(organizations, errors)
    known = dcv_plan._accounts(accounts, errors)
    errors.refuse()
    book = Book(
        parse_time(as_of),
        NameTools(to_alabel, is_public_suffix, registrable_domain, registered_domain),
        {one.key: one for one in PRODUCTS + made_up},
        policy,
        Choose.RENEW,
        known,
        organizations=people,
        sources=sources or {},
    )
    return plan_certificate(wish, book)


def by_mail(address: str | None = None, kind: str = "constructed", **more: t.Any) -> dict[str, t.Any]:
    return {"method": "email", "contact": {"kind": kind, "address": address, **more}}


FILE = {"method": "file", "document_root": "/var/www"}
REGISTRAR = {"method": "registrar"}
DNS = {"method": "dns"}


def code(one: Planned) -> str | None:
    return one.error.code if one.error is not None else None


def domains(one: Planned, kind: str = "constructed", allowed: bool = True) -> list[str]:
    chosen = [contact for contact in one.plan["contacts"] if (contact["kind"], contact["allowed"]) == (kind, allowed)]
    return list(dict.fromkeys(contact["domain"] for contact in chosen))
