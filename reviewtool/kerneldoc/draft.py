# SPDX-License-Identifier: GPL-2.0-only
"""Comments for functions that have none, from what their code shows.

A draft is complete and well formed: every parameter, Context: and Return:.  What the structure of
the code cannot tell, a draft does not invent: it names the parts and leaves the story to a person.

Source: Documentation/doc-guide/kernel-doc.rst of Linux 6.12, "Function documentation".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.kerneldoc.document import Document
from reviewtool.kerneldoc.evidence import Evidence, gather_evidence
from reviewtool.kerneldoc.functions import Function, find_functions
from reviewtool.kerneldoc.options import exported_symbols
from reviewtool.kerneldoc.write import write_comment

MODEL_MARK = "In the model run: "

_A = re.ASCII
# (type, name, text): the first row whose patterns are found in both describes the parameter.
_ROLES: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = tuple(
    (re.compile(kind, _A), re.compile(f"^(?:{name})$", _A), text)
    for kind, name, text in (
        (r"struct vm_area_struct \*\*", ".*", "where to store the virtual memory area"),
        (r"struct vm_area_struct", ".*", "virtual memory area"),
        (r"struct mm_struct", ".*", "address space"),
        (r"struct page \*\*", ".*", "array of pages"),
        (r"struct page\b", ".*", "page"),
        (r"struct folio_batch", ".*", "batch of folios"),
        (r"struct folio\b", ".*", "folio"),
        (r"struct vm_fault", ".*", "description of the fault"),
        (r"struct address_space", ".*", "mapping of the file's pages"),
        (r"struct inode", ".*", "inode"),
        (r"struct file\b", ".*", "file"),
        (r"struct task_struct", ".*", "task"),
        (r"struct mem_cgroup", ".*", "memory control group"),
        (r"struct pglist_data|pg_data_t", ".*", "NUMA node's data"),
        (r"struct zone\b", ".*", "memory zone"),
        (r"struct lruvec", ".*", "LRU lists"),
        (r"struct list_head", ".*", "list"),
        (r"struct kmem_cache", ".*", "slab cache"),
        (r"struct mempolicy", ".*", "NUMA memory policy"),
        (r"struct mmu_gather", ".*", "gathered TLB state"),
        (r"struct iov_iter", ".*", "where the data comes from or goes to"),
        (r"struct kiocb", ".*", "state of the I/O request"),
        (r"struct shrink_control", ".*", "state of the reclaim pass"),
        (r"struct writeback_control", ".*", "state of the writeback pass"),
        (r"\bpgd_t|\bp4d_t|\bpud_t|\bpmd_t|\bpte_t", ".*", "page table entry"),
        (r"\bspinlock_t", ".*", "spinlock"),
        (r"\bgfp_t", ".*", "allocation flags"),
        (r"\bpgprot_t", ".*", "page protection"),
        (r"\bpgoff_t", ".*", "page offset in the mapping"),
        (r"\bloff_t", ".*", "position in bytes"),
        (r"\bphys_addr_t", "size|len", "size in bytes"),
        (r"\bphys_addr_t", ".*", "physical address"),
        (r"", "addr|address|vaddr|uaddr", "virtual address"),
        (r"", "start|start_addr", "start of the range"),
        (r"", "end|end_addr", "end of the range, exclusive"),
        (r"", "pfn|start_pfn|end_pfn", "page frame number"),
        (r"", "nid|node|target_nid", "NUMA node"),
        (r"", "order", "power of two of the number of pages"),
        (r"", "nr_pages|npages|nr|num_pages", "number of pages"),
        (r"", "size|len|length|bytes", "size in bytes"),
        (r"", "count|n|num", "number of items"),
        (r"", r"\w*flags", "flags"),
        (r"\bchar\b", "name", "name"),
        (r"\(\*", ".*", "function to call"),
        (r"\bvoid \*", "p|ptr|data|arg|private|priv", "opaque pointer"),
        (r"\bbool\b", ".*", "whether to {words}"),
    )
)
_WORDS = {
    "addr": "address",
    "alloc": "allocate",
    "buf": "buffer",
    "dealloc": "deallocate",
    "del": "delete",
    "desc": "descriptor",
    "dst": "destination",
    "idx": "index",
    "init": "initialize",
    "len": "length",
    "mem": "memory",
    "msg": "message",
    "nr": "number of",
    "num": "number of",
    "pos": "position",
    "prev": "previous",
    "ptr": "pointer",
    "src": "source",
    "tmp": "temporary",
    "val": "value",
    "vec": "vector",
}
_VERBS = frozenset(
    (
        *("add", "allocate", "alloc", "account", "apply", "attach", "begin", "bind", "change"),
        *("charge", "check", "clean", "clear", "compact", "copy", "create", "deallocate", "del"),
        *("delete", "destroy", "detach", "disable", "do", "drain", "drop", "dump", "enable"),
        *("end", "enter", "exit", "fault", "fill", "find", "finish", "flush", "follow", "free"),
        *("get", "handle", "init", "initialize", "insert", "install", "invalidate", "is"),
        *("isolate", "iterate", "kill", "launder", "load", "lock", "lookup", "make", "map"),
        *("mark", "migrate", "move", "need", "next", "note", "offline", "online", "open", "pin"),
        *("populate", "prepare", "print", "protect", "put", "queue", "read", "reclaim"),
        *("register", "release", "remap", "remove", "replace", "reset", "restore", "return"),
        *("rotate", "run", "save", "scan", "set", "show", "shrink", "shutdown", "sort", "split"),
        *("start", "stop", "store", "submit", "swap", "sync", "test", "track", "truncate", "try"),
        *("uncharge", "undo", "unlock", "unmap", "unpin", "unregister", "update", "use"),
        *("validate", "verify", "wait", "wake", "walk", "write", "zap", "zero"),
    )
)
_ERRORS = {
    "EAGAIN": "to try again",
    "EBUSY": "if it is in use",
    "EFAULT": "for a bad address",
    "EINTR": "if a signal came first",
    "EINVAL": "for an invalid argument",
    "EIO": "for an I/O error",
    "ENODEV": "if there is no such device",
    "ENOENT": "if there is none",
    "ENOMEM": "if memory is short",
    "ENOSPC": "if no space is left",
    "EOPNOTSUPP": "if it is not supported",
    "EPERM": "if it is not permitted",
}
_REFERENCE = re.compile(r"([&%@])(?=[\w.])", _A)
_HINT = re.compile(r"\b(?:un)?likely\((.*)\)$")
_CONDITION_COLUMNS = 120


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment for one function; it goes in front of line `line`."""

    name: str
    line: int
    comment: str


