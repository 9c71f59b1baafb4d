# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CertCentral validates: records on every server, files on every host, mails with a button."""

from __future__ import annotations

import subprocess
import time
import typing as t
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from journeys.lab.customer import Customer, Document
from journeys.lab.partner import Partner
from lab.human import Browser, NoButton, NoMail, press
from lab.lab import Lab
from lab.names import LOCAL_PARTS

DV, OV, EV = "ssl_dv_geotrust_flex", "ssl_basic", "ssl_ev_basic"
TXT, CNAME, FILE, DYNAMIC = "dns-txt-token", "dns-cname-token", "http-token", "http-token-dynamic"
WWW, APEX = "www.example.jp", "example.jp"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def web(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def customer(lab: Lab) -> Customer:
    return Customer(lab)


def is_good(customer: Customer, order: int, names: t.Sequence[str]) -> x509.Certificate:
    """Issued for exactly these names, by a chain that openssl takes."""
    lab, shown = customer.lab, customer.look(order)
    assert shown["status"] == "issued"
    leaf, *chain, root = customer.download(shown["certificate"]["id"])
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == list(names) == shown["certificate"]["dns_names"]
    assert int(shown["certificate"]["serial_number"], 16) == leaf.serial_number
    (lab.folder / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (lab.folder / "chain.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore"]
    command += ["-attime", str(int(lab.clock.now().timestamp())), "-CAfile", customer.facts["issuing_ca"]]
    command += ["-untrusted", str(lab.folder / "chain.pem"), str(lab.folder / "leaf.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert root.public_bytes(Encoding.PEM).decode() == Path(customer.facts["issuing_ca"]).read_text()
    assert len(lab.history.events("issued", ca="digicert", order=order)) == 1
    return leaf


# --- records ---


@pytest.mark.parametrize("owner", [APEX, "_dnsauth.example.jp"])
def test_one_txt_record_at_the_base_domain_validates_all_names(lab: Lab, customer: Customer, owner: str) -> None:
    names = [WWW, APEX, "*.shop.example.jp"]
    order = customer.order(DV, names, TXT)
    assert customer.check(order["id"]).code == "invalid_dns_txt"
    lab.digicert.poll()
    assert customer.look(order["id"])["status"] == "pending"
    customer.txt(owner, order["dcv_random_value"])
    answer = customer.check(order["id"])
    assert (answer.status, answer.json["order_status"], answer.json["dcv_status"]) == (200, "issued", "valid")
    assert answer.json["certificate_id"] == customer.look(order["id"])["certificate"]["id"]
    is_good(customer, order["id"], names)


def test_the_ca_also_looks_by_itself(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT)
    customer.txt(WWW, order["dcv_random_value"])
    time.sleep(0.5)
    assert customer.look(order["id"])["status"] == "pending"
    lab.clock.advance(hours=0.3)
    customer.wait(order["id"])


def test_the_record_has_to_be_on_every_server(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT)
    lab.switches.only("dns_servers_disagree")
    Partner(lab).publish([{"name": APEX, "type": "TXT", "value": order["dcv_random_value"]}])
    assert customer.check(order["id"]).code == "invalid_dns_txt"
    [look] = [e for e in lab.history.events("look", order=order["id"], name=APEX) if any(e["servers"].values())]
    assert sorted(look["servers"].values()) == [False, True]
    lab.switches.none()
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "issued"


def test_scope_fqdn_wants_the_record_at_each_name(customer: Customer) -> None:
    order = customer.order(DV, [WWW, APEX], TXT, certificate_dcv_scope="fqdn")
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).code == "invalid_dns_txt"
    part = customer.check(order["id"], {"dns_names_validations": [{"dns_name": APEX}]}).json
    assert part["dns_name_validations"] == [{"dns_name": APEX, "status": "valid"}]
    assert part["order_status"] == "pending"
    customer.txt(WWW, order["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "issued"


def test_an_alias_that_holds_the_token_validates(customer: Customer) -> None:
    order = customer.order(DV, [WWW, APEX], CNAME)
    token = order["dcv_random_value"]
    customer.alias("_dnsauth.example.jp", "dcv.digicert.com")
    assert customer.check(order["id"]).code == "invalid_dns_method", "this alias tells nothing about the order"
    customer.alias(f"{token}.example.jp", "dcv.digicert.com")
    assert customer.check(order["id"]).json["order_status"] == "issued"
    is_good(customer, order["id"], [WWW, APEX])
    other = customer.order(DV, [WWW], CNAME)
    customer.alias("_dnsauth.www.example.jp", f"{other['dcv_random_value']}.dcv.digicert.com")
    assert customer.check(other["id"]).json["order_status"] == "issued"


def test_caa_records_of_somebody_else_keep_the_ca_out(lab: Lab, customer: Customer) -> None:
    lab.dns.set(APEX, "@", "CAA", ['0 issue "jprs.jp"', '0 contactemail "pki@example.jp"'])
    order = customer.order(DV, [WWW, "*.example.jp"], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).code == "caa_check_failed|www.example.jp"
    caa = customer.call("GET", f"/order/certificate/{order['id']}", include_caa_status="true").json["caa_status"]
    assert (caa, customer.look(order["id"])["status"]) == ("failed", "pending")
    lab.dns.set(APEX, "@", "CAA", ['0 issue "digicert.com"', '0 issuewild "jprs.jp"'])
    assert customer.check(order["id"]).code == "caa_check_failed|*.example.jp"
    lab.dns.set(APEX, "@", "CAA", ['0 issue "digicert.com; account=1"'])
    customer.wait(order["id"])


# --- tokens ---


def test_the_value_stays_the_same_until_it_expires(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW, APEX], TXT)
    path = f"/order/certificate/{order['id']}/dcv-random-value"
    first = customer.call("PUT", path).json
    assert first["dcv_random_value"] == order["dcv_random_value"] == customer.call("PUT", path).json["dcv_random_value"]
    left = datetime.fromisoformat(first["expiration_date"]) - lab.clock.now()
    assert 29 < left.total_seconds() / 86400 <= 30
    lab.clock.advance(days=30.1)
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).code == "invalid_dns_txt", "an old value proves nothing"
    second = customer.call("PUT", path).json
    assert second["dcv_random_value"] != first["dcv_random_value"]
    customer.txt(APEX, second["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "issued"


def test_another_method_may_be_chosen_while_the_order_is_pending(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT)
    path = f"/order/certificate/{order['id']}/dcv-method"
    same = customer.call("PUT", path, {"dcv_method": FILE})
    assert (same.status, same.json["dcv_random_value"]) == (200, order["dcv_random_value"])
    other = customer.call("PUT", path, {"dcv_method": CNAME}).json["dcv_random_value"]
    assert other != order["dcv_random_value"]
    for method in (DYNAMIC, "carrier-pigeon", None):
        assert customer.call("PUT", path, {"dcv_method": method}).code == "invalid_dcv_method"
    by_mail = customer.call("PUT", path, {"dcv_method": "email"})
    assert (by_mail.status, by_mail.body) == (204, b"")
    assert customer.check(order["id"]).code == "invalid_dcv_method"
    assert customer.call("PUT", f"/order/certificate/{order['id']}/dcv-random-value").code == "invalid_dcv_method"
    press(lab, "admin@example.jp")
    customer.wait(order["id"])
    assert customer.call("PUT", path, {"dcv_method": TXT}).status == 400


# --- files ---


def test_by_file_each_name_has_to_have_it_on_each_host(web: Lab) -> None:
    customer = Customer(web)
    order = customer.order(DV, [WWW, APEX], FILE)
    assert customer.check(order["id"]).code == "file_random_value_not_found"
    paths = customer.place(order["dcv_random_value"] + "\n")
    paths[1].unlink()
    assert customer.check(order["id"]).code == "file_random_value_not_found", "one host of two has it"
    customer.place(order["dcv_random_value"] + "\n")
    assert customer.check(order["id"]).json["order_status"] == "issued"
    is_good(customer, order["id"], [WWW, APEX])
    assert {event["name"] for event in web.history.events("fetch", ca="digicert", found=True)} == {WWW, APEX}


def test_what_is_no_file_with_the_value(web: Lab) -> None:
    customer = Customer(web)
    order = customer.order(DV, [WWW], FILE)
    value = order["dcv_random_value"]
    for content in (f"{value}x", value.upper(), "", f"{value}{' ' * 5000}"):
        customer.place(content)
        assert customer.check(order["id"]).code == "file_random_value_not_found", content
    customer.place(f"  {value}\r\n")
    assert customer.check(order["id"]).status == 200


def test_a_file_is_no_proof_for_a_wildcard(customer: Customer) -> None:
    assert customer.submit(DV, ["*.example.jp"], FILE).code == "invalid_dcv_method"
    assert customer.submit(DV, [WWW], DYNAMIC).code == "invalid_dcv_method", "OV and EV only"


def test_the_dynamic_file_has_a_name_of_its_own(web: Lab) -> None:
    customer = Customer(web)
    order = customer.order(OV, [WWW], DYNAMIC)
    [domain] = order["domains"]
    token, url = domain["dcv_token"]["token"], domain["dcv_token"]["http_token_url"]
    assert url.startswith(f"http://{WWW}/.well-known/pki-validation/")
    assert token not in url
    customer.place(token, url.partition(WWW)[2])
    assert customer.check(order["id"]).json["order_status"] == "issued"


# --- mails ---


def test_all_addresses_get_a_mail_and_any_one_approves(lab: Lab, customer: Customer) -> None:
    lab.dns.set(APEX, "_validation-contactemail", "TXT", ["pki@example.com", "not an address"])
    order = customer.order(DV, [WWW, APEX])
    assert "dcv_random_value" not in order
    asked = [f"{local}@{APEX}" for local in LOCAL_PARTS] + ["pki@example.com"]
    assert sorted(letter.address for letter in lab.mail.messages()) == sorted(asked)
    assert len({link for letter in lab.mail.messages() for link in letter.links}) == 6, "each has a link of his own"
    [letter] = lab.mail.messages("pki@example.com")
    assert letter.subject == f"[Domain Approval] ドメイン名の利用権確認のお願い: {APEX} {order['id']}"
    assert letter.message["From"] == "DigiCert <no-reply@digitalcertvalidation.com>"
    state = customer.call("GET", f"/order/certificate/{order['id']}/email-validation").json["emails"]
    assert {one["email"]: one["status"] for one in state} == dict.fromkeys(asked, "unvalidated")
    pressed = press(lab, "pki@example.com", order=str(order["id"]))
    assert f"{WWW}, {APEX}" in pressed.before
    customer.wait(order["id"])
    is_good(customer, order["id"], [WWW, APEX])
    assert [event["address"] for event in lab.history.events("approved", order=order["id"])] == ["pki@example.com"]
    with pytest.raises(NoButton, match="有効期限"):
        press(lab, "admin@example.jp")


def test_looking_at_the_page_approves_nothing_and_there_is_no_button_to_refuse(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW])
    with pytest.raises(NoButton, match="サポート"):
        press(lab, "admin@example.jp", button="承認しない")
    lab.digicert.tick()
    assert customer.look(order["id"])["status"] == "pending"


def test_a_mail_and_a_page_in_english(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], locale="en")
    [letter] = lab.mail.messages("admin@example.jp")
    assert letter.subject == f"[Action Required] Approve Certificate Request for {APEX} {order['id']}"
    [link] = letter.links
    status, page = Browser(customer.facts["ca"]).open(f"{link}&lang=en")
    assert status == 200
    assert page.fields_with("Approve")["lang"] == "en"


@pytest.mark.parametrize("vice", ["mail_html_only", "mail_iso2022jp", "dc_mail_old_subject", "dc_page_asks_scope"])
def test_a_person_finds_the_button_in_all_such_mails(lab: Lab, customer: Customer, vice: str) -> None:
    lab.switches.only(vice)
    order = customer.order(DV, [WWW])
    assert press(lab, "hostmaster@example.jp", order=str(order["id"])).status == 200
    customer.wait(order["id"])


def test_only_the_chosen_address_gets_a_mail(lab: Lab, customer: Customer) -> None:
    chosen = [{"dns_name": WWW, "email_domain": WWW, "email": f"webmaster@{WWW}"}]
    order = customer.order(DV, [WWW], dcv_emails=chosen)
    assert [letter.address for letter in lab.mail.messages()] == [f"webmaster@{WWW}"]
    press(lab, f"webmaster@{WWW}")
    customer.wait(order["id"])


@pytest.mark.parametrize(
    "mail",
    [
        {"dns_name": WWW, "email_domain": APEX, "email": "somebody@example.jp"},
        {"dns_name": WWW, "email_domain": "example.com", "email": "admin@example.com"},
        {"dns_name": "example.com", "email_domain": "example.com", "email": "admin@example.com"},
        {"dns_name": WWW, "email_domain": "jp", "email": "admin@jp"},
        {"dns_name": WWW, "email_domain": APEX, "email": "no address"},
    ],
)
def test_whoever_cannot_approve_is_not_asked(lab: Lab, customer: Customer, mail: Document) -> None:
    assert customer.submit(DV, [WWW], dcv_emails=[mail]).code == "bad_request_format"
    assert (lab.mail.messages(), lab.history.events("order")) == ([], [])


def test_mails_are_sent_again_and_to_another_address_even_above(lab: Lab, customer: Customer) -> None:
    name = "a.shop.example.jp"
    lab.dns.set(APEX, name, "MX", ["10 mail.lab.example"])
    first = [{"dns_name": name, "email_domain": name, "email": f"admin@{name}"}]
    order = customer.order(DV, [name], dcv_emails=first)
    path = f"/order/certificate/{order['id']}/resend-emails"
    again = customer.call("PUT", path, {})
    assert (again.status, again.body) == (204, b"")
    before, after = (letter.links for letter in lab.mail.messages(f"admin@{name}"))
    assert before == after, "what is sent again is the same"
    other = {"domain": name, "email": "hostmaster@shop.example.jp", "email_domain": "shop.example.jp"}
    assert customer.call("PUT", path, {"domain_approval_emails": [other]}).status == 204
    wrong = {"domain": "www.example.jp", "email": "admin@www.example.jp"}
    assert customer.call("PUT", path, {"domain_approval_emails": [wrong]}).code == "bad_request_format"
    press(lab, "hostmaster@shop.example.jp")
    customer.wait(order["id"])
    assert customer.call("PUT", path, {}).status == 400, "too late"


def test_a_domain_without_mail_server_gets_none(lab: Lab, customer: Customer) -> None:
    lab.dns.set("example.com", "@", "MX", [])
    customer.order(DV, ["www.example.com"])
    assert {event["delivered"] for event in lab.history.events("mail", ca="digicert")} == {False}
    with pytest.raises(NoMail):
        press(lab, "admin@example.com", seconds=0.1)


def test_links_live_thirty_days(lab: Lab, customer: Customer) -> None:
    customer.order(DV, [WWW])
    lab.clock.advance(days=30.1)
    with pytest.raises(NoButton, match="有効期限"):
        press(lab, "admin@example.jp")


def test_mail_ends_in_march_2028(tmp_path: Path) -> None:
    with Lab(tmp_path, now=datetime.fromisoformat("2028-03-15T00:00:00+00:00"), web=(), vices=()) as lab:
        customer = Customer(lab)
        assert customer.submit(DV, [WWW]).code == "invalid_dcv_method"
        assert customer.submit(DV, [WWW], TXT).status == 201


# --- OV and EV: domains of the account ---


def test_the_domains_of_an_ov_order_are_validated_once_and_then_it_is_issued_at_once(
    lab: Lab, customer: Customer
) -> None:
    order = customer.order(OV, [WWW, "shop.example.jp"], TXT)
    [domain] = order["domains"]
    assert (domain["name"], domain["dcv_token"]["token"]) == (APEX, order["dcv_random_value"])
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "issued"
    leaf = is_good(customer, order["id"], [WWW, "shop.example.jp"])
    assert "O=Example K.K." in leaf.subject.rfc4514_string()
    second = customer.order(OV, ["*.example.jp"], TXT)
    assert [one["subject_common_name"] for one in second["certificate_chain"]] == [
        "*.example.jp", "Lab DigiCert TLS CA1", "Lab DigiCert Global Root",
    ]  # fmt: skip
    assert all("\r\n" in one["pem"] for one in second["certificate_chain"])
    assert customer.look(second["id"])["certificate"]["id"] == second["certificate_id"]


def test_an_organization_that_nobody_validated_holds_an_order_up(lab: Lab, customer: Customer) -> None:
    order = customer.order(OV, [WWW], TXT, organization={"id": 117484})
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).json == {"order_status": "pending", "dcv_status": "valid"}
    lab.digicert.validate_organization(117484)
    customer.wait(order["id"])
    other = customer.order(OV, [WWW], TXT)
    assert "certificate_id" not in other, "the domain was proven for another organization"


def test_an_ev_order_waits_for_its_approver_where_that_is_switched_on(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_ev_approver_mail")
    order = customer.order(EV, [WWW], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "pending"
    path = f"/order/certificate/{order['id']}/order-approval/resend-emails"
    assert customer.call("PUT", path, {"emails": ["sato@example.jp"]}).status == 204
    assert [letter.address for letter in lab.mail.messages()] == ["yamada@example.jp", "sato@example.jp"]
    press(lab, "yamada@example.jp")
    customer.wait(order["id"])


def domain_of(customer: Customer, method: str, name: str = APEX, **more: t.Any) -> Document:
    body = {
        "name": name,
        "organization": {"id": customer.facts["organization"]},
        "validations": [{"type": "ov"}, {"type": "ev"}],
        "dcv_method": method,
        **more,
    }
    answer = customer.call("POST", "/domain", body)
    assert answer.status == 201, answer.body
    return answer.json


def shown(customer: Customer, domain: int) -> Document:
    return customer.call("GET", f"/domain/{domain}", include_dcv="true", include_validation="true").json


def test_a_domain_is_validated_before_anybody_orders(lab: Lab, customer: Customer) -> None:
    domain = domain_of(customer, TXT)
    check = f"/domain/{domain['id']}/dcv/validate-token"
    assert customer.call("PUT", check).code == "invalid_dns_txt"
    assert {one["dcv_status"] for one in shown(customer, domain["id"])["validations"]} == {"pending"}
    customer.txt(APEX, domain["dcv_token"]["token"])
    assert customer.call("PUT", check).json == {"token": domain["dcv_token"]["token"], "status": "active"}
    validations = shown(customer, domain["id"])["validations"]
    assert [(one["type"], one["status"], one["dcv_status"]) for one in validations] == [
        ("ov", "active", "complete"),
        ("ev", "active", "complete"),
    ]
    assert "certificate_id" in customer.order(EV, [WWW])
    lab.clock.advance(days=201)
    assert "certificate_id" not in customer.order(EV, [WWW], TXT), "validated too long ago"


def test_a_domain_by_mail(lab: Lab, customer: Customer) -> None:
    lab.dns.set(APEX, "_validation-contactemail", "TXT", ["pki@example.com"])
    domain = domain_of(customer, "email", email_array=["postmaster@example.jp"])
    emails = customer.call("GET", f"/domain/{domain['id']}/dcv/emails").json
    assert emails == domain["validation_emails"]
    assert (emails["name_scope"], len(emails["base_emails"]), emails["dns_txt_emails"], emails["email_array"]) == (
        APEX, 5, ["pki@example.com"], ["postmaster@example.jp"],
    )  # fmt: skip
    assert customer.call("GET", "/domain/shop.example.jp/dcv/emails").json["name_scope"] == APEX
    assert (
        customer.call("PUT", f"/domain/{domain['id']}/dcv/emails", {"email_array": ["pki@example.com"]}).status == 204
    )
    assert [letter.address for letter in lab.mail.messages()] == ["postmaster@example.jp", "pki@example.com"]
    press(lab, "pki@example.com")
    assert shown(customer, domain["id"])["validations"][0]["dcv_status"] == "complete"


def test_method_and_token_of_a_domain_are_changed(customer: Customer) -> None:
    domain = domain_of(customer, TXT, name="www.example.jp")
    number = domain["id"]
    assert shown(customer, number)["name"] == APEX, "without keep_www"
    same = customer.call("POST", f"/domain/{number}/validation", {})
    assert (same.status, same.json["dcv_token"]["token"]) == (201, domain["dcv_token"]["token"])
    other = customer.call("PUT", f"/domain/{number}/dcv/method", {"dcv_method": DYNAMIC}).json["dcv_token"]
    new = customer.call("POST", f"/domain/{number}/dcv/token").json
    assert new["token"] != other["token"]
    assert new["http_token_url"] != other["http_token_url"]
    alias = customer.call("PUT", f"/domain/{number}/dcv/method", {"dcv_method": CNAME}).json["dcv_token"]
    assert alias["verification_value"] == "dcv.digicert.com"
    mails = customer.call("PUT", f"/domain/{number}/dcv/method", {"dcv_method": "email"}).json
    assert len(mails["validation_emails"]["base_emails"]) == 5
    listed = customer.call("GET", "/domain").json["domains"]
    assert [one["id"] for one in listed] == [number]
    assert customer.call("GET", "/domain/999").code == "not_found"


# --- switches for what nobody outside knows ---


def test_records_count_only_at_the_name_itself_where_that_is_switched_on(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_token_only_at_name", "dc_no_dnsauth")
    order = customer.order(DV, [WWW], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    customer.txt("_dnsauth.www.example.jp", order["dcv_random_value"])
    assert customer.check(order["id"]).code == "invalid_dns_txt"
    customer.txt(WWW, order["dcv_random_value"])
    assert customer.check(order["id"]).status == 200


def test_an_alias_without_the_value_is_enough_where_that_is_switched_on(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_cname_without_value")
    order = customer.order(DV, [WWW], CNAME)
    customer.alias("_dnsauth.example.jp", "dcv.digicert.com")
    assert customer.check(order["id"]).status == 200


def test_dv_orders_share_what_is_proven_where_that_is_switched_on(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_dv_reuses_domains")
    order = customer.order(DV, [APEX], TXT)
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).status == 200
    assert "certificate_chain" in customer.order(DV, [WWW], TXT)
    lab.switches.none()
    assert "certificate_chain" not in customer.order(DV, [WWW], TXT)


def test_the_free_base_name_has_to_be_validated_too(web: Lab) -> None:
    web.switches.only("dc_free_base_name")
    customer = Customer(web)
    web.dns.set("example.com", "@", "A", [])
    order = customer.order(DV, ["www.example.com"], FILE)
    customer.place(order["dcv_random_value"])
    assert customer.check(order["id"]).code == "file_random_value_not_found"
    web.dns.set("example.com", "@", "A", ["127.0.0.11"])
    assert customer.check(order["id"]).status == 200
    is_good(customer, order["id"], ["www.example.com", "example.com"])


def test_five_redirects_are_followed_unless_that_is_switched_off(web: Lab) -> None:
    customer = Customer(web)
    web.dns.set(APEX, "www", "A", ["127.0.0.11"])

    def answer(hops: int) -> int:
        host = web.web["web1"]
        host.redirect_no_more()
        for scheme in ("http", "https"):
            host.redirect("chain", hops=hops, scheme=scheme)
        order = customer.order(DV, [WWW], FILE)
        customer.place(order["dcv_random_value"])
        return customer.check(order["id"]).status

    assert [answer(hops) for hops in (5, 6)] == [200, 400]
    web.switches.only("dc_no_redirects")
    assert answer(1) == 400
