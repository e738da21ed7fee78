# SPDX-License-Identifier: GPL-2.0-only
"""What a page shows of a patch beside its review: the log, the diff with run counts, the maps.

Made only when asked for: the maps hold every scenario of the sweeps, and their witnesses are run
once more, statement by statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.grid import EntryMap, Group, draw_map
from reviewtool.series.diff import LineKind
from reviewtool.series.patch import Patch
from reviewtool.simulate.binding import Binding
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.instrument import Line
from reviewtool.simulate.paths import NOT_RUN, Paths
from reviewtool.simulate.trace import traced_functions
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import SourceIndex

# More runs than this take longer than anybody waits; then only the plainest witnesses are traced.
MOST_TRACED = 16_000

Runs = dict[tuple[str, int], int]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DiffLine:
    """A line of a hunk: its mark (" ", "+", "-"), numbers (0: none), text.

    runs: how often the sweeps ran it, before for a removed line and after for others; -1 where it
    is no statement of a function that the patch changes.
    """

    mark: str
    old: int
    new: int
    text: str
    runs: int
    source_line: int


@dataclass(frozen=True)
class DiffHunk:
    """A hunk under its header line."""

    header: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True)
class DiffFile:
    """What a patch does to one file; paths are "" where the file is not there."""

    path_before: str
    path_after: str
    change: str
    binary: bool
    hunks: tuple[DiffHunk, ...]


@dataclass(frozen=True)
class SourceLine:
    """A statement that a path can name: where it is, and its text without indentation."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class PatchPicture:
    """A patch to look at.

    log: the commit message as the mail has it, by line.  maps: one per entry that was swept.
    lines_before, lines_after: what the maps' paths number.
    """

    log: tuple[str, ...]
    files: tuple[DiffFile, ...]
    maps: tuple[EntryMap, ...] = ()
    lines_before: tuple[SourceLine, ...] = ()
    lines_after: tuple[SourceLine, ...] = ()


@dataclass(frozen=True)
class Version:
    """One side of what was swept: the tree, and for each entry its binding and its sweep."""

    tree: Snapshot
    index: SourceIndex
    bindings: tuple[Binding, ...]
    sides: tuple[Side, ...]
    configuration: Configuration = DEFAULT_CONFIGURATION

    def runs(self) -> Runs:
        """Return how often each counted line ran, over all sweeps."""
        counted: Runs = {}
        for side in self.sides:
            for line, count in side.swept.lines:
                if isinstance(line, Line):
                    key = (line.path, line.number)
                    counted[key] = counted.get(key, 0) + count
        return counted


@dataclass(frozen=True)
class Ran:
    """Both versions of what a patch changes, as they were swept, entry by entry over `domains`."""

    domains: tuple[Domain, ...]
    before: Version
    after: Version


def picture_patch(patch: Patch, ran: Ran | None, cache: Cache, progress: Progress) -> PatchPicture:
    """Return the picture of PATCH, with the maps of what RAN.

    Raises: ToolError when the compiler or the sandbox fails.
    """
    log = tuple(text for _, text in patch.log_lines)
    if ran is None:
        return PatchPicture(log, _files(patch, {}, {}))
    maps: list[EntryMap] = []
    flags = tuple(sorted({flag for domain in ran.domains for flag in domain.flags}))
    progress("map: compile", 0, 2)
    old = _Tracer(ran.before, flags, cache)
    progress("map: compile", 1, 2)
    new = _Tracer(ran.after, flags, cache)
    progress("map: compile", 2, 2)
    for domain, side_old, side_new in zip(ran.domains, ran.before.sides, ran.after.sides, strict=True):  # fmt: skip
        name = ran.after.bindings[len(maps)].function.name
        drawn = draw_map(name, domain, side_old, side_new)
        maps.append(_trace(drawn, old, new, progress))
    files = _files(patch, ran.before.runs(), ran.after.runs())
    return PatchPicture(log, files, tuple(maps), old.lines, new.lines)


def _files(patch: Patch, before: Runs, after: Runs) -> tuple[DiffFile, ...]:
    files = []
    for file in patch.files:
        hunks = []
        for hunk in file.hunks:
            lines = []
            for line in hunk.lines:
                if line.kind is LineKind.REMOVED:
                    runs = before.get((file.path_before or "", line.old_line or 0), -1)
                else:
                    runs = after.get((file.path, line.new_line or 0), -1)
                lines.append(
                    DiffLine(
                        line.kind.value, line.old_line or 0, line.new_line or 0, line.text, runs, line.source_line
                    )
                )  # fmt: skip
            hunks.append(DiffHunk(hunk.header, tuple(lines)))
        files.append(
            DiffFile(
                file.path_before or "", file.path_after or "", file.change.value, file.binary, tuple(hunks)
            )
        )  # fmt: skip
    return tuple(files)


