# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a signing request as the seller does: it must hold exactly the names of the order."""

from __future__ import annotations

import typing as t

from lab import signing_request
from lab.refusal import Refused
from lab.signing_request import PublicKey

WORDS = {
    signing_request.UNREADABLE: "CSRを読み取れません。",
    signing_request.FORGED: "CSRの署名が正しくありません。",
    signing_request.OTHER_NAMES: "CSRのsubjectAltNameにはDNS名のみ指定できます。",
    signing_request.WEAK_KEY: "CSRの公開鍵は、RSA 2048〜4096ビット、またはECDSA P-256、P-384である必要があります。",
}


def read(pem: str, common_name: str, names: t.Collection[str]) -> PublicKey:
    try:
        request = signing_request.read(pem)
    except signing_request.Invalid as error:
        raise invalid(WORDS[str(error)]) from None
    if request.common_names not in ((), (common_name,)):
        raise invalid(f"CSRのコモンネーム（{'、'.join(request.common_names)}）がお申し込みと一致しません。")
    if request.names != set(names):
        differing = "、".join(sorted(request.names ^ set(names)))
        raise invalid(f"CSRに含まれる名前がお申し込みと一致しません（{differing}）。")
    return request.key


def invalid(message: str) -> Refused:
    return Refused(400, "invalid_csr", message)
