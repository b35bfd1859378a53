"""The rules of the queue, as stories that the phone app is held to as well (sync/phone/src/outbox.test.js)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.envelope import Envelope, part_of
from sync.errors import ProtocolError, Refused, SyncError, Unreachable
from sync.outbox import Entry, Outbox, State

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STORIES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("outbox.json").read_text(encoding="utf-8"))
KINDS = {"unreachable": Unreachable, "protocol": ProtocolError, "refused": Refused}
ARROWS = {
    ("none", "put", "waiting"),
    ("waiting", "put", "waiting"),
    ("sending", "put", "sending"),
    ("sent", "put", "sent"),
    ("sent", "put", "waiting"),
    ("refused", "put", "refused"),
    ("refused", "put", "waiting"),
    ("waiting", "claim", "sending"),
    ("sending", "claim", "sending"),
    ("sending", "sent", "sent"),
    ("sending", "sent", "waiting"),
    ("waiting", "sent", "sent"),
    ("sending", "failed", "waiting"),
    ("sending", "failed", "refused"),
    ("waiting", "retry", "waiting"),
    ("sending", "retry", "waiting"),
    ("refused", "retry", "waiting"),
    ("sent", "retry", "sent"),
    ("sending", "recover", "waiting"),
    ("waiting", "recover", "waiting"),
    ("refused", "recover", "refused"),
    ("sent", "forget", "none"),
    ("sent", "forget", "sent"),
    ("sending", "forget", "sending"),
    ("refused", "forget", "refused"),
}
"""(from, what is done, to): what the stories have to tell at least."""


class Box:
    """An outbox that is told what to do in the words of the stories. Times are seconds."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.claimed: dict[str, Entry] = {}

    def does(self, step: dict[str, Any]) -> None:
        """One step; what it must give is held against what it gives."""
        now = START + timedelta(seconds=step["at"])
        match step["do"]:
            case "put":
                files = tuple(part_of(name, content.encode(), "image/jpeg") for name, content in step["files"].items())
                self.outbox.put(Envelope(step["sheet"].encode(), files), step["instance"], now)
            case "claim":
                entry = self.outbox.claim(now)
                assert (self.sheet(entry) if entry else None) == step["takes"]
                self.claimed |= {self.sheet(entry): entry} if entry else {}
            case "sent":
                self.outbox.sent(self.claimed[step["sheet"]], step["said"], now)
            case "failed":
                state = self.outbox.failed(self.claimed[step["sheet"]], error_of(step["error"]), now, step["spread"])
                assert state == next(each["state"] for each in step["then"] if each["sheet"] == step["sheet"])
            case "retry":
                self.outbox.retry(self.entry(step["sheet"]), now)
            case "recover":
                assert self.outbox.recover(now) == step["gives"]
            case "forget":
                assert self.outbox.forget_sent(START + timedelta(seconds=step["before"])) == step["gives"]
            case unknown:
                raise AssertionError(unknown)

    def sheet(self, entry: Entry) -> str:
        """The name a story gives to what is queued."""
        return self.outbox.get_envelope(entry).xml.decode()

    def entry(self, sheet: str) -> Entry:
        """The entry of a sheet as it stands."""
        return next(entry for entry in self.outbox.list_entries() if self.sheet(entry) == sheet)

    def stand(self) -> list[dict[str, object]]:
        """Where everything stands, in the order of sending."""
        return [
            {
                "sheet": self.sheet(entry),
                "instance": entry.instance_id,
                "state": str(entry.state),
                "attempts": entry.attempts,
                "revision": entry.revision,
                "due": (entry.due_at - START).total_seconds(),
                "said": entry.said,
            }
            for entry in self.outbox.list_entries()
        ]


def error_of(said: dict[str, Any]) -> SyncError:
    params = {name: said[name] for name in ("status", "message") if name in said}
    return KINDS[said["kind"]](said["code"], params)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story["name"]))
def test_a_story_of_the_queue(story: dict[str, Any], tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        box = Box(outbox)
        for number, step in enumerate(story["steps"]):
            box.does(step)
            assert box.stand() == step["then"], f"step {number}: {step['do']} at {step['at']}"


def arrows(story: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """From which state to which each step of a story leads whom it names, or everybody where it names nobody."""
    before: dict[str, str] = {}
    for step in story["steps"]:
        after = {each["sheet"]: each["state"] for each in step["then"]}
        named = step.get("sheet", step.get("takes"))
        for sheet in [named] if named else before.keys() if step["do"] in ("recover", "forget") else ():
            yield before.get(sheet, "none"), step["do"], after.get(sheet, "none")
        before = after


def test_the_stories_tell_every_arrow() -> None:
    told = {arrow for story in STORIES for arrow in arrows(story)}
    assert told >= ARROWS, ARROWS - told
    assert {state for arrow in told for state in (arrow[0], arrow[2])} == {"none", *State}
