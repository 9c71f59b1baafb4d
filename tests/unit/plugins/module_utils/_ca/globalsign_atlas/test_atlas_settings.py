# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings and secrets of an Atlas account, and its validation policy."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.adapter import AtlasFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.policy import Policy
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, PolicyError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_atlas.hvca import (
    AT,
    DAY,
    NAME,
    POLICY,
    SECRETS,
    account,
    request,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import NOW, FakeClock

MUTUAL = {**SECRETS, "client_certificate": "a certificate", "client_key": "its private key"}


def settings_of(**given: t.Any) -> Settings:
    settings, errors = parse_settings(account(**given))
    assert (settings is not None, errors) == (True, [])
    assert settings is not None
    return settings


def test_what_is_not_said() -> None:
    settings = settings_of()
    assert settings.url == "https://emea.api.hvca.globalsign.com:8443/v2"
    assert (settings.products, settings.txt_name, settings.txt_value) == (("globalsign-atlas",), "{name}", "{token}")
    assert [tuple(limit) for limit in settings.limits] == [(10, 1.0), (600, 60.0)]


def test_secrets_are_in_no_picture_of_the_settings() -> None:
    settings = settings_of(secrets=MUTUAL)
    assert not any(secret in repr(settings) for secret in MUTUAL.values())
    assert set(settings.secrets) == set(MUTUAL.values())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"secrets": {}}, "the secret api_key is missing"),
        ({"secrets": {"api_key": "atlas-key-0001"}}, "the secret api_secret is missing"),
        ({"secrets": {**SECRETS, "client_key": "k"}}, "client_certificate and client_key belong together"),
        ({"client_serial": None}, "client_certificate and client_key are missing"),
        ({"secrets": {**SECRETS, "client_cert": "k"}}, "unknown secret 'client_cert'"),
        ({"url": "http://atlas.example.jp/v2"}, "url must be an https URL"),
        ({"client_serial": "no hex"}, "client_serial must be"),
        ({"claim_domains": ["*.example.jp"]}, "claim_domains has '*.example.jp'"),
        ({"claim_statuses": {"DONE": "issued"}}, "claim_statuses.DONE means 'issued'"),
        ({"subject": {"organisation": "X"}}, "subject has an unknown field 'organisation'"),
        ({"subject": {"organization": ""}}, "subject.organization must be a text"),
        ({"validity_days": 0}, "validity_days must be a whole number"),
        ({"validity_days": True}, "validity_days must be a whole number"),
        ({"extended_key_usages": ["serverAuth"]}, "extended_key_usages has 'serverAuth'"),
        ({"hash_algorithm": "SHA-1"}, "hash_algorithm must be one of"),
        ({"txt_name": "www"}, "txt_name must be"),
        ({"txt_value": "token"}, "txt_value must be a text with {token}"),
        ({"parent_claims": "yes"}, "parent_claims must be true or false"),
        ({"requests_per_second": 0}, "requests_per_second must be"),
        ({"products": "globalsign-atlas"}, "products must be a list of texts"),
        ({"subject": "O=X"}, "subject must be a dictionary"),
        ({"file_sheme": "HTTP"}, "unknown setting 'file_sheme'"),
    ],
)
def test_everything_that_is_wrong_is_named(given: dict[str, t.Any], sentence: str) -> None:
    settings, errors = parse_settings(account(**given))
    assert settings is None
    assert any(sentence in error for error in errors), errors
    factory = AtlasFactory(clock=FakeClock())
    assert factory.settings_errors(account(**given)) == errors
    with pytest.raises(InputError) as caught:
        factory.open(account(**given), deadline=1)
    assert caught.value.code == "bad_account_settings"


# --- the policy ------------------------------------------------------------------------------------------------------


def body(policy: dict[str, t.Any], key: str = "", **settings: t.Any) -> dict[str, t.Any]:
    names = settings.pop("names", (NAME,))
    wish = request("dns", *names)
    if key:
        wish = request("dns", csr=new_csr(new_private_key(key), wish_for(NAME, [NAME], key)).decode())
    return Policy.read({**POLICY, **policy}).body(wish, settings_of(**settings), NOW)


REQUIRED, OPTIONAL, STATIC = {"presence": "REQUIRED"}, {"presence": "OPTIONAL"}, {"presence": "STATIC"}
NAMES = {"san": {"dns_names": {"static": True, "list": [NAME]}}}
USAGES = {"extended_key_usages": {"ekus": {"static": False, "mincount": 1, "maxcount": 1}}}
HASHES = {"signature": {"hash_algorithm": {**REQUIRED, "list": ["SHA-384", "SHA-256"]}, "algorithm": STATIC}}


