# SPDX-License-Identifier: GPL-2.0-only
"""Which of the messages are the series: versions, order, gaps, duplicates.

1. a message that came twice (same message-id) counts once;
2. notices and replies are set aside; a reply's diff is a proposal;
3. what is threaded together, has the same title, or one sender and one count, is one topic;
4. of a topic the highest version is taken; where all its patches answer the patch of the same
   number of a lower version, they are a partial re-roll and take those patches' places;
5. order is by number, and for patches without numbers by input; gaps are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reviewtool.errors import InputError
from reviewtool.mail.diagnostic import Diagnostic, note, warning
from reviewtool.series.check import check_names
from reviewtool.series.listing import Kind, Listed, Reading
from reviewtool.series.patch import Patch
from reviewtool.series.series import Entry, Proposal, Recovery, Role, Series
from reviewtool.series.topics import group_topics


@dataclass
class _Item:
    """A message and what has become of it so far."""

    index: int
    mail: Listed
    role: Role = Role.OTHER
    why: str = ""

    @property
    def number(self) -> int | None:
        return self.mail.subject.number

    @property
    def version(self) -> int:
        return self.mail.subject.version


def choose_series(
    messages: Sequence[Listed],
    recoveries: Sequence[Recovery] = (),
    *,
    message_id: str | None = None,
) -> Series:
    """Return the series in MESSAGES, which are in input order.

    recoveries: of mails that are no patches as they stand, when there is nothing else.
    message_id: of any message of the topic to take, where there are several.

    Raises: InputError for several topics, and for a patch of the series that cannot be read.
    """
    items = [_Item(index, mail) for index, mail in enumerate(messages)]
    said: list[Diagnostic] = []
    left = _without_duplicates(items, said)
    titles = {item.mail.subject.text for item in left if item.mail.kind is Kind.PATCH} - {""}
    candidates = [item for item in left if _is_candidate(item, titles)]
    topic = _one_topic(candidates, left, message_id)
    chosen, version = _latest(topic, said)
    _refuse_unreadable(chosen)
    covers = [item for item in topic if item.role is Role.COVER and item.version == version]
    for item in candidates:
        if item not in chosen and item.role is Role.OTHER:
            item.role, item.why = Role.SUPERSEDED, f"the series is v{version}"
    total = _total(chosen, covers)
    readings = [(item, item.mail.load()[1]) for item in chosen]
    patches, found = _numbered(readings, total)
    said += found
    _refuse_names(patches)
    missing = _missing(chosen, total)
    for number in missing:
        first = chosen[0].mail
        said.append(warning("missing", first.source, first.line, f"no patch {number}/{total}"))
    places = {(recovery.mail.source, recovery.mail.line) for recovery in recoveries}
    for item in items:
        if (item.mail.source, item.mail.line) in places:
            item.role, item.why = Role.FRAGMENTS, "to be fitted to the tree"
    if recoveries and not patches:
        subject = recoveries[0].mail.subject
        version, total = subject.version, subject.total or len(recoveries)
    damaged = tuple(reading for _, reading in readings if isinstance(reading, Recovery))
    return Series(
        version=version,
        cover=covers[-1].mail.mail if covers else None,
        patches=tuple(patches),
        total=max(total, len(patches)),
        missing=missing,
        diagnostics=tuple(said),
        proposals=tuple(_proposals(left)),
        recoveries=(*recoveries, *damaged),
        entries=tuple(_entry(item) for item in items),
    )


def _proposals(items: Sequence[_Item]) -> Iterator[Proposal]:
    for item in items:
        if item.role is Role.PROPOSAL:
            mail, reading = item.mail.load()
            if isinstance(reading, Patch):
                yield Proposal(mail, reading)


def _entry(item: _Item) -> Entry:
    mail = item.mail
    return Entry(
        mail.source, mail.line, mail.subject.raw, mail.sender, mail.message_id, item.role, item.why
    )


def _without_duplicates(items: Sequence[_Item], said: list[Diagnostic]) -> list[_Item]:
    seen: dict[str, _Item] = {}
    left: list[_Item] = []
    for item in items:
        identity = item.mail.message_id
        first = seen.setdefault(identity, item) if identity else item
        if first is item:
            left.append(item)
            continue
        item.role, item.why = Role.DUPLICATE, f"message-id of line {first.mail.line}"
        where, what = (item.mail.source, item.mail.line), f"<{identity}> came twice"
        if first.mail.digest == item.mail.digest:
            said.append(note("duplicate", *where, f"{what}: dropped"))
        else:
            said.append(warning("duplicate", *where, f"{what} with another diff: dropped"))
    return left


def _is_candidate(item: _Item, titles: set[str]) -> bool:
    """Set aside what is no submission; return whether the item is a patch, good or bad.

    titles: of the patches that can be read.
    """
    subject = item.mail.subject
    if subject.is_notice:
        item.role, item.why = Role.NOTICE, "a report on a patch, not a submission"
        return False
    if subject.is_reply:
        is_patch = item.mail.kind is Kind.PATCH
        item.role = Role.PROPOSAL if is_patch else Role.REPLY
        item.why = "a reply with a diff" if is_patch else _unreadable(item.mail)
        return False
    if subject.is_cover and subject.total:
        item.role = Role.COVER
        return False
    if item.mail.kind in {Kind.PATCH, Kind.FRAGMENTS}:
        return True
    if item.mail.kind is Kind.NOTHING and item.mail.parents and subject.text in titles:
        item.role, item.why = Role.REPLY, "an answer under the patch's own subject, without a diff"
        return False
    item.why = _unreadable(item.mail)
    return subject.is_patch or bool(item.why)


def _unreadable(mail: Listed) -> str:
    """Return what keeps the diff in MAIL from being read, "" where there is none."""
    if mail.kind is not Kind.BAD or not (mail.has_diff or not mail.has_header):
        return ""
    return f"line {mail.errors[0].line}: {mail.errors[0].text}"


def _one_topic(
    candidates: Sequence[_Item], items: Sequence[_Item], message_id: str | None
) -> list[_Item]:
    """Return the items (covers included) of the one topic."""
    relevant = [item for item in items if item in candidates or item.role is Role.COVER]
    groups = group_topics([item.mail for item in relevant])
    topics: list[list[_Item]] = [[relevant[index] for index in group] for group in groups]
    topics = [topic for topic in topics if any(item in candidates for item in topic)]
    if message_id is not None:
        wanted = message_id.strip("<> ")
        # A reply names the messages that it stands below.
        named = {wanted}
        for item in items:
            if item.mail.message_id == wanted:
                named.update(item.mail.parents)
        for topic in topics:
            if any(item.mail.message_id in named for item in topic):
                for other in candidates:
                    if other not in topic:
                        other.role, other.why = Role.OTHER, "another series"
                return topic
        source = items[0].mail.source if items else "input"
        raise InputError(source, f"no patch of a series has the message-id <{wanted}>")
    numbered = [topic for topic in topics if any(item.number is not None for item in topic)]
    if len(numbered) > 1 or (numbered and len(topics) > 1):
        names = "; ".join(f"'{topic[0].mail.name}'" for topic in topics[:5])
        mail = topics[1][0].mail
        reason = f"{len(topics)} series, choose one by a message-id: {names}"
        raise InputError(mail.source, reason, mail.line)
    return [item for topic in topics for item in topic]


def _latest(topic: Sequence[_Item], said: list[Diagnostic]) -> tuple[list[_Item], int]:
    """Return the patches of the highest version, partial re-rolls put in their places."""
    patches = [item for item in topic if item.role is not Role.COVER]
    if not patches:
        return [], 1
    if all(item.number is None for item in patches):
        return _latest_singles(patches), max(item.version for item in patches)
    for item in patches:
        if item.number is None and item.mail.kind is Kind.PATCH:
            item.role, item.why = Role.PROPOSAL, "a patch without a number in the series' thread"
    patches = [item for item in patches if item.number is not None]
    owner = Counter(item.mail.sender.address.lower() for item in topic).most_common(1)[0][0]
    versions = sorted({item.version for item in topic})
    chosen: dict[int, _Item] = {}
    version = versions[0]
    for number in versions:
        group = _one_per_number([item for item in patches if item.version == number], owner, said)
        has_cover = any(item.role is Role.COVER and item.version == number for item in topic)
        if chosen and group and not has_cover and _is_reroll(group, chosen):
            for key, item in group.items():
                chosen[key].role = Role.SUPERSEDED
                chosen[key].why = f"re-rolled as v{number}"
                chosen[key] = item
                text = f"v{number} {key}/{item.mail.subject.total} takes the place of v{version}'s"
                said.append(note("re-roll", item.mail.source, item.mail.line, text))
        elif group or has_cover:
            chosen, version = group, number
    for item in chosen.values():
        item.role = Role.PATCH
    return [chosen[key] for key in sorted(chosen)], version


def _is_reroll(group: dict[int, _Item], chosen: dict[int, _Item]) -> bool:
    """Whether each patch of GROUP answers the chosen patch of its number."""
    return len(group) < len(chosen) and all(
        key in chosen
        and chosen[key].mail.message_id != ""
        and chosen[key].mail.message_id in item.mail.parents
        for key, item in group.items()
    )


def _one_per_number(items: Sequence[_Item], owner: str, said: list[Diagnostic]) -> dict[int, _Item]:
    """Return the items by number; of two with the same number, OWNER's or the later is taken."""
    found: dict[int, _Item] = {}
    for item in items:
        number = item.number or 0
        other = found.get(number)
        if other is None:
            found[number] = item
            continue
        older, newer = sorted((other, item), key=lambda one: (_is_from(one, owner), *_age(one)))
        older.role, older.why = Role.SUPERSEDED, f"another mail has the number {number}"
        mail = older.mail
        text = f"two patches have the number {number}: this one is left out"
        said.append(warning("number-twice", mail.source, mail.line, text))
        found[number] = newer
    return found


