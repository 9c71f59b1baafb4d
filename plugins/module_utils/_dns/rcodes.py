# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's refusal means, and what a person does about it.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError, TransportError

#: note of an update that was refused
UNWRITTEN = "; nothing of this message was written"
_PREREQUISITES = ("NXRRSET", "YXRRSET", "NXDOMAIN", "YXDOMAIN")
#: an answer came that says nothing for sure
_ANSWER_UNUSABLE = ("dns_bad_answer", "tsig_bad_answer", "tsig_missing")


def rcode_error(rcode: str, where: str, what: str, note: str = "") -> InkanError:
    if rcode in _PREREQUISITES:
        code, why, todo = "rrset_changed", "somebody else changed the records in the meantime", "Run again"
    else:
        code, why, todo = _RCODES.get(rcode, ("dns_refused", "the server refused", "Look into its log"))
    return RefusedError(
        code=code,
        what=what,
        where=where,
        why=f"{rcode}: {why}{note}",
        todo=todo,
        retryable=code in ("rrset_changed", "dns_server_failure"),
    )


def denied_update(error: InkanError, where: str, what: str) -> InkanError:
    """Knot says BADKEY where its acl denies an update. The look before it was signed with the same key, and taken."""
    if error.code != "tsig_bad_key":
        return error
    refused = rcode_error("REFUSED", where, what, UNWRITTEN)
    refused.why += "; it says BADKEY, although it took the key for the look just before"
    return refused


def answer_lost(error: InkanError) -> bool:
    """The update may have taken effect: only a look can tell."""
    return (isinstance(error, TransportError) and error.sent) or error.code in _ANSWER_UNUSABLE


_RCODES = {
    "REFUSED": (
        "dns_refused",
        "the server's policy does not allow it to this key",
        "Allow it in the server's update policy (BIND: update-policy, Knot: acl, PowerDNS: TSIG-ALLOW-DNSUPDATE), for"
        " this key, name and type; PowerDNS refuses a CNAME beside other records, too",
    ),
    "NOTAUTH": (
        "dns_not_auth",
        "the server is not authoritative for the zone, or does not accept the key for it",
        "Check the zone's name and that settings.server is its primary",
    ),
    "NOTZONE": (
        "dns_not_zone",
        "the name lies outside the zone",
        "Check the zones of the service",
    ),
    "SERVFAIL": (
        "dns_server_failure",
        "the server could not do it",
        "Look into its log: a journal or zone file that it cannot write is a frequent cause",
    ),
    "NOTIMP": (
        "dns_refused",
        "the server does not do dynamic updates",
        "Name the primary server, or use another DNS service",
    ),
}
