# SPDX-License-Identifier: GPL-2.0-only
"""Somebody's repository, read: nothing of theirs runs, nothing is written, and what fails is said."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewtool.errors import InputError
from reviewtool.gitdir import open_gitdir
from reviewtool.tree.checkout import open_checkout

if TYPE_CHECKING:
    from tests.conftest import History


def test_a_commit_is_read_file_by_file(history: History) -> None:
    with open_checkout(str(history.path)) as tree:
        assert tree.git is not None
        old, new = (tree.at(tree.git.resolve(name)) for name in ("v1", "v2"))
        assert old.read("README") is None
        assert new.read("README") == "A variant of a model.\n"
        assert new.read("mm/gup.c") == (history.path / "mm/gup.c").read_text()
        assert (
            "FOLL_FORCE"
            not in (old.read("include/linux/mm.h") or "").rsplit("gup_can_follow", 1)[1]
        )
        assert set(new.files) == set(history.git("ls-files").split("\n"))


def test_bytes_that_are_no_utf8_and_odd_names_are_kept(history: History) -> None:
    (history.path / "mm/odd\nname.c").write_bytes(b"\xff\xfe\n")
    history.commit("odd")
    with open_checkout(str(history.path)) as tree:
        snapshot = tree.at(tree.repository().resolve("HEAD"))
        assert (snapshot.read("mm/odd\nname.c") or "").encode(
            "utf-8", "surrogateescape"
        ) == b"\xff\xfe\n"


def test_links_and_submodules_are_not_of_the_tree(history: History) -> None:
    (history.path / "mm/link.c").symlink_to("/etc/passwd")
    history.git("add", "--all")
    history.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    history.git("commit", "--quiet", "-m", "odd")
    with open_checkout(str(history.path)) as tree:
        snapshot = tree.at(tree.repository().resolve("HEAD"))
        assert {"mm/link.c", "sub"}.isdisjoint(snapshot.files)


def test_nothing_that_a_repository_names_is_run(history: History, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    history.plant(canary)
    canary.unlink(missing_ok=True)  # what making the commit has run
    history.add_line("mm/gup.c", "/* Not committed. */")
    before = history.hash()
    with open_gitdir(history.path) as git:
        head = git.resolve("HEAD")
        assert head.subject == "attributes"
        assert git.changed_files() == ("mm/gup.c",)
        assert git.log(["HEAD"])
        assert git.read_blob(git.blobs("HEAD")["mm/gup.c"].id, "mm/gup.c")
        assert list(git.walk(["HEAD"], ["mm/gup.c"]))
        assert git.read(["format-patch", "--stdout", "v1..HEAD"])
    assert not canary.exists(), canary.read_text()
    assert history.hash() == before


def test_a_planted_program_would_have_run(history: History, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    history.plant(canary)
    canary.unlink(missing_ok=True)
    with suppress(subprocess.CalledProcessError):
        history.git("status")
    assert canary.exists()


def test_a_bare_repository_and_a_linked_work_tree_are_read(
    history: History, tmp_path: Path
) -> None:
    history.git("clone", "--quiet", "--bare", str(history.path), str(tmp_path / "bare.git"))
    history.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "v1")
    for path, head in ((tmp_path / "bare.git", "v2"), (tmp_path / "linked", "v1")):
        with open_gitdir(path) as git:
            assert git.resolve("HEAD").id == history.git("rev-parse", head)
            assert git.changed_files() == ()


def test_a_plain_directory_inside_of_a_repository_stays_plain(history: History) -> None:
    with open_checkout(str(history.path / "mm")) as tree:
        assert tree.git is None
        assert tree.plain().read("gup.c")


def test_somebody_elses_repository_is_read(history: History) -> None:
    if os.geteuid():
        pytest.skip("only root can give a repository to somebody else")
    for path in (history.path, *history.path.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    with open_gitdir(history.path) as git:
        assert git.resolve("v2").subject == "mm/gup: say what the file is for"


@pytest.mark.parametrize(
    "name",
    ["nope", "--upload-pack=touch x", "-h", "", "v1 v2", "v1\nv2", "HEAD:mm/gup.c", "v1:README"],
)
def test_what_is_no_commit_is_refused_by_its_name(history: History, name: str) -> None:
    with open_gitdir(history.path) as git, pytest.raises(InputError):
        git.resolve(name)


def test_a_partial_clone_fetches_nothing(history: History, tmp_path: Path) -> None:
    history.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    history.git(
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        f"file://{history.path}",
        str(partial),
    )
    with open_checkout(str(partial)) as tree:
        snapshot = tree.at(tree.repository().resolve("HEAD"))
        with pytest.raises(
            InputError, match=r"mm/gup\.c: its blob \w+ is not there: a partial clone"
        ):
            snapshot.read("mm/gup.c")


def test_a_corrupt_object_is_named(history: History) -> None:
    blob = history.git("rev-parse", "HEAD:mm/gup.c")
    loose = history.path / ".git/objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(loose.read_bytes()[:40] + b"\0" * 40)
    with open_checkout(str(history.path)) as tree:
        snapshot = tree.at(tree.repository().resolve("HEAD"))
        with pytest.raises(InputError, match=r"mm/gup\.c: its blob \w+ is corrupt"):
            snapshot.read("mm/gup.c")
        assert snapshot.read("mm/ksm.c")  # and the next one is read all the same


def test_objects_borrowed_from_elsewhere_must_be_there(history: History) -> None:
    (history.path / ".git/objects/info").mkdir(exist_ok=True)
    (history.path / ".git/objects/info/alternates").write_text("/nonexistent/objects\n")
    with (
        pytest.raises(InputError, match="borrows objects from /nonexistent/objects"),
        open_gitdir(history.path),
    ):
        pass


def test_a_git_file_that_names_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: ../gone\n")
    with pytest.raises(InputError, match="no git repository"), open_gitdir(tmp_path):
        pass


def test_replaced_objects_and_grafts_are_what_they_were(history: History) -> None:
    head = history.git("rev-parse", "HEAD")
    history.git("replace", head, "v1")
    with open_gitdir(history.path) as git:
        assert git.resolve("HEAD").subject == "mm/gup: say what the file is for"


def test_a_repository_of_sha256_is_read(history: History, tmp_path: Path) -> None:
    export = history.git("fast-export", "--all")
    other = type(history)(tmp_path / "sha256")
    other.path.mkdir()
    other.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main", ".")
    other.git("fast-import", "--quiet", stdin=export + "\n")
    with open_checkout(str(other.path)) as tree:
        head = tree.repository().resolve("v2")
        assert len(head.id) == 64
        assert tree.at(head).read("README") == "A variant of a model.\n"


@pytest.mark.parametrize(
    "name", ["refs/heads/pipe", "objects/info/alternates", "objects/pack/pack-0.idx"]
)
def test_a_pipe_that_git_would_wait_for_is_refused(history: History, name: str) -> None:
    file = history.path / ".git" / name
    file.parent.mkdir(exist_ok=True)
    os.mkfifo(file)
    with pytest.raises(InputError, match="no ordinary file"), open_gitdir(history.path):
        pass


def test_a_pipe_in_place_of_a_file_is_not_waited_for(history: History) -> None:
    for name in ("packed-refs", "config", "shallow"):
        (history.path / ".git" / name).unlink(missing_ok=True)
        os.mkfifo(history.path / ".git" / name)
    with open_gitdir(history.path) as git:
        assert git.resolve("HEAD").subject == "mm/gup: say what the file is for"
