# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501
"""What the pages of the simulation say beside its figures, in English and Japanese."""

from __future__ import annotations

WORDS = {
    "en": {"none": "none", "and": " and ", "limit": "{number} in {seconds} s"},
    "ja": {"none": "なし", "and": "、", "limit": "{seconds}秒に{number}件"},
}

_EN_QUARTERS = ("quarter", "orders", "a day", "busiest day", "on", "least days left")
_JA_QUARTERS = ("四半期", "注文数", "1日平均", "最も多い日", "その日付", "残り日数の最小")
HEADS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "history": _EN_QUARTERS,
        "bunched": _EN_QUARTERS,
        "waves": ("wave", "certificates", "hours to half", "hours to all", "not in time"),
        "largest": ("limit", "days of life", "one run a day", "one run an hour", "recommended"),
        "knobs": ("changed", "hours to all", "not in time", "busiest day", "least days left", "expired"),
        "troubles": ("trouble", "most waiting", "least days left", "most approvals a day", "mails that lapsed", "expired"),
        "estate": ("CA", "certificates", "product", "limits of one account", "counted requests of one order"),
        "guesses": ("what", "taken as"),
    },
    "ja": {
        "history": _JA_QUARTERS,
        "bunched": _JA_QUARTERS,
        "waves": ("波", "証明書数", "半数までの時間", "全数までの時間", "間に合わない数"),
        "largest": ("上限", "有効日数", "1日1回の実行", "1時間に1回の実行", "推奨設定"),
        "knobs": ("変えるもの", "全数までの時間", "間に合わない数", "最も多い日", "残り日数の最小", "期限切れ"),
        "troubles": ("問題", "待ちの最大", "残り日数の最小", "1日の承認数の最大", "失効した承認メール", "期限切れ"),
        "estate": ("認証局", "証明書数", "商品", "1アカウントの上限", "1注文で数えるリクエスト数"),
        "guesses": ("項目", "仮定"),
    },
}  # fmt: skip

TITLES: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "largest": (
            "The largest estate of each limit",
            "How many certificates one account of the CA can keep renewed, where nothing else goes wrong, at "
            "the lifetimes of the middle of 2029 (mail: of 2027). \"Recommended\" has four shards an hour. Where "
            "a CA exempts what replaces by ARI the only limit is the pace of our runs.",
        ),
        "waves": (
            "How long a wave takes",
            "A CA revokes all its certificates; within so many hours each must be replaced. Let's Encrypt says "
            "so by ARI, and is asked at a moment in the window; for others a person names the certificates in "
            "``inkan_renewal.force``. The last orders are the slow ones: one in twenty takes 2 to 24 hours at "
            "the sellers.",
        ),
        "knobs": (
            "Which knob matters",
            "The whole estate at one key of DigiCert, whose limits bind, one knob at a time. Hours and \"not in "
            "time\": all of it is revoked within 24 hours (\"none\": some were not replaced within ten days). The "
            "others: all certificates were issued on one day and are renewed for two months; \"least days left\" "
            "is the time from the service of a new certificate to the end of the old one, below 0 where it "
            "came late.",
        ),
        "history": (
            "Until the end of 2029",
            "The recommended set-up, certificates of all ages at the beginning. 2027-03-15 and 2029-03-15 "
            "shorten lifetimes; the load follows as the certificates are renewed.",
        ),
        "bunched": (
            "The same, all issued in one week",
            "What was bought together stays together: jitter spreads it over days, not weeks.",
        ),
        "troubles": (
            "What goes wrong",
            "Outages of a day and a week in June 2029; and 2,000 certificates by mail around 2028-03-15, where "
            "mail ends: declared with another method on 2028-02-01, with 400 approvals a working day and with "
            "20, and never.",
        ),
        "estate": (
            "The estate",
            "The recommended set-up: four shards, one run of each an hour, a quarter of an hour apart; one "
            "account a CA; ``inkan_deadline`` 300; ``fraction`` 0.667; ``jitter_hours`` 72; "
            "``run_every_hours`` 1. Limits are windows that roll, with the half second that our budgets spare. "
            "The simulation moves certificates in lots of 50 to 125.",
        ),
        "guesses": (
            "What nobody confirmed",
            "Figures that no public document says. Change them in ``bench/simulation/rows.py`` for your "
            "contract, and run ``make wave``.",
        ),
    },
    "ja": {
        "largest": (
            "上限ごとの最大規模",
            "ほかに問題がない場合に、認証局の1アカウントで更新を続けられる証明書の数です。有効期間は2029年半ばのもの(メールは2027年のもの)です。推奨設定は1時間に4シャードです。AR"
            "Iによる置き換えを上限に数えない認証局では、実行の速さだけが上限になります。",
        ),
        "waves": (
            "波にかかる時間",
            "認証局がすべての証明書を失効させ、決まった時間のうちに置き換える場合です。Let's EncryptはARIで知らせ、その期間の中の時刻に注文します。ほかの認証局では担当者が "
            "``inkan_renewal.force`` に名前を書きます。最後に残るのは遅い注文です(販売元では20件に1件が2時間から24時間)。",
        ),
        "knobs": (
            "どの設定が効くか",
            "すべてをDigiCertの1つのキーで扱い(上限が効く場合)、設定を1つずつ変えます。時間と「間に合わない数」は、全数が24時間以内に失効する場合です(「なし」は10日のうちに終わ"
            "らなかったもの)。残りの列は、全数を同じ日に発行し2か月更新した場合です。残り日数は、新しい証明書の使用開始から古い証明書の期限までで、遅れた場合は負になります。",
        ),
        "history": ("2029年末まで", "推奨設定で、最初の証明書の発行日はばらばらです。2027年3月15日と2029年3月15日に有効期間が短くなり、更新されるにつれて負荷が増えます。"),
        "bunched": ("全数を1週間に発行した場合", "まとめて買ったものは、まとまって更新されます。ジッターは数日にしか散らしません。"),
        "troubles": (
            "問題が起きた場合",
            "2029年6月の1日と7日の停止、および2028年3月15日(メール認証の終了)前後の2,000枚です。2028年2月1日に別の方法に変えた場合(1営業日に400件の承認と20件の"
            "承認)と、変えなかった場合です。",
        ),
        "estate": (
            "前提とした規模",
            "推奨設定: 4シャードを15分ずらして1時間に1回ずつ、1認証局に1アカウント、``inkan_deadline`` 300、``fraction`` 0.667、"
            "``jitter_hours`` 72、``run_every_hours`` 1。上限はどの時点から数えても超えない窓で、当コレクションが余分に取る0.5秒を含みます。シミュレー"
            "ションでは50枚から125枚をひとまとめに扱います。",
        ),
        "guesses": ("確認できていないこと", "公開文書にない値です。契約に合わせて ``bench/simulation/rows.py`` を変え、``make wave`` を実行してください。"),
    },
}  # fmt: skip

