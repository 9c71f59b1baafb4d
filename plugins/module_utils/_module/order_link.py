# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a new order stands to the one before it: new, a renewal that says what it follows, or a reissue of what was paid.

    asked for           CA can, ledger knows the order     else
    (nothing), renew    renew                              new
    reissue             reissue                            refused: it would be bought
    reissue_or_renew    reissue                            renew, else new
    new                 new                                new

A renewal whose predecessor the CA does not know any more is sent once more, as new; a reissue is not.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    PREDECESSOR_UNKNOWN,
    Capabilities,
    Contact,
    Issued,
    OrderKind,
    OrderRequest,
    Predecessor,
    Taken,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, State
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work

#: What cannot be followed: it was given back, or it was never there.
_NO_PREDECESSORS = frozenset({State.REVOKED})


class Link(t.NamedTuple):
    """handle, serial: of the predecessor."""

    kind: OrderKind
    handle: str = ""
    serial: str = ""


_NEW = Link(OrderKind.NEW)


def predecessor_of(work: Work) -> Entry | None:
    """The order whose certificate the new one is to take the place of, if it is one of the same account."""
    serial = work.item.replaces
    issued = [entry for entry in work.entries if _serial(entry)]
    named = [entry for entry in issued if serial and _serial(entry) == serial]
    entry = max(named or issued, key=lambda one: one.number, default=None)
    if entry is None or entry.order.ca_account != work.item.ca_account or not entry.standing.handle:
        return None
    return None if entry.state in _NO_PREDECESSORS else entry


def _serial(entry: Entry) -> str:
    certificate = entry.standing.certificate
    return certificate.serial if certificate else ""


def link_of(work: Work, capabilities: Capabilities) -> Link:
    """Of a new order, and of one that was not taken and is sent again. Raises RefusedError for a reissue that cannot
    be."""
    if work.entry is not None and work.entry.is_open and work.entry.standing.absent_code == PREDECESSOR_UNKNOWN:
        return _NEW
    if work.entry is not None and work.entry.is_open and not work.is_new:
        standing = work.entry.standing
        return Link(standing.kind, standing.replaces, standing.replaces_serial)
    predecessor = predecessor_of(work)
    kind = OrderKind.NEW if work.item.kind is OrderKind.NEW else OrderKind.RENEW
    if work.item.kind is OrderKind.REISSUE:
        why = _no_reissue(work, predecessor, capabilities)
        if why and work.item.reissue_only:
            raise _refused(work, why)
        kind = OrderKind.RENEW if why else OrderKind.REISSUE
    if predecessor is None or predecessor.order.product != work.item.product:
        return _NEW
    if kind is OrderKind.NEW or (kind is OrderKind.RENEW and not capabilities.renewing):
        return _NEW
    return Link(kind, predecessor.standing.handle, _serial(predecessor))


def _no_reissue(work: Work, predecessor: Entry | None, capabilities: Capabilities) -> str:
    if not capabilities.reissuing:
        return "this CA has no way to reissue"
    if predecessor is None:
        return "the ledger knows no order of this account, with a certificate, that could be reissued"
    if predecessor.order.product != work.item.product:
        return f"what was bought is {predecessor.order.product}, not {work.item.product}"
    return ""


def _refused(work: Work, why: str) -> InkanError:
    return RefusedError(
        code="reissue_impossible",
        what=f"Cannot reissue the certificate for {work.item.common_name}",
        where=f'item "{work.item.name}", CA account "{work.item.ca_account}"',
        why=why,
        todo="Nothing was ordered, for it would have to be paid. Order it as new",
    )


def reissue_error(work: Work, capabilities: Capabilities) -> InkanError | None:
    """Before anything is written or sent."""
    try:
        link_of(work, capabilities)
    except RefusedError as error:
        return error
    return None


def intent(link: Link, now: datetime) -> Fact:
    """The order is about to be sent like this."""
    word = "" if link.kind is OrderKind.NEW else link.kind.value
    return Fact(Kind.SUBMIT_INTENDED, now, by="us", word=word, handle=link.handle, text=link.serial)


