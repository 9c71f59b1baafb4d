# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A company with a certificate of every product, an account at every seller, and its credentials as AWX injects them.

At APIs (simulators of the lab): jprs-dv (by mail and by file), jprs-dv-wildcard, digicert-*, globalsign-*, acme.
At portals (a clerk): all others.
"""

from __future__ import annotations

import json
import pathlib
import re
import socket
import ssl
import threading
import typing as t
from datetime import datetime

import yaml
from lab.lab import Lab
from plays.play import COLLECTION

Data = dict[str, t.Any]

ZONE = "example.jp"
PORTAL = "http://127.0.0.1:9/"
ORGANIZATION: Data = {
    "name": "Example KK",
    "japanese_name": "株式会社例",
    "kind": "corporation",
    "phone": "03-0000-0000",
    "subject": {"C": "JP", "ST": "Tokyo", "L": "Chiyoda-ku", "O": "Example KK"},
    "responsible": {"name": "山田太郎", "mail": "yamada@example.jp"},
    "technical": {"name": "鈴木花子", "mail": "ops@example.jp"},
}
_ADDRESS = {
    "line1": "1-1 Otemachi",
    "city": "Chiyoda-ku",
    "region": "Tokyo",
    "postal_code": "100-0004",
    "country": "JP",
    "phone": "+81-3-0000-0000",
}
_DEPLOY: Data = {
    "reload": {"pid_file": "{{ lab_pid_file }}", "signal": "HUP"},
    "handshake": {"address": "{{ lab_address }}", "port": "{{ lab_https_port | int }}"},
}
#: product -> the seller's portal, as an account
AT_PORTALS = {
    **dict.fromkeys(("jprs-ov", "jprs-ov-wildcard"), "jprs"),
    "cpi-dv": "cpi",
    **{
        f"iij-{one}": "iij"
        for one in (
            *("digicert-secure-server-id", "digicert-secure-server-id-ev"),
            *("digicert-global-server-id", "digicert-global-server-id-ev"),
            *("cybertrust-sureserver-cloud", "cybertrust-sureserver-cloud-ev", "globalsign-ov"),
            *("globalsign-ov-wildcard", "globalsign-quick-dv", "globalsign-quick-dv-wildcard", "byo"),
        )
    },
    **{
        f"idcf-{one}": "idcf"
        for one in (
            *("digicert-secure-server-id", "digicert-secure-server-id-ev", "geotrust-true-businessid"),
            *("geotrust-true-businessid-ev", "cybertrust-sureserver", "bizcert"),
        )
    },
    **dict.fromkeys(("cybertrust-ov", "cybertrust-ev"), "cybertrust"),
}
#: product -> (account, validation.method)
AT_APIS = {
    "jprs-dv": ("labssl", "email"),
    "jprs-dv-wildcard": ("labssl", "email"),
    "digicert-dv": ("certcentral", "dns"),
    "digicert-ov": ("certcentral", "file"),
    "digicert-ev": ("certcentral", "dns"),
    "globalsign-dv": ("gspanel", "dns"),
    "globalsign-ov": ("gspanel", "dns"),
    "globalsign-atlas": ("atlas", "dns"),
    "acme": ("acme", "dns-01"),
}
PRODUCTS = (*AT_APIS, *AT_PORTALS)
#: account or DNS service -> its credential type in extensions/awx
TYPES = {
    "labssl": "inkan.tls REST seller v1",
    "certcentral": "inkan.tls DigiCert v1",
    "gspanel": "inkan.tls GlobalSign GCC v1",
    "atlas": "inkan.tls GlobalSign Atlas v1",
    "acme": "inkan.tls ACME v1",
    "lab": "inkan.tls DNS TSIG v1",
}


def certificates(seller_port: int) -> list[Data]:
    """One of each product, and another jprs-dv by a file."""
    every = [_certificate(product, seller_port) for product in PRODUCTS]
    by_file = _certificate("jprs-dv", seller_port)
    by_file.update(name="files", common_name=f"files.{ZONE}", validation=_validation("file", f"files.{ZONE}"))
    return [*every, by_file]


def _certificate(product: str, seller_port: int) -> Data:
    account, method = AT_APIS.get(product) or (AT_PORTALS[product], "file" if product == "jprs-ov" else "email")
    host = f"{product}.{ZONE}"
    one: Data = {
        "name": product,
        "common_name": f"*.{host}" if product.endswith("wildcard") else host,
        "product": product,
        "ca_account": account,
        "validation": _validation(method, host, product),
        "organization": "example",
        "hosts": "web1" if product != "acme" else "webservers",
        "deploy": dict(_DEPLOY),
    }
    if product == "cpi-dv" or product.startswith("idcf-"):
        del one["hosts"]
        seen = {"address": "127.0.0.1", "port": seller_port}
        one.update(key={"made_by": "seller"}, deploy={"by": "seller", "handshake": seen})
    if product.startswith("iij-globalsign-quick"):
        one["key"] = {"made_by": "seller"}
    if product == "iij-byo":
        del one["validation"], one["hosts"]
        one.update(common_name=f"jprs-ov.{ZONE}", issued_from="jprs-ov", deploy={"by": "seller", "handshake": False})
    return one


def _validation(method: str, host: str, product: str = "") -> Data:
    if method == "file":
        return {"method": "file", "document_root": "{{ lab_document_root }}", "hosts": "webservers"}
    if method != "email":
        return {"method": method}
    kind, address = "constructed", f"admin@{ZONE}"
    if product.startswith("iij-cybertrust"):
        kind, address = "txt", f"certs@{ZONE}"
    elif product.startswith("iij-digicert"):
        address = f"admin@{host}"
    elif product.startswith("idcf-"):
        address = f"postmaster@{host}"
    return {"method": method, "contact": {"kind": kind, "address": address}}


def zones(addresses: t.Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Every name leads to the web hosts, and takes mail."""
    names = [product for product in PRODUCTS if product != "files"]
    return {
        ZONE: [
            *((name, "A", address) for name in names for address in addresses),
            *((name, "MX", "10 mail.lab.example") for name in names),
        ]
    }


