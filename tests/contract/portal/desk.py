# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seller's portal as persons live with it: a CA that issues to whoever applied, and a clerk who carries word.

The clerk is told what to do by the order's tasks alone, as a person is: applies with the sheet, comes back with a
number, later with a token or a certificate. Late, wrong or twice, as a test wishes. Each ``run`` is the module's own
work in this process, as another process would do it; no playbook, no network.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.adapter import PortalFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import reference_of
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import orders_spec, read_call
from ansible_collections.inkan.tls.plugins.module_utils._module.order_reader import X509Reader
from ansible_collections.inkan.tls.plugins.module_utils._module.orders import Tools, run_orders
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

START = datetime(2026, 11, 20, 3, tzinfo=timezone.utc)
CONTACT = {"kind": "constructed", "address": "admin@shop.example.jp"}
APPLICANT = {
    "japanese_name": "例株式会社",
    "corporate_type": "株式会社",
    "representative": "代表 太郎",
    "postal_code": "100-0001",
    "address": "東京都千代田区1-1",
    "phone": "+81-3-1234-5678",
    "responsible": {
        "name": "印鑑 花子",
        "kana": "インカン ハナコ",
        "department": "情報システム部",
        "mail": "hanako@example.jp",
    },
}
SUBJECT = {"C": "JP", "ST": "Tokyo", "L": "Chiyoda-ku", "O": "Example K.K."}


class Clock:
    """Days pass when a test says so."""

    def __init__(self) -> None:
        self.moment = START
        self.passed = 0.0

    def now(self) -> datetime:
        return self.moment + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def days(self, days: float) -> None:
        self.moment += timedelta(days=days)


class Ca:
    """Root, intermediate, leaves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _number in range(2))
        self.root = self._made("Portal Root", self._root_key.public_key(), "Portal Root", self._root_key, ca=True)
        self.intermediate = self._made("Portal CA G1", self._key.public_key(), "Portal Root", self._root_key, ca=True)

    def issue(self, csr: str, names: t.Sequence[str] | None = None, days: int = 150, at: datetime | None = None) -> str:
        request = x509.load_pem_x509_csr(csr.encode())
        found = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        wanted = list(names or found.get_values_for_type(x509.DNSName))
        return self.leaf(request.public_key(), wanted, days, at)

    def leaf(self, key: t.Any, names: t.Sequence[str], days: int = 150, at: datetime | None = None) -> str:
        return self._made(names[0], key, "Portal CA G1", self._key, names=names, days=days, at=at)

    def _made(
        self,
        subject: str,
        key: t.Any,
        issuer: str,
        signer: t.Any,
        *,
        ca: bool = False,
        names: t.Sequence[str] = (),
        days: int = 3650,
        at: datetime | None = None,
    ) -> str:
        begin = at or self._clock.now() - timedelta(minutes=5)
        builder = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
            key,
            x509.random_serial_number(),
            begin,
            begin + timedelta(days=days),
        ).add_extension(x509.BasicConstraints(ca, None), critical=True)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


class Portal:
    """One account and one certificate at a seller."""

    def __init__(self, folder: Path, seller: str = "jprs", **item: t.Any) -> None:
        self.clock = Clock()
        self.ca = Ca(self.clock)
        self.folder = folder
        self.ledger = folder / "ledger" / "ledger.sqlite3"
        self.settings: dict[str, t.Any] = {"seller": seller, "owner": "certs@example.jp"}
        self.item: dict[str, t.Any] = {
            "name": "shop",
            "ca_account": "seller",
            "product": "jprs-dv",
            "common_name": "shop.example.jp",
            "dns_names": ["shop.example.jp"],
            "method": "email",
            "custodian": "web1",
            "hosts": [],
            "options": {"contact": CONTACT, "validation_level": "dv"},
            **item,
        }
        self.key = new_private_key("ecdsa-p256")
        self.csr = self.csr_of(self.key)
        self.said: dict[str, t.Any] = {}
        self.serial = ""
        self.options: dict[str, t.Any] = {}

    def csr_of(self, key: bytes) -> str:
        names, subject = self.item["dns_names"], self.item["options"].get("subject") or {}
        return new_csr(key, wish_for(names[0], names, "ecdsa-p256", subject)).decode()

    # runs

    def run(self, intake: t.Any = None, *, check_mode: bool = False, **item: t.Any) -> dict[str, t.Any]:
        """As role issue does: with the CSR of a staged key, unless the seller makes the key."""
        ours = self.item.get("key_made_by") != "seller" and "brought" not in self.item
        given = {**self.item, **({"csr": self.csr} if ours else {}), "intake": intake, **item}
        [self.said] = self.call([given], check_mode=check_mode).items_as_data
        return self.said

    def goal(self, state: str, **item: t.Any) -> dict[str, t.Any]:
        [self.said] = self.call([{"name": "shop", **item}], state=state).items_as_data
        return self.said

    def call(self, items: t.Sequence[t.Mapping[str, t.Any]], *, check_mode: bool = False, **options: t.Any) -> Answer:
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"seller": {"adapter": "portal", "settings": self.settings}},
            "deadline": 20,
            "certificates": [dict(item) for item in items],
            **self.options,
            **options,
        }
        read = ArgumentSpecValidator(orders_spec()).validate(given)
        assert read.error_messages == []
        adapters = {"portal": PortalFactory(clock=self.clock)}
        tools = Tools(clock=self.clock, adapters=adapters, reader=X509Reader(), reference=reference_of)
        return Answer(run_orders(read_call(read.validated_parameters, check_mode, adapters), tools))

    def applied(self) -> Portal:
        """Somebody applied, and told the number."""
        self.run()
        self.run({"order_number": "SSL-0042"})
        return self

    def renew(self) -> None:
        """The next staged key, 100 days later."""
        self.serial = str(self.said["serial"])
        self.clock.days(100)
        self.csr = self.csr_of(new_private_key("ecdsa-p256"))

    # what the clerk sees

    @property
    def task(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", self.said["wanted"]["tasks"][0])

    @property
    def sheets(self) -> dict[str, Path]:
        folder = self.ledger.parent / "accounts" / "seller" / "sheets"
        return {path.suffix: path for path in folder.iterdir()} if folder.exists() else {}

    def bundle(self) -> str:
        """What the seller's mail holds: the leaf and its intermediate."""
        return self.ca.issue(self.csr) + self.ca.intermediate


class Answer:
    def __init__(self, result: Result) -> None:
        self.result = result

    @property
    def items_as_data(self) -> list[dict[str, t.Any]]:
        return [one.as_data() for one in self.result.items]
