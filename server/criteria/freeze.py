"""What a lock freezes as bytes that are the same on every machine, their hash, and why figures are only provisional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import orjson

from server.criteria.rollup import Rollup

GROUPS = ("all", "any", "at_least", "case")
"""Kinds of clauses that only join others."""


def canonical(value: Any) -> bytes:
    """A JSON value as bytes: keys sorted, nothing between, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def figure_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A frozen verdict (a row of storage/locks.py) with all that the hash is over."""
    return {
        "area": row["area_id"],
        "basis": row["basis"],
        "class": row["klass"],
        "clauses": row["clauses"],
        "facts": row["facts"],
        "region": row["region"],
        "ruleSet": row["rule_set"],
        "ruleSetSha256": row["rule_set_sha256"],
        "spans": row["spans"],
        "submission": row["instance_id"],
        "synthetic": row["synthetic"],
        "verdict": row["verdict"],
        "versionSha256": row["version_sha256"],
    }


def total_of(area_id: str, basis: str, total: Rollup) -> dict[str, Any]:
    """A frozen rollup with all that the hash is over."""
    return {
        "area": area_id,
        "approved": total.approved,
        "basis": basis,
        "reported": total.reported,
        "sums": {name: list(found) for name, found in total.sums.items()},
        "verdicts": {name: dict(counts) for name, counts in total.verdicts.items()},
        "villages": total.villages,
    }


def digest_of(part: Mapping[str, Any]) -> bytes:
    """The SHA-256 of a figure, a total or a head."""
    return sha256(canonical(part)).digest()


def hash_of(head: Mapping[str, Any], figures: Iterable[bytes], totals: Iterable[bytes]) -> str:
    """The SHA-256 of a lock: over the hash of its head, and those of its figures and totals (`digest_of` each), sorted,
    so that it does not matter in which order a database gives them. In lower-case hexadecimal."""
    whole = sha256(digest_of(head))
    for part in (figures, totals):
        digests = sorted(part)
        whole.update(len(digests).to_bytes(8))
        for digest in digests:
            whole.update(digest)
    return whole.hexdigest()


def unconfirmed_in(clauses: Iterable[Mapping[str, Any]]) -> set[str]:
    """The clauses that decided and whose text nobody has read in full (`clauses` as report.clause_json has them)."""
    return {
        clause["id"]
        for clause in clauses
        if clause["decisive"] and clause["status"] != "verified" and clause["kind"] not in GROUPS
    }