def accounts(lab: Lab) -> Data:
    """With their secrets: what an administrator types into the credentials of AWX."""
    facts = lab.facts()
    common = {"ca_bundle": facts["api_ca"]}
    atlas, gcc, acme = facts["atlas"], facts["gcc"], facts["acme_ca"]
    eab, hmac = sorted(acme["bindings"].items())[0]
    contact = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
    approver = {"contact_type": "ev_approver", "first_name": "A", "last_name": "B", "email": "ev@example.jp"}
    portals = {
        one: {"adapter": "portal", "settings": {"seller": one, "owner": "certs@example.jp", "url": PORTAL}}
        for one in sorted(set(AT_PORTALS.values()))
    }
    return {
        **portals,
        "certcentral": {
            "adapter": "digicert",
            "settings": {
                "url": facts["digicert"]["url"],
                **common,
                "skip_approval": True,
                "organization": facts["digicert"]["organization"],
                "contacts": [approver],
            },
            "secrets": {"api_key": facts["digicert"]["key"]},
        },
        "gspanel": {
            "adapter": "globalsign_gcc",
            "settings": {
                "url": gcc["url"],
                **common,
                "user_name": gcc["username"],
                "contact": contact,
                "organization": {"name": "Example KK", "address": _ADDRESS},
            },
            "secrets": {"password": gcc["password"]},
        },
        "atlas": {
            "adapter": "globalsign_atlas",
            "settings": {
                "url": atlas["url"],
                "ca_bundle": atlas["ca"],
                "requests_per_second": 1000,
                "requests_per_minute": 60_000,
            },
            "secrets": {
                **{name: atlas[name] for name in ("api_key", "api_secret")},
                **{name: pathlib.Path(atlas[name]).read_text() for name in ("client_certificate", "client_key")},
            },
        },
        "acme": {
            "adapter": "acme",
            "settings": {
                "directory": acme["url"],
                **common,
                "accept_terms": True,
                "eab_kid": eab,
                "lost_order": "resubmit",  # this CA lists no orders: after a kill nobody is to be asked
            },
            "secrets": {"eab_hmac_key": hmac},
        },
    }


