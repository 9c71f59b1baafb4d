# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package is kept from, with the package itself."""

from __future__ import annotations

import http.server
import threading
import typing as t
from pathlib import Path

import pytest

pytest.importorskip("lexicon")

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns.lexicon_library import open_driver

ZONE = "sub.any.test"
KEY = "key-of-the-api/with+signs"


@pytest.fixture
def api() -> t.Iterator[tuple[str, list[str], list[int]]]:
    """Answers whatever it is told to, and notes the paths."""
    paths: list[str] = []
    status = [200]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            body = b'{"name": "x", "kind": "Native", "rrsets": []}'
            self.send_response(status[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: t.Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", paths, status
    server.shutdown()
    server.server_close()


def opened(url: str, driver: str = "powerdns") -> t.Any:
    return open_driver(driver, ZONE, {"pdns_server": url}, {"auth_token": KEY}, 60, 2.0, "a test")


def test_the_zone_is_the_declared_one_and_nothing_is_read_or_written_beside(
    api: tuple[str, list[str], list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a list of suffixes, nor the environment, nor files of the working directory, nor a cache at home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LEXICON_POWERDNS_PDNS_SERVER", "http://192.0.2.1")
    (tmp_path / "lexicon_powerdns.yml").write_text("pdns_server: http://192.0.2.2\n")
    assert opened(api[0]).rows("TXT", f"_acme-challenge.{ZONE}") == []
    assert api[1] == [f"/api/v1/servers/localhost/zones/{ZONE}."]
    assert [path.name for path in tmp_path.iterdir()] == ["lexicon_powerdns.yml"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "dns_refused"), (404, "zone_not_found"), (429, "dns_server_failure"), (503, "dns_server_failure")],
)
def test_a_refusal_is_told_by_its_code(api: tuple[str, list[str], list[int]], status: int, code: str) -> None:
    api[2][0] = status
    with pytest.raises(InkanError) as caught:
        opened(api[0])
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("url", "driver", "code"),
    [
        ("http://192.0.2.1", "powerdns", "dns_refused"),
        ("http://127.0.0.1:1", "powerdns", "dns_unreachable"),
        ("", "powerdns", "dns_bad_answer"),
        ("https://127.0.0.1:1", "no_such_driver", "library_missing"),
    ],
    ids=["plain http", "nobody there", "a driver that raises anything", "no such driver"],
)
def test_what_goes_wrong_is_told_without_secrets(url: str, driver: str, code: str) -> None:
    with pytest.raises(InkanError) as caught:
        opened(url, driver)
    assert (caught.value.code, KEY in caught.value.sentence()) == (code, False)
