# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders, requests and domains as the API shows them, and how the showing goes wrong."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from lab.clock import LabClock
from lab.names import bare
from lab.vices import Switches

from . import terms
from .book import Book
from .claiming import Claiming
from .making import Making, key_size
from .methods import CNAME, EMAIL, FILES
from .products import DV
from .proving import TARGET, Proving
from .values import Ask, Certificate, Claim, Domain, Order

STRANGE_STATUS = "awaiting_review"
Document = dict[str, t.Any]


def day(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).date().isoformat()


def moment(value: datetime) -> str:
    """2026-11-20T01:02:03+00:00"""
    return value.astimezone(timezone.utc).isoformat(timespec="seconds")


class Showing:
    def __init__(
        self, book: Book, claiming: Claiming, proving: Proving, making: Making, clock: LabClock, switches: Switches
    ) -> None:
        self._book, self._claiming, self._proving, self._making = book, claiming, proving, making
        self._clock, self._switches = clock, switches

    # --- orders ---

    def status(self, order: Order) -> str:
        return "expired" if order.state == "issued" and self._clock.now() > order.valid_till else order.state

    def look(self, order: Order, with_caa: bool) -> Document:
        before = self._book.before(order.id)
        if before and self._switches.strikes("dc_stale_answer_first", f"{order.id} {order.state}"):
            order = before
        document = self.order(order)
        document["certificate"]["csr"] = self._claiming.wish(order).csr
        if with_caa and order.state in ("pending", "reissue_pending"):
            forbidden = self._proving.forbidden(self._claiming.names(order))
            document["caa_status"] = "failed" if forbidden else "ok"
        if order.state == "issued" and self._switches.strikes("dc_status_approved", order.id):
            document["status"] = "approved"
        always = self._switches.is_on("dc_strange_status_always")
        if self._switches.strikes("dc_strange_status", order.id) or always:
            document["status"] = STRANGE_STATUS
        return document

    def order(self, order: Order) -> Document:
        """As lists have it: without the CSR."""
        application, organization = order.application, self._claiming.organization(order)
        container = self._book.containers.get(application.container or 0)
        certificates = self._book.certificates(order.id)
        linked = not self._switches.is_on("dc_renewal_link_stale")
        return {
            "id": order.id,
            "status": self.status(order),
            "certificate": self._certificate(order),
            "date_created": moment(order.created_at),
            "order_valid_till": day(order.valid_till),
            "organization": {"id": organization.id, "name": organization.name} if organization else None,
            "container": container._asdict() if container else None,
            "product": {
                "name_id": order.product.name_id,
                "name": order.product.name,
                "type": f"{order.product.validation}_ssl_certificate",
                "validation_type": order.product.validation,
            },
            "dcv_method": application.method,
            "requests": [self._short_ask(ask) for ask in self._book.asks(order.id)],
            "is_renewal": linked and application.renewal_of is not None,
            "renewal_of_order_id": application.renewal_of if linked else None,
            "is_renewed": linked and order.renewed_by is not None,
            "renewed_order_id": order.renewed_by if linked else None,
            "alternative_order_id": application.alternative_order_id or None,
            "custom_fields": list(application.custom_fields),
            "additional_emails": list(application.additional_emails),
            "payment_method": application.payment_method,
            "price": 0,
            "receipt_id": 5_000_000 + order.id,
            "auto_renew": int(order.auto_renew),
            "auto_reissue": int(order.auto_reissue),
            "disable_renewal_notifications": application.disable_renewal_notifications,
            "is_multi_year_plan": application.term.years > 1,
            "allow_duplicates": True,
            "duplicates_count": sum(one.kind == "duplicate" for one in certificates),
            "reissues_count": sum(one.kind == "reissue" for one in certificates),
            "note": order.note or None,
        }

    def _certificate(self, order: Order) -> Document:
        made, wish = self._book.certificate(order.certificate), self._claiming.wish(order)
        document: Document = {
            "common_name": wish.common_name,
            "dns_names": list(made.names if made and order.job is None else self._claiming.names(order)),
            "signature_hash": wish.signature_hash,
            "key_size": key_size(wish),
            "server_platform": {"id": wish.platform},
        }
        if made is not None:
            document.update(self.certificate_facts(made))
        return document

    def certificate_facts(self, made: Certificate) -> Document:
        return {
            "id": made.id,
            "thumbprint": made.thumbprint,
            "serial_number": made.serial,
            "date_created": moment(made.created_at),
            "valid_from": day(made.valid_from),
            "valid_till": day(made.valid_till),
            "days_remaining": (made.valid_till - self._clock.now()).days,
            "ca_cert": self._making.ca(made),
        }

    def one_of_many(self, made: Certificate) -> Document:
        return {
            **self.certificate_facts(made),
            "sub_id": made.sub_id,
            "status": "revoked" if made.revoked else "issued",
            "common_name": made.wish.common_name,
            "dns_names": list(made.names),
        }

    # --- new certificates ---

    def taken(self, order: Order, ask: Ask, before: int | None = None) -> Document:
        """Of a submit, a reissue, a duplicate. ``before``: the newest certificate that the order had had."""
        now = self._book.ask(ask.id) or ask
        document: Document = {"id": order.id, "requests": [{"id": now.id, "status": now.status}]}
        newest = [one for one in self._book.certificates(order.id) if one.id > (before or 0)]
        if newest:
            chain = self._making.listed_chain(newest[-1])
            return {**document, "certificate_id": newest[-1].id, "certificate_chain": chain}
        if order.state in ("pending", "processing", "reissue_pending"):
            waiting = [one for one in self._claiming.claims(order) if not one.is_proven(self._clock.now())]
            tokens = [claim.token for claim in waiting if claim.method != EMAIL]
            if tokens:
                document["dcv_random_value"] = tokens[0]
            if order.product.validation != DV and order.application.method != EMAIL:
                domains = [self._book.domain(number) for number in order.domains]
                document["domains"] = [self.domain_of_order(domain) for domain in domains if domain]
        return document

    # --- requests ---

    def _short_ask(self, ask: Ask) -> Document:
        return {
            "id": ask.id,
            "date": moment(ask.asked_at),
            "type": ask.type,
            "status": ask.status,
            "comments": ask.comments,
        }

    def ask(self, ask: Ask) -> Document:
        order = self._book.order(ask.order)
        return {
            **self._short_ask(ask),
            "processor_comment": ask.processor_comment,
            "requester": {"first_name": ask.by, "last_name": "of the lab", "email": f"{ask.by}@lab.example"},
            "order": self.order(order) if order else None,
        }

    # --- domains ---

    def domain_of_order(self, domain: Domain) -> Document:
        return {"id": domain.id, "name": domain.name, "dcv_token": self.token(domain.claim)}

    def token(self, claim: Claim) -> Document:
        document: Document = {
            "token": claim.token,
            "status": "active" if claim.is_proven(self._clock.now()) else "pending",
            "expiration_date": moment(claim.token_ends) if claim.token_ends else None,
        }
        if claim.method == CNAME:
            document["verification_value"] = TARGET
        if claim.method in FILES:
            document["http_token_url"] = f"http://{claim.domain}{claim.path}"
        return document

    def proof(self, domain: Domain) -> Document:
        """What has to be shown: a token, or to whom mails went."""
        if domain.claim.method == EMAIL:
            return {"validation_emails": self.addresses(domain.name, domain)}
        return {"dcv_token": self.token(domain.claim)}

    def addresses(self, name: str, domain: Domain | None = None) -> Document:
        published = self._proving.published(name)
        own = [link.address for link in domain.claim.links] if domain else []
        known = self._proving.addresses(name)
        return {
            "name_scope": bare(name),
            "base_emails": [address for address in known if address not in published],
            "dns_txt_emails": published,
            "email_array": own,
        }

    def domain(self, domain: Domain, with_dcv: bool, with_validation: bool) -> Document:
        organization = self._book.organizations.get(domain.organization)
        is_proven = domain.claim.is_proven(self._clock.now())
        document: Document = {
            "id": domain.id,
            "name": domain.name,
            "is_active": True,
            "date_created": moment(domain.created_at),
            "organization": {"id": organization.id, "name": organization.name} if organization else None,
            "dcv_method": domain.claim.method,
        }
        until = self._until(domain) if is_proven else None
        if with_validation:
            document["validations"] = [
                {
                    "type": kind,
                    "status": "active" if is_proven and organization and kind in organization.validated else "pending",
                    "dcv_status": "complete" if is_proven else "pending",
                    "validated_until": until,
                }
                for kind in domain.types
            ]
        if with_dcv:
            document["dcv_expiration"] = dict.fromkeys(domain.types, until) if until else {}
            if domain.claim.method != EMAIL:
                document["dcv_token"] = self.token(domain.claim)
        return document

    def _until(self, domain: Domain) -> str | None:
        proven = domain.claim.proven_at
        return moment(proven + terms.reuse(self._clock.now())) if proven else None

    # --- for the lab ---

    def for_the_lab(self, order: Order) -> Document:
        return {
            "order_id": str(order.id),
            "partner_order_id": order.application.alternative_order_id,
            "product": order.product.name_id,
            "state": self.status(order),
            "common_name": order.application.wish.common_name,
            "names": list(self._claiming.names(order)),
            "reason": order.note or None,
            "method": order.application.method,
        }
