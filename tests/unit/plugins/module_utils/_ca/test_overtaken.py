# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A submit that asks before it orders, on a machine that slept in between: another run has ordered meanwhile."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import CaAdapter, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert import certcentral
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_atlas import hvca
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest import seller
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import Answer


class Asking(t.NamedTuple):
    """lines: what is asked before the order. order: how the request that orders begins."""

    adapter: CaAdapter
    asked: t.Callable[[], list[str]]
    request: OrderRequest
    lines: list[str]
    order: str


def digicert(_folder: Path) -> Asking:
    """Which domain a published mailbox belongs to."""
    look = "GET /domain/www.example.jp/dcv/emails"
    contact = {"kind": "txt", "address": "certs@provider.example"}
    desk = certcentral.Desk().on(look, Answer(200, {"dns_txt_emails": ["certs@provider.example"]}))
    desk.on("POST /order/certificate/ssl_dv_geotrust_flex", certcentral.placed())
    wish = certcentral.request("email", "www.example.jp", contact=contact)
    return Asking(desk.adapter, desk.http.lines, wish, [look], "POST /order")


def atlas(folder: Path) -> Asking:
    """A login, the policy, the claims."""
    verified = hvca.claim_data("VERIFIED", domain="example.jp.")
    desk = hvca.Desk(folder).on(hvca.LIST, hvca.listing(verified)).on(hvca.ORDER, hvca.PLACED)
    lines = [hvca.LOGIN, "GET /validationpolicy", hvca.LIST]
    return Asking(desk.adapter, desk.http.lines, hvca.request(), lines, hvca.ORDER)


def rest(_folder: Path) -> Asking:
    """A login."""
    login = {"request": "POST /login", "body": {"key": "{secrets.api_key}"}, "token": "token", "expires_in": "seconds"}
    description = seller.described(auth={"bearer": "{token}", "login": login})
    table = seller.Table(description, secrets={"api_key": "a-secret-that-is-long"})
    table.on("POST /login", Answer(200, {"token": "token-0001", "seconds": 600}))
    table.on("POST /orders", seller.answer("received"))
    return Asking(table.adapter, table.http.lines, seller.request(), ["POST /login"], "POST /orders")


@pytest.mark.parametrize("make", [digicert, atlas, rest])
def test_whoever_was_overtaken_while_it_asked_orders_nothing(make: t.Callable[[Path], Asking], tmp_path: Path) -> None:
    asking = make(tmp_path)

    def still_ours() -> None:
        assert asking.asked() == asking.lines, "it is asked for last"
        raise LocalError(code="lease_lost", what="another run works on it", todo="Run again")

    with pytest.raises(LocalError):
        asking.adapter.submit(replace(asking.request, still_ours=still_ours))
    assert asking.asked() == asking.lines
    asking.adapter.submit(asking.request)
    assert [line for line in asking.asked() if line.startswith(asking.order)], "nobody else, so it orders"
