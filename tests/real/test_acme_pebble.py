# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACME adapter against real Pebble, as it comes: 5 % of good nonces rejected, half of the authorizations reused,
order lists in pages of three, accounts only with external account binding. It validates against real BIND 9."""

from __future__ import annotations

import http.server
import pathlib
import stat
import threading
import time
import typing as t
from datetime import datetime, timezone

import dns.name
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountKeeping
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    CaAdapter,
    Finding,
    OrderRequest,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, PolicyError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from servers.bind import Bind
from servers.pebble import Pebble, eab_key
from servers.process import free_port

SINCE = datetime(2026, 11, 20, tzinfo=timezone.utc)
HOSTS = ("www", "a", "b", "c", "d", "e", "f", "g", "shop", "refused")


class FileServer:
    """What the CA fetches files from: path -> content."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = outer.files.get(self.path.lstrip("/"))
                self.send_response(200 if found is not None else 404)
                self.end_headers()
                self.wfile.write((found or "").encode())

            def log_message(self, *_words: t.Any) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class World:
    def __init__(self, bind: Bind, ca: Pebble, files: FileServer, folder: pathlib.Path) -> None:
        self.bind = bind
        self.ca = ca
        self.files = files
        self.folder = folder

    def account(self, name: str = "main", *, hmac_key: str | None = None, **settings: t.Any) -> AccountConfig:
        known = {
            "directory": self.ca.directory_url,
            "ca_bundle": str(self.ca.ca_bundle),
            "eab_kid": self.ca.eab_kid,
            "accept_terms": True,
            "contact": ["certs@example.test"],
        }
        given = {key: value for key, value in {**known, **settings}.items() if value is not None}
        secrets = {"eab_hmac_key": hmac_key or self.ca.eab_hmac_key} if "eab_kid" in given else {}
        return AccountConfig(name, "acme", given, secrets, str(self.folder / "accounts"))

    def open(self, account: AccountConfig | None = None, deadline: float = 60.0) -> CaAdapter:
        """As a new process would: nothing is remembered but the key file."""
        account = account or self.account()
        factory = adapter_factories(clock=SystemClock(), new_private_key=new_private_key)["acme"]
        assert factory.settings_errors(account) == []
        return factory.open(account, deadline=deadline)

    def publish(self, seen: Seen) -> None:
        ring = dns.tsigkeyring.from_text({self.bind.key_name: self.bind.key_secret})
        for record in seen.wanted.records:
            update = dns.update.UpdateMessage("example.test", keyring=ring)
            update.add(dns.name.from_text(record.name + "."), record.ttl, record.type, record.value)
            answer = dns.query.tcp(update, self.bind.address, port=self.bind.port, timeout=5)
            assert answer.rcode() == dns.rcode.NOERROR
        for file in seen.wanted.files:
            self.files.files[file.path] = file.content


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    folder = tmp_path_factory.mktemp("acme")
    addresses = {name: [("A", "127.0.0.1")] for name in HOSTS}
    zones = {"example.test": {"@": [("A", "127.0.0.1")], **addresses}}
    files = FileServer()
    try:
        with (
            Bind(folder / "bind", zones=zones) as bind,
            Pebble(folder / "pebble", f"{bind.address}:{bind.port}", files.port) as ca,
        ):
            yield World(bind, ca, files, folder)
    finally:
        files.close()


def wish(*names: str, method: str = "dns-01", csr: str | None = None) -> OrderRequest:
    return OrderRequest("ref", names[0], names, method, csr or csr_for(names))


def csr_for(names: t.Sequence[str]) -> str:
    key = serialization.load_pem_private_key(new_private_key("ecdsa-p256"), None)
    built = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def drive(adapter: CaAdapter, handle: str, request: OrderRequest, seconds: float = 30.0) -> Seen:
    """As the ledger does: ready where something is awaited of us, else look, until the order ends."""
    ends = time.monotonic() + seconds
    seen = adapter.ready(handle, request)
    while seen.status in (Status.WANTS_VALIDATION, Status.VALIDATING, Status.ISSUING):
        assert time.monotonic() < ends, seen
        time.sleep(0.1)
        seen = adapter.look(handle, request)
        if seen.status is Status.WANTS_VALIDATION:
            seen = adapter.ready(handle, request)
    return seen


