# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what POST /order/certificate/{product}, reissue and duplicate say. Pure: nothing is looked up here."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from datetime import date, datetime

from lab import names, signing_request
from lab.refusal import Refused
from lab.signing_request import PublicKey

from . import products, terms
from .methods import BASE_DOMAIN, DYNAMIC, EMAIL, FILES, METHODS, SCOPES
from .products import DV, EV, Product
from .terms import Term

Document = dict[str, t.Any]
HASHES = ("sha256", "sha384", "sha512")
PAYMENTS = ("balance", "card", "profile")
CONTACTS = ("organization_contact", "technical_contact", "ev_approver")
PROFILES = ("server_auth_only_eku", "server_client_auth_eku")
OTHER_PLATFORM = -1
CSR = re.compile(
    r"\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s*([A-Za-z0-9+/=\s]+?)\s*"
    r"-----END (?:NEW )?CERTIFICATE REQUEST-----\s*"
)


@dataclass(frozen=True)
class Wish:
    """The certificate itself."""

    names: tuple[str, ...]
    csr: str = field(repr=False)
    key: PublicKey = field(repr=False)
    signature_hash: str
    platform: int
    ca_cert_id: str
    term: Term | None

    @property
    def common_name(self) -> str:
        return self.names[0]

    @property
    def has_wildcard(self) -> bool:
        return any(name.startswith("*.") for name in self.names)


class ChosenMail(t.NamedTuple):
    dns_name: str
    email_domain: str
    email: str


@dataclass(frozen=True)
class Application:
    product: Product
    wish: Wish
    term: Term
    method: str
    scope: str
    mails: tuple[ChosenMail, ...]
    organization: int | None
    contacts: tuple[Document, ...]
    container: int | None
    skip_approval: bool
    renewal_of: int | None
    alternative_order_id: str
    custom_fields: tuple[Document, ...]
    additional_emails: tuple[str, ...]
    payment_method: str
    comments: str
    locale: str
    auto_renew: bool
    auto_reissue: bool
    disable_renewal_notifications: bool


def broken(message: str) -> Refused:
    return Refused(400, "bad_request_format", message)


def read(name_id: str, document: object, now: datetime) -> Application:
    body = a_mapping(document, "the body")
    hint = str(_inside(body, "product").get("type_hint") or "")
    product = products.find(name_id, hint)
    wish = read_wish(body, product, now)
    method = read_method(body.get("dcv_method") or EMAIL, product, wish, now)
    organization = _inside(body, "organization")
    if product.validation != DV and "id" not in organization:
        raise broken("organization.id is required for this product.")
    if body.get("use_auth_key"):
        raise broken("use_auth_key: the account has no auth key.")
    application = Application(
        product=product,
        wish=wish,
        term=_term(body.get("order_validity") or _legacy_term(body), "order_validity", now),
        method=method,
        scope=_one_of(body.get("certificate_dcv_scope"), "certificate_dcv_scope", SCOPES, BASE_DOMAIN),
        mails=_mails(body, product, wish),
        organization=_number(organization.get("id"), "organization.id"),
        contacts=_contacts(organization),
        container=_number(_inside(body, "container").get("id"), "container.id"),
        skip_approval=a_flag(body, "skip_approval"),
        renewal_of=_number(body.get("renewal_of_order_id"), "renewal_of_order_id"),
        alternative_order_id=_text(body, "alternative_order_id"),
        custom_fields=_custom_fields(body),
        additional_emails=_texts(body.get("additional_emails"), "additional_emails"),
        payment_method=_one_of(body.get("payment_method"), "payment_method", PAYMENTS, "balance"),
        comments=_text(body, "comments"),
        locale=_text(body, "locale") or "ja",
        auto_renew=a_flag(body, "auto_renew"),
        auto_reissue=a_flag(body, "auto_reissue"),
        disable_renewal_notifications=a_flag(body, "disable_renewal_notifications"),
    )
    if product.validation == EV and not any(one["contact_type"] == "ev_approver" for one in application.contacts):
        raise broken("organization.contacts needs an ev_approver for this product.")
    return application


