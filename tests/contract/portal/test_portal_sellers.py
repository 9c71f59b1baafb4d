# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs from seller to seller: who makes the key, who installs, what is cancelled, whom one writes to."""

from __future__ import annotations

import csv
import html.parser
import io
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import FIELDS, PORTALS
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key, public_key_sha256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from desk import APPLICANT, CONTACT, SUBJECT, Portal

OV = {"contact": CONTACT, "validation_level": "ov", "subject": SUBJECT, "applicant": APPLICANT}
SELLERS_KEY = {"key_made_by": "seller", "custodian": ""}


def cpi(tmp_path: Path) -> Portal:
    options = {"contact": CONTACT, "validation_level": "dv", "deploy_by": "seller"}
    return Portal(tmp_path, "cpi", product="cpi-dv", options=options, **SELLERS_KEY)


def iij(tmp_path: Path, product: str = "iij-globalsign-ov", **item: t.Any) -> Portal:
    return Portal(tmp_path, "iij", **{"product": product, "options": OV, **item})


def table(portal: Portal) -> dict[str, str]:
    rows = csv.reader(io.StringIO(portal.sheets[".csv"].read_text("utf-8-sig")))
    return {row[1]: row[2] for row in rows}


# -- every seller -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PORTALS, ids=lambda row: row.seller)
def test_each_seller_gets_its_sheet_and_every_product_its_name(row: t.Any, tmp_path: Path) -> None:
    products = [one for one in PRODUCTS if one.seller == row.seller]
    assert {one.key for one in products} == {key for key, _label in row.products}
    for number, product in enumerate(one for one in products if one.form != "byo"):
        ours = "us" in product.custody[0].key_made_by
        level = {"validation_level": product.validation_level}
        options = {**(OV if product.validation_level != "dv" else {"contact": CONTACT}), **level}
        portal = Portal(tmp_path / str(number), row.seller, product=product.key, options=options,
                        **({} if ours else SELLERS_KEY))  # fmt: skip
        said = portal.run()
        assert (said["state"], said["error"]) == ("awaiting_person", None), product.key
        assert said["waiting_for"]["what"].endswith(f"({row.apply})")
        filled = table(portal)
        assert filled["品目"] == dict(row.products)[product.key]
        assert filled["コモンネーム (CN)"] == "shop.example.jp"
        assert ("組織名 (O, 英語表記)" in filled) is (product.validation_level != "dv")
        assert set(portal.task["facts"]) == set(row.facts)


def test_the_fields_of_rows_are_fields() -> None:
    known = {field.key for field in FIELDS}
    assert len(known) == len(FIELDS)
    for row in PORTALS:
        for keys in (row.fields, row.required, row.ov_fields, row.ov_required, [key for key, _label in row.labels]):
            assert set(keys) <= known
        assert set(row.required) <= set(row.fields) and set(row.ov_required) <= set(row.ov_fields)