def issue(world: World, request: OrderRequest) -> tuple[str, x509.Certificate]:
    adapter = world.open()
    seen = adapter.submit(request)
    world.publish(seen)
    assert drive(adapter, seen.handle, request).status is Status.ISSUED
    issued = adapter.download(seen.handle, request)
    assert len(issued.chain) >= 1
    return seen.handle, x509.load_pem_x509_certificate(issued.certificate.encode())


def names_of(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(found.value.get_values_for_type(x509.DNSName))


def test_dns_01_with_a_wildcard_and_its_base_name(world: World) -> None:
    names = ("example.test", "*.example.test")
    _handle, certificate = issue(world, wish(*names))
    assert names_of(certificate) == set(names)


def test_http_01_for_two_names(world: World) -> None:
    names = ("www.example.test", "shop.example.test")
    _handle, certificate = issue(world, wish(*names, method="http-01"))
    assert names_of(certificate) == set(names)


def test_the_account_key_is_one_file_of_mode_0600_and_the_account_is_one(world: World) -> None:
    request = wish("a.example.test")
    handle = world.open().submit(request).handle
    assert world.open().look(handle, request).status is not Status.EXPIRED, "another process speaks for the account"
    key = world.folder / "accounts" / "main.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    world.open(world.account(eab_kid=None)).look(handle, request)  # no binding is needed for a known key


def test_a_lost_order_is_found_among_others_over_several_pages(world: World) -> None:
    account = world.account("pages")
    adapter = world.open(account)
    assert adapter.capabilities.finding is Finding.EXACT
    for name in "abcdefg":
        adapter.submit(wish(f"{name}.example.test"))
    request = wish("d.example.test", "e.example.test")
    lost = adapter.submit(request).handle
    other = world.open(account)
    found = other.find(request, known_handles=frozenset(), since=SINCE)
    assert found is not None and found.handle == lost
    assert other.find(request, known_handles=frozenset({lost}), since=SINCE) is None


def test_every_verb_may_be_repeated(world: World) -> None:
    request = wish("b.example.test")
    adapter = world.open()
    seen = adapter.submit(request)
    world.publish(seen)
    for _time in range(2):
        world.open().ready(seen.handle, request)  # the second process answers what may be answered already
    assert drive(world.open(), seen.handle, request).status is Status.ISSUED
    assert world.open().ready(seen.handle, request).status is Status.ISSUED
    first = world.open().download(seen.handle, request)
    assert world.open().download(seen.handle, request) == first
    for _time in range(2):
        world.open().revoke(first.certificate, "superseded")
    serial = format(x509.load_pem_x509_certificate(first.certificate.encode()).serial_number, "x")
    assert world.ca.certificate_status(serial)["Status"] == "Revoked"


def test_a_name_that_is_validated_already_is_not_wanted_again(world: World) -> None:
    """Pebble reuses half of the authorizations: of thirty orders one always does."""
    issue(world, wish("c.example.test"))
    reused = 0
    for _time in range(30):
        seen = world.open().submit(wish("c.example.test"))
        reused += seen.validated == ("c.example.test",)
        assert bool(seen.wanted.records) is (seen.validated == ())
    assert reused > 0


def test_a_failed_validation_tells_the_cas_words(world: World) -> None:
    request = wish("refused.example.test", method="http-01")
    adapter = world.open()
    seen = drive(adapter, adapter.submit(request).handle, request)
    assert seen.status is Status.REFUSED
    assert "refused.example.test" in seen.problem and "404" in seen.problem


def test_a_cancelled_order_stays_cancelled(world: World) -> None:
    request = wish("refused.example.test")
    adapter = world.open()
    handle = adapter.submit(request).handle
    assert adapter.cancel(handle, request).status is Status.CANCELLED
    assert adapter.look(handle, request).status is Status.CANCELLED
    assert adapter.find(request, known_handles=frozenset(), since=SINCE) is None


def test_an_order_that_the_ca_does_not_have_has_expired(world: World) -> None:
    url = world.ca.directory_url.replace("/dir", "/my-order/no-such-order")
    assert world.open().look(url, wish("a.example.test")).status is Status.EXPIRED


def test_a_csr_for_other_names_is_refused(world: World) -> None:
    request = wish("f.example.test", csr=csr_for(["g.example.test"]))
    adapter = world.open()
    seen = adapter.submit(request)
    world.publish(seen)
    with pytest.raises(RefusedError) as caught:
        drive(adapter, seen.handle, request)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "name, settings, kind, code",
    [
        ("noterms", {"accept_terms": False}, PolicyError, "acme_terms_not_accepted"),
        ("unbound", {"eab_kid": None}, PolicyError, "acme_externalAccountRequired"),
        ("wrongkid", {"eab_kid": "kid-99"}, RefusedError, "acme_binding_refused"),
        ("wrongkey", {"hmac_key": eab_key("another")}, RefusedError, "acme_binding_refused"),
    ],
)
def test_an_account_that_cannot_be_opened_says_why(
    world: World, name: str, settings: dict[str, t.Any], kind: type[InkanError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        world.open(world.account(name, **settings)).submit(wish("a.example.test"))
    assert caught.value.code == code
    assert eab_key("another") not in caught.value.sentence()


def test_a_ca_whose_certificate_is_not_trusted_is_not_spoken_to(world: World) -> None:
    with pytest.raises(InkanError) as caught:
        world.open(world.account("untrusting", ca_bundle=None)).submit(wish("a.example.test"))
    assert caught.value.code == "http_tls_unverified"


def test_no_run_is_lost_where_a_fifth_of_the_nonces_is_rejected(world: World, tmp_path: pathlib.Path) -> None:
    switches = {"PEBBLE_WFE_NONCEREJECT": "20", "PEBBLE_AUTHZREUSE": "0"}
    with Pebble(tmp_path, f"{world.bind.address}:{world.bind.port}", world.files.port, env=switches) as ca:
        strict = World(world.bind, ca, world.files, tmp_path)
        adapter = strict.open()
        requests = [wish(f"{name}.example.test") for name in "abcdefg"]
        orders = [(adapter.submit(request), request) for request in requests]
        for seen, _request in orders:
            strict.publish(seen)
        for seen, request in orders:
            adapter.ready(seen.handle, request)
        for seen, request in orders:
            assert drive(adapter, seen.handle, request).status is Status.ISSUED


def keeper(world: World, name: str, **settings: t.Any) -> AccountKeeping:
    adapter = world.open(world.account(name, **settings))
    assert isinstance(adapter, AccountKeeping)
    return adapter


def test_an_account_goes_on_with_another_key(world: World) -> None:
    before = keeper(world, "keyed").open_account()
    key = world.folder / "accounts" / "keyed.pem"
    old = key.read_bytes()
    keeper(world, "keyed").roll_key()
    assert key.read_bytes() != old and not key.with_name("keyed.next.pem").exists()
    assert keeper(world, "keyed").open_account().url == before.url
    key.write_bytes(old)  # the CA knows it no more, and opens no account without a binding
    with pytest.raises(InkanError) as caught:
        keeper(world, "keyed", eab_kid=None).open_account()
    assert caught.value.code == "acme_externalAccountRequired"


def test_a_change_whose_answer_was_lost_is_finished_by_asking(world: World) -> None:
    before = keeper(world, "lost").open_account()
    folder = world.folder / "accounts"
    old = (folder / "lost.pem").read_bytes()
    keeper(world, "lost").roll_key()
    (folder / "lost.pem").rename(folder / "lost.next.pem")  # as if the process had died before the rename
    (folder / "lost.pem").write_bytes(old)
    (folder / "lost.pem").chmod(0o600)
    assert keeper(world, "lost").open_account().url == before.url
    assert not (folder / "lost.next.pem").exists() and (folder / "lost.pem").read_bytes() != old


def test_contacts_follow_the_settings_and_a_closed_account_is_served_no_more(world: World) -> None:
    keeper(world, "closing").open_account()
    told = keeper(world, "closing", contact=["new@example.test"]).open_account()
    assert told.contact == ("new@example.test",)
    keeper(world, "closing").close_account()
    keeper(world, "closing").close_account()
    facts = keeper(world, "closing").remembered_account()
    assert facts is not None and facts.is_closed
    with pytest.raises(InkanError):
        keeper(world, "closing").open_account()
