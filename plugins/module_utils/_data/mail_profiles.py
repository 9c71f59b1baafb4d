# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mails CAs and sellers send about an order, how each is told from the others, and what its page looks like.

One row a kind of mail. What no document says is named in ``unverified`` and stays empty: a row without senders matches
nothing, one without hosts is never followed, so that a person acts until somebody has looked at a real mail and wrote a
row of his own (O(approval_mails.profiles)). ``tested_on`` is the day on which the lab played the row last.

The first row that fits wins, so those that must never be taken for another stand first: a transfer of a domain comes
from the same sender as the approval of a certificate (awx-and-mail 0, point 3).

Facts: ``awx-and-mail 2`` and those of ``facts.py``.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

#: what a row is about
APPROVAL, CODE, INTENT, NOTICE, OTHER = "approval", "code", "intent", "notice", "other"
KINDS = (APPROVAL, CODE, INTENT, NOTICE, OTHER)
#: word of the ledger: the mail that asks for an approval has come
APPROVAL_CAME = "approval_mail"
#: what a scope on a page covers, the narrowest first
COVERS = ("fqdn", "subtree", "account")
#: what a notice tells of an order
MOVES = ("started", "refusal_asked", "installed", "completed", "renewal_due")
#: steps of ``person_steps`` that such a mail belongs to; the last one where a row names none
TASKS = ("ev_mail", "intent_mail")
_TESTED = "2026-11-20"


class Scope(t.NamedTuple):
    """words: any of them names it on the page; covers: one of COVERS."""

    words: tuple[str, ...]
    covers: str


class Press(t.NamedTuple):
    """One form, sent once. buttons: any of these is what the button says; scopes: one of them is ticked, the narrowest
    that covers every name; signature: words beside the field for a name; code_field: where a code is put in."""

    buttons: tuple[str, ...]
    scopes: tuple[Scope, ...] = ()
    signature: tuple[str, ...] = ()
    code_field: str = ""


class MailProfile(t.NamedTuple):
    """A kind of mail.

    cas          CAs whose orders it is about; sellers: of these only, where the seller itself writes
    senders      exact addresses; signed_by: domains of DKIM that may sign for another domain
    subjects     ``{domain}``, ``{order}`` and ``{order?}`` (may be missing) stand for themselves; empty: any subject
    words        in subject or text: one of each group has to be there
    hosts, path  of the link that approves; rejects: what a link that refuses has in its path or query
    code_pattern a pattern with one group, where the code stands in the text
    forms        what is sent, in this order
    done, over   words of the page afterwards, and of one that was used before or has expired
    mailed_all   every constructed address at the name gets one, whatever was chosen (IIJ-2)
    moves        of a notice: one of MOVES
    task         of a mail that asks the applicant for its will: the step for a person that it is, one of TASKS
    procedure    how a person refuses
    """

    key: str
    title: str
    kind: str
    cas: tuple[str, ...]
    facts: tuple[str, ...]
    sellers: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    words: tuple[tuple[str, ...], ...] = ()
    hosts: tuple[str, ...] = ()
    path: str = "/"
    rejects: tuple[str, ...] = ("reject", "refuse", "decline", "deny", "cancel")
    code_pattern: str = ""
    forms: tuple[Press, ...] = ()
    done: tuple[str, ...] = ()
    over: tuple[tuple[str, str], ...] = ()
    mailed_all: bool = False
    moves: str = ""
    task: str = ""
    procedure: str = ""
    unverified: tuple[str, ...] = ()
    tested_on: str = _TESTED


#: words of pages; a page about anything else is none of ours
CERTIFICATE_WORDS = ("証明書", "certificate", "ドメイン名の利用権", "ドメイン名使用権", "domain control")
TRANSFER_WORDS = (
    *("移管", "トランスファー", "指定事業者変更", "指定事業者の変更", "レジストラ変更", "レジストラの変更", "名義変更"),
    *("ドメイン名移転", "domain transfer", "transfer of the domain", "transfer your domain", "registrar transfer"),
)
#: what stands before a value, in a table or before a colon
NAME_LABELS = (
    *("ドメイン名", "証明書の名前", "コモンネーム", "名前", "対象ドメイン", "ドメイン", "その他の名前"),
    *("domain", "names", "common name", "fqdn", "domain name", "subject alternative names"),
)
ORDER_LABELS = (
    *("オーダー番号", "お申し込み番号", "申込番号", "注文番号", "受付番号", "オーダー"),
    *("order", "order number", "order id", "order #"),
)
ORGANIZATION_LABELS = ("組織名", "申請団体", "申請組織", "会社名", "団体名", "organization", "organisation", "company")

