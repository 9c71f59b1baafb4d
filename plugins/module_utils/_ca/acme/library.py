# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only importer of the PyPI packages acme and josepy: keys, signatures and request bodies, as plain bytes and text.

The import costs a tenth of a second and is needed only where an account with ``adapter: acme`` is really spoken to;
so it happens on first use, and a missing package is told there.

What is taken from the packages: JWK, JWS with ACME's header fields, external account binding, the bodies of newAccount,
newOrder, finalize and revokeCert. What is not: their network object (ours keeps the deadline and the CA bundle), and
their reading of answers, which refuses every word that it does not know.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, LocalError, ProtocolError

__all__ = ["AccountKey", "Certificate", "Library", "fingerprint_of", "load_library"]

_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----\s*([A-Za-z0-9+/=\s]*?)-----END \1-----")
_COMMON_NAME = "2.5.4.3"
_AUTHORITY_KEY = "2.5.29.35"


class Library(t.NamedTuple):
    """The imported modules (they bring their own types, which older versions lack: Any until parsed)."""

    josepy: t.Any
    jws: t.Any
    messages: t.Any


def load_library() -> Library:
    try:
        import josepy
        from acme import jws, messages
    except ImportError as failure:
        raise _missing(str(failure)) from failure
    if hasattr(josepy, "ComparableX509"):  # josepy 1 hands out objects of pyOpenSSL; acme 4 and later need josepy 2
        raise _missing("josepy 1 is installed")
    return Library(josepy, jws, messages)


def _missing(why: str) -> LocalError:
    return LocalError(
        code="library_missing",
        what="Cannot speak ACME",
        where="Python package acme",
        why=why,
        todo="Install acme >= 4 and josepy >= 2 from PyPI for the Python that runs on the ledger host"
        " (role inkan.tls.ledger does it; inkan_ledger_python names it)",
    )


