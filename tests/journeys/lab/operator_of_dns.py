# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator of DNS zones at the lab's DPF, without the collection: for the tests of the lab itself."""

from __future__ import annotations

import http.client
import json
import ssl
import typing as t
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import dns.message
import dns.query
import dns.rdatatype
from lab.lab import Lab

Document = dict[str, t.Any]
ZONE, NAME, WWW = "example.net", "_acme-challenge.www.example.net.", "www.example.net."


@dataclass(frozen=True)
class Answer:
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Document:
        document = json.loads(self.body.decode("utf-8"))
        assert isinstance(document, dict)
        return document

    @property
    def details(self) -> list[tuple[str, str]]:
        assert self.status == 400, self.body
        assert self.json["error_type"] == "ParameterError"
        assert len(self.json["request_id"]) == 32
        return [(one["code"], one["attribute"]) for one in self.json["error_details"]]


class Operator:
    """Somebody with a token."""

    def __init__(self, lab: Lab, who: str = "write") -> None:
        self.lab, self.facts = lab, lab.facts()["dpf"]
        self.zone = self.facts["zones"][ZONE]
        self._token = self.facts["tokens"].get(who, who)
        self._context = ssl.create_default_context(cafile=self.facts["ca"])

    def call(self, method: str, path: str, body: object = None, *keywords: tuple[str, str]) -> Answer:
        url = urlsplit(self.facts["url"] if not path.startswith("https:") else "")
        target = f"{url.path}{path}" if url.path else urlsplit(path).path
        if keywords:
            target += "?" + "&".join(f"{quote(word)}={quote(value)}" for word, value in keywords)
        connection = http.client.HTTPSConnection(urlsplit(self.facts["url"]).netloc, context=self._context, timeout=10)
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, target, content, {"Authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def at(self, path: str, zone: str = "") -> str:
        return f"/zones/{zone or self.zone}{path}"

    def done(self, answer: Answer) -> Document:
        """Of the job, when it has ended."""
        assert answer.status == 202, answer.body
        assert set(answer.json) == {"request_id", "jobs_url"}
        for _unused in range(3):
            job = self.call("GET", answer.json["jobs_url"]).json
            if job["status"] != "RUNNING":
                return job
        raise AssertionError(job)

    def stage(self, name: str, *values: str, rrtype: str = "TXT", **more: t.Any) -> Answer:
        wish = {"name": name, "rrtype": rrtype, "rdata": [{"value": value} for value in values], **more}
        return self.call("POST", self.at("/records"), wish)

    def staged(self, name: str, *values: str, **more: t.Any) -> str:
        """The id of the record."""
        job = self.done(self.stage(name, *values, **more))
        assert job["status"] == "SUCCESSFUL"
        return str(self.call("GET", job["resources_url"]).json["result"]["id"])

    def publish(self, description: str = "") -> Document:
        return self.done(self.call("PATCH", self.at("/changes"), {"description": description}))

    def diffs(self) -> list[Document]:
        return list(self.call("GET", self.at("/records/diffs")).json["results"])

    def names(self, path: str = "/records") -> set[str]:
        return {one["name"] for one in self.call("GET", self.at(path)).json["results"]}

    def of_dns(self, name: str, rrtype: str = "TXT", server: str = "127.0.0.1") -> t.Any:
        """What one of the lab's servers answers."""
        answer = dns.query.tcp(dns.message.make_query(name, rrtype), server, 5, self.lab.dns.port)
        return next((one for one in answer.answer if one.rdtype == dns.rdatatype.from_text(rrtype)), None)
