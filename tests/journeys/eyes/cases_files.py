# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation files that are not served, redirects that no CA follows, and web servers that cannot be reached."""

from __future__ import annotations

import typing as t

from .case import ACME, PKI, Book, file, site
from .net import NOBODY, PLAIN_WEB, TOKEN, VALUE, WEB, Net, text_of

content = Book("a file that is not what it should be")
redirects = Book("a redirect that no CA follows")
reach = Book("a web server that cannot be reached")

Options = dict[str, t.Any]
HTML = "<!DOCTYPE html><title>shop</title><p>Welcome"


def _served(
    net: Net, body: str | bytes, path: str = PKI, value: str = VALUE, ca: str | None = None, **more: t.Any
) -> Options:
    host = site(net, WEB[0])
    net.page((host, path), body, **more)
    return file(host, value, path, ca=ca)


@content.row("it was not placed", ("file_status", "404", WEB[0]))
def absent(net: Net) -> Options:
    return file(site(net, WEB[0]))


@content.row("files whose folder begins with a dot are forbidden", ("file_status", "403"))
def forbidden(net: Net) -> Options:
    return _served(net, "no", status=403)


@content.row("the application answers every path with its page", ("file_page_for_all", "HTML"))
def page_for_all(net: Net) -> Options:
    return _served(net, HTML, kind="text/html")


@content.row("an editor put a byte order mark before it", ("file_bom", "byte order mark"))
def bom(net: Net) -> Options:
    return _served(net, b"\xef\xbb\xbf" + VALUE.encode(), ca="digicert")


@content.row("an editor saved it as UTF-16", ("file_utf16", "UTF-16"))
def utf16(net: Net) -> Options:
    return _served(net, VALUE.encode("utf-16"))


@content.row("the file of the last order is still there", ("file_other_content", "other content"))
def last_order(net: Net) -> Options:
    return _served(net, "the-value-of-the-last-order")


@content.row("the key authorization has a line more", ("file_other_content", "with more around it"))
def line_more(net: Net) -> Options:
    value = f"{TOKEN}.thumbprint"
    return _served(net, f"{value}\n# placed by ops\n", ACME, value)


@content.row("it is empty, as a full disk leaves it", ("file_other_content", "other content"))
def empty(net: Net) -> Options:
    return _served(net, "", status=200)


@content.row("one of two web servers does not have it", ("file_status", WEB[1], "404"))
def one_of_two(net: Net) -> Options:
    host = site(net, WEB[0], WEB[1])
    net.page((WEB[0], host, PKI), VALUE)
    return file(host)


@content.row("the web server for IPv6 has another document root", ("file_page_for_all", "::1"))
def other_by_ipv6(net: Net) -> Options:
    host = site(net, WEB[0], "::1")
    net.page((WEB[0], host, PKI), VALUE)
    net.page(("::1", host, PKI), HTML)
    return file(host)


@content.row("it holds more than this CA reads", ("file_too_large", "5000"))
def too_large(net: Net) -> Options:
    return _served(net, VALUE + " " * 6000, ca="digicert")


@content.row("the file's name is its value", ("file_value_in_url", "proves nothing"))
def value_in_url(net: Net) -> Options:
    host = site(net, WEB[0])
    net.page((host, f"/.well-known/pki-validation/{VALUE}.txt"), VALUE)
    return file(host, VALUE, f"/.well-known/pki-validation/{VALUE}.txt")


# --- redirects -------------------------------------------------------------------------------------------------------


def _sent_to(net: Net, location: str, status: int = 302, ca: str | None = None) -> Options:
    return _served(net, "", status=status, location=location, ca=ca)


def _row(net: Net, number: int, ca: str) -> Options:
    """So many redirects, and the file at the end."""
    host = site(net, WEB[0])
    places = [PKI, *(f"/hop{one}" for one in range(1, number)), "/end"]
    for here, there in zip(places, places[1:]):
        net.page((host, here), "", status=302, location=f"http://{host}{there}")
    net.page((host, "/end"), VALUE)
    return file(host, ca=ca)