def read_wish(body: Document, product: Product, now: datetime, before: Wish | None = None) -> Wish:
    """``before``: of the order, for what a reissue or duplicate does not say."""
    certificate = a_mapping(body.get("certificate"), "certificate")
    wanted = _names(certificate) if before is None or "common_name" in certificate else before.names
    _judge_names(product, wanted)
    csr, key = _csr(certificate.get("csr"))
    signature = certificate.get("signature_hash")
    if signature is None and product.validation != DV and before is None:
        raise broken("certificate.signature_hash is required for this product.")
    _judge_profile(certificate, now)
    platform = _number(_inside(certificate, "server_platform").get("id"), "certificate.server_platform.id")
    given = certificate.get("cert_validity")
    return Wish(
        names=wanted,
        csr=csr,
        key=key,
        signature_hash=_one_of(signature, "certificate.signature_hash", HASHES, "sha256"),
        platform=OTHER_PLATFORM if platform is None else platform,
        ca_cert_id=_text(certificate, "ca_cert_id"),
        term=None if given is None else _term(given, "certificate.cert_validity", now),
    )


def read_method(method: object, product: Product, wish: Wish, now: datetime) -> str:
    if method not in METHODS:
        raise Refused(400, "invalid_dcv_method", f"dcv_method must be one of {', '.join(METHODS)}.")
    if method == DYNAMIC and product.validation == DV:
        raise Refused(400, "invalid_dcv_method", "http-token-dynamic is not available for DV products.")
    if method in FILES and wish.has_wildcard:
        raise Refused(400, "invalid_dcv_method", f"{method} cannot validate wildcard names.")
    if method == EMAIL and terms.mail_is_over(now):
        raise Refused(400, "invalid_dcv_method", "email is no longer available.")
    return str(method)


def a_mapping(value: object, what: str) -> Document:
    if not isinstance(value, dict):
        raise broken(f"{what} must be an object.")
    return value


def a_flag(body: Document, key: str) -> bool:
    value = body.get(key)
    if value not in (None, True, False, 0, 1):
        raise broken(f"{key} must be a boolean.")
    return bool(value)


def _inside(body: Document, key: str) -> Document:
    return a_mapping(body.get(key) or {}, key)


