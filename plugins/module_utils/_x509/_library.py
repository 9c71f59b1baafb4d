# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door to cryptography: every file of ``_x509`` takes its names from here.

Without the library the names are None, so that the collection still imports; a module passes
``Library("cryptography", CRYPTOGRAPHY_ERROR, reason)`` to ``run_module``, which says what is missing.
At least 36 is needed (the packages of Debian 11 backports, Debian 12, RHEL 9).

This file is private to the collection.
"""

from __future__ import annotations

import traceback
import typing as t

#: The traceback of the failed import, or None.
CRYPTOGRAPHY_ERROR: str | None = None

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, x25519
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    CRYPTOGRAPHY_ERROR = traceback.format_exc()
    if not t.TYPE_CHECKING:

        def __getattr__(name):
            return None


__all__ = [
    "AESGCM",
    "CRYPTOGRAPHY_ERROR",
    "HKDF",
    "InvalidSignature",
    "InvalidTag",
    "UnsupportedAlgorithm",
    "ec",
    "ed448",
    "ed25519",
    "hashes",
    "padding",
    "rsa",
    "serialization",
    "x509",
    "x25519",
]
