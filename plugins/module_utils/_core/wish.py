# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An item of ``inkan_certificates`` as its owner wrote it, parsed: the only reader of that dictionary.

Here the *shape* is judged (all errors of all items at once). Whether the wish is lawful is the rule book's business
(``plan.py``).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.wish_deploy import Deploy, read_deploy

KEY_TYPES = ("rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384")
CONTACT_KINDS = ("constructed", "txt", "caa", "soa", "whois")
#: options that rows of the catalogue read as flags (``NameRule.www_option``, ``LinkRule.option``, ``StepRule.options``)
OPTION_FLAGS = ("double_address", "www_option", "same_account", "registrar_linkage")


@dataclass(frozen=True)
class Contact:
    """exclusive: contacts of others at the same name are removed."""

    kind: str
    address: str | None
    exclusive: bool = False


@dataclass(frozen=True)
class Validation:
    """document_roots: by DNS name, as declared, for names that another folder than ``document_root`` serves."""

    method: str | None
    contact: Contact | None
    document_root: str | None
    hosts: tuple[str, ...]
    document_roots: t.Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    type: str
    reuse: bool
    made_by: str


@dataclass(frozen=True)
class Live:
    """The certificate that is in service.

    suggested: when its CA suggests to renew it (ARI, RFC 9773), from and to; explained: the page where the CA says why
    """

    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...] | None
    key_type: str | None
    obtained_at: datetime | None
    serial: str | None
    #: whether it belongs to the key beside it
    matches: bool = True
    suggested: tuple[datetime, datetime] | None = None
    explained: str = ""


class Asked(t.NamedTuple):
    """What an order is made for; asking for the same again gets the same answer. contact: kind and address."""

    ca_account: str | None
    product: str
    method: str | None
    dns_names: frozenset[str]
    contact: tuple[str, str | None] | None


@dataclass(frozen=True)
class Ordered:
    """What was declared when something was ordered. None: not known."""

    product: str | None = None
    common_name: str | None = None
    ca_account: str | None = None
    method: str | None = None
    organization: str | None = None
    key_made_by: str | None = None
    deployed_by: str | None = None
    options: t.Mapping[str, t.Any] | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class OpenOrder:
    """What the ledger knows of the newest order; certificate: the one it brought, if it is issued.

    ordered: what was declared when it was made.
    revoked: serial numbers of certificates of this name that were revoked, whatever order brought them.
    asked: what it was made for, where it was refused; problem: why.
    cancelled_by_seller: why, where the seller ended it by itself (CPI-5).
    """

    state: str
    reference: str | None
    certificate: Live | None
    revoked: tuple[str, ...] = ()
    asked: Asked | None = None
    problem: str = ""
    ordered: Ordered = Ordered()
    cancelled_by_seller: str = ""


@dataclass(frozen=True)
class Wish:
    """previous: what was declared for the certificate that this one follows."""

    name: str
    common_name: str | None
    dns_names: tuple[str, ...]
    product: str
    ca_account: str | None
    validation: Validation
    key: Key
    deploy: Deploy
    organization: str | None
    subject: t.Mapping[str, t.Any]
    hosts: tuple[str, ...]
    paths: t.Mapping[str, str]
    issued_from: str | None
    options: t.Mapping[str, t.Any]
    expires: datetime | None
    validated_on: datetime | None
    contract_ends: datetime | None
    live: Live | None
    order: OpenOrder | None
    hosts_missing: tuple[str, ...] = field(default=())
    previous: Ordered | None = None

    @property
    def period(self) -> str | None:
        """The term that is asked for, of products that are sold for several."""
        asked = self.options.get("period")
        return asked if isinstance(asked, str) else None


def read_wishes(raw_items: t.Sequence[t.Any], errors: InputCollector) -> list[Wish]:
    """All items; with any error in ``errors`` the list must not be used."""
    wishes = [_read_wish(raw, number, errors) for number, raw in enumerate(raw_items, 1)]
    _refuse_repeated([wish.name for wish in wishes], errors)
    return wishes


