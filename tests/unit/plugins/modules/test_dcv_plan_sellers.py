# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The products of the catalogue over names and mailboxes; and made-up rows for what none of them has."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import registrable_domain
from ansible_collections.inkan.tls.plugins.modules import dcv_plan
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import (
    DNS,
    FILE,
    NOW,
    REGISTRAR,
    by_mail,
    code,
    domains,
    planned,
)
from hypothesis import given
from hypothesis import strategies as st

FIVE = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")


# -- which addresses JPRS mails (JPRS-3, JPRS-4) ----------------------------------------------------------------------

LEVELS = [
    pytest.param("jprs-dv", "example.jp", ["example.jp"], id="a base domain"),
    pytest.param("jprs-dv", "www.example.jp", ["example.jp"], id="www is stripped"),
    pytest.param("jprs-dv", "sub.example.jp", ["sub.example.jp", "example.jp"], id="a subdomain and its base"),
    pytest.param("jprs-dv", "a.b.example.jp", ["a.b.example.jp", "example.jp"], id="no level between"),
    pytest.param("jprs-dv", "www.sub.example.jp", ["sub.example.jp", "example.jp"], id="www before a subdomain"),
    pytest.param("jprs-dv", "www.www.example.jp", ["www.example.jp", "example.jp"], id="only the first label counts"),
    pytest.param("jprs-dv", "www.tokyo.jp", ["www.tokyo.jp"], id="www is the registered label"),
    pytest.param("jprs-dv", "www.www.tokyo.jp", ["www.tokyo.jp"], id="www before a registered www"),
    pytest.param("jprs-dv", "www.example.tokyo.jp", ["example.tokyo.jp"], id="a prefecture-type name"),
    pytest.param("jprs-dv", "www.example.co.jp", ["example.co.jp"], id="an organisational name"),
    pytest.param("jprs-dv", "www.city.kawasaki.jp", ["city.kawasaki.jp"], id="an exception of the list"),
    pytest.param("jprs-dv", "wwww.example.jp", ["wwww.example.jp", "example.jp"], id="four w are no www"),
    pytest.param("jprs-dv", "www.日本語.jp", ["xn--wgv71a119e.jp"], id="a Japanese name"),
    pytest.param("jprs-dv-wildcard", "*.example.jp", ["example.jp"], id="the star is stripped"),
    pytest.param("jprs-dv-wildcard", "*.sub.example.jp", ["sub.example.jp", "example.jp"], id="of a subdomain"),
    pytest.param("jprs-dv-wildcard", "*.www.example.jp", ["www.example.jp", "example.jp"], id="star, then no cascade"),
    pytest.param("digicert-dv", "a.b.example.jp", ["a.b.example.jp", "b.example.jp", "example.jp"], id="every level"),
    pytest.param("digicert-dv", "www.example.jp", ["www.example.jp", "example.jp"], id="every level, www too"),
    pytest.param("digicert-dv", "*.b.example.jp", ["b.example.jp", "example.jp"], id="every level below a star"),
    pytest.param("digicert-dv", "www.tokyo.jp", ["www.tokyo.jp"], id="never above the registrable domain"),
]


@pytest.mark.parametrize(("product", "name", "expected"), LEVELS)
def test_the_five_addresses_are_at_these_levels(product: str, name: str, expected: list[str]) -> None:
    one = planned(product, name, validation=by_mail(f"hostmaster@{expected[-1]}"))
    assert code(one) is None
    assert domains(one) == expected
    addresses = [contact["address"] for contact in one.plan["contacts"] if contact["kind"] == "constructed"]
    assert addresses == [f"{local}@{domain}" for domain in expected for local in FIVE]
    assert one.certificate is not None
    assert one.certificate["validation"]["contact"] == {
        "kind": "constructed",
        "address": f"hostmaster@{expected[-1]}",
        "exclusive": False,
        "domains": [expected[-1]],
    }
    assert one.plan["records"] == []


NAMES = st.one_of(
    st.text(max_size=25),
    st.lists(st.sampled_from(["www", "*", "a", "例", "tokyo", "kawasaki", "city", "co", "jp", "com"]), max_size=5).map(
        ".".join
    ),
)


