# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what DVOrder, DVDNSOrder, URLVerification, OVOrder and EVOrder say. Nothing is looked up here."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab import names, signing_request
from lab.signing_request import PublicKey

from . import problems
from .form import COUNTRY, PHONE, Form
from .problems import problem
from .products import EV, MAIL, MOST_NAMES, PRODUCTS, URL, Product

PARAMETER = "OrderRequestParameter"
KINDS = ("new", "renewal", "transfer")
BASE_OPTIONS = ("wildcard", "gip", "private")
MOST_CSR = 8000
#: types of SAN entries: 1 UC, 3 and 4 addresses, 7 FQDN, 13 wildcard; nobody knows what 2 is
NAME_TYPES, ADDRESS_TYPES, UNKNOWN_TYPE, WILDCARD_TYPE = ("1", "7", "13"), ("3", "4"), "2", "13"
CATEGORIES = ("PO", "GE", "BE")
#: blocks of an EV order, and what each of them needs
EV_BLOCKS: t.Mapping[str, tuple[str, ...]] = {
    "RequestorInfo": ("FirstName", "LastName", "Function", "OrganizationName", "Phone", "Email"),
    "ApproverInfo": ("FirstName", "LastName", "Function", "OrganizationName", "Phone", "Email"),
    "AuthorizedSignerInfo": ("OrganizationName", "FirstName", "LastName", "Function", "Phone", "Email"),
    "JurisdictionInfo": ("JurisdictionCountry", "IncorporationAgencyRegistrationNumber"),
}
ADDRESS = ("AddressLine1", "City", "Region", "PostalCode", "Country", "Phone")
Words = t.Mapping[str, str]


@dataclass(frozen=True)
class Request:
    """What a CSR asks for."""

    csr: str = field(repr=False)
    key: PublicKey = field(repr=False)
    common_name: str

    @property
    def public_key(self) -> bytes:
        return self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class San(t.NamedTuple):
    type: str
    name: str


@dataclass(frozen=True)
class Application:
    #: the operation
    call: str
    product: Product
    base_option: str
    kind: str
    months: int
    not_before: datetime | None
    not_after: datetime | None
    request: Request
    sans: tuple[San, ...]
    renewal_target: str
    special_instructions: str
    sub_id: str
    reserved: str
    approver_email: str
    contact: Words = field(repr=False)
    organization: Words = field(repr=False)
    #: of the certificate; the common name is the first
    names: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        return self.product.method

    @property
    def common_name(self) -> str:
        return self.names[0]


def read(call: str, form: Form, methods: t.Collection[str], validation: str, takes_type_2: bool) -> Application:
    """``methods`` and ``validation``: of the products that this call takes. Problem says all that is wrong."""
    product = _product(form, methods, validation)
    kind = form.text(f"{PARAMETER}.OrderKind", 10, needed=True, choices=KINDS)
    form.text(f"{PARAMETER}.Licenses", 3, needed=True, shape="0*[1-9][0-9]*")
    form.text(f"{PARAMETER}.TargetCERT", MOST_CSR, needed=kind == "transfer")
    by_mail = product is not None and product.method == MAIL
    application = Application(
        call=call,
        product=t.cast(Product, product),
        base_option=form.text(f"{PARAMETER}.BaseOption", 20, choices=BASE_OPTIONS),
        kind=kind,
        months=form.number(f"{PARAMETER}.ValidityPeriod.Months", 60, needed=True),
        not_before=form.moment(f"{PARAMETER}.ValidityPeriod.NotBefore"),
        not_after=form.moment(f"{PARAMETER}.ValidityPeriod.NotAfter"),
        request=t.cast(Request, _request(form)),
        sans=_sans(form, takes_type_2),
        renewal_target=form.text(f"{PARAMETER}.RenewalTargetOrderID", 50, needed=kind == "renewal"),
        special_instructions=form.text(f"{PARAMETER}.SpecialInstructions", 4000, native=True),
        sub_id=form.text("SubID", 100) or form.text("SubId", 100),
        reserved=form.text("OrderID", 50, needed=by_mail),
        approver_email=form.mail("ApproverEmail", needed=by_mail),
        contact=_contact(call, form),
        organization=_organization(call, form, validation),
    )
    form.judge()  # what was cast is there now
    names = (application.request.common_name, *(san.name for san in application.sans))
    application = replace(application, names=tuple(dict.fromkeys(names)))
    _judge_together(application, form)
    return application


def read_csr(pem: str) -> Request:
    """Problem −4007 or −9936 says what is wrong with it. Its names count for nothing, other than the common name."""
    try:
        csr = signing_request.read(pem)
    except signing_request.Invalid as error:
        weak = str(error) == signing_request.WEAK_KEY
        raise problem(problems.WEAK_KEY if weak else problems.CSR, f"{PARAMETER}.CSR") from None
    common = [name.lower() for name in csr.common_names]
    if len(common) != 1 or not names.is_name(common[0]):
        raise problem(problems.CSR, f"{PARAMETER}.CSR")
    return Request(pem, csr.key, common[0])


