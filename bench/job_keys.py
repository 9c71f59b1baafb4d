# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job D: N keys and CSRs, RSA-2048 and P-256, a first time and again with all of them there."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
import pathlib
import sys
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from job_floor import PING
from lab_world import ZONE, labels, write_script
from measure import Case, Contestant, Finished, SetUp, Timed, Unproven, needs_success
from peers import PARALLEL
from plays_of_bench import inventory, is_changed, is_unchanged, local, playbook, played

SIZES = (50, 500)
LONG = 500  # from this size on community.crypto, a module start for each file, is run once

Place = t.Callable[[str], tuple[pathlib.Path, pathlib.Path]]
Prepare = t.Callable[[pathlib.Path, list[str], str], tuple[list[Timed], Place]]


def cases() -> list[Case]:
    return [
        Case(f"D{size}-{kind}", "D", f"make {size} keys and CSRs, {word}", size, _contestants(size, kind))
        for size in SIZES
        for kind, word in (("rsa", "RSA-2048"), ("ec", "P-256"))
    ]


def _contestants(size: int, kind: str) -> list[Contestant]:
    def made(prepare: Prepare) -> SetUp:
        return functools.partial(_set_up, prepare, size, kind)

    return [
        PING,
        Contestant("one process with only the work", "floor", made(_only_work)),
        Contestant("certificate_requests", "ours", made(_ours)),
        Contestant("openssl", "peer", made(_openssl), "openssl"),
        Contestant("community.crypto loop", "peer", made(_loop), "community.crypto", size >= LONG),
    ]


@contextlib.contextmanager
def _set_up(prepare: Prepare, size: int, kind: str, folder: pathlib.Path) -> t.Iterator[list[Timed]]:
    names = labels(size)
    timed, place = prepare(folder, names, kind)
    first: dict[str, bytes] = {}

    def proven(part: Timed) -> Timed:
        def check(done: Finished) -> None:
            part.check(done)
            made = {name: _prove(name, kind, *place(name)) for name in names}
            if len(set(made.values())) != len(names):
                raise Unproven("a key was made twice")
            if first and made != first:
                raise Unproven("the second run made keys that were there")
            first.update(made)

        return Timed(part.argv, check, part.environment, part.label)

    yield [proven(part) for part in timed]


def _prove(name: str, kind: str, key_file: pathlib.Path, csr_file: pathlib.Path) -> bytes:
    if not key_file.exists() or not csr_file.exists():
        raise Unproven(f"{name} has no key or no CSR")
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    csr = x509.load_pem_x509_csr(csr_file.read_bytes())
    is_kind = isinstance(key, rsa.RSAPrivateKey) if kind == "rsa" else isinstance(key, ec.EllipticCurvePrivateKey)
    wanted = 2048 if kind == "rsa" else 256
    if not is_kind or key.key_size != wanted or not csr.is_signature_valid:
        raise Unproven(f"{name} has another key or a bad CSR")
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if key.public_key() != csr.public_key() or names.get_values_for_type(x509.DNSName) != [f"{name}.{ZONE}"]:
        raise Unproven(f"key and CSR of {name} do not belong together")
    return csr.public_bytes(serialization.Encoding.DER)


def _ours(folder: pathlib.Path, names: list[str], kind: str) -> tuple[list[Timed], Place]:
    store = folder / "store"
    key = {"type": "rsa-2048" if kind == "rsa" else "ecdsa-p256"}
    wanted = [{"name": name, "common_name": f"{name}.{ZONE}", "key": key} for name in names]
    words = {"store_path": str(store), "certificates": "{{ wanted }}"}
    book = str(playbook(folder, "keys.yml", [{"name": "Keys", "inkan.tls.certificate_requests": words}]))
    hosts = inventory(folder, {"h00": local()}, {"wanted": wanted})

    def place(name: str) -> tuple[pathlib.Path, pathlib.Path]:
        staged = store / name / "generations" / "0001"
        return staged / "privkey.pem", staged / "csr.pem"

    first = played(folder, book, hosts, is_changed, label="first run")
    return [first, played(folder, book, hosts, is_unchanged, label="second run")], place


def _flat(folder: pathlib.Path) -> Place:
    (folder / "done").mkdir()

    def place(name: str) -> tuple[pathlib.Path, pathlib.Path]:
        return folder / "done" / f"{name}.key", folder / "done" / f"{name}.csr"

    return place


def _openssl(folder: pathlib.Path, names: list[str], kind: str) -> tuple[list[Timed], Place]:
    place = _flat(folder)
    algorithm = "RSA -pkeyopt rsa_keygen_bits:2048" if kind == "rsa" else "EC -pkeyopt ec_paramgen_curve:P-256"
    request = f'-subj "/CN=$1.{ZONE}" -addext "subjectAltName=DNS:$1.{ZONE}"'
    one = write_script(
        folder / "one",
        f"#!/bin/sh\nset -e\numask 077\ncd {folder}/done\n"
        f'[ -s "$1.key" ] || openssl genpkey -algorithm {algorithm} -out "$1.key" 2>/dev/null\n'
        f'[ -s "$1.csr" ] || openssl req -new -key "$1.key" {request} -out "$1.csr"\n',
    )
    (folder / "names").write_text("".join(f"{name}\n" for name in names))
    every = f"#!/bin/sh\nexec xargs -P {PARALLEL} -I{{}} {one} {{}} < {folder}/names\n"
    argv = [str(write_script(folder / "every", every))]
    return [Timed(argv, needs_success, label=label) for label in ("first run", "second run")], place


def _loop(folder: pathlib.Path, names: list[str], kind: str) -> tuple[list[Timed], Place]:
    place = _flat(folder)
    path = f"{folder}/done/{{{{ item }}}}"
    more = {"type": "RSA", "size": 2048} if kind == "rsa" else {"type": "ECC", "curve": "secp256r1"}
    csr = {"path": f"{path}.csr", "privatekey_path": f"{path}.key", "common_name": f"{{{{ item }}}}.{ZONE}"}
    csr["subject_alt_name"] = f"DNS:{{{{ item }}}}.{ZONE}"
    loop = {"loop": "{{ names }}", "loop_control": {"label": ""}}
    tasks = [
        {"name": "Keys", "community.crypto.openssl_privatekey": {"path": f"{path}.key", **more}, **loop},
        {"name": "CSRs", "community.crypto.openssl_csr": csr, **loop},
    ]
    book = str(playbook(folder, "keys.yml", tasks))
    hosts = inventory(folder, {"h00": local(ours=False)}, {"names": names})
    first = played(folder, book, hosts, is_changed, ours=False, label="first run")
    return [first, played(folder, book, hosts, is_unchanged, ours=False, label="second run")], place


def _only_work(folder: pathlib.Path, names: list[str], kind: str) -> tuple[list[Timed], Place]:
    place = _flat(folder)
    argv = [sys.executable, __file__, kind, str(folder / "done"), str(len(names))]
    return [Timed(argv, needs_success)], place


def work(kind: str, folder: pathlib.Path, number: int) -> None:
    """The floor: one process, threads where OpenSSL lets them run, files without any care."""

    def one(name: str) -> None:
        key: t.Any = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
        fqdn = f"{name}.{ZONE}"
        builder = x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, fqdn)])
        )
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(fqdn)]), False)
        pem = serialization.Encoding.PEM
        (folder / f"{name}.csr").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(private)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, labels(number)))


if __name__ == "__main__":
    work(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]))
