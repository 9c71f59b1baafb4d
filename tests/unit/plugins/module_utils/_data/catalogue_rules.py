# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every row of every seller must be, whoever adds one: complaints about a product, none for a good one."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.wish import OPTION_FLAGS
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import CONTACT_KINDS, METHOD_RULES
from ansible_collections.inkan.tls.plugins.module_utils._data.facts import DOCUMENTS, FACTS
from ansible_collections.inkan.tls.plugins.module_utils._data.facts_cas import CA_DOCUMENTS, CA_FACTS

RULES = {rule.id for rule in METHOD_RULES}
RETIRED = {rule.id for rule in METHOD_RULES if rule.retired}
KINDS = {kind.kind: kind for kind in CONTACT_KINDS}
KNOWN_FACTS = {fact.id for fact in FACTS + CA_FACTS}
#: a rule instead of a fact
RULE = re.compile(r"BR \d(\.\d+)+|EVG \d(\.\d+)+|RFC \d+ §\d(\.\d+)*")
#: what a source may begin with: the address of a page, the title of a document, a rule
SOURCE = re.compile(
    "|".join(
        [
            r"https://[a-z.-]+\.[a-z]+/",
            "BR ",
            "RFC ",
            "draft-ietf-[a-z-]+-[0-9][0-9] ",
            "Let's Encrypt",
            "the ",
            "what the brought certificate says",
        ]
        + [re.escape(document.title) for document in DOCUMENTS + CA_DOCUMENTS]
    )
)
PERIOD = re.compile(r"(\d+[my])?")
PLACEHOLDER = re.compile(r"\{(\w*)\}")
IN_STEPS = {"mailbox", "common_name", "organization", "phone", "responsible", "responsible_mail"}
FIELDS = {"product", "common_name", "organization", "key.made_by", "deploy.by", "ca_account", "validation.method"}


#: key -> CA, level, form, hours ahead of UTC, title: what a key stands for, kept apart from the rows
IDENTITY: dict[str, tuple[str | None, str, str, int, str]] = {
    "acme": (None, "dv", "direct", 0, "Certificate by ACME, from the directory that the CA account names"),
    "jprs-dv": ("jprs", "dv", "direct", 9, "JPRS DV"),
    "jprs-dv-wildcard": ("jprs", "dv", "direct", 9, "JPRS DV wildcard (ワイルドカード)"),
    "jprs-ov": ("jprs", "ov", "direct", 9, "JPRS OV"),
    "jprs-ov-wildcard": ("jprs", "ov", "direct", 9, "JPRS OV wildcard (ワイルドカード)"),
    "cpi-dv": ("jprs", "dv", "agency", 9, "CPI SSLサーバー証明書 (DV)"),
    "iij-digicert-secure-server-id": ("digicert", "ov", "agency", 9, "IIJ, DigiCert セキュア・サーバID"),
    "iij-digicert-secure-server-id-ev": ("digicert", "ev", "agency", 9, "IIJ, DigiCert セキュア・サーバID EV"),
    "iij-digicert-global-server-id": ("digicert", "ov", "agency", 9, "IIJ, DigiCert グローバル・サーバID"),
    "iij-digicert-global-server-id-ev": ("digicert", "ev", "agency", 9, "IIJ, DigiCert グローバル・サーバID EV"),
    "iij-cybertrust-sureserver-cloud": ("cybertrust", "ov", "agency", 9, "IIJ, Cybertrust SureServer for クラウド"),
    "iij-cybertrust-sureserver-cloud-ev": (
        "cybertrust", "ev", "agency", 9, "IIJ, Cybertrust SureServer EV for クラウド"
    ),
    "iij-globalsign-ov": ("globalsign", "ov", "agency", 9, "IIJ, GlobalSign 企業認証SSL"),
    "iij-globalsign-ov-wildcard": (
        "globalsign", "ov", "agency", 9, "IIJ, GlobalSign 企業認証SSL, ワイルドカードオプション"
    ),
    "iij-globalsign-quick-dv": ("globalsign", "dv", "agency", 9, "IIJ, GlobalSign クイック認証SSL"),
    "iij-globalsign-quick-dv-wildcard": (
        "globalsign", "dv", "agency", 9, "IIJ, GlobalSign クイック認証SSL, ワイルドカードオプション"
    ),
    "iij-byo": (None, "dv", "byo", 9, "IIJ, 持ち込み証明書品目"),
    "idcf-digicert-secure-server-id": ("digicert", "ov", "agency", 9, "IDC Frontier, DigiCert セキュア・サーバID"),
    "idcf-digicert-secure-server-id-ev": ("digicert", "ev", "agency", 9,
                                          "IDC Frontier, DigiCert セキュア・サーバID EV"),
    "idcf-geotrust-true-businessid": ("digicert", "ov", "agency", 9, "IDC Frontier, GeoTrust トゥルービジネスID"),
    "idcf-geotrust-true-businessid-ev": (
        "digicert", "ev", "agency", 9, "IDC Frontier, GeoTrust トゥルービジネスID with EV"
    ),
    "idcf-cybertrust-sureserver": ("cybertrust", "ov", "agency", 9, "IDC Frontier, Cybertrust SureServer(R)"),
    "idcf-bizcert": ("cybertrust", "ov", "agency", 9, "IDC Frontier, BIZCERT (Cybertrust)"),
    "digicert-dv": ("digicert", "dv", "direct", 0, "DigiCert DV"),
    "digicert-ov": ("digicert", "ov", "direct", 0, "DigiCert OV"),
    "digicert-ev": ("digicert", "ev", "direct", 0, "DigiCert EV"),
    "globalsign-dv": ("globalsign", "dv", "direct", 9, "GlobalSign DV (クイック認証SSL, GSパネル)"),
    "globalsign-ov": ("globalsign", "ov", "direct", 9, "GlobalSign OV (企業認証SSL, GSパネル)"),
    "globalsign-atlas": ("globalsign", "dv", "direct", 0, "GlobalSign Atlas (HVCA)"),
    "cybertrust-ov": ("cybertrust", "ov", "direct", 9, "Cybertrust SureServer"),
    "cybertrust-ev": ("cybertrust", "ev", "direct", 9, "Cybertrust SureServer EV"),
}  # fmt: skip


