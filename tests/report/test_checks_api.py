# SPDX-License-Identifier: GPL-2.0-only
"""Checks posted to a server of ours that answers as Patchwork's documentation has it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from reviewtool.cli.report import report
from reviewtool.errors import InputError, ReviewtoolError, ToolError
from reviewtool.report.checks_api import (
    TOKEN_VARIABLE,
    Patience,
    Token,
    parse_server,
    post_check,
)
from reviewtool.report.patchwork import Check

SECRET = "s3cr3t-0123456789abcdef"  # noqa: S105  (of a server that this test runs)
GOLDEN = Path(__file__).parents[1] / "golden" / "follow-page-v1.mbox.json"
QUICK = Patience(attempts=4, first_s=0.0, most_s=0.0, timeout_s=5.0)
CHECK = Check("warning", "reviewtool", "follow_page() changes", None)
STATES = {"pending", "success", "warning", "fail"}


@dataclass
class Patchwork:
    """A stand-in: patches 1201 and 1202, one token, and faults to give before it works.

    faults: of POST: a status; "lost" to close without an answer, "late" to do so after the check
    was made.  redirect: where everything is sent to.
    """

    faults: list[int | str] = field(default_factory=list)
    redirect: str = ""
    retry_after: str = ""
    checks: dict[int, list[dict[str, object]]] = field(default_factory=lambda: {1201: [], 1202: []})
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    patchwork: Patchwork

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _patch(self) -> int | None:
        """Return the patch that is meant, None after an answer that ends it."""
        stand_in = self.patchwork
        stand_in.seen.append((self.command, self.path, self.headers.get("Authorization")))
        if stand_in.redirect:
            self._answer(302, {}, Location=stand_in.redirect)
            return None
        parts = urlsplit(self.path).path.split("/")
        if parts[:4] != ["", "api", "1.2", "patches"] or parts[5:] != ["checks", ""]:
            self._answer(404, {"detail": "Not found."})
            return None
        if self.headers.get("Authorization") != f"Token {SECRET}":
            told = f"Invalid token {self.headers.get('Authorization')}"
            self._answer(401, {"detail": told})
            return None
        if int(parts[4]) not in stand_in.checks:
            self._answer(404, {"detail": "No Patch matches the given query."})
            return None
        return int(parts[4])

    def do_GET(self) -> None:
        patch = self._patch()
        if patch is not None:
            wanted = parse_qs(urlsplit(self.path).query)["context"][0]
            rows = [row for row in self.patchwork.checks[patch] if row["context"] == wanted]
            self._answer(200, rows)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        patch = self._patch()
        if patch is None:
            return
        fault = self.patchwork.faults.pop(0) if self.patchwork.faults else None
        if isinstance(fault, int):
            self._answer(fault, {"detail": "no"}, Retry_After=self.patchwork.retry_after)
            return
        if fault == "lost":
            self.close_connection = True
            return
        if self.headers["Content-Type"] != "application/json" or body.get("state") not in STATES:
            self._answer(400, {"state": ["A check must have a state."]})
            return
        row = {**body, "id": sum(map(len, self.patchwork.checks.values())) + 1}
        self.patchwork.checks[patch].append(row)
        if fault == "late":
            self.close_connection = True
            return
        self._answer(201, row)


def _serve(stand_in: Patchwork) -> ThreadingHTTPServer:
    handler = type("Handler", (_Handler,), {"patchwork": stand_in})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture
def patchwork() -> Iterator[Patchwork]:
    stand_in = Patchwork()
    server = _serve(stand_in)
    yield stand_in
    server.shutdown()
    server.server_close()


def _post(patchwork: Patchwork, check: Check = CHECK, patch: int = 1201) -> bool:
    return post_check(parse_server(patchwork.url), Token(SECRET), patch, check, QUICK)


def test_a_check_is_posted_as_documented(patchwork: Patchwork) -> None:
    assert _post(patchwork) is True
    (row,) = patchwork.checks[1201]
    assert {name: row[name] for name in ("state", "context", "description", "target_url")} == {
        "state": "warning",
        "context": "reviewtool",
        "description": "follow_page() changes",
        "target_url": None,
    }


def test_the_same_check_is_never_there_twice(patchwork: Patchwork) -> None:
    assert [_post(patchwork), _post(patchwork)] == [True, False]
    assert len(patchwork.checks[1201]) == 1


def test_another_result_is_a_newer_check_and_so_is_the_first_again(patchwork: Patchwork) -> None:
    better = Check("success", "reviewtool", "no semantic change", None)
    assert [_post(patchwork), _post(patchwork, better), _post(patchwork)] == [True, True, True]
    assert [row["state"] for row in patchwork.checks[1201]] == ["warning", "success", "warning"]


@pytest.mark.parametrize("faults", [[500], [503, 429], ["lost"], ["lost", 502, "lost"]])
def test_what_passes_is_tried_again(patchwork: Patchwork, faults: list[int | str]) -> None:
    patchwork.faults = faults
    assert _post(patchwork) is True
    assert len(patchwork.checks[1201]) == 1


def test_a_lost_answer_to_a_check_that_was_made_does_not_make_it_twice(
    patchwork: Patchwork,
) -> None:
    patchwork.faults = ["late"]
    assert _post(patchwork) is False
    assert len(patchwork.checks[1201]) == 1


def test_waits_grow_and_mind_what_the_server_asks_for(patchwork: Patchwork) -> None:
    patchwork.faults, patchwork.retry_after = [500, 500, 500], "5"
    waits: list[float] = []
    patience = Patience(attempts=4, first_s=2.0, most_s=6.0)
    server = parse_server(patchwork.url)
    assert post_check(server, Token(SECRET), 1201, CHECK, patience, waits.append) is True
    assert waits == [5.0, 5.0, 6.0]


def test_a_server_that_never_works_is_given_up_in_one_line(patchwork: Patchwork) -> None:
    patchwork.faults = [500] * 9
    with pytest.raises(ToolError, match="no answer after 4 attempts: status 500"):
        _post(patchwork)
    assert patchwork.checks[1201] == []


def test_a_server_that_is_not_there_is_named() -> None:
    server = parse_server("http://127.0.0.1:9")  # the discard port
    with pytest.raises(ToolError, match=r"127\.0\.0\.1:9: no answer after 4 attempts"):
        post_check(server, Token(SECRET), 1, CHECK, QUICK)


@pytest.mark.parametrize(
    ("patch", "check", "reason"),
    [
        (99, CHECK, "no patch 99"),
        (1201, Check("odd", "reviewtool", "x"), "A check must have a state"),
    ],
)
def test_a_refusal_is_final_and_says_why(
    patchwork: Patchwork, patch: int, check: Check, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        _post(patchwork, check, patch)
    assert len(patchwork.seen) <= 2


def test_the_token_never_follows_a_redirect(patchwork: Patchwork) -> None:
    other = Patchwork()
    server = _serve(other)
    patchwork.redirect = f"{other.url}/api/1.2/patches/1201/checks/"
    with pytest.raises(InputError, match="redirect"):
        _post(patchwork)
    server.shutdown()
    server.server_close()
    assert other.seen == []


def test_a_server_without_tls_gets_no_token_by_https(patchwork: Patchwork) -> None:
    server = parse_server(patchwork.url.replace("http:", "https:"))
    with pytest.raises(ToolError, match="no answer after 4 attempts"):
        post_check(server, Token(SECRET), 1201, CHECK, QUICK)
    assert patchwork.seen == []


def test_a_server_that_echoes_the_token_does_not_get_it_into_a_message(
    patchwork: Patchwork,
) -> None:
    server = parse_server(patchwork.url)
    for secret in (f"{SECRET}x", f'{SECRET}"\\'):
        with pytest.raises(InputError) as caught:
            post_check(server, Token(secret), 1201, CHECK, QUICK)
        text = repr(caught.value) + str(caught.value.__cause__) + repr(Token(secret))
        assert "Invalid token" in text
        assert SECRET not in text


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://patchwork.example.org", "https only"),
        ("ftp://localhost/x", "https only"),
        ("patchwork.example.org", "not the URL"),
        ("https://me:pass@patchwork.example.org", "a user in it"),
        ("https://patchwork.example.org/?x=1", "not the URL"),
        ("https://patchwork.example.org/a b", "not a URL"),
        ("https://localhost:port", "not a URL"),
        ("http://localhost.example.org", "https only"),
        ("https://patchwork.example.org/\r\nX-Evil: 1", "not a URL"),
    ],
)
def test_a_url_that_would_give_the_token_away_is_refused(url: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        parse_server(url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "a b", "a\r\nX-Evil: 1", "ü", "a\x00"])
def test_what_is_no_token_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Token(text)
    assert not text or text not in str(caught.value)


def _run(*arguments: str, token: str | None = SECRET) -> Result:
    return CliRunner().invoke(report, [*arguments, str(GOLDEN)], env={TOKEN_VARIABLE: token})


def test_the_command_posts_the_patches_that_are_named(patchwork: Patchwork) -> None:
    done = _run("--patchwork", patchwork.url + "/", "--patch", "4=1202", "--patch", "2=1201")
    assert done.exit_code == 0, done.exception
    assert [row["state"] for row in patchwork.checks[1201]] == ["warning"]
    assert [row["state"] for row in patchwork.checks[1202]] == ["success"]
    assert SECRET not in done.output + done.stderr


def test_a_dry_run_connects_to_nothing_and_needs_no_token(patchwork: Patchwork) -> None:
    done = _run("--patchwork", patchwork.url, "--patch", "2=1201", "--dry-run", token=None)
    assert done.exit_code == 0
    number, _, row = done.stdout.partition(" ")
    assert (number, json.loads(row)["state"]) == ("1201", "warning")
    assert patchwork.seen == []


@pytest.mark.parametrize(
    ("arguments", "token", "reason"),
    [
        (["--patch", "1201"], SECRET, "has 4 patches: write N=1201"),
        (["--patch", "9=1201"], SECRET, "has no patch 9"),
        (["--patch", "1=../../users"], SECRET, "not ID or N=ID"),
        (["--patch", "1=²"], SECRET, "not ID or N=ID"),
        (["--patch", "=1201"], SECRET, "not ID or N=ID"),
        (["--patch", "1" * 5000 + "=1201"], SECRET, "not ID or N=ID"),
        (["--patch", "1=1201"], None, "not set"),
        (["--patch", "1=1201", "--target-url", "javascript:x"], SECRET, "--target-url"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent(
    patchwork: Patchwork, arguments: list[str], token: str | None, reason: str
) -> None:
    done = _run("--patchwork", patchwork.url, *arguments, token=token)
    assert isinstance(done.exception, ReviewtoolError)
    assert reason in str(done.exception)
    assert patchwork.seen == []
