# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's ledger beside a running lab: orders at sellers' portals and at the lab's CertCentral, and approval_mails
over a mailbox that the lab's mails come into. Everything is the modules' own work, in this process.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.modules import approval_mails, certificate_orders

APPLICANT = "例株式会社"
#: what an application of OV or EV cannot do without
ORGANIZATION: dict[str, t.Any] = {
    "subject": {"C": "JP", "ST": "Tokyo", "L": "Chiyoda-ku", "O": "Example K.K."},
    "applicant": {"japanese_name": APPLICANT, "phone": "+81-3-1234-5678", "responsible": {"name": "印鑑 花子"}},
}
#: what those of the collection lack, as a user writes it: where the links of the lab lead, and who writes from there
SENDERS = {
    "globalsign": ("globalsign", ["approver@globalsign.lab.example"]),
    "quick-intent": ("globalsign-quick-intent", ["vetting@globalsign.lab.example"]),
    "started": ("cpi-started", ["ssl-info@cpi.ad.jp"]),
    "refusal": ("cpi-refusal-asked", ["ssl-info@cpi.ad.jp"]),
    "installed": ("cpi-installed", ["ssl-info@cpi.ad.jp"]),
    "iij": ("iij-renewal", ["ssl-notice@iij.lab.example"]),
    "idcf": ("idcf-completed", ["ssl-notice@idcf.lab.example"]),
}


def profiles_for(host: str) -> dict[str, t.Any]:
    rows: dict[str, t.Any] = {key: {"based_on": base, "senders": senders} for key, (base, senders) in SENDERS.items()}
    for key, path in (
        ("jprs", "jprs"),
        ("cybertrust", "cybertrust"),
        ("globalsign", "globalsign"),
        ("sectigo", "sectigo"),
    ):
        rows[key if key in rows else f"{key}-lab"] = {
            **rows.get(key, {"based_on": key}),
            "hosts": [host],
            "path": f"/approvals/{path}",
        }
    return {**rows, "digicert-lab": {"based_on": "digicert", "hosts": [host], "path": "/digicert/link/"}}


class Office:
    """mailbox: an entry of inkan_mailboxes, and its secrets."""

    def __init__(self, lab: t.Any, folder: Path, mailbox: dict[str, t.Any], secrets: dict[str, str]) -> None:
        self.lab = lab
        self.ledger = folder / "ledger" / "ledger.sqlite3"
        self.mailbox, self.mailbox_secrets = mailbox, secrets
        facts = lab.facts()
        self.ca_bundle = facts["api_ca"]
        self.profiles = profiles_for(facts["api_url"].split("/")[2])
        self.accounts: dict[str, t.Any] = {
            "digicert": {
                "adapter": "digicert",
                "settings": {"url": facts["digicert"]["url"], "ca_bundle": self.ca_bundle, "timeout": 10},
            }
        }
        self.secrets = {"digicert": {"api_key": facts["digicert"]["key"]}}

    # -- orders

    def order(self, name: str, seller: str, product: str, *names: str, **options: t.Any) -> dict[str, t.Any]:
        """An application at a portal whose number was told, so that its mail is awaited."""
        self.accounts[seller] = {"adapter": "portal", "settings": {"seller": seller}}
        contact = options.pop("contact", {"kind": "constructed", "address": f"admin@{names[0]}"})
        wish = {
            "name": name,
            "ca_account": seller,
            "product": product,
            "dns_names": list(names),
            "method": "email",
            "key_made_by": "seller",
            "options": {"contact": contact, **options},
        }
        self._order(wish)
        (data,) = self._order({**wish, "intake": {"order_number": f"N-{name}"}})
        assert data["state"] == "awaiting_approval", data
        return data

    def order_at_digicert(self, name: str, *names: str) -> dict[str, t.Any]:
        csr = new_csr(new_private_key("ecdsa-p256"), wish_for(names[0], names, "ecdsa-p256", {})).decode()
        contact = {"kind": "constructed", "address": f"admin@{names[0]}"}
        wish = {
            "name": name,
            "ca_account": "digicert",
            "product": "digicert-dv",
            "dns_names": list(names),
            "method": "email",
            "csr": csr,
            "options": {"contact": contact},
        }
        (data,) = self._order(wish, until="wanted")
        assert data["state"] == "awaiting_approval", data
        return data

    def _order(self, *certificates: dict[str, t.Any], **options: t.Any) -> list[dict[str, t.Any]]:
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": self.accounts,
            "secrets": self.secrets,
            "certificates": list(certificates),
            "deadline": 30,
            **options,
        }
        return [one.as_data() for one in certificate_orders.run(_valid(certificate_orders, given), False).items]

    def tell(self, name: str, **intake: t.Any) -> None:
        """What a person tells of an order at a portal."""
        self._order({"name": name, "intake": intake})

    # -- mails

    def play(self, *certificates: dict[str, t.Any], check_mode: bool = False, **options: t.Any) -> Result:
        given = {
            "ledger_path": str(self.ledger),
            "ca_accounts": self.accounts,
            "secrets": self.secrets,
            "mailboxes": {"certs": self.mailbox},
            "mailbox_secrets": {"certs": self.mailbox_secrets},
            "profiles": self.profiles,
            "sight": {"ca_bundle": self.ca_bundle},
            **({"certificates": list(certificates)} if certificates else {}),
            **options,
        }
        return approval_mails.run(_valid(approval_mails, given), check_mode)

    def look(self, *certificates: dict[str, t.Any], **options: t.Any) -> dict[str, dict[str, t.Any]]:
        return {one.name: one.as_data() for one in self.play(*certificates, **options).items}


def _valid(module: t.Any, given: dict[str, t.Any]) -> dict[str, t.Any]:
    read = ArgumentSpecValidator(module.argument_spec()).validate(given)
    assert read.error_messages == []
    return t.cast("dict[str, t.Any]", read.validated_parameters)
