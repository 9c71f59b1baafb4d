# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host looks like before one of the modules that write on it, what they are asked, and what must be true after.

A scene is laid out once and copied for each attack. ``lasting`` names the private keys that may never be lost: of what
is live, what is staged for an order, and what lay there before us.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import types
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import public_files
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._module.placing import PUBLIC_MODES
from ansible_collections.inkan.tls.plugins.module_utils._x509.seal import (
    new_recipient,
    recipient_public,
    seal,
    seal_context,
)
from ansible_collections.inkan.tls.plugins.modules import certificate_deployments, certificate_requests, file_tokens
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from module_process import Ended, run_module
from web_service import WebService

NAME = "shop.example.jp"
_SINCE = datetime.now(timezone.utc) - timedelta(days=1)
ROOT = forge.ca("Root", starts=_SINCE)
MIDDLE = forge.ca("Middle", by=ROOT, starts=_SINCE)
CHAIN = (MIDDLE.pem,)


def leaf(serial: int, key: t.Any = None) -> forge.Forged:
    return forge.make(NAME, by=MIDDLE, names=[NAME], serial=serial, starts=_SINCE, key=key)


OLDEST, OLD, NEW = leaf(0xA0), leaf(0xA1), leaf(0xA2)
#: another certificate for the key of OLD
REISSUED = leaf(0xA3, OLD.key)


def digest(certificate: forge.Forged) -> str:
    return _public_half(certificate.key_pem)


def _public_half(key_pem: bytes) -> str:
    public = load_pem_private_key(key_pem, None).public_key()
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def generation(folder: Path, certificate: forge.Forged, *, staged: bool = False) -> int:
    """A generation of the store: whole, or only its key and request."""
    files = {"privkey.pem": certificate.key_pem}
    if not staged:
        files.update(public_files(certificate.pem, CHAIN))
    return Store(str(folder / "store")).new_generation("shop", files, PUBLIC_MODES)


def live(folder: Path, certificate: forge.Forged) -> None:
    Store(str(folder / "store")).switch("shop", generation(folder, certificate))


def combined(certificate: forge.Forged) -> dict[str, bytes]:
    """What the three copies hold."""
    fullchain = public_files(certificate.pem, CHAIN)["fullchain.pem"]
    return {
        "privkey": certificate.key_pem,
        "fullchain": fullchain,
        "combined": fullchain + certificate.key_pem,
    }


def lay_copies(folder: Path, certificate: forge.Forged) -> None:
    (folder / "copies").mkdir()
    for kind, content in combined(certificate).items():
        file = folder / "copies" / f"{kind}.pem"
        file.touch(0o600)
        file.write_bytes(content)


class Scene:
    """One module call. ``lasting``: the certificates whose keys may never be lost."""

    module: t.ClassVar[types.ModuleType]
    lasting: t.ClassVar[tuple[forge.Forged, ...]] = ()
    #: serials that the service, or the user's check, does not stomach
    sick_of: t.ClassVar[frozenset[str]] = frozenset()
    is_repeatable = True

    def lay(self, folder: Path) -> None:
        """Make what is there before; nothing unless a scene says more."""

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        raise NotImplementedError

    def begin(self, folder: Path, web: WebService) -> None:
        web.serve(folder / "store" / "shop" / "live", sick_of=self.sick_of)

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        """Asserts what must be true once a run came to its end."""
        raise NotImplementedError

    def keys(self, folder: Path) -> set[str]:
        """The public halves of all private keys below the folder that are in no temporary file."""
        found = set()
        for file in folder.rglob("*"):
            if file.is_file() and "inkan-" not in str(file.relative_to(folder)):
                content = file.read_bytes()
                if b"PRIVATE KEY" in content:
                    with contextlib.suppress(ValueError):  # half a key is none
                        found.add(_public_half(content[content.index(b"-----BEGIN PRIVATE") :]))
        return found


