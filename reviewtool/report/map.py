# SPDX-License-Identifier: GPL-2.0-only
"""The behaviour map as it is first shown, added up cell by cell, and drawn as SVG.

    row    = kind of entry and access, in the order of the domain
    column = a subset of the flags that are shown; of the others, none is passed, or any
    cell   = how many scenarios have which pair of outcomes

The page's script adds up in the same way (templates/page.js); a test holds one against the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reviewtool.behaviour.grid import Difference, EntryMap, Group, Kind
from reviewtool.report.render import render_markup
from reviewtool.review import NOTICE, PatchReview, Review

MAPPED = ("present", "zero", "special", "devmap")
_ACCESS = {"rw": "R/W", "ro": "R/O", "protnone": "PROT_NONE"}
_KINDS = {
    "none": "none", "zero": "zero page", "device_private": "device-private", "marker": "uffd-wp marker",
}  # fmt: skip
SYMBOLS = {
    Difference.SAME: "·", Difference.EFFECTS: "~", Difference.RESULT: "≠", Difference.UNKNOWN: "?",
    Difference.HAZARD: "!",
}  # fmt: skip
MEANINGS = {
    Difference.SAME: "the same", Difference.EFFECTS: "other effects, the result is the same",
    Difference.RESULT: "another result", Difference.UNKNOWN: "not modelled: nothing is known",
    Difference.HAZARD: "a new hazard (WARN, lock, no end ...)",
}  # fmt: skip
_WORST = (
    Difference.HAZARD,
    Difference.UNKNOWN,
    Difference.RESULT,
    Difference.EFFECTS,
    Difference.SAME,
)


@dataclass(frozen=True)
class Column:
    """A column of the map: (bit, 0 or 1) of every flag that is settled; others are added up."""

    settled: tuple[tuple[int, int], ...]
    passed: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of the map: codes of the axes "entry" and "access"; access None where there is none."""

    entry: int
    access: int | None
    label: str


Counts = dict[int, int]  # pair number: scenarios


def columns_of(drawn: EntryMap) -> tuple[Column, ...]:
    """Return the columns that are shown first, the last flag changing fastest."""
    bits = [drawn.flags.index(flag) for flag in drawn.shown]
    hidden = [bit for bit in range(len(drawn.flags)) if bit not in bits]
    rest = tuple((bit, 0) for bit in hidden) if drawn.others == "off" else ()
    made = []
    for number in range(1 << len(bits)):
        settled = tuple((bit, number >> (len(bits) - 1 - at) & 1) for at, bit in enumerate(bits))
        passed = tuple(drawn.flags[bit] for bit, on in settled if on)
        made.append(Column((*settled, *rest), passed))
    return tuple(made)


def rows_of(drawn: EntryMap) -> tuple[Row, ...]:
    """Return the rows: kinds of entry and access that some scenario has, in the domain's order."""
    entry_at, access_at = _place(drawn, "entry"), _place(drawn, "access")
    kinds = drawn.axes[entry_at].values
    accesses = drawn.axes[access_at].values
    met = {}
    for group in drawn.groups:
        entry, access = group.codes[entry_at], group.codes[access_at]
        mapped = kinds[entry][0] in MAPPED
        label = kind_label(kinds[entry][0])
        if mapped:
            label += f" {access_label(accesses[access][0])}"
        met[entry, access if mapped else None] = Row(entry, access if mapped else None, label)
    return tuple(met[key] for key in sorted(met, key=lambda key: (key[0], key[1] or 0)))


def kind_label(name: str) -> str:
    """Return the short name of a kind of entry, as the head of a row has it."""
    return _KINDS.get(name, name.replace("_", "-"))


def access_label(name: str) -> str:
    """Return how a row says the access NAME."""
    return _ACCESS.get(name, name)


def _place(drawn: EntryMap, axis: str) -> int:
    return next(at for at, known in enumerate(drawn.axes) if known.name == axis)


def _leaves(
    drawn: EntryMap, node: int, settled: dict[int, int], known: dict[int, Counts]
) -> Counts:
    """Return how many flag subsets under NODE lead to each pair, as if only flags below it varied.

    The count of a node is in units of all subsets of the free flags, so it needs no level: each
    free flag that is tested halves what its branches give, and the root has all of it.
    """
    if node < 0:
        return {-1 - node: 1 << _free(drawn, settled)}
    if node not in known:
        bit, low, high = drawn.nodes[node]
        if bit in settled:
            known[node] = _leaves(drawn, high if settled[bit] else low, settled, known)
        else:
            added: Counts = {}
            for branch in (low, high):
                for pair, count in _leaves(drawn, branch, settled, known).items():
                    added[pair] = added.get(pair, 0) + count // 2
            known[node] = added
    return known[node]


