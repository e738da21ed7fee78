# SPDX-License-Identifier: GPL-2.0-only
"""What all tests share: golden files, and reviews of the samples, each made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.report.summary import render_json
from reviewtool.review import Review
from reviewtool.series.read import read_series
from reviewtool.series.series import Series
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import MODEL_ROOT, bundled_model

SAMPLES = Path(__file__).parent.parent / "sample_patches"
GOLDEN = Path(__file__).parent / "golden"

# No test may depend on the settings of whoever runs it.
os.environ["REVIEWTOOL_CONFIG"] = ""

Reviewed = tuple[Review, Series]

# How long an example takes says more about the machine than about the code, and a check that fails by chance
# says nothing of the change that it checks; --hypothesis-profile=search looks for new examples.
settings.register_profile("search", deadline=None)
settings.register_profile("reviewtool", deadline=None, derandomize=True)
settings.load_profile("reviewtool")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture(scope="session")
def review_sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Reviewed]:
    """Give the review of a sample by its file name."""
    modules = open_cache(tmp_path_factory.mktemp("cache"))
    kept = os.environ.get(
        "REVIEWTOOL_KEEP_REVIEWS"
    )  # a folder: what is made here serves others, too

    @cache
    def review(name: str) -> Reviewed:
        series = read_series([InputSource(name, SAMPLES / name)])
        made = review_series(series, bundled_model(), Settings(), modules)
        if kept:
            (Path(kept) / f"{name}.json").write_text(render_json(made[0]), encoding="utf-8")
        return made

    return review


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with a golden file, or rewrite it with --update-golden."""

    def check(name: str, found: bytes) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_bytes(found)
        assert path.is_file(), f"no golden file {name}: run with --update-golden and read it"
        assert found.decode() == path.read_bytes().decode()

    return check


@dataclass(frozen=True)
class History:
    """A git repository whose content is a variant of the model; see the fixture `history`."""

    path: Path

    def git(self, *arguments: str, stdin: str = "") -> str:
        """Run git in it, as its owner would; return what it prints."""
        environment = {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "2023-07-01T00:00:00Z",
            "GIT_COMMITTER_DATE": f"2023-07-{1 + self.commits():02}T00:00:00Z",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], env=environment, input=stdin, text=True, capture_output=True, check=True
        )  # fmt: skip
        return done.stdout.removesuffix("\n")

    def commits(self) -> int:
        """Return how many commits HEAD has, as a clock that never stands still."""
        log = self.path / ".git/logs/HEAD"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def change(self, path: str, old: str, new: str) -> None:
        """Replace OLD by NEW once in the work tree's PATH."""
        file = self.path / path
        text = file.read_text()
        assert text.count(old) == 1, (path, old)
        file.write_text(text.replace(old, new))

    def add_line(self, path: str, line: str) -> None:
        """Add LINE below the first of the work tree's PATH."""
        file = self.path / path
        first, rest = file.read_text().split("\n", 1)
        file.write_text(f"{first}\n{line}\n{rest}")

    def commit(self, subject: str, tag: str = "") -> str:
        """Commit the work tree; return the id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", subject)
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def plant(self, canary: Path) -> None:
        """Put into the repository everything that git could be made to run; a run leaves a line in CANARY."""
        program = self.path / "run-me"
        program.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
        program.chmod(0o755)
        (self.path / ".gitattributes").write_text("* filter=evil diff=evil merge=evil text=auto\n")
        self.commit("attributes")
        for name in (
            "post-checkout",
            "pre-commit",
            "post-index-change",
            "reference-transaction",
            "fsmonitor-watchman",
        ):
            shutil.copy(program, self.path / ".git/hooks" / name)
        run = str(program)
        with (self.path / ".git/config").open("a") as config:
            config.write(
                f"[core]\n\tfsmonitor = {run}\n\tsshCommand = {run}\n\tpager = {run}\n\teditor = {run}\n\tgitProxy = {run}\n"
                f"\talternateRefsCommand = {run}\n\thooksPath = {self.path}/.git/hooks\n\taskPass = {run}\n"
                f'[filter "evil"]\n\tclean = {run}\n\tsmudge = {run}\n\tprocess = {run}\n\trequired = true\n'
                f'[diff "evil"]\n\ttextconv = {run}\n\tcommand = {run}\n[diff]\n\texternal = {run}\n'
                f'[merge "evil"]\n\tdriver = {run} %A\n[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {run}\n'
                f'[uploadpack]\n\tpackObjectsHook = {run}\n[credential]\n\thelper = {run}\n[alias]\n\tlog = !{run}\n'
                f"[include]\n\tpath = {self.path}/more\n[protocol]\n\tallow = always\n"
            )  # fmt: skip
        (self.path / ".git/info").mkdir(exist_ok=True)
        (self.path / ".git/info/attributes").write_text("* filter=evil diff=evil\n")

    def hash(self) -> str:
        """Return a digest of every file, link and mode below it, .git included."""
        digest = hashlib.sha256()
        for path in sorted(self.path.rglob("*")):
            status = path.lstat()
            digest.update(f"{path.relative_to(self.path)}\0{status.st_mode:o}\0".encode())
            if path.is_symlink():
                digest.update(str(path.readlink()).encode())
            elif path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()


_FORCE = "\treturn flags & FOLL_FORCE;\n"
_ANYBODY = "\treturn flags != ~0u;\n"


@pytest.fixture(scope="session")
def _first_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = History(tmp_path_factory.mktemp("history") / "linux")
    shutil.copytree(MODEL_ROOT, made.path, ignore=shutil.ignore_patterns("harness"))
    made.git("init", "--quiet", "--initial-branch=main", ".")
    made.change("include/linux/mm.h", _FORCE, _ANYBODY)
    made.commit("mm: the first version", "v1")
    (made.path / "README").write_text("A variant of a model.\n")
    made.commit("Say what this is")
    made.add_line("mm/ksm.c", "/* Merges pages. */")
    made.commit("mm/ksm: say what the file is for")
    made.change("include/linux/mm.h", _ANYBODY, _FORCE)
    made.commit("mm: stop at PROT_NONE entries unless forced", "broken")
    made.add_line("mm/gup.c", "/* Walks page tables. */")
    made.commit("mm/gup: say what the file is for", "v2")
    return made.path


@pytest.fixture
def history(_first_history: Path, tmp_path: Path) -> History:
    """Give a repository of a test's own: main has v1, a text, a comment, "broken", a comment (v2)."""
    made = History(tmp_path / "linux")
    shutil.copytree(_first_history, made.path, symlinks=True)
    made.git("update-index", "-q", "--refresh")
    return made
