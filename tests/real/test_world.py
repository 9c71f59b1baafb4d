# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy's counts and hold points, and the world's traces: what the other tests lean on."""

from __future__ import annotations

import http.client
import json
import pathlib
import ssl
import threading
import typing as t
import urllib.request

import pytest
from ca_proxy import CaProxy
from servers.bind import Bind
from servers.pebble import Pebble
from servers.pki import Authority
from world import World


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[CaProxy]:
    root = tmp_path_factory.mktemp("proxy")
    authority = Authority(root / "pki")
    with (
        Bind(root / "bind") as bind,
        Pebble(root / "ca", f"127.0.0.1:{bind.port}", 5002, authority=authority) as ca,
        CaProxy(authority, ca) as proxy,
    ):
        yield proxy


def _get(proxy: CaProxy) -> dict[str, t.Any]:
    context = ssl.create_default_context(cafile=str(proxy.ca.ca_bundle))
    with urllib.request.urlopen(proxy.directory_url, timeout=20, context=context) as answer:
        return dict(json.loads(answer.read()))


def test_all_urls_of_the_ca_lead_through_the_proxy(proxy: CaProxy) -> None:
    mark = proxy.count()
    urls = [value for value in _get(proxy).values() if isinstance(value, str)]
    assert urls and all(url.startswith(f"https://127.0.0.1:{proxy.port}/") for url in urls)
    assert [(entry.kind, entry.status) for entry in proxy.since(mark)] == [("directory", 200)]
    assert proxy.writes() == []


def test_a_request_held_before_the_ca_and_dropped_never_reaches_it(proxy: CaProxy) -> None:
    with proxy.hold("directory", "before") as hold:
        failures: list[BaseException] = []
        client = threading.Thread(target=lambda: failures.append(_failure(proxy)))
        client.start()
        assert hold.wait().status is None
        hold.drop()
        client.join(20)
    assert isinstance(failures[0], (OSError, http.client.HTTPException))
    assert hold.entry is not None and hold.entry.status is None


def _failure(proxy: CaProxy) -> BaseException:
    try:
        _get(proxy)
    except (OSError, http.client.HTTPException) as exc:
        return exc
    raise AssertionError("the request went through")


def test_an_answer_is_held_after_the_ca_gave_it_and_then_read(proxy: CaProxy) -> None:
    with proxy.hold("directory", "answer") as hold:
        answers: list[dict[str, t.Any]] = []
        client = threading.Thread(target=lambda: answers.append(_get(proxy)))
        client.start()
        assert hold.wait().status == 200
        assert not answers
        hold.release()
        hold.wait_read()
        client.join(20)
    assert answers[0]["newOrder"]


def test_a_snapshot_sees_every_kind_of_write(tmp_path: pathlib.Path) -> None:
    with World(tmp_path, hosts=2) as world:
        before = world.snapshot()
        assert before.differences(world.snapshot()) == []
        store = world.host("web2").store
        store.mkdir(parents=True, exist_ok=True)
        (store / "x").write_text("x")
        (store / "x").unlink()
        differences = before.differences(world.snapshot())
        assert len(differences) == 1 and str(store) in differences[0]
        inventory = json.loads((world.inventory / "hosts.json").read_text())
        assert list(inventory["all"]["children"]["webservers"]["hosts"]) == ["web1", "web2"]
