# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor of job A: one process with only the work, by the libraries acme, cryptography and dnspython.

    python only_work.py DIRECTORY CA_BUNDLE ZONE STORE NUMBER dns PORT TSIG_SECRET
    python only_work.py DIRECTORY CA_BUNDLE ZONE STORE NUMBER http FOLDER_OF_CHALLENGES

No playbook and no plan, no ledger, no look as the CA looks, no deployment and nothing synced to the disk: keys, orders,
as few DNS updates as hold all records, or a file for each, answers, certificates as files, and all tokens taken away.
"""

from __future__ import annotations

import functools
import pathlib
import sys
import time
import typing as t

import acme.client
import acme.messages
import dns.query
import dns.tsigkeyring
import dns.update
import josepy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM = serialization.Encoding.PEM
PAUSE = 0.05  # seconds between two looks at what is not ready yet
MOST_RECORDS = 400  # of one update: its length is told in 16 bits (RFC 1035 §4.2.2)


def connect(url: str, bundle: str) -> acme.client.ClientV2:
    key = josepy.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    # its type says bool, and requests takes the path of a bundle there
    net = acme.client.ClientNetwork(key, alg=josepy.ES256, verify_ssl=t.cast("bool", bundle))
    client = acme.client.ClientV2(acme.client.ClientV2.get_directory(url, net), net)
    client.new_account(acme.messages.NewRegistration.from_data(terms_of_service_agreed=True))
    return client


def request(folder: pathlib.Path, fqdn: str) -> bytes:
    folder.mkdir(parents=True)
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(private)
    names = x509.SubjectAlternativeName([x509.DNSName(fqdn)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, False)
    return builder.sign(key, hashes.SHA256()).public_bytes(PEM)


def change(zone: str, port: int, secret: str, records: list[tuple[str, str]], word: str) -> None:
    for start in range(0, len(records), MOST_RECORDS):
        _change(zone, port, secret, records[start : start + MOST_RECORDS], word)


def _change(zone: str, port: int, secret: str, records: list[tuple[str, str]], word: str) -> None:
    update = dns.update.UpdateMessage(zone, keyring=dns.tsigkeyring.from_text({"inkan": secret}))
    for name, value in records:
        if word == "add":
            update.add(f"{name}.", 60, "TXT", f'"{value}"')
        else:
            update.delete(f"{name}.", "TXT")
    dns.query.tcp(update, "127.0.0.1", port=port)


def place(folder: str, files: list[tuple[str, str]], word: str) -> None:
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for name, value in files:
        path = pathlib.Path(folder, name)
        path.write_text(value) if word == "add" else path.unlink()


def until(work: t.Callable[[], t.Any], status: str) -> t.Any:
    while True:
        found = work()
        if found["status"] == status:
            return found
        if found["status"] == "invalid":
            sys.exit(f"the CA refuses: {found}")
        time.sleep(PAUSE)


def main(url: str, bundle: str, zone: str, store: str, number: str, way: str, *where: str) -> None:
    publish = (
        functools.partial(change, zone, int(where[0]), where[1]) if way == "dns" else functools.partial(place, *where)
    )
    client = connect(url, bundle)
    folders = [pathlib.Path(store) / f"c{count:05}" / "live" for count in range(int(number))]
    orders = [client.new_order(request(folder, f"{folder.parent.name}.{zone}")) for folder in folders]
    answers, tokens = [], []
    for order in orders:
        (authorization,) = order.authorizations
        challenge = next(one for one in authorization.body.challenges if one.chall.typ == f"{way}-01")
        response, value = challenge.response_and_validation(client.net.key)
        answers.append((challenge, response))
        record = f"_acme-challenge.{authorization.body.identifier.value}"
        tokens.append((record if way == "dns" else challenge.chall.encode("token"), value))
    publish(tokens, "add")
    for challenge, response in answers:
        client.answer_challenge(challenge, response)
    for order in orders:
        until(lambda order=order: client._post_as_get(order.uri).json(), "ready")
        client.begin_finalization(order)
    for order, folder in zip(orders, folders):
        done = until(lambda order=order: client._post_as_get(order.uri).json(), "valid")
        (folder / "cert.pem").write_text(client._post_as_get(done["certificate"]).text)
    publish(tokens, "delete")


if __name__ == "__main__":
    main(*sys.argv[1:])
