# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalSign GCC in the lab: it looks for itself, in the DNS, on the web, in mailboxes, and by people."""

from __future__ import annotations

import typing as t
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.x509.oid import NameOID
from journeys.lab.gsclient import CONTACT, Answer, Client, csr, sans, wish
from journeys.lab.partner import Partner
from lab.clock import JST
from lab.human import NoButton, press, read_mails
from lab.lab import Lab

WWW, APEX, OTHER = "www.example.jp", "example.jp", "example.com"
FILE = ".well-known/pki-validation/gsdv.txt"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("gcc",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def client(lab: Lab) -> Client:
    return Client(lab)


# --- by records ---


def test_a_record_counts_on_every_server_and_at_the_name_of_the_call(lab: Lab, client: Client) -> None:
    order = client.dns_order(WWW)
    number, record = order.text("OrderID"), order.text("DNSTXT")
    client.txt(APEX, "some other text", f"{record}x")
    assert client.verify(number, APEX).codes == [-4147]
    client.txt(WWW, record)
    assert client.verify(number, APEX).codes == [-4147], "it is elsewhere"
    assert client.verify(number, "shop.example.jp").errors == [(-101, "ApproverFQDN")]
    look = lab.history.events("look", ca="gcc", order=number)[-1]
    assert look["servers"] == {"127.0.0.1": False, "127.0.0.2": False}
    assert client.verify(number, WWW).codes == []
    assert client.verify(number, WWW).codes == [-9938], "it is issued"
    lab.switches.only("gcc_verify_again")
    assert client.verify(number, WWW).leaf == client.look(number).leaf


def test_a_server_that_does_not_follow_is_seen(lab: Lab, client: Client) -> None:
    order = client.dns_order(APEX)
    lab.switches.only("dns_servers_disagree")
    Partner(lab).publish([{"name": APEX, "type": "TXT", "value": order.text("DNSTXT")}])
    assert client.verify(order.text("OrderID"), APEX).codes == [-4147]
    assert sorted(lab.history.events("look", ca="gcc")[-1]["servers"].values()) == [False, True]
    lab.switches.none()
    client.txt(APEX, order.text("DNSTXT"))
    assert client.verify(order.text("OrderID"), APEX).codes == []


def test_names_of_several_domains_are_shown_one_after_the_other(lab: Lab, client: Client) -> None:
    order = client.dns_order(WWW, OTHER)
    number, record = order.text("OrderID"), order.text("DNSTXT")
    assert order.texts("VerificationFQDNList/VerificationFQDN") == [WWW, APEX, OTHER]
    for domain in (APEX, OTHER):
        client.txt(domain, record)
    assert client.verify(number, APEX).codes == [-4147], "the other one is missing"
    issued = client.verify(number, OTHER)
    assert issued.text("URLVerificationForIssue/CertificateInfo/DNSNames") == f"{WWW},{OTHER}"


def test_a_wildcard_is_shown_by_a_record(client: Client) -> None:
    number = client.issued("*.example.jp")
    looked = client.look(number)
    assert looked.text("OrderDetail/OrderInfo/BaseOption") == "wildcard"
    assert looked.text("OrderDetail/CertificateInfo/CommonName") == "*.example.jp"
    assert client.dns_order("*.example.jp", option="gip").errors == [(-9925, "OrderRequestParameter.BaseOption")]


def test_a_code_is_good_for_thirty_days_and_the_order_stays(lab: Lab, client: Client) -> None:
    order = client.dns_order(APEX)
    client.txt(APEX, order.text("DNSTXT"))
    lab.clock.advance(days=31)
    assert client.verify(order.text("OrderID"), APEX).codes == [-4147]
    assert client.status(order.text("OrderID")) == "1"


def test_caa_records_may_keep_it_out(lab: Lab, client: Client) -> None:
    lab.dns.set(APEX, "@", "CAA", ['0 issue "another.example"'])
    order = client.dns_order(APEX)
    client.txt(APEX, order.text("DNSTXT"))
    assert client.verify(order.text("OrderID"), APEX).codes == [-3012]
    lab.dns.set(APEX, "@", "CAA", ['0 issue "globalsign.com"'])
    lab.also["gcc"].tick()
    assert client.status(order.text("OrderID")) == "4", "it was proven already"


def test_the_old_record_has_no_underscore(lab: Lab, client: Client) -> None:
    lab.switches.only("gcc_old_record")
    order = client.dns_order(APEX)
    assert order.text("DNSTXT").startswith("globalsign-domain-verification=")
    client.txt(APEX, order.text("DNSTXT"))
    assert client.verify(order.text("OrderID"), APEX).codes == []


# --- by pages ---


def url_order(client: Client, *names: str) -> Answer:
    return client.order("URLVerification", "DV_HIGH_URL", names)


def show(client: Client, order: Answer, url: str) -> Answer:
    inside = f"<OrderID>{order.text('OrderID')}</OrderID><ApproverURL>{url}</ApproverURL>"
    return client.call("URLVerificationForIssue", inside)


def place(lab: Lab, text: str, file: str = FILE, hosts: t.Collection[str] = ()) -> None:
    for host in lab.web.values():
        if not hosts or host.name in hosts:
            path = host.document_root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def test_a_page_is_fetched_from_every_host_and_for_each_name(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", vices=(), also=("gcc",)) as lab:
        client = Client(lab)
        order = url_order(client, WWW, APEX)
        tag, urls = order.text("MetaTag"), order.texts("VerificationURLList/VerificationURL")
        assert tag.startswith('<meta name="globalsign-domain-verification" content="')
        assert urls == [f"{scheme}://{name}/{FILE}" for name in (WWW, APEX) for scheme in ("http", "https")]
        assert show(client, order, urls[0]).codes == [-4147]
        place(lab, tag, hosts=["web1"])
        assert show(client, order, urls[0]).codes == [-4147], "the second host has none"
        place(lab, tag)
        assert show(client, order, urls[0]).codes == [-4147], "the other name is missing"
        assert show(client, order, f"http://shop.example.jp/{FILE}").errors == [(-101, "ApproverURL")]
        issued = show(client, order, urls[3])
        assert issued.leaf.subject.rfc4514_string() == f"CN={WWW}"
        assert client.verify(order.text("OrderID"), APEX).errors == [(-105, "OrderID")], "it is no order by DNS"
        fetched = lab.history.events("fetch", ca="gcc", found=True)
        assert {event["address"] for event in fetched} == {"127.0.0.11", "127.0.0.12"}
        assert lab.failures == []


def test_what_a_page_has_to_hold(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab", vices=(), web=("web1",), also=("gcc",)) as lab:
        client = Client(lab)

        def is_enough(words: str, file: str = FILE) -> bool:
            order = url_order(client, APEX)
            tag = order.text("MetaTag")
            place(lab, words.format(tag=tag, code=tag.split('"')[3]), file)
            return show(client, order, order.texts("VerificationURLList/VerificationURL")[0]).codes == []

        forms = ["{tag}", "{code}\n", "_globalsign-domain-verification={code}", "x{code}", "<!-- {tag}"]
        assert [is_enough(form) for form in forms] == [True, True, True, False, True]
        lab.switches.only("gcc_file_wants_tag")
        assert [is_enough(form) for form in forms] == [True, False, False, False, False]
        lab.switches.only("gcc_file_wants_code")
        assert [is_enough(form) for form in forms] == [False, True, True, False, False]
        lab.switches.only("gcc_page_at_root")
        page = "<html><head>{tag}</head><body>Welcome</body></html>"
        assert [is_enough(form, "index.html") for form in (page, "{code}")] == [True, False]


def test_pages_do_for_no_wildcards(lab: Lab, client: Client) -> None:
    assert url_order(client, "*.example.jp").errors == [(-105, "OrderRequestParameter.BaseOption")]
    assert url_order(client, APEX, "*.example.jp").errors == [(-105, "OrderRequestParameter.BaseOption")]
    assert url_order(client, APEX).codes == []


def test_the_verification_page_tells_the_code(lab: Lab, client: Client) -> None:
    order = client.dns_order(APEX)
    url = client.look(order.text("OrderID")).text("OrderDetail/OrderSubInfo/VerificationUrl")
    status, page = client.page(url)
    assert (status, order.text("DNSTXT") in page) == (200, True)
    assert client.page(url + "0")[0] == 404


# --- by mails ---


def reserve(client: Client, name: str) -> Answer:
    answer = client.call("GetDVApproverList", f"<FQDN>{name}</FQDN>")
    assert (answer.codes, answer.header.tag) == ([], "QueryResponseHeader")
    return answer


def mail_order(client: Client, number: str, address: str, *names: str) -> Answer:
    more = f"<OrderID>{number}</OrderID><ApproverEmail>{address}</ApproverEmail>"
    return client.order("DVOrder", "DV_SHA2", names, more)


def test_the_approver_list_reserves_a_number_that_is_good_once(lab: Lab, client: Client) -> None:
    answer = reserve(client, WWW)
    addresses = answer.texts("Approvers/SearchOrderDetail/ApproverEmail")
    assert (addresses[0], addresses[-1], len(addresses)) == (f"admin@{WWW}", f"webmaster@{APEX}", 10)
    assert set(answer.texts("Approvers/SearchOrderDetail/ApproverType")) == {"GENERIC"}
    number = answer.text("OrderID")
    assert client.look(number).codes == [-4003], "nobody has ordered yet"
    assert mail_order(client, number, f"hostmaster@{APEX}", APEX).errors == [(-101, "OrderID")]
    assert mail_order(client, "CEAP2611209999", f"hostmaster@{APEX}", WWW).errors == [(-101, "OrderID")]
    assert mail_order(client, number, f"hostmaster@{APEX}", WWW).text("OrderID") == number
    assert mail_order(client, number, f"hostmaster@{APEX}", WWW).codes == [-4004]
    assert client.status(number) == "1"
    assert reserve(client, WWW).text("OrderID") != number
    assert len(lab.history.events("order")) == 1
    assert len(client.call("GetApproverList", f"<FQDN>{WWW}</FQDN>").texts("Approvers/SearchOrderDetail")) == 10


def test_a_press_of_the_button_in_the_mail_brings_the_certificate(lab: Lab, client: Client) -> None:
    number = reserve(client, WWW).text("OrderID")
    assert mail_order(client, number, f"hostmaster@{APEX}", WWW, APEX).codes == []
    assert [event["to"] for event in lab.history.events("mail")] == [f"hostmaster@{APEX}"]
    pressed = press(lab, f"hostmaster@{APEX}", order=number)
    assert (pressed.status, number in pressed.before) == (200, True)
    assert client.status(number) == "4"
    looked = client.look(number)
    assert looked.text("OrderDetail/OrderOption/ApproverEmailAddress") == f"hostmaster@{APEX}"
    assert looked.text("OrderDetail/CertificateInfo/DNSNames") == f"{WWW},{APEX}"
    with pytest.raises(NoButton, match="有効期限"):
        press(lab, f"hostmaster@{APEX}", order=number)


@pytest.mark.parametrize("address", ["taro@example.jp", "hostmaster@example.com", "admin@shop.example.jp"])
def test_only_constructed_addresses_approve(lab: Lab, client: Client, address: str) -> None:
    number = reserve(client, WWW).text("OrderID")
    assert mail_order(client, number, address, WWW).errors == [(-4009, "ApproverEmail")]
    assert lab.history.events("mail") == []
    assert mail_order(client, number, f"admin@{WWW}", WWW, OTHER).codes == [-4009], "not for the other name"
    assert mail_order(client, number, f"admin@{WWW}", WWW).codes == []


def test_who_does_not_approve_cancels_the_order(lab: Lab, client: Client) -> None:
    number = reserve(client, APEX).text("OrderID")
    mail_order(client, number, f"admin@{APEX}", APEX)
    press(lab, f"admin@{APEX}", "承認しない")
    assert client.status(number) == "3"


def test_mails_are_sent_again_and_to_another_address(lab: Lab, client: Client) -> None:
    number = reserve(client, APEX).text("OrderID")
    mail_order(client, number, f"admin@{APEX}", APEX)

    def links(address: str) -> list[str]:
        return [mail.link for mail in read_mails(lab.mail.folder, address)]

    resend = f"<OrderID>{number}</OrderID><ResendEmailType>APPROVEREMAIL</ResendEmailType>"
    assert client.call("ResendEmail", resend).text("OrderId") == number
    assert len(set(links(f"admin@{APEX}"))) == 1, "the same link"
    lab.clock.advance(days=31)
    with pytest.raises(NoButton):
        press(lab, f"admin@{APEX}")
    assert client.status(number) == "1", "not cancelled"
    assert client.call("ResendEmail", resend).codes == []
    assert len(set(links(f"admin@{APEX}"))) == 2
    other = "<ResendEmailType>ANY</ResendEmailType>"
    assert client.call("ResendEmail", f"<OrderID>{number}</OrderID>{other}").errors == [(-101, "ResendEmailType")]

    def change(address: str, name: str = APEX) -> Answer:
        inside = f"<OrderID>{number}</OrderID><ApproverEmail>{address}</ApproverEmail><FQDN>{name}</FQDN>"
        return client.call("ChangeApproverEmail", inside)

    assert change(f"taro@{APEX}").errors == [(-4009, "ApproverEmail")]
    assert change(f"postmaster@{APEX}", WWW).errors == [(-101, "FQDN")]
    assert change(f"postmaster@{APEX}").text("OrderID") == number
    with pytest.raises(NoButton):
        press(lab, f"admin@{APEX}")
    press(lab, f"postmaster@{APEX}")
    assert client.status(number) == "4"
    assert change(f"admin@{APEX}").codes == [-9938]
    assert client.call("ResendEmail", resend).codes == [-9938]


def test_mails_end_in_2028(lab: Lab, client: Client) -> None:
    number = reserve(client, APEX).text("OrderID")
    lab.clock.set(datetime(2028, 3, 15, 12, tzinfo=JST))
    assert mail_order(client, number, f"admin@{APEX}", APEX).codes == [-4009]


# --- by people ---

PLACE = (
    "<OrganizationAddress><AddressLine1>1-1-1 Marunouchi</AddressLine1><City>Chiyoda-ku</City><Region>Tokyo</Region>"
    "<PostalCode>100-0005</PostalCode><Country>JP</Country><Phone>03-1234-5678</Phone></OrganizationAddress>"
)
ORGANIZATION = f"<OrganizationInfo><OrganizationName>Example K.K.</OrganizationName>{PLACE}</OrganizationInfo>"
PERSON = (
    "<FirstName>Taro</FirstName><LastName>Yamada</LastName><Function>Head</Function>"
    "<OrganizationName>Example K.K.</OrganizationName><Phone>03-1234-5678</Phone><Email>taro@example.jp</Email>"
)
EV = (
    f"<OrganizationInfoEV><BusinessCategoryCode>PO</BusinessCategoryCode>{PLACE}</OrganizationInfoEV>"
    f"<RequestorInfo>{PERSON}</RequestorInfo><ApproverInfo>{PERSON}</ApproverInfo>"
    f"<AuthorizedSignerInfo>{PERSON}</AuthorizedSignerInfo>"
    "<JurisdictionInfo><JurisdictionCountry>JP</JurisdictionCountry>"
    "<IncorporationAgencyRegistrationNumber>1234</IncorporationAgencyRegistrationNumber></JurisdictionInfo>"
)
NATIVE = CONTACT.replace(
    "</LastName>", "</LastName><FirstNameNative>太郎</FirstNameNative><LastNameNative>山田</LastNameNative>"
)


def test_ov_orders_are_vetted_by_people(lab: Lab, client: Client) -> None:
    number = client.order("OVOrder", "OV_SHA2", [WWW, APEX], ORGANIZATION).text("OrderID")
    lab.also["gcc"].vet(number, hours=30)
    assert client.status(number) == "1"
    lab.clock.advance(hours=31)
    lab.also["gcc"].tick()
    looked = client.look(number)
    assert looked.text("OrderDetail/OrderInfo/OrderStatus") == "4"
    [name] = looked.leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert name.value == "Example K.K."
    refused = client.order("OVOrder", "OV_SHA2", [WWW], ORGANIZATION).text("OrderID")
    lab.also["gcc"].vet(refused, False)
    assert client.status(refused) == "3"


def test_ev_orders_need_more_and_call_their_number_otherwise(lab: Lab, client: Client) -> None:
    order = client.order("EVOrder", "EV_SHA2", [WWW], f"<SubId>ref-1</SubId>{EV}")
    assert (order.codes, order.text("OrderID")) == ([], "")
    number = order.text("OrderId")
    lab.also["gcc"].vet(number)
    looked = client.look(number)
    assert looked.text("OrderDetail/OrderInfo/OrderStatus") == "4"
    assert looked.text("OrderDetail/OrderSubInfo/SubId") == "ref-1"
    missing = client.order("EVOrder", "EV_SHA2", [WWW], EV.replace("JurisdictionInfo", "Other"))
    assert {field.partition(".")[0] for _code, field in missing.errors} == {"JurisdictionInfo"}
    wrong = client.order("EVOrder", "EV_SHA2", [WWW], EV.replace(">PO<", ">XX<"))
    assert wrong.errors == [(-101, "OrganizationInfoEV.BusinessCategoryCode")]
    assert client.order("EVOrder", "EV_SHA2", ["*.example.jp"], EV).codes == [-9925]


@pytest.mark.parametrize(
    ("operation", "product", "blocks"), [("OVOrderJP", "OV_SHA2", ORGANIZATION), ("EVOrderJP", "EV_SHA2", EV)]
)
def test_the_japanese_ones_want_japanese_names(
    lab: Lab, client: Client, operation: str, product: str, blocks: str
) -> None:
    inside = wish(product, [WWW]) + blocks
    refused = client.call(operation, inside + CONTACT)
    assert refused.errors == [(-102, f"ContactInfo.{name}") for name in ("FirstNameNative", "LastNameNative")]
    assert client.call(operation, inside + NATIVE).codes == []
    assert client.call(operation, inside.replace(product, "DV_HIGH_DNS") + NATIVE).codes == [-105]


def test_the_switch_that_vets_by_itself(lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.gcc.desk.SLOW_SECONDS", 0)
    number = client.order("OVOrder", "OV_SHA2", [WWW], ORGANIZATION).text("OrderID")
    lab.also["gcc"].tick()
    assert client.status(number) == "1"
    lab.switches.only("gcc_vetting_quick")
    lab.also["gcc"].tick()
    assert client.status(number) == "4"


def test_entries_of_a_type_that_nobody_knows(lab: Lab, client: Client) -> None:
    inside = wish("DV_HIGH_DNS", [WWW, APEX], csr=csr(WWW)) + CONTACT
    entries = sans([APEX]).replace(">7<", ">2<")
    assert client.call("DVDNSOrder", inside + entries).errors == [(-101, "SANEntries.SANEntry.SANOptionType")]
    lab.switches.only("gcc_san_type_2")
    assert client.call("DVDNSOrder", inside + entries).codes == []
    many = client.call("DVDNSOrder", inside + sans([f"n{number}.example.jp" for number in range(101)]))
    assert many.errors == [(-6017, "SANEntries")]
