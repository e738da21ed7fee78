# SPDX-License-Identifier: GPL-2.0-only
"""Checks posted to a Patchwork; the only place that opens a connection, and only when it is asked to.

    GET  BASE/api/1.2/patches/ID/checks/?context=C    is it there already?
    POST BASE/api/1.2/patches/ID/checks/              {"state", "context", "description", "target_url"}

A check can be added but never changed, so before each attempt the newest check of our context is
asked for: where it says the same there is nothing to do, be it that an answer got lost or that the
command runs again.  429, 5xx and lost connections are tried again, later and later.

The token goes into one header of requests to the host that the user named, over TLS unless that is
this machine.  No redirect is followed and no proxy is asked.  It is in no message: what a server
says is searched for it.

Source: Patchwork's REST API, "Authentication" and "Create a check"; RFC 9110, 10.2.3 (Retry-After).
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

from reviewtool.errors import InputError, ToolError, visible
from reviewtool.report.patchwork import Check

TOKEN_VARIABLE = "REVIEWTOOL_PATCHWORK_TOKEN"  # noqa: S105  (its name, not a token)
_VERSION = "1.2"
_MOST_BYTES = 4 << 20
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and how long it may take; all times in seconds."""

    attempts: int = 5
    first_s: float = 1.0
    most_s: float = 60.0
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Server:
    """A Patchwork, as the user named it."""

    host: str
    port: int | None
    path: str
    secure: bool

    @property
    def name(self) -> str:
        """The host, as messages name it."""
        return visible(self.host if self.port is None else f"{self.host}:{self.port}")


class Token:
    """A secret that no message shows: its text is not in any repr()."""

    def __init__(self, text: str) -> None:
        if not re.fullmatch(r"[\x21-\x7e]+", text):
            raise InputError(TOKEN_VARIABLE, "no token: printable ASCII without blanks")
        self._text = text

    def __repr__(self) -> str:
        return "Token(...)"

    @property
    def header(self) -> str:
        """The value of Authorization."""
        return f"Token {self._text}"

    def redact(self, text: str) -> str:
        """Return TEXT without the token."""
        quoted = json.dumps(self._text)[1:-1]
        return text.replace(self._text, "[token]").replace(quoted, "[token]")


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    retry_after_s: float


class _LostError(Exception):
    """No whole answer came."""


def parse_server(url: str) -> Server:
    """Return the Patchwork at URL.

    Raises: InputError without the URL in it where that holds a secret.
    """
    where = "--patchwork"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise InputError(where, "not a URL") from problem
    if parts.username is not None or parts.password is not None:
        raise InputError(where, f"a URL with a user in it: the token goes into {TOKEN_VARIABLE}")
    if not parts.hostname or parts.query or parts.fragment:
        raise InputError(where, "not the URL of a Patchwork, such as https://patchwork.example.org")
    if re.search(r"[\x00-\x20\x7f]", url) or not url.isascii():
        raise InputError(where, "not a URL: a blank, a control character or a letter beyond ASCII")
    secure = parts.scheme == "https"
    if not secure and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise InputError(where, "https only: the token would be readable on the way")
    return Server(parts.hostname, port, parts.path.rstrip("/"), secure)


def post_check(
    server: Server,
    token: Token,
    patch: int,
    check: Check,
    patience: Patience = Patience(),
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Give CHECK to SERVER for its patch number PATCH; False if it was there already.

    Raises: InputError for what the server refuses; ToolError when it does not answer in the end.
    """
    path = f"{server.path}/api/{_VERSION}/patches/{patch}/checks/"
    query = f"{path}?context={quote(check.context, safe='')}&per_page=250"
    body = json.dumps(asdict(check)).encode("ascii")
    said = ""
    for attempt in range(patience.attempts):
        wait = 0.0
        try:
            listed = _ask(server, token, "GET", query, b"", patience)
            if listed.status == 200 and _has(listed.body, check):
                return False
            made = listed
            if listed.status == 200:
                made = _ask(server, token, "POST", path, body, patience)
        except _LostError as problem:
            said = token.redact(str(problem))
        else:
            if made.status == 201:
                return True
            if made.status != 429 and made.status < 500:
                raise InputError(server.name, _refusal(made, patch, token))
            said, wait = f"status {made.status}", made.retry_after_s
        if attempt + 1 < patience.attempts:
            pause(min(max(wait, patience.first_s * 2**attempt), patience.most_s))
    raise ToolError(server.name, f"no answer after {patience.attempts} attempts: {said}")


def _ask(
    server: Server, token: Token, method: str, path: str, body: bytes, patience: Patience
) -> _Answer:
    """Return the answer to one request.

    Raises: _LostError when there is none, or not all of it.
    """
    timeout = patience.timeout_s
    connection = (
        HTTPSConnection(
            server.host, server.port, timeout=timeout, context=ssl.create_default_context()
        )
        if server.secure
        else HTTPConnection(server.host, server.port, timeout=timeout)
    )
    headers = {
        "Authorization": token.header,
        "Accept": "application/json",
        "User-Agent": "reviewtool",
    }
    if body:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        data = response.read(_MOST_BYTES)
        wait = response.getheader("Retry-After", "")
    except (OSError, HTTPException, ValueError) as problem:
        text = problem.strerror if isinstance(problem, OSError) else None
        raise _LostError(text or str(problem) or type(problem).__name__) from None
    finally:
        connection.close()
    return _Answer(response.status, data, float(wait) if re.fullmatch(r"\d{1,6}", wait) else 0.0)


def _has(body: bytes, check: Check) -> bool:
    """Whether the newest check of CHECK's context, as the server lists them in BODY, is CHECK."""
    try:
        listed = json.loads(body)
    except (ValueError, RecursionError):
        return False
    known: dict[int, dict[object, object]] = {}
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, dict) and row.get("context") == check.context:
            number = row.get("id")
            known[number if type(number) is int else 0] = row
    if not known:
        return False
    newest = known[max(known)]
    wanted = asdict(check)
    return all((newest.get(name) or None) == (wanted[name] or None) for name in wanted)


def _refusal(answer: _Answer, patch: int, token: Token) -> str:
    """Return why the server did not take it, in its own words where these are to be had."""
    if 300 <= answer.status < 400:
        return f"answers with a redirect (status {answer.status}), which is not followed: name the URL itself"
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    said = (
        json.dumps(body.get("detail", body), ensure_ascii=False) if isinstance(body, dict) else ""
    )
    words = " ".join(visible(token.redact(said)).split())[:200]
    meant = {
        401: "the token is not known",
        403: "the token may not do that",
        404: f"no patch {patch}",
    }
    reason = meant.get(answer.status, "refused")
    return f"{reason} (status {answer.status}{f': {words}' if words else ''})"
