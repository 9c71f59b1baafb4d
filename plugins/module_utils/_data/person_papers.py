# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Papers that a CA may ask of an applicant, and what makes one too old. Papers themselves are kept nowhere.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class Paper(t.NamedTuple):
    """A paper, or one of several that do (the same ``group``).

    form      copy or original
    year      first or later: only in the year in which the organization was opened, or after it
    months    not older than so many months; valid: inside the validity that is printed on it; newest: the last one
    to        to whom it goes
    """

    key: str
    what: str
    what_ja: str
    seller: str
    facts: tuple[str, ...]
    form: str = "copy"
    kinds: tuple[str, ...] = ()
    year: str = ""
    months: int | None = None
    valid: bool = False
    newest: bool = False
    group: str = ""
    to: str = ""


_SOLE = ("sole_proprietor",)
_IDCF = ("IDCF-7",)

PAPERS: tuple[Paper, ...] = (
    Paper(
        "idcf-opening",
        "notice of opening the business, with the office's stamp",
        "個人事業の開廃業届出書または事業開始等の申告書 (受付印のあるもの)",
        "idcf",
        _IDCF,
        kinds=_SOLE,
        year="first",
    ),
    Paper(
        "idcf-tax",
        "last year's return of income (or consumption) tax, with trade name and stamp",
        "前年の所得税 (または消費税) の確定申告書 (屋号の記載と受付印のあるもの)",
        "idcf",
        _IDCF,
        kinds=_SOLE,
        year="later",
    ),
    Paper("idcf-licence", "driving licence", "運転免許証", "idcf", _IDCF, kinds=_SOLE, valid=True, group="identity"),
    Paper("idcf-passport", "passport", "パスポート", "idcf", _IDCF, kinds=_SOLE, valid=True, group="identity"),
    Paper(
        "idcf-insurance",
        "health-insurance card",
        "健康保険証",
        "idcf",
        _IDCF,
        kinds=_SOLE,
        valid=True,
        group="identity",
    ),
    Paper(
        "idcf-residence",
        "certificate of residence, without My Number",
        "住民票の写し (マイナンバーの記載のないもの)",
        "idcf",
        _IDCF,
        form="original",
        kinds=_SOLE,
        months=3,
        group="identity",
    ),
    Paper(
        "idcf-foreigner",
        "certificate of the foreigner registration",
        "外国人登録原票記載事項証明書",
        "idcf",
        _IDCF,
        form="original",
        kinds=_SOLE,
        months=3,
        group="identity",
    ),
    Paper(
        "idcf-phone-bill",
        "telephone bill, not one from the web (without it the CA sends a telegram to an address that it has verified)",
        "電話料金の請求書 (Webからダウンロードしたものは不可。ない場合は認証局が確認した住所へ電報が届く)",
        "idcf",
        _IDCF,
        kinds=_SOLE,
        newest=True,
    ),
    Paper(
        "jprs-existence",
        "documents of the legal existence, as the reseller asks for them",
        "組織の法的実在性を証明する書類 (指定事業者の案内によるもの)",
        "jprs",
        ("JPRS-12",),
        kinds=("voluntary_association", "sole_proprietor"),
    ),
    Paper(
        "jprs-number",
        "a document that proves the phone number, where no third-party database has it",
        "電話番号を証明する書類 (第三者データベースに登録がない場合)",
        "jprs",
        ("JPRS-12",),
    ),
    Paper(
        "iij-asked",
        "documents that the CA asks for, if any",
        "認証局から依頼された書類 (ある場合)",
        "iij",
        ("IIJ-14", "IIJ-17"),
        to="IIJの営業担当",
    ),
)
