# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a contact is still in DNS, asked of the lab's servers."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import OurOrder
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_world import is_published
from lab.lab import Lab

ADDRESS = "certs@example.com"


def order(kind: str, *names: str) -> OurOrder:
    made = datetime.now(timezone.utc)
    return OurOrder("x", "r", "jprs", "a", names, made, recipients=frozenset({ADDRESS}), contact_kind=kind)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("contacts")
    with Lab(folder / "lab", web=(), vices=[]) as lab:
        lab.dns.set("example.jp", "_validation-contactemail.shop", "TXT", [f'"{ADDRESS}"'])
        lab.dns.set("example.co.jp", "_validation-contactemail", "TXT", [f'"{ADDRESS}"'])
        lab.dns.set("example.com", "corp", "CAA", ['0 issue "jprs.jp"', f'0 contactemail "{ADDRESS}"'])
        yield lab


CASES: list[tuple[str, tuple[str, ...], bool | None]] = [
    ("txt", ("shop.example.jp",), True),
    ("txt", ("*.shop.example.jp", "shop.example.jp"), True),
    ("txt", ("www.example.co.jp", "example.co.jp"), True),
    ("txt", ("shop.example.jp", "blog.example.jp"), False),
    ("txt", ("corp.example.com",), False),
    ("caa", ("corp.example.com",), True),
    ("caa", ("shop.example.jp",), False),
    ("constructed", ("shop.example.jp",), None),
]


@pytest.mark.parametrize(("kind", "names", "published"), CASES)
def test_a_contact_is_looked_up_at_each_name_or_above_it(
    lab: Lab, kind: str, names: tuple[str, ...], published: bool | None
) -> None:
    sight = Sight(resolvers=tuple(lab.dns.addresses)[:1], dns_port=lab.dns.port)
    assert is_published(order(kind, *names), sight) is published


def test_a_server_that_does_not_answer_proves_nothing() -> None:
    assert is_published(order("txt", "shop.example.jp"), Sight(resolvers=("127.0.0.1",), dns_port=1)) is None
