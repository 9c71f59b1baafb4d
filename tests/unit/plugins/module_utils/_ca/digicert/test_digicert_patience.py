# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to come back: told wherever DigiCert says it, in both forms; and how a pause ends."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import (
    BASE,
    NUMBER,
    Desk,
    account,
    error,
    info,
    request,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    NOW,
    Answer,
    FakeClock,
    Script,
    page,
)

LOOK, SUBMIT = f"GET /order/certificate/{NUMBER}", "POST /order/certificate/ssl_dv_geotrust_flex"
CHECK = f"PUT /order/certificate/{NUMBER}/check-dcv"
HANDLE = str(NUMBER)
FORMS = {
    "seconds": {"retry-after": "1800"},
    "date": {"retry-after": "Mon, 22 Jun 2026 03:30:00 GMT"},
    "date of a clock that is ahead": {
        "retry-after": "Mon, 22 Jun 2026 04:30:00 GMT",
        "date": "Mon, 22 Jun 2026 04:00:00 GMT",
    },
}
VERBS: dict[str, tuple[str, t.Callable[[Desk], object]]] = {
    "submit": (SUBMIT, lambda desk: desk.adapter.submit(request())),
    "look": (LOOK, lambda desk: desk.adapter.look(HANDLE, request())),
    "prepare": (LOOK, lambda desk: desk.adapter.prepare(HANDLE, request())),
    "ready": (CHECK, lambda desk: desk.adapter.ready(HANDLE, request())),
    "download": (LOOK, lambda desk: desk.adapter.download(HANDLE, request())),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("verb", VERBS)
def test_whenever_a_time_is_said_the_error_tells_it(verb: str, status: int, form: str) -> None:
    line, ask = VERBS[verb]
    with pytest.raises(InkanError) as caught:
        ask(Desk().on(line, page(status, **FORMS[form])))
    assert (caught.value.retryable, caught.value.retry_at) == (True, NOW + timedelta(minutes=30))


@pytest.mark.parametrize("answer", [page(500), page(502), page(503)])
def test_where_none_is_said_none_is_made_up(answer: Answer) -> None:
    with pytest.raises(InkanError) as caught:
        Desk().on(LOOK, answer).adapter.look(HANDLE, request())
    assert (caught.value.retryable, caught.value.retry_at) == (True, None)


def test_a_month_of_patience_is_told_but_asked_about_within_the_hour_or_as_set(tmp_path: Path) -> None:
    clock = FakeClock()
    http = Script(clock, BASE)
    http.on(LOOK, error(429, "request_limit_exceeded", **{"retry-after": str(31 * 86400)}), info("processing"))
    given = replace(account(longest_hold=600), state_directory=str(tmp_path / "accounts" / "cc"))
    factory = DigicertFactory(clock=clock, http=lambda _bundle: http)

    def look() -> object:
        return factory.open(given, deadline=60).look(HANDLE, request())

    with pytest.raises(InkanError) as first:
        look()
    assert first.value.retry_at == NOW + timedelta(days=31)
    with pytest.raises(InkanError) as second:
        look()
    assert (second.value.code, second.value.retry_at) == ("digicert_no_turn", NOW + timedelta(seconds=600))
    (counts,) = (tmp_path / "accounts").iterdir()
    assert f"removes {counts}" in second.value.todo
    assert len(http.asked) == 1
    counts.unlink()
    look()
    assert len(http.asked) == 2