_EN = {
    "all": "the whole",
    "letsencrypt": "Let's Encrypt, which exempts what replaces by ARI",
    "counted": "300 orders in 3 hours, nothing exempt",
    "digicert": "DigiCert, one key",
    "atlas": "GlobalSign Atlas, one key",
    "gcc": "GlobalSign GCC, one user",
    "domain": "50 a week for one registered domain, nothing exempt",
    "mail": "400 approvals a working day, 100 days",
    "digicert_5d": "DigiCert's share, 5 days",
    "digicert_24h": "DigiCert's share, 24 hours",
    "letsencrypt_24h": "Let's Encrypt's share, 24 hours",
    "atlas_24h": "Atlas's share, 24 hours",
    "gcc_24h": "GCC's share, 24 hours",
    "all_digicert_5d": "everything at one key of DigiCert, 5 days",
    "all_digicert_24h": "everything at one key of DigiCert, 24 hours",
    "all_letsencrypt_24h": "everything at Let's Encrypt, 24 hours",
    "all_counted_24h": "everything at one account, 300 orders in 3 hours, nothing exempt, 24 hours",
    "recommended": "nothing: recommended",
    "together": "all shards start at once",
    "every_4.0": "a run every 4 hours",
    "every_24.0": "a run every day",
    "unsafe": "one shard, a run a day, no jitter",
    "outage_1": "DigiCert does not answer for a day",
    "outage_7": "DigiCert does not answer for a week",
    "outage_all": "no CA answers for a day",
    "mail_moved": "mail, moved on 2028-02-01",
    "mail_few": "mail, moved, 20 approvals a working day",
    "mail_stays": "mail, never moved",
}
_JA = {
    "all": "全体",
    "letsencrypt": "Let's Encrypt(ARIによる置き換えは数えない)",
    "counted": "3時間に300注文(すべて数える)",
    "digicert": "DigiCert(1キー)",
    "atlas": "GlobalSign Atlas(1キー)",
    "gcc": "GlobalSign GCC(1ユーザー)",
    "domain": "1登録ドメインに週50枚(すべて数える)",
    "mail": "JPRS、メール承認(1営業日に400件、100日)",
    "digicert_5d": "DigiCertの分、5日",
    "digicert_24h": "DigiCertの分、24時間",
    "letsencrypt_24h": "Let's Encryptの分、24時間",
    "atlas_24h": "Atlasの分、24時間",
    "gcc_24h": "GCCの分、24時間",
    "all_digicert_5d": "全数がDigiCertの1キー、5日",
    "all_digicert_24h": "全数がDigiCertの1キー、24時間",
    "all_letsencrypt_24h": "全数がLet's Encrypt、24時間",
    "all_counted_24h": "全数が1アカウント、3時間に300注文(すべて数える)、24時間",
    "recommended": "なし(推奨設定)",
    "together": "全シャードを同時に開始",
    "every_4.0": "4時間に1回の実行",
    "every_24.0": "1日1回の実行",
    "unsafe": "1シャード、1日1回、ジッターなし",
    "outage_1": "DigiCertが1日応答しない",
    "outage_7": "DigiCertが7日応答しない",
    "outage_all": "全認証局が1日応答しない",
    "mail_moved": "メール、2028年2月1日に変更",
    "mail_few": "メール、変更、1営業日に20件の承認",
    "mail_stays": "メール、変更しない",
}
for _number in (1, 2, 8, 16):
    _EN[f"shards_{_number}"], _JA[f"shards_{_number}"] = f"shards: {_number}", f"シャード: {_number}"
