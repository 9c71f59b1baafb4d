# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's own rows for the catalogue (``inkan_products``, ``inkan_sellers``), read into the row types. Pure.

The row types are the description: each field is read as what it is declared as, and every wrong one is named
(``products.my-dv.contacts[0].levels``). A product may be ``like`` another one: what it says takes the place of that
one's, a table as a whole.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields, nearest
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    TABLES,
    WORDS,
    MethodOffer,
    Product,
    Seller,
)
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import METHOD_RULES

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: more than any certificate, term or window has
_LARGEST = 100_000
#: without these an item of the product could not be judged
_NEEDED = ("names", "custody", "renewal", "validity")
_RULES = tuple(rule.id for rule in METHOD_RULES)
#: words that are not in ``WORDS`` because other data has them
_MORE_WORDS: dict[type, dict[str, tuple[str, ...]]] = {MethodOffer: {"rules": _RULES}}


class Catalogue(t.NamedTuple):
    sellers: dict[str, Seller]
    products: dict[str, Product]


def read_catalogue(raw_products: t.Any, raw_sellers: t.Any, known: Catalogue, errors: InputCollector) -> Catalogue:
    """``known`` and the user's own; a key of ``known`` is not taken again."""
    sellers = dict(known.sellers)
    for key, raw in _entries(raw_sellers, "sellers", known.sellers, errors):
        sellers[key] = _seller(key, raw, errors)
    products = dict(known.products)
    for key, raw in _entries(raw_products, "products", known.products, errors):
        product = _product(key, raw, products, errors)
        if product is not None:
            _judge_product(product, sellers, errors)
            products[key] = product
    return Catalogue(sellers, products)


def _entries(
    raw: t.Any, option: str, known: t.Mapping[str, t.Any], errors: InputCollector
) -> t.Iterator[tuple[str, t.Any]]:
    """A dictionary by key; what is not one is complained of."""
    if raw is None:
        return
    if not isinstance(raw, dict):
        Fields(raw, where=f"option {option}", path=option, errors=errors)
        return
    for key, value in raw.items():
        fields = Fields({}, where=f'{option[:-1]} "{key}"', path=option, errors=errors)
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            fields.wrong("", key, "a key has 1 to 64 characters of a-z, 0-9 and -, and begins with none of the latter")
        elif key in known:
            instead = f"and say like: {key}" if option == "products" else f"or name {key} as seller of your products"
            fields.wrong("", key, "the catalogue has this key", f"Choose another, {instead}")
        else:
            yield key, value


def _seller(key: str, raw: t.Any, errors: InputCollector) -> Seller:
    fields = Fields(raw, where=f'seller "{key}"', path=f"sellers.{key}", errors=errors)
    found = Seller(key, fields.text("title") or key, fields.text("source") or "inkan_sellers")
    fields.close()
    return found


def _product(key: str, raw: t.Any, known: t.Mapping[str, Product], errors: InputCollector) -> Product | None:
    fields = Fields(raw, where=f'product "{key}"', path=f"products.{key}", errors=errors)
    like = fields.text("like")
    base = known.get(like) if like is not None else None
    if like is not None and base is None:
        fields.wrong("like", like, "there is no such product", nearest(like, known))
        return None
    values: dict[str, t.Any] = base._asdict() if base is not None else {}
    given = {table: row_type for table, row_type in TABLES.items() if fields.given(table)}
    rows = {table: tuple(_row(row_type, one, key) for one in fields.items(table)) for table, row_type in given.items()}
    values.update(rows)
    values.update(_plain(Product, fields, key, has_base=base is not None))
    values["key"] = key
    fields.close()
    lacks = [name for name in Product._fields if name not in values and name not in Product._field_defaults]
    if lacks or any(None in table for table in rows.values()):
        return None  # each was complained of
    product = Product(**values)
    missing = [table for table in _NEEDED if not getattr(product, table)]
    if missing:
        fields.wrong(missing[0], None, f"a product needs rows of: {', '.join(_NEEDED)}", "Add it, or say like")
        return None
    return product


def _row(row_type: type, fields: Fields, key: str) -> t.Any:
    """None: it lacks something, which was complained of."""
    values = _plain(row_type, fields, key, has_base=False)
    fields.close()
    needed = set(row_type._fields) - set(row_type._field_defaults)  # type: ignore[attr-defined]
    return row_type(**values) if needed <= values.keys() else None