@pytest.mark.parametrize(
    ("policy", "settings", "path", "value"),
    [
        ({}, {"validity_days": 30}, "validity", {"not_before": AT, "not_after": AT + 30 * DAY}),
        ({"subject_dn": {"common_name": STATIC}}, {}, "subject_dn", None),
        (
            {"subject_dn": {"organization": REQUIRED}},
            {"subject": {"organization": "Example KK"}},
            "subject_dn",
            {"common_name": NAME, "organization": "Example KK"},
        ),
        (
            {"subject_dn": {"organizational_unit": {"list": ["^[A-Z]+$"], "mincount": 1, "maxcount": 2}}},
            {"subject": {"organizational_unit": ["IT", "OPS"]}},
            "subject_dn",
            {"common_name": NAME, "organizational_unit": ["IT", "OPS"]},
        ),
        (NAMES, {}, "san", None),
        (HASHES, {}, "signature", {"hash_algorithm": "SHA-256"}),
        (HASHES, {"hash_algorithm": "SHA-384"}, "signature", {"hash_algorithm": "SHA-384"}),
        ({"signature": {"algorithm": {**OPTIONAL, "list": ["RSA"]}}}, {}, "signature", None),
        (USAGES, {}, "extended_key_usages", ["1.3.6.1.5.5.7.3.1"]),
        ({}, {"extended_key_usages": ["1.3.6.1.5.5.7.3.2"]}, "extended_key_usages", ["1.3.6.1.5.5.7.3.2"]),
        ({"extended_key_usages": {"ekus": {"static": True}}}, {}, "extended_key_usages", None),
    ],
)
def test_what_is_sent_follows_the_policy(policy: dict[str, t.Any], settings: t.Any, path: str, value: t.Any) -> None:
    assert body(policy, **settings).get(path) == value


@pytest.mark.parametrize(
    ("policy", "key", "settings", "why"),
    [
        ({}, "rsa-2048", {}, "the key is of type RSA, possible is ECDSA"),
        (
            {"public_key": {"key_type": "RSA", "allowed_lengths": [3072]}},
            "rsa-2048",
            {},
            "2048 bits, possible are 3072",
        ),
        ({"public_key": {"key_type": "ECDSA", "allowed_lengths": [384]}}, "", {}, "256 bits, possible are 384"),
        ({"public_key": {"key_format": "PKCS8"}}, "", {}, "it wants a bare public key"),
        ({"validity": {"secondsmax": 90 * DAY}}, "", {"validity_days": 100}, "possible are 0 to 90 days"),
        ({"validity": {"secondsmin": 30 * DAY}}, "", {"validity_days": 1}, "possible are at least 30 days"),
        ({"subject_dn": {"common_name": {**REQUIRED, "format": "^[A-Z]+$"}}}, "", {}, "the subject's common_name"),
        ({"subject_dn": {"organization": REQUIRED}}, "", {}, "it requires organization in the subject"),
        (
            {"subject_dn": {"organization": STATIC}},
            "",
            {"subject": {"organization": "X"}},
            "subject.organization is not ours to say (it is STATIC)",
        ),
        (
            {"subject_dn": {"organizational_unit": {"static": True, "list": ["IT"]}}},
            "",
            {"subject": {"organizational_unit": ["IT"]}},
            "subject.organizational_unit is not ours",
        ),
        ({"san": {"dns_names": {"list": [r"\.example\.com$"]}}}, "", {}, f"the name '{NAME}' is not of the form"),
        ({"san": {"dns_names": {"mincount": 2}}}, "", {}, "it wants at least 2 names, here are 1"),
        ({}, "", {"names": [f"n{n}.example.jp" for n in range(101)]}, "it allows 100 names, here are 101"),
        ({"san": {"dns_names": {"static": True, "list": ["x.example.jp"]}}}, "", {}, "its names are fixed"),
        (HASHES, "", {"hash_algorithm": "SHA-512"}, "possible are SHA-384, SHA-256"),
        (HASHES, "", {"signature_algorithm": "RSA"}, "signature algorithm is not ours to say"),
        ({"extended_key_usages": {"ekus": {"static": True}}}, "", {"extended_key_usages": ["1.2.3"]}, "is static"),
        (
            {"extended_key_usages": {"ekus": {"list": ["1.3.6.1.5.5.7.3.1"]}}},
            "",
            {"extended_key_usages": ["1.3.6.1.5.5.7.3.2"]},
            "the extended key usage",
        ),
    ],
)
def test_what_the_policy_forbids_is_told(policy: dict[str, t.Any], key: str, settings: t.Any, why: str) -> None:
    with pytest.raises(PolicyError) as caught:
        body(policy, key, **settings)
    assert caught.value.code == "atlas_policy_forbids"
    assert why in caught.value.why


def test_everything_is_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        body({"subject_dn": {"organization": REQUIRED, "country": REQUIRED}}, "rsa-2048")
    assert caught.value.why.count("; ") == 2


@pytest.mark.parametrize("form", ["(a+)+$", "[", "x" * 3000, 7], ids=["may last for ever", "no regex", "long", "none"])
def test_a_form_that_cannot_be_judged_here_is_left_to_atlas(form: t.Any) -> None:
    assert body({"san": {"dns_names": {"list": [form]}}})["san"] == {"dns_names": [NAME]}


def test_no_policy_is_no_answer() -> None:
    with pytest.raises(ProtocolError):
        Policy.read([])