@given(product=st.sampled_from(["jprs-dv", "jprs-dv-wildcard", "digicert-dv"]), name=NAMES, local=st.text(max_size=8))
def test_whatever_the_name_an_address_is_at_it_or_above_and_never_at_a_public_suffix(
    product: str, name: str, local: str
) -> None:
    try:
        one = planned(product, name, validation=by_mail(f"{local}@{name}"))
    except InputErrors:
        return  # not even the shape
    for contact in one.plan["contacts"]:
        assert registrable_domain(contact["domain"]) is not None
        plain = to_alabel(name).lstrip("*.")
        assert plain == contact["domain"] or plain.endswith("." + contact["domain"])
        assert contact["address"] is None or contact["address"].split("@")[0] in FIVE
    if one.error is None:
        assert one.certificate is not None
        chosen = one.certificate["validation"]["contact"]["address"]
        assert chosen in [contact["address"] for contact in one.plan["contacts"] if contact["allowed"]]


# -- what is accepted and refused -------------------------------------------------------------------------------------

ACCEPTED = [
    pytest.param("jprs-dv", ["www.example.jp"], by_mail("Hostmaster@Example.JP"), id="letters of both cases"),
    pytest.param("jprs-dv", ["www.例え.jp"], by_mail("admin@例え.jp"), id="the domain in U-labels"),
    pytest.param("jprs-dv", ["www.example.jp"], by_mail("pki@other.example", "txt"), id="any mailbox by TXT"),
    pytest.param("jprs-dv", ["www.example.jp"], FILE, id="by file"),
    pytest.param("jprs-dv", ["www.example.jp"], REGISTRAR, id="by registrar"),
    pytest.param("jprs-dv-wildcard", ["*.example.jp"], REGISTRAR, id="a wildcard by registrar"),
    pytest.param("jprs-dv-wildcard", ["*.example.jp"], by_mail("pki@example.jp", "txt"), id="a wildcard by TXT"),
    pytest.param("digicert-dv", ["*.example.jp", "example.jp", "example.com"], DNS, id="many names by DNS"),
    pytest.param("digicert-dv", ["example.jp", "www.example.jp"], FILE, id="DigiCert by file"),
    pytest.param("digicert-dv", ["a.example.jp", "*.b.example.jp"], by_mail("admin@example.jp"), id="one for both"),
    pytest.param("digicert-dv", ["example.jp", "example.com"], by_mail("x@example.jp", "txt"), id="TXT at two domains"),
    pytest.param("jprs-dv", ["www.example.jp"], {**REGISTRAR, "contact": {"kind": "soa"}}, id="a contact nobody reads"),
]


@pytest.mark.parametrize(("product", "names", "validation"), ACCEPTED)
def test_accepted(product: str, names: list[str], validation: dict[str, t.Any]) -> None:
    assert code(planned(product, *names, validation=validation)) is None


