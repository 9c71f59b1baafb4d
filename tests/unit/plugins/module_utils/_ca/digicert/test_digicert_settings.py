# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a CertCentral account: every wrong one is named, all at once, and no secret is shown."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError
from ansible_collections.inkan.tls.plugins.module_utils._data.digicert_words import (
    ORDER_WORDS,
    PRODUCT_WORDS,
    REQUEST_WORDS,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import (
    BASE,
    KEY,
    NUMBER,
    Desk,
    account,
    request,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import Answer, FakeClock, Script
from hypothesis import given
from hypothesis import strategies as some


def errors(**settings: t.Any) -> list[str]:
    return parse_settings(account(**settings))[1]


def test_a_key_is_all_that_is_needed() -> None:
    settings, wrong = parse_settings(account())
    assert wrong == []
    assert settings is not None
    assert (settings.url, settings.api_key) == (BASE, KEY)
    assert [(limit.requests, limit.seconds) for limit in settings.limits] == [(100, 5.0), (1000, 180.0)]
    assert settings.statuses["issued"] is Status.ISSUED


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"secrets": {}}, "the secret api_key is missing"),
        ({"secrets": {"api_key": KEY, "apikey": "x"}}, "unknown secret 'apikey'"),
        ({"uri": "https://x"}, "unknown setting 'uri'. Did you mean \"url\"?"),
        ({"url": "http://www.digicert.com/services/v2"}, "url must be an https URL"),
        ({"timeout": 0}, "timeout must be a number"),
        ({"ca_bundle": 5}, "ca_bundle must be a path"),
        ({"organization": "Example KK"}, "organization must be a whole number"),
        ({"organization": True}, "organization must be a whole number"),
        ({"organizations": {"example-kk": "117"}}, "organizations.example-kk must be the number"),
        ({"organizations": [1]}, "organizations must be a dictionary"),
        ({"division": 0}, "division must be a whole number"),
        ({"contacts": "me"}, "contacts must be a list"),
        ({"contacts": [{"user_id": 1}]}, "contact 1 needs a contact_type"),
        ({"contacts": [{"contact_type": "ev_approver"}]}, "contact 1 needs a user_id, or first_name"),
        ({"contacts": [{"contact_type": "ev_approver", "user_id": 1, "mail": "x"}]}, "contact 1 has an unknown key"),
        ({"products": {"digicert-dv": "no such"}}, "products.digicert-dv has no name_id"),
        ({"products": {"digicert-dv": 5}}, "products.digicert-dv must be a name_id"),
        ({"products": {"digicert-dv": "ssl_new"}}, "ssl_new needs its level, one of dv, ov, ev"),
        ({"products": {"x": {"name_id": "ssl_basic", "id": 1}}}, "products.x must be a name_id"),
        ({"order_validity": {"years": 4}}, "order_validity must be one of"),
        ({"order_validity": {"years": 1, "days": 3}}, "order_validity must be one of"),
        ({"order_validity": 1}, "order_validity must be one of"),
        ({"certificate_validity": {"custom_expiration_date": "soon"}}, "certificate_validity must be one of"),
        ({"signature_hash": "sha1"}, "signature_hash must be one of sha256"),
        ({"skip_approval": "yes"}, "skip_approval must be true or false"),
        ({"payment_method": "gold"}, "payment_method must be one of"),
        ({"dcv_scope": "zone"}, "dcv_scope must be one of"),
        ({"dcv_scope": "base_domain"}, "needs base_domains"),
        ({"base_domains": ["*.example.jp"]}, "base_domains has '*.example.jp'"),
        ({"base_domains": "example.jp"}, "base_domains must be a list"),
        ({"file_method": "ftp"}, "file_method must be one of"),
        ({"txt_name": "{name}.evil.example"}, "txt_name must be {name}, or labels before it"),
        ({"cname_name": "{names}"}, "cname_name must be labels"),
        ({"cname_target": "{name}.dcv.digicert.com"}, "cname_target must be a host name"),
        ({"statuses": {"on_hold": "paused"}}, "statuses.on_hold means 'paused'"),
        ({"not_yet_codes": "x"}, "not_yet_codes must be a list"),
        ({"requests_per_5_seconds": 101}, "requests_per_5_seconds must be a whole number from 1 to 100"),
        ({"requests_per_3_minutes": 0}, "requests_per_3_minutes must be a whole number from 1 to 1000"),
        ({"find_delay": -1}, "find_delay must be a whole number"),
        ({"reissue_as": "copy"}, "reissue_as must be one of reissue, duplicate"),
        ({"additional_emails": ["nobody"]}, "additional_emails has 'nobody': it is no mail address"),
        ({"custom_fields": [{"id": 1}]}, "custom_fields must be a list of {metadata_id, value}"),
        ({"locale": "日本語"}, "locale must be a language"),
        ({"server_platform": "nginx"}, "server_platform must be a whole number"),
    ],
)
def test_one_wrong_setting_is_one_sentence(settings: dict[str, t.Any], said: str) -> None:
    (wrong,) = errors(**settings)
    assert said in wrong
    assert KEY not in wrong


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(errors(url="ftp://x", division=-1, dcv_scope="zone", what=1, secrets={})) == 5
    with pytest.raises(InputError) as caught:
        Desk(division=-1, dcv_scope="zone")
    assert "division" in caught.value.why
    assert "dcv_scope" in caught.value.why


