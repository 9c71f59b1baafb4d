# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account's approval queue: our own requests, answered where the account says that we may.

A request is ours when its order bears our reference as ``alternative_order_id``, or when its comment does (reissue,
duplicate). No other one is touched, whatever its number.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import Handle, OrderInfo, RequestInfo
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.network import Call, Network
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, RefusedError

__all__ = ["Approver"]


class Approver:
    def __init__(self, network: Network, settings: Settings) -> None:
        self._network = network
        self._settings = settings

    def is_ours(self, about: RequestInfo | None, handle: Handle, info: OrderInfo, request: OrderRequest) -> bool:
        """Whether this request waits, is one of our order, and may be answered by us."""
        if about is None or not about.number or not self._settings.approve_requests:
            return False
        if handle.way:
            return request.reference in about.comments
        return info.reference == request.reference

    def approve(self, about: RequestInfo | None, handle: Handle, request: OrderRequest) -> tuple[str, ...]:
        """() when it is approved; else what a person has to know: the order waits for somebody else."""
        number = about.number if about is not None else ""
        why = self.answer(number, request.reference)
        if not why:
            return ()
        who = "the approver's key" if self._settings.approver_api_key else "the key that ordered"
        return (
            f"DigiCert does not take the approval of request {number} of order {handle.order} from {who}: {why}. "
            "An administrator of the CertCentral account has to approve the request",
        )

    def answer(self, number: str, reference: str) -> str:
        """Approve it; "" when that was taken, else DigiCert's words."""
        body = {"status": "approved", "processor_comment": f"approved by inkan.tls, {reference}"}
        call = Call("PUT", f"/request/{number}/status", "approve our request", body, is_approval=True)
        try:
            self._network.ask(call)
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return refusal.why
        except InputError as refusal:  # the key may not approve: the order is there, and waits
            return refusal.why
        return ""