def _free(drawn: EntryMap, settled: dict[int, int]) -> int:
    return len(drawn.flags) - len(settled)


def count_cells(
    drawn: EntryMap,
    rows: tuple[Row, ...],
    columns: tuple[Column, ...],
    chosen: dict[str, int] | None = None,
) -> list[list[Counts]]:
    """Return for each row and column how many scenarios have which pair of outcomes.

    CHOSEN gives the code of each axis by which to filter.
    """
    entry_at, access_at = _place(drawn, "entry"), _place(drawn, "access")
    wanted = {_place(drawn, name): code for name, code in (chosen or {}).items()}
    members: dict[Row, list[Group]] = {row: [] for row in rows}
    by_key = {(row.entry, row.access): row for row in rows}
    for group in drawn.groups:
        if any(group.codes[at] != code for at, code in wanted.items()):
            continue
        entry, access = group.codes[entry_at], group.codes[access_at]
        row = by_key.get((entry, access)) or by_key.get((entry, None))
        if row:
            members[row].append(group)
    cells: list[list[Counts]] = [[{} for _ in columns] for _ in rows]
    for at, column in enumerate(columns):
        settled = dict(column.settled)
        known: dict[int, Counts] = {}
        for number, row in enumerate(rows):
            counts = cells[number][at]
            for group in members[row]:
                for pair, count in _leaves(drawn, group.node, settled, known).items():
                    counts[pair] = counts.get(pair, 0) + count * group.states
    return cells


@dataclass(frozen=True)
class Tile:
    """One cell as it is drawn: letters, the kind that colours it, shares of other kinds, a tip."""

    letters: str
    kind: str
    shares: tuple[tuple[str, float], ...]
    tip: str


def _result_tile(drawn: EntryMap, counts: Counts, *, after: bool) -> Tile | None:
    results: Counts = {}
    for pair, count in counts.items():
        made = drawn.pairs[pair]
        number = drawn.outcomes[made.after if after else made.before].result
        results[number] = results.get(number, 0) + count
    if not results:
        return None
    total = sum(results.values())
    ranked = sorted(results, key=lambda number: (-results[number], number))
    first = drawn.results[ranked[0]]
    kinds: dict[Kind, int] = {}
    for number in ranked:
        kind = drawn.results[number].kind
        kinds[kind] = kinds.get(kind, 0) + results[number]
    shares = tuple((kind.value, count / total) for kind, count in kinds.items())
    tip = ", ".join(f"{drawn.results[number].words} ({results[number]:,})" for number in ranked)
    more = "+" if len(ranked) > 1 else ""
    return Tile(first.letters + more, first.kind.value, shares, tip)


def _change_tile(drawn: EntryMap, counts: Counts) -> Tile | None:
    if not counts:
        return None
    found: dict[Difference, int] = {}
    for pair, count in counts.items():
        kind = drawn.pairs[pair].difference
        found[kind] = found.get(kind, 0) + count
    total = sum(found.values())
    touched = [kind for kind in _WORST if kind in found and kind is not Difference.SAME]
    main = max(touched, key=lambda kind: found[kind], default=Difference.SAME)
    share = 1 - found.get(Difference.SAME, 0) / total
    symbols = SYMBOLS[main]
    if Difference.HAZARD in found and main is not Difference.HAZARD:
        symbols += SYMBOLS[Difference.HAZARD]
    tip = ", ".join(f"{MEANINGS[kind]} ({found[kind]:,})" for kind in _WORST if kind in found)
    return Tile(symbols, f"d-{main.value}", ((f"d-{main.value}", share),), tip)


@dataclass(frozen=True)
class Panel:
    """One of the three grids: its title, and a tile for each row and column (None: no scenario)."""

    title: str
    tiles: tuple[tuple[Tile | None, ...], ...]


@dataclass(frozen=True)
class Drawing:
    """A map ready to be drawn: what it is of, its rows, its columns' flags, and three grids."""

    title: str
    subtitle: str
    note: str
    rows: tuple[Row, ...]
    shown: tuple[str, ...]
    columns: tuple[Column, ...]
    panels: tuple[Panel, ...]
    letters: tuple[tuple[str, str, str], ...]
    symbols: tuple[tuple[str, str, str], ...]