class _Tracer:
    """One version, built so that each run tells its statements; none where it cannot be built so."""

    def __init__(self, version: Version, flags: tuple[str, ...], cache: Cache) -> None:
        names = [binding.function.name for binding in version.bindings]
        request = BuildRequest(
            version.tree, version.bindings, flags, version.index.constants,
            frozenset().union(*(traced_functions(version.index, name) for name in names)), trace=True,
            configuration=version.configuration,
        )  # fmt: skip
        built = build(request, cache)
        self.paths = Paths(built) if isinstance(built, Module) else None
        self.lines: tuple[SourceLine, ...] = ()
        if isinstance(built, Module):
            texts = {line.path: (version.tree.read(line.path) or "").split("\n") for line in built.lines}  # fmt: skip
            self.lines = tuple(
                SourceLine(
                    line.path, line.number, "".join(texts[line.path][line.number - 1 : line.number]).strip()
                )
                for line in built.lines
            )  # fmt: skip


def _trace(drawn: EntryMap, old: _Tracer, new: _Tracer, progress: Progress) -> EntryMap:
    """Return DRAWN with the paths of its plainest scenarios, of each group and each pair of outcomes."""
    if old.paths is None or new.paths is None:
        return drawn
    wanted = list(_wanted(drawn))[:MOST_TRACED]
    scenarios = [(drawn.groups[at].word, subset) for at, subset in wanted]
    what = f"map: {drawn.entry}()"
    both = 2 * len(scenarios)
    found_old = old.paths.run(
        drawn.entry, drawn.flags, scenarios, lambda done: progress(what, done, both)
    )
    found_new = new.paths.run(
        drawn.entry,
        drawn.flags,
        scenarios,
        lambda done: progress(what, len(scenarios) + done, both),
    )
    traced: dict[int, list[tuple[int, int, int]]] = {}
    for (at, subset), path_old, path_new in zip(wanted, found_old, found_new, strict=True):
        if NOT_RUN not in (path_old, path_new):
            traced.setdefault(at, []).append((subset, path_old, path_new))
    groups = tuple(
        replace(group, traced=tuple(sorted(traced.get(at, ()))))
        for at, group in enumerate(drawn.groups)
    )
    return _renumber(replace(drawn, groups=groups), old.paths, new.paths)


def _wanted(drawn: EntryMap) -> dict[tuple[int, int], None]:
    """Return the scenarios to trace, (group number, flag subset), those that matter most first."""
    bits = [drawn.flags.index(flag) for flag in drawn.shown]
    shown = [
        sum(1 << bit for at, bit in enumerate(bits) if chosen >> at & 1)
        for chosen in range(1 << len(bits))
    ]
    # A flag that is passed one at a time cannot be set here: "also" stands for it in the sweep only.
    also = next((at for at, axis in enumerate(drawn.axes) if axis.name == "also"), None)
    groups = [
        (at, group)
        for at, group in enumerate(drawn.groups)
        if also is None or not group.codes[also]
    ]
    plainest: dict[int, dict[int, int]] = {}
    wanted = {
        (at, subset): None
        for at, group in groups
        for subset in _plainest(drawn, group.node, plainest).values()
    }
    return wanted | {(at, subset): None for at, _ in groups for subset in shown}


def _plainest(drawn: EntryMap, node: int, known: dict[int, dict[int, int]]) -> dict[int, int]:
    """Return for each pair under NODE the subset with the fewest flags that leads to it."""
    if node < 0:
        return {-1 - node: 0}
    if node not in known:
        bit, low, high = drawn.nodes[node]
        best = dict(_plainest(drawn, low, known))
        for pair, subset in _plainest(drawn, high, known).items():
            with_bit = subset | 1 << bit
            if pair not in best or with_bit.bit_count() < best[pair].bit_count():
                best[pair] = with_bit
        known[node] = best
    return known[node]


def _renumber(drawn: EntryMap, old: Paths, new: Paths) -> EntryMap:
    """Give DRAWN paths of its own: those that it names, numbered from 0."""
    numbers_old: dict[int, int] = {}
    numbers_new: dict[int, int] = {}

    def own(group: Group) -> Group:
        traced = tuple(
            (subset, numbers_old.setdefault(b, len(numbers_old)), numbers_new.setdefault(a, len(numbers_new)))
            for subset, b, a in group.traced
        )  # fmt: skip
        return replace(group, traced=traced)

    groups = tuple(own(group) for group in drawn.groups)
    all_old, all_new = tuple(old.numbers), tuple(new.numbers)
    return replace(
        drawn, groups=groups, paths_before=tuple(all_old[n] for n in numbers_old), paths_after=tuple(all_new[n] for n in numbers_new)
    )  # fmt: skip