def _refuse_repeated(names: t.Sequence[str], errors: InputCollector) -> None:
    counts: dict[str, list[int]] = {}
    for number, name in enumerate(names, 1):
        counts.setdefault(name, []).append(number)
    for name, numbers in counts.items():
        if name and len(numbers) > 1:
            errors.add(
                "duplicate_name",
                what=f'Cannot tell {len(numbers)} certificates named "{name}" apart',
                where=f"items {', '.join(map(str, numbers))}",
                why="a name is the key of the store and of the ledger",
                todo="Give each certificate a name of its own",
            )


def _read_wish(raw: t.Any, number: int, errors: InputCollector) -> Wish:
    given = raw.get("name") if isinstance(raw, dict) else None
    label = f'item "{given}"' if isinstance(given, str) and item_name_error(given) is None else f"item {number}"
    fields = Fields(raw, where=label, path="", errors=errors)
    if not isinstance(raw, dict):  # one error is enough
        return _read_wish({}, number, InputCollector())
    wish = Wish(
        name=_item_name(fields),
        common_name=fields.text("common_name"),
        dns_names=fields.texts("dns_names"),
        product=fields.text("product") or "acme",
        ca_account=fields.text("ca_account"),
        validation=_validation(fields.below("validation")),
        key=_key(fields.below("key")) if fields.given("key") else _ANY_KEY,
        deploy=read_deploy(fields.below("deploy")) if fields.given("deploy") else _NO_DEPLOY,
        organization=fields.text("organization"),
        subject=_mapping(fields, "subject"),
        hosts=fields.texts("hosts"),
        paths=_paths(fields.below("paths")) if fields.given("paths") else {},
        issued_from=fields.text("issued_from"),
        options=_options(fields),
        expires=fields.time("expires"),
        validated_on=fields.time("validated_on"),
        contract_ends=fields.time("contract_ends"),
        live=_live(fields, "live"),
        order=_order(fields),
        hosts_missing=fields.texts("hosts_missing"),
        previous=_ordered(fields.below("previous")) if fields.given("previous") else None,
    )
    if not fields.has("common_name") and not fields.has("dns_names"):
        fields.wrong("common_name", None, "a certificate needs a name", "Give common_name or dns_names", "no_names")
    fields.close()
    return wish


def _item_name(fields: Fields) -> str:
    name = fields.text("name")
    if name is None:
        if not fields.has("name"):
            fields.wrong("name", None, "every item needs one", code="no_name")
        return ""
    reason = item_name_error(name)
    if reason is not None:
        fields.wrong("name", name, reason, "Choose a name that is safe as a folder name", "bad_name")
    return name


def _mapping(fields: Fields, key: str) -> t.Mapping[str, t.Any]:
    value = fields.raw(key)
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(word, str) for word in value):
        return value
    fields.wrong(key, value, "a dictionary is needed here")
    return {}


def _options(fields: Fields) -> t.Mapping[str, t.Any]:
    """Not closed: what a seller lets one choose beside these is between the user and the adapter."""
    found = dict(_mapping(fields, "options"))
    if not found:
        return found
    inner = fields.at("options", found)
    return {**found, **{word: inner.flag(word, False) for word in OPTION_FLAGS if inner.has(word)}}


def _paths(fields: Fields) -> t.Mapping[str, str]:
    """Explicit places of key and CSR, instead of the store."""
    found = {"privkey": fields.path("privkey"), "csr": fields.path("csr")}
    if fields.has("privkey") != fields.has("csr"):
        fields.wrong("", None, "privkey and csr are needed together")
    fields.close()
    return {kind: path for kind, path in found.items() if path is not None}


def _validation(fields: Fields) -> Validation:
    contact = None
    if fields.has("contact"):
        inner = fields.below("contact")
        contact = Contact(
            kind=inner.one_of("kind", CONTACT_KINDS, "constructed"),
            address=inner.text("address"),
            exclusive=inner.flag("exclusive", False),
        )
        inner.close()
    else:
        fields.raw("contact")
    validation = Validation(
        method=fields.text("method"),
        contact=contact,
        document_root=fields.path("document_root"),
        hosts=fields.texts("hosts"),
        document_roots=_document_roots(fields) if fields.given("document_roots") else {},
    )
    fields.close()
    return validation