class _Deployment(Scene):
    module = certificate_deployments
    lasting = (OLD, NEW)
    state: t.ClassVar[str]
    wanted: t.ClassVar[forge.Forged] = NEW
    sealed: t.ClassVar[str | None] = None
    ends: t.ClassVar[tuple[tuple[str, str | None], ...]]

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        item: dict[str, t.Any] = {
            "name": "shop", "certificate": self.wanted.pem, "chain": list(CHAIN), "dns_names": [NAME],
            "public_key_sha256": digest(self.wanted), "sealed_key": self.sealed, "deploy": self.deploy(folder, web),
        }  # fmt: skip
        options = {"state": self.state, "store_path": str(folder / "store"), "keep_generations": 1}
        return {**options, "certificates": [item]}

    def deploy(self, _folder: Path, _web: WebService) -> dict[str, t.Any]:
        return {}

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        assert (ended.item()["outcome"], ended.code()) in self.ends, ended.item()
        assert not (folder / "store/shop/switching.json").exists(), "the journal of the switch is left"


class Prepare(_Deployment):
    """A key to receive with is made."""

    state, lasting = "prepare", (OLD,)
    ends = (("prepared", None), ("kept", None))

    def lay(self, folder: Path) -> None:
        live(folder, OLD)

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        return {"state": "prepare", "store_path": str(folder / "store"), "certificates": [{"name": "shop"}]}

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        super().settled(folder, web, ended)
        private = (folder / "store/shop/recipient.key").read_bytes()
        assert ended.item()["recipient"] == base64.b64encode(recipient_public(private)).decode()


class Verify(_Deployment):
    """The certificate is put beside the key that was ordered with."""

    state = "verify"
    ends = (("verified", None), ("kept", None))

    def lay(self, folder: Path) -> None:
        live(folder, OLD)
        generation(folder, NEW, staged=True)

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        super().settled(folder, web, ended)
        where = folder / "store/shop/generations" / f"{ended.item()['generation']:04d}"
        expected = {"privkey.pem": self.wanted.key_pem, **public_files(self.wanted.pem, CHAIN)}
        assert {file.name: file.read_bytes() for file in where.iterdir()} == expected
        assert len(list(where.parent.iterdir())) == 2, "a killed run left a generation of its own"
        assert (folder / "store/shop/live/cert.pem").read_bytes() == OLD.pem.encode()


class VerifySealed(Verify):
    """The private key comes sealed: a generation of its own."""

    lasting = (OLD,)
    _recipient = new_recipient()
    sealed = base64.b64encode(
        seal(NEW.key_pem, recipient_public(_recipient), seal_context("shop", digest(NEW)))
    ).decode()

    def lay(self, folder: Path) -> None:
        live(folder, OLD)
        Store(str(folder / "store")).write_recipient("shop", self._recipient)


class VerifyAnother(Verify):
    """Another certificate for the key that is live: the live generation is not touched."""

    lasting, wanted = (OLD,), REISSUED

    def lay(self, folder: Path) -> None:
        live(folder, OLD)