ONLY_MAIL = {"a": {"offers": {"methods": ["email"], "contacts": ["constructed"]}}}
REFUSED = [
    pytest.param("jprs-dv", ["a.b.example.jp"], by_mail("admin@b.example.jp"), "contact_address_not_possible",
                 ("JPRS-3", "JPRS-4", "admin@a.b.example.jp", "admin@example.jp"), id="a level between"),
    pytest.param("jprs-dv", ["www.example.jp"], by_mail("admin@www.example.jp"), "contact_address_not_possible",
                 ("JPRS-3", "admin@example.jp"), id="at the www name"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("info@example.jp"), "contact_address_not_possible",
                 ("hostmaster@example.jp",), id="none of the five"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("admin@example.com"), "contact_address_not_possible",
                 ("admin@example.jp",), id="another domain"),
    pytest.param("jprs-dv", ["a.example.co.jp"], by_mail("admin@co.jp"), "contact_address_not_possible",
                 ("admin@example.co.jp",), id="at a public suffix"),
    pytest.param("jprs-dv", ["example.jp"], by_mail(), "no_contact_address", ("hostmaster@",), id="no address"),
    pytest.param("jprs-dv", ["example.jp"], by_mail(kind="txt"), "no_contact_address", ("DNS",), id="TXT of nobody"),
    pytest.param("jprs-dv", ["example.jp"], {"method": "email"}, "no_contact",
                 ("hostmaster@example.jp", "kind txt"), id="no contact"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("admin"), "bad_contact_address", ("no @",), id="no address at all"),
    pytest.param("jprs-dv", ["example.jp"], by_mail('"a b"@example.jp', "txt"), "bad_contact_address",
                 ("local part",), id="a quoted local part"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("a@x y.jp", "txt"), "bad_contact_address", ("label",),
                 id="a mail domain with a blank"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("印@example.jp", "txt"), "bad_contact_address", ("character",),
                 id="a local part that not every mailer takes"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("x@example.jp", "soa"), "contact_not_possible",
                 ("3.2.2.4.2", "2025-07-15", "kind txt"), id="the mailbox of the SOA record"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("x@example.jp", "whois"), "contact_not_possible",
                 ("JPRS-5", "2025-07-06", "2025-07-15", "kind txt"), id="WHOIS"),
    pytest.param("jprs-dv", ["example.jp"], by_mail("x@example.jp", "caa"), "contact_not_possible",
                 ("does not offer", "kind txt"), id="CAA, which JPRS does not offer"),
    pytest.param("digicert-dv", ["example.jp"], by_mail("x@example.jp", "whois"), "contact_not_possible",
                 ("2025-07-15",), id="WHOIS at DigiCert"),
    pytest.param("digicert-dv", ["a.example.jp", "example.com"], by_mail("admin@example.jp"), "contact_not_possible",
                 ("does not cover example.com", "kind txt"), id="one address for two domains"),
    pytest.param("digicert-dv", ["a.example.jp", "b.example.jp"], by_mail("admin@a.example.jp"),
                 "contact_address_not_possible", ("does not cover b.example.jp", "admin@example.jp"),
                 id="an address that reaches one of two names"),
    pytest.param("jprs-dv-wildcard", ["*.example.jp"], FILE, "wildcard_with_file", ("JPRS-7", "email or registrar"),
                 id="a wildcard by file (JPRS-7)"),
    pytest.param("digicert-dv", ["example.jp", "*.example.jp"], FILE, "wildcard_with_file", ("dns",),
                 id="a star among others by file"),
    pytest.param("jprs-dv", ["example.jp"], {"method": "file"}, "no_document_root", ("folder",), id="no folder"),
    pytest.param("jprs-dv", ["example.jp"], DNS, "method_not_offered", ("email, file, registrar",), id="JPRS by DNS"),
    pytest.param("jprs-dv", ["example.jp"], {"method": "mail"}, "method_not_offered", ("email",), id="another word"),
    pytest.param("digicert-dv", ["example.jp"], REGISTRAR, "method_not_offered", ("dns",), id="DigiCert by registrar"),
    pytest.param("jprs-dv", ["*.example.jp"], REGISTRAR, "wildcard_not_sold", ("wildcard product",), id="a star"),
    pytest.param("jprs-dv-wildcard", ["example.jp"], REGISTRAR, "wildcard_not_sold", ("example.jp",), id="no star"),
    pytest.param("jprs-dv-wildcard", ["*.example.jp", "example.jp"], REGISTRAR, "too_many_names", ("Split",),
                 id="a star and the name without it"),
]  # fmt: skip


@pytest.mark.parametrize(("product", "names", "validation", "expected", "words"), REFUSED)
def test_refused_with_rule_and_way_out(
    product: str, names: list[str], validation: dict[str, t.Any], expected: str, words: tuple[str, ...]
) -> None:
    one = planned(product, *names, validation=validation)
    assert code(one) == expected
    assert one.error is not None
    for word in words:
        assert word in one.error.sentence()
    assert (one.plan["records"], one.plan["files"], one.certificate) == ([], [], None)


@pytest.mark.parametrize(
    ("validation", "expected"),
    [
        pytest.param(by_mail("admin@example.jp"), None, id="what it offers"),
        pytest.param(by_mail("x@example.jp", "txt"), "contact_not_possible", id="a kind it does not offer"),
        pytest.param(FILE, "method_not_allowed", id="a method it does not offer"),
    ],
)
def test_a_reseller_may_offer_less_than_jprs(validation: dict[str, t.Any], expected: str | None) -> None:
    one = planned(accounts=ONLY_MAIL, validation=validation)
    assert code(one) == expected
    assert one.error is None or 'the account "a" does not offer it' in one.error.sentence()
    assert domains(one, "txt") == []


