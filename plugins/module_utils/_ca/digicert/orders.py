# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order at CertCentral, read: its status, what it wants, to whom it wrote, and its certificate.

``seen`` asks only. What has to be moved for an answer (a token is made by a PUT, a request is approved) is done by
``prepared``; ``seen`` then says WANTS_PREPARATION.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import has_key_of, pem_blocks
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import (
    Handle,
    OrderInfo,
    RequestInfo,
    Token,
    listed,
    number_of,
    text_of_field,
    unusable,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.approving import Approver
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.domains import Domain, Domains
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.network import Call, Network
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.ordering import (
    approval_mails,
    method_word,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.placing import scope_of, wanted_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._data.digicert_words import ORDER_WORDS, REQUEST_WORDS

__all__ = ["ENDS", "QUEUE", "STAFF", "Orders", "not_about_the_order", "words_of"]

ENDS = frozenset({Status.REFUSED, Status.EXPIRED, Status.CANCELLED})
#: Seconds: nobody's look at the order makes DigiCert's staff, who validate an organization, any faster.
STAFF = 600.0
_NOTES = {row.word: row.note for row in (*ORDER_WORDS, *REQUEST_WORDS)}
QUEUE = frozenset(row.word for row in REQUEST_WORDS if row.means == "wants_approval")


class Orders:
    def __init__(self, network: Network, settings: Settings, clock: Clock) -> None:
        self._network = network
        self._settings = settings
        self._clock = clock
        self._domains = Domains(network)
        self._approver = Approver(network, settings)
        #: what was read a moment ago by a look that asks for ``prepared``, which follows: it is not asked for twice
        self._just_read: dict[str, OrderInfo] = {}

    def seen(self, handle: Handle, request: OrderRequest) -> Seen:
        """As it is. Changes nothing at DigiCert."""
        info = self.info(handle)
        seen = self._seen(handle, info, request, is_moving=False)
        if seen.status is Status.WANTS_PREPARATION:
            self._just_read[seen.handle] = info
        return seen

    def prepared(self, handle: Handle, request: OrderRequest) -> Seen:
        """Moved on, as far as that is ours: our own request approved, where we may; a token that is valid."""
        info = self._just_read.pop(str(handle), None) or self.info(handle)
        notes: tuple[str, ...] = ()
        if self._approver.is_ours(self._waiting(handle, info), handle, info, request):
            notes = self._approver.approve(self._waiting(handle, info), handle, request)
            info = info if notes else self.info(handle)
        seen = self._seen(handle, info, request, is_moving=True)
        if notes and seen.status is Status.WANTS_APPROVAL:
            return replace(seen, wanted=replace(seen.wanted, notes=notes))
        return seen

    def _waiting(self, handle: Handle, info: OrderInfo) -> RequestInfo | None:
        """The request of this handle, while somebody has to approve it."""
        about = info.request_of(handle)
        return about if about is not None and about.status in QUEUE else None

    def _seen(self, handle: Handle, info: OrderInfo, request: OrderRequest, *, is_moving: bool) -> Seen:
        if not is_moving and self._approver.is_ours(self._waiting(handle, info), handle, info, request):
            return Seen(str(handle), Status.WANTS_PREPARATION, info.status_word)
        word, means = info.status_word, self.means(info.status_word)
        if word == "reissue_pending" and not handle.way:
            means = Status.ISSUED  # of another certificate: this one is there
        if handle.way and means is Status.ISSUED:
            return self._another(handle, info, request)
        if means is Status.WANTS_VALIDATION:
            return self._pending(handle, info, request, is_moving=is_moving)
        if not handle.way:
            info.require_names(request)
        about = info.request_of(handle)
        wanted, problem = Wanted(), ""
        if means is Status.WANTS_APPROVAL:
            wanted = Wanted(notes=_notes(handle, word, about))
        elif means in ENDS:
            problem = about.comments if about else ""
        retry_after = self._staff(request) if means is Status.ISSUING else None
        return Seen(str(handle), means, word or "(none)", wanted, problem=problem, retry_after=retry_after)

    def _pending(self, handle: Handle, info: OrderInfo, request: OrderRequest, *, is_moving: bool) -> Seen:
        if not handle.way:
            info.require_names(request)
        word, about = info.status_word, info.request_of(handle)
        notes = _notes(handle, about.status, about) if about and about.status in QUEUE else ()
        if about is not None and handle.way and about.status == "rejected":
            return Seen(str(handle), Status.REFUSED, "rejected", problem=about.comments)
        if request.method == "email":
            mails, is_approved = self._mailed(handle, request)
            if is_approved and not notes:
                return Seen(str(handle), Status.ISSUING, word, retry_after=self._staff(request))
            return Seen(str(handle), Status.WANTS_APPROVAL, word, Wanted(notes=notes, mails=mails))
        tokens = self._tokens(handle, info, request) if is_moving else self._tokens_there(handle, request)
        if tokens is None and not is_moving:
            return Seen(str(handle), Status.WANTS_PREPARATION, word)
        if tokens is None and notes:
            return Seen(str(handle), Status.WANTS_APPROVAL, word, Wanted(notes=notes))
        if tokens is None:  # DigiCert looks by itself; what was published stays
            return Seen(str(handle), Status.VALIDATING, word, retry_after=STAFF)
        wanted = wanted_of(tokens, request, self._settings, notes)
        if not wanted.records and not wanted.files:
            return Seen(str(handle), Status.ISSUING, word, retry_after=self._staff(request))
        ends = [token.expires for token in tokens.values() if token.expires is not None and not token.is_done]
        return Seen(str(handle), Status.WANTS_VALIDATION, word, wanted, expires=min(ends, default=None))

    def _another(self, handle: Handle, info: OrderInfo, request: OrderRequest) -> Seen:
        """``issued`` is said of the order before and after; whether the new certificate is there only its key tells."""
        about = info.request_of(handle)
        if about is not None and about.status == "rejected":
            return Seen(str(handle), Status.REFUSED, "rejected", problem=about.comments)
        if about is not None and self.means(about.status) is Status.CANCELLED:
            return Seen(str(handle), Status.CANCELLED, about.status)
        found = self.certificates(handle, info, request.csr_pem)
        if found and has_key_of(request.csr_pem, found):
            return Seen(str(handle), Status.ISSUED, info.status_word)
        if about is not None and about.status in QUEUE:
            notes = _notes(handle, about.status, about)
            return Seen(str(handle), Status.WANTS_APPROVAL, about.status, Wanted(notes=notes))
        why = f"the order is issued, but with a certificate for another key: the {handle.way} is not there"
        return Seen(str(handle), Status.UNKNOWN, info.status_word, problem=why)

    def info(self, handle: Handle) -> OrderInfo:
        info = OrderInfo.read(self._read(Call("GET", f"/order/certificate/{handle.order}", "look")))
        info.require_number(handle)
        return info

    def means(self, word: str) -> Status:
        return self._settings.statuses.get(word, Status.UNKNOWN)

    def _staff(self, request: OrderRequest) -> float | None:
        return STAFF if self.is_by_staff(request) else None

    def is_by_staff(self, request: OrderRequest) -> bool:
        product = self._settings.products.get(request.product)
        return product is not None and product.level != "dv"

    def mails(self, handle: Handle, request: OrderRequest) -> tuple[str, ...]:
        """To whom it wrote; where it does not tell, to whom it should."""
        return self._mailed(handle, request)[0]

    def _mailed(self, handle: Handle, request: OrderRequest) -> tuple[tuple[str, ...], bool]:
        """To whom, and whether they have approved: somebody at each domain, as often as asked."""
        path = f"/order/certificate/{handle.order}/email-validation"
        try:
            data = self._network.ask(Call("GET", path, "see who was written to"))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            data = None
        emails = listed(data.get("emails")) if isinstance(data, dict) else []
        told = [
            (mail, text_of_field(one, "status") == "validated")
            for one in emails
            for mail in [text_of_field(one, "email") if isinstance(one, dict) else ""]
            if mail
        ]
        if not told:
            return tuple(dict.fromkeys(one["email"] for one in approval_mails(request))), False
        asked, waiting = {mail for mail, _done in told}, {mail for mail, is_done in told if not is_done}
        proved = {mail.rpartition("@")[2] for mail in asked - waiting}
        return tuple(dict.fromkeys(mail for mail, _done in told)), proved == {mail.rpartition("@")[2] for mail in asked}

    def _tokens_there(self, handle: Handle, request: OrderRequest) -> dict[str, Token] | None:
        """Those that can be read. None: of an order none can, of domains one has no valid one."""
        found = {domain.name: self._domains.known(domain, self._clock.now()) for domain in self._shown(handle, request)}
        there = {name: token for name, token in found.items() if token is not None}
        return there if handle.domains and len(there) == len(found) else None

    def _tokens(self, handle: Handle, info: OrderInfo, request: OrderRequest) -> dict[str, Token] | None:
        """By name; None where DigiCert has none for this order."""
        if handle.domains:
            return self._tokens_of_domains(handle, request)
        token = self._order_token(handle, request)
        if token is None:
            return None
        names = [*request.dns_names, *(name for name in info.names if not handle.way)]
        return {scope_of(name, self._settings): token for name in names}

    def _order_token(self, handle: Handle, request: OrderRequest) -> Token | None:
        """The token that is still valid, or a new one. An order with another method gets ours."""
        word = method_word(request, self._settings)
        begin = f"/order/certificate/{handle.order}"
        for call in (
            Call("PUT", f"{begin}/dcv-random-value", "get the token", {}),
            Call("PUT", f"{begin}/dcv-method", "set the method", {"dcv_method": word}),
        ):
            try:
                return Token.read(self._network.ask(call), "dcv_random_value")
            except RefusedError as refusal:
                if refusal.retryable:
                    raise
        return None

    def _tokens_of_domains(self, handle: Handle, request: OrderRequest) -> dict[str, Token]:
        word = method_word(request, self._settings)
        found = {}
        for domain in self._shown(handle, request):
            try:
                found[domain.name] = self._domains.token(domain, word, self._clock.now())
            except RefusedError as refusal:
                raise not_about_the_order(refusal) from refusal
        return found

    def _shown(self, handle: Handle, request: OrderRequest) -> t.Iterator[Domain]:
        """The domains of an order: each is for one of its names, or the work on it stops."""
        ours = [validated_name(name) for name in request.dns_names]
        for number in handle.domains:
            try:
                domain = self._domains.show(number)
            except RefusedError as refusal:
                raise not_about_the_order(refusal) from refusal
            if not any(name == domain.name or name.endswith("." + domain.name) for name in ours):
                why = f"domain {number} is {domain.name}; ordered were {', '.join(request.dns_names)}"
                raise unusable("it validates another name", why[:1000], "digicert_other_names")
            yield domain

    def certificates(self, handle: Handle, info: OrderInfo, wanted_key: str = "") -> list[str]:
        """From the first place that has it, with the key of that request; [] where none hands out any.

        Nothing is assumed of intermediates: whatever came with it goes along, and is put in order elsewhere.
        """
        first: list[str] = []
        for paths in self._places(handle, info):
            found = self._downloaded(paths)
            if found and (not wanted_key or has_key_of(wanted_key, found)):
                return found
            first = first or found
        return first

    def _places(self, handle: Handle, info: OrderInfo) -> t.Iterator[tuple[str, ...]]:
        """Paths that together have certificate and chain, the likeliest first."""
        own = [handle.certificate] if handle.certificate else []
        if handle.way == "duplicate" and not own:
            own = self._duplicates(handle)
        elif not own and info.certificate_id:
            own = [info.certificate_id]
        for number in own:
            yield (f"/certificate/{number}/download/format/pem_all",)
        if handle.way != "duplicate":
            yield (f"/certificate/download/order/{handle.order}/format/pem_all",)
        for number in own:
            yield (f"/certificate/{number}/download/format/pem_nointermediate", f"/certificate/{number}/chain")

    def _duplicates(self, handle: Handle) -> list[str]:
        """Numbers of those that are issued, the newest first; one without a number cannot be downloaded."""
        numbers = [number_of(one.get("id")) for one in self.duplicates(handle)]
        return [number for number in reversed(numbers) if number]

    def duplicates(self, handle: Handle) -> list[dict[str, t.Any]]:
        """As the list of the order has them, the oldest first. What is no list never means that there is none."""
        data = self._read(Call("GET", f"/order/certificate/{handle.order}/duplicate", "list the duplicates"))
        certificates = data.get("certificates") if isinstance(data, dict) else None
        if not isinstance(certificates, list) or not all(isinstance(one, dict) for one in listed(certificates)):
            raise unusable("the list of duplicates is not in it", "there is no list under certificates")
        return listed(certificates)

    def _downloaded(self, paths: t.Sequence[str]) -> list[str]:
        texts = []
        for path in paths:
            try:
                answer = self._network.ask(Call("GET", path, "download", is_text=not path.endswith("/chain")))
            except RefusedError as refusal:
                if refusal.retryable:
                    raise
                return []
            texts += [answer] if isinstance(answer, str) else _chain_in(answer)
        if not texts or "BEGIN CERTIFICATE" not in texts[0]:
            return []  # a duplicate or reissue can be answered with something else; the next place may have it
        return pem_blocks(*texts)

    def _read(self, call: Call) -> t.Any:
        """A call that only reads: a refusal of it says nothing about the order."""
        try:
            return self._network.ask(call)
        except RefusedError as refusal:
            raise not_about_the_order(refusal) from refusal


def _notes(handle: Handle, word: str, about: RequestInfo | None) -> tuple[str, ...]:
    """Who must act, and where."""
    note = _NOTES.get(word) or "somebody has to act in CertCentral"
    number = f" {about.number}" if about is not None and about.number and "request" in note else ""
    return (f"{note}{number} of order {handle.order}" if number else f"{note} (order {handle.order})",)


def _chain_in(answer: object) -> list[str]:
    intermediates = listed(answer.get("intermediates")) if isinstance(answer, dict) else []
    return [text_of_field(one, "pem", 64 * 1024) for one in intermediates if isinstance(one, dict) and one.get("pem")]


def not_about_the_order(refusal: RefusedError) -> InkanError:
    """An error answer ends no order: only its status does."""
    if refusal.retryable:
        return refusal
    todo = "The order stays as it is. Run again; if it stays, ask DigiCert"
    return ProtocolError(retryable=True, todo=todo, **words_of(refusal))


def words_of(refusal: InkanError) -> dict[str, t.Any]:
    return {word: getattr(refusal, word) for word in ("code", "what", "where", "why", "reference")}