class AccountKey:
    """The private key of an account. Nothing that it returns lets anyone compute it."""

    def __init__(self, library: Library, pem: bytes, where: str) -> None:
        self._library = library
        self._jwk = self._load(pem, where)
        self._algorithm = self._choose(where)
        self._public = self._jwk.public_key()
        self._thumbprint = library.josepy.b64encode(self._public.thumbprint()).decode("ascii")

    def _load(self, pem: bytes, where: str) -> t.Any:
        try:
            jwk = self._library.josepy.JWK.load(pem)
        except (ValueError, TypeError, self._library.josepy.errors.Error):
            jwk = None  # the texts of these exceptions may quote the key
        if jwk is None or jwk.typ not in ("RSA", "EC"):
            raise _bad_key(where, "it is no unencrypted PEM key of RSA or EC")
        return jwk

    def is_of(self, public_key: t.Any) -> bool:
        """Whether this is the private half of a public key."""
        return bool(self._public.key.public_numbers() == public_key.public_numbers())

    def _choose(self, where: str) -> t.Any:
        """RFC 8555 §6.2 demands ES256 of servers; RS256 is what all of them also have."""
        josepy = self._library.josepy
        if self._jwk.typ == "RSA":
            return josepy.RS256
        algorithm = {256: josepy.ES256, 384: josepy.ES384}.get(self._jwk.key.key_size)
        if algorithm is None:
            raise _bad_key(where, "of the EC curves only P-256 and P-384 can be used")
        return algorithm

    def sign(self, payload: bytes, *, url: str, nonce: str, kid: str | None) -> bytes:
        """A JWS in flattened JSON (RFC 8555 §6.2). kid: the account's URL; None embeds the public key instead."""
        signed = self._library.jws.JWS.sign(
            payload,
            key=self._jwk,
            alg=self._algorithm,
            nonce=self._library.josepy.b64decode(nonce),
            url=url,
            kid=kid,
        )
        return t.cast(str, signed.json_dumps()).encode("ascii")

    def can_carry(self, nonce: str) -> bool:
        """Whether the packages would send the nonce unchanged: they decode and encode it."""
        josepy = self._library.josepy
        try:
            return bool(josepy.b64encode(josepy.b64decode(nonce)).decode("ascii") == nonce)
        except (ValueError, TypeError):
            return False

    def key_authorization(self, token: str) -> str:
        """RFC 8555 §8.1."""
        return f"{token}.{self._thumbprint}"

    @property
    def thumbprint(self) -> str:
        """RFC 7638, base64url."""
        return str(self._thumbprint)

    def dns_value(self, token: str) -> str:
        """RFC 8555 §8.4. The token's own text is hashed: ``acme.challenges`` would decode and encode it first."""
        digest = hashlib.sha256(self.key_authorization(token).encode("ascii")).digest()
        return t.cast(str, self._library.josepy.b64encode(digest).decode("ascii"))

    # --- request bodies ------------------------------------------------------------------------------------------

    def new_account(
        self, *, contact: t.Sequence[str], accept_terms: bool, binding: t.Mapping[str, t.Any] | None
    ) -> bytes:
        """RFC 8555 §7.3."""
        words: dict[str, t.Any] = {"contact": tuple(f"mailto:{address}" for address in contact)} if contact else {}
        if accept_terms:
            words["terms_of_service_agreed"] = True
        if binding is not None:
            words["external_account_binding"] = binding
        return self._dumped(self._library.messages.NewRegistration(**words))

    def known_account(self) -> bytes:
        """RFC 8555 §7.3.1."""
        return self._dumped(self._library.messages.NewRegistration(only_return_existing=True))

    def binding(self, *, kid: str, hmac_key: str, new_account_url: str) -> dict[str, t.Any]:
        """RFC 8555 §7.3.4. hmac_key: base64url or plain base64, padded or not: portals show each of them."""
        plain = hmac_key.strip().replace("+", "-").replace("/", "_").rstrip("=")
        bound = self._library.messages.ExternalAccountBinding.from_data(
            self._public, kid, plain, {"newAccount": new_account_url}
        )
        return t.cast("dict[str, t.Any]", bound)

    def new_order(self, dns_names: t.Sequence[str], *, profile: str = "", replaces: str = "") -> bytes:
        """RFC 8555 §7.4; profile: draft-aaron-acme-profiles §4; replaces: RFC 9773 §5. Written by hand, for older
        packages know neither."""
        words: dict[str, t.Any] = {"identifiers": [{"type": "dns", "value": name} for name in dns_names]}
        words.update({"profile": profile} if profile else {})
        words.update({"replaces": replaces} if replaces else {})
        return _json(words)

    def new_authz(self, dns_name: str) -> bytes:
        """RFC 8555 §7.4.1."""
        return _json({"identifier": {"type": "dns", "value": dns_name}})

    def contacts(self, contact: t.Sequence[str]) -> bytes:
        """RFC 8555 §7.3.2."""
        return _json({"contact": [f"mailto:{address}" for address in contact]})

    def end_of_account(self) -> bytes:
        """RFC 8555 §7.3.6."""
        return _json({"status": "deactivated"})

    def key_change(self, new: AccountKey, *, account: str, url: str) -> bytes:
        """RFC 8555 §7.3.5: the inner JWS, signed by the new key, that says which key it takes the place of."""
        inner = _json({"account": account, "oldKey": json.loads(self._public.json_dumps())})
        return new.sign_inner(inner, url=url)

    def sign_inner(self, payload: bytes, *, url: str) -> bytes:
        """Without a nonce, and with the key itself (RFC 8555 §7.3.5)."""
        signed = self._library.jws.JWS.sign(payload, key=self._jwk, alg=self._algorithm, nonce=None, url=url, kid=None)
        return t.cast(str, signed.json_dumps()).encode("ascii")

    def finalize(self, csr_pem: str) -> bytes:
        """RFC 8555 §7.4."""
        der = _only_block(csr_pem, ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), "CSR")
        josepy = self._library.josepy
        try:
            csr = josepy.decode_csr(josepy.encode_b64jose(der))
        except (ValueError, TypeError, josepy.errors.Error) as failure:
            raise _unreadable("CSR", str(failure)) from failure
        return self._dumped(self._library.messages.CertificateRequest(csr=csr))

    def revocation(self, certificate_pem: str, reason: int) -> bytes:
        """RFC 8555 §7.6."""
        certificate = Certificate(self._library, certificate_pem).inner
        return self._dumped(self._library.messages.Revocation(certificate=certificate, reason=reason))

    def deactivation(self) -> bytes:
        """RFC 8555 §7.5.2."""
        return self._dumped(
            self._library.messages.UpdateAuthorization(status=self._library.messages.STATUS_DEACTIVATED)
        )

    def _dumped(self, body: t.Any) -> bytes:
        return t.cast(str, body.json_dumps()).encode("ascii")