def test_what_an_account_says_to_offer_is_never_wider_than_the_catalogue() -> None:
    wide = {"a": {"offers": {"methods": ["email", "dns"], "contacts": ["caa", "soa", "txt"]}}}
    assert code(planned(accounts=wide, validation=DNS)) == "method_not_offered"
    assert code(planned(accounts=wide, validation=by_mail("x@example.jp", "soa"))) == "contact_not_possible"


@pytest.mark.parametrize(
    ("offers", "words"),
    [
        pytest.param(
            {"contact": ["txt"]}, ("ca_accounts.a.offers.contact", '"contacts"'), id="a key that nobody reads"
        ),
        pytest.param({"contacts": ["tx"]}, ("ca_accounts.a.offers.contacts", "'tx'", '"txt"'), id="an unknown mailbox"),
        pytest.param({"methods": 7}, ("ca_accounts.a.offers.methods", "7"), id="no list"),
    ],
)
def test_a_mistake_in_what_an_account_offers_names_its_field(offers: dict[str, t.Any], words: tuple[str, ...]) -> None:
    with pytest.raises(InputErrors) as caught:
        planned(accounts={"a": {"offers": offers}}, validation=by_mail("admin@example.jp"))
    assert [word for word in words if word not in str(caught.value)] == []
    assert "Known are: contacts, contacts" not in str(caught.value)


# -- the double-address option (JPRS-8) -------------------------------------------------------------------------------

PAIRS = [
    pytest.param("www.example.jp", ["example.jp"], True, None, "", id="www and the name without it"),
    pytest.param("example.jp", ["www.example.jp"], True, None, "", id="the other way round"),
    pytest.param("shop.example.jp", ["www.shop.example.jp"], "yes", None, "", id="of a subdomain, as a word"),
    pytest.param("www.tokyo.jp", ["www.www.tokyo.jp"], True, None, "", id="www before a registered www"),
    pytest.param("example.jp", ["example.jp"], False, None, "", id="one name, given twice"),
    pytest.param(
        "example.jp", ["www.example.jp"], False, "name_not_sold", "Set options.double_address", id="no option"
    ),
    pytest.param("example.jp", ["a.example.jp"], True, "name_not_sold", "www.example.jp", id="no counterpart"),
    pytest.param("example.jp", ["www.example.jp", "a.example.jp"], True, "name_not_sold", "a.example.jp", id="a third"),
    pytest.param("example.jp", [], True, "name_missing", "Add www.example.jp", id="the option without the name"),
]


@pytest.mark.parametrize(("name", "more", "option", "expected", "words"), PAIRS)
def test_the_double_address_option(name: str, more: list[str], option: t.Any, expected: str | None, words: str) -> None:
    one = planned("jprs-dv", name, *more, validation=FILE, options={"double_address": option, "max_names": 9})
    assert code(one) == expected
    if one.error is not None:
        assert words in one.error.sentence()
        assert "JPRS-8" in one.error.sentence()
    else:
        assert one.certificate is not None
        assert one.certificate["options"] == {"double_address": option in (True, "yes"), "max_names": 9}


def test_both_addresses_serve_the_file() -> None:
    one = planned("jprs-dv", "www.example.jp", "example.jp", validation=FILE, options={"double_address": True})
    assert [file["url"] for file in one.plan["files"]] == [
        "http://www.example.jp/.well-known/pki-validation/known_after_order",
        "http://example.jp/.well-known/pki-validation/known_after_order",
    ]


def test_an_option_that_is_no_flag_is_refused() -> None:
    with pytest.raises(InputErrors, match=r"options\.double_address"):
        planned(validation=REGISTRAR, options={"double_address": "perhaps"})


def test_a_product_of_one_name_is_not_widened_by_an_option() -> None:
    one = planned("jprs-dv-wildcard", "*.a.jp", "*.b.jp", validation=REGISTRAR, options={"max_names": 9})
    assert code(one) == "too_many_names"
    assert one.error is not None
    assert "max_names" not in one.error.sentence()


# -- standing records -------------------------------------------------------------------------------------------------

