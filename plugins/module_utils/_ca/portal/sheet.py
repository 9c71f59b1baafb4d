# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application sheet: all that a person types in at a portal, under the labels that stand there.

One sheet, three forms: Markdown, HTML (to print; everything is escaped) and CSV (for a spreadsheet, with the mark that
lets one read UTF-8 and no cell that one would calculate). The same order gives the same bytes.

This file is private to the collection.
"""

from __future__ import annotations

import csv
import html
import io
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import FIELDS, Portal

__all__ = ["Sheet", "as_csv", "as_html", "as_markdown", "dn_of", "sheet_of", "value_of"]

_LONGEST = 4000
_KINDS = {OrderKind.NEW: "新規", OrderKind.RENEW: "更新", OrderKind.REISSUE: "再発行"}
_METHODS = {
    "email": "メール認証",
    "file": "ファイル認証",
    "registrar": "ドメイン名管理指定事業者との連携 (メール認証なし)",
    "brought": "持ち込み証明書",
}
_ADDITIONS = (
    ("double_address", "ダブルアドレスオプション"),
    ("www_option", "wwwオプション"),
    ("same_account", "同一アカウントでのドメイン認証の省略"),
)
_CONTACTS = {"txt": "DNS TXTの連絡先", "caa": "CAAの連絡先"}
_BY_SELLER = "サーバー会社が作成 (CSRの提出なし)"
_DN_WORDS = {"countryName": "C", "stateOrProvinceName": "ST", "localityName": "L", "organizationName": "O"}


class Line(t.NamedTuple):
    label: str
    value: str


class Block(t.NamedTuple):
    title: str
    lines: tuple[Line, ...]


class Sheet(t.NamedTuple):
    """csr: its PEM, "" where the seller makes the key. head: whose portal, where to go, by when."""

    title: str
    head: tuple[Line, ...]
    blocks: tuple[Block, ...]
    csr: str


def sheet_of(portal: Portal, request: OrderRequest, owner: str, due: str) -> Sheet:
    labels = dict(portal.labels)
    keys = portal.ov_fields if is_of_organization(request) else portal.fields
    blocks: dict[str, list[Line]] = {}
    for field in FIELDS:
        value = _shown(field.source, request) if field.key in keys and field.key != "csr" else ""
        value = dict(portal.products).get(value, value) if field.key == "product" else value
        if value:
            blocks.setdefault(field.group, []).append(Line(labels.get(field.key, field.label), value))
    csr = request.csr_pem.strip() if "csr" in keys else ""
    if not request.csr_pem and "csr" in keys:
        blocks.setdefault("技術情報", []).append(Line("CSR", _BY_SELLER))
    menu = (portal.renew or portal.apply) if request.kind is not OrderKind.NEW else portal.apply
    head = [Line("申込先", portal.title), Line("URL", portal.url), Line("メニュー", menu)]
    head += [Line("担当", owner), Line("期限", due), Line("お客様管理番号", request.reference)]
    return Sheet(
        f"申込書 {request.common_name}",
        tuple(line for line in head if line.value),
        tuple(Block(title, tuple(lines)) for title, lines in blocks.items()),
        csr,
    )


def is_of_organization(request: OrderRequest) -> bool:
    """OV or EV: the level is told with the order, for users have products of their own."""
    return request.options.get("validation_level") in ("ov", "ev")


def dn_of(request: OrderRequest, csr: CsrFacts | None = None) -> dict[str, str]:
    """C, ST, L and O: as the CSR has them, else as declared."""
    if csr is not None:
        return dict(csr.subject)
    return {
        _DN_WORDS.get(str(key), str(key)): str(value) for key, value in _mapping(request.options, "subject").items()
    }


def value_of(source: str, request: OrderRequest) -> str:
    """The value of a field as text of one line; "" where nothing is known."""
    return escaped(" ".join(_shown(source, request).split()), _LONGEST)


def _shown(source: str, request: OrderRequest) -> str:
    room, _dot, key = source.partition(".")
    if room in ("options", "dn", "organization", "responsible", "technical", "billing"):
        return _text(_room(room, request).get(key))
    found: dict[str, t.Callable[[], str]] = {
        "kind": lambda: _kind(request),
        "product": lambda: request.product,
        "addition": lambda: "、".join(word for option, word in _ADDITIONS if request.options.get(option)),
        "reference": lambda: request.reference,
        "common_name": lambda: request.common_name,
        "dns_names": lambda: "、".join(request.dns_names),
        "method": lambda: _METHODS.get(request.method, request.method),
        "contact": lambda: _contact(request),
    }
    return _text(found[source]()) if source in found else ""


def _kind(request: OrderRequest) -> str:
    if request.replaces is None or request.kind is OrderKind.NEW:
        return _KINDS[OrderKind.NEW] if not request.options.get("switch_from") else "乗換え"
    return f"{_KINDS[request.kind]} (現在の証明書のシリアル番号 {request.replaces.serial})"


def _contact(request: OrderRequest) -> str:
    contact = _mapping(request.options, "contact")
    address = _text(contact.get("address"))
    kind = _CONTACTS.get(str(contact.get("kind")), "")
    return f"{address} ({kind})" if address and kind else address


def _room(room: str, request: OrderRequest) -> t.Mapping[str, t.Any]:
    if room == "options":
        return request.options
    if room == "dn":
        return dn_of(request)
    applicant = _mapping(request.options, "applicant")
    if room == "organization":
        return applicant
    person = applicant.get(room)
    return person if isinstance(person, dict) else {"name": person} if isinstance(person, str) else {}


def _mapping(of: t.Mapping[str, t.Any], key: str) -> t.Mapping[str, t.Any]:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return (
        escaped(" ".join(str(value).split()), _LONGEST) if isinstance(value, (str, int)) and value is not True else ""
    )


# -- forms ------------------------------------------------------------------------------------------------------------


def as_markdown(sheet: Sheet) -> str:
    parts = [f"# {_md(sheet.title)}\n", _md_table(sheet.head)]
    parts += [f"## {_md(block.title)}\n\n{_md_table(block.lines)}" for block in sheet.blocks]
    if sheet.csr:
        parts.append(f"## CSR\n\n```\n{sheet.csr}\n```\n")
    return "\n".join(parts)


def _md_table(lines: t.Iterable[Line]) -> str:
    rows = [f"| {_md(line.label)} | {_md(line.value)} |" for line in lines]
    return "\n".join(["| 項目 | 内容 |", "|---|---|", *rows, ""])


def _md(text: str) -> str:
    """No text ends a cell, opens a link or is HTML."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#!" else letter for letter in text.replace("&", "&amp;"))


