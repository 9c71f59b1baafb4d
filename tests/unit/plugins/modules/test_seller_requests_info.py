# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a description would send, shown and not sent: no secret is in it, and all mistakes are told at once."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import MASK
from ansible_collections.inkan.tls.plugins.modules import seller_requests_info
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    LABSSL,
    FakeClock,
    Table,
    answer,
    described,
    request,
)

URL = "https://api.labssl.example/api/v1"
MAIL = {
    "name": "mail",
    "product": "jprs-dv",
    "method": "email",
    "dns_names": ["www.example.jp", "example.jp"],
    "contact": {"kind": "constructed", "address": "hostmaster@example.jp"},
    "options": {"double_address": True},
    "csr": request().csr_pem,
}
RENGE = LABSSL.with_name("renge.yml")


def called(description: t.Any, *certificates: dict[str, t.Any], url: str = URL) -> dict[str, t.Any]:
    given = {"url": url, "description": description, "certificates": list(certificates)}
    read = ArgumentSpecValidator(seller_requests_info.argument_spec()).validate(given)
    assert read.error_messages == []
    result = seller_requests_info.run(read.validated_parameters, True, FakeClock())
    return {"results": [item.as_data() for item in result.items], **result.extra, "changed": result.changed}


def shown(path: Path, certificate: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    (result,) = called(path.read_text("utf-8"), certificate)["results"]
    return t.cast("list[dict[str, t.Any]]", result["requests"])


def test_what_is_shown_is_what_would_be_sent() -> None:
    table = Table().on("POST /orders", answer("received"))
    table.adapter.submit(request())
    (sent,) = table.http.asked
    one = shown(LABSSL, MAIL)[0]
    assert one["line"] == "POST https://api.labssl.example/api/v1/orders"
    assert one["headers"] == {**sent.headers, "Authorization": f"ApiKey {MASK}"}
    assert json.loads(one["body"]) == {**sent.json, "partner_order_id": "REFERENCE"}


def test_every_call_is_shown_with_its_steps() -> None:
    found = shown(RENGE, {"name": "a", "product": "digicert-dv", "method": "dns", "dns_names": ["www.example.jp"]})
    calls = [(one["call"], one["step"], one["steps"]) for one in found]
    assert calls[:3] == [("submit", 1, 2), ("submit", 2, 2), ("find", 1, 1)]
    assert [one["line"].partition("/v1")[2] for one in found if one["call"] == "revoke"] == [
        "/certificates?serial=SERIAL",
        "/certificates/KEPT-number/revoke",
    ]
    assert found[1]["signed"].startswith("POST\n/api/v1/carts/KEPT-cart/order\n1782097200\nNONCE\n")
    assert found[1]["headers"]["X-Renge-Signature"] == "(sha256 of the text below)"
    assert {one["problem"] for one in found} == {""}


@pytest.mark.parametrize(
    "auth",
    [
        {"basic": "{secrets.user}:{secrets.password}"},
        {"bearer": "{secrets.password}"},
        {"query": {"key": "{secrets.password}"}},
        {"login": {"request": "POST /login", "form": {"p": "{secrets.password}"}, "token": "t"}, "bearer": "{token}"},
    ],
)
def test_secrets_are_stars_in_every_way_of_knowing_us(auth: dict[str, t.Any]) -> None:
    result = called(described(headers=None, auth=auth), MAIL)
    (one,) = result["results"]
    assert result["seller"]["secrets"] in (["password"], ["password", "user"])
    assert any(star in one["text"] for star in (MASK, "%2A" * len(MASK)))
    assert one["requests"][0]["call"] == ("login" if "login" in auth else "submit")
    assert not result["changed"] and one["state"] == "complete"


def test_the_text_is_for_people() -> None:
    (one,) = called(LABSSL.read_text("utf-8"), MAIL)["results"]
    lines = one["text"].splitlines()
    assert lines[:2] == ["# submit", "POST https://api.labssl.example/api/v1/orders"]
    assert f"Authorization: ApiKey {MASK}" in lines
    assert '    "method": "mail",' in lines
    assert "# find" in lines and "DELETE https://api.labssl.example/api/v1/orders/ORDER-ID" in lines


def test_a_request_that_cannot_be_made_says_why_and_the_others_are_shown() -> None:
    (one,) = called(LABSSL.read_text("utf-8"), {**MAIL, "product": "acme"})["results"]
    assert one["state"] == "incomplete"
    problems = {request["call"]: request["problem"] for request in one["requests"]}
    assert "Cannot say 'acme' to this seller" in problems["submit"]
    assert problems["look"] == ""
    assert "# submit: cannot be sent" in one["text"]


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    text = LABSSL.read_text("utf-8").replace("seller:", "seler:").replace("means: issuing", "means: isuing")
    with pytest.raises(InputErrors) as caught:
        called(text, {**MAIL, "dns_names": ["a_b.example.jp"]}, MAIL, url="http://api.labssl.example")
    told = caught.value.sentence()
    for words in ("no key 'seler'", 'Did you mean "issuing"?', "url must be an https URL", "a_b.example.jp", '"mail"'):
        assert words in told, words


def test_a_certificate_without_names_is_refused() -> None:
    with pytest.raises(InputErrors):
        called(LABSSL.read_text("utf-8"), {**MAIL, "dns_names": []})
