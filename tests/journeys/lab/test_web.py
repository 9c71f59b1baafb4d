# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's web hosts: what they serve, whom they believe, and that a reload is a real one."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lab import lab as whole
from lab.clock import LabClock
from lab.history import History
from lab.vices import Switches
from lab.web_host import WebHost

ADDRESS = "127.0.0.11"
TOKEN = "/.well-known/pki-validation/token.txt"


class Authority:
    """It puts certificates into a store as the collection lays it out."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A root of a test")])
        self._root = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        self.root_pem = self._root.public_bytes(Encoding.PEM).decode()

    def deploy(self, store: Path, name: str, *dns_names: str) -> str:
        """A new generation that is live; its serial."""
        generations = store / name / "generations"
        generations.mkdir(parents=True, exist_ok=True)
        folder = generations / f"{len(list(generations.iterdir())) + 1:04}"
        folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(one) for one in dns_names])
        leaf = self._signed(x509.Name([]), key, names)
        (folder / "fullchain.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + self.root_pem.encode())
        (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        fresh = store / name / "live.new"
        fresh.symlink_to(folder.relative_to(store / name))
        fresh.replace(store / name / "live")
        return f"{leaf.serial_number:x}"

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=30))
        return builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())


def free_port() -> int:
    for _unused in range(100):
        port = random.randrange(10_000, 30_000)  # noqa: S311 (no secret)
        with socket.socket() as one:
            try:
                one.bind((ADDRESS, port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def host(folder: Path, history: History | None = None, vices: t.Iterable[str] = ()) -> WebHost:
    history = history or History(LabClock())
    return WebHost("web1", ADDRESS, free_port(), free_port(), folder, history, Switches(on=vices))


@pytest.fixture
def web(tmp_path: Path) -> t.Iterator[WebHost]:
    with host(tmp_path / "web1") as one:
        yield one


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


class Answer(t.NamedTuple):
    status: int
    content: bytes
    location: str | None


def get(web: WebHost, path: str, name: str = "www.example.jp", method: str = "GET", secure: bool = False) -> Answer:
    if secure:
        context = ssl._create_unverified_context()  # noqa: S323 (the lab's own certificate)
        connection: t.Any = http.client.HTTPSConnection(web.address, web.https_port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection(web.address, web.http_port, timeout=10)
    try:
        connection.request(method, path, headers={"Host": name})
        response = connection.getresponse()
        return Answer(response.status, response.read(), response.getheader("Location"))
    finally:
        connection.close()


def raw(web: WebHost, request: bytes) -> bytes:
    with socket.create_connection((web.address, web.http_port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def put(web: WebHost, path: str, content: bytes = b"token", mode: int = 0o644) -> Path:
    file = web.document_root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


def hang_up(web: WebHost) -> None:
    os.kill(int(web.pid_file.read_text()), signal.SIGHUP)


def reload(web: WebHost) -> dict[str, t.Any]:
    """What the host wrote of it."""
    count = len(web.reloads())
    hang_up(web)
    wait(lambda: len(web.reloads()) > count)
    return web.reloads()[-1]


def wait(condition: t.Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def wait_for_serial(web: WebHost, serial: str, seconds: float = 5.0) -> None:
    wait(lambda: web.served("shop.example.jp").serial == serial, seconds)


# --- the document root ---


def test_a_file_is_served_over_http_and_https(web: WebHost) -> None:
    put(web, TOKEN, b"9f3d\n")
    assert get(web, TOKEN) == get(web, TOKEN, secure=True) == (200, b"9f3d\n", None)
    assert get(web, TOKEN, method="HEAD") == (200, b"", None)
    assert web.tokens() == [web.document_root / TOKEN.lstrip("/")]


def test_a_folder_shows_its_index_and_never_a_list(web: WebHost) -> None:
    put(web, "sub/file.txt")
    assert get(web, "/").status == 200
    assert get(web, "/sub/").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../web.pid",
        "/%2e%2e/web.pid",
        "/sub/../../web.pid",
        "/..%2fweb.pid",
        "/sub%00/x",
        "/link.txt",
        "/linked/web.pid",
        "/fifo",
        "/sub/file.txt/more",
        "//etc/passwd",
        "/missing",
        "/" + "a" * 300,
    ],
)
def test_nothing_outside_of_the_document_root_is_served(web: WebHost, path: str) -> None:
    put(web, "sub/file.txt")
    (web.document_root / "link.txt").symlink_to(web.pid_file)
    (web.document_root / "linked").symlink_to(web.folder)
    os.mkfifo(web.document_root / "fifo")
    answer = raw(web, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.split(b" ")[1] in (b"400", b"404")
    assert web.pid_file.read_bytes() not in answer


def test_it_reads_as_another_user_would(web: WebHost) -> None:
    put(web, "secret.txt", mode=0o600)
    put(web, "closed/file.txt").parent.chmod(0o700)
    assert [get(web, path).status for path in ("/secret.txt", "/closed/file.txt")] == [403, 403]


def test_only_get_and_head(web: WebHost) -> None:
    put(web, TOKEN)
    posted = raw(web, b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000)
    assert posted.startswith(b"HTTP/1.1 405 ")
    assert get(web, TOKEN, method="DELETE").status == 405


def test_the_access_log_tells_who_asked_for_what(web: WebHost) -> None:
    get(web, "/none?a=1", name="WWW.Example.jp:8080")
    [line] = web.requests(status=404)
    told = {key: line[key] for key in ("scheme", "method", "target", "name")}
    assert told == {"scheme": "http", "method": "GET", "target": "/none?a=1", "name": "www.example.jp"}
    assert web.requests(name="other.example.jp") == []


# --- redirects ---


@pytest.mark.parametrize(
    ("how", "more", "location"),
    [
        ("https", {}, "https://www.example.jp/a.txt?b=1"),
        ("name", {"to": "example.jp", "status": 308}, "http://example.jp/a.txt?b=1"),
        ("url", {"to": "http://192.0.2.1:22/", "status": 302}, "http://192.0.2.1:22/"),
        ("loop", {"status": 307}, "http://www.example.jp/a.txt?b=1"),
    ],
)
def test_a_redirect_names_where_to_go(web: WebHost, how: str, more: dict[str, t.Any], location: str) -> None:
    web.redirect(how, name="www.example.jp", **more)
    answer = get(web, "/a.txt?b=1")
    assert (answer.status, answer.location) == (more.get("status", 301), location)
    assert get(web, "/a.txt", name="example.jp").status == 404
    web.redirect_no_more()
    assert get(web, "/a.txt").status == 404


@pytest.mark.parametrize("hops", [1, 10, 11])
def test_a_chain_ends_at_the_file_after_so_many_hops(web: WebHost, hops: int) -> None:
    put(web, TOKEN)
    web.redirect("chain", hops=hops)
    path, taken = TOKEN, 0
    while (answer := get(web, path)).location:
        path, taken = answer.location.removeprefix("http://www.example.jp"), taken + 1
    assert (taken, answer.status, answer.content) == (hops, 200, b"token")


def test_a_refreshing_page_is_no_redirect(web: WebHost) -> None:
    put(web, TOKEN)
    web.redirect("meta", to="example.jp")
    answer = get(web, TOKEN)
    assert answer.location is None and answer.status == 200 and b'http-equiv="refresh"' in answer.content
    assert b"token\n" not in answer.content


def test_rules_are_for_http_and_a_part_of_the_site_where_they_say_so(web: WebHost) -> None:
    put(web, TOKEN)
    web.redirect("https", below="/shop/")
    web.redirect("name", to="example.jp", scheme="https")
    assert get(web, TOKEN).status == 200
    assert get(web, "/shop/x").location == "https://www.example.jp/shop/x"
    assert get(web, TOKEN, secure=True).location == f"http://example.jp{TOKEN}"


def test_a_redirect_that_nobody_knows_is_refused(web: WebHost) -> None:
    with pytest.raises(ValueError, match="https, name"):
        web.redirect("javascript")


# --- certificates ---


def test_the_lab_has_a_certificate_until_the_first_is_there(web: WebHost, authority: Authority) -> None:
    assert web.served("shop.example.jp").is_default
    authority.deploy(web.store, "shop", "shop.example.jp")
    assert web.served("shop.example.jp").is_default
    reload(web)
    assert web.served("shop.example.jp").dns_names == ("shop.example.jp",)
    assert web.served("any.example.jp").dns_names == ("shop.example.jp",)  # as nginx: the first is for all the others


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("a.apps.example.com", "wild"),
        ("A.APPS.example.com", "wild"),
        ("exact.apps.example.com", "exact"),
        ("apps.example.com", "all"),
        ("a.b.apps.example.com", "all"),
        (None, "all"),
    ],
)
def test_the_name_chooses_the_certificate(web: WebHost, authority: Authority, asked: str | None, name: str) -> None:
    serials = {
        "all": authority.deploy(web.store, "all", "example.org"),
        "exact": authority.deploy(web.store, "exact", "exact.apps.example.com"),
        "wild": authority.deploy(web.store, "wild", "*.apps.example.com"),
    }
    reload(web)
    assert web.served(asked).serial == serials[name]


def test_a_chain_is_sent_that_its_root_verifies(web: WebHost, authority: Authority) -> None:
    serial = authority.deploy(web.store, "shop", "shop.example.jp")
    reload(web)
    assert web.verified("shop.example.jp", authority.root_pem).serial == serial
    with pytest.raises(ssl.SSLCertVerificationError):
        web.verified("other.example.jp", authority.root_pem)
    with pytest.raises(ssl.SSLCertVerificationError):
        web.verified("shop.example.jp", Authority().root_pem)


def test_a_reload_shows_the_new_certificate_within_moments(web: WebHost, authority: Authority) -> None:
    for _generation in range(3):
        serial = authority.deploy(web.store, "shop", "shop.example.jp")
        hang_up(web)
        wait_for_serial(web, serial, 1.0)
    assert [line["served"][0]["generation"] for line in web.reloads()] == ["0001", "0002", "0003"]


@pytest.mark.parametrize("fault", ["no key", "key of another", "no certificate", "half a certificate"])
def test_a_broken_pair_keeps_all_of_the_old(web: WebHost, authority: Authority, fault: str) -> None:
    before = authority.deploy(web.store, "shop", "shop.example.jp")
    reload(web)
    authority.deploy(web.store, "shop", "shop.example.jp")
    authority.deploy(web.store, "other", "other.example.jp")
    live = web.store / "other" / "live"
    if fault == "no key":
        (live / "privkey.pem").unlink()
    elif fault == "key of another":
        (live / "privkey.pem").write_bytes((web.store / "shop" / "live" / "privkey.pem").read_bytes())
    elif fault == "no certificate":
        (live / "fullchain.pem").write_text("nothing\n")
    else:
        (live / "fullchain.pem").write_bytes((live / "fullchain.pem").read_bytes()[:200])
    line = reload(web)
    assert not line["ok"] and "other" in line["error"]
    assert web.served("shop.example.jp").serial == before
    assert web.served("other.example.jp").serial == before


def test_what_is_staged_is_not_served(web: WebHost, authority: Authority) -> None:
    authority.deploy(web.store, "shop", "shop.example.jp")
    (web.store / "shop" / "live").unlink()
    assert reload(web)["served"] == []
    assert web.served("shop.example.jp").is_default


# --- its life ---


def test_the_pid_file_is_of_the_process_and_goes_with_it(web: WebHost) -> None:
    assert int(web.pid_file.read_text()) == web.pid != os.getpid()
    assert web.pid_file.stat().st_mode & 0o777 == 0o644
    pid = web.pid
    web.stop()
    assert not web.pid_file.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert web.served("shop.example.jp") is None
    web.start()
    assert get(web, "/").status == 200


def test_a_port_that_is_taken_is_told(web: WebHost) -> None:
    other = WebHost("web2", ADDRESS, web.http_port, free_port(), web.folder / "2", History(LabClock()))
    with pytest.raises(RuntimeError, match="Address already in use"):
        other.start()


def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from lab.clock import LabClock; from lab.history import History; from lab.web_host import WebHost
web = WebHost("web1", {ADDRESS!r}, {free_port()}, {free_port()}, Path({str(tmp_path)!r}) / "web1", History(LabClock()))
web.start(); print(web.pid, flush=True); time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait(lambda: not _lives(pid))


def _lives(pid: int) -> bool:
    """Neither gone nor a zombie that nobody has buried yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_history_has_the_reloads(tmp_path: Path, authority: Authority) -> None:
    history = History(LabClock())
    with host(tmp_path / "web1", history) as web:
        authority.deploy(web.store, "shop", "shop.example.jp")
        reload(web)
        wait(lambda: history.events("web_reload"))
    [event] = history.events("web_reload")
    assert (event["host"], event["ok"], event["served"]) == ("web1", True, ["shop=0001"])


