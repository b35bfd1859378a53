"""`thonban rounds list | show | lock | reopen | verify`: rounds, and the locks that freeze their figures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from sqlalchemy.orm import Session

from server.config import Config
from server.domain.errors import NotFound
from server.domain.roles import ALL
from server.rounds_parts import GOOD, SHOWN, WRONG, Add, Words, careful, opened, say
from server.sentences import Sentence
from server.services.authenticate import system_caller
from server.services.freeze import Which, find_which, lock_round, reopen_round
from server.services.verify_lock import Verified, verify_lock
from server.storage.locks import LockView, list_late, list_locks
from server.storage.projects import list_projects
from server.storage.rounds import RoundView, list_rounds
from server.storage.unplaced import count_unplaced

WORDS: Words = {
    "round": Sentence(
        "{slug}: {name_vi}, số liệu đến ngày {cutoff} ({state_vi})",
        "{slug}: {name_en}, figures of {cutoff} ({state_en})",
    ),
    "none": Sentence("Dự án {project} chưa có đợt nào.", "Project {project} has no round yet."),
    "lock": Sentence(
        "  Khóa số {number}: {at}, {by}, {sha256}",
        "  Lock {number}: {at}, {by}, {sha256}",
    ),
    "why": Sentence("    Tạm tính: {code} ({count})", "    Provisional: {code} ({count})"),
    "reopened": Sentence("    Đã mở lại {at}, {by}: {reason}", "    Reopened {at}, {by}: {reason}"),
    "late": Sentence("  Đến sau khi khóa: {count} phiếu", "  Came after a lock: {count}"),
    "unplaced": Sentence("  Chưa xếp kỳ: {count} phiếu của dự án", "  Without a round: {count} of the project"),
    "locked": Sentence("Đã khóa đợt {slug} (lần {number}).", "Round {slug} is locked (number {number})."),
    "open": Sentence("Đã mở lại đợt {slug}; số liệu được tính lại.", "Round {slug} is open; its figures follow."),
    "stands": Sentence(
        "Khóa số {number} còn nguyên: {figures} kết luận, {versions} phiếu, {totals} số tổng hợp đều tính lại đúng.",
        "Lock {number} stands: {figures} verdicts, {versions} submissions, {totals} totals came out as they were.",
    ),
    "differs": Sentence(
        "Khóa số {number} KHÔNG còn như khi khóa: {count} chỗ khác.",
        "Lock {number} is NOT as it was: {count} differences.",
    ),
    "difference": Sentence(
        "  {kind} {area} {what}: khi khóa {said}; nay {found}", "  {kind} {area} {what}: locked {said}; now {found}"
    ),
    "more": Sentence("  … và {count} chỗ khác nữa.", "  … and {count} more."),
    "never": Sentence("Đợt {slug} chưa khóa lần nào.", "Round {slug} was never locked."),
}
STATES = {True: ("đã khóa", "locked"), False: ("đang mở", "open")}


def add_lock_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for its options."""
    made = add("list", careful(_list), "lists the rounds of a project")
    _of_project(made)
    made = add("show", careful(_show), "a round with its locks, and what came after them")
    _of_round(made)
    made = add("lock", careful(_lock), "freezes every figure of a round with a hash and the versions behind it")
    _of_round(made)
    made.add_argument("--reason", metavar="TEXT", help="why it is locked though its figures are provisional")
    made = add("reopen", careful(_reopen), "opens a locked round again; the lock is kept")
    _of_round(made)
    made.add_argument("--reason", metavar="TEXT", required=True, help="why")
    made = add("verify", careful(_verify), "works a lock out once more from the texts it rests on")
    _of_round(made)
    made.add_argument("--lock", type=int, metavar="NUMBER", help="which lock; the last one when left out")


def _of_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", type=int, default=1, metavar="NUMBER", help="the project (1 when left out)")
    parser.add_argument("--json", action="store_true", help="for programs")