def _product(form: Form, methods: t.Collection[str], validation: str) -> Product | None:
    code = form.text(f"{PARAMETER}.ProductCode", 20, needed=True, choices=tuple(PRODUCTS))
    product = PRODUCTS.get(code)
    if product and (product.method not in methods or product.validation != validation):
        form.wrong(problems.COMBINATION, f"{PARAMETER}.ProductCode")
    return product


def _request(form: Form) -> Request | None:
    pem = form.text(f"{PARAMETER}.CSR", MOST_CSR, needed=True)
    if not pem:
        return None
    try:
        return read_csr(pem)
    except problems.Problem as refusal:
        form.faults.extend(refusal.faults)
        return None


def _sans(form: Form, takes_type_2: bool) -> tuple[San, ...]:
    entries = form.request.find("SANEntries")
    found: list[San] = []
    place = "SANEntries.SANEntry"
    for entry in entries.all("SANEntry") if entries else ():
        kind, name = entry.word("SANOptionType"), entry.word("SubjectAltName").lower()
        if kind in ADDRESS_TYPES:
            form.wrong(problems.COMBINATION, f"{place}.SANOptionType")
        elif kind not in NAME_TYPES and not (takes_type_2 and kind == UNKNOWN_TYPE):
            form.wrong(problems.INVALID if kind else problems.MISSING, f"{place}.SANOptionType")
        if not names.is_name(name) or name.startswith("*.") != (kind == WILDCARD_TYPE):
            form.wrong(problems.FORMAT if name else problems.MISSING, f"{place}.SubjectAltName")
        found.append(San(kind, name))
    if len(found) > MOST_NAMES:
        form.wrong(problems.MOST_NAMES, "SANEntries")
    if found and "SAN" not in _options(form):
        form.wrong(problems.COMBINATION, f"{PARAMETER}.Options")
    return tuple(found)


def _options(form: Form) -> set[str]:
    options = form.request.find(f"{PARAMETER}.Options")
    found = options.all("Option") if options else []
    return {one.word("OptionName") for one in found if one.word("OptionValue") == "true"}


def _contact(call: str, form: Form) -> Words:
    native = call.endswith("JP")
    words = {name: form.text(f"ContactInfo.{name}", 64, needed=True) for name in ("FirstName", "LastName")}
    words["Phone"] = form.text("ContactInfo.Phone", 30, needed=True, shape=PHONE)
    words["Email"] = form.mail("ContactInfo.Email", needed=True)
    if native:
        for name in ("FirstNameNative", "LastNameNative"):
            words[name] = form.text(f"ContactInfo.{name}", 64, needed=True, native=True)
    return words


def _organization(call: str, form: Form, validation: str) -> Words:
    if not call.startswith(("OV", "EV")):
        return {}
    place = "OrganizationInfo"
    if validation == EV and form.request.find("OrganizationInfoEV"):
        place = "OrganizationInfoEV"
    native = call.endswith("JP")
    named = place == "OrganizationInfo"
    words = {"OrganizationName": form.text(f"{place}.OrganizationName", 255, needed=named, native=native)}
    form.text(f"{place}.CreditAgency", 1, choices=("1", "2"))
    form.text(f"{place}.OrganizationCode", 50)
    for name in ADDRESS:
        shape = {"Country": COUNTRY, "Phone": PHONE}.get(name, "")
        words[name] = form.text(f"{place}.OrganizationAddress.{name}", 128, needed=True, shape=shape)
    if validation == EV:
        form.text(f"{place}.BusinessCategoryCode", 2, needed=True, choices=CATEGORIES)
        for block, needed in EV_BLOCKS.items():
            for name in needed:
                form.text(f"{block}.{name}", 255, needed=not (native and name.endswith("Name")), native=native)
    return words


def _judge_together(application: Application, form: Form) -> None:
    """What is right alone, and wrong together."""
    wildcard = application.common_name.startswith("*.")
    if wildcard != (application.base_option == "wildcard"):
        form.wrong(problems.BASE_OPTION, f"{PARAMETER}.BaseOption")
    if application.product.validation == EV and any(name.startswith("*.") for name in application.names):
        form.wrong(problems.BASE_OPTION, f"{PARAMETER}.BaseOption")
    if application.method == URL and any(name.startswith("*.") for name in application.names):
        form.wrong(problems.COMBINATION, f"{PARAMETER}.BaseOption")
    begin, end = application.not_before, application.not_after
    if begin and end and begin >= end:
        form.wrong(problems.PERIOD, f"{PARAMETER}.ValidityPeriod")
    form.judge()