@redirects.row("http and https send to each other", ("file_redirect_loop", "in a circle"))
def circle(net: Net) -> Options:
    host = site(net, WEB[0])
    net.page((host, f"http:{PKI}"), "", status=301, location=f"https://{host}{PKI}")
    net.page((host, f"https:{PKI}"), "", status=301, location=f"http://{host}{PKI}")
    return file(host)


@redirects.row("eleven in a row are one more than JPRS follows", ("file_redirect_many", "more than 10"))
def eleven(net: Net) -> Options:
    return _row(net, 11, "jprs")


@redirects.row("six in a row are one more than DigiCert follows", ("file_redirect_many", "more than 5"))
def six(net: Net) -> Options:
    return _row(net, 6, "digicert")


@redirects.row("to another domain, where DigiCert does not go", ("file_redirect_domain", "within d"))
def other_domain(net: Net) -> Options:
    host = site(net, WEB[0])
    net.page((host, PKI), VALUE)
    return _sent_to(net, f"http://{host}{PKI}", ca="digicert")


@redirects.row("by status 303", ("file_redirect_status", "303"))
def see_other(net: Net) -> Options:
    return _sent_to(net, "/there", 303)


@redirects.row("by a page for browsers", ("file_meta_refresh", "meta refresh"))
def meta(net: Net) -> Options:
    return _served(net, '<html><meta http-equiv="refresh" content="0; url=/there">')


@redirects.row("to a port of the application", ("file_redirect_port", "8443"))
def other_port(net: Net) -> Options:
    return _sent_to(net, "https://www.mail.jp:8443/x")


@redirects.row("to an FTP server", ("file_redirect_scheme", "ftp://"))
def ftp(net: Net) -> Options:
    return _sent_to(net, "ftp://files.mail.jp/x")


@redirects.row("without saying where to", ("file_redirect_nowhere", "where to"))
def nowhere(net: Net) -> Options:
    return _sent_to(net, "", 301)


@redirects.row("to an address in place of a name", ("file_redirect_host", "names an address"))
def to_address(net: Net) -> Options:
    return _sent_to(net, "http://192.0.2.7/x")


@redirects.row("to the single sign-on, with a user's name", ("file_redirect_host", "user name"))
def with_user(net: Net) -> Options:
    return _sent_to(net, "https://guest@login.mail.jp/")


# --- reach -----------------------------------------------------------------------------------------------------------


@reach.row("nothing listens on port 80", ("file_unreachable", NOBODY))
def closed(net: Net) -> Options:
    return file(site(net, NOBODY))


@reach.row("a firewall lets the request in and no answer out", ("file_silent", WEB[0]))
def silent(net: Net) -> Options:
    return _served(net, "", silent=True)


@reach.row("the server hangs up without an answer", ("file_bad_answer", WEB[0]))
def hangs_up(net: Net) -> Options:
    return _served(net, "", raw=b"")


@reach.row("the answer ends in its middle", ("file_bad_answer", "IncompleteRead"))
def half(net: Net) -> Options:
    return _served(net, "", raw=b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + VALUE.encode())


@reach.row("the redirect to https meets a port without TLS", ("file_tls", PLAIN_WEB))
def no_tls(net: Net) -> Options:
    host = site(net, PLAIN_WEB)
    net.page((host, f"http:{PKI}"), "", status=301, location=f"https://{host}{PKI}")
    return file(host)


@reach.row("the host has no address", ("file_no_address", "has no address"))
def no_address(net: Net) -> Options:
    zone = net.zone()
    zone.put("www", "TXT", "no web here")
    return file(f"www.{text_of(zone)}")


@reach.row("the redirect leads to a host that is gone", ("file_no_address", "old-cdn"))
def gone_target(net: Net) -> Options:
    return _sent_to(net, "http://old-cdn.mail.jp/x")


@reach.row("the host is published with an address of the office", ("file_private_address", "10.1.2.3"))
def office(net: Net) -> Options:
    return file(site(net, "10.1.2.3"), sight={"private_addresses": False})


@reach.row("one of two addresses is that of a machine that is gone", ("file_unreachable", NOBODY))
def one_gone(net: Net) -> Options:
    host = site(net, WEB[0], NOBODY)
    net.page((host, PKI), VALUE)
    return file(host)


CASES = [*content.cases, *redirects.cases, *reach.cases]