#: (seller, table) -> facts of rows that no plan names, because nothing is refused by them
SILENT = {("iij", "custody"): ("IIJ-10", "IIJ-18"), ("iij", "reissue"): ("IIJ-11", "IIJ-13")}


def identity(product: rows.Product) -> list[str]:
    """Whether a key stands for what it is known to stand for."""
    found = (product.ca, product.validation_level, product.form, product.utc_offset, product.title)
    return [
        *_if(found != IDENTITY.get(product.key), f"{product.key} stands for something else: {found}"),
        *_if(product.seller != product.key.partition("-")[0], f"{product.seller} does not sell {product.key}"),
        *_if((product.since, product.until) != (None, None), f"{product.key} is sold at times only"),
        *[
            f"{product.key} {table}: other facts"
            for table in ("custody", "reissue")
            for row in getattr(product, table)
            if row.facts != SILENT.get((product.seller, table), row.facts) and product.form != "byo"
        ],
    ]


def table_rows(product: rows.Product) -> t.Iterator[tuple[str, t.Any]]:
    for table in rows.TABLES:
        for number, row in enumerate(getattr(product, table)):
            yield f"{table}[{number}]", row


def complaints(product: rows.Product, keys: t.AbstractSet[str], sellers: t.AbstractSet[str]) -> list[str]:
    found = [f"{product.key}: {text}" for text in _of_product(product, sellers)]
    for place, row in table_rows(product):
        texts = [*_of_any_row(row), *_words(row), *_CHECKS.get(type(row), lambda *_unused: [])(row, product, keys)]
        found += [f"{product.key} {place}: {text}" for text in texts]
    return found


def _if(bad: bool, text: str) -> list[str]:
    return [text] if bad else []


def _words(row: t.Any) -> list[str]:
    found = []
    for field, words in rows.WORDS.get(type(row), {}).items():
        value = getattr(row, field)
        given = value if isinstance(value, tuple) else (value,)
        found += [f"{field}: {word!r} is no word" for word in given if word is not None and word not in words]
    return found


