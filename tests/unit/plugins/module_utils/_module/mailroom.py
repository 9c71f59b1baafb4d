# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger with orders that wait for an approval, a Maildir, and a web in a dictionary, for approval_mails.

room = Mailroom(tmp_path)
room.order("shop")
room.deliver(letter())
(data,) = room.look()
"""

from __future__ import annotations

import os
import typing as t
from datetime import timedelta
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox
from ansible_collections.inkan.tls.plugins.module_utils._module.approvals import ApprovalTools
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import approval_mails
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    HostileCa,
    Playground,
    item,
)

HOST = "approve.digicert.example"
LINK = f"https://{HOST}/link?t=0123456789abcdef"
PROFILES = {"digicert-here": {"based_on": "digicert", "hosts": [HOST], "path": "/link"}}
PASSED = "mx.example.jp; dmarc=pass header.from=digitalcertvalidation.com"


def letter(
    name: str = "shop.example.jp",
    order: str = "order-1",
    link: str = LINK,
    head: t.Sequence[str] = (),
    **changes: str,
) -> bytes:
    """A mail as DigiCert writes it; ``changes`` are headers, with _ for -."""
    headers = {
        "Delivered-To": f"admin@{name}",
        "Received": "from mail.digicert.example by mx.example.jp with ESMTPS; Fri, 20 Nov 2026 09:01:00 +0900",
        "Authentication-Results": PASSED,
        "From": "DigiCert <no-reply@digitalcertvalidation.com>",
        "To": f"admin@{name}",
        "Subject": f"[Action Required] Approve Certificate Request for {name} {order}",
        "Message-ID": f"<{order}@digitalcertvalidation.com>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    headers.update({key.replace("_", "-"): value for key, value in changes.items() if key != "text"})
    text = changes.get("text", f"Please confirm that you control {name}.\n\nFollow the link below.\n{link}\n")
    lines = [*head, *(f"{key}: {value}" for key, value in headers.items() if value)]
    return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()


def page(name: str = "shop.example.jp", order: str = "order-1", **words: str) -> str:
    form = words.get(
        "form",
        '<form method="post" action="/link"><input type="hidden" name="t" value="0123456789abcdef">'
        '<button type="submit" name="action" value="approve">Approve</button></form>',
    )
    return (
        f"<html><head><title>Domain control validation</title></head><body><table>"
        f"<tr><th>Domain</th><td>{name}</td></tr><tr><th>Order</th><td>{order}</td></tr></table>"
        f"<p>Do you approve a certificate for the domain above?</p>{words.get('more', '')}{form}</body></html>"
    )


class Web:
    """pages: what a GET shows, answer: the page after a POST; or what is raised. posted: what came."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Exception] = {}
        self.asked: list[str] = []
        self.posted: list[tuple[str, str]] = []
        self.answer: str | Exception = "<p>Thank you. Your approval was received.</p>"
        self.effect: t.Callable[[], object] = lambda: None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        self.asked.append(f"{method} {url}")
        if method == "POST":
            self.posted.append((url, (body or b"").decode()))
            self.effect()
            if isinstance(self.answer, Exception):
                raise self.answer  # pylint: disable=raising-bad-type
            return self._response(url, self.answer)
        if url not in self.pages:
            return self._response(url, "<p>not found</p>", 404)
        shown = self.pages[url]
        if isinstance(shown, Exception):
            raise shown  # pylint: disable=raising-bad-type
        return self._response(url, shown)

    @staticmethod
    def _response(url: str, text: str, status: int = 200) -> HttpResponse:
        return HttpResponse(status, {"content-type": "text/html; charset=utf-8"}, text.encode(), url)


def lost() -> Exception:
    return TransportError(code="http_lost", what="No answer came", sent=True)


class Mailroom:
    def __init__(self, folder: Path) -> None:
        self.ca = HostileCa(approving=True, path=folder / "ca.json")
        self.ground = Playground(folder, digicert=self.ca)
        self.folder = folder / "Maildir"
        for below in ("cur", "new", "tmp"):
            (self.folder / below).mkdir(parents=True)
        self.web = Web()
        self.published: bool | None = None
        self._count = 0

    def order(self, name: str = "shop", **changes: t.Any) -> dict[str, t.Any]:
        contact = changes.pop("contact", {"kind": "constructed", "address": f"admin@{name}.example.jp"})
        options = {"contact": contact, **changes.pop("options", {})}
        return self.ground.one(
            item(name, f"key-{name}", ca_account="digicert", options=options, **changes), until="wanted"
        )

    def deliver(self, *letters: bytes, minutes: float = 5) -> None:
        for raw in letters:
            self._count += 1
            path = self.folder / "new" / f"{self._count:06}.host"
            path.write_bytes(raw)
            when = (self.ground.clock.now() + timedelta(minutes=minutes)).timestamp()
            os.utime(path, (when, when))

    def play(self, *certificates: dict[str, t.Any], check_mode: bool = False, **options: t.Any) -> Result:
        settings = {"path": str(self.folder), "authserv_id": "mx.example.jp"}
        given = {
            "ledger_path": str(self.ground.ledger),
            "ca_accounts": {name: {"adapter": name, "settings": {}} for name in self.ground.cas},
            "mailboxes": {"certs": {"service": "maildir", "settings": settings}},
            "profiles": PROFILES,
            **({"certificates": list(certificates)} if certificates else {}),
            **options,
        }
        validated = ArgumentSpecValidator(approval_mails.argument_spec()).validate(given)
        assert not validated.error_messages, validated.error_messages
        return approval_mails.run(validated.validated_parameters, check_mode, self.tools())

    def tools(self) -> ApprovalTools:
        return ApprovalTools(
            clock=self.ground.clock,
            open_mailbox=open_mailbox,
            adapters=self.ground.cas,
            http=lambda _sight: self.web,
            published=lambda _order, _sight: self.published,
        )

    def look(self, *certificates: dict[str, t.Any], **options: t.Any) -> list[dict[str, t.Any]]:
        return [one.as_data() for one in self.play(*certificates, **options).items]
