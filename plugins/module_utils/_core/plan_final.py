# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The item in its final form: what roles and later modules take, with nothing left to default.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement
from ansible_collections.inkan.tls.plugins.module_utils._core.judge_places import roots_by_name
from ansible_collections.inkan.tls.plugins.module_utils._core.mailboxes import ChosenMailbox
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._core.wish_deploy import Deploy, Handshake

Data = dict[str, t.Any]

_HANDSHAKE_SECONDS = 10


def final_form(wish: Wish, judgement: Judgement, book: Book) -> Data:
    """What roles and later modules take: nothing left to default, names as A-labels with the common name first."""
    product = judgement.product
    return {
        "name": wish.name,
        "common_name": judgement.common_name,
        "dns_names": list(judgement.names),
        "product": wish.product,
        "seller": product.seller if product is not None else None,
        "ca_account": wish.ca_account,
        "method": judgement.link.ordered,
        "validation": {
            "method": judgement.link.ordered,
            "contact": _contact(judgement.mailbox),
            "document_root": wish.validation.document_root,
            "document_roots": roots_by_name(wish, book),
            "hosts": list(wish.validation.hosts or wish.hosts),
        },
        "key": {"type": wish.key.type, "reuse": wish.key.reuse, "made_by": wish.key.made_by},
        "organization": wish.organization,
        "subject": dict(wish.subject),
        "hosts": list(wish.hosts),
        "paths": dict(wish.paths),
        "issued_from": wish.issued_from,
        "options": dict(wish.options),
        "deploy": _deploy(wish.deploy, judgement.names, book),
    }


def _contact(mailbox: ChosenMailbox | None) -> Data | None:
    """domains: the names at which it is published (kinds txt and caa)."""
    if mailbox is None:
        return None
    return {
        "kind": mailbox.kind,
        "address": mailbox.address,
        "exclusive": mailbox.exclusive,
        "domains": list(mailbox.domains),
    }


def _deploy(deploy: Deploy, names: t.Sequence[str], book: Book) -> Data:
    return {
        "by": deploy.by,
        "reload": deploy.reload,
        "owner": deploy.owner,
        "group": deploy.group,
        "mode": deploy.mode,
        "copies": [
            {"path": c.path, "content": c.content, "owner": c.owner, "group": c.group, "mode": c.mode}
            for c in deploy.copies
        ],
        "post_check": deploy.post_check,
        "handshake": _handshake(deploy.handshake, names, book) if deploy.handshake is not None else None,
    }


def _handshake(handshake: Handshake, names: t.Sequence[str], book: Book) -> Data:
    return {
        "address": handshake.address,
        "port": handshake.port or book.https_port,
        "server_name": handshake.server_name or _server_name(names),
        "timeout": handshake.timeout or _HANDSHAKE_SECONDS,
    }


def _server_name(names: t.Sequence[str]) -> str:
    """A name to ask a service for: the first plain one, else one that the first wildcard name covers."""
    plain = next((name for name in names if not name.startswith("*.")), None)
    return plain if plain is not None else f"wildcard.{validated_name(names[0])}"
