# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._data.acme_errors import ACME_ERRORS

#: RFC 8555 §6.7, in its order, and RFC 9773 §7.4.
REGISTRY = """accountDoesNotExist alreadyRevoked badCSR badNonce badPublicKey badRevocationReason badSignatureAlgorithm
caa compound connection dns externalAccountRequired incorrectResponse invalidContact malformed orderNotReady
rateLimited rejectedIdentifier serverInternal tls unauthorized unsupportedContact unsupportedIdentifier
userActionRequired alreadyReplaced""".split()


def test_every_registered_type_has_its_advice() -> None:
    assert sorted(ACME_ERRORS) == sorted(REGISTRY)


def test_advice_is_a_phrase_without_its_full_stop() -> None:
    for advice in ACME_ERRORS.values():
        assert advice.meaning[0].islower() and not advice.meaning.endswith(".")
        assert advice.todo[0].isupper() and not advice.todo.endswith(".")


def test_only_what_passes_by_itself_is_retryable() -> None:
    passing = {name for name, advice in ACME_ERRORS.items() if advice.retryable}
    assert passing == {"badNonce", "orderNotReady", "rateLimited", "serverInternal"}
