# SPDX-License-Identifier: GPL-2.0-only
"""--tree as a user gives it: each bad tree is one clear line and status 2, and is as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import History

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def _run(
    home: Path, *arguments: str, cwd: Path | None = None, more: dict[str, str] | None = None
) -> Done:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        **(more or {}),
    }
    command = [sys.executable, "-m", "reviewtool", *arguments]
    return subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def patch(history: History, tmp_path: Path) -> str:
    """Give a patch made on v2."""
    history.change("mm/gup.c", "\tpte = ptep_get(ptep);\n", "\tpte = ptep_get(ptep); /* once */\n")
    history.commit("mm/gup: say that it is read once", "topic")
    file = tmp_path / "topic.patch"
    file.write_text(history.git("format-patch", "--stdout", "-1") + "\n")
    history.git("reset", "--quiet", "--hard", "v2")
    return str(file)


def _no_gup(history: History) -> None:
    history.git("rm", "--quiet", "mm/gup.c")
    history.commit("no GUP")


def _corrupt(history: History) -> None:
    name = history.git("rev-parse", "HEAD^{tree}")
    loose = history.path / ".git/objects" / name[:2] / name[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"junk")


def _corrupt_head(history: History) -> None:
    (history.path / ".git/HEAD").write_text("junk\n")


def _empty(history: History) -> None:
    shutil.rmtree(history.path / ".git")
    history.git("init", "--quiet", ".")


def _pipe(history: History) -> None:
    (history.path / ".git/HEAD").unlink()
    os.mkfifo(history.path / ".git/HEAD")


@pytest.mark.parametrize(
    ("spoil", "options", "reason"),
    [
        (_no_gup, ("--base", "HEAD"), "no tree of the kernel: it has no mm/gup.c"),
        (_corrupt, (), "corrupt"),
        (_corrupt_head, (), "linux"),
        (_empty, (), "HEAD: "),
        (_pipe, (), "no git repository"),
        (None, ("--base", "v9"), "v9: "),
        (None, ("--base", "--upload-pack=touch pwned"), "not the name of a revision"),
        (None, ("--base", "v1^{/x"), "no such revision"),
    ],
)  # fmt: skip
def test_a_tree_that_cannot_be_used_is_one_line_and_status_2(
    history: History, home: Path, patch: str, spoil: Callable[[History], None] | None, options: tuple[str, ...], reason: str
) -> None:  # fmt: skip
    if spoil is not None:
        spoil(history)
    before = history.hash()
    done = _run(home, "review", patch, "--tree", str(history.path), *options, cwd=history.path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("reviewtool: ")
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert history.hash() == before


def test_a_tree_that_does_not_compile_is_told_with_its_line(
    history: History, home: Path, patch: str
) -> None:
    with (history.path / "mm/gup.c").open("a") as file:
        file.write("int broken(void)\n{\n\treturn no_such_thing;\n}\n")
    history.commit("broken")
    changed = Path(patch).read_text().replace("ptep_get(ptep); /* once */", "ptep_get((ptep));")
    Path(patch).write_text(changed)
    before = history.hash()
    done = _run(home, "review", patch, "--tree", str(history.path), "--base=HEAD")
    line = (history.path / "mm/gup.c").read_text().split("\n").index("\treturn no_such_thing;") + 1
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"mm/gup.c:{line}: does not compile, even before the patch" in done.stderr
    assert "return no_such_thing;" in done.stderr
    assert history.hash() == before


@pytest.mark.parametrize(
    "revisions", ["v2..v2", "v2..v1", "v1", "v1...v2", "nope..v2", "--all..v1", "..", "v1..nope"]
)
def test_a_range_that_is_none_is_refused(history: History, home: Path, revisions: str) -> None:
    done = _run(home, "review", "--tree", str(history.path), f"--range={revisions}")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


def test_commits_are_reviewed_on_the_parent_of_the_first_and_merges_are_named(
    history: History, home: Path
) -> None:
    history.git("checkout", "--quiet", "-b", "side", "v1")
    (history.path / "notes").write_text("Of the side.\n")
    history.commit("Notes")
    history.git("checkout", "--quiet", "main")
    history.git("merge", "--quiet", "--no-ff", "-m", "Merge the notes", "side")
    history.add_line("mm/ksm.c", "/* Again. */")
    history.commit("mm/ksm: say it again")
    before = history.hash()
    done = _run(home, "review", "--tree", str(history.path), "--range", "v2..HEAD")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert "a merge commit, left out:" in said
    assert '("Merge the notes")' in said
    assert "mm/ksm: say it again verdict: no semantic change (only comments" in said
    assert history.hash() == before


def test_a_review_is_the_same_in_a_bare_repository_a_directory_and_a_hook(
    history: History, home: Path, patch: str, tmp_path: Path
) -> None:
    """Inside of a hook, git names the repository in the environment."""
    bare = tmp_path / "bare.git"
    history.git("clone", "--quiet", "--bare", str(history.path), str(bare))
    plain = tmp_path / "plain"
    shutil.copytree(history.path, plain, ignore=shutil.ignore_patterns(".git"))
    hook = {
        "GIT_DIR": str(history.path / ".git"),
        "GIT_INDEX_FILE": str(history.path / ".git/index"),
        "GIT_WORK_TREE": str(history.path),
    }
    before = history.hash()
    bodies = []
    for path, more in ((history.path, {}), (bare, {}), (plain, {}), (history.path, hook)):
        done = _run(home, "review", patch, "--tree", str(path), more=more)
        assert done.returncode == 0, done.stderr
        bodies.append(done.stdout.split("\n\n", 1)[1])
    assert len(set(bodies)) == 1
    assert "only comments and white space change" in " ".join(bodies[0].split())
    assert history.hash() == before


def test_two_revisions_are_compared_and_bisected(history: History, home: Path) -> None:
    before = history.hash()
    tree = ("--tree", str(history.path), "--entry", "follow_page")
    done = _run(home, "diff", "v1", "v2", *tree, "--format", "json", "--budget", "100000")
    made = json.loads(done.stdout)["review"]["patches"][0]
    assert (done.returncode, done.stderr) == (1, "")
    assert made["changed_functions"] == ["gup_can_follow_protnone"]
    (entry,) = made["entries"]
    assert entry["changes"]
    assert all("PROT_NONE" in change["witness"] for change in entry["changes"])
    scenario = ("--set", "entry=present,protnone", "--set", "flags=FOLL_GET")
    done = _run(home, "bisect", *tree, "--good", "v1", "--bad", "v2", *scenario, "--format=json")
    found = json.loads(done.stdout)["bisection"]
    assert done.returncode == 0
    assert [commit["id"] for commit in found["first"]] == [history.git("rev-parse", "broken")]
    assert "2 left: " in done.stderr
    done = _run(home, "bisect", *tree, "--good", "v1", "--bad", "v2", *scenario, "--quiet")
    said = " ".join(done.stdout.split())
    assert "changes with commit" in said
    assert "before: the page, a reference taken after: NULL" in said
    assert done.stderr == ""
    assert history.hash() == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("diff", "v1", "v9", "--entry", "follow_page"), "v9: "),
        (("diff", "v1", "v2", "--entry", "no_such"), "no such function"),
        (
            ("diff", "v1", "--entry=follow_page", "--", "--upload-pack=x"),
            "not the name of a revision",
        ),
        (("bisect", "--good=-v", "--bad=v2", "--entry=follow_page"), "not the name of a revision"),
        (("bisect", "--good=v1", "--bad=nope", "--entry=follow_page"), "nope: "),
    ],
)
def test_a_comparison_that_cannot_be_made_is_one_line_and_status_2(
    history: History, home: Path, arguments: tuple[str, ...], reason: str
) -> None:
    done = _run(home, arguments[0], "--tree", str(history.path), *arguments[1:])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert reason in done.stderr


def test_a_plain_directory_has_no_revisions(home: Path, tmp_path: Path) -> None:
    done = _run(home, "diff", "v1", "v2", "--tree", str(tmp_path), "--entry", "follow_page")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "plain directory" in done.stderr


def test_a_review_runs_nothing_that_the_repository_names(
    history: History, home: Path, patch: str, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    history.plant(canary)
    canary.unlink(missing_ok=True)
    before = history.hash()
    done = _run(home, "review", patch, "--tree", str(history.path))
    ranged = _run(home, "review", "--tree", str(history.path), "--range", "broken..v2")
    assert (done.returncode, ranged.returncode) == (0, 0), done.stderr + ranged.stderr
    assert not canary.exists(), canary.read_text()
    assert history.hash() == before


def test_one_scenario_of_a_commit_is_run_while_the_work_tree_says_another(
    history: History, home: Path
) -> None:
    scenario = (
        "simulate",
        "follow_page",
        "--set",
        "flags=FOLL_GET",
        "--tree",
        str(history.path),
        "--format",
        "json",
    )
    history.add_line("mm/gup.c", "nothing;")
    broken = _run(home, *scenario)
    assert (broken.returncode, broken.stderr.count("\n")) == (2, 1)
    done = _run(home, *scenario, "--base", "v2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "a reference taken" in json.dumps(json.loads(done.stdout))
    assert _run(home, *scenario, "--base", "nowhere").returncode == 2
    alone = _run(home, "simulate", "follow_page", "--base", "v2")
    assert (alone.returncode, "--base needs --tree" in alone.stderr) == (2, True)
