# SPDX-License-Identifier: GPL-2.0-only
"""What each kind of finding means, for the formats of other programs.

A finding whose kind is not in here is shown all the same; a test names the kinds that are missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding: its stable id, its name in a few words, and what a reviewer makes of it."""

    id: str
    name: str
    help: str


_MODEL = "The code ran on a model of mm before and after the patch; that is no test on a kernel."

_KINDS = (
    FindingKind("semantic-change", "An entry function does something else",
        f"For some states and flags the function gives another result, or has another effect, than before. {_MODEL} "
        "The details name the condition, how many scenarios it covers, and an example that reviewtool simulate replays."),
    FindingKind("contradicted-claim", "The log or a comment promises what the code does not do",
        f"A sentence of the log or of a kernel-doc comment was held against the sweep, and a scenario contradicts it. {_MODEL}"),
    FindingKind("fixes-tag", "A Fixes: tag is wrong",
        "The commit that the tag names is not there, has another subject, or did not change what the patch changes. "
        "The details name the rule; reviewtool bisect finds the commit that changed a scenario."),
    FindingKind("callers-to-convert", "Callers that are yet to be converted",
        "These files still call the function in the old way, so they were left out; a later patch may convert them."),
    FindingKind("conflict", "The patch does not apply",
        "A hunk does not fit the tree that the review stands on. Name another base, or have the patch mended with --repair."),
    FindingKind("compile-error", "The tree does not compile", "Nothing could be run; the line is the compiler's."),
    FindingKind("lock-imbalance", "A lock is left held, released or taken twice",
        f"After the patch a function returns with other locks than it was entered with. {_MODEL}"),
    FindingKind("atomic-sleep", "Sleeps in atomic context", f"The patch lets code sleep with a spinlock held. {_MODEL}"),
    FindingKind("endless-loop", "A loop that does not end", f"A scenario goes beyond the bound on steps after the patch. {_MODEL}"),
    FindingKind("null-pointer", "A null pointer is used", f"A scenario uses a member of a null pointer after the patch. {_MODEL}"),
    FindingKind("invalid-access", "Invalid memory is used", f"A scenario traps on memory that is not there after the patch. {_MODEL}"),
    FindingKind("bug", "BUG() is reached", f"A scenario ends in BUG() after the patch, and did not before. {_MODEL}"),
    FindingKind("new-warning", "A WARN is reached", f"A scenario reaches a WARN after the patch, and did not before. {_MODEL}"),
    FindingKind("lock-assertion", "An assertion on a lock fails", f"An assertion on a lock is reached without the lock. {_MODEL}"),
    FindingKind("hazard", "A new hazard", f"The patch brings a hazard that was not there before. {_MODEL}"),
    FindingKind("change-in-configuration", "Something else happens in another configuration",
        f"The patch changes nothing in the configuration of the review, but does with other options. {_MODEL}"),
    FindingKind("use-after-put", "A page is used after its reference was given back",
        f"A page may be freed once its reference is gone and no lock keeps it mapped. {_MODEL}"),
    FindingKind("reference-leak", "A reference or pin is leaked, or dropped too often",
        f"Once the caller has given back what it was promised, counts are not what they were. {_MODEL}"),
    FindingKind("lock-order", "Locks are taken in the wrong order", f"An outer lock is taken inside of an inner one. {_MODEL}"),
    FindingKind("never-ran", "Added statements that never ran",
        "No scenario reached these lines: what they do was not seen, and nothing is said about it."),
    FindingKind("open-question", "A changed condition that was never tried both ways",
        "No scenario differs, but what would follow from the other answer was not run, so nothing is said of it."),
    FindingKind("kernel-doc", "A new warning on kernel-doc", "The patch adds something that scripts/kernel-doc would warn about."),
    FindingKind("kernel-doc-mended", "Warnings on kernel-doc are gone", "The patch mends what scripts/kernel-doc warned about."),
)  # fmt: skip

CATALOGUE = {kind.id: kind for kind in _KINDS}


def kind_of(identifier: str) -> FindingKind:
    """Return what is known of the kind IDENTIFIER; something that holds for any where it is new."""
    known = CATALOGUE.get(identifier)
    return known or FindingKind(identifier, identifier.replace("-", " ").capitalize(), _MODEL)