def _of_any_row(row: t.Any) -> list[str]:
    unknown = [fact for fact in row.facts if fact not in KNOWN_FACTS and not RULE.fullmatch(fact)]
    return [
        *_if(not row.facts, "no fact"),
        *[f"unknown fact {fact}" for fact in unknown],
        *_if(len(set(row.facts)) != len(row.facts), "a fact twice"),
        *_if(SOURCE.match(row.source) is None, f"a source that nobody finds: {row.source}"),
        *_if(row.since is not None and row.until is not None and row.since >= row.until, "ends before it begins"),
    ]


def _of_product(product: rows.Product, sellers: t.AbstractSet[str]) -> list[str]:
    brought = product.form == "byo"
    words = [offer.method for offer in product.methods]
    mails = {rule for offer in product.methods if offer.places == "mail" for rule in offer.rules}
    open_kinds = {KINDS[row.kind].rule for row in product.contacts if row.until is None and row.kind in KINDS}
    living = open_kinds - RETIRED  # a document may still offer what a rule has ended
    needed = ("names", "custody", "steps", "renewal", "validity") + (("sources",) if brought else ("methods",))
    return [
        *_words(product),
        *_if(product.seller not in sellers, "an unknown seller"),
        *_if(SOURCE.match(product.source) is None, "a source that nobody finds"),
        *[f"no {table}" for table in needed if not getattr(product, table)],
        *_if(brought and bool(product.methods), "what is brought was validated elsewhere"),
        *_if(not brought and bool(product.sources), "only what is brought has a source"),
        *_if(len(set(words)) != len(words), "a method twice"),
        *_if(living != mails, "a living contact that its mail method cannot be, or the other way round"),
        *_if(not -12 <= product.utc_offset <= 14, "a calendar of nowhere"),
        *_if(len(product.renewal) != 1, "not one rule of renewal"),
        *_if(not _every_day(product.validity), "a day without arithmetic of validity"),
        *[f"{table} that hold at times only" for table in ("names", "custody") if _at_times(getattr(product, table))],
        *_if(_at_times([row for row in product.validity if row.period]), "a term that is sold at times only"),
    ]


def _stars(row: rows.MethodOffer) -> bool:
    return any(rule.wildcard for rule in METHOD_RULES if rule.id in row.rules)


def _ends(row: rows.MethodOffer) -> bool:
    """A method that will be replaced by something."""
    return row.until is not None or all(
        rule.must_not_rely_from is not None for rule in METHOD_RULES if rule.id in row.rules
    )


def _at_times(table: t.Iterable[t.Any]) -> bool:
    return any((row.since, row.until) != (None, None) for row in table)


def _every_day(table: t.Sequence[rows.ValidityRule]) -> bool:
    """One row holds always, or rows that follow each other do."""
    if any(row.since is None and row.until is None for row in table):
        return True
    dated = sorted(table, key=lambda row: str(row.since or ""))
    follows = [row.until for row in dated[:-1]] == [row.since for row in dated[1:]]
    return bool(dated) and dated[0].since is None and dated[-1].until is None and follows


