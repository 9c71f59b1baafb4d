# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sold, and what an order must look like to be taken. Pure: nothing is looked up here."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from lab.refusal import Refused

from . import addresses

METHODS = ("mail", "file", "dns", "registrar")


class Product(t.NamedTuple):
    sold_as: str
    methods: tuple[str, ...]
    most_names: int
    #: True: the common name must be a wildcard, False: no name may be, None: as the buyer likes
    wildcard: bool | None


PRODUCTS: t.Mapping[str, Product] = {
    "dv": Product("JPRS サーバー証明書 ドメイン認証型", ("mail", "file", "registrar"), 2, False),
    "dv_wildcard": Product("JPRS サーバー証明書 ドメイン認証型 ワイルドカード", ("mail", "registrar"), 2, True),
    "flex": Product("DigiCert ドメイン認証 フレックス", ("mail", "dns", "file"), 100, None),
}


@dataclass(frozen=True)
class Application:
    """What POST /orders says, read."""

    partner_order_id: str
    product: str
    csr: str
    common_name: str
    names: tuple[str, ...]
    double_address: bool
    method: str
    address: str
    contact: str

    @property
    def has_wildcard(self) -> bool:
        return any(name.startswith("*.") for name in self.names)


def broken(message: str) -> Refused:
    return Refused(400, "broken_request", message)


def read(document: object) -> Application:
    if not isinstance(document, dict):
        raise broken("リクエストはJSONオブジェクトで送信してください。")
    auth = document.get("auth")
    if not isinstance(auth, dict):
        raise broken("auth がありません。")
    names = document.get("names")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise broken("names には1つ以上のコモンネームを配列で指定してください。")
    double_address = document.get("double_address", False)
    if not isinstance(double_address, bool):
        raise broken("double_address は true または false で指定してください。")
    partner_order_id = _text(document, "partner_order_id")
    if not 1 <= len(partner_order_id) <= 32:
        raise broken("partner_order_id は1文字以上32文字以内で指定してください。")
    return Application(
        partner_order_id=partner_order_id,
        product=_text(document, "product"),
        csr=_text(document, "csr"),
        common_name=_text(document, "common_name"),
        names=tuple(names),
        double_address=double_address,
        method=_text(auth, "method"),
        address=_text(auth, "address", ""),
        contact=_text(auth, "contact", "address"),
    )


def _text(document: dict[str, t.Any], key: str, default: str | None = None) -> str:
    value = document.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise broken(f"{key} は文字列で指定してください。")
    return value


RegisteredDomain = t.Callable[[str], t.Optional[str]]


def judge(application: Application, registered_domain: RegisteredDomain) -> None:
    """Refuse what the manual does not allow, by what the order itself says."""
    product = PRODUCTS.get(application.product)
    if product is None:
        raise Refused(400, "unknown_product", f"商品 {application.product} の取り扱いはありません。")
    if application.method not in product.methods:
        raise Refused(
            400, "method_not_offered", f"{product.sold_as}では認証方法 {application.method} をご利用いただけません。"
        )
    _judge_each_name(application, registered_domain)
    if application.has_wildcard and product.wildcard is False:
        raise Refused(400, "wildcard_not_allowed", f"{product.sold_as}ではワイルドカードをご利用いただけません。")
    if application.has_wildcard and application.method == "file":
        raise Refused(400, "wildcard_not_allowed", "ワイルドカードの場合、ファイル認証はご利用いただけません。")
    if product.wildcard and not application.common_name.startswith("*."):
        raise Refused(400, "invalid_name", f"{product.sold_as}のコモンネームは「*.」で始めてください。")
    if len(application.names) > (product.most_names if application.double_address or product.wildcard is None else 1):
        raise Refused(400, "too_many_names", f"{product.sold_as}で指定できる名前の数を超えています。")
    if product.wildcard is not None:
        _judge_double_address(application, registered_domain)


def _judge_each_name(application: Application, registered_domain: RegisteredDomain) -> None:
    if application.names[0] != application.common_name:
        raise Refused(400, "invalid_name", "names の先頭はコモンネームと一致する必要があります。")
    if len(set(application.names)) != len(application.names):
        raise Refused(400, "invalid_name", "names に同じ名前が重複しています。")
    for name in application.names:
        if not addresses.is_name(name):
            raise Refused(400, "invalid_name", f"{name} はコモンネームとして使用できません。")
        if registered_domain(addresses.bare(name)) is None:
            raise Refused(400, "invalid_name", f"{name} のドメイン名はレジストリに登録されていません。")


def _judge_double_address(application: Application, registered_domain: RegisteredDomain) -> None:
    registered = registered_domain(addresses.bare(application.common_name)) or ""
    other = addresses.counterpart(application.common_name, registered)
    wanted = (application.common_name, other) if application.double_address else (application.common_name,)
    if application.names != wanted:
        raise Refused(
            400, "invalid_name", f"ダブルアドレスの指定と名前が一致しません。指定できる名前: {'、'.join(wanted)}"
        )
