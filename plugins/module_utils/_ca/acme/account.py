# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account at an ACME CA: its key beside the ledger, its registration at the server.

    key file there ── newAccount, onlyReturnExisting (§7.3.1) ── known ─────────────────────► its URL
         │                                                        └─ accountDoesNotExist ─┐
    no key file ── new key, written and synced ───────────────────────────────────────────┤
                                                                                          ▼
                     terms not accepted: PolicyError ◄── newAccount (§7.3), bound where EAB is given (§7.3.4)

The key is on disk before the CA hears of it: a run killed in between finds the key, asks, and registers it. The same
key is the same account (§7.3.1), so repeating is harmless; EAB credentials, which some CAs let pass only once, are
used only when an account is really made.

This file is private to the collection.
"""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.answers import Account, Directory, Object, UrlRule
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.library import AccountKey
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.network import Network
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    LocalError,
    PolicyError,
    ProtocolError,
    RefusedError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io import files

__all__ = ["Registration", "is_known", "key_file", "register"]

_MAX_KEY = 64 * 1024
_LOCK = ".account-keys.lock"
_LOCK_WAIT = 30.0  # an RSA-4096 key takes some seconds to make


class Registration(t.NamedTuple):
    """What a new account would be made with."""

    contact: tuple[str, ...]
    accept_terms: bool
    eab_kid: str
    eab_hmac_key: str
    #: where the pair comes from, at a CA that is known to want one; its directory may not say so
    binding_from: str = ""


def key_file(state_directory: str, name: str, make: t.Callable[[], bytes], clock: Clock) -> tuple[bytes, bool]:
    """The account's private key as PEM, and whether it was made now: once, under a lock, never overwritten."""
    with files.Directory.make(state_directory, mode=0o700) as folder:
        found = _read_key(folder, name)
        if found is not None:
            return found, False
        lock = folder.lock(_LOCK, wait=_LOCK_WAIT, clock=clock)
        if lock is None:
            raise LocalError(
                code="acme_account_key_locked",
                what="Cannot make the ACME account key",
                where=f"{state_directory}/{name}.pem",
                why=f"another process has held the lock for {_LOCK_WAIT:g} seconds",
                todo="Run again",
                retryable=True,
            )
        try:
            found = _read_key(folder, name)  # another process may have made it meanwhile
            if found is not None:
                return found, False
            made = make()
            folder.write(f"{name}.pem", made, mode=0o600)
            return made, True
        finally:
            os.close(lock)


def _read_key(folder: files.Directory, name: str) -> bytes | None:
    found = folder.stat(f"{name}.pem")
    if found is None:
        return None
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise LocalError(
            code="acme_account_key_exposed",
            what="Refusing an ACME account key that others may read",
            where=f"{folder.path}/{name}.pem",
            why=f"its mode is {stat.S_IMODE(found.st_mode):04o}",
            todo="Set its mode to 0600, and ask who had read it: who holds it can have certificates issued",
        )
    return folder.read(f"{name}.pem", _MAX_KEY)


def register(
    network: Network, directory: Directory, key: AccountKey, wish: Registration, rule: UrlRule, *, is_new: bool
) -> Account:
    """The account of this key; made at the CA if the CA does not know it. Leaves ``network`` signing with its URL."""
    network.new_nonce_url = directory.new_nonce
    network.kid = None
    response = None if is_new else _known(network, directory, key)
    if response is None:
        response = _made(network, directory, key, wish)
    account = _account(response, rule)
    if account.status != "valid":  # RFC 8555 §7.1.6: deactivated (by us) or revoked (by the CA), both final
        raise RefusedError(
            code="acme_account_not_valid",
            what="The CA does not serve this account any more",
            where=account.url,
            why=f"its status is {account.status}",
            todo="Ask the CA, or remove the account's key file so that a new account is made",
        )
    network.kid = account.url
    return account


def is_known(network: Network, directory: Directory, key: AccountKey) -> bool:
    """Whether the CA has an account of this key. Its other refusals (of a closed account, say) ``register`` tells."""
    network.new_nonce_url = directory.new_nonce
    network.kid = None
    try:
        return _known(network, directory, key) is not None
    except RefusedError as refusal:
        if refusal.retryable:
            raise
        return True


def _known(network: Network, directory: Directory, key: AccountKey) -> HttpResponse | None:
    try:
        return network.post(directory.new_account, key.known_account(), "find the account")
    except RefusedError as refusal:
        if refusal.code == "acme_accountDoesNotExist":
            return None
        raise


def _made(network: Network, directory: Directory, key: AccountKey, wish: Registration) -> HttpResponse:
    if directory.terms and not wish.accept_terms:
        raise PolicyError(
            code="acme_terms_not_accepted",
            what="Cannot open an account at the CA",
            where=directory.new_account,
            why="its terms of service are not accepted",
            todo=f"Read {directory.terms}, and set accept_terms: true in the account's settings if you agree",
            reference="RFC 8555 §7.3.3",
        )
    if (directory.binding_required or wish.binding_from) and not wish.eab_kid:
        raise PolicyError(
            code="acme_externalAccountRequired",
            what="Cannot open an account at the CA",
            where=directory.new_account,
            why="the CA opens accounts only for its customers (externalAccountRequired)",
            todo="Set eab_kid in the account's settings and eab_hmac_key in its secrets, as the CA's portal shows them"
            + (f" ({wish.binding_from})" if wish.binding_from else ""),
            reference="RFC 8555 §7.3.4",
        )
    binding = None
    if wish.eab_kid:
        binding = key.binding(kid=wish.eab_kid, hmac_key=wish.eab_hmac_key, new_account_url=directory.new_account)
    body = key.new_account(contact=wish.contact, accept_terms=wish.accept_terms, binding=binding)
    try:
        return network.post(directory.new_account, body, "open an account")
    except RefusedError as refusal:
        if binding is None or refusal.code not in ("acme_unauthorized", "acme_malformed", "acme_refused"):
            raise
        raise RefusedError(
            code="acme_binding_refused",
            what="The CA refuses to open an account with this external account binding",
            where=refusal.where,
            why=refusal.why,
            todo="Compare eab_kid and eab_hmac_key with the CA's portal; some CAs let each pair pass only once",
            reference="RFC 8555 §7.3.4",
        ) from refusal


def _account(response: HttpResponse, rule: UrlRule) -> Account:
    location = response.headers.get("location")
    if not location:
        raise ProtocolError(
            code="acme_bad_answer",
            what="The CA's answer breaks RFC 8555: newAccount names no account URL",
            where=response.url,
            todo="Run again; if it lasts, tell the CA",
            retryable=True,
        )
    url = rule.checked(location, "the account URL")
    found = Object.of(response, "the account", rule)
    return Account(url=url, status=found.status(), orders=found.url_or_none("orders"), contact=_contact(found))


def _contact(found: Object) -> tuple[str, ...] | None:
    """As mail addresses; None where the server does not tell, or tells what is none of ours."""
    listed = found.get("contact")
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        return None
    return tuple(one[len("mailto:") :] if one.startswith("mailto:") else one for one in listed)
