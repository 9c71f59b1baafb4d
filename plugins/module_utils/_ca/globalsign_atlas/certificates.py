# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates at Atlas: read by serial number, their chain, and the one that a lost order may have made.

Serial numbers are compared as integers: Atlas and its clients write them with and without leading zeros. Nothing at
Atlas bears a reference of ours, so a lost one is known by its public key and names among all that were issued since.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import (
    has_key_of,
    is_for,
    is_issued_by,
    pem_blocks,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued, OrderRequest, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.network import (
    Call,
    Network,
    answer_unusable,
    is_gone,
    listed,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.atlas_words import CERTIFICATE_WORDS

__all__ = ["CertificateInfo", "Certificates", "serial_number"]

#: The list is asked for from this long before the intent, to this long after now: clocks differ, and an issuer may date
#: a certificate back.
_SLACK = timedelta(hours=2)
#: Users of the API tell that a list of more than 30 days is refused.
_WINDOW = timedelta(days=28)
_HEX = re.compile(r"[0-9A-Fa-f]{1,64}")


def serial_number(text: object) -> int | None:
    return int(text, 16) if isinstance(text, str) and _HEX.fullmatch(text) else None


@dataclass(frozen=True)
class CertificateInfo:
    """pem: "" until it is made. status: as of the order. word: Atlas's."""

    status: Status
    word: str
    pem: str = ""
    retry_after: float | None = None


class Certificates:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._chain: tuple[str, ...] = ()
        #: what a search has read, for the next one
        self._seen: dict[int, CertificateInfo] = {}

    def show(self, serial: int) -> CertificateInfo:
        """Raises RefusedError (404) where Atlas has none by that number, as it says for a moment of new ones."""
        answer = self._network.ask(Call("GET", f"/certificates/{serial:X}", "look at a certificate", good=(200, 202)))
        if answer.status == 202:
            return CertificateInfo(Status.ISSUING, "202", retry_after=answer.retry_after)
        fields = answer.data if isinstance(answer.data, dict) else {}
        text, word = fields.get("certificate"), fields.get("status")
        if not isinstance(text, str) or not isinstance(word, str):
            raise answer_unusable("there is no certificate in it", f"status {word!r}")
        status = Status(CERTIFICATE_WORDS.get(word, Status.UNKNOWN.value))
        return CertificateInfo(status, escaped(word, 100), pem_blocks(text)[0])

    def issued(self, serial: int, request: OrderRequest) -> Issued:
        info = self.show(serial)
        if not info.pem:
            raise RefusedError(
                code="atlas_not_issued",
                what="The certificate is not there yet",
                where=f"certificate {serial:X}",
                why=f"Atlas says {info.word}",
                todo="Run again",
                retryable=True,
            )
        if request.csr_pem and not has_key_of(request.csr_pem, [info.pem]):
            raise ProtocolError(
                code="atlas_other_key",
                what="Atlas sent a certificate for another key",
                where=f"certificate {serial:X}",
                why="its public key is not the one of our CSR",
                todo="Do not deploy it; tell GlobalSign",
            )
        return Issued(info.pem, self._chain_of(info.pem))

    def _chain_of(self, leaf: str) -> tuple[str, ...]:
        """Asked when the certificate is there, for the issuing CA may have changed since the order; once for those of
        the same issuer."""
        if not _has_issuer(leaf, self._chain):
            data = self._network.ask(Call("GET", "/trustchain", "read the trust chain")).data
            texts = [one for one in listed(data, "trust chain") if isinstance(one, str)]
            self._chain = tuple(pem_blocks(*texts))
        if not _has_issuer(leaf, self._chain):
            raise RefusedError(
                code="atlas_other_chain",
                what="Atlas's trust chain is not that of the certificate",
                where=self._network.where,
                why="no certificate of it bears the name of the issuer",
                todo="Run again; if it stays, ask GlobalSign for the chain of the CA that issued it",
                retryable=True,
            )
        return self._chain

    def find(
        self, request: OrderRequest, known: t.Collection[int], since: datetime
    ) -> tuple[int, CertificateInfo] | None:
        """Newest first. One that is listed and cannot be read yet may be ours: then it is asked anew."""
        waiting = []
        for serial in self._issued_since(since):
            if serial in known:
                continue
            info = self._read(serial)
            if info is None:
                waiting.append(serial)
            elif is_for(request.csr_pem, request.dns_names, info.pem):
                return serial, info
        if waiting:
            raise answer_unusable(
                "a certificate that was issued since cannot be read yet",
                f"it may be the lost one: {', '.join(f'{one:X}' for one in waiting[:3])}",
                "atlas_not_told_yet",
            )
        return None

    def _issued_since(self, since: datetime) -> list[int]:
        """The newest first; a window at a time, for Atlas lists no long ones."""
        now = self._network.now()
        start, end = since - _SLACK, now + _SLACK
        found: list[int] = []
        while start < end:
            to = min(start + _WINDOW, end)
            path = f"/stats/issued?from={int(start.timestamp())}&to={int(to.timestamp())}"
            found += [self._serial_of(row) for row in self._network.every(path, "list what was issued")]
            start = to
        return list(dict.fromkeys(reversed(found)))

    def _serial_of(self, row: object) -> int:
        serial = serial_number(row.get("serial_number")) if isinstance(row, dict) else None
        if serial is None:
            raise answer_unusable("an entry of what was issued has no serial number", escaped(repr(row), 200))
        return serial

    def _read(self, serial: int) -> CertificateInfo | None:
        """None: not there yet."""
        if serial not in self._seen:
            try:
                info = self.show(serial)
            except RefusedError as refusal:
                if not is_gone(refusal):
                    raise
                return None
            if not info.pem:
                return None
            self._seen[serial] = info
        return self._seen[serial]


def _has_issuer(leaf: str, chain: t.Sequence[str]) -> bool:
    return any(is_issued_by(leaf, one) for one in chain)