def _document_roots(fields: Fields) -> t.Mapping[str, str]:
    inner = fields.at("document_roots", _mapping(fields, "document_roots"))
    found = {name: inner.path(name) for name in _mapping(fields, "document_roots")}
    return {name: root for name, root in found.items() if root is not None}


def _key(fields: Fields) -> Key:
    key = Key(
        type=fields.one_of("type", KEY_TYPES, "ecdsa-p256"),
        reuse=fields.flag("reuse", False),
        made_by=fields.one_of("made_by", ("us", "seller"), "us"),
    )
    fields.close()
    return key


#: of items that say nothing of it, as most do
_NOTHING = Fields(None, where="", path="", errors=InputCollector())
_ANY_KEY, _NO_DEPLOY = _key(_NOTHING), read_deploy(_NOTHING)


def _live(fields: Fields, key: str) -> Live | None:
    if not fields.has(key):
        fields.raw(key)
        return None
    inner = fields.below(key)
    not_before, not_after = inner.time("not_before"), inner.time("not_after")
    live_names = inner.texts("dns_names") if inner.has("dns_names") else None
    if not_before is None or not_after is None:
        inner.wrong("not_after", None, "not_before and not_after are needed")
        return None
    # further keys are welcome: certificates_info returns more than is needed here
    return Live(
        not_before=not_before,
        not_after=not_after,
        dns_names=live_names,
        key_type=inner.text("key_type"),
        obtained_at=inner.time("obtained_at"),
        serial=inner.text("serial"),
        matches=inner.flag("matches", True),
        suggested=_suggested(inner) if inner.has("suggested_window") else None,
        explained=_explained(inner) if inner.has("suggested_window") else "",
    )


def _suggested(live: Fields) -> tuple[datetime, datetime] | None:
    """A window that ends before it begins is no answer (RFC 9773, 4.2)."""
    window = live.below("suggested_window")
    start, end = window.time("start"), window.time("end")
    return (start, end) if start is not None and end is not None and start < end else None


def _explained(live: Fields) -> str:
    """The CA's word: bounded, and shown as it is nowhere but in texts."""
    page = live.below("suggested_window").text("explanation_url") or ""
    return escaped(page, 500)


def _ordered(fields: Fields) -> Ordered:
    """Further keys are welcome: certificate_orders_info returns more than is needed here."""
    options = fields.raw("options")
    return Ordered(
        product=fields.text("product"),
        common_name=fields.text("common_name"),
        ca_account=fields.text("ca_account"),
        method=fields.text("method"),
        organization=fields.text("organization"),
        key_made_by=fields.text("key_made_by"),
        deployed_by=fields.text("deployed_by"),
        options=options if isinstance(options, dict) else None,
        at=fields.time("created_at"),
    )


def _order(fields: Fields) -> OpenOrder | None:
    if not fields.has("order"):
        fields.raw("order")
        return None
    inner = fields.below("order")
    issued = inner.has("not_before") and inner.has("not_after")
    return OpenOrder(
        state=inner.text("state") or "none",
        reference=inner.text("reference"),
        certificate=_live(fields, "order") if issued else None,
        revoked=inner.texts("revoked"),
        asked=_asked(inner.below("asked")) if inner.has("asked") else None,
        problem=inner.text("problem") or "",
        cancelled_by_seller=inner.text("cancelled_by_seller") or "",
        ordered=_ordered(inner),
    )


def _asked(fields: Fields) -> Asked:
    contact = fields.below("contact") if fields.has("contact") else None
    return Asked(
        ca_account=fields.text("ca_account"),
        product=fields.text("product") or "",
        method=fields.text("method"),
        dns_names=frozenset(fields.texts("dns_names")),
        contact=(contact.text("kind") or "", contact.text("address")) if contact is not None else None,
    )