_OVER = (
    ("すでに使用", "already_approved"),
    ("既に使用", "already_approved"),
    ("すでに承認", "already_approved"),
    ("既に承認", "already_approved"),
    ("already approved", "already_approved"),
    ("used already", "already_approved"),
    ("already been used", "already_approved"),
    ("有効期限が切れ", "link_expired"),
    ("期限が過ぎ", "link_expired"),
    ("期限切れ", "link_expired"),
    ("取り消されています", "order_over"),
    ("終了しています", "order_over"),
    ("has expired", "link_expired"),
    ("no longer valid", "link_expired"),
)
_CODE = r"(?:validation code|承認コード|認証コード)[^:：]{0,80}[:：]\s*([A-Za-z0-9_-]{8,128})(?![A-Za-z0-9_-])"
_DONE = ("承認を受け付けました", "承認が完了しました", "承認しました", "ありがとうございました", "Thank you")
_DIGICERT_REFUSAL = (
    "There is no button to refuse. Write to the CA's support (auth_support_japan@digicert.com by its page SO29308),"
    " then cancel the order and place the right one"
)
_CPI_REFUSAL = (
    "Press 承認しない on the approval page yourself, then write to ssl-info@cpi.ad.jp what has to be corrected"
    " (CPI-11); CPI asks by mail for the reason (CPI-12)"
)