def _is_from(item: _Item, owner: str) -> bool:
    return item.mail.sender.address.lower() == owner


def _age(item: _Item) -> tuple[float, int]:
    sent = item.mail.mail.sent
    try:
        return (sent.timestamp() if sent is not None else 0.0, item.index)
    except (ValueError, OverflowError):
        return (0.0, item.index)


def _latest_singles(patches: Sequence[_Item]) -> list[_Item]:
    """Return patches without numbers in input order, the highest version of each title."""
    best: dict[str, _Item] = {}
    chosen: list[_Item] = []
    for item in patches:
        title = item.mail.subject.text.casefold()
        other = best.get(title) if title else None
        if other is None or other.version == item.version:
            chosen.append(item)
        elif other.version < item.version:
            other.role, other.why = Role.SUPERSEDED, f"v{item.version} is there"
            chosen[chosen.index(other)] = item
        else:
            item.role, item.why = Role.SUPERSEDED, f"v{other.version} is there"
            continue
        if title:
            best[title] = item
    for item in chosen:
        item.role = Role.PATCH
    return chosen


def _refuse_unreadable(chosen: Sequence[_Item]) -> None:
    for item in chosen:
        mail = item.mail
        if mail.kind is Kind.BAD:
            first = mail.errors[0]
            raise InputError(first.source, first.text, first.line)
        if mail.kind is Kind.NOTHING:
            raise InputError(mail.source, f"a mail without a patch: {mail.name}", mail.line)