class Credentials:
    """Secrets out of the inventory, into what the credential types of extensions/awx inject: environment and files.

    ``environment``: variable -> value. ``files``: the same, of a file and its content. ``variables``: extra ones.
    """

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self._types = {one["name"]: one["injectors"] for one in _credential_types()}

    def take(self, inventory: Data) -> Data:
        """The inventory as it is kept in the project: with templates where secrets were."""
        inventory = json.loads(json.dumps(inventory))
        shared = inventory["all"]["vars"]
        for name, one in {**shared["inkan_ca_accounts"], **shared["inkan_dns_services"]}.items():
            if one.get("secrets"):
                one["secrets"] = self._injected(self._types[TYPES[name]], one["secrets"])
        ledger = {"host": shared.pop("inkan_ledger_host"), "path": shared.pop("inkan_ledger_path")}
        for variable, template in self._types["inkan.tls ledger host v1"]["extra_vars"].items():
            self.variables[variable] = ledger[_word(template)]
        return t.cast(Data, inventory)

    def _injected(self, injectors: Data, secrets: t.Mapping[str, str]) -> dict[str, str]:
        """The templates by which the project takes them from the environment, as its accounts.yml does."""
        taken = {}
        for variable, template in injectors["env"].items():
            word, is_file = _word(template), "tower.filename" in template
            if word in secrets:
                (self.files if is_file else self.environment)[variable] = secrets[word]
                env = f"lookup('ansible.builtin.env', '{variable}')"
                taken[word] = "{{ lookup('ansible.builtin.file', " + env + ") }}" if is_file else "{{ " + env + " }}"
        if taken.keys() != secrets.keys():
            raise ValueError(f"no credential type injects {sorted(secrets.keys() - taken.keys())}")
        return taken

    def secrets(self) -> dict[str, str]:
        return {**self.environment, **self.files}


def _word(template: str) -> str:
    """The field that a template of an injector puts in."""
    found = re.fullmatch(r"\{\{ (?:tower\.filename\.)?(\w+) \}\}", template)
    if found is None:
        raise ValueError(f"an injector of another form: {template}")
    return found[1]


def _credential_types() -> list[Data]:
    class Loader(yaml.SafeLoader):
        """Knows the tag by which Ansible leaves templates alone."""

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(t.cast(yaml.ScalarNode, node)))
    text = (COLLECTION / "extensions" / "awx" / "controller" / "credential_types.yml").read_text("utf-8")
    return t.cast("list[Data]", yaml.load(text, Loader)["controller_credential_types"])  # noqa: S506 - a safe one


class SellersServer:
    """The sellers' web server: shows, by the name that is asked for, what they have installed."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.sni_callback = self._choose
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.ends: dict[str, datetime] = {}

    def install(self, name: str, certificate: str, key: bytes, ends: datetime) -> None:
        paths = [self._folder / f"{name}-cert.pem", self._folder / f"{name}-key.pem"]
        paths[0].write_text(certificate)
        paths[1].write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, paths))
        if not self._contexts:
            self._context.load_cert_chain(*map(str, paths))
        self._contexts[name] = context
        self.ends[name] = ends

    def _choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        if name not in self._contexts:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._contexts[name]
        return None

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            try:
                with connection:
                    connection.settimeout(5)
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)
            except OSError:
                continue

    def close(self) -> None:
        self._socket.close()