for _number in (60, 900):
    _EN[f"deadline_{_number}"] = f"``inkan_deadline`` {_number}"
    _JA[f"deadline_{_number}"] = f"``inkan_deadline`` {_number}"
for _number in (2, 4):
    _EN[f"accounts_{_number}"], _JA[f"accounts_{_number}"] = f"accounts: {_number}", f"アカウント: {_number}"
for _number in (2, 8):
    _EN[f"requests_{_number}"] = f"an order counts {_number} requests"
    _JA[f"requests_{_number}"] = f"1注文を{_number}リクエストと数える"
for _part in ("0.5", "0.8", "0.95"):
    _EN[f"fraction_{_part}"] = _JA[f"fraction_{_part}"] = f"``fraction`` {_part}"
for _hours in ("0", "168"):
    _EN[f"jitter_{_hours}.0"] = _JA[f"jitter_{_hours}.0"] = f"``jitter_hours`` {_hours}"
LABELS = {"en": _EN, "ja": _JA}

GUESSES_JA = (
    ("UNVERIFIED: GlobalSign AtlasとGCCの上限", "当コレクションの既定値、毎分600件と300件"),
    ("UNVERIFIED: 1注文のリクエスト数", "DigiCertとGCCは4、Atlasは5、Let's Encryptは新規注文1"),
    ("UNVERIFIED: 認証局の所要時間", "2秒から20秒。販売元では20件に1件が2時間から24時間"),
    ("UNVERIFIED: Let's Encryptが更新を勧める時期", "有効期間の3分の2の前後1日"),
    ("UNVERIFIED: 失効時のその期間の長さ", "失効までの時間の半分"),
    ("UNVERIFIED: 担当者が承認できる数", "1営業日(9時から18時、日本の祝日を除く)に400件"),
    ("UNVERIFIED: 未完了の注文数の上限", "なし。どの文書にもない"),
    ("UNVERIFIED: 認証局の内訳", "半分がLet's Encrypt、4分の1がDigiCert、残りは前提とした規模の表のとおり"),
)

_HEAD = """\
..
  Copyright: The inkan.tls developers
  GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Written by "make wave": change bench/simulation, not this page.

"""

