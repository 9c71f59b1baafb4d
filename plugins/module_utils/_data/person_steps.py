# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that no machine can do: when they are due, who is reminded, who hears of it when they are late.

Days that no document says are ours, and rows with them say ``ours``. Other facts are ids of ``facts.py``.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class PersonStep(t.NamedTuple):
    """A kind of step.

    days            due so many days after the order, where the seller's documents name no day
    remind          so many days before it is due the owner is reminded; escalate: so many days after, others are told
    derived         it follows from what the ledger knows, and no row of the catalogue names it
    """

    kind: str
    title: str
    title_ja: str
    days: int
    remind: tuple[int, ...]
    escalate: tuple[int, ...]
    facts: tuple[str, ...]
    derived: bool = False


KINDS: tuple[PersonStep, ...] = (
    PersonStep("call", "phone call", "電話確認", 14, (7, 1), (1, 7), ("IIJ-14", "IIJ-15")),
    PersonStep("colleague_call", "phone call to a colleague", "電話確認 (在籍)", 14, (7, 1), (1, 7), ("IDCF-6",)),
    PersonStep("papers", "documents", "書類の提出", 14, (7, 1), (1, 7), ("IIJ-14", "IIJ-17")),
    PersonStep("ev_mail", "mail to the person responsible", "申請責任者への確認メール", 14, (7, 1), (1,), ("IIJ-16",)),
    PersonStep("intent_mail", "mail about the will to apply", "申込意思の確認メール", 7, (1,), (1,), ("IIJ-15",)),
    PersonStep("portal", "work at the portal", "ポータルでの手続き", 7, (3, 1), (1, 7), ("ours",), derived=True),
    PersonStep(
        "refusal", "answer about a refusal", "非承認理由の回答", 3, (1,), (1,), ("CPI-11", "CPI-12"), derived=True
    ),
    PersonStep(
        "correction",
        "correction of the declaration",
        "申請内容の訂正",
        3,
        (1,),
        (1, 7),
        ("CPI-11", "ours"),
        derived=True,
    ),
    PersonStep("cancel", "end of the contract", "解約手続き", 0, (30, 7, 1), (1,), ("IIJ-11",), derived=True),
)
STEPS: dict[str, PersonStep] = {one.kind: one for one in KINDS}
#: for a task of an adapter's own
OTHER = STEPS["portal"]


class CallRule(t.NamedTuple):
    """What a CA's call is like. number_from: whence it has the number; asks: about what. seller, level: "" for any."""

    number_from: str
    number_from_ja: str
    asks: tuple[str, ...]
    asks_ja: tuple[str, ...]
    facts: tuple[str, ...]
    seller: str = ""
    level: str = ""


#: the first that fits counts
CALLS: tuple[CallRule, ...] = (
    CallRule(
        "the main number under the applied organization name in 帝国データバンク (COSMOSNET) or 東京商工リサーチ"
        " (tsr-van2)",
        "帝国データバンク (COSMOSNET) または東京商工リサーチ (tsr-van2) に申請組織名で登録された代表電話番号",
        ("the employment of the person responsible", "the will to apply"),
        ("申請責任者の在籍", "申請の意思"),
        ("IIJ-15",),
        seller="iij",
    ),
    CallRule(
        "the organization's number in a third-party database; where none has it, a document has to prove it",
        "第三者データベースに登録された組織の電話番号 (登録がなければ番号を証明する書類)",
        ("the common name", "the employment of the person responsible", "the will and the authority to apply"),
        ("コモンネーム", "申請責任者の在籍", "申請の意思と権限"),
        ("JPRS-12",),
        seller="jprs",
    ),
    CallRule(
        "the organization's main number in a third-party database",
        "第三者データベースに登録された組織の代表電話番号",
        ("somebody else than the person responsible is asked first: whether that person works there",),
        ("最初に申請責任者以外の方へ、申請責任者の在籍",),
        ("IDCF-6",),
        seller="idcf",
        level="ev",
    ),
    CallRule(
        "the organization's main number in a third-party database",
        "第三者データベースに登録された組織の代表電話番号",
        ("the application",),
        ("申請の内容",),
        ("IDCF-6",),
        seller="idcf",
    ),
    CallRule("the documents do not say: ask the CA", "資料に記載なし (認証局に確認)", (), (), ("ours",)),
)


class MailRule(t.NamedTuple):
    """When an approval mail that did not come is an alarm: so many days after the order, by seller ("" for all others).

    may_skip    at a renewal the CA may leave the question out, and then none comes
    """

    seller: str
    days: int
    may_skip: bool
    facts: tuple[str, ...]
    products: str = ""


#: the first that fits counts
MAILS: tuple[MailRule, ...] = (
    MailRule("iij", 1, False, ("IIJ-14",), "iij-globalsign-quick"),
    MailRule("iij", 14, True, ("IIJ-14",)),
    MailRule("idcf", 14, True, ("IDCF-2", "IIJ-14")),
    MailRule("cpi", 3, False, ("CPI-12", "ours")),
    MailRule("jprs", 3, False, ("JPRS-2", "ours")),
    MailRule("", 1, False, ("ours",)),
)
#: methods of validation.method without a mail, and why
NO_MAIL: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "registrar",
        "name and contract (or registrar) belong together, so nobody is mailed",
        "ドメイン名の管理元と連携しているため、承認メールは届かない",
        ("CPI-1", "JPRS-11"),
    ),
)