@given(
    some.dictionaries(
        some.sampled_from(
            "url organization organizations contacts division products order_validity statuses base_domains dcv_scope"
            " txt_name custom_fields additional_emails technical_contact limits locale not_yet_codes".split()
        ),
        some.recursive(
            some.none() | some.booleans() | some.integers() | some.text(max_size=9),
            lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_no_setting_at_all_breaks_the_reading(settings: dict[str, t.Any]) -> None:
    parsed, wrong = parse_settings(account(**settings))
    assert (parsed is None) is bool(wrong)


# --- the table of words ----------------------------------------------------------------------------------------------


def test_each_word_has_a_meaning_of_ours_and_a_source() -> None:
    means = {status.value for status in Status}
    for row in (*ORDER_WORDS, *REQUEST_WORDS):
        assert row.means in means, row
        assert row.source
    assert len({row.word for row in ORDER_WORDS}) == len(ORDER_WORDS)


def test_each_product_of_the_catalogue_that_digicert_sells_directly_has_a_name_id() -> None:
    ours = {row.product: row.level for row in PRODUCT_WORDS if row.product}
    assert ours == {"digicert-dv": "dv", "digicert-ov": "ov", "digicert-ev": "ev"}


# --- the page --------------------------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[6]
PAGE = (ROOT / "docs" / "docsite" / "rst" / "adapter_digicert.rst").read_text("utf-8")


def test_the_page_tells_every_setting_and_no_other() -> None:
    """By what the settings themselves say when they are asked for an unknown one."""
    (wrong,) = errors(zzzzzz=1)
    known = set(wrong.partition("Known are: ")[2].rstrip(".").split(", "))
    assert len(known) > 30
    rows = re.findall(
        r"^   \* - (``[a-z_0-9`, ]+)$", PAGE.partition("Settings\n----")[2].partition("What is not")[0], re.M
    )
    told = {name for row in rows for name in re.findall(r"``([a-z_0-9]+)``", row)}
    assert told == known


def test_the_page_tells_every_word_and_its_meaning() -> None:
    told = PAGE.partition("Statuses\n----")[2].partition("Least privilege")[0]
    rows = re.findall(r"^   \* - (.+)\n     - (.+)$", told, re.M)
    meanings = {
        word: meaning
        for words, means in rows[1:]
        for word, meaning in zip(
            re.findall(r"``(\w+)``", words),
            means.split(", ") if ", " in means else [means] * 9,
        )
    }
    assert meanings == {row.word: row.means for row in ORDER_WORDS}


def test_the_page_tells_every_code_of_the_adapter() -> None:
    listed = (ROOT / "docs" / "docsite" / "rst" / "errors.rst").read_text("utf-8")
    codes = set(re.findall(r"``(digicert_\w+)``", listed))
    assert len(codes) > 15
    assert set(re.findall(r"``(digicert_\w+)``", PAGE.partition("When something goes wrong")[2])) == codes


# --- the budget ------------------------------------------------------------------------------------------------------


def open_at(folder: Path, name: str, key: str = KEY, **settings: t.Any) -> None:
    clock = FakeClock()
    http = Script(clock, BASE).on(f"GET /order/certificate/{NUMBER}", Answer(200, {"id": NUMBER, "status": "issued"}))
    config = AccountConfig(name, "digicert", settings, {"api_key": key}, str(folder / "accounts" / name))
    adapter = DigicertFactory(clock=clock, http=lambda _bundle: http).open(config, deadline=60)
    adapter.look(str(NUMBER), request())


def test_accounts_with_one_key_share_its_budget_beside_the_ledger_and_the_key_is_not_in_it(tmp_path: Path) -> None:
    open_at(tmp_path, "one")
    open_at(tmp_path, "two")
    (shared,) = (tmp_path / "accounts").iterdir()
    assert len(shared.read_text().splitlines()) == 2 + 2
    assert KEY not in shared.name + shared.read_text()
    open_at(tmp_path, "three", key="key-of-another-account-2")
    assert len(list((tmp_path / "accounts").iterdir())) == 2


# --- hostile answers -------------------------------------------------------------------------------------------------

ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=9) | some.sampled_from(["pending", "issued"]),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(
                "id status orders page total requests certificate dns_names common_name domains dcv_random_value"
                " errors code message order_id order_status dcv_status emails email name type".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


class Endless:
    """HttpClient that answers whatever it is asked with the same."""

    def __init__(self, status: int, body: object) -> None:
        self._script = Script(FakeClock(), BASE)
        self._answer = Answer(status, body)

    def request(self, method: str, url: str, **more: t.Any) -> t.Any:
        self._script.on(f"{method} {url[len(BASE) :]}", self._answer)
        return self._script.request(method, url, **more)


@given(ANYTHING, some.sampled_from([200, 201, 400, 403, 404, 409, 429, 500]))
def test_no_answer_at_all_breaks_a_verb(body: object, status: int) -> None:
    """Whatever JSON comes, a verb ends in an answer of ours or an error of ours."""
    desk = Desk()
    http = Endless(status, body)
    factory = DigicertFactory(
        clock=desk.clock, http=lambda _bundle: t.cast(t.Any, http), budget=lambda _settings, _folder: desk.turns
    )
    adapter = factory.open(account(), deadline=60)
    handle = str(NUMBER)
    for verb in (
        lambda: adapter.submit(request()),
        lambda: adapter.find(request(), known_handles=frozenset(), since=desk.clock.now()),
        lambda: adapter.look(handle, request()),
        lambda: adapter.look(handle, request("email")),
        lambda: adapter.look(f"{handle}/domains/1", request()),
        lambda: adapter.look(f"{handle}/duplicate/1", request()),
        lambda: adapter.ready(handle, request()),
        lambda: adapter.cancel(handle, request()),
        lambda: adapter.download(handle, request()),
    ):
        try:
            verb()
        except InkanError as failure:
            assert failure.code


def test_the_key_is_in_no_picture_of_its_account() -> None:
    settings, _errors = parse_settings(account())
    assert KEY not in repr(account())
    assert KEY not in repr(settings)
