# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of broken situations, and of unusual ones that are right: dcv_check finds the first by code and server, and
nothing in the second. Every row is set up in a small internet of its own zones on real sockets.
"""

from __future__ import annotations

import collections
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import ROWS
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io import web_look
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes import Ports
from ansible_collections.inkan.tls.plugins.modules import dcv_check

from eyes import BROKEN, FINE
from eyes.case import Case, may_issue, wants
from eyes.net import RESOLVER, VALUE, Net, text_of

#: who is silent is silent; who answers on this machine answers at once
DNS_SECONDS = 0.4
WEB_SECONDS = 1.5


def look(net: Net, options: dict[str, t.Any]) -> dict[str, t.Any]:
    """The item that dcv_check returns; over the network, with shorter times than those of the real one."""
    real = dcv_check.real_ports()

    def fetch(url: str, address: str, port: int, timeout: float) -> t.Any:
        return web_look.fetch(url, address, port, min(timeout, WEB_SECONDS))

    ports = Ports(
        real.clock,
        lambda sight: lambda address: WireExchange(address, sight.dns_port, DNS_SECONDS),
        real.executor,
        fetch,
        real.base_of,
    )
    given = dict(options)
    sight = net.sight(**given.pop("sight", {}))
    check = {"name": "it", "records": [], "files": [], **given}
    (item,) = dcv_check.run({"sight": sight, "deadline": 0, "checks": [check]}, False, ports).items
    return item.as_data()


def titled(case: Case) -> str:
    return f"{case.klass}: {case.situation}"


@pytest.mark.parametrize("case", BROKEN, ids=titled)
def test_what_is_broken_is_found(net: Net, case: Case, record_property: t.Any) -> None:
    record_property("class of situations", case.klass)
    item = look(net, case.make(net))
    found = item["findings"]
    assert {one["code"] for one in found} == case.codes, found
    for code, *words in case.finds:
        texts = [f"{one['where']} {one['why']}" for one in found if one["code"] == code]
        assert any(all(word in text for word in words) for text in texts), (code, words, texts)
    fatal = any(ROWS[code].severity == "fatal" for code in case.codes)
    assert item["state"] == ("not_visible" if fatal else "visible")
    assert all(one["todo"] and one["what"] for one in found)


@pytest.mark.parametrize("case", FINE, ids=titled)
def test_what_is_unusual_and_right_gives_no_finding(net: Net, case: Case, record_property: t.Any) -> None:
    record_property("class of situations", case.klass)
    item = look(net, case.make(net))
    assert item["findings"] == []
    assert item["state"] == "visible"


def test_no_resolver_is_asked_for_a_record_before_all_servers_show_it(net: Net) -> None:
    """Or it remembers, for hours, that there is none (RFC 2308 §5)."""
    zone = net.challenge("another value")
    name = f"_acme-challenge.www.{text_of(zone)}"
    before = len(net.asked)
    options = wants(zone, sight={"own_resolvers": [RESOLVER]}, **may_issue(zone, "www", "*.shop"))
    assert look(net, options)["state"] == "not_visible"
    asked = net.asked[before:]
    assert asked
    assert [question for question in asked if question[0] == name or question[1] in ("TXT", "CAA")] == []
    zone.put("_acme-challenge.www", "TXT", VALUE)
    assert look(net, options)["state"] == "visible"
    assert (name, "TXT") in net.asked[before:]


def test_every_code_but_those_of_other_tests_is_in_the_table() -> None:
    """Elsewhere: what needs a machine without an address family, several machines, or a mail server."""
    elsewhere = {
        *("server_not_tried", "server_none_reached", "file_not_tried", "file_none_reached", "dnssec_not_checked"),
        *("view_private_server", "file_bad_url", "file_redirect_private", "contact_unknown"),
        *("vantage_lacks", "vantage_not_asked", "mail_not_sent", "mail_not_seen"),
    }
    assert {code for case in BROKEN for code in case.codes} == set(ROWS) - elsewhere


def test_the_table_is_as_large_as_it_has_to_be() -> None:
    classes = collections.Counter(case.klass for case in BROKEN)
    assert len(BROKEN) >= 60
    assert len(classes) >= 12
    assert min(classes.values()) >= 5, classes
    assert len(FINE) >= 20
    titles = [titled(case) for case in (*BROKEN, *FINE)]
    assert len(titles) == len(set(titles))
