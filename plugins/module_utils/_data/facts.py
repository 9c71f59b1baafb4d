# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sellers' own documents say, one row a fact, in our words: what the ids in rows and plans stand for.

A fact is what a user meets on a seller's page or in a mail, often older than the rules of the day: rows of the
catalogue say what of it counts when. ``until``: the first day on which it is history; ``part``: what of it is (empty:
all).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date


class Document(t.NamedTuple):
    """Where facts were read; address: empty where the document names none."""

    key: str
    title: str
    address: str


DOCUMENTS: tuple[Document, ...] = (
    Document("jprs", "JPRS, 認証方法について", "https://jprs.jp/pubcert/service/authentication"),
    Document("cpi", "CPI, SSLサーバー証明書ドメイン認証について", "https://support.cpi.ad.jp/purpose/ssl"),
    Document(
        "iij-manual", "IIJサーバ証明書管理サービス マニュアル, 申請情報登録後の対応", "https://manual.iij.jp/ct/help/"
    ),
    Document(
        "iij-faq", "IIJサーバ証明書管理サービス FAQ, サービスの更新に関すること", "https://manual.iij.jp/ct/help/"
    ),
    Document(
        "idcf",
        "IDCフロンティア レンタルサーバー, SSLサーバー証明書の新規取得/更新時に必要なお手続き",
        "https://www.idcf.jp/rentalserver/support/procedure/ssl_procedure.html",
    ),
)


class Fact(t.NamedTuple):
    """text and ja: the same in English and Japanese. documents: keys of ``DOCUMENTS``."""

    id: str
    text: str
    ja: str
    documents: tuple[str, ...]
    until: date | None = None
    part: str = ""


_JPRS, _CPI, _MANUAL, _FAQ, _IDCF = ("jprs",), ("cpi",), ("iij-manual",), ("iij-faq",), ("idcf",)
_BOTH = ("iij-manual", "iij-faq")

