# SPDX-License-Identifier: GPL-2.0-only
"""`reviewtool check`, called by the real b4 in a repository of its own, and by hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewtool.cli.check_run import check_mail
from reviewtool.process import run_bounded
from reviewtool.report.b4_checks import check_patch, check_series, render_lines, render_rows
from reviewtool.report.standing import Standing
from reviewtool.review import NOTICE, Review
from reviewtool.series.series import Series
from reviewtool.tree.snapshot import MODEL_ROOT
from tests.report.hostile import hostile_review

Reviews = Callable[[str], tuple[Review, Series]]
SAMPLES = Path(__file__).parents[2] / "sample_patches"
BIN = Path(sys.executable).parent

# b4's own runners, as its review window calls them: (name of a check, file of mails) -> rows.
_DRIVER = """
import json, sys
import b4, liblore.utils
from b4.review import checks, tracking
b4._setup_main_config()
messages = liblore.utils.split_mbox(open(sys.argv[1], "rb").read())
blob = tracking._store_thread_blob(".", "20230727-words-0123456789ab", messages)
told = {"series": {"change-id": "20230727-words-0123456789ab", "thread-blob": blob}, "patches": []}
json.dump(told, open(sys.argv[2], "w"))
extra = {"B4_TRACKING_FILE": sys.argv[2]}
perpatch, series = checks.load_check_cmds()
mails = [(one["message-id"].strip("<> "), one) for one in messages]
rows = checks.run_perpatch_checks(mails[1:], perpatch, ".", extra_env=extra)
whole = checks.run_series_checks(mails[0], series, ".", extra_env=extra)
print(json.dumps({"patches": [rows[name] for name, _ in mails[1:]], "series": whole}))
"""


@dataclass(frozen=True)
class Place:
    """A repository with two patches on its branch, the second of which needs the first."""

    folder: Path
    repository: Path
    mbox: Path
    cover_id: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def run(
        self, *arguments: str, stdin: bytes = b"", **variables: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            arguments,
            cwd=self.repository,
            env=self.environment | variables,
            input=stdin,
            capture_output=True,
            check=False,
        )

    def git(self, *arguments: str) -> bytes:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def check(
        self, mode: str, mail: bytes, *options: str, **variables: str
    ) -> subprocess.CompletedProcess[bytes]:
        return self.run(
            str(BIN / "reviewtool"), "check", "--b4", mode, *options, stdin=mail, **variables
        )

    def mail(self, number: int) -> bytes:
        (path,) = self.folder.glob(f"out/v2-{number:04}-*")
        return path.read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("b4")
    made = Place(folder, folder / "repository", folder / "series.mbox", "")
    made.repository.mkdir()
    for name in ("fs", "include", "mm"):
        shutil.copytree(MODEL_ROOT / name, made.repository / name)
    source = made.repository / "mm" / "ksm.c"
    made.git("init", "-q", "-b", "main")
    for name, value in (
        ("user.name", "Mara Lindqvist"),
        ("user.email", "mara@example.org"),
        ("b4.am-perpatch-check-cmd", "reviewtool check --b4 am"),
        ("b4.prep-perpatch-check-cmd", "reviewtool check --b4 am"),
        ("b4.review-perpatch-check-cmd", "reviewtool check --b4 review"),
        ("b4.review-series-check-cmd", "reviewtool check --b4 series"),
    ):
        made.git("config", name, value)
    made.git("add", ".")
    made.git("commit", "-qm", "the model")
    made.git("checkout", "-qb", "words")
    text = source.read_text(encoding="utf-8")
    for word, subject in (("first", "mm/ksm: say a word"), ("last", "mm/ksm: say it better")):
        source.write_text(f"{text}/* The {word} word. */\n", encoding="utf-8")
        made.git("commit", "-qsam", subject)
    made.git("format-patch", "-q", "--cover-letter", "--thread", "-v2", "-o", "../out", "main")
    mails = [made.mail(number) for number in range(3)]
    made.mbox.write_bytes(b"".join(mails))
    found = re.search(rb"(?im)^message-id: <(.*)>", mails[0])
    assert found is not None
    return Place(folder, made.repository, made.mbox, found[1].decode())


def test_b4_am_is_told_of_each_patch(place: Place) -> None:
    place.git("checkout", "-q", "main")
    done = place.run(
        *("b4", "--offline-mode", "--no-interactive", "am", "--check"),
        *("-m", str(place.mbox), "-o", str(place.folder / "am"), place.cover_id),
    )
    out = done.stderr + done.stdout
    assert done.returncode == 0, out
    first, second = re.split(rb"\[PATCH v2 [12]/2\]", out)[1:]
    assert b"reviewtool: passed all checks" in first
    assert (
        b"reviewtool: WARNING: could not tell: the patch does not apply; it needs the 1" in second
    )


def test_b4_prep_finds_the_patches_before_on_the_branch(place: Place) -> None:
    place.git("checkout", "-q", "words")
    place.git("checkout", "-qb", "prepared")
    enrolled = place.run("b4", "--offline-mode", "--no-interactive", "prep", "-e", "main")
    assert enrolled.returncode == 0, enrolled.stderr
    done = place.run("b4", "--offline-mode", "--no-interactive", "prep", "--check")
    assert b"Success: 2, Warning: 0, Error: 0" in done.stderr + done.stdout


def test_b4_review_finds_the_patches_before_in_its_tracking_file(place: Place) -> None:
    place.git("checkout", "-q", "main")
    before = sorted(place.repository.rglob("*"))
    before = [path for path in before if ".git" not in path.parts]
    tracking = place.folder / "tracking.json"
    done = place.run(sys.executable, "-c", _DRIVER, str(place.mbox), str(tracking))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for (row,) in told["patches"]:
        assert (row["tool"], row["status"]) == ("reviewtool", "pass")
        assert "only comments and white space change" in row["summary"]
        assert NOTICE in row["details"]
    (row,) = told["series"]
    assert (row["tool"], row["status"]) == ("reviewtool-series", "pass")
    assert row["summary"].startswith("2 patches: 2 pass; as a whole: ")
    after = [path for path in sorted(place.repository.rglob("*")) if ".git" not in path.parts]
    assert after == before
    assert place.git("status", "--porcelain", "--ignored") == b""


def test_commits_of_a_review_branch_are_siblings_too(place: Place) -> None:
    place.git("checkout", "-q", "main")
    first = place.git("rev-parse", "words~1").decode().strip()
    change = "20230727-commits-0123456789ab"
    place.git("checkout", "-q", "-b", f"b4/review/{change}", "words")
    place.git("commit", "-q", "--allow-empty", "-m", "cover, and b4's notes")
    place.git("checkout", "-q", "main")
    tracking = place.folder / "commits.json"
    told = {"change-id": change, "first-patch-commit": first}
    tracking.write_text(json.dumps({"series": told}), encoding="utf-8")
    done = place.check("review", place.mail(2), B4_TRACKING_FILE=str(tracking))
    assert [row["status"] for row in json.loads(done.stdout)] == ["pass"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "nonsense", "[" * 100_000, '{"series": 1}', '{"series": {"thread-blob": "--help"}}',
        '{"series": {"thread-blob": "' + "0" * 40 + '"}}',
        '{"series": {"change-id": "../../x", "first-patch-commit": "--output=x"}}',
    ],
)  # fmt: skip
def test_a_bad_tracking_file_is_no_worse_than_none(place: Place, text: str) -> None:
    place.git("checkout", "-q", "main")
    tracking = place.folder / "bad.json"
    tracking.write_text(text, encoding="utf-8")
    found = check_mail(place.mail(2), tracking, whole=False, folder=place.repository)
    assert found.summary.standing is Standing.WARN
    needs = "could not tell: the patch does not apply; it needs the 1"
    assert found.summary.text.startswith(needs)


def test_another_tree_is_what_it_is_applied_to(place: Place, tmp_path: Path) -> None:
    place.git("checkout", "-q", "main")
    tree = str(place.repository)
    found = check_mail(place.mail(1), None, whole=False, folder=tmp_path, tree=tree)
    assert found.summary.standing is Standing.PASS, found
    bad = check_mail(place.mail(1), None, whole=False, folder=tmp_path, tree=str(tmp_path))
    assert bad.summary.standing is Standing.FAIL
    assert str(tmp_path) in bad.summary.text


def test_a_cover_letter_alone_could_not_be_told(place: Place) -> None:
    done = place.check("series", place.mail(0))
    (row,) = json.loads(done.stdout)
    assert row["status"] == "warn"
    assert row["summary"].startswith("could not tell: the patches are not at hand")


@pytest.mark.parametrize("mode", ["review", "am"])
def test_what_cannot_be_used_is_a_failure_with_its_reason(place: Place, mode: str) -> None:
    mail = (SAMPLES / "hostile-include.patch").read_bytes()
    done = place.check(mode, mail)
    assert (done.returncode, done.stderr) == (2, b"")
    if mode == "am":
        assert done.stdout.startswith(b"ERROR: the mail:23: ")
        assert done.stdout.count(b"\n") == 1
    else:
        (row,) = json.loads(done.stdout)
        assert row["status"] == "fail"
        assert "/etc/passwd" in row["summary"]


def test_a_clean_patch_is_silence(place: Place) -> None:
    done = place.check("am", place.mail(1))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("mode", ["review", "series", "am"])
def test_a_check_that_takes_too_long_is_stopped_and_could_not_tell(place: Place, mode: str) -> None:
    scratch = place.folder / f"scratch-{mode}"
    scratch.mkdir()
    mail = (SAMPLES / "lock-leak.patch").read_bytes()
    cache = str(scratch / "cache")
    done = place.check(mode, mail, "--time-limit", "2", TMPDIR=str(scratch), XDG_CACHE_HOME=cache)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"could not tell: stopped after 2 s" in done.stdout
    assert [path.name for path in scratch.iterdir() if path.name != "cache"] == []
    running = [_command(path) for path in Path("/proc").glob("[0-9]*")]
    assert not any(str(scratch).encode() in command for command in running)


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return b""


def test_what_a_stopped_program_started_is_stopped_too(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/pid; sleep 300"
    environment = {"PATH": os.environ["PATH"]}
    done = run_bounded(
        ["sh", "-c", script], cwd=tmp_path, stdin=b"", environment=environment, time_s=1.0
    )
    assert done is None
    child = Path("/proc") / (tmp_path / "pid").read_text().strip()
    assert b"sleep" not in _command(child)


def test_modules_of_the_tree_that_is_reviewed_are_not_loaded(place: Place) -> None:
    trap = place.repository / "json.py"
    trap.write_text("raise SystemExit('loaded')\n", encoding="utf-8")
    try:
        done = place.check("am", place.mail(1))
    finally:
        trap.unlink()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_hostile_text_stays_text_for_b4(review_sample: Reviews) -> None:
    review = hostile_review(review_sample("lock-leak.patch")[0])
    patch = review.patches[0]
    result = check_patch(patch)
    lines = render_lines([result]).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(result.findings)
    for line in lines:
        assert re.match(r"(ERROR|WARNING): ", line)
        assert "ERROR:" not in line[1:]
        assert not set(line) & set("\r\x1b\x07\u202e\x85\u2028")
    rows = render_rows([result, check_series(review)])
    assert rows.isascii()
    for row in json.loads(rows):
        assert set(row) == {"tool", "status", "summary", "details"}
        assert row["status"] == "fail"
        assert not set(row["summary"] + row["details"]) & set("\r\x1b\x07\u202e\x85\u2028")
        assert "\n" not in row["summary"]
        assert len(row["summary"]) <= 200


def test_what_does_not_fit_alone_is_no_failure_of_the_patch(review_sample: Reviews) -> None:
    patch = review_sample("does-not-apply.patch")[0].patches[0]
    assert check_patch(patch).summary.standing.value == "fail"
    alone = check_patch(patch, alone=2)
    assert alone.summary.standing.value == "warn"
    assert render_lines([alone]).startswith("WARNING: could not tell: ")
    leak = review_sample("lock-leak.patch")[0].patches[0]
    assert check_patch(leak, alone=2).summary.standing.value == "fail"
