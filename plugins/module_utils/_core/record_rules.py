# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of a name want of a TXT record there: a CA ignores or misreads everything else. Pure.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import read_standing

__all__ = ["rule_error"]

CONTACT = "_validation-contactemail"
PERSISTENT = "_validation-persist"
#: octets of one character-string (RFC 1035 §3.3)
_LONGEST_STRING = 255


def rule_error(name: str, type: str, value: str) -> str | None:
    """Why the record breaks the rule of its name; None: it does not, or there is none. value: the text of a TXT."""
    label = name.partition(".")[0].lower()
    if type == "TXT" and label == CONTACT:
        return _contact_error(value)
    if type == "TXT" and label == PERSISTENT:
        return _standing_error(value)
    return None


def _contact_error(value: str) -> str | None:
    """BR Appendix A.2.1: the whole RDATA is one mail address, in one character-string."""
    why = address_error(value)
    if why is not None:
        return f"a contact is one mail address and nothing else: {why}"
    if len(value.encode()) > _LONGEST_STRING:
        return f"a contact is one character-string, of {_LONGEST_STRING} octets at most"
    return None


def _standing_error(value: str) -> str | None:
    """BR 3.2.2.4.22, draft-ietf-acme-dns-persist-02."""
    if read_standing(value) is None:
        return "a persistent record is of the form: ca.example; accounturi=https://ca.example/acct/1; persistUntil=…"
    return None