class Certificate:
    """A certificate as josepy decodes it, as far as a chain is chosen by it."""

    def __init__(self, library: Library, pem: str) -> None:
        self._der = der = _only_block(pem, ("CERTIFICATE",), "certificate")
        try:
            self.inner = library.josepy.decode_cert(library.josepy.encode_b64jose(der))
        except (ValueError, TypeError, library.josepy.errors.Error) as failure:
            raise ProtocolError(
                code="acme_bad_certificate", what="The CA sent a certificate that cannot be read", why=str(failure)
            ) from failure

    @property
    def issuer_common_name(self) -> str:
        found = [part.value for part in self.inner.issuer if part.oid.dotted_string == _COMMON_NAME]
        return str(found[-1]) if found else ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return hashlib.sha256(self._der).hexdigest()

    @property
    def issuer(self) -> str:
        return str(self.inner.issuer.rfc4514_string())

    @property
    def subject(self) -> str:
        return str(self.inner.subject.rfc4514_string())

    @property
    def renewal_id(self) -> str:
        """RFC 9773 §4.1: the authority key identifier and the serial number, base64url; "" where it has no such."""
        found = [part.value for part in self.inner.extensions if part.oid.dotted_string == _AUTHORITY_KEY]
        identifier = found[0].key_identifier if found else None
        if not identifier:
            return ""
        number = int(self.inner.serial_number)
        serial = number.to_bytes(number.bit_length() // 8 + 1, "big")  # as in DER: a first octet of 0 keeps it positive
        return ".".join(base64.urlsafe_b64encode(part).decode("ascii").rstrip("=") for part in (identifier, serial))

    def is_of(self, key: AccountKey) -> bool:
        """Whether the key is the certificate's own."""
        return key.is_of(self.inner.public_key())

    def has_key_of(self, library: Library, csr_pem: str) -> bool:
        der = _only_block(csr_pem, ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), "CSR")
        csr = library.josepy.decode_csr(library.josepy.encode_b64jose(der))
        return bool(csr.public_key() == self.inner.public_key())


def fingerprint_of(pem: str) -> str:
    """SHA-256 of a certificate, without reading what is in it."""
    return hashlib.sha256(_only_block(pem, ("CERTIFICATE",), "certificate")).hexdigest()


def _json(words: t.Mapping[str, t.Any]) -> bytes:
    return json.dumps(words).encode("ascii")


def _only_block(pem: str, labels: tuple[str, ...], what: str) -> bytes:
    found = _PEM_BLOCK.search(pem)
    if found is None or found.group(1) not in labels:
        raise _unreadable(what, f"it is no PEM block of {labels[0]}")
    try:
        return base64.b64decode("".join(found.group(2).split()), validate=True)
    except binascii.Error as failure:
        raise _unreadable(what, str(failure)) from failure


def _unreadable(what: str, why: str) -> InputError:
    return InputError(
        code=f"{what.lower()}_unreadable", what=f"Cannot read the {what}", why=why, todo=f"Give the {what} as PEM"
    )


def _bad_key(where: str, why: str) -> LocalError:
    return LocalError(
        code="acme_account_key_unreadable",
        what="Cannot use the ACME account key",
        where=where,
        why=why,
        todo="Restore the file from its backup; or remove it, which opens a new account (orders under way are lost)",
    )