def _of_round(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("round", metavar="ROUND", help="the short name of the round")
    _of_project(parser)


def _list(config: Config, options: argparse.Namespace, console: Console) -> int:
    with opened(config) as session:
        if options.project not in {project.id for project in list_projects(session)}:
            raise NotFound("http.not_found")
        rounds = list_rounds(session, options.project)
    if options.json:
        return _print(console, [_round_json(each) for each in rounds])
    if not rounds:
        say(console, WORDS["none"], project=options.project)
    for each in rounds:
        _say_round(console, each)
    return GOOD


def _show(config: Config, options: argparse.Namespace, console: Console) -> int:
    with opened(config) as session:
        found = find_which(session, Which(options.project, options.round))
        locks, late = list_locks(session, found.id), list_late(session, found, ALL)
        unplaced = count_unplaced(session, options.project)
    if options.json:
        told = {"locks": [lock_json(lock) for lock in locks], "late": len(late), "unplaced": unplaced}
        return _print(console, _round_json(found) | told)
    _say_round(console, found)
    for lock in locks:
        _say_lock(console, lock)
    if late:
        say(console, WORDS["late"], count=len(late))
    if unplaced:
        say(console, WORDS["unplaced"], count=unplaced)
    return GOOD


def _lock(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    with opened(config) as session:
        caller = replace(system_caller(session, now), note="thonban rounds lock")
        made = lock_round(session, caller, Which(options.project, options.round), options.reason, now)
    if options.json:
        return _print(console, lock_json(made))
    say(console, WORDS["locked"], slug=options.round, number=made.number)
    _say_lock(console, made)
    return GOOD


def _reopen(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    with opened(config) as session:
        caller = replace(system_caller(session, now), note="thonban rounds reopen")
        made = reopen_round(session, caller, Which(options.project, options.round), options.reason, now)
    if options.json:
        return _print(console, lock_json(made))
    say(console, WORDS["open"], slug=options.round)
    return GOOD


def _verify(config: Config, options: argparse.Namespace, console: Console) -> int:
    with opened(config) as session:
        found = find_which(session, Which(options.project, options.round))
        lock = _chosen(session, found, options.lock)
        if lock is None:
            say(console, WORDS["never"], slug=options.round)
            return WRONG
        verified = verify_lock(session, found, lock.id)
    if options.json:
        _print(console, verified_json(verified))
    else:
        _say_verified(console, verified)
    return GOOD if verified.stands else WRONG


def _chosen(session: Session, round_view: RoundView, number: int | None) -> LockView | None:
    locks = list_locks(session, round_view.id)
    if number is None:
        return locks[0] if locks else None
    found = next((lock for lock in locks if lock.number == number), None)
    if found is None:
        raise NotFound("http.not_found")
    return found


def lock_json(lock: LockView) -> dict[str, Any]:
    """A lock as programs read it."""
    return {
        "number": lock.number,
        "sha256": lock.sha256,
        "lockedAt": lock.locked_at.isoformat(),
        "lockedBy": lock.locked_by,
        "reason": lock.reason,
        "provisional": list(map(dict, lock.provisional)),
        "reopenedAt": lock.reopened_at.isoformat() if lock.reopened_at else None,
        "reopenedBy": lock.reopened_by,
        "reopenReason": lock.reopen_reason,
    }


def verified_json(verified: Verified) -> dict[str, Any]:
    """What came of working a lock out once more."""
    return {
        "number": verified.lock.number,
        "stands": verified.stands,
        "sha256": verified.lock.sha256,
        "computed": verified.sha256,
        "figures": verified.figures,
        "versions": verified.versions,
        "totals": verified.totals,
        "differences": [
            {"kind": each.kind, "area": each.area_id, "of": each.what, "said": each.said, "found": each.found}
            for each in verified.differences
        ],
    }


def _round_json(found: RoundView) -> dict[str, Any]:
    return {
        "slug": found.slug,
        "nameVi": found.name_vi,
        "nameEn": found.name_en,
        "cutoff": found.cutoff.isoformat(),
        "startsOn": found.starts_on.isoformat(),
        "endsOn": found.ends_on.isoformat(),
        "locked": found.is_locked,
    }


def _say_round(console: Console, found: RoundView) -> None:
    vi, en = STATES[found.is_locked]
    names = {"slug": found.slug, "name_vi": found.name_vi, "name_en": found.name_en}
    say(console, WORDS["round"], **names, cutoff=found.cutoff.isoformat(), state_vi=vi, state_en=en)


def _say_lock(console: Console, lock: LockView) -> None:
    at = lock.locked_at.isoformat(timespec="minutes")
    say(console, WORDS["lock"], number=lock.number, at=at, by=lock.locked_by, sha256=lock.sha256)
    for each in lock.provisional:
        say(console, WORDS["why"], code=each["code"], count=each["count"])
    if lock.reopened_at is not None:
        more: Mapping[str, object] = {"by": lock.reopened_by or "", "reason": lock.reopen_reason or ""}
        say(console, WORDS["reopened"], at=lock.reopened_at.isoformat(timespec="minutes"), **more)


def _say_verified(console: Console, verified: Verified) -> None:
    counts = {"figures": verified.figures, "versions": verified.versions, "totals": verified.totals}
    if verified.stands:
        say(console, WORDS["stands"], number=verified.lock.number, **counts)
        return
    say(console, WORDS["differs"], number=verified.lock.number, count=len(verified.differences))
    for each in verified.differences[:SHOWN]:
        place = {"kind": each.kind, "area": each.area_id or "", "what": each.what or ""}
        say(console, WORDS["difference"], **place, said=each.said, found=each.found)
    if len(verified.differences) > SHOWN:
        say(console, WORDS["more"], count=len(verified.differences) - SHOWN)


def _print(console: Console, told: Any) -> int:
    console.file.write(json.dumps(told, ensure_ascii=False) + "\n")
    return GOOD