class Switch(_Deployment):
    """With copies, reload, handshake and a check of the user's; an older generation goes."""

    state = "switch"
    ends: t.ClassVar[tuple[tuple[str, str | None], ...]] = (("switched", None), ("kept", None))
    result: t.ClassVar[forge.Forged] = NEW

    def lay(self, folder: Path) -> None:
        generation(folder, OLDEST)
        live(folder, OLD)
        generation(folder, NEW)
        lay_copies(folder, OLD)
        Store(str(folder / "store")).write_recipient("shop", new_recipient())

    def deploy(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        copies = [{"path": str(folder / f"copies/{kind}.pem"), "content": kind} for kind in combined(OLD)]
        return {
            "reload": {"argv": [str(web.reload)]},
            "copies": copies,
            "handshake": {"address": "127.0.0.1", "port": web.port, "server_name": NAME, "timeout": 5},
            "post_check": {"argv": self.check(folder)},
        }

    def check(self, _folder: Path) -> list[str]:
        return ["true"]

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        super().settled(folder, web, ended)
        at_last = self.result
        assert (folder / "store/shop/live/cert.pem").read_bytes() == at_last.pem.encode(), "another one is live"
        assert web.served() == f"{at_last.certificate.serial_number:x}", "the service serves another one"
        for kind, content in combined(at_last).items():
            assert (folder / f"copies/{kind}.pem").read_bytes() == content, kind


class SwitchRefused(Switch):
    """The server does not take the new certificate: the old one stays, proven."""

    result = OLD
    sick_of = frozenset({"a2"})
    ends: t.ClassVar[tuple[tuple[str, str | None], ...]] = (("rolled_back", "rolled_back"),)
    is_repeatable = False


class SwitchDisproved(Switch):
    """The server takes it, the user's check says no: back, with a second reload."""

    result = OLD
    ends: t.ClassVar[tuple[tuple[str, str | None], ...]] = (("rolled_back", "rolled_back"),)
    is_repeatable = False

    def check(self, folder: Path) -> list[str]:
        return ["cmp", "-s", str(folder / "store/shop/live/cert.pem"), str(folder / "expected.pem")]

    def lay(self, folder: Path) -> None:
        super().lay(folder)
        (folder / "expected.pem").write_text(OLD.pem)


class FirstSwitch(Switch):
    """Nothing of ours is live; a pair of somebody else lies where the copies go, its key nowhere else."""

    def lay(self, folder: Path) -> None:
        generation(folder, NEW)
        lay_copies(folder, OLD)

    def begin(self, folder: Path, web: WebService) -> None:
        web.serve(folder / "store" / "shop" / "live", up=False)


class Rollback(Switch):
    """Back to a certificate that is named."""

    state, result, wanted = "rollback", OLD, OLD
    ends: t.ClassVar[tuple[tuple[str, str | None], ...]] = (("rolled_back", None), ("kept", None))

    def lay(self, folder: Path) -> None:
        generation(folder, OLD)
        live(folder, NEW)
        lay_copies(folder, NEW)

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        params = super().params(folder, web)
        item = {"name": "shop", "to_serial": "a1", "deploy": self.deploy(folder, web)}
        return {**params, "certificates": [item]}


class HandOver(_Deployment):
    """Files for a person, outside the store."""

    state, wanted, lasting = "hand_over", OLD, (OLD,)
    ends = (("handed_over", None), ("kept", None))

    def lay(self, folder: Path) -> None:
        live(folder, OLD)

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        params = super().params(folder, web)
        params["certificates"][0]["source"] = "shop"
        params["certificates"][0]["name"] = "order-7"
        for unused in ("dns_names", "sealed_key", "deploy"):
            del params["certificates"][0][unused]
        return params

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        super().settled(folder, web, ended)
        keys = [file for file in (folder / "store-handover/order-7").iterdir() if b"PRIVATE" in file.read_bytes()]
        assert [file.read_bytes() for file in keys] == [OLD.key_pem]


class TakeBack(HandOver):
    """What was handed over is removed."""

    ends = (("withdrawn", None), ("kept", None))

    def lay(self, folder: Path) -> None:
        super().lay(folder)
        params = self.params(folder, t.cast(WebService, None))
        params["certificates"][0]["certificate"] = OLD.pem
        ended = run_module(self.module, params)
        assert ended.item()["outcome"] == "handed_over", ended

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        params = super().params(folder, web)
        params["certificates"][0]["certificate"] = ""
        return params

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        assert (ended.item()["outcome"], ended.code()) in self.ends
        assert list((folder / "store-handover").iterdir()) == []


class Request(Scene):
    """A key and a CSR are staged, and sealed for another host."""

    module = certificate_requests
    lasting = (OLD,)
    _recipient = new_recipient()

    def lay(self, folder: Path) -> None:
        live(folder, OLD)

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        public = base64.b64encode(recipient_public(self._recipient)).decode()
        item = {"name": "shop", "dns_names": [NAME], "recipients": [{"host": "web2", "public_key": public}]}
        return {"store_path": str(folder / "store"), "certificates": [item]}

    def where(self, folder: Path, ended: Ended) -> tuple[Path, Path]:
        inside = folder / "store/shop/generations" / f"{ended.item()['generation']:04d}"
        assert len(list(inside.parent.iterdir())) == 2, "a killed run left a generation of its own"
        return inside / "privkey.pem", inside / "csr.pem"

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        assert (ended.item()["outcome"], ended.code()) in (("created", None), ("kept", None))
        key, csr = (file.read_bytes() for file in self.where(folder, ended))
        request = x509.load_pem_x509_csr(csr)
        assert request.is_signature_valid
        assert request.public_key() == load_pem_private_key(key, None).public_key()
        assert ended.item()["csr"] == csr.decode()


class RequestAtPaths(Request):
    """Key and CSR lie where the user says."""

    lasting = ()

    def lay(self, folder: Path) -> None:
        (folder / "given").mkdir()

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        paths = {"privkey": str(folder / "given/key.pem"), "csr": str(folder / "given/csr.pem")}
        item = {"name": "shop", "dns_names": [NAME], "paths": paths}
        return {"store_path": str(folder / "store"), "certificates": [item]}

    def where(self, folder: Path, ended: Ended) -> tuple[Path, Path]:
        return folder / "given/key.pem", folder / "given/csr.pem"


_TOKENS = {
    "first": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0",
    "second": "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wr5oA",
}


class PlaceTokens(Scene):
    """Two tokens below a document root that holds other files."""

    module = file_tokens

    def lay(self, folder: Path) -> None:
        (folder / "htdocs").mkdir()
        (folder / "htdocs/index.html").write_text("hello")

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        return {"state": "present", "tokens": [self._token(folder, name) for name in _TOKENS]}

    def _token(self, folder: Path, name: str) -> dict[str, t.Any]:
        path = f".well-known/acme-challenge/{_TOKENS[name]}"
        content = f"{_TOKENS[name]}.account"
        return {"name": name, "document_root": str(folder / "htdocs"), "path": path, "content": content}

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        assert {item["outcome"] for item in ended.answer["results"]} <= {"placed", "kept"}
        below = folder / "htdocs/.well-known/acme-challenge"
        assert {file.name: file.read_text() for file in below.iterdir()} == {
            token: f"{token}.account" for token in _TOKENS.values()
        }
        assert {file.stat().st_mode & 0o777 for file in below.iterdir()} == {0o644}
        assert (folder / "htdocs/index.html").read_text() == "hello"


class RemoveTokens(PlaceTokens):
    """The same, removed, with the folders that were made for them."""

    def lay(self, folder: Path) -> None:
        super().lay(folder)
        below = folder / "htdocs/.well-known/acme-challenge"
        below.mkdir(parents=True)
        for made in (below, below.parent):
            made.chmod(0o755)
        for token in _TOKENS.values():
            (below / token).write_text(f"{token}.account")

    def params(self, folder: Path, web: WebService) -> dict[str, t.Any]:
        tokens = [{**self._token(folder, name), "replaces": [_sha256(name)]} for name in _TOKENS]
        return {"state": "absent", "tokens": tokens}

    def settled(self, folder: Path, web: WebService, ended: Ended) -> None:
        assert {item["outcome"] for item in ended.answer["results"]} <= {"removed", "absent"}
        assert [str(path.relative_to(folder / "htdocs")) for path in (folder / "htdocs").rglob("*")] == ["index.html"]


def _sha256(name: str) -> str:
    return hashlib.sha256(f"{_TOKENS[name]}.account".encode()).hexdigest()


SCENES: dict[str, Scene] = {
    "request": Request(),
    "request at paths": RequestAtPaths(),
    "prepare": Prepare(),
    "verify": Verify(),
    "verify, key sealed": VerifySealed(),
    "verify, live key again": VerifyAnother(),
    "switch": Switch(),
    "switch, reload refused": SwitchRefused(),
    "switch, check says no": SwitchDisproved(),
    "first switch over a foreign pair": FirstSwitch(),
    "rollback": Rollback(),
    "hand over": HandOver(),
    "take back": TakeBack(),
    "tokens placed": PlaceTokens(),
    "tokens removed": RemoveTokens(),
}