def draw_tiles(patch: PatchReview, drawn: EntryMap) -> Drawing:
    """Return the first view of DRAWN, a map of PATCH."""
    columns = columns_of(drawn)
    rows = rows_of(drawn)
    cells = count_cells(drawn, rows, columns)

    def panel(title: str, tile: Callable[[Counts], Tile | None]) -> Panel:
        return Panel(title, tuple(tuple(tile(counts) for counts in line) for line in cells))

    panels = (
        panel("before", lambda counts: _result_tile(drawn, counts, after=False)),
        panel("after", lambda counts: _result_tile(drawn, counts, after=True)),
        panel("changed", lambda counts: _change_tile(drawn, counts)),
    )
    met = {pair for line in cells for counts in line for pair in counts}
    used = {drawn.outcomes[side].result for pair in met for side in (drawn.pairs[pair].before, drawn.pairs[pair].after)}  # fmt: skip
    differs = {drawn.pairs[pair].difference for pair in met}
    entry = next(entry for entry in patch.entries if entry.name == drawn.entry)
    others = [flag for flag in drawn.flags if flag not in drawn.shown]
    note = f"{entry.changed:,} of {entry.scenarios:,} scenarios change"
    if others:
        note += "; no other flag is passed here" if drawn.others == "off" else "; other flags: any"
    return Drawing(
        title=f"{drawn.entry}(): {entry.verdict}",
        subtitle=f"{patch.label} {patch.subject}",
        note=note,
        rows=rows, shown=drawn.shown, columns=columns, panels=panels,
        letters=tuple((r.letters, r.words, r.kind.value) for n, r in enumerate(drawn.results) if n in used),
        symbols=tuple((SYMBOLS[kind], MEANINGS[kind], f"d-{kind.value}") for kind in Difference if kind in differs),
    )  # fmt: skip


def leading_map(patch: PatchReview) -> EntryMap | None:
    """Return the map that shows PATCH best: of the first entry that changes, else of the first."""
    if patch.picture is None:
        return None
    changed = {entry.name for entry in patch.entries if entry.changed}
    maps = patch.picture.maps
    return next((drawn for drawn in maps if drawn.entry in changed), maps[0] if maps else None)


def render_svg(review: Review) -> str:
    """Return one SVG with the leading map of each patch that changes something; of the first if none does."""
    every = [(patch, drawn) for patch in (*review.patches, *review.proposals) if (drawn := leading_map(patch))]  # fmt: skip
    changed = [(patch, drawn) for patch, drawn in every if any(e.changed for e in patch.entries)]
    drawings = [draw_tiles(patch, drawn) for patch, drawn in changed or every[:1]]
    return render_markup("map.svg.j2", drawings=drawings, title=review.title, notice=NOTICE, layout=_Layout())  # fmt: skip


@dataclass(frozen=True)
class _Layout:
    """Sizes in the SVG's units (pixels at scale 1)."""

    head: int = 168  # width of the rows' labels
    tile: int = 34
    line: int = 22
    gap: int = 26
    margin: int = 24
    least: int = 880

    def tile_width(self, drawing: Drawing) -> int:
        """Return the width of one tile: where there is one column, it has room for longer letters."""
        return self.tile if len(drawing.columns) > 2 else 3 * self.tile

    def panel_width(self, drawing: Drawing) -> int:
        """Return the width of one grid."""
        return self.tile_width(drawing) * len(drawing.columns)

    def width(self, drawings: list[Drawing]) -> int:
        """Return the width of the whole picture."""
        widths = [
            2 * self.margin + self.head + 3 * self.panel_width(one) + 2 * self.gap
            for one in drawings
        ]
        return max([self.least, *widths])

    def legend_lines(self, drawing: Drawing) -> int:
        """Return how many lines the legend takes, three items in each."""
        return -(-len(drawing.letters) // 3) + -(-len(drawing.symbols) // 3)

    def height(self, drawing: Drawing) -> int:
        """Return the height of one map with its head and legend."""
        lines = len(drawing.shown) + len(drawing.rows) + self.legend_lines(drawing)
        return 112 + lines * self.line + 40

    def clip(self, text: str, most: int) -> str:
        """Return TEXT, cut to MOST characters."""
        return text if len(text) <= most else text[: most - 1] + "…"