def _method(row: rows.MethodOffer, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    texts = [text for record in row.records for text in record] + list(row.files)
    no_star = all(rule.wildcard == "no" for rule in product.names)
    return [
        *_if(not row.rules or not set(row.rules) <= RULES, "no method of the Baseline Requirements"),
        *_if(bool(row.records) != (row.places == "record"), "records without that place"),
        *_if(bool(row.files) != (row.places == "file"), "files without that place"),
        *_if(not {word for text in texts for word in PLACEHOLDER.findall(text)} <= {"adn"}, "a placeholder"),
        *[f"no product {key}" for key in row.other_products if key not in keys],
        *_if(bool(row.way_out) and bool(row.other_products), "a way out of its own, and other products"),
        *_if(bool(row.way_out or row.other_products) and not _ends(row), "a way out of what does not end"),
        *_if(row.wildcard and not _stars(row), "a star that the Baseline Requirements do not allow"),
        *_if(not row.wildcard and _stars(row) and no_star, "stricter than what is never asked"),
    ]


def _contact(row: rows.ContactOffer, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    return [
        *_if(row.kind not in KINDS or not row.levels, "no kind or no level"),
        *_if(bool(row.local_parts) != (row.kind == "constructed"), "local parts"),
        *_if(not set(row.local_parts) <= set(rows.LOCAL_PARTS), "a local part that no CA may mail"),
        *_if(row.common_name_only, "no seller's document says so of the common name alone"),
        *_if(bool(row.holder) and row.kind not in ("whois", "soa"), "a holder of what the customer publishes"),
    ]


def _step(row: rows.StepRule, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    flags = {rule.www_option for rule in product.names if rule.www_option} | {rule.option for rule in product.links}
    if product.form == "byo":
        flags |= set(OPTION_FLAGS)
    dated = (row.before_expiry_days, row.opens_before_expiry_days)
    return [
        *_if(not row.action, "nothing to do"),
        *_if(not set(row.methods) <= {offer.method for offer in product.methods}, "a method that is not sold"),
        *_if(not set(row.contacts) <= {offer.kind for offer in product.contacts}, "a contact that is not sold"),
        *_if(not set(PLACEHOLDER.findall(row.action)) <= IN_STEPS, "a placeholder"),
        *_if("{mailbox}" in row.action and row.methods != ("email",), "a mailbox without a mail"),
        *_if(not set(row.options) <= flags, "an option of another product"),
        *_if(bool(row.when) and not product.links, "a link that the product does not have"),
        *_if(row.purposes == ("issue",) and dated != (None, None), "the end of a certificate that is not there yet"),
        *_if(row.after_days is not None and row.before_expiry_days is not None, "due twice"),
    ]


def _validity(row: rows.ValidityRule, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    return [
        *_if((row.amount > 0) != (row.kind != "ca_decides"), "a number that does not fit"),
        *_if(row.kind != "after_issue" and (row.seconds > 0 or row.adds_days_left), "what only after_issue has"),
        *_if(PERIOD.fullmatch(row.period) is None, "a term that nobody can ask for"),
        *_if(bool(row.period) and row.kind == "ca_decides", "a term without a number"),
    ]


def _renewal(row: rows.RenewalRule, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    window = (row.opens_days, row.closes_days)
    return [
        *_if((window[0] is None) != (window[1] is None), "half a window"),
        *_if(row.cancel_days is not None and row.outcome == "lapses", "nothing to cancel"),
        *_if((row.key_made_by is None) != (row.outcome == "lapses"), "a key of nobody"),
        *_if((row.period is None) != (row.outcome == "lapses"), "a term of nothing"),
        *_if(row.period not in (None, "last"), "a term that nobody knows"),
        *_if(bool(row.stopped_periods) != bool(row.period_instead), "a stopped term without another"),
        *_if(not all(PERIOD.fullmatch(one) for one in (*row.stopped_periods, row.period_instead)), "no term"),
        *_if(not set(row.immutable) <= FIELDS, "a field that nobody has"),
    ]


def _name(row: rows.NameRule, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    narrow = (row.max_names, row.raisable) == (1, False)
    return [
        *_if(row.max_names < 1, "no name"),
        *_if(bool(row.www_option) and row.www_option not in OPTION_FLAGS, "an option that nobody reads"),
        *_if(bool(row.www_option) and not narrow, "an option that adds a name to many"),
    ]


def _link(row: rows.LinkRule, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    words = {offer.method for offer in product.methods}
    return [
        *_if(row.option not in OPTION_FLAGS, "an option that nobody reads"),
        *_if(not {row.method, row.without} <= words, "a method that is not sold"),
    ]


def _change(row: rows.ChangeRule, product: rows.Product, keys: t.AbstractSet[str]) -> list[str]:
    return [
        *_if(row.field not in FIELDS and not row.field.startswith("options."), "a field that nobody compares"),
        *_if(not row.at or not row.todo, "no moment or no procedure"),
    ]


_CHECKS: dict[type, t.Callable[..., list[str]]] = {
    rows.MethodOffer: _method,
    rows.ContactOffer: _contact,
    rows.StepRule: _step,
    rows.ValidityRule: _validity,
    rows.RenewalRule: _renewal,
    rows.NameRule: _name,
    rows.LinkRule: _link,
    rows.ChangeRule: _change,
}