def draft_comments(
    document: Document, text: str, names: frozenset[str] = frozenset()
) -> tuple[Draft, ...]:
    """Draft comments for the functions of TEXT that DOCUMENT has none for.

    names: only these; by default all that other files can call or that are exported.
    """
    documented = {block.name for block in document.blocks}
    exported = exported_symbols(text)
    drafts: dict[str, Draft] = {}
    for function in find_functions(text):
        name = function.name
        if name in documented or name in drafts or (names and name not in names):
            continue
        if names or name in exported or not function.is_static:
            drafts[name] = Draft(name, function.start, draft_comment(function))
    return tuple(drafts.values())


def draft_comment(function: Function, facts: tuple[str, ...] = ()) -> str:
    """Return a comment for FUNCTION.

    facts: sentences that another engine found to hold; each becomes a paragraph that says so.
    """
    evidence = gather_evidence(function)
    return write_comment(
        function.name,
        _purpose(function.name),
        tuple(
            (name, _describe(name, declared, evidence)) for name, declared in function.parameters
        ),
        tuple(MODEL_MARK + fact for fact in facts),
        _context(evidence),
        _returns(function, evidence),
    )


def insert_drafts(text: str, drafts: tuple[Draft, ...]) -> str:
    """Return TEXT with each draft above its function, and nothing else changed."""
    lines = text.split("\n")
    for draft in sorted(drafts, key=lambda one: one.line, reverse=True):
        lines[draft.line - 1 : draft.line - 1] = draft.comment.rstrip("\n").split("\n")
    return "\n".join(lines)


def _spoken(name: str) -> str:
    return " ".join(_WORDS.get(word, word) for word in name.strip("_").split("_") if word)


def _purpose(name: str) -> str:
    """Say the function's name in words, its verb first where it has one."""
    words = [word for word in name.strip("_").split("_") if word] or [name]
    for at, word in enumerate(words):
        if word in _VERBS and word not in {"is", "next"}:
            order = [word, *words[:at], *words[at + 1 :]]
            return " ".join(_WORDS.get(part, part) for part in order)
    if "is" in words:
        at = words.index("is")
        subject = " ".join(words[:at]) or "it"
        return f"tell whether {subject} is {' '.join(words[at + 1 :])}".rstrip()
    return " ".join(_WORDS.get(part, part) for part in words)


