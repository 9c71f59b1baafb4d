# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers themselves: a test world that lies would make every other result worthless."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest
from plays.waiting import wait_for
from servers.bind import Bind, Query, Update, secret
from servers.nginx import Nginx
from servers.pebble import Pebble

HERE = pathlib.Path(__file__).parent


def _add(bind: Bind, zone: str, name: str, value: str, key: str | None = None, key_secret: str | None = None) -> int:
    ring = dns.tsigkeyring.from_text({key or bind.key_name: key_secret or bind.key_secret})
    update = dns.update.UpdateMessage(zone, keyring=ring)
    update.add(name, 60, "TXT", f'"{value}"')
    return dns.query.tcp(update, bind.address, port=bind.port, timeout=3).rcode()


def _remove(bind: Bind, zone: str, name: str, txt: str | None = None) -> int:
    update = dns.update.UpdateMessage(zone, keyring=dns.tsigkeyring.from_text({bind.key_name: bind.key_secret}))
    update.delete(name, *(("TXT", txt) if txt else ()))
    return dns.query.tcp(update, bind.address, port=bind.port, timeout=3).rcode()


def test_bind_takes_a_signed_update_and_its_log_tells_it(tmp_path: pathlib.Path) -> None:
    with Bind(tmp_path, zones={"example.test": {"www": [("A", "127.0.0.1")]}}) as bind:
        before = bind.serial("example.test")
        assert _add(bind, "example.test", "_acme-challenge.www", "one two") == dns.rcode.NOERROR
        assert bind.records("_acme-challenge.www.example.test") == ["one two"]
        assert bind.records("www.example.test", "A") == ["127.0.0.1"]
        assert bind.serial("example.test") > before
        assert ("_acme-challenge.www.example.test", "TXT", "one two") in bind.contents("example.test")
        update = Update("upd", "example.test", "adding", "_acme-challenge.www.example.test", "TXT", '"one two"')
        assert bind.updates() == [update]
        assert _remove(bind, "example.test", "_acme-challenge.www", '"one two"') == dns.rcode.NOERROR
        assert _remove(bind, "example.test", "www") == dns.rcode.NOERROR
        removed = Update("upd", "example.test", "deleting", "www.example.test", "", "")
        assert bind.updates() == [update, update._replace(action="deleting", value=""), removed]
        assert bind.records("_acme-challenge.www.example.test") == bind.records("www.example.test", "A") == []
        assert Query("_acme-challenge.www.example.test", "TXT") in bind.queries()


def test_bind_refuses_a_zone_without_policy_and_a_key_that_it_does_not_know(tmp_path: pathlib.Path) -> None:
    zones: dict[str, dict[str, list[tuple[str, str]]]] = {"example.test": {}, "frozen.test": {}}
    with Bind(tmp_path, zones=zones, policy={"frozen.test": None}) as bind:
        assert _add(bind, "frozen.test", "x", "y") == dns.rcode.REFUSED
        with pytest.raises(Exception, match=r"BADKEY|know the key"):
            _add(bind, "example.test", "x", "y", key="nobody")
        with pytest.raises(Exception, match=r"BADSIG|incorrect|verif|signature"):
            _add(bind, "example.test", "x", "y", key_secret=secret("another"))
        assert bind.updates() == []
        assert bind.refused()


def test_a_secondary_follows_the_primary(tmp_path: pathlib.Path) -> None:
    with Bind(tmp_path, secondary="127.0.0.2") as bind:
        _add(bind, "example.test", "x", "y")
        bind.wait_in_step("example.test")
        assert bind.records("x.example.test", address="127.0.0.2") == ["y"]


def test_pebble_offers_eab_and_a_new_root(tmp_path: pathlib.Path) -> None:
    with Bind(tmp_path / "b") as bind, Pebble(tmp_path / "p", f"127.0.0.1:{bind.port}", 5002) as pebble:
        assert b'"externalAccountRequired":true' in pebble.get(pebble.directory_url).replace(b" ", b"")
        assert "BEGIN CERTIFICATE" in pebble.root_pem()


def test_nginx_starts_without_a_certificate_and_serves_it_after_reload(tmp_path: pathlib.Path) -> None:
    from servers.pki import Authority

    authority = Authority(tmp_path / "pki")
    with Nginx(tmp_path / "n", "127.0.0.3") as nginx:
        assert nginx.served("localhost") is None
        certificate, key = authority.server("x", ("127.0.0.3",))
        generation = nginx.tls_dir / "x" / "generations" / "0001"
        generation.mkdir(parents=True)
        (generation / "fullchain.pem").write_bytes(certificate.read_bytes())
        (generation / "privkey.pem").write_bytes(key.read_bytes())
        (nginx.tls_dir / "x" / "live").symlink_to("generations/0001")
        subprocess.run(nginx.reload_argv, check=True, timeout=20)
        served = wait_for(lambda: nginx.served("localhost"), "the certificate to be served")
        assert served.dns_names == ("localhost",)
        assert nginx.verified("localhost", authority.bundle.read_text()) == served
        assert nginx.reloads() == ["x=generations/0001"]


def test_no_daemon_outlives_a_killed_test(tmp_path: pathlib.Path) -> None:
    code = (
        "import sys, pathlib, signal; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/..']\n"
        "from servers.bind import Bind; from servers.nginx import Nginx; from servers.pebble import Pebble\n"
        "d = pathlib.Path(sys.argv[2])\n"
        "b = Bind(d / 'b').__enter__(); p = Pebble(d / 'p', f'127.0.0.1:{b.port}', 5002).__enter__()\n"
        "n = Nginx(d / 'n').__enter__()\n"
        "print(b._servers[0].process.pid, p.process.pid, n.process.pid, flush=True); signal.pause()\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(HERE), str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    pids = [int(word) for word in child.stdout.readline().split()]
    assert len(pids) == 3
    children = [pid for parent in pids for pid in _children(parent)]
    assert children, "nginx has a worker"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    wait_for(lambda: not any(_runs(pid) for pid in pids + children), "all daemons to be gone")


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