def _number(value: object, what: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not re.fullmatch(r"-?[0-9]{1,15}", str(value)):
        raise broken(f"{what} must be a number.")
    return int(value)


def _text(body: Document, key: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 1024:
        raise broken(f"{key} must be a text.")
    return value


def _texts(value: object, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise broken(f"{what} must be a list of texts.")
    return tuple(value)


def _one_of(value: object, what: str, known: t.Sequence[str], usual: str) -> str:
    if value is None:
        return usual
    if value not in known:
        raise broken(f"{what} must be one of {', '.join(known)}.")
    return str(value)


def _term(value: object, what: str, now: datetime) -> Term:
    document = a_mapping(value, what)
    given = [key for key in ("years", "days", "custom_expiration_date") if document.get(key) is not None]
    if len(given) != 1:
        raise broken(f"{what} needs one of years, days and custom_expiration_date.")
    if given == ["custom_expiration_date"]:
        try:
            until = date.fromisoformat(str(document["custom_expiration_date"]))
        except ValueError:
            raise broken(f"{what}.custom_expiration_date must be a date: yyyy-MM-dd.") from None
        if terms.last_second(until) <= now:
            raise broken(f"{what}.custom_expiration_date is past.")
        return Term(until=until)
    number = _number(document[given[0]], f"{what}.{given[0]}") or 0
    if number < 1 or (given == ["years"] and number > 3):
        raise broken(f"{what}.{given[0]} is out of range.")
    return Term(years=number) if given == ["years"] else Term(days=number)


def _legacy_term(body: Document) -> Document:
    names_now = {
        "validity_years": "years",
        "validity_days": "days",
        "custom_expiration_date": "custom_expiration_date",
    }
    found = {now: body[old] for old, now in names_now.items() if body.get(old) is not None}
    if not found:
        raise broken("order_validity is required.")
    return found


def _names(certificate: Document) -> tuple[str, ...]:
    common = certificate.get("common_name")
    if not isinstance(common, str) or not common:
        raise broken("certificate.common_name is required.")
    others = _texts(certificate.get("dns_names"), "certificate.dns_names")
    return tuple(dict.fromkeys(name.lower() for name in (common, *others)))


def _judge_names(product: Product, wanted: t.Sequence[str]) -> None:
    for name in wanted:
        if not names.is_name(name):
            raise broken(f"{name} is not a name that can be certified.")
        if name.startswith("*.") and product.wildcard is False:
            raise broken(f"{product.name} takes no wildcard names.")
    if product.wildcard and not wanted[0].startswith("*."):
        raise broken(f"{product.name} needs a wildcard common name.")
    if len(wanted) > product.most_names:
        raise broken(f"{product.name} takes {product.most_names} names at most.")


def _csr(value: object) -> tuple[str, PublicKey]:
    """Lines are optional. Only the key counts: the names are those of the order."""
    match = CSR.fullmatch(value) if isinstance(value, str) and len(value) <= signing_request.MAX_PEM else None
    if match is None:
        raise broken("certificate.csr is required, as PEM.")
    text = "".join(match[1].split())
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    pem = "\n".join(["-----BEGIN CERTIFICATE REQUEST-----", *lines, "-----END CERTIFICATE REQUEST-----", ""])
    try:
        return pem, signing_request.read(pem).key
    except signing_request.Invalid as error:
        raise broken(f"certificate.csr: {error}.") from None


def _judge_profile(certificate: Document, now: datetime) -> None:
    profile = _one_of(certificate.get("profile_option"), "certificate.profile_option", PROFILES, PROFILES[0])
    if profile != PROFILES[0] and now.date() >= terms.CLIENT_EKU_ENDS:
        raise broken(f"certificate.profile_option {profile} is no longer available.")


def _mails(body: Document, product: Product, wish: Wish) -> tuple[ChosenMail, ...]:
    given = body.get("dcv_emails")
    if given is None:
        return ()
    if not isinstance(given, list):
        raise broken("dcv_emails must be a list.")
    if product.validation != DV or (body.get("dcv_method") or EMAIL) != EMAIL:
        raise broken("dcv_emails is for DV products that are validated by email.")
    found = [read_mail(one, "dns_name") for one in given]
    for mail in found:
        if mail.dns_name not in wish.names:
            raise broken(f"dcv_emails: {mail.dns_name} is no name of this order.")
    return tuple(found)


def read_mail(value: object, key: str) -> ChosenMail:
    """``key``: what the name is called, dns_name at an order, domain where mails are sent again."""
    document = a_mapping(value, "an address")
    name, email = _text(document, key).lower(), names.tidy(_text(document, "email"))
    if not name or not email:
        raise broken(f"an address needs {key} and email.")
    domain = (_text(document, "email_domain") or email.partition("@")[2]).lower()
    return ChosenMail(name, domain, email)


def _contacts(organization: Document) -> tuple[Document, ...]:
    given = organization.get("contacts")
    if given is None:
        return ()
    if not isinstance(given, list):
        raise broken("organization.contacts must be a list.")
    for one in given:
        contact = a_mapping(one, "a contact")
        _one_of(contact.get("contact_type") or "", "contact_type", CONTACTS, "")
        if "user_id" not in contact:
            for key in ("first_name", "last_name", "email"):
                if not _text(contact, key):
                    raise broken(f"a contact without user_id needs {key}.")
    return tuple(given)


def _custom_fields(body: Document) -> tuple[Document, ...]:
    given = body.get("custom_fields")
    if given is None:
        return ()
    if not isinstance(given, list):
        raise broken("custom_fields must be a list.")
    for one in given:
        entry = a_mapping(one, "a custom field")
        if _number(entry.get("metadata_id"), "metadata_id") is None or not isinstance(entry.get("value"), (str, int)):
            raise broken("a custom field needs metadata_id and value.")
    return tuple(given)
