# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atlas's API: who is let in, what is refused, what is issued, and the lists of it."""

from __future__ import annotations

import base64
import http.client
import re
import subprocess
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from journeys.lab.atlas_caller import CONTENT_TYPE, Caller, Document
from journeys.lab.partner import csr
from lab.human import Browser
from lab.lab import Lab

WWW, APEX, WILD = "www.example.jp", "example.jp", "*.example.jp"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("atlas",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def caller(lab: Lab) -> Caller:
    return Caller(lab)


# --- who is let in ---


def test_tls_lets_nobody_in_without_a_client_certificate_of_the_right_authority(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises((OSError, http.client.HTTPException)):
        Caller(lab, client=None).log_in()
    key = str(tmp_path / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=Example K.K.", "-keyout", key, "-out", f"{key}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises((OSError, http.client.HTTPException)):
        Caller(lab, client=(f"{key}.crt", key)).log_in()
    assert lab.history.events("request") == []


def test_a_login_needs_the_key_its_secret_and_its_client_certificate(lab: Lab, caller: Caller) -> None:
    assert caller.log_in().status == 200
    other = caller.facts["credentials"]["rsa"]
    refused = [
        caller.log_in(**wrong) for wrong in ({"api_key": "x"}, {"api_secret": "x"}, {"api_key": other["api_key"]})
    ]
    stranger = caller.facts["stranger"]
    refused.append(Caller(lab, client=(stranger["certificate"], stranger["key"])).log_in())
    for answer in refused:
        assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.json == {"description": "Unauthorized"}
    stolen = Caller(lab, client=(stranger["certificate"], stranger["key"]))
    stolen.token = caller.token
    assert stolen.call("GET", "/trustchain").status == 401


def test_a_token_is_good_for_ten_minutes_of_the_labs_clock(lab: Lab, caller: Caller) -> None:
    assert caller.call("GET", "/trustchain").status == 200
    lab.clock.advance(hours=9.9 / 60)
    assert caller.call("GET", "/trustchain").status == 200
    lab.clock.advance(hours=0.2 / 60)
    assert caller.call("GET", "/trustchain").status == 401
    caller.log_in()
    assert caller.call("GET", "/trustchain").status == 200
    assert caller.send("GET", "/trustchain").status == 401
    assert caller.send("GET", "/trustchain", headers={"Authorization": caller.token}).status == 401


def test_behind_a_proxy_a_header_names_the_client(lab: Lab) -> None:
    caller = Caller(lab, client=None)
    lab.switches.only("atlas_serial_header")
    assert caller.log_in().status == 401
    for serial in ("1", "no number"):
        caller.headers = {"X-SSL-Client-Serial": serial}
        assert caller.log_in().status == 401
    caller.headers = {"X-SSL-Client-Serial": caller.facts["client_serial"]}
    assert caller.call("GET", "/trustchain").status == 200
    lab.switches.none()
    with pytest.raises((OSError, http.client.HTTPException)):
        caller.call("GET", "/trustchain")


@pytest.mark.parametrize("wrong", ["application/json", "application/json;charset=iso-8859-1", "text/plain", ""])
def test_without_the_charset_nothing_is_taken(lab: Lab, caller: Caller, wrong: str) -> None:
    caller.log_in()
    caller.headers = {"Content-Type": wrong}
    for method, path in (("POST", "/login"), ("POST", f"/claims/domains/{APEX}"), ("PATCH", "/certificates/1")):
        answer = caller.call(method, path, {})
        assert (answer.status, answer.json) == (415, {"description": "Unsupported Media Type"})
    assert lab.history.events("claim") == []
    assert caller.call("GET", "/trustchain").status == 200
    caller.headers = {"Content-Type": CONTENT_TYPE.replace(";", "; ").upper()}
    assert caller.call("POST", f"/claims/domains/{APEX}").status == 201


def test_what_is_not_there_is_404_and_what_is_no_json_400(caller: Caller) -> None:
    for method, path in (
        *(("GET", "/certificates/ABC"), ("PATCH", "/certificates/ABC"), ("GET", "/nothing"), ("PUT", "/certificates")),
        *(("GET", f"/claims/domains/{'0' * 32}"), ("POST", f"/claims/domains/{'0' * 32}/dns")),
        *(("POST", "/certificates/1/rekey"), ("GET", "/certificates/no-serial")),
    ):
        answer = caller.call(method, path, {})
        assert (answer.status, answer.json) == (404, {"description": "Not Found"}), path
    for body in (b"{", b"[]", b"\xff"):
        assert caller.call("POST", "/certificates", body).status == 400


# --- what is issued ---


def test_a_certificate_has_the_key_of_the_csr_and_nothing_else_of_it(lab: Lab, caller: Caller) -> None:
    caller.verified()
    key, begin = ec.generate_private_key(ec.SECP384R1()), caller.now() - 60
    answer = caller.submit(
        [WWW, APEX, WILD],
        public_key=csr(["evil.example"], "evil.example", key=key),
        validity={"not_before": begin, "not_after": 0},
        extended_key_usages=["1.3.6.1.5.5.7.3.1"],
        signature={"algorithm": "ECDSA", "hash_algorithm": "SHA-256"},
    )
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["location"] == f"{caller.facts['url']}/certificates/{answer.last}"
    shown = caller.look(answer.last)
    assert (set(shown), shown["status"]) == ({"certificate", "status", "updated_at"}, "ISSUED")
    assert abs(shown["updated_at"] - caller.now()) < 10
    leaf, (issuer, root) = caller.leaf(answer.last), caller.chain()
    assert leaf.public_key() == key.public_key()
    assert leaf.subject.rfc4514_string() == f"CN={WWW}"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [WWW, APEX, WILD]
    assert leaf.not_valid_before_utc.timestamp() == begin
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=199)
    assert root.public_bytes(Encoding.PEM).decode() == Path(caller.facts["issuing_ca"]).read_text()
    files = {"leaf": leaf, "issuer": issuer}
    for name, certificate in files.items():
        (lab.folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", lab.facts()["issuing_ca"]]
    command += ["-untrusted", str(lab.folder / "issuer.pem"), str(lab.folder / "leaf.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_serials_have_no_leading_zeros_and_may_be_asked_for_with_them(caller: Caller) -> None:
    caller.verified()
    serials = [caller.issued() for _unused in range(4)]
    assert [len(serial) for serial in serials] == [31, 31, 31, 32]
    assert all(re.fullmatch("[1-9A-F][0-9A-F]+", serial) for serial in serials)
    assert [f"{caller.leaf(serial).serial_number:X}" for serial in serials] == serials
    for same in (f"0{serials[0]}", serials[0].lower()):
        assert caller.leaf(same).serial_number == int(serials[0], 16)
    assert len(caller.lab.history.events("order", ca="atlas")) == 4, "nothing makes it idempotent"


def test_each_credential_has_its_policy(lab: Lab, caller: Caller) -> None:
    caller.verified()
    keys: dict[str, Document] = {}
    for name in caller.facts["credentials"]:
        policy = Caller(lab, name).call("GET", "/validationpolicy").json
        keys[name] = {**policy["public_key"], "signature": policy["public_key_signature"]}
    ecdsa = {"key_type": "ECDSA", "allowed_lengths": [256, 384], "key_format": "PKCS10", "signature": "FORBIDDEN"}
    assert keys == {
        "ecdsa": ecdsa,
        "rsa": {**ecdsa, "key_type": "RSA", "allowed_lengths": [2048, 3072, 4096]},
        "organization": ecdsa,
        "raw": {**ecdsa, "key_format": "PKCS8", "signature": "REQUIRED"},
    }
    weak = rsa.generate_private_key(65537, 2048)
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(weak, hashes.SHA256())
    text = request.public_bytes(Encoding.PEM).decode()
    assert caller.submit([WWW], public_key=text).status == 422
    serial = Caller(lab, "rsa").issued([WWW], public_key=text)
    assert caller.leaf(serial).public_key() == weak.public_key()


def test_a_raw_key_has_to_be_signed_by_itself(lab: Lab, caller: Caller) -> None:
    caller.verified()
    raw, key = Caller(lab, "raw"), ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    good = base64.b64encode(key.sign(der, ec.ECDSA(hashes.SHA256()))).decode()
    bad = base64.b64encode(key.sign(der + b"x", ec.ECDSA(hashes.SHA256()))).decode()
    for signature in (bad, "!", None):
        assert raw.submit([WWW], public_key=text, public_key_signature=signature).status == 422
    assert raw.submit([WWW], public_key=csr([WWW]), public_key_signature=good).status == 422
    assert caller.submit([WWW], public_key_signature=good).status == 422
    serial = raw.issued([WWW], public_key=text, public_key_signature=good)
    assert caller.leaf(serial).public_key() == key.public_key()


def test_what_was_examined_of_an_organization_is_in_its_certificates(lab: Lab, caller: Caller) -> None:
    caller.verified()
    organization = Caller(lab, "organization")
    rules = organization.call("GET", "/validationpolicy").json["subject_dn"]
    assert rules["organization"] == {"presence": "STATIC", "format": "Example K.K."}
    assert organization.submit([WWW], subject_dn={"organization": "Another K.K."}).status == 422
    serial = organization.issued([WWW], subject_dn={"common_name": WWW, "organization": "Example K.K."})
    subject = caller.leaf(serial).subject
    found = {one.rfc4514_attribute_name: one.value for one in subject}
    assert found == {"C": "JP", "ST": "Tokyo", "L": "Chiyoda-ku", "O": "Example K.K.", "CN": WWW}
    chain = organization.chain()
    assert chain[0].subject != caller.chain()[0].subject
    assert "OV" in str(chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def after(**moments: int) -> t.Callable[[Caller], Document]:
    """A validity whose ends are so many seconds from now."""
    return lambda caller: {"validity": {word: caller.now() + seconds for word, seconds in moments.items()}}


WRONG: list[tuple[str, t.Callable[[Caller], Document]]] = [
    ("no validity", lambda _c: {"validity": None}),
    ("a date as a text", lambda _c: {"validity": {"not_before": "2026-01-01", "not_after": 0}}),
    ("too early", lambda c: {"validity": {"not_before": c.now() - 200, "not_after": 0}}),
    ("too late", lambda c: {"validity": {"not_before": c.now() + 4000, "not_after": 0}}),
    ("too short", after(not_before=0, not_after=60)),
    ("too long", after(not_before=0, not_after=86_400 * 200)),
    ("no names", lambda _c: {"san": {"dns_names": []}}),
    ("names that are no list", lambda _c: {"san": {"dns_names": WWW}}),
    ("a name in capitals", lambda _c: {"san": {"dns_names": ["WWW.example.jp"]}}),
    ("101 names", lambda _c: {"san": {"dns_names": [f"a{number}.example.jp" for number in range(101)]}}),
    ("an address", lambda _c: {"san": {"dns_names": [WWW], "ip_addresses": ["192.0.2.1"]}}),
    ("a common name from elsewhere", lambda _c: {"subject_dn": {"common_name": APEX}}),
    ("an organization", lambda _c: {"subject_dn": {"common_name": WWW, "organization": "Example K.K."}}),
    ("a unit", lambda _c: {"subject_dn": {"common_name": WWW, "organizational_unit": ["Web"]}}),
    ("an unknown part of the subject", lambda _c: {"subject_dn": {"common_name": WWW, "planet": "Earth"}}),
    ("another usage", lambda _c: {"extended_key_usages": ["1.3.6.1.5.5.7.3.2"]}),
    ("an old hash", lambda _c: {"signature": {"hash_algorithm": "SHA-1"}}),
    ("an unknown key", lambda _c: {"product": "dv"}),
    ("an extension", lambda _c: {"custom_extensions": {"1.2.3": "x"}}),
    ("no key", lambda _c: {"public_key": None}),
    ("no CSR", lambda _c: {"public_key": "-----BEGIN CERTIFICATE REQUEST-----"}),
    ("a curve that is not allowed", lambda _c: {"public_key": csr([WWW], key=ec.generate_private_key(ec.SECP521R1()))}),
    ("a name without a claim", lambda _c: {"san": {"dns_names": [WWW, "www.example.com"]}}),
]


def test_what_the_policy_or_the_claims_do_not_allow_is_422_without_a_reason(lab: Lab, caller: Caller) -> None:
    caller.verified()
    for words, wrong in WRONG:
        answer = caller.submit([WWW], **wrong(caller))
        assert answer.status == 422, words
        assert answer.json == {"description": "Unprocessable Entity"}
        assert caller.why(), words
    assert caller.why() == "no verified claim covers www.example.com"
    lab.switches.only("atlas_errors_explain")
    assert caller.submit(["www.example.com"]).json == {"description": "no verified claim covers www.example.com"}
    assert lab.history.events("order") == []
    caller.issued([WWW], **after(not_before=3000, not_after=86_400)(caller))


@pytest.mark.parametrize(("year", "days"), [("2026-03-14", 397), ("2027-03-16", 99), ("2029-03-16", 46)])
def test_the_longest_validity_is_by_date(lab: Lab, caller: Caller, year: str, days: int) -> None:
    lab.clock.set(lab.clock.now().fromisoformat(f"{year}T00:00:00+00:00"))
    caller.verified()
    assert caller.call("GET", "/validationpolicy").json["validity"]["secondsmax"] == days * 86_400
    leaf = caller.leaf(caller.issued())
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == days


# --- lists, counters, revocation ---


def test_lists_have_pages_and_windows(lab: Lab, caller: Caller) -> None:
    caller.verified()
    start = caller.now()
    serials = [caller.issued() for _unused in range(5)]
    answer = caller.call("GET", "/stats/issued")
    assert answer.headers["total-count"] == "5"
    assert [row["serial_number"] for row in answer.json] == serials
    leaf = caller.leaf(serials[0])
    times = {"not_before": leaf.not_valid_before_utc, "not_after": leaf.not_valid_after_utc}
    assert {word: answer.json[0][word] for word in times} == {w: int(m.timestamp()) for w, m in times.items()}
    pages = [caller.call("GET", "/stats/issued", page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert [row["serial_number"] for page in pages for row in page.json] == serials
    assert {page.headers["total-count"] for page in pages} == {"5"}
    assert pages[3].json == []
    lab.clock.advance(days=1)
    assert caller.call("GET", "/stats/issued").status == 401
    caller.log_in()
    assert caller.call("GET", "/stats/issued").json == [], "the last ten minutes"
    window = {"from": start - 5, "to": start + 600}
    assert len(caller.call("GET", "/stats/issued", **window).json) == 5
    assert caller.call("GET", "/stats/issued", **{"from": start - 86_400 * 30}).status == 422
    assert caller.call("GET", "/stats/issued", **{"from": start, "to": start - 1}).status == 422
    for query in ({"page": 0}, {"per_page": 0}, {"per_page": 101}, {"page": "x"}):
        assert caller.call("GET", "/stats/issued", **query).status == 422
    ends = int(leaf.not_valid_after_utc.timestamp())
    assert len(caller.call("GET", "/stats/expiring", **{"from": ends - 86_400, "to": ends + 600}).json) == 5
    assert caller.call("GET", "/stats/nothing").status == 404


def test_revocation_by_patch_and_by_delete(lab: Lab, caller: Caller) -> None:
    caller.verified()
    first, second, third = (
        caller.issued(validity={"not_before": caller.now() - 60, "not_after": 0}) for _unused in "abc"
    )

    def patch(serial: str, reason: object, **more: object) -> int:
        return caller.call("PATCH", f"/certificates/{serial}", {"revocation_reason": reason, **more}).status

    now = caller.now()
    assert [patch(first, reason) for reason in ("certificateHold", "", None, 1)] == [422] * 4
    assert [patch(first, "superseded", revocation_time=time) for time in (now + 60, now - 120, "now")] == [422] * 3
    assert caller.look(first)["status"] == "ISSUED"
    assert patch(first, "keyCompromise", revocation_time=now - 30) == 204
    assert patch(first, "superseded") == 204
    assert caller.call("DELETE", f"/certificates/{second}").status == 204
    assert [caller.look(serial)["status"] for serial in (first, second, third)] == ["REVOKED", "REVOKED", "ISSUED"]
    assert [lab.also["atlas"].is_revoked(int(serial, 16)) for serial in (first, third)] == [True, False]
    assert [event["reason"] for event in lab.history.events("revoked")] == ["keyCompromise", ""]
    revoked = caller.call("GET", "/stats/revoked")
    assert [row["serial_number"] for row in revoked.json] == [first, second]
    lab.switches.only("atlas_revoked_twice")
    assert patch(first, "superseded") == 422


def test_counters_and_the_quota(lab: Lab, caller: Caller) -> None:
    caller.verified()
    serial = caller.issued()
    caller.issued()
    caller.call("DELETE", f"/certificates/{serial}")
    paths = ("/quotas/issuance", "/counters/certificates/issued", "/counters/certificates/revoked")
    assert [caller.call("GET", path).json for path in paths] == [{"value": 998}, {"value": 2}, {"value": 1}]
    lab.also["atlas"].book.quota = 0
    assert (caller.submit().status, caller.why()) == (422, "the quota is used up")


def test_a_rekey_is_there_only_if_it_is_switched_on(lab: Lab, caller: Caller) -> None:
    caller.verified()
    serial, key = caller.issued([WWW, APEX]), ec.generate_private_key(ec.SECP256R1())
    body = {"public_key": csr([], key=key)}
    assert caller.call("POST", f"/certificates/{serial}/rekey", body).status == 404
    lab.switches.only("atlas_rekey")
    answer = caller.call("POST", f"/certificates/{serial}/rekey", body)
    old, new = caller.leaf(serial), caller.leaf(answer.last)
    assert (answer.status, new.public_key()) == (201, key.public_key())
    assert (new.subject, new.not_valid_after_utc) == (old.subject, old.not_valid_after_utc)
    caller.call("DELETE", f"/certificates/{serial}")
    assert caller.call("POST", f"/certificates/{serial}/rekey", body).status == 422


def test_the_page_of_the_lab_shows_certificates_and_claims(lab: Lab, caller: Caller) -> None:
    caller.verified()
    serial, claim = caller.issued(), caller.claim("example.com")
    rows = {row["order_id"]: row for row in lab.also["atlas"].orders()}
    assert (rows[serial]["state"], rows[serial]["names"]) == ("ISSUED", [WWW])
    assert (rows[claim["id"]]["state"], rows[claim["id"]]["common_name"]) == ("PENDING", "example.com")
    context, url = lab.facts()["api_ca"], lab.facts()["control_url"]
    status, page = Browser(context).open(url)
    assert status == 200
    assert serial in page.text and claim["id"] in page.text