CAA_DV = rows.Product(
    key="caa-dv",
    seller="made-up",
    ca="made-up",
    validation_level="dv",
    title="Made-up DV",
    source="test",
    names=(rows.NameRule("may", 9, ("X-1",), "test"),),
    methods=(rows.MethodOffer("email", ("3.2.2.4.4", "3.2.2.4.13"), "mail", ("X-2",), "test"),),
    contacts=(
        rows.ContactOffer("caa", ("fqdn", "parents"), True, "chosen", "subtree", ("X-3",), "test"),
        rows.ContactOffer("constructed", ("fqdn",), False, "all", "fqdn", ("X-4",), "test", local_parts=FIVE),
    ),
)
TXT = "_validation-contactemail."
STANDING = [
    pytest.param("jprs-dv", ["www.example.jp"], "txt", [TXT + "example.jp"], id="without www"),
    pytest.param("jprs-dv", ["sub.example.jp"], "txt", [TXT + "sub.example.jp"], id="at the nearest level"),
    pytest.param("jprs-dv", ["www.tokyo.jp"], "txt", [TXT + "www.tokyo.jp"], id="a registered www"),
    pytest.param("jprs-dv-wildcard", ["*.www.example.jp"], "txt", [TXT + "www.example.jp"], id="without the star"),
    pytest.param("digicert-dv", ["www.example.jp"], "txt", [TXT + "example.jp"], id="DigiCert adds the bare name"),
    pytest.param("digicert-dv", ["a.example.jp", "b.example.jp"], "txt", [TXT + "example.jp"], id="one for both"),
    pytest.param("digicert-dv", ["a.example.jp", "b.a.example.jp"], "txt", [TXT + "a.example.jp"], id="the upper name"),
    pytest.param(
        "digicert-dv",
        ["example.jp", "*.example.com", "a.example.jp"],
        "txt",
        [TXT + "example.jp", TXT + "example.com"],
        id="one for each registrable domain",
    ),
    pytest.param(CAA_DV, ["www.example.jp"], "caa", ["www.example.jp"], id="CAA at the domain itself"),
]


@pytest.mark.parametrize(("product", "names", "kind", "owners"), STANDING)
def test_the_mailbox_is_published_where_it_serves_all_names(
    product: str | rows.Product, names: list[str], kind: str, owners: list[str]
) -> None:
    one = planned(product, *names, validation=by_mail("pki@mail.例え.jp", kind, exclusive=True))
    address = "pki@mail.xn--r8jz45g.jp"
    value = f'0 contactemail "{address}"' if kind == "caa" else address
    assert one.plan["records"] == [
        {"name": owner, "type": kind.upper(), "value": value, "standing": True} for owner in owners
    ]
    assert one.certificate is not None
    found = one.certificate["validation"]["contact"]
    assert (found["address"], found["exclusive"]) == (address, True)
    assert [owner.replace(TXT, "") for owner in owners] == found["domains"]


def test_a_name_too_long_for_the_record_is_published_above_it() -> None:
    long = ".".join(["a" * 50] * 4) + ".b.c.d.e.f.g.h.i.j.k.l.example.jp"
    assert 228 < len(long) < 253
    (record,) = planned("digicert-dv", long, validation=by_mail("a@b.jp", "txt")).plan["records"]
    assert len(record["name"]) <= 253
    assert long.endswith(record["name"].replace(TXT, ""))


def test_names_that_no_level_has_in_common_need_certificates_of_their_own() -> None:
    narrow = CAA_DV._replace(contacts=(CAA_DV.contacts[0]._replace(levels=("unwww",)),))
    one = planned(narrow, "example.com", "a.example.jp", "b.example.jp", validation=by_mail("x@example.com", "caa"))
    assert code(one) == "contact_not_possible"
    assert one.error is not None
    assert "does not cover b.example.jp" in one.error.sentence()
    assert "example.com does not" not in one.error.sentence()


def test_a_seller_that_looks_at_the_names_themselves_finds_the_mailbox_at_each() -> None:
    exact = CAA_DV._replace(contacts=(CAA_DV.contacts[0]._replace(levels=("fqdn",)),))
    one = planned(exact, "www.example.jp", "example.jp", "a.example.com", validation=by_mail("x@example.com", "caa"))
    assert code(one) is None
    assert [record["name"] for record in one.plan["records"]] == ["www.example.jp", "example.jp", "a.example.com"]
    assert all(contact["allowed"] for contact in one.plan["contacts"] if contact["kind"] == "caa")


@pytest.mark.parametrize("kind", ["constructed", "caa"])
def test_where_the_seller_mails_everybody_no_contact_need_be_named(kind: str) -> None:
    silent = tuple(offer._replace(selectable=False) for offer in CAA_DV.contacts)
    everybody = CAA_DV._replace(contacts=silent)
    assert code(planned(everybody, validation={"method": "email"})) is None
    assert code(planned(everybody, validation=by_mail("admin@www.example.jp", kind))) is None