MAIL_PROFILES: tuple[MailProfile, ...] = (
    # -- never to be taken for an approval
    MailProfile(
        key="jprs-transfer",
        title="JPRS: transfer of a domain",
        kind=OTHER,
        cas=("jprs",),
        facts=("awx-and-mail 2",),
        senders=("info@jprs.jp",),
        words=(TRANSFER_WORDS,),
    ),
    MailProfile(
        key="digicert-ev-intent",
        title="DigiCert EV: the applicant confirms the application",
        kind=INTENT,
        cas=("digicert",),
        facts=("IIJ-16", "IDCF-6"),
        task="ev_mail",
        words=(
            ("EV", "拡張認証", "Extended Validation"),
            ("申請責任者", "申請の承認", "発行の確認", "approve the order"),
        ),
        senders=("no-reply@digitalcertvalidation.com", "no-reply@digicert.com"),
        unverified=("senders", "words", "page"),
    ),
    MailProfile(
        key="globalsign-quick-intent",
        title="GlobalSign クイック認証SSL: the applicant confirms the application",
        kind=INTENT,
        cas=("globalsign",),
        facts=("IIJ-15",),
        task="intent_mail",
        words=(("申込み意思", "申し込み意思", "申請意思", "お申し込みの意思"),),
        unverified=("senders", "words", "page"),
    ),
    MailProfile(
        key="globalsign-acknowledgement",
        title="GlobalSign: acknowledgement with the Domain Verification Page",
        kind=OTHER,
        cas=("globalsign",),
        facts=("awx-and-mail 2",),
        words=(("Domain Verification Page", "ドメイン審査ページ", "受付完了", "お申し込みを受け付け"),),
        unverified=("senders", "words"),
    ),
    # -- approvals
    MailProfile(
        key="jprs",
        title="JPRS, also through CPI and other resellers",
        kind=APPROVAL,
        cas=("jprs",),
        facts=("JPRS-2", "CPI-3", "CPI-4", "CPI-5"),
        senders=("info@jprs.jp",),
        words=(("承認ページURL", "承認ページ", "ドメイン承認"), ("証明書",)),
        forms=(Press(("承認する",)),),
        done=_DONE,
        over=_OVER,
        procedure=_CPI_REFUSAL,
        unverified=("subjects", "hosts", "done"),
    ),
    MailProfile(
        key="digicert",
        title="DigiCert, GeoTrust, RapidSSL",
        kind=APPROVAL,
        cas=("digicert",),
        facts=("IIJ-2", "IDCF-4", "awx-and-mail 2"),
        senders=("no-reply@digitalcertvalidation.com", "no-reply@geotrust.com", "no-reply@rapidssl.com"),
        signed_by=("digicert.com",),
        subjects=(
            "[Domain Approval] ドメイン名の利用権確認のお願い: {domain} {order?}",
            "[Domain Approval]: ドメイン名の利用権確認のお願い: {domain} {order?}",
            "[要対応] 以下の証明書申請を承認する {domain} {order?}",
            "[Action Required] Approve Certificate Request for {domain} {order?}",
            "Please validate ownership of your domain {domain} {order?}",
        ),
        forms=(
            Press(
                ("承認する", "Approve"),
                (
                    Scope(("このホスト名のみ", "this host only", "this host name only"), "fqdn"),
                    Scope(("このドメイン名に対する今後のすべての申請", "all future orders"), "account"),
                ),
            ),
        ),
        done=_DONE,
        over=_OVER,
        mailed_all=True,
        procedure=_DIGICERT_REFUSAL,
        unverified=("hosts", "done"),
    ),
    MailProfile(
        key="cybertrust",
        title="Cybertrust SureServer, BIZCERT",
        kind=APPROVAL,
        cas=("cybertrust",),
        facts=("IDCF-5", "IIJ-3"),
        senders=("sureserver_support@cybertrust.co.jp",),
        subjects=("SSL サーバー証明書 ドメイン名使用権確認について({domain})",),
        forms=(
            Press(("承認する",)),
            Press(
                ("承認",),
                (
                    Scope(("FQDN限定で使用権を承認する", "FQDN限定"), "fqdn"),
                    Scope(("ベースドメイン", "ドメイン全体で使用権を承認する", "配下"), "subtree"),
                ),
                ("ご署名", "署名"),
            ),
        ),
        done=_DONE,
        over=_OVER,
        procedure="Do not press 承認. Write to the support desk what is wrong, through the seller where there is one",
        unverified=("hosts", "done", "scope words other than FQDN限定"),
    ),
    MailProfile(
        key="globalsign",
        title="GlobalSign",
        kind=APPROVAL,
        cas=("globalsign",),
        facts=("IIJ-4", "awx-and-mail 2"),
        words=(("承認", "approve", "approval", "利用権確認"),),
        forms=(Press(("I Approve", "承認する", "Approve")),),
        done=_DONE,
        over=_OVER,
        procedure="Do not press the button. Correct the order at GSパネル, or through the seller",
        unverified=("senders", "subjects", "hosts", "page"),
    ),
    MailProfile(
        key="sectigo",
        title="Sectigo and its white labels: a code to put in",
        kind=CODE,
        cas=("sectigo",),
        facts=("awx-and-mail 2",),
        senders=("noreply@trust-provider.com", "no_reply_support@trust-provider.com"),
        signed_by=("sectigo.com", "comodo.com"),
        subjects=("ORDER #{order} - Domain Control Validation for {domain}",),
        hosts=("secure.trust-provider.com", "secure.comodo.net"),
        path="/products/EnterDCVCode",
        rejects=("RejectDCVCode", "reject"),
        code_pattern=_CODE,
        forms=(Press(("Next >", "Next", "Submit", "送信", "次へ"), code_field="dcvCode"),),
        done=("You have entered the correct Domain Control Validation code",),
        over=_OVER,
        procedure="Write to the reseller. The link that rejects ends the order for good",
        unverified=("buttons", "subjects of today"),
    ),
    MailProfile(
        key="securecore",
        title="SecureCore: a code to put in",
        kind=CODE,
        cas=("sectigo",),
        facts=("awx-and-mail 2",),
        senders=("sslorders@securecore.co.jp",),
        subjects=("【重要】({domain}) SSL証明書承認手続きのご案内(ORDER #{order})",),
        code_pattern=_CODE,
        forms=(Press(("Next >", "Next", "Submit", "送信", "次へ"), code_field="dcvCode"),),
        done=("You have entered the correct Domain Control Validation code",),
        over=_OVER,
        procedure="Write to the reseller",
        unverified=("hosts", "page"),
    ),
    # -- notices
    MailProfile(
        key="cpi-started",
        title="CPI: 申請開始",
        kind=NOTICE,
        cas=("jprs",),
        sellers=("cpi",),
        facts=("CPI-12",),
        words=(("申請開始",),),
        moves="started",
        unverified=("senders",),
    ),
    MailProfile(
        key="cpi-refusal-asked",
        title="CPI: 非承認理由確認",
        kind=NOTICE,
        cas=("jprs",),
        sellers=("cpi",),
        facts=("CPI-12", "CPI-11"),
        words=(("非承認",), ("理由",)),
        moves="refusal_asked",
        procedure=_CPI_REFUSAL,
        unverified=("senders",),
    ),
    MailProfile(
        key="cpi-installed",
        title="CPI: 設定完了",
        kind=NOTICE,
        cas=("jprs",),
        sellers=("cpi",),
        facts=("CPI-12", "CPI-8"),
        words=(("設定完了",),),
        moves="installed",
        unverified=("senders",),
    ),
    MailProfile(
        key="iij-renewal",
        title="IIJ: notices 90, 35 and 30 days before the end",
        kind=NOTICE,
        cas=("digicert", "cybertrust", "globalsign"),
        sellers=("iij",),
        facts=("IIJ-7",),
        words=(("更新", "有効期限", "契約満了"), ("証明書",)),
        moves="renewal_due",
        unverified=("senders", "words"),
    ),
    MailProfile(
        key="idcf-completed",
        title="IDC Frontier: 更新完了",
        kind=NOTICE,
        cas=("digicert", "cybertrust"),
        sellers=("idcf",),
        facts=("IDCF-2",),
        words=(("完了",), ("証明書", "SSL")),
        moves="completed",
        unverified=("senders", "words"),
    ),
)
