# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""/order/...: submit, look, list, validate, reissue, duplicate, cancel; and /request/...: the approval queue."""

from __future__ import annotations

import re
import typing as t

from lab.clock import LabClock
from lab.http_server import Response
from lab.names import bare
from lab.refusal import Refused
from lab.vices import Switches

from . import application, listing
from .api import NO_CONTENT, Api, Call, Caller
from .application import ChosenMail, a_flag, a_mapping, broken, read_mail
from .desk import Desk
from .listing import Columns
from .methods import EMAIL
from .products import EV
from .showing import Document, Showing, day, moment
from .values import Ask, Certificate, Order

INDEX_SECONDS = 2
ORDER = "/order/certificate/([^/]+)"
ANSWERS = ("approved", "rejected", "pending", "submitted")
CSV = ("id", "status", "certificate.common_name", "certificate.valid_till", "date_created", "product.name_id")


class OrderCalls:
    def __init__(self, api: Api, desk: Desk, showing: Showing, clock: LabClock, switches: Switches) -> None:
        self._api, self._desk, self._showing = api, desk, showing
        self._clock, self._switches = clock, switches

    def calls(self) -> list[Call]:
        return [
            Call("alternate", "GET", "/order/alternate/([^/]+)", "look", self._alternate),
            Call("status_changes", "GET", "/order/certificate/status-changes", "look", self._status_changes),
            Call("list", "GET", "/order/certificate", "look", self._list),
            Call("submit", "POST", "/order/certificate/([a-z_0-9]+)", "orders", self._submit),
            Call("look", "GET", ORDER, "look", self._look),
            Call("token", "PUT", f"{ORDER}/dcv-random-value", "orders", self._token),
            Call("method", "PUT", f"{ORDER}/dcv-method", "orders", self._method),
            Call("resend", "PUT", f"{ORDER}/resend-emails", "orders", self._resend),
            Call("ev_resend", "PUT", f"{ORDER}/order-approval/resend-emails", "orders", self._resend_to_approver),
            Call("check", "PUT", f"{ORDER}/check-dcv", "orders", self._check),
            Call("mails", "GET", f"{ORDER}/email-validation", "look", self._mails),
            Call("cancel", "PUT", f"{ORDER}/status", "orders", self._status),
            Call("reissue", "POST", f"{ORDER}/reissue", "orders", self._reissue),
            Call("reissues", "GET", f"{ORDER}/reissue", "look", self._reissues),
            Call("auto_reissue", "PUT", f"{ORDER}/auto-reissue", "orders", self._auto_reissue),
            Call("duplicate", "POST", f"{ORDER}/duplicate", "orders", self._duplicate),
            Call("duplicates", "GET", f"{ORDER}/duplicate", "look", self._duplicates),
            Call("requests", "GET", "/request", "look", self._requests),
            Call("request", "GET", "/request/([0-9]+)", "look", self._request),
            Call("answer", "PUT", "/request/([0-9]+)/status", "approvals", self._answer),
        ]

    # --- orders ---

    def _submit(self, caller: Caller) -> Response:
        read = application.read(caller.part(), caller.body(), self._clock.now())
        order = self._desk.take(read, caller.who)
        ask = self._desk.book.asks(order.id)[0]
        if read.alternative_order_id and self._switches.strikes("dc_reference_shared", read.alternative_order_id):
            self._desk.add_decoy(order)
        return self._api.json(self._showing.taken(order, ask), 201)

    def _look(self, caller: Caller) -> Response:
        order = self._order(caller)
        if self._switches.strikes("dc_order_missing_first", order.id):
            raise Refused(404, "not_found|order", f"There is no order {order.id}.")
        return self._api.json(self._showing.look(order, caller.flag("include_caa_status")))

    def _list(self, caller: Caller) -> Response:
        ignored = ["status"] if self._switches.is_on("dc_status_filter_ignored") else []
        orders = [order for order in self._indexed() if not order.is_decoy]
        found, page = listing.chosen(orders, caller.request.query, self._columns(), ignored)
        documents = [self._showing.order(order) for order in found]
        if "text/csv" in caller.request.headers.get("accept", ""):
            return Response(200, {"Content-Type": "text/csv; charset=utf-8"}, listing.as_csv(documents, CSV))
        return self._api.json({"orders": documents, "page": page._asdict()})

    def _columns(self) -> Columns[Order]:
        def made(order: Order) -> list[Certificate]:
            return self._desk.book.certificates(order.id)

        def names(order: Order) -> t.Iterable[str]:
            return self._desk.claiming.names(order)

        def mails(order: Order) -> t.Iterable[str]:
            contacts = [str(one.get("email") or "") for one in order.application.contacts]
            return [*order.application.additional_emails, *contacts]

        return {
            "id": lambda order: [order.id],
            "status": lambda order: {order.state, self._showing.status(order)},
            "organization_id": lambda order: [order.application.organization or ""],
            "product_name_id": lambda order: [order.product.name_id],
            "valid_till": lambda order: [day(one.valid_till) for one in made(order)[-1:]],
            "user_id": lambda _order: [1],
            "common_name": lambda order: [self._desk.claiming.wish(order).common_name],
            "domain_name": names,
            "date_created": lambda order: [moment(order.created_at)],
            "container_id": lambda order: [order.application.container or ""],
            "metadata_id": lambda order: [one["metadata_id"] for one in order.application.custom_fields],
            "is_renewed": lambda order: [order.renewed_by is not None],
            "disable_renewal_notifications": lambda order: [order.application.disable_renewal_notifications],
            "email": mails,
            "certificate_id": lambda order: [one.id for one in made(order)],
            "origin": lambda _order: ["certcentral"],
            "serial_number": lambda order: [one.serial for one in made(order)],
            "search": lambda order: [order.id, order.application.alternative_order_id, *names(order)],
        }

    def _alternate(self, caller: Caller) -> Response:
        reference = caller.part()
        found = [order for order in self._indexed() if order.application.alternative_order_id == reference]
        if not found and self._switches.is_on("dc_alternate_404"):
            raise Refused(404, "not_found|order", f"There is no order {reference}.")
        shown, page = listing.chosen(found, caller.request.query, {})
        return self._api.json({"orders": [self._short(order) for order in shown], "page": page._asdict()})

    def _status_changes(self, caller: Caller) -> Response:
        columns: Columns[Order] = {"status_last_updated": lambda order: [moment(order.updated_at)]}
        orders = [order for order in self._desk.book.orders() if not order.is_decoy]
        found, _page = listing.chosen(orders, caller.request.query, columns)
        return self._api.json({"orders": [self._short(order) for order in found]})

    def _indexed(self) -> list[Order]:
        """The newest first; the very newest may be late."""
        book, late = self._desk.book, self._switches.is_on("dc_late_index")
        return [one for one in reversed(book.orders()) if not late or book.age(one.id) >= INDEX_SECONDS]

    def _short(self, order: Order) -> Document:
        status = "canceled" if order.is_decoy else self._showing.status(order)
        return {"order_id": order.id, "certificate_id": order.certificate, "status": status}

    # --- validation ---

    def _token(self, caller: Caller) -> Response:
        return self._api.json(self._random_value(self._order(caller)))

    def _random_value(self, order: Order) -> Document:
        claim = self._desk.claiming.token(order)
        return {
            "dcv_random_value": claim.token,
            "expiration_date": moment(claim.token_ends) if claim.token_ends else None,
        }

    def _method(self, caller: Caller) -> Response:
        order = self._desk.change_method(self._order(caller), caller.body().get("dcv_method"))
        if order.application.method == EMAIL or not self._desk.claiming.missing(order):
            return NO_CONTENT
        return self._api.json(self._random_value(order))

    def _resend(self, caller: Caller) -> Response:
        body = caller.body()
        given = body.get("domain_approval_emails") or []
        if not isinstance(given, list):
            raise broken("domain_approval_emails must be a list.")
        mails: list[ChosenMail] = [read_mail(one, "domain") for one in given]
        self._desk.claiming.send_again(self._order(caller), mails, str(body.get("locale") or ""))
        return NO_CONTENT

    def _resend_to_approver(self, caller: Caller) -> Response:
        order, addresses = self._order(caller), caller.body().get("emails")
        if order.product.validation != EV:
            raise broken("This order needs no approver.")
        if not isinstance(addresses, list) or not addresses:
            raise broken("emails is required.")
        if order.approver_links and not order.approver_pressed:
            self._desk.claiming.mail_approver(order, [str(address) for address in addresses])
        return NO_CONTENT

    def _check(self, caller: Caller) -> Response:
        body = caller.body()
        given = body.get("dns_names_validations") or []
        names = [str(one.get("dns_name") if isinstance(one, dict) else one) for one in given]
        order = self._desk.check(self._order(caller), names)
        status = "issued" if order.state == "issued" else "pending"
        document: Document = {"order_status": status, "certificate_id": order.certificate, "dcv_status": "valid"}
        if order.certificate is None:
            del document["certificate_id"]
        if names:
            document["dns_name_validations"] = [{"dns_name": bare(name), "status": "valid"} for name in names]
        return self._api.json(document)

    def _mails(self, caller: Caller) -> Response:
        order, now = self._order(caller), self._clock.now()
        mails = [
            {
                "email": link.address,
                "status": "validated" if claim.is_proven(now) else "unvalidated",
                "date_emailed": moment(link.sent_at),
            }
            for claim in self._desk.claiming.claims(order)
            for link in claim.links
        ]
        return self._api.json({"emails": mails})

    # --- the life of an order ---

    def _status(self, caller: Caller) -> Response:
        body = caller.body()
        if str(body.get("status")).lower() != "canceled":
            raise broken("status must be canceled.")
        self._desk.cancel(self._order(caller), str(body.get("note") or ""))
        return NO_CONTENT

    def _reissue(self, caller: Caller) -> Response:
        order = self._order(caller)
        before = self._newest(order)
        order, ask = self._desk.reissue(order, caller.body(), caller.who)
        return self._api.json(self._showing.taken(order, ask, before), 201)

    def _duplicate(self, caller: Caller) -> Response:
        order = self._order(caller)
        before = self._newest(order)
        order, ask = self._desk.duplicate(order, caller.body(), caller.who)
        document = self._showing.taken(order, ask, before)
        document.pop("certificate_chain", None)
        return self._api.json(document, 201)

    def _newest(self, order: Order) -> int:
        return max((one.id for one in self._desk.book.certificates(order.id)), default=0)

    def _reissues(self, caller: Caller) -> Response:
        return self._certificates(caller, "reissue")

    def _duplicates(self, caller: Caller) -> Response:
        return self._certificates(caller, "duplicate")

    def _certificates(self, caller: Caller, kind: str) -> Response:
        made = self._desk.book.certificates(self._order(caller).id)
        shown = [self._showing.one_of_many(one) for one in made if one.kind == kind]
        return self._api.json({"certificates": shown})

    def _auto_reissue(self, caller: Caller) -> Response:
        order = self._order(caller)
        self._desk.book.change(order.id, auto_reissue=a_flag(caller.body(), "auto_reissue"))
        return NO_CONTENT

    # --- the approval queue ---

    def _requests(self, caller: Caller) -> Response:
        columns: Columns[Ask] = {
            "id": lambda ask: [ask.id],
            "status": lambda ask: [ask.status],
            "type": lambda ask: [ask.type],
            "order_id": lambda ask: [ask.order],
            "date": lambda ask: [moment(ask.asked_at)],
        }
        found, page = listing.chosen(self._desk.book.asks(), caller.request.query, columns)
        return self._api.json({"requests": [self._showing.ask(ask) for ask in found], "page": page._asdict()})

    def _request(self, caller: Caller) -> Response:
        return self._api.json(self._showing.ask(self._ask(caller)))

    def _answer(self, caller: Caller) -> Response:
        body = a_mapping(caller.body(), "the body")
        status = str(body.get("status"))
        if status not in ANSWERS:
            raise broken(f"status must be one of {', '.join(ANSWERS)}.")
        self._desk.answer(self._ask(caller), status, str(body.get("processor_comment") or ""), caller.who)
        return NO_CONTENT

    def _ask(self, caller: Caller) -> Ask:
        ask = self._desk.book.ask(caller.number())
        if ask is None:
            raise Refused(404, "not_found", f"There is no request {caller.part()}.")
        return ask

    def _order(self, caller: Caller) -> Order:
        """By its number; or by the serial or thumbprint of its primary certificate."""
        if caller.number() >= 0:
            return self._desk.the_order(caller.number())
        wanted = re.sub(r"[^0-9A-F]", "", caller.part().upper())
        for order in self._desk.book.orders():
            made = self._desk.book.certificate(order.certificate)
            if made and wanted and wanted.lstrip("0") in (made.serial.lstrip("0"), made.thumbprint.lstrip("0")):
                return order
        return self._desk.the_order(-1)
