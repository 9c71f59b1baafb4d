# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets as canaries: every form in which one may get out, and where it was found.

    canaries = Canaries()
    canaries.add("key of the seller", "0123456789abcdef")
    canaries.add_private_key("key of shop", pem, homes=[path])
    canaries.found([folder, …]) -> [Leak(secret, form, path), …]

A home is the one file that may hold the secret.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import typing as t
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

#: shorter pieces are found by chance
SHORTEST = 12
CHUNK = 16
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]+-----END")


class Leak(t.NamedTuple):
    secret: str
    form: str
    path: Path

    def __str__(self) -> str:
        return f"{self.secret} ({self.form}) in {self.path}"


def forms(secret: str | bytes) -> dict[bytes, str]:
    """What the secret looks like wherever somebody has quoted, encoded, cut or reversed it -> the name of that form."""
    text = secret if isinstance(secret, str) else ""
    raw = secret.encode("utf-8") if isinstance(secret, str) else secret
    found: dict[bytes, str] = {}
    if text:
        found[text[::-1].encode()] = "reversed"
        found[urllib.parse.quote(text, safe="").encode()] = "for a URL"
        found[urllib.parse.quote(text).encode()] = "for a path"
        found[urllib.parse.quote_plus(text).encode()] = "for a form"
        for quoted in (json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text)):
            found[quoted[1:-1].encode()] = "quoted"
        found[text.encode("unicode_escape")] = "quoted"
        pieces = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
        found.update({piece.encode(): "a piece" for piece in pieces if len(text) > CHUNK and len(piece) == CHUNK})
    found.update({raw.hex().encode(): "hex", raw.hex().upper().encode(): "hex", raw[::-1].hex().encode(): "hex"})
    for letters in base64_pieces(raw):
        found[letters] = "base64"
        found[letters.replace(b"+", b"-").replace(b"/", b"_")] = "base64"
    if text:  # whatever other form looks the same
        found[raw] = "as it is"
    return {needle: form for needle, form in found.items() if len(needle) >= SHORTEST and b"\n" not in needle}


def base64_pieces(raw: bytes) -> t.Iterator[bytes]:
    """The letters that stand for these bytes alone, wherever among others they were encoded."""
    for before in range(3):
        letters = base64.b64encode(b"\0" * before + raw)
        end = (before + len(raw)) // 3 * 4
        yield letters[4 if before else 0 : end]


def private_parts(pem: bytes) -> list[bytes]:
    """The numbers of a private key that are nobody's business."""
    key = serialization.load_pem_private_key(pem, None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return [key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")]
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        return [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (numbers.d, numbers.p, numbers.q)]
    raw = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    return [raw]


def key_lines(pem: bytes) -> dict[bytes, str]:
    """Lines of the PEM text that bear private parts: a whole one, for what is public may share a few letters."""
    body = b"".join(line for line in pem.splitlines() if line and not line.startswith(b"-----"))
    der = base64.b64decode(body)
    found: dict[bytes, str] = {}
    for part in private_parts(pem):
        start = der.find(part[:CHUNK])
        if start >= 0:
            letters = body[-(-start // 3) * 4 : (start + len(part)) // 3 * 4]
            found.update({letters[at : at + 24]: "PEM" for at in range(0, len(letters) - 23, 8)})
    return found


@dataclass
class Canaries:
    secrets: dict[str, dict[bytes, str]] = field(default_factory=dict)
    homes: dict[str, set[Path]] = field(default_factory=dict)
    #: files that were read, as they were then -> whether they are private keys
    _seen: dict[tuple[Path, int, int, int], bool] = field(default_factory=dict)

    def add(self, name: str, secret: str | bytes, homes: t.Iterable[Path] = ()) -> None:
        self.secrets.setdefault(name, {}).update(forms(secret))
        self.homes.setdefault(name, set()).update(path.resolve() for path in homes)

    def add_private_key(self, name: str, pem: bytes, homes: t.Iterable[Path] = ()) -> None:
        for part in private_parts(pem):
            self.add(name, part, homes)
            self.secrets[name].update({str(int.from_bytes(part, "big")).encode(): "number"})
        self.secrets[name].update(key_lines(pem))

    def adopt(self, folders: t.Iterable[Path]) -> list[Path]:
        """Every file below that is a private key becomes a canary whose homes are the files with that very key."""
        found = []
        for path in sorted(one for folder in folders for one in folder.rglob("*") if one.is_file()):
            try:
                status = path.stat()
                mark = (path, status.st_ino, status.st_mtime_ns, status.st_size)
                if mark in self._seen:
                    found += [path] if self._seen[mark] else []
                    continue
                content = path.read_bytes()
            except OSError:
                continue
            is_key = _PRIVATE_KEY.search(content) is not None
            if not is_key and len(content) == status.st_size:
                self._seen[mark] = False
            if not is_key:
                continue
            found.append(path)
            parts = b"".join(private_parts(content[content.index(b"-----BEGIN") :]))
            self.add_private_key(f"private key {parts.hex()[:8]}", content, [path])
            self._seen[mark] = True
        return found

    def found(self, places: t.Iterable[Path]) -> list[Leak]:
        """Where a canary is that is not at home, by grep: all needles at once, in whatever file."""
        owners: dict[bytes, list[tuple[str, str]]] = {}
        for name, needles in self.secrets.items():
            for needle, form in needles.items():
                owners.setdefault(needle, []).append((name, form))
        existing = [str(place) for place in places if place.exists()]
        if not owners or not existing:
            return []
        process = subprocess.run(
            ["grep", "-raoF", "--null", "-f", "-", *existing, "/dev/null"],
            input=b"\n".join(owners) + b"\n",
            capture_output=True,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            check=False,
        )
        assert process.returncode in (0, 1), process.stderr
        leaks = set()
        for line in process.stdout.splitlines():
            place, _mark, needle = line.partition(b"\0")
            path = Path(place.decode("utf-8", "surrogateescape")).resolve()
            leaks |= {Leak(name, form, path) for name, form in owners[needle] if path not in self.homes[name]}
        return sorted(leaks)