def request_for(work: Work) -> OrderRequest:
    entry = work.order
    order, standing = entry.order, entry.standing
    return OrderRequest(
        reference=order.reference,
        common_name=order.common_name,
        dns_names=order.dns_names,
        method=order.method,
        csr_pem=order.csr,
        product=order.product,
        options=entry.options,
        kind=standing.kind,
        replaces=_predecessor(work.entries, entry) if standing.kind is not OrderKind.NEW else None,
        taken=taken_of(entry),
        reserved=standing.reserved,
        wanted=standing.wanted,
    )


def planned_request(work: Work) -> OrderRequest:
    """What would be ordered for an item, before it has a reference."""
    item = work.item
    return OrderRequest(
        reference="",
        common_name=item.common_name,
        dns_names=item.dns_names,
        method=item.method,
        csr_pem=work.csr,
        product=item.product,
        options=item.options or {},
    )


def taken_of(entry: Entry) -> Taken:
    """What persons told of the order."""
    standing, told = entry.standing, entry.standing.taken
    number, approved, certificate = told.get("order_number"), told.get("approved"), told.get("certificate")
    token = told.get("file_token")
    issued = certificate.certificate if certificate else None
    return Taken(
        ordered_at=entry.order.created_at,
        order_number=number.text if number else "",
        applied_at=number.at if number else None,
        files=token.wanted.files if token and token.wanted else (),
        certificate=Issued(issued.pem, issued.chain) if issued else None,
        approved_at=approved.at if approved else None,
        cancelled=(told["cancelled"].text or "cancelled") if "cancelled" in told else "",
        registered="registered" in told,
        contact_changed=standing.contact is not None,
        resent_at=standing.resent_at,
    )


def _predecessor(entries: t.Iterable[Entry], entry: Entry) -> Predecessor:
    handle, serial = entry.standing.replaces, entry.standing.replaces_serial
    known = (one.standing for one in entries if one.standing.handle == handle and _serial(one) == serial)
    certificate = next((standing.certificate for standing in known), None)
    return Predecessor(handle, serial, certificate.pem if certificate else "")


# -- approval ---------------------------------------------------------------------------------------------------------


#: Who is to approve can still be changed, or has yet to be told to the seller.
_WITH_A_PERSON = frozenset({State.AWAITING_APPROVAL, State.AWAITING_PERSON})


def contact_of(options: t.Mapping[str, t.Any]) -> Contact | None:
    """kind and address, where both are told."""
    given = options.get("contact")
    if not isinstance(given, dict) or not given.get("kind") or not given.get("address"):
        return None
    return Contact(str(given["kind"]), str(given["address"]))


def new_contact(work: Work) -> Contact | None:
    """Who is to approve from now on, if that is not who was asked."""
    entry = work.entry
    if entry is None or work.then_new or entry.state not in _WITH_A_PERSON:
        return None
    wished, asked = contact_of(work.item.options or {}), contact_of(entry.options)
    same_way = work.item.method in ("", entry.order.method)
    return wished if same_way and wished is not None and wished != asked else None


def wants_resend(work: Work) -> bool:
    """Not for an order of this very call: its mails are on their way."""
    entry = work.entry
    awaits = entry is not None and entry.state is State.AWAITING_APPROVAL
    return work.item.resend and awaits and not work.resent and not work.submitted


def approval_error(work: Work) -> InkanError | None:
    """What was wished of the approval, and this CA cannot do. The order waits as before."""
    entry, contact = work.order, new_contact(work)
    if contact is None and not wants_resend(work):
        return None
    asked = contact_of(entry.options)
    to = f" sent to {asked.address}" if asked else ""
    if contact is not None:
        what, why = f"Cannot ask {contact.address} for approval", f"this CA does not change whom it asked{to}"
        todo = f"Approve by the mail{to}; or cancel the order (state=cancelled): the next one asks {contact.address}"
    else:
        what, why = "Cannot have the approval mail sent again", "this CA has no call for it"
        todo = "Let it be sent at the CA's or seller's portal; or cancel the order, and the next one sends a new mail"
    return RefusedError(
        code="contact_unchangeable" if contact is not None else "resend_impossible",
        what=what,
        where=f'item "{work.item.name}", CA account "{entry.order.ca_account}", order {entry.standing.handle}',
        why=why,
        todo=todo,
    )
