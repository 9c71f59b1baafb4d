# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragments of docs/examples that serve one token folder for all sites, on real servers among real hindrances."""

from __future__ import annotations

import http.client
import os
import tempfile
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.modules import file_tokens
from servers.apache import Apache
from servers.nginx import Nginx

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
FOLDER = "/var/www/inkan-validation"
PATHS = {
    "acme": ".well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0",
    "text": ".well-known/pki-validation/fileauth.txt",
    "html": ".well-known/pki-validation/0A1B2C3D.html",
}
#: what stands in the way at many sites: name -> nginx, Apache
HINDRANCES = {
    "plain": ("", ""),
    "dotfiles": (
        r"location ~ /\. { deny all; }",
        '<LocationMatch "/\\.">\nRequire all denied\n</LocationMatch>\n<DirectoryMatch "/\\.">\nRequire all denied\n'
        "</DirectoryMatch>\nRedirectMatch 404 /\\.",
    ),
    "password": (
        'auth_basic "staff"; auth_basic_user_file {here}/passwords;',
        '<Location "/">\nAuthType Basic\nAuthName staff\nAuthUserFile {here}/passwords\n'
        "Require valid-user\n</Location>",
    ),
    "redirect": (
        "location / { return 301 https://$host$request_uri; }",
        '{after}RewriteRule "^" "https://%{HTTP_HOST}%{REQUEST_URI}" [R=301,L]',
    ),
    "application": (
        "location / { proxy_pass http://127.0.0.1:9; }",
        '{after}RewriteRule "^/(.*)" "http://127.0.0.1:9/$1" [P]',
    ),
}


class Answer(t.NamedTuple):
    status: int
    kind: str
    body: bytes


class Sites(t.NamedTuple):
    address: str
    port: int
    folder: Path

    def get(self, site: str, path: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"{site}.example.jp"})
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheader("Content-Type", ""), answer.read())
        finally:
            connection.close()


def nginx_sites(here: Path, fragment: Path) -> str:
    server = "server_name {site}.example.jp; root {here}/site; include {fragment}; {more}"
    one = f"server {{{{ listen {{address}}:{{port}}; {server} }}}}"
    return "\n".join(
        one.format(address="ADDRESS", port="PORT", site=site, here=here, fragment=fragment, more=more)
        for site, (more, _apache) in HINDRANCES.items()
    ).replace("{here}", str(here))


def apache_sites(here: Path, fragment: Path) -> str:
    """The fragment stands above further rewrite rules, and below what hides dot files, as it says itself."""
    sites = []
    for site, (_nginx, more) in HINDRANCES.items():
        after = more.startswith("{after}")
        rest = more.removeprefix("{after}").replace("{here}", str(here))
        body = f"Include {fragment}\n{rest}" if after else f"{rest}\nInclude {fragment}"
        sites.append(
            f"<VirtualHost {{address}}:{{port}}>\nServerName {site}.example.jp\nDocumentRoot {here}/site\n{body}\n"
            "</VirtualHost>"
        )
    return "\n".join([f'<Directory "{here}/site">\nRequire all granted\n</Directory>', *sites])


@pytest.fixture(params=["nginx", "apache"], scope="module")
def sites(request: pytest.FixtureRequest) -> t.Iterator[Sites]:
    """In a folder that the servers' own user can enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        here = Path(temporary)
        here.chmod(0o755)
        folder = here / "validation"
        (here / "site").mkdir()
        folder.mkdir()
        (here / "secret").write_text("secret")
        (here / "passwords").write_text("staff:{PLAIN}unknown\n")
        fragment = here / "fragment.conf"
        fragment.write_text(
            (EXAMPLES / f"{request.param}-validation-files.conf").read_text().replace(FOLDER, str(folder))
        )
        if request.param == "apache":
            with Apache(here / "server", apache_sites(here, fragment)) as apache:
                yield Sites(apache.address, apache.http_port, folder)
            return
        nginx = Nginx(here / "server")
        nginx.prepare()
        hosts = nginx_sites(here, fragment).replace("ADDRESS", nginx.address).replace("PORT", str(nginx.http_port))
        (nginx.directory / "vhosts" / "sites.conf").write_text(hosts)
        with nginx:
            yield Sites(nginx.address, nginx.http_port, folder)


@pytest.fixture(scope="module")
def placed(sites: Sites) -> Sites:
    tokens = [
        {"name": name, "document_root": str(sites.folder), "path": path, "content": f"the value of {name}"}
        for name, path in PATHS.items()
    ]
    result = file_tokens.run({"tokens": tokens, "state": "present"}, False)
    assert [item.outcome for item in result.items] == ["placed"] * len(PATHS)
    return sites


@pytest.mark.parametrize("site", HINDRANCES)
def test_every_site_serves_what_is_in_the_one_folder(placed: Sites, site: str) -> None:
    for name, path in PATHS.items():
        answer = placed.get(site, f"/{path}")
        assert (answer.status, answer.body) == (200, f"the value of {name}".encode()), path
        assert answer.kind.startswith("text/"), "an unknown file is no download to a CA, but text it should be"


@pytest.mark.parametrize("site", HINDRANCES)
def test_nothing_else_is_opened_by_it(placed: Sites, site: str) -> None:
    (placed.folder / ".well-known" / "pki-validation" / "leak.txt").unlink(missing_ok=True)
    os.symlink(placed.folder.parent / "secret", placed.folder / ".well-known" / "pki-validation" / "leak.txt")
    wrong = (
        "/.well-known/pki-validation/leak.txt",
        "/.well-known/pki-validation/none.txt",
        "/.well-known/pki-validation/",
        "/.well-known/pki-validation/..%2f..%2f..%2fsecret",
        "/.well-known/acme-challenge/../../../secret",
    )
    for path in wrong:
        answer = placed.get(site, path)
        assert answer.status != 200 and b"secret" not in answer.body, path


def test_the_hindrances_are_real(placed: Sites) -> None:
    """What lies in the site itself, and is not excepted by the fragment, is kept from a CA by each of them."""
    own = placed.folder.parent / "site" / ".other" / "pki-validation"
    own.mkdir(parents=True, exist_ok=True)
    (own / "fileauth.txt").write_text("the site's own")
    seen = {site: placed.get(site, "/.other/pki-validation/fileauth.txt").status for site in HINDRANCES}
    assert (seen["plain"], seen["password"], seen["redirect"]) == (200, 401, 301)
    assert seen["dotfiles"] in (403, 404) and seen["application"] in (502, 503), seen