TOPS = {
    "en": _HEAD
    + """\
.. _ansible_collections.inkan.tls.docsite.beyond_one_machine:

Beyond one machine
==================

日本語: :ref:`1台を超える規模 <ansible_collections.inkan.tls.docsite.beyond_one_machine_ja>`

``make wave`` simulates {certificates} certificates over the shards of ``inkan_shard``, such as AWX jobs, until the end of
2029. Nothing was ordered and no CA was asked: these figures are worked out, not measured. When a certificate is due is
asked of the collection's own policy, lifetimes and limits are its own rows and its own arithmetic; the model around them
is ``bench/simulation`` in the repository. A run costs {start} s, {sweep} ms for each certificate of its shard and
{each} ms for each that is ordered ({source}).

The answers
-----------

* **The load multiplies by itself.** {a_day_before} orders a day in the first quarter of 2027 become {a_day_between} in
  its last one and {a_day_last} at the end of 2029, {orders} in all. There is no flood on 2027-03-15 or 2029-03-15
  themselves: shorter certificates come back weeks later. The busiest day has {peak} orders ({on}); of an estate that was
  issued in one week, {peak_bunched} ({on_bunched}).
* **Nothing expires in the recommended set-up**: {reserve} days are left at least, the longest run takes {longest} s.
* **The schedule is the knob.** A run places only what the CA takes within ``inkan_deadline``. One run a day keeps {daily}
  certificates alive at one key of DigiCert, one an hour {hourly}; with a limit of 300 orders in 3 hours and nothing
  exempt a daily run keeps {counted}. Of {certificates} certificates at one key of DigiCert, issued on one day, a daily
  run of one shard lets {unsafe} expire within two months. Shards help where they start at different times; more accounts
  help where the account's limit binds; a later ``fraction`` only uses up the reserve.
* **A revocation within 24 hours is what breaks.** DigiCert's quarter of the estate is half replaced after {wave} hours;
  with all of it at one key {wave_late} are late. ARI does it in {ari} hours for everything, for what replaces does not
  count. On that day sixteen shards ({shards_late} late), ``inkan_deadline`` 900 ({deadline_late}) or four accounts
  ({accounts_late}) make up for it; the daily work needs none of them.
* **Without ARI one registered domain carries {domain} certificates** (50 a week). **Mail ends for good**: of 2,000
  certificates that stay with it {stays} expire in 2028.

Set up: shards of an hour with starts apart, ``inkan_renewal: {{jitter_hours: 72, run_every_hours: 1}}``, one account a CA
as long as the table of limits leaves room, another one before you need it.
""",
    "ja": _HEAD
    + """\
.. _ansible_collections.inkan.tls.docsite.beyond_one_machine_ja:

1台を超える規模
===============

English: :ref:`Beyond one machine <ansible_collections.inkan.tls.docsite.beyond_one_machine>`

``make wave`` は、{certificates}枚の証明書を ``inkan_shard`` のシャード(AWXのジョブなど)に分け、2029年末まで更新する様子をシミュレーション
します。注文も認証局への問い合わせも行いません。実測ではなく計算による値です。更新の時期は当コレクションのポリシーそのものに尋ね、有効期間と
上限も当コレクションの表と計算を使います。モデルはリポジトリの ``bench/simulation`` にあります。実行1回の時間は{start}秒に、担当する証明書1枚ごとの
{sweep}ミリ秒と、注文1件ごとの{each}ミリ秒を加えたものです({source})。

答え
----

* **負荷は自然に増えます。** 1日の注文は2027年の第1四半期に{a_day_before}件、第4四半期に{a_day_between}件、2029年末に{a_day_last}件、
  合計{orders}件です。2027年3月15日、2029年3月15日の当日に集中はありません。短くなった証明書は数週間後に更新されます。最も多い日は{peak}件
  ({on})、全数を1週間に発行した場合は{peak_bunched}件({on_bunched})です。
* **推奨設定では期限切れは起きません。** 残り日数は最小で{reserve}日、最も長い実行は{longest}秒です。
* **効くのは実行の頻度です。** 1回の実行では、``inkan_deadline`` までに認証局が受け付ける分だけを注文します。DigiCertの1キーで維持できる
  のは、1日1回なら{daily}枚、1時間に1回なら{hourly}枚です。3時間に300注文で例外のない認証局では、1日1回で{counted}枚です。同じ日に
  発行した{certificates}枚をDigiCertの1キーで、1シャード、1日1回で扱うと、2か月で{unsafe}枚が期限切れになります。シャードは開始時刻を
  ずらすと効き、アカウントの追加はその上限が効いている場合に効きます。``fraction`` を遅くしても、余裕が減るだけです。
* **問題は24時間以内の失効です。** DigiCertの分(全体の4分の1)の半数の置き換えに{wave}時間かかり、全数が1キーにある場合は
  {wave_late}枚が間に合いません。ARIなら置き換えは上限に数えられず、全数が{ari}時間で終わります。この日には、
  16シャード({shards_late}枚が遅れる)、``inkan_deadline`` 900({deadline_late}枚)、4アカウント({accounts_late}枚)が効きます。
  日々の作業には不要です。
* **ARIがなければ、1つの登録ドメインで維持できるのは{domain}枚です**(週50枚)。**メール認証は終了します。** 変更しない2,000枚のうち
  {stays}枚が2028年に期限切れになります。

設定: 1時間ごとのシャードを開始時刻をずらして実行し、``inkan_renewal: {{jitter_hours: 72, run_every_hours: 1}}`` とします。上限の表に余裕が
あるうちは1認証局に1アカウントとし、必要になる前に次のアカウントを用意してください。
""",
}