# --- bad company ---


def test_slow_and_broken_clients_hold_up_nobody(web: WebHost) -> None:
    slow = [socket.create_connection((web.address, port), timeout=5) for port in (web.http_port, web.https_port) * 5]
    slow[0].sendall(b"GET / HT")
    slow[1].sendall(b"GET / HTTP/1.1\r\n\r\n")  # no TLS
    slow[2].sendall(b"\x00\xff" * 10_000)
    slow[4].close()
    put(web, TOKEN)
    assert get(web, TOKEN).status == 200
    assert web.served("shop.example.jp") is not None
    for one in slow:
        one.close()
    assert "Traceback" not in (web.folder / "web_server.log").read_text()


@pytest.mark.parametrize(
    "request_",
    [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, b"GET  HTTP/1.1\r\n\r\n", b"GET / FTP/1\r\n\r\n"],
)
def test_what_is_no_request_is_answered_so(web: WebHost, request_: bytes) -> None:
    assert raw(web, request_ + b"\r\n\r\n").startswith(b"HTTP/1.1 400 ")


# --- its vices ---


def test_a_late_reload_takes_a_second_once(tmp_path: Path, authority: Authority) -> None:
    with host(tmp_path / "web1", vices=["web_reload_late"]) as web:
        first = authority.deploy(web.store, "shop", "shop.example.jp")
        hang_up(web)
        time.sleep(0.2)
        assert web.served("shop.example.jp").is_default
        wait_for_serial(web, first)
        second = authority.deploy(web.store, "shop", "shop.example.jp")
        hang_up(web)
        wait_for_serial(web, second, 0.9)


def test_a_token_that_fails_first_is_there_at_the_second_look(tmp_path: Path) -> None:
    with host(tmp_path / "web1", vices=["web_token_fails_first"]) as web:
        put(web, TOKEN)
        put(web, "page.txt")
        assert get(web, "/page.txt").status == 200
        assert [get(web, TOKEN).status for _unused in range(3)] == [503, 200, 200]
        assert [get(web, TOKEN, name="example.jp").status for _unused in range(2)] == [503, 200]


def test_a_port_that_somebody_took_in_the_meantime_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(socket.create_server(("127.0.0.12", 0))).getsockname()[1]
        free = whole._free_ports(["127.0.0.11", "127.0.0.12"], 3)
        offers = iter([[free[0], taken], free[1:]])
        monkeypatch.setattr(whole, "_free_ports", lambda _addresses, _number: next(offers))
        with whole.Lab(tmp_path / "lab", vices=()) as world:
            assert {host.http_port for host in world.web.values()} == {free[1]}
            assert len(world.history.events("web_started")) >= len(world.web)
            assert world.facts()["https_port"] == free[2]
