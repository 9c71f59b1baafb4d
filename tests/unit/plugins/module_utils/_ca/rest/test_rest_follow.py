# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a description may add: mails sent again, another contact, renewals that say what they follow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    PREDECESSOR_UNKNOWN,
    Contact,
    OrderKind,
    Predecessor,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    NUMBER,
    Table,
    answer,
    described,
    error,
    request,
)

LOOK = f"GET /orders/{NUMBER}"
RESEND = f"POST /orders/{NUMBER}/resend"
CHANGE = f"PUT /orders/{NUMBER}/contact"
CHANGE_CALL = {
    "request": "PUT /orders/{order_id}/contact",
    "body": {"contact": "{contact}", "address": "{address}", "from": "{options.contact.address}"},
}
CONTACT = Contact("txt", "certs@example.jp")


def test_mails_are_sent_again() -> None:
    table = Table().on(RESEND, answer("mail_sent", 202))
    assert table.adapter.capabilities.resending
    assert table.adapter.resend(NUMBER, request()).status is Status.WANTS_APPROVAL
    assert table.http.lines() == [RESEND]


def test_somebody_else_is_asked_in_the_words_of_the_seller() -> None:
    table = Table(described(calls__change_contact=CHANGE_CALL)).on(CHANGE, answer("mail_sent"))
    assert table.adapter.capabilities.changing_contact
    assert table.adapter.change_contact(NUMBER, request(), CONTACT).status is Status.WANTS_APPROVAL
    assert table.http.asked[0].json == {"contact": "txt", "address": "certs@example.jp", "from": "certs@example.jp"}


def test_a_refusal_is_told_only_if_the_order_still_waits() -> None:
    table = Table().on(RESEND, error(409, "not_applicable")).on(LOOK, answer("examining"))
    assert table.adapter.resend(NUMBER, request()).status is Status.ISSUING
    table.on(LOOK, answer("mail_sent"))
    with pytest.raises(RefusedError, match="not_applicable"):
        table.adapter.resend(NUMBER, request())


def test_a_seller_without_the_calls_says_so_before_it_is_asked() -> None:
    table = Table(described(calls__resend=None))
    found = table.adapter.capabilities
    assert (found.resending, found.changing_contact, found.renewing, found.reissuing) == (False,) * 4
    for act in (
        lambda: table.adapter.resend(NUMBER, request()),
        lambda: table.adapter.change_contact(NUMBER, request(), CONTACT),
    ):
        with pytest.raises(RefusedError, match="portal"):
            act()
    assert table.http.asked == []


def renewing() -> Table:
    submit = {"request": "POST /orders", "body": {"csr": "{csr}", "partner_order_id": "{reference}"}}
    submit["body"]["renews"] = "{replaces.order_id}"  # type: ignore[index]
    return Table(described(calls__submit=submit, errors__predecessor=["no_such_predecessor"]))


def test_a_renewal_says_what_it_follows_and_a_new_order_nothing() -> None:
    table = renewing().on("POST /orders", answer("received", 201))
    assert table.adapter.capabilities.renewing
    follows = Predecessor("LS-000007", "dead", "")
    table.adapter.submit(replace(request(), kind=OrderKind.RENEW, replaces=follows))
    table.adapter.submit(request())
    assert [one.json.get("renews") for one in table.http.asked] == ["LS-000007", None]
    assert "renews" not in table.http.asked[1].json


def test_a_predecessor_that_the_seller_does_not_know_is_told_as_such() -> None:
    table = renewing().on("POST /orders", error(400, "no_such_predecessor"))
    with pytest.raises(RefusedError) as caught:
        table.adapter.submit(replace(request(), kind=OrderKind.RENEW, replaces=Predecessor("LS-000007", "dead", "")))
    assert (caught.value.code, caught.value.retryable) == (PREDECESSOR_UNKNOWN, False)


def test_a_kind_of_contact_that_the_seller_has_no_word_for_is_not_asked_for() -> None:
    table = Table(described(calls__change_contact=CHANGE_CALL)).on(CHANGE, answer("mail_sent"))
    with pytest.raises(InputError, match="contacts has no 'caa'"):
        table.adapter.change_contact(NUMBER, request(), Contact("caa", "certs@example.jp"))
    assert table.http.lines() == []
