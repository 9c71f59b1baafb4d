# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""/domain/..., /organization/..., /product/...: the account, and what it may order."""

from __future__ import annotations

from lab import names
from lab.http_server import Response
from lab.refusal import Refused

from . import listing
from .api import NO_CONTENT, Api, Call, Caller
from .book import Book
from .domains import Domains
from .listing import Columns
from .methods import DYNAMIC, METHODS
from .products import DV, PRODUCTS, Product
from .proving import Proving
from .showing import Document, Showing, moment
from .values import Domain, Organization

DOMAIN = "/domain/([0-9]+)"


class DomainCalls:
    def __init__(self, api: Api, domains: Domains, book: Book, proving: Proving, showing: Showing) -> None:
        self._api, self._domains, self._book, self._proving, self._showing = api, domains, book, proving, showing

    def calls(self) -> list[Call]:
        return [
            Call("dcv_methods", "GET", "/domain/dcv/method", "look", self._methods),
            Call("domain_add", "POST", "/domain", "domains", self._add),
            Call("domains", "GET", "/domain", "look", self._list),
            Call("domain", "GET", DOMAIN, "look", self._look),
            Call("domain_again", "POST", f"{DOMAIN}/validation", "domains", self._again),
            Call("domain_mails", "GET", "/domain/([^/]+)/dcv/emails", "look", self._addresses),
            Call("domain_resend", "PUT", f"{DOMAIN}/dcv/emails", "domains", self._resend),
            Call("domain_method", "PUT", f"{DOMAIN}/dcv/method", "domains", self._method),
            Call("domain_token", "POST", f"{DOMAIN}/dcv/token", "domains", self._token),
            Call("domain_check", "PUT", f"{DOMAIN}/dcv/validate-token", "domains", self._check),
            Call("organizations", "GET", "/organization", "look", self._organizations),
            Call("organization", "GET", "/organization/([0-9]+)", "look", self._organization),
            Call("products", "GET", "/product", "look", self._products),
            Call("product", "GET", "/product/([a-z_0-9]+)", "look", self._product),
        ]

    # --- domains ---

    def _methods(self, _caller: Caller) -> Response:
        return self._api.json({"methods": [{"name_id": method} for method in METHODS]})

    def _add(self, caller: Caller) -> Response:
        domain = self._domains.add(caller.body())
        return self._api.json({"id": domain.id, **self._showing.proof(domain)}, 201)

    def _list(self, caller: Caller) -> Response:
        columns: Columns[Domain] = {
            "id": lambda domain: [domain.id],
            "name": lambda domain: [domain.name],
            "organization_id": lambda domain: [domain.organization],
            "date_created": lambda domain: [moment(domain.created_at)],
        }
        found, page = listing.chosen(self._book.domains(), caller.request.query, columns)
        shown = [self._showing.domain(domain, with_dcv=False, with_validation=True) for domain in found]
        return self._api.json({"domains": shown, "page": page._asdict()})

    def _look(self, caller: Caller) -> Response:
        domain = self._domains.the_domain(caller.part())
        dcv, validation = caller.flag("include_dcv"), caller.flag("include_validation")
        return self._api.json(self._showing.domain(domain, dcv, validation))

    def _again(self, caller: Caller) -> Response:
        domain = self._domains.submit_again(self._domains.the_domain(caller.part()), caller.body())
        return self._api.json({"id": domain.id, **self._showing.proof(domain)}, 201)

    def _addresses(self, caller: Caller) -> Response:
        """By number, or by name: then of its registered domain."""
        if caller.number() >= 0:
            domain = self._domains.the_domain(caller.part())
            return self._api.json(self._showing.addresses(domain.name, domain))
        name = caller.part().lower()
        if not names.is_name(name):
            raise Refused(404, "not_found", f"There is no domain {name}.")
        return self._api.json(self._showing.addresses(self._proving.base(name)))

    def _resend(self, caller: Caller) -> Response:
        self._domains.mail_again(self._domains.the_domain(caller.part()), caller.body())
        return NO_CONTENT

    def _method(self, caller: Caller) -> Response:
        domain = self._domains.change_method(self._domains.the_domain(caller.part()), caller.body())
        return self._api.json(self._showing.proof(domain))

    def _token(self, caller: Caller) -> Response:
        token = self._showing.token(self._domains.new_token(self._domains.the_domain(caller.part())))
        return self._api.json({key: token[key] for key in token if key != "status"})

    def _check(self, caller: Caller) -> Response:
        claim = self._domains.check(self._domains.the_domain(caller.part())).claim
        return self._api.json({"token": claim.token, "status": "active"})

    # --- organizations and products ---

    def _organizations(self, caller: Caller) -> Response:
        columns: Columns[Organization] = {"id": lambda one: [one.id], "name": lambda one: [one.name]}
        found, page = listing.chosen(list(self._book.organizations.values()), caller.request.query, columns)
        return self._api.json({"organizations": [_organization(one) for one in found], "page": page._asdict()})

    def _organization(self, caller: Caller) -> Response:
        organization = self._book.organizations.get(caller.number())
        if organization is None:
            raise Refused(404, "not_found", f"There is no organization {caller.part()}.")
        return self._api.json(_organization(organization))

    def _products(self, _caller: Caller) -> Response:
        return self._api.json({"products": [_product(product) for product in PRODUCTS.values()]})

    def _product(self, caller: Caller) -> Response:
        product = PRODUCTS.get(caller.part())
        if product is None:
            raise Refused(404, "not_found|product", f"There is no product {caller.part()}.")
        return self._api.json(_product(product))


def _organization(organization: Organization) -> Document:
    return {
        "id": organization.id,
        "name": organization.name,
        "is_active": True,
        "city": organization.city,
        "state": organization.state,
        "country": organization.country,
        "validations": [{"type": kind, "status": "active"} for kind in organization.validated],
    }


def _product(product: Product) -> Document:
    methods = [method for method in METHODS if product.validation != DV or method != DYNAMIC]
    return {
        "name_id": product.name_id,
        "name": product.name,
        "type": f"{product.validation}_ssl_certificate",
        "validation_type": product.validation,
        "allowed_order_validity_years": [1, 2, 3],
        "csr_required": True,
        "allowed_wildcards": product.wildcard is not False,
        "max_dns_names": product.most_names,
        "dcv_methods": methods,
    }
