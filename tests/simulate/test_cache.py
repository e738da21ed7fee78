# SPDX-License-Identifier: GPL-2.0-only
"""What is kept between runs is believed only when this user kept it, under that very name."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reviewtool.private import CacheWarning, seal, user_secret
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.tree.snapshot import bundled_model


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    cache = open_cache(tmp_path / "cache")
    cache.put("one", b"first")
    cache.put("two", b"second")
    return cache


def entry(cache: Cache, key: str) -> Path:
    assert cache.folder is not None
    return cache.folder / f"{key}.kept"


def plant(cache: Cache) -> None:
    entry(cache, "one").write_bytes(seal(b"another secret", "one", b"planted"))


def cut(cache: Cache) -> None:
    entry(cache, "one").write_bytes(entry(cache, "one").read_bytes()[:-1])


def empty(cache: Cache) -> None:
    entry(cache, "one").write_bytes(b"")


def change(cache: Cache) -> None:
    entry(cache, "one").write_bytes(entry(cache, "one").read_bytes()[:-1] + b"T")


def swap(cache: Cache) -> None:
    entry(cache, "one").write_bytes(entry(cache, "two").read_bytes())


def link(cache: Cache) -> None:
    entry(cache, "one").rename(entry(cache, "elsewhere"))
    entry(cache, "one").symlink_to(entry(cache, "elsewhere"))


def pipe(cache: Cache) -> None:
    entry(cache, "one").unlink()
    os.mkfifo(entry(cache, "one"), 0o600)


def open_up(cache: Cache) -> None:
    entry(cache, "one").chmod(0o660)


def give_away(cache: Cache) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file to somebody else")
    os.chown(entry(cache, "one"), 12345, 12345)


@pytest.mark.parametrize(
    "attack", [plant, cut, empty, change, swap, link, pipe, open_up, give_away]
)
def test_an_entry_that_is_not_as_we_kept_it_is_a_miss_and_said(
    kept: Cache, attack: Callable[[Cache], None]
) -> None:
    assert kept.get("one") == b"first"
    attack(kept)
    with pytest.warns(CacheWarning, match="an entry of the cache in .* is not used"):
        assert kept.get("one") is None
    assert kept.get("two") == b"second"
    kept.put("one", b"anew")
    assert kept.get("one") == b"anew"


def test_another_run_of_this_user_believes_it_and_another_users_secret_does_not(
    kept: Cache,
) -> None:
    assert open_cache(kept.folder).get("one") == b"first"
    with pytest.warns(CacheWarning):
        assert Cache(kept.folder, bytes(32)).get("one") is None


def test_a_planted_module_is_never_run(tmp_path: Path) -> None:
    kept = open_cache(tmp_path / "cache")
    request = BuildRequest(bundled_model(), (), ("FOLL_GET",), frozenset({"FOLL_GET"}))
    first = build(request, kept)
    assert isinstance(first, Module)
    (module,) = (tmp_path / "cache").glob("m*[0-9a-f].kept")
    module.write_bytes(seal(bytes(32), module.stem, b"\0asm, or machine code"))
    with pytest.warns(CacheWarning):
        assert build(request, kept) == first


def others_may_write(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def a_link(folder: Path) -> None:
    (folder.parent / "real").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "real")


def a_file(folder: Path) -> None:
    folder.write_text("")


def somebody_elses(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder to somebody else")
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)


@pytest.mark.parametrize("make", [others_may_write, a_link, a_file, somebody_elses])
def test_a_folder_that_is_not_the_users_own_is_left_alone(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "cache")
    with pytest.warns(CacheWarning, match="no cache is used"):
        cache = open_cache(tmp_path / "cache")
    cache.put("one", b"first")
    assert cache.get("one") is None
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".kept"]


def test_a_folder_that_others_may_only_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o755)
    open_cache(tmp_path / "cache").put("one", b"first")
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "cache").iterdir()} == {0o600}


@pytest.mark.parametrize("secret", [b"short", b"x" * 33, None])
def test_a_secret_that_is_not_ours_alone_makes_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: bytes | None
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = user_secret()
    assert len(made) == 32
    assert user_secret() == made
    key = tmp_path / "state/reviewtool/cache.key"
    assert key.stat().st_mode & 0o777 == 0o600
    if secret is None:
        key.chmod(0o644)
    else:
        key.write_bytes(secret)
    with pytest.warns(CacheWarning, match="no cache is used"):
        assert open_cache(tmp_path / "cache").folder is None


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_cache_that_cannot_be_written_is_said_and_leaves_nothing_behind(kept: Cache) -> None:
    assert kept.folder is not None
    before = sorted(kept.folder.iterdir())
    with full_disk(), pytest.warns(CacheWarning, match="cannot be written"):
        kept.put("three", b"x" * 100)
    assert sorted(kept.folder.iterdir()) == before
    assert kept.get("one") == b"first"
