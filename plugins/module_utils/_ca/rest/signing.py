# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of a request (HMAC, RFC 2104), and what it may be made of. Pure: time and nonce are given.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import typing as t
import urllib.parse
from datetime import datetime, timezone
from email.utils import format_datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError

__all__ = ["sent_words", "signature", "timestamp"]


def timestamp(moment: datetime, form: str) -> str:
    """form: seconds or milliseconds since 1970, iso8601 (UTC, whole seconds) or http (RFC 9110 §5.6.7)."""
    utc = moment.astimezone(timezone.utc)
    if form == "iso8601":
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    if form == "http":
        return format_datetime(utc.replace(microsecond=0), usegmt=True)
    since = utc - datetime(1970, 1, 1, tzinfo=timezone.utc)
    seconds = since.days * 86400 + since.seconds
    return str(seconds * 1000 + since.microseconds // 1000) if form == "milliseconds" else str(seconds)


def sent_words(verb: str, url: str, body: bytes | None) -> dict[str, str]:
    """The request as it is sent, by the words of a description."""
    parts = urllib.parse.urlsplit(url)
    digest = hashlib.sha256(body or b"").digest()
    return {
        "verb": verb,
        "url": url,
        "host": parts.netloc,
        "path": parts.path or "/",
        "query": parts.query,
        "target": (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        "body": (body or b"").decode("utf-8", "replace"),
        "body_sha256": digest.hex(),
        "body_sha256_base64": base64.b64encode(digest).decode("ascii"),
    }


def signature(text: str, key: str, *, algorithm: str, key_encoding: str, encoding: str) -> str:
    """InputError if the key is not written as the description says."""
    digest = hmac.new(_key(key, key_encoding), text.encode("utf-8", "replace"), _HASHES[algorithm]).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode("ascii")


_HASHES: t.Mapping[str, t.Any] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
    "sha1": hashlib.sha1,
}


def _key(key: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(key.strip())
        if encoding == "base64":
            return base64.b64decode(key.strip(), validate=True)
    except (ValueError, binascii.Error):
        raise InputError(
            code="rest_unsafe_value",
            what="Cannot sign a request",
            where="auth.hmac.key in the description",
            why=f"the key is no {encoding}",
            todo="Look at the secret, or at key_encoding in the description",
        ) from None
    return key.encode("utf-8", "replace")