def _plain(row_type: type, fields: Fields, key: str, has_base: bool) -> dict[str, t.Any]:
    """The fields of a row that are no tables; those that must be there are, or were complained of."""
    values: dict[str, t.Any] = {}
    defaults: dict[str, t.Any] = row_type._field_defaults  # type: ignore[attr-defined]
    stands_for = {"facts": (f"inkan_products {key}",), "source": "inkan_products", "rules": ()}
    for name, kind in field_kinds(row_type).items():
        if (row_type is Product and name == "key") or (row_type is Product and name in TABLES):
            continue
        if fields.given(name):
            words = {**_MORE_WORDS.get(row_type, {}), **WORDS.get(row_type, {})}.get(name)
            values[name] = _READERS[kind](fields, name, words)
        elif has_base or name in defaults:
            continue
        elif name in stands_for:
            values[name] = stands_for[name]
        elif "None" not in kind:
            fields.wrong(name, None, "it is needed")
        else:
            values[name] = None
    return values


def field_kinds(row_type: type) -> dict[str, str]:
    """Field → its annotation as it is written: ``tuple[str, ...]``."""
    return {name: str(getattr(kind, "__forward_arg__", kind)) for name, kind in row_type.__annotations__.items()}


# -- a reader for each kind of field ----------------------------------------------------------------------------------

_Words = t.Optional[tuple[str, ...]]


def _text(fields: Fields, name: str, words: _Words) -> str:
    if words is not None:
        return fields.one_of(name, words, words[0])
    return fields.text(name) or ""


def _texts(fields: Fields, name: str, words: _Words) -> tuple[str, ...]:
    found = fields.texts(name)
    for wrong in [text for text in found if words is not None and text not in words]:
        fields.wrong(name, wrong, "it is no word of this field", nearest(wrong, words or ()))
    return found


def _flag(fields: Fields, name: str, _words: _Words) -> bool:
    return fields.flag(name, False)


def _number(fields: Fields, name: str, _words: _Words) -> int:
    if name == "utc_offset":
        return _offset(fields, name)
    return fields.number(name, 0, 0, _LARGEST)


def _offset(fields: Fields, name: str) -> int:
    value = fields.raw(name)
    if isinstance(value, int) and not isinstance(value, bool) and -12 <= value <= 14:
        return value
    fields.wrong(name, value, "whole hours from -12 to 14 are needed")
    return 0


def _day(fields: Fields, name: str, _words: _Words) -> date | None:
    found = fields.time(name)
    return found.date() if found is not None else None


def _records(fields: Fields, name: str, _words: _Words) -> tuple[tuple[str, str, str], ...]:
    found = []
    for record in fields.items(name):
        parts = tuple(record.text(part) or "" for part in ("name", "type", "value"))
        record.close()
        if not all(parts):
            record.wrong("", None, "name, type and value are needed")
        found.append(t.cast(tuple[str, str, str], parts))
    return tuple(found)


_Reader = t.Callable[[Fields, str, _Words], t.Any]
_READERS: dict[str, _Reader] = {
    "str": _text,
    "str | None": _text,
    "tuple[str, ...]": _texts,
    "bool": _flag,
    "int": _number,
    "int | None": _number,
    "date | None": _day,
    "tuple[tuple[str, str, str], ...]": _records,
}


# -- what a whole product must be -------------------------------------------------------------------------------------


def _judge_product(product: Product, sellers: t.Mapping[str, Seller], errors: InputCollector) -> None:
    fields = Fields({}, where=f'product "{product.key}"', path=f"products.{product.key}", errors=errors)
    if product.seller not in sellers:
        fields.wrong("seller", product.seller, "there is no such seller", nearest(product.seller, sellers))
    for number, offer in enumerate(product.methods):
        place = f"methods[{number}]"
        if not offer.rules:
            fields.wrong(f"{place}.rules", None, "which methods of the Baseline Requirements can it be?")
        if bool(offer.records) != (offer.places == "record") or bool(offer.files) != (offer.places == "file"):
            fields.wrong(
                f"{place}.places", offer.places, "records go with record, files with file, nothing else has any"
            )
    if any(offer.places == "mail" for offer in product.methods) != bool(product.contacts):
        fields.wrong("contacts", None, "a method that places a mail and rows of contacts go together")
    for number, contact in enumerate(product.contacts):
        if bool(contact.local_parts) != (contact.kind == "constructed"):
            fields.wrong(f"contacts[{number}].local_parts", None, "they go with the kind constructed")
    methods = {offer.method for offer in product.methods}
    for number, link in enumerate(product.links):
        if not {link.method, link.without} <= methods:
            fields.wrong(
                f"links[{number}]",
                {"method": link.method, "without": link.without},
                "both are needed among the methods of the product",
                "Say links of its own, [] for none, if those of its like do not fit its methods",
            )