# -- an order that was refused ----------------------------------------------------------------------------------------


def refused(product: str = "jprs-dv", **asked: t.Any) -> dict[str, t.Any]:
    """What the ledger says of an order that a person refused; ``asked``: what it was made for, where that differs."""
    made_for = {
        "ca_account": "a",
        "product": product,
        "method": "email",
        "dns_names": ["www.example.jp"],
        "contact": {"kind": "constructed", "address": "admin@example.jp"},
    }
    return {"state": "refused", "problem": "承認されませんでした", "asked": {**made_for, **asked}}


CORRECTED = [
    pytest.param({"ca_account": "b"}, id="another account"),
    pytest.param({"product": "digicert-dv"}, id="another product"),
    pytest.param({"method": "file"}, id="another method"),
    pytest.param({"dns_names": ["shop.example.jp"]}, id="other names"),
    pytest.param({"contact": {"kind": "constructed", "address": "webmaster@example.jp"}}, id="another address"),
    pytest.param({"contact": None}, id="no address"),
]


def due_after(order: dict[str, t.Any], product: str = "jprs-dv") -> tuple[str, str]:
    one = planned(product, "www.example.jp", validation=by_mail("admin@example.jp"), order=order)
    assert one.due is not None
    return one.due.code, one.due.reason


@pytest.mark.parametrize("product", ["jprs-dv", "digicert-dv"])
def test_what_a_person_refused_is_not_ordered_again_as_it_was(product: str) -> None:
    why, reason = due_after(refused(product), product)
    assert why == "order_refused"
    assert "承認されませんでした" in reason and "inkan_renewal.force" in reason


@pytest.mark.parametrize("asked", CORRECTED)
def test_what_was_refused_is_ordered_again_once_it_was_corrected(asked: dict[str, t.Any]) -> None:
    assert due_after(refused(**asked))[0] == "no_certificate"


def test_a_refusal_at_an_acme_ca_holds_nothing_up() -> None:
    asked = {"ca_account": "a", "product": "acme", "method": "dns-01", "dns_names": ["www.example.jp"]}
    one = planned("acme", validation={"method": "dns-01"}, order={"state": "refused", "asked": asked})
    assert one.due is not None and one.due.code == "no_certificate"


# -- brought certificates (IIJ-1, IIJ-12) -----------------------------------------------------------------------------


def planned_together(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The plans of one call of the module."""
    return list(dcv_plan.run({"certificates": items, "as_of": NOW}, True).extra["plans"])


def brought(source: dict[str, t.Any] | None) -> t.Any:
    wishes = [{"name": "there", "common_name": "www.example.jp", "ca_account": "a", "product": "iij-byo",
               "issued_from": "here", "key": {"made_by": "us"}}]  # fmt: skip
    if source is not None:
        wishes.append({"name": "here", "common_name": "www.example.jp", "ca_account": "a", **source})
    return next(one for one in planned_together(wishes) if one["name"] == "there")


@pytest.mark.parametrize(
    ("product", "level", "not_after"),
    [("jprs-ov", "ov", "2027-04-30T14:59:59Z"), ("digicert-ev", "ev", "2027-06-06T23:59:59Z")],
)
def test_what_is_brought_is_what_was_ordered(product: str, level: str, not_after: str) -> None:
    mail = by_mail("admin@example.jp")
    ordered = planned(product, validation=mail)
    plan = brought({"product": product, "validation": mail})
    assert (ordered.plan["validity"]["not_after"], plan["validity"]["not_after"]) == (not_after, not_after)
    assert (plan["validation_level"], plan["validity"]["facts"]) == (level, ordered.plan["validity"]["facts"])
    assert plan["validity"]["reasons"][0].startswith('as of "here", where it is ordered: ')


def test_what_is_brought_from_nobody_knows_where_has_the_sellers_level() -> None:
    assert brought(None)["validation_level"] == "dv"
    assert brought({"product": "no-such"})["validation_level"] == "dv"
    again = {"product": "iij-byo", "issued_from": "there", "key": {"made_by": "us"}}
    assert brought(again)["validation_level"] == "dv"