def _refuse_names(patches: Sequence[Patch]) -> None:
    """Refuse a patch whose names mean other files after an earlier one."""
    for problem in check_names([(patch.source, patch.files) for patch in patches]):
        raise InputError(problem.source, problem.text, problem.line)


def _total(chosen: Sequence[_Item], covers: Sequence[_Item]) -> int:
    totals = Counter(
        item.mail.subject.total
        for item in (*chosen, *covers)
        if item.mail.subject.total is not None and item.number is not None
    )
    return totals.most_common(1)[0][0] if totals else len(chosen)


def _missing(chosen: Sequence[_Item], total: int) -> tuple[int, ...]:
    present = {item.number for item in chosen}
    if present == {None} or not present:
        return ()
    return tuple(number for number in range(1, total + 1) if number not in present)


def _numbered(
    chosen: Sequence[tuple[_Item, Reading]], total: int
) -> tuple[list[Patch], list[Diagnostic]]:
    """Return the patches with their numbers; those without one are counted."""
    said: list[Diagnostic] = []
    patches: list[Patch] = []
    singles = all(item.number is None for item, _ in chosen)
    for place, (item, reading) in enumerate(chosen, 1):
        if not isinstance(reading, Patch):
            continue
        patch = reading
        if singles:
            patch = replace(patch, number=place, total=len(chosen))
        elif item.number is not None and item.number > total:
            text = f"patch {item.number} of {total}"
            said.append(warning("number-over", item.mail.source, item.mail.line, text))
        patches.append(patch)
    return patches, said
