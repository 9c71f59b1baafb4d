# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail domains whose mailboxes are nobody's domain contact: public mail services, and the mailboxes that DNS hosts put
into SOA records (IIJ-6). A domain stands for all below it.

This file is private to the collection.
"""

from __future__ import annotations

PUBLIC_MAIL: tuple[str, ...] = (
    "gmail.com",
    "googlemail.com",
    "yahoo.co.jp",
    "yahoo.com",
    "ymail.ne.jp",
    "outlook.com",
    "outlook.jp",
    "hotmail.com",
    "hotmail.co.jp",
    "live.jp",
    "live.com",
    "msn.com",
    "icloud.com",
    "me.com",
    "aol.com",
    "aol.jp",
    "gmx.com",
    "gmx.net",
    "mail.com",
    "proton.me",
    "protonmail.com",
    "zoho.com",
    "qq.com",
    "163.com",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "au.com",
    "softbank.ne.jp",
    "i.softbank.jp",
    "ybb.ne.jp",
    "nifty.com",
    "ocn.ne.jp",
    "so-net.ne.jp",
    "biglobe.ne.jp",
    "excite.co.jp",
    "infoseek.jp",
)

#: mail domain of the RNAME that each puts into the zones it hosts
DNS_HOSTS: tuple[tuple[str, str], ...] = (
    ("awsdns-hostmaster.amazon.com", "Amazon Route 53"),
    ("amazon.com", "Amazon Route 53"),
    ("dns.cloudflare.com", "Cloudflare"),
    ("cloudflare.com", "Cloudflare"),
    ("microsoft.com", "Azure DNS"),
    ("google.com", "Google Cloud DNS"),
    ("akamai.com", "Akamai"),
    ("nsone.net", "NS1"),
    ("ultradns.com", "UltraDNS"),
    ("jomax.net", "GoDaddy"),
    ("dnsimple.com", "DNSimple"),
    ("digitalocean.com", "DigitalOcean"),
    ("iij.ad.jp", "IIJ"),
    ("iij-dns.jp", "IIJ"),
    ("value-domain.com", "Value Domain"),
    ("onamae.com", "お名前.com"),
    ("gmoserver.jp", "GMO"),
    ("muumuu-domain.com", "ムームードメイン"),
    ("sakura.ad.jp", "さくらインターネット"),
    ("xserver.jp", "Xserver"),
    ("cpi.ad.jp", "CPI"),
    ("idcfcloud.com", "IDCフロンティア"),
)