_STYLE = (
    "body{font-family:sans-serif;line-height:1.5;margin:2em auto;max-width:60em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid;padding:.3em .6em;text-align:left;"
    "overflow-wrap:anywhere}th{width:16em;font-weight:normal}pre{border:1px solid;padding:1em;overflow-x:auto}"
)


def as_html(sheet: Sheet) -> str:
    body = [f"<h1>{_h(sheet.title)}</h1>", _html_table(sheet.head)]
    body += [f"<h2>{_h(block.title)}</h2>\n{_html_table(block.lines)}" for block in sheet.blocks]
    if sheet.csr:
        body.append(f"<h2>CSR</h2>\n<pre>{_h(sheet.csr)}</pre>")
    head = (
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>{_h(sheet.title)}</title>'
    )
    inner = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="ja">\n<head>\n{head}\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n{inner}\n</main>\n</body>\n</html>\n"
    )


def _html_table(lines: t.Iterable[Line]) -> str:
    rows = [f'<tr><th scope="row">{_h(line.label)}</th><td>{_h(line.value)}</td></tr>' for line in lines]
    return "\n".join(["<table>", *rows, "</table>"])


def _h(text: str) -> str:
    return html.escape(text, quote=True)


def as_csv(sheet: Sheet) -> str:
    """RFC 4180. A cell that a spreadsheet would calculate gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["区分", "項目", "内容"])
    for title, lines in [("申込書", sheet.head), *((block.title, block.lines) for block in sheet.blocks)]:
        writer.writerows([_cell(title), _cell(line.label), _cell(line.value)] for line in lines)
    if sheet.csr:
        writer.writerow(["技術情報", "CSR", _cell(sheet.csr, is_pem=True)])
    return "\ufeff" + out.getvalue()


def _cell(text: str, *, is_pem: bool = False) -> str:
    calculates = text[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_pem
    return f"'{text}" if calculates else text