def test_a_reseller_of_the_users_own_is_a_row(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.settings = {
        "seller": "my-reseller",
        "portal": {
            "title": "例のリセラー",
            "apply": "会員メニュー > SSL > 申込",
            "number": "受付番号",
            "ask": "例のリセラー サポート",
            "ask_mail": "ssl@reseller.example.jp",
            "methods": ["email", "file"],
            "approval_days": 30,
            "labels": {"approver": "認証メール送付先"},
            "fields": ["product", "common_name", "approver", "csr"],
            "resend": "{number_word} {number} のメールを再送してください。",
        },
    }
    assert "会員メニュー" in portal.run()["waiting_for"]["what"]
    assert table(portal)["認証メール送付先"] == "admin@shop.example.jp"
    assert portal.run({"order_number": "77"})["expires"] == "2026-12-20T03:00:00Z"
    letter = portal.run(resend=True)["wanted"]["tasks"][1]["letter"]
    assert letter == "受付番号 77 のメールを再送してください。"


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "seller is missing"),
        ({"seller": "cpii"}, 'Did you mean "cpi"?'),
        ({"seller": "nobody", "portal": {"titel": "x"}}, 'Did you mean "title"?'),
        ({"seller": "nobody", "portal": {}}, "portal.title is missing"),
        ({"seller": "cpi", "portal": {"fields": ["common_nam"]}}, 'Did you mean "common_name"?'),
        ({"seller": "cpi", "portal": {"methods": ["dns-01"]}}, "email"),
        ({"seller": "cpi", "portal": {"approval_days": 0}}, "from 1 to 397"),
        ({"seller": "cpi", "apply_days": "soon"}, "from 1 to 90"),
        ({"seller": "cpi", "owner": "a\nb"}, "owner must be a text of one line"),
        ({"seller": "cpi", "portal": {"ask_mail": "not a mailbox"}}, "portal.ask_mail"),
        ({"seller": "cpi", "url": "x", "portl": {}}, "unknown setting"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_done(tmp_path: Path, settings: t.Any, word: str) -> None:
    portal = Portal(tmp_path)
    portal.settings = settings
    with pytest.raises(Exception, match="Cannot use the CA account") as refused:
        portal.run()
    assert word in str(refused.value)
    assert not portal.ledger.exists()


# -- sheets -----------------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    applicant = {**APPLICANT, "phone": "", "responsible": {"name": "", "mail": "hanako@gmail.com"}}
    options = {**OV, "applicant": applicant, "subject": {"C": "JP", "ST": "東京都", "O": "E" * 65}}
    said = iij(tmp_path, options=options, **SELLERS_KEY).run()
    assert (said["error"]["code"], said["outcome"]) == ("application_incomplete", "refused")
    for words in (
        "市区町村名 (L) is missing",
        "代表電話番号 is missing (inkan_organizations, phone)",
        "氏名 is missing (inkan_organizations, responsible.name)",
        "'東京都': the DN is written in English letters",
        "65 characters, 64 are possible",
        "hanako@gmail.com is free mail",
    ):
        assert words in said["error"]["message"]
    assert not (tmp_path / "ledger" / "accounts").exists()
    assert said["order"] is None


def test_check_mode_shows_what_persons_would_do_as_the_order_then_does(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    planned = portal.run(check_mode=True)["wanted"]["tasks"]
    assert not any(tmp_path.rglob("*.html")) and not portal.ledger.exists(), "no sheet is written"
    done = portal.run()["wanted"]["tasks"]
    assert next(task["actor"] for task in planned) == "customer"
    hidden = ("sheet", "letter")  # they have the reference, which is known after the order
    assert [{key: task[key] for key in task if key not in hidden} for task in planned] == [
        {key: task[key] for key in task if key not in hidden} for task in done
    ]
    assert [bool(task["sheet"]) for task in planned] == [bool(task["sheet"]) for task in done]
    assert all("known_after_order" in task["sheet"] for task in planned if task["sheet"])


def test_check_mode_tells_what_is_wrong_and_what_is_right(tmp_path: Path) -> None:
    portal = iij(tmp_path, options={**OV, "applicant": {}}, **SELLERS_KEY)
    assert portal.run(check_mode=True)["error"]["code"] == "application_incomplete"
    portal.item["options"] = OV
    said = portal.run(check_mode=True)
    assert (said["error"], said["outcome"], said["public_key_sha256"]) == (None, "submitted", "known_after_order")
    assert not portal.ledger.parent.exists()


def test_a_csr_is_held_against_what_is_applied_for(tmp_path: Path) -> None:
    portal = iij(tmp_path)
    portal.item["options"] = {**OV, "subject": {**SUBJECT, "O": "Other K.K."}}
    message = portal.run(csr=_csr(portal, SUBJECT))["error"]["message"]
    assert "O of the CSR is Example K.K., declared is Other K.K." in message
    direct = Portal(tmp_path / "cpi", "cpi", product="cpi-dv")
    assert "it makes the key itself" in direct.run()["error"]["message"]


def _csr(portal: Portal, subject: dict[str, str]) -> str:
    declared, portal.item["options"] = portal.item["options"], {**OV, "subject": subject}
    try:
        return portal.csr_of(portal.key)
    finally:
        portal.item["options"] = declared


HOSTILE = '<script>alert("x")</script>|=cmd|`a`[x](javascript:1)'


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: t.Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_no_value_breaks_out_of_its_sheet(tmp_path: Path) -> None:
    portal = iij(tmp_path, options={**OV, "applicant": {**APPLICANT, "address": HOSTILE, "representative": "=1+1"}})
    assert portal.run()["error"] is None
    page = _Tags()
    page.feed(portal.sheets[".html"].read_text("utf-8"))
    assert "script" not in page.tags and HOSTILE in page.text
    cells = table(portal)
    assert (cells["所在地"], cells["代表者名"], cells["代表電話番号"]) == (HOSTILE, "'=1+1", "'+81-3-1234-5678")
    [line] = [one for one in portal.sheets[".md"].read_text("utf-8").splitlines() if "所在地" in one]
    assert "\\<script\\>" in line and "\\|=cmd\\|" in line and "\\[x\\]" in line


# -- CPI --------------------------------------------------------------------------------------------------------------


def test_cpi_cancels_on_day_25_is_told_before_and_nothing_is_ordered_without_its_owner(tmp_path: Path) -> None:
    portal = cpi(tmp_path)
    portal.run()
    said = portal.run({"order_number": "CPI-3"})
    assert said["waiting_for"]["by"] == said["expires"] == "2026-12-15T03:00:00Z"
    assert "cancels the application on 2026-12-15" in said["waiting_for"]["what"]
    portal.clock.days(24.9)
    assert portal.run()["state"] == "awaiting_approval"
    portal.clock.days(0.2)
    [said] = portal.call([{"name": "shop", "ca_account": "seller"}]).items_as_data
    assert (said["state"], said["problem"]["code"]) == ("cancelled", "cancelled_by_seller")
    assert "25 days" in said["problem"]["text"] and "CPI-2" in said["problem"]["text"]


def test_a_late_approval_that_was_told_in_time_is_no_cancellation(tmp_path: Path) -> None:
    portal = cpi(tmp_path)
    portal.run()
    portal.run({"order_number": "CPI-3"})
    portal.clock.days(24)
    portal.run({"approved": True})
    portal.clock.days(10)
    assert portal.run()["state"] == "awaiting_person"


def test_what_was_presumed_cancelled_and_came_all_the_same_is_adopted(tmp_path: Path) -> None:
    portal = cpi(tmp_path)
    portal.run()
    portal.run({"order_number": "CPI-3"})
    portal.clock.days(26)
    portal.call([{"name": "shop", "ca_account": "seller"}])
    pem = portal.ca.leaf(_public(new_private_key("ecdsa-p256")), ["shop.example.jp"])
    [said] = portal.call([{**_plain(portal), "served": pem}]).items_as_data
    assert (said["state"], said["error"], said["changed"]) == ("issued", None, True)


def test_the_word_of_a_seller_that_it_cancelled_ends_the_order(tmp_path: Path) -> None:
    portal = cpi(tmp_path)
    portal.run()
    portal.run({"order_number": "CPI-3"})
    said = portal.run({"order_number": "CPI-3", "cancelled": "非承認のため"})
    assert (said["state"], said["problem"]["code"]) == ("cancelled", "cancelled_by_seller")
    assert "非承認のため" in said["problem"]["text"]


def _plain(portal: Portal) -> dict[str, t.Any]:
    return {key: value for key, value in portal.item.items() if key != "key_made_by"}


def _public(key: bytes) -> t.Any:
    return load_pem_private_key(key, None).public_key()  # type: ignore[union-attr]


def test_done_is_what_the_handshake_shows(tmp_path: Path) -> None:
    portal = cpi(tmp_path)
    old = portal.ca.leaf(
        _public(new_private_key("ecdsa-p256")), ["shop.example.jp"], at=portal.clock.now().replace(month=8)
    )
    portal.run(served=portal.ca.leaf(_public(new_private_key("ecdsa-p256")), ["other.example.jp"]))
    assert portal.said["state"] == "awaiting_person", "a certificate of other names is none of ours"
    portal.run({"order_number": "CPI-3"})
    assert portal.run(served=old)["state"] == "awaiting_approval", "it was there before the order"
    portal.clock.days(3)
    new = portal.ca.leaf(_public(new_private_key("ecdsa-p256")), ["shop.example.jp"])
    said = portal.run(served=new)
    assert (said["state"], said["error"]) == ("issued", None)
    assert portal.run(served=new)["changed"] is False


# -- IIJ --------------------------------------------------------------------------------------------------------------


def test_iij_makes_the_key_and_its_certificate_needs_it(tmp_path: Path) -> None:
    portal = iij(tmp_path, **SELLERS_KEY)
    portal.run()
    assert "サーバー会社が作成" in table(portal)["CSR"]
    portal.run({"order_number": "A-1"})
    key = new_private_key("rsa-2048")
    told = {"order_number": "A-1", "certificate": portal.ca.leaf(_public(key), ["shop.example.jp"]),
            "chain": portal.ca.intermediate}  # fmt: skip
    assert "no key came with it" in portal.run(told)["error"]["message"]
    other = public_key_sha256(new_private_key("rsa-2048"))
    assert "the key that came with it" in portal.run(told, public_key_sha256=other)["error"]["message"]
    said = portal.run(told, public_key_sha256=public_key_sha256(key))
    assert (said["state"], said["public_key_sha256"]) == ("issued", public_key_sha256(key))


def test_a_certificate_that_iij_renewed_by_itself_is_adopted(tmp_path: Path) -> None:
    """IIJ-11: inaction renews, with a key that IIJ makes, although the contract had a CSR of ours."""
    portal = iij(tmp_path)
    portal.run()
    portal.run({"order_number": "A-1", "certificate": portal.bundle()})
    first = portal.said["serial"]
    portal.renew()
    key = new_private_key("ecdsa-p256")
    pem = portal.ca.leaf(_public(key), ["shop.example.jp"]) + portal.ca.intermediate
    plain = {**portal.item, "public_key_sha256": public_key_sha256(key)}
    [said] = portal.call([{**plain, "intake": {"certificate": pem}}]).items_as_data
    assert "renewed_by_seller" in said["error"]["message"] and said["serial"] == first
    told = {"certificate": pem, "renewed_by_seller": True}
    [said] = portal.call([{**plain, "intake": told}]).items_as_data
    assert (said["error"], said["changed"], said["public_key_sha256"]) == (None, True, public_key_sha256(key))
    assert said["serial"] != first
    [said] = portal.call([{**plain, "intake": told}]).items_as_data
    assert (said["changed"], said["error"]) == (False, None)


def test_a_renewal_by_the_seller_takes_the_place_of_an_open_order(tmp_path: Path) -> None:
    portal = iij(tmp_path)
    portal.run()
    key = new_private_key("ecdsa-p256")
    pem = portal.ca.leaf(_public(key), ["shop.example.jp"]) + portal.ca.intermediate
    plain = {**portal.item, "public_key_sha256": public_key_sha256(key)}
    told = {"certificate": pem, "renewed_by_seller": True}
    [said] = portal.call([{**plain, "intake": told}]).items_as_data
    assert (said["state"], said["error"]) == ("issued", None)


def byo(tmp_path: Path) -> Portal:
    first = Portal(tmp_path)
    brought = {"certificate": first.ca.issue(first.csr), "chain": [first.ca.intermediate]}
    portal = Portal(tmp_path, "iij", product="iij-byo", method="brought", brought=brought, options={})
    portal.ca, portal.csr = first.ca, first.csr
    return portal


def test_a_brought_certificate_is_registered_by_a_person(tmp_path: Path) -> None:
    portal = byo(tmp_path)
    said = portal.run()
    assert (said["state"], said["waiting_for"]["tell"], said["error"]) == ("awaiting_person", "registered", None)
    assert said["public_key_sha256"] == public_key_sha256_of(portal)
    assert portal.run({"approved": True})["error"]["code"] == "intake_refused"
    said = portal.run({"registered": True})
    assert (said["state"], said["certificate"]) == ("issued", portal.item["brought"]["certificate"])
    assert portal.run({"registered": True})["changed"] is False


def public_key_sha256_of(portal: Portal) -> str:
    from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import certificate_facts

    return certificate_facts(portal.item["brought"]["certificate"]).public_key_sha256


def test_a_newer_certificate_takes_the_place_of_one_that_waits_to_be_registered(tmp_path: Path) -> None:
    portal = byo(tmp_path)
    first = portal.run()["reference"]
    portal.item["brought"] = {"certificate": portal.ca.issue(portal.csr), "chain": [portal.ca.intermediate]}
    said = portal.run()
    assert (said["state"], said["error"]) == ("awaiting_person", None)
    assert said["reference"] != first


# -- whom one writes to -----------------------------------------------------------------------------------------------

LETTERS = [
    ("cpi", "cpi-dv", "ssl-info@cpi.ad.jp", "another of the six addresses"),
    ("iij", "iij-globalsign-ov", "IIJのサポート窓口", "30 to 21 days"),
    ("iij", "iij-digicert-secure-server-id", "IIJのサポート窓口", "none can be chosen"),
    ("iij", "iij-cybertrust-sureserver-cloud", "IIJのサポート窓口", "second recipient"),
    ("idcf", "idcf-cybertrust-sureserver", "IDCフロンティア", "postmaster"),
    ("jprs", "jprs-dv", "指定事業者", "sent elsewhere"),
    ("cybertrust", "cybertrust-ov", "サポートデスク", "second recipient"),
]


@pytest.mark.parametrize(("seller", "product", "to", "words"), LETTERS)
def test_a_mail_once_more_or_elsewhere_is_a_hand_off(
    tmp_path: Path, seller: str, product: str, to: str, words: str
) -> None:
    level = next(one.validation_level for one in PRODUCTS if one.key == product)
    options = {**(OV if level != "dv" else {"contact": CONTACT}), "validation_level": level}
    ours = "us" in next(one.custody[0].key_made_by for one in PRODUCTS if one.key == product)
    portal = Portal(tmp_path, seller, product=product, options=options, **({} if ours else SELLERS_KEY))
    portal.run()
    portal.run({"order_number": "N-1"})
    said = portal.run(resend=True)
    assert (said["changed"], said["error"]) == (True, None)
    hand = said["wanted"]["tasks"][1]
    assert to in hand["where"]
    assert "N-1" in hand["letter"] and "shop.example.jp" in hand["letter"] and "再送" in hand["letter"]
    changed = {**options, "contact": {"kind": "txt", "address": "certs@example.co.jp"}}
    said = portal.run(options=changed)
    hand = said["wanted"]["tasks"][1]
    assert words in hand["what"] and to in hand["where"]
    assert said["wanted"]["mails"] == ["certs@example.co.jp"]
    assert portal.run(options=changed)["changed"] is False


def test_before_anybody_applied_another_contact_is_another_sheet(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.run()
    changed = {**portal.item["options"], "contact": {"kind": "constructed", "address": "webmaster@shop.example.jp"}}
    said = portal.run(options=changed)
    assert table(portal)["承認メールアドレス"] == "webmaster@shop.example.jp"
    assert len(said["wanted"]["tasks"]) == 1 and len(portal.sheets) == 3


# -- cancel, revoke ---------------------------------------------------------------------------------------------------


def test_what_nobody_applied_for_is_cancelled_at_once_with_its_sheet(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.run()
    assert portal.goal("cancelled", ca_account="seller")["state"] == "cancelled"
    assert portal.sheets == {}
    assert portal.run()["outcome"] == "submitted", "it was ours to cancel: nobody is asked"


def test_what_was_applied_for_is_withdrawn_by_a_person_only(tmp_path: Path) -> None:
    portal = cpi(tmp_path)
    portal.run()
    portal.run({"order_number": "CPI-3"})
    said = portal.goal("cancelled", ca_account="seller")
    assert (said["state"], said["error"]["code"]) == ("awaiting_approval", "cancelled_by_persons_only")
    assert "承認しない" in said["error"]["message"]


def test_a_revocation_says_whom_to_write_to(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.run()
    portal.run({"order_number": "N-1", "certificate": portal.bundle()})
    said = portal.goal("revoked", ca_account="seller", revoke_reason="keyCompromise")
    assert (said["state"], said["error"]["code"]) == ("issued", "revoked_by_persons_only")
    assert "指定事業者のサポート窓口" in said["error"]["todo"] and "keyCompromise" in said["error"]["todo"]