FACTS: tuple[Fact, ...] = (
    Fact(
        "JPRS-1",
        "a DV certificate is validated by mail, by file, or by linkage with the registrar of the name",
        "DV証明書の認証方法は、メール、ファイル、ドメイン名管理指定事業者との連携の3種類",
        _JPRS,
    ),
    Fact(
        "JPRS-2",
        "by mail: the applicant names one address when applying; following the instructions of the mail validates",
        "メール認証: 申請時に指定したアドレス1つに届くメールの案内にしたがえば認証が終わる",
        _JPRS,
    ),
    Fact(
        "JPRS-3",
        "mail goes to one of the five constructed addresses at the common name without its leading *. or www label;"
        " a www label that is itself registered (www.tokyo.jp) stays; only the first label counts",
        "既定の5アドレスをコモンネームで使える。先頭の *. と www は取り除く(www 自体が登録名の www.tokyo.jp は除かない)"
        "。"
        "見るのは先頭ラベル1つだけ",
        _JPRS,
    ),
    Fact(
        "JPRS-4",
        "or to one of the five at the registrable domain; no level between is possible",
        "レジストリに登録されているドメイン名部分でも5アドレスを使える。その間の階層は使えない",
        _JPRS,
    ),
    Fact(
        "JPRS-5",
        "or to a mailbox of WHOIS: general-use and prefecture JP: the public contact; organisational and geographic JP:"
        " the registrant; gTLD: the administrative contact",
        "Whoisのアドレスも使えた。汎用・都道府県型JP: 公開連絡窓口、属性型・地域型JP: 登録担当者、gTLD: 管理担当者",
        _JPRS,
        date(2025, 7, 6),
    ),
    Fact(
        "JPRS-6",
        "by file: URI and string come from JPRS through the reseller; the file is served by the web server that the"
        " certificate is for, and JPRS fetches it",
        "ファイル認証: URIと認証文字列が指定事業者経由で届き、証明書を設定するWebサーバーに置くとJPRSが取りに来る",
        _JPRS,
    ),
    Fact(
        "JPRS-7",
        "a wildcard certificate cannot be validated by file",
        "ワイルドカード証明書ではファイル認証を使えない",
        _JPRS,
    ),
    Fact(
        "JPRS-8",
        "with the double-address option the URLs with and without www are both looked at",
        "ダブルアドレスオプションではwwwあり・なし両方のURLを確認する",
        _JPRS,
    ),
    Fact(
        "JPRS-9",
        "HTTP redirects are followed, ten at most; meta refresh and JavaScript are not",
        "HTTPリダイレクトは10段まで追う。それ以外の転送(meta refresh、JavaScript)は対象外",
        _JPRS,
    ),
    Fact(
        "JPRS-10",
        "the file is fetched when the crawler comes round, not at once; after validation it is to be deleted",
        "確認はクローリングの巡回時で、すぐではない。認証後はファイルを削除する",
        _JPRS,
    ),
    Fact(
        "JPRS-11",
        "by registrar: JPRS asks the registrar that manages the name; only for a registrant who applies through it, for"
        " JP names and for those whose registrar is JPRS; no mail comes",
        "事業者連携: 登録者が管理指定事業者を通して申し込む場合だけ。JPドメイン名か、JPRSがレジストラの名前に限る。"
        "メールは届かない",
        _JPRS,
    ),
    Fact(
        "JPRS-12",
        "OV checks the right to the name as DV does, the legal existence of the organisation (documents where public"
        " sources fail, and from unincorporated bodies and sole proprietors), and by a call to the number of a"
        " third-party database that the applicant works there, may apply and means this common name",
        "OVは、DVと同じ利用権確認、法的実在性(公的情報。確認できない場合、任意団体、個人事業主は書類)、"
        "第三者データベースの番号への電話(在籍、権限、CNと申請意思)の3点を確認する",
        _JPRS,
    ),
    Fact(
        "JPRS-13",
        "a reseller (指定事業者) may offer less than JPRS, or otherwise; it is the reseller who tells how an"
        " application"
        " stands",
        "指定事業者により内容は異なる。審査の状況は指定事業者に尋ねる",
        _JPRS,
    ),
    Fact(
        "CPI-1",
        "no confirmation where name and hosting are under the same account (マイページID), subdomains of a base domain"
        " managed there included; a transfer away during the application makes the mail necessary after all",
        "サーバーとドメインが同一マイページIDなら確認は省略(ベースドメインが管理されていればサブドメインも)。"
        "申込み中に他社へ移管するとメール認証になる",
        _CPI,
    ),
    Fact(
        "CPI-2",
        "otherwise by mail to one of six: the five constructed addresses at the name (of a subdomain also at its base"
        " domain), or WHOIS",
        "それ以外はメール認証。申請ドメイン名(サブドメインならベースドメインも)の5アドレスか、whoisの計6種類から選ぶ",
        _CPI,
        date(2025, 7, 6),
        "WHOIS",
    ),
    Fact(
        "CPI-3",
        "the mailbox has to exist before the application (with a new server: once that is set up) and has to take mail"
        " from info@jprs.jp",
        "申込み前(サーバーも同時なら設定完了後)に認証用アドレスを作る。info@jprs.jp からのメールを受け取れること",
        _CPI,
    ),
    Fact(
        "CPI-4",
        "the approval mail holds the URL of a page with two buttons: 承認する approves; 承認しない refuses, and CPI"
        " writes to ask why",
        "承認メールの承認ページURLを開き「承認する」を押す。取消しや誤りのときは「承認しない」。"
        "理由を尋ねるメールが来る",
        _CPI,
    ),
    Fact(
        "CPI-5",
        "the approval mail is valid for 25 days; then the application is cancelled: without approval no certificate",
        "承認メールの有効期限は25日。過ぎると申請はキャンセルされ、証明書は発行されない",
        _CPI,
    ),
    Fact(
        "CPI-6",
        "on request the address may be changed to another of the six, and the mail be sent again",
        "認証用アドレスの変更(6種類の中で)と承認メールの再送は依頼すればできる",
        _CPI,
    ),
    Fact(
        "CPI-7",
        "once the name is validated the common name cannot be changed",
        "認証が終わった後はコモンネームを変更できない",
        _CPI,
    ),
    Fact(
        "CPI-8",
        "after approval the certificate is issued, CPI installs it and then writes that it is done",
        "承認後、発行とインストールはCPIが行い、完了するとメールで知らせる",
        _CPI,
    ),
    Fact(
        "CPI-9",
        "the WHOIS choice by TLD: general-use and prefecture JP: public contact; organisational and geographic JP:"
        " registrant; gTLD (not .info, .org) and sTLD: administrative contact; not for masked names nor where the base"
        " domain has no data; nic@cpi.ad.jp needs unmasking first",
        "whoisの送信先はTLDごとに決まる。汎用・都道府県型JP: 公開連絡窓口、属性型・地域型JP: 登録担当者、"
        "gTLD(.info、.org は不可)・sTLD: Admin。GDPR対象や情報のない名前は不可、nic@cpi.ad.jp はマスク解除が要る",
        _CPI,
        date(2025, 7, 6),
    ),
    Fact(
        "CPI-10",
        "separate contracts of server and name can be joined under one マイページ: the mail is then not needed",
        "サーバーとドメインの契約を1つのマイページにまとめればメール承認を省ける",
        _CPI,
    ),
    Fact(
        "CPI-11",
        "to correct data during validation: press 承認しない, then write to ssl-info@cpi.ad.jp",
        "手続き中の修正は「承認しない」を選び、ssl-info@cpi.ad.jp へ連絡する",
        _CPI,
    ),
    Fact(
        "CPI-12",
        "mails of CPI itself: 申請開始メール (about when the approval mail comes), 非承認理由確認メール (after a"
        " refusal), 設定完了メール (only from then on is the certificate in use)",
        "CPIからのメール: 申請開始メール(承認メールと同じ頃)、非承認理由確認メール、設定完了メール(以後利用できる)",
        _CPI,
    ),
    Fact(
        "IIJ-1",
        "two kinds of product: agency (申請代行証明書品目: IIJ applies to DigiCert Japan, Cybertrust or GlobalSign) and"
        " byo (持ち込み証明書品目: the customer brings the certificate)",
        "品目は2種類。申請代行(IIJがデジサート、サイバートラスト、GMOグローバルサインへ申請)"
        "と持ち込み(お客様が証明書を用意)",
        _BOTH,
    ),
    Fact(
        "IIJ-2",
        "DigiCert: nobody chooses; mail goes to the TXT contact, WHOIS and the constructed addresses at the common name"
        " (of www.example.jp also at example.jp, of no other subdomain), and any one of them approves",
        "デジサート: 送信先は選べない。TXTレコード、WHOIS、コモンネームの既定5アドレス(www だけはベースドメインも)の"
        "全部に届き、どれか1つで承認する",
        _BOTH,
        date(2025, 7, 15),
        "WHOIS",
    ),
    Fact(
        "IIJ-3",
        "Cybertrust: nobody chooses; mail goes to WHOIS first; with no answer, or where WHOIS cannot be had, IIJ asks"
        " for another recipient or method: a TXT contact published beforehand is recommended",
        "サイバートラスト: 送信先は選べない。まずWHOIS宛。応答がない、"
        "または取得できないとIIJが別の送信先や方法を尋ねる。"
        "TXTレコードの事前登録を推奨",
        _BOTH,
        date(2025, 6, 25),
        "WHOIS",
    ),
    Fact(
        "IIJ-4",
        "GlobalSign: 承認メールアドレス is chosen when applying: TXT contact, SOA contact, WHOIS, or a constructed"
        " address"
        " at the common name or its base domain; for a renewal the customer changes it from 30 to 21 days before"
        " expiry,"
        " IIJ at any time",
        "GMOグローバルサイン: 承認メールアドレスを申請時に選ぶ。TXT、SOA、WHOIS、既定アドレス(ベースドメインも)"
        "の4種類。"
        "更新時は有効期限30~21日前にお客様が、それ以外はIIJが変更できる",
        _BOTH,
        date(2025, 7, 15),
        "SOA, WHOIS",
    ),
    Fact(
        "IIJ-5",
        "the TXT contact stands at _validation-contactemail. before the contract's common name; its value is any"
        " mailbox, in any domain",
        "TXTレコードは _validation-contactemail.<契約コモンネーム> に置く。値は任意のメールアドレス",
        _FAQ,
    ),
    Fact(
        "IIJ-6",
        "the SOA contact is the mailbox of RNAME: its first dot stands for @; a DNS hosting's own mailbox must not be"
        " used without the word of its owner",
        "SOAレコードのRNAMEの最初のドットを@と読んだアドレス。DNS事業者のアドレスなら使えるか事業者に確認する",
        _FAQ,
        date(2025, 7, 15),
    ),
    Fact(
        "IIJ-7",
        "notices of renewal: agency 30 days before the expiry, announced at 35; byo 90 days before; weekends count; to"
        " the operations managers (運用管理担当者) of service group and service",
        "更新通知: 申請代行は有効期限の30日前(35日前に予告)、持ち込みは90日前。土日祝日を含む。"
        "サービスグループと本サービスの運用管理担当者宛",
        _FAQ,
    ),
    Fact(
        "IIJ-8",
        "validity as documented, before the caps: DigiCert 1 year: issue + 365 d 23:59:59 + days left (+ extra);"
        " Cybertrust: old expiry + 6 months or 1 year; GlobalSign 6 months: issue + 214 d + days left, 1 year: issue +"
        " 397 d",
        "文書上の有効期間(上限規則の前): デジサート 発行日+365日23時間59分59秒+残日数(+α)、サイバートラスト"
        " 旧満了日+6ヶ月/1年、"
        "グローバルサイン 6ヶ月 発行日+214日+残日数、1年 発行日+397日",
        _FAQ,
    ),
    Fact(
        "IIJ-9",
        "a renewal may change the period, not the product, the common name or the linked service; another name or"
        " product is a new application",
        "更新で期間は変えられる。品目、コモンネーム、対応サービスは変えられない。変えたいときは新規申込み",
        _FAQ,
    ),
    Fact(
        "IIJ-10",
        "the same CSR may be used again, a new key is recommended; where IIJ makes the CSR, it makes a new one and a"
        " new"
        " key at every renewal",
        "前回と同じCSRも登録できるが新しい鍵を推奨。IIJがCSRを作成する場合は更新のたびに両方作り直す",
        _FAQ,
    ),
    Fact(
        "IIJ-11",
        "agency: who does nothing and did not cancel within the renewal period is renewed with last time's data, by a"
        " new"
        " key that IIJ makes, unless 不承認 is answered to the CA; byo: the contract goes on, nothing is renewed",
        "申請代行: 期限内に解約しなければ前回と同じ内容で自動更新(鍵はIIJが新しく作成)。"
        "認証機関に不承認と答えれば発行されない。"
        "持ち込み: 契約は続くが証明書は更新されない",
        _FAQ,
    ),
    Fact(
        "IIJ-12",
        "byo: the common name is that of the contract; other names, type and CA may differ from last time's",
        "持ち込み: コモンネームは契約と一致すること。SAN、種類、認証機関は前回と違ってよい",
        _FAQ,
    ),
    Fact(
        "IIJ-13",
        "the www option of Cybertrust is chosen at application or renewal, not at reissue; the added name may need its"
        " own confirmation; linked services serve it for byo only; it costs nothing",
        "サイバートラストのwwwオプションは新規・更新時に選ぶ。再発行時は前回のまま。追加名の承認が要ることがある。"
        "連携サービスで使えるのは持ち込みだけ。追加費用なし",
        _FAQ,
    ),
    Fact(
        "IIJ-14",
        "after the application the CA asks within one week by the manual, one to two by the FAQ (at once for"
        " クイック認証SSL, the domain mail only): domain right, will to apply, documents; then about a week to issue",
        "申請後、認証機関からの連絡は1週間以内(マニュアル)または1~2週間以内(FAQ)、クイック認証SSLはすぐ(承認メールのみ)"
        "。"
        "利用権、申請意思、書類。その後1週間程度で発行",
        _BOTH,
    ),
    Fact(
        "IIJ-15",
        "the call goes to the main number under which the organisation stands in 帝国データバンク or 東京商工リサーチ;"
        " it asks employment and will of the 申請責任者; a CA may leave it out; クイック認証SSL asks by mail",
        "電話は申請した団体名で帝国データバンクまたは東京商工リサーチに登録の代表番号へ。申請責任者の在籍と意思を確認。"
        "省略もある。クイック認証SSLはメール",
        _BOTH,
    ),
    Fact(
        "IIJ-16",
        "DigiCert EV: a second mail, to the 申請責任者's own address, asks to approve the application itself",
        "デジサートEV: 利用権確認とは別に、申請責任者のアドレス宛に申請承認のメールが届く",
        _MANUAL,
    ),
    Fact(
        "IIJ-17",
        "documents: to IIJ's sales contact for agency products, by the customer to the CA for byo",
        "書類の提出先: 申請代行はIIJ担当営業、持ち込みはお客様から認証機関へ",
        _FAQ,
    ),
    Fact(
        "IIJ-18",
        "after issue the customer fetches certificate and key and installs them, unless a linked service does",
        "発行後はお客様が証明書と秘密鍵をダウンロードして設定する。連携サービスではIIJが設定する",
        _MANUAL,
    ),
    Fact(
        "IIJ-19",
        "WHOIS contacts are shown until their end only, and not recommended",
        "WHOISのアドレスは利用終了の日まで。推奨されない",
        _FAQ,
        date(2025, 7, 15),
    ),
    Fact(
        "IIJ-20",
        "the renewal procedure of an agency product is open from 30 to 21 days before expiry",
        "申請代行の更新手続き期間は有効期限の30~21日前",
        _MANUAL,
    ),
    Fact(
        "IIJ-21",
        "an automatic renewal keeps the period, unless the CA sells it no more: then one year (DigiCert 2 years,"
        " SureServer for クラウド 2 and 3, GlobalSign 2 to 5)",
        "自動更新の期間は前回と同じ。認証機関が受付を終えた期間(デジサート2年、SureServer for クラウド2・3年、"
        "グローバルサイン2~5年)なら1年",
        _FAQ,
    ),
    Fact(
        "IIJ-22",
        "who may be 申請責任者 each CA defines: DigiCert SO23345, Cybertrust SureBoard 申請項目一覧, GlobalSign FAQ 348"
        " (技術担当者); byo at another CA: ask it",
        "申請責任者の条件は認証機関ごと。デジサートSO23345、サイバートラスト SureBoard 申請項目一覧、"
        "グローバルサインFAQ 348(技術担当者)。他の認証機関は各自に確認",
        _FAQ,
    ),
    Fact(
        "IIJ-23",
        "last time's data: IIJサービスオンライン > サービスの設定と管理 > IIJサーバ証明書管理サービス >"
        " 前回申請情報の確認 (agency) or サーバ証明書・秘密鍵の確認(前回登録情報) (byo)",
        "前回の申請情報はIIJサービスオンラインのIIJサーバ証明書管理サービスで見る。申請代行: 前回申請情報の確認、"
        "持ち込み: サーバ証明書・秘密鍵の確認(前回登録情報)",
        _FAQ,
    ),
    Fact(
        "IIJ-24",
        "asked on the pages, not answered in what we have: the scope of an approval, whether the mailbox that answered"
        " changes it, reuse, methods without mail, presetting the recipient, personal mailboxes: ask the seller",
        "質問だけで回答がないもの: 承認範囲、応答したアドレスによる違い、再利用期間、メール以外の方法、"
        "送信先の事前指定、個人アドレス。"
        "販売元に確認する",
        _MANUAL,
    ),
    Fact(
        "IDCF-1",
        "the procedure concerns DigiCert セキュア・サーバID and EV, GeoTrust トゥルービジネスID and with EV, Cybertrust"
        " SureServer and BIZCERT, new and renewed; for the one-month BIZCERT only when its certificate is about to end",
        "対象はデジサート セキュア・サーバID(EV)、ジオトラスト トゥルービジネスID(with EV)、"
        "サイバートラストSureServer、BIZCERT。"
        "1ヶ月契約のBIZCERTは有効期限が迫ったときだけ",
        _IDCF,
    ),
    Fact(
        "IDCF-2",
        "1 application or its data confirmed (customer), 2 application to the CA (IDCF), 3 examination (CA), 4 domain"
        " mail"
        " (customer), 5 call (customer), 6 issue (CA), 7 installation (customer, the first time only; later a notice"
        " goes to the 通知メールアドレス)",
        "1申込み/申請情報の確認(お客様) 2申請(当社) 3審査(認証局) 4利用権メールの承認(お客様) 5電話(お客様)"
        " 6発行(認証局) "
        "7サーバー設定(お客様、新規のみ。通知メールアドレスへ連絡)",
        _IDCF,
    ),
    Fact(
        "IDCF-3",
        "mail goes to postmaster@ the applied name, made beforehand, or to any mailbox by a TXT record"
        " _validation-contactemail there, which the customer registers; adding a domain setting makes such a record:"
        " check its value",
        "送信先は postmaster@申請ドメイン名(事前に作成)か、_validation-contactemail"
        " のTXTレコードに登録した任意のアドレス。"
        "ドメイン設定の追加時にレコードが作られるので値を確かめる",
        _IDCF,
    ),
    Fact(
        "IDCF-4",
        "the mail of DigiCert and GeoTrust comes from no-reply@digitalcertvalidation.com or no-reply@geotrust.com with"
        " the subject [Domain Approval] ドメイン名の利用権確認のお願い; open the URL, check, press 承認する",
        "デジサート/ジオトラストの差出人は no-reply@digitalcertvalidation.com か no-reply@geotrust.com、"
        "件名は [Domain Approval] で始まる。URLを開き「承認する」を押す",
        _IDCF,
    ),
    Fact(
        "IDCF-5",
        "the mail of Cybertrust, BIZCERT included, comes from sureserver_support@cybertrust.co.jp with the subject"
        " SSL サーバー証明書 ドメイン名使用権確認について; press 承認する, tick FQDN限定で使用権を承認する, sign in"
        " ご署名, press 承認",
        "サイバートラスト(BIZCERT含む)の差出人は sureserver_support@cybertrust.co.jp。「承認する」の後、承認範囲で"
        "「FQDN限定で使用権を承認する」を選び、ご署名にお客様名を入れて「承認」を押す",
        _IDCF,
    ),
    Fact(
        "IDCF-6",
        "the call goes to the organisation's main number in a third-party database; EV: someone else is called about"
        " the"
        " 申請責任者's employment first, then that person confirms the issue by mail",
        "電話は第三者データベースの代表番号へ。EVは申請責任者以外に在籍を確認した後、申請責任者へメールで発行確認",
        _IDCF,
    ),
    Fact(
        "IDCF-7",
        "a sole proprietor prepares: in the first year the stamped notice of opening, from the second the last tax"
        " return"
        " with trade name and stamp; always an identity document and the newest telephone bill on paper; without a bill"
        " the CA sends a telegram",
        "個人事業者の書類。初年度: 開廃業届出書等の控え(受付印)、2年目以降: 前年度の申告書の控え(屋号と受領印)。"
        "いずれも公的書類と最新の電話料金請求書(Web版不可)。請求書がなければ電報で確認",
        _IDCF,
    ),
)