def _describe(name: str, declared: str, evidence: Evidence) -> str:
    """Say what a parameter is by its type and name, and whether it is stored through or unused."""
    if name == "...":
        return "variable arguments"
    kind = " ".join(declared.split())
    stored = name in evidence.written
    if stored and "**" in kind:
        kind = kind.replace("**", "*", 1)
    text = next(
        (
            words.replace("{words}", _spoken(name))
            for type_pattern, name_pattern, words in _ROLES
            if type_pattern.search(kind) and name_pattern.search(name)
        ),
        _spoken(name) or name,
    )
    if stored and "where to store" not in text:
        return f"where to store the {text}"
    if name.isidentifier() and name not in evidence.words:
        return f"{text} (not used)"
    return text


def _context(evidence: Evidence) -> str:
    """Say which locks are demanded and taken, and whether the function may sleep."""
    parts: list[str] = []
    held = dict.fromkeys(_lock(check, lock) for check, lock, _ in evidence.asserted if lock)
    parts.extend(f"Caller must hold {lock}." for lock in held)
    taken = dict.fromkeys(_lock(call, lock) for call, lock in evidence.taken)
    if taken:
        parts.append(f"Takes {', '.join(taken)}.")
    if evidence.sleeps:
        calls = dict.fromkeys(f"{call}()" for call, _ in evidence.sleeps)
        parts.append(f"May sleep, in {', '.join(calls)}.")
    else:
        parts.append("Its own code does not sleep; this says nothing of the functions it calls.")
    return " ".join(parts)


def _literal(code: str) -> str:
    """Return CODE as a literal in which no sign starts a reference."""
    if "`" in code:
        return code
    plain = _REFERENCE.sub(r"\1 ", code)
    return f"``{plain}``"


def _lock(function: str, argument: str) -> str:
    """Name the lock that FUNCTION asserts or takes; some are named by what they lock."""
    if function.startswith("mmap_"):
        return f"the mmap_lock of {_literal(argument)}"
    if function.startswith("vma_"):
        return f"the lock of {_literal(argument)}"
    return _literal(argument)


def _returns(function: Function, evidence: Evidence) -> tuple[tuple[str, str], ...] | str | None:
    """List the values that the return statements name, and the condition right before each."""
    if not function.returns_value:
        return None
    outcomes: dict[str, str] = {}
    other = False
    fails = bool(evidence.errors)
    for part in evidence.returns:
        value = part.value
        if value in {"0", "1", "-1", "true", "false", "NULL"} or re.fullmatch(
            r"-E[A-Z0-9]+", value
        ):
            outcomes.setdefault(value, _when(value, part.condition, fails=fails))
        else:
            other = True
    for code, _ in evidence.errors:
        outcomes.setdefault(f"-{code}", _ERRORS.get(code, "on failure"))
    if not outcomes:
        return _plain_value(function, evidence)
    found = [(f"%{value}" if value.isupper() else value, when) for value, when in outcomes.items()]
    if other:
        found.append(("otherwise", _plain_value(function, evidence)))
    return tuple(found)


def _when(value: str, condition: str, *, fails: bool) -> str:
    """Say when VALUE is returned: by the condition before it, or by what it means."""
    asked = _HINT.sub(r"\1", condition)
    if asked and "`" not in asked and len(asked) < _CONDITION_COLUMNS:
        return f"if {_literal(asked)}"
    if value.startswith("-E"):
        return _ERRORS.get(value[1:], "on failure")
    if value == "0" and fails and not condition:
        return "on success"
    return "in other cases"


def _plain_value(function: Function, evidence: Evidence) -> str:
    """Say what is returned where it is no constant: the calls it comes from, or its type."""
    calls = [
        f"{match[1]}()"
        for part in evidence.returns
        if (match := re.match(r"(\w+)\s*\(", part.value)) and match[1] not in {"ERR_PTR", "sizeof"}
    ]
    if calls:
        return f"what {', '.join(dict.fromkeys(calls))} returned"
    kind = " ".join(function.return_type.replace("const ", "").split())
    return f"a value of type {_literal(kind)}" if kind else "a value"
