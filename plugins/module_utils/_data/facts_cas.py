# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages and API documents of CAs say, beside the sellers' documents: facts named by the CA's own words.

This file is private to the collection.
"""

from __future__ import annotations

from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.facts import Document, Fact

CA_DOCUMENTS: tuple[Document, ...] = (
    Document("cpi-ssl", "CPI, SSLサーバー証明書", "https://support.cpi.ad.jp/purpose/ssl"),
    Document("jprs-txt", "JPRS, notice of 2025-06-10", "https://jprs.jp/pubcert/"),
    Document("jprs-chain", "JPRS, intermediates of 2026-06-17", "https://jprs.jp/pubcert/service/certificate/"),
    Document("jprs-notice", "JPRS, notice of 2025-11-27", "https://jprs.jp/"),
    Document("digicert", "DigiCert, Services API", "https://dev.digicert.com/certcentral-apis/services-api/"),
    Document(
        "digicert-whois",
        "DigiCert, SO28004",
        "https://knowledge.digicert.com/content/digicertknowledgebase/ja/jp/solution/SO28004.html",
    ),
    Document("gcc", "GlobalSign API for SSL Certificates (manual 4.5)", "https://jp.globalsign.com/ssl/"),
    Document("gcc-approval", "GlobalSign, notice on approval links", "https://info-globalsign.com/news/1481256437"),
    Document("gcc-page", "GlobalSign, notice on page authentication", "https://info-globalsign.com/news/20210917"),
    Document("gcc-call", "GlobalSign, 申請確認の方法", "https://jp.globalsign.com/introduce/document/"),
    Document(
        "atlas",
        "GlobalSign Atlas, HVCA API documentation v2",
        "https://downloads.globalsign.com/acton/media/2674/hvca-api-documentation-v2",
    ),
    Document("cybertrust", "Cybertrust, SureServer FAQ", "https://www.cybertrust.ne.jp/sureserver/support/faq/"),
    Document(
        "cybertrust-apply",
        "Cybertrust, お申込み手順",
        "https://www.cybertrust.ne.jp/sureserver/apply/pre_apply_ss.html",
    ),
    Document("cybertrust-acme", "Cybertrust, ACME", "https://www.cybertrust.co.jp/ssl/productinfo/acme.html"),
)

_DIGICERT, _GCC, _ATLAS, _CYBERTRUST = ("digicert",), ("gcc",), ("atlas",), ("cybertrust",)

CA_FACTS: tuple[Fact, ...] = (
    Fact("CPI renewal", "CPI renews no certificate by itself", "自動更新はない", ("cpi-ssl",)),
    Fact(
        "JPRS notice 2025-06-10",
        "mail goes to the contact of a TXT record too, since 2025-06-10; a reseller may not offer it",
        "2025-06-10から、TXTレコードの連絡先アドレスにもメールを送れる。指定事業者が扱わないこともある",
        ("jprs-txt",),
    ),
    Fact(
        "JPRS notice 2026-06-17",
        "certificates come from new intermediates since 2026-06-17",
        "2026-06-17から、新しい中間認証局が証明書を発行する",
        ("jprs-chain",),
    ),
    Fact(
        "JPRS notice 2025-11-27",
        "certificates that are not issued by ACME end on the last day of the fifth month after their issue",
        "証明書(ACME対応版を除く)の有効期限は発行月の5か月後の末日",
        ("jprs-notice",),
    ),
    Fact(
        "DigiCert dns_names",
        "an order has a common name and further names; how many, the account's product says",
        "コモンネームのほかに複数の名前を注文できる。数は契約による",
        _DIGICERT,
    ),
    Fact("DigiCert csr", "an order carries the CSR of the customer", "注文にはお客様のCSRを付ける", _DIGICERT),
    Fact("DigiCert dcv_method email", "approval by mail is the default method", "既定の認証方法はメール", _DIGICERT),
    Fact(
        "DigiCert dcv_method dns-txt-token",
        "a random value in a TXT record",
        "TXTレコードのランダム値で認証できる",
        _DIGICERT,
    ),
    Fact(
        "DigiCert dcv_method dns-cname-token",
        "a CNAME record with a random value",
        "ランダム値のCNAMEレコードで認証できる",
        _DIGICERT,
    ),
    Fact(
        "DigiCert dcv_method http-token",
        "a random value in a file below .well-known/pki-validation; never for a wildcard name",
        ".well-known/pki-validation 以下のファイルで認証できる。ワイルドカードは不可",
        _DIGICERT,
    ),
    Fact(
        "DigiCert base_emails",
        "the five constructed addresses at the name and at every level above, down to the registrable domain",
        "名前とその上位の各階層で既定5アドレスを使える",
        _DIGICERT,
    ),
    Fact(
        "DigiCert dns_txt_emails",
        "mailboxes of TXT records at _validation-contactemail",
        "_validation-contactemail のTXTレコードのアドレスを使える",
        _DIGICERT,
    ),
    Fact(
        "DigiCert whois_emails",
        "mailboxes of WHOIS were listed too",
        "WHOISのアドレスも使えた",
        ("digicert-whois",),
        date(2025, 7, 15),
    ),
    Fact(
        "DigiCert dcv_emails",
        "the order names the address of each name; the link in the mail is valid for 30 days",
        "名前ごとに送信先を指定する。メールのリンクは30日有効",
        _DIGICERT,
    ),
    Fact("DigiCert dns-txt-token", "a random value is valid for 30 days", "ランダム値は30日有効", _DIGICERT),
    Fact(
        "DigiCert http-token",
        "the file is fetched at the exact name without redirects; for a www name at the name without www, too",
        "ファイルは名前そのものから取得し、転送は追わない。wwwの名前ではwwwなしも確認する",
        _DIGICERT,
    ),
    Fact(
        "DigiCert check-dcv",
        "DigiCert looks by itself; a call makes it look at once",
        "確認は自動で、依頼すればすぐ行う",
        _DIGICERT,
    ),
    Fact("DigiCert order status", "an order that is validated is issued", "認証が終わると発行される", _DIGICERT),
    Fact(
        "DigiCert auto_renew",
        "a renewal is a new order that names the old one; by itself only where the order says so",
        "更新は旧注文を指す新しい注文。自動更新は指定したときだけ",
        _DIGICERT,
    ),
    Fact(
        "DigiCert reissue",
        "within its order a certificate is issued again, with another key or other names, as often as needed; an order"
        " may cover up to three years",
        "注文の期間内(最長3年)は鍵や名前を変えて何度でも再発行できる",
        _DIGICERT,
    ),
    Fact(
        "DigiCert cert_validity",
        "a certificate lives 199 days at most, whatever was ordered",
        "証明書の有効期間は最長199日",
        _DIGICERT,
    ),
    Fact(
        "DigiCert organization.id",
        "an OV or EV order names an organization that was validated before",
        "OV・EVの注文は審査済みの組織を指定する",
        _DIGICERT,
    ),
    Fact(
        "DigiCert skip_approval",
        "a request waits for an administrator of the account, unless its user may skip that",
        "権限がなければ管理者の承認を待つ",
        _DIGICERT,
    ),
    Fact(
        "DigiCert ev_approver",
        "an EV order is approved by its EV approver, by mail",
        "EVの注文はEV承認者がメールで承認する",
        _DIGICERT,
    ),
    Fact(
        "DigiCert domain validation",
        "of OV and EV orders the domains are validated on their own and may be validated again at any time",
        "OV・EVではドメインを注文とは別に認証し、いつでもやり直せる",
        _DIGICERT,
    ),
    Fact("GlobalSign CSR", "an order carries the CSR of the customer", "注文にはお客様のCSRを付ける", _GCC),
    Fact(
        "GlobalSign SANEntries",
        "further names and wildcard names are options of an order",
        "追加の名前とワイルドカードは注文のオプション",
        _GCC,
    ),
    Fact(
        "GlobalSign GetDVApproverList",
        "the addresses to choose from are listed before the order",
        "選べる承認アドレスは注文前に一覧できる",
        _GCC,
    ),
    Fact(
        "GlobalSign DVOrder",
        "an order by mail names one of these addresses",
        "メール認証の注文は承認アドレスを1つ指定する",
        _GCC,
    ),
    Fact("GlobalSign DVDNSOrder", "an order by a TXT record tells its value", "DNS認証の注文はTXTの値を返す", _GCC),
    Fact(
        "GlobalSign URLVerification",
        "an order by file tells its content; no wildcard and no other name is covered by it",
        "ページ認証の注文は内容を返す。ワイルドカードや他の名前は対象外",
        ("gcc", "gcc-page"),
    ),
    Fact(
        "GlobalSign VerificationForIssue",
        "it looks when it is asked to, and issues in the same answer",
        "確認は依頼したときに行い、その場で発行する",
        _GCC,
    ),
    Fact(
        "GlobalSign approval",
        "an approval link is valid for 30 days; then the order stays and the mail has to be asked for again",
        "承認リンクは30日有効。過ぎても注文は残り、再送を依頼する",
        ("gcc-approval",),
    ),
    Fact("GlobalSign OVOrder", "OV is vetted by people", "OVの審査は人が行う", _GCC),
    Fact("GlobalSign call", "OV asks by a call", "OVは電話で申請を確認する", ("gcc-call",)),
    Fact(
        "GlobalSign OrderKind",
        "a renewal is an order of that kind that names the old one; its common name has to be the same",
        "更新は旧注文を指す注文で、コモンネームは同じであること",
        _GCC,
    ),
    Fact("GlobalSign ReIssue", "an order is issued again with another key", "注文は鍵を変えて再発行できる", _GCC),
    Fact(
        "Atlas validationpolicy",
        "what may be in a certificate, the policy of the account says",
        "証明書の内容はアカウントのポリシーで決まる",
        _ATLAS,
    ),
    Fact("Atlas certificates", "a CSR is sent and the certificate comes", "CSRを送ると証明書が返る", _ATLAS),
    Fact("Atlas trustchain", "the chain is asked for", "チェーンは別に取得する", _ATLAS),
    Fact(
        "Atlas claims",
        "domains are claimed on their own; a claim has to be asserted within 30 days and may be made anew",
        "ドメインは注文とは別に登録し、30日以内に確認を受ける。やり直せる",
        _ATLAS,
    ),
    Fact(
        "Atlas claims email", "a claim by mail to a constructed address", "既定アドレスへのメールで確認できる", _ATLAS
    ),
    Fact("Atlas claims dns", "a claim by a TXT record", "TXTレコードで確認できる", _ATLAS),
    Fact("Atlas claims http", "a claim by a file", "ファイルで確認できる", _ATLAS),
    Fact(
        "Atlas claims SOA",
        "the mailbox of the SOA record is listed, too",
        "SOAレコードのアドレスも一覧に出る",
        _ATLAS,
        date(2025, 7, 15),
    ),
    Fact("Atlas validity", "not_after 0 means the longest that is allowed", "not_after が0なら最長", _ATLAS),
    Fact(
        "Cybertrust SureBoard",
        "one applies at the portals SureBoard and SureHandsOn; there is no API",
        "申請はSureBoard、SureHandsOnの画面で行う。APIはない",
        ("cybertrust-apply",),
    ),
    Fact(
        "Cybertrust approval mail",
        "the approval page is mailed; the five constructed addresses on request to the support desk; the approver"
        " chooses on the page whether for the name or for its base domain",
        "承認ページの案内がメールで届く。既定5アドレスは窓口へ依頼。承認範囲は画面で選ぶ",
        _CYBERTRUST,
    ),
    Fact("Cybertrust call", "the 申請責任者 is called", "申請責任者へ電話がある", ("cybertrust-apply",)),
    Fact("Cybertrust ACME", "SureHandsOn offers ACME", "SureHandsOnはACMEに対応する", ("cybertrust-acme",)),
)
