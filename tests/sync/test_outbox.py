"""What waits for a link is sent once the link is there, and is not lost before."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.client import Phone
from sync.envelope import Envelope, part_of
from sync.errors import ProtocolError, Refused, SyncError, Unreachable
from sync.openrosa import Receipt
from sync.outbox import LONGEST_PAUSE, Delivery, Outbox, State, deliver, pause, state_after
from tests.sync.village_server import village_server

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PHOTO = part_of("ảnh đường.jpg", b"\xff\xd8" + b"p" * 5000, "image/jpeg")


def form(village: str, *files) -> Envelope:
    return Envelope(f"<data><thon>{village}</thon></data>".encode(), tuple(files), "collect:may-01", "Collect")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


def steady() -> float:
    return 0.0


class Line:
    """A link that answers as told, and remembers what went over it."""

    def __init__(self, *answers: SyncError | None) -> None:
        self.answers = list(answers)
        self.sent: list[Envelope] = []

    def send(self, envelope: Envelope) -> Receipt:
        self.sent.append(envelope)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return Receipt("Đã nhận", status=201)


def test_what_goes_in_comes_out_byte_for_byte(outbox: Outbox) -> None:
    envelope = form("Bản Xéo", PHOTO, part_of("audit.csv", b"event,node\n", "text/csv"))
    entry = outbox.put(envelope, "uuid:a", NOW)
    assert outbox.get_envelope(entry) == envelope
    assert (entry.state, entry.instance_id, entry.due_at) == (State.WAITING, "uuid:a", NOW)


def test_putting_twice_is_putting_once(outbox: Outbox) -> None:
    first = outbox.put(form("Bản Xéo", PHOTO), "uuid:a", NOW)
    assert outbox.put(form("Bản Xéo", PHOTO), "uuid:a", NOW + timedelta(days=1)).revision == first.revision
    assert len(outbox.list_entries()) == 1


def test_another_version_of_an_instance_stands_beside_it(outbox: Outbox) -> None:
    outbox.put(form("Bản Xéo"), "uuid:a", NOW)
    outbox.put(form("Bản Xéo 2"), "uuid:a", NOW)
    assert [entry.instance_id for entry in outbox.list_entries()] == ["uuid:a", "uuid:a"]


def test_a_round_sends_what_is_due_oldest_first(outbox: Outbox) -> None:
    outbox.put(form("hai"), "uuid:2", NOW + timedelta(minutes=2))
    outbox.put(form("một"), "uuid:1", NOW)
    line = Line()
    assert deliver(outbox, line.send, NOW + timedelta(hours=1), steady) == Delivery(sent=2)
    assert [envelope.xml for envelope in line.sent] == [form("một").xml, form("hai").xml]
    assert {entry.said for entry in outbox.list_entries(State.SENT)} == {"Đã nhận"}
    assert deliver(outbox, line.send, NOW + timedelta(days=9), steady) == Delivery()


def test_a_dead_link_ends_the_round_and_the_next_pause_is_longer(outbox: Outbox) -> None:
    outbox.put(form("một"), "uuid:1", NOW)
    outbox.put(form("hai"), "uuid:2", NOW)
    down = Unreachable("server.unreachable")
    assert deliver(outbox, Line(down).send, NOW, steady) == Delivery(postponed=1)
    first = outbox.list_entries()[0]
    assert (first.state, first.attempts, first.due_at - NOW) == (State.WAITING, 1, timedelta(seconds=30))
    later = first.due_at
    assert deliver(outbox, Line(down, down).send, later, steady) == Delivery(postponed=1)
    assert outbox.list_entries()[0].due_at - later == timedelta(minutes=1)


def test_a_refused_one_waits_for_a_person_and_the_rest_goes_on(outbox: Outbox) -> None:
    outbox.put(form("một"), "uuid:1", NOW)
    outbox.put(form("hai"), "uuid:2", NOW)
    refusal = Refused("server.refused", {"status": 404, "message": "Không có biểu mẫu này"})
    assert deliver(outbox, Line(refusal).send, NOW, steady) == Delivery(sent=1, refused=1)
    (refused,) = outbox.list_entries(State.REFUSED)
    assert refused.said == "Không có biểu mẫu này"
    assert deliver(outbox, Line().send, NOW + timedelta(days=30), steady) == Delivery()
    outbox.retry(refused, NOW + timedelta(days=30))
    assert deliver(outbox, Line().send, NOW + timedelta(days=30), steady) == Delivery(sent=1)


def test_a_photo_that_comes_after_sending_is_sent_too(outbox: Outbox) -> None:
    outbox.put(form("một"), "uuid:1", NOW)
    deliver(outbox, Line().send, NOW, steady)
    outbox.put(form("một", PHOTO), "uuid:1", NOW)
    line = Line()
    assert deliver(outbox, line.send, NOW, steady) == Delivery(sent=1)
    assert line.sent[0].attachments == (PHOTO,)


def test_a_photo_that_comes_while_sending_is_not_forgotten(outbox: Outbox) -> None:
    outbox.put(form("một"), "uuid:1", NOW)
    entry = outbox.claim(NOW)
    assert entry is not None
    outbox.put(form("một", PHOTO), "uuid:1", NOW)
    outbox.sent(entry, "Đã nhận", NOW)
    assert [entry.state for entry in outbox.list_entries()] == [State.WAITING]


def test_two_senders_never_take_the_same_entry(outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(form("một"), "uuid:1", NOW)
    with Outbox(tmp_path / "outbox.sqlite") as second:
        assert outbox.claim(NOW) is not None
        assert second.claim(NOW) is None
        assert second.claim(NOW + timedelta(hours=1)) is not None


def test_only_what_was_sent_is_forgotten(outbox: Outbox) -> None:
    outbox.put(form("một", PHOTO), "uuid:1", NOW)
    deliver(outbox, Line().send, NOW, steady)
    outbox.put(form("hai"), "uuid:2", NOW)
    assert outbox.forget_sent(NOW + timedelta(days=30)) == 1
    assert [entry.instance_id for entry in outbox.list_entries()] == ["uuid:2"]


def test_a_time_without_its_zone_is_refused(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match="2026"):
        outbox.claim(NOW.replace(tzinfo=None))


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_to_six_hours_and_no_further(attempts: int, spread: float) -> None:
    assert timedelta(seconds=22) <= pause(attempts, spread) <= LONGEST_PAUSE
    assert pause(attempts, 0) <= pause(attempts + 1, 0)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("server.unreachable"), State.WAITING),
        (ProtocolError("submission.not_openrosa"), State.WAITING),
        *((Refused("server.refused", {"status": status}), State.WAITING) for status in (500, 503, 408, 429)),
        *((Refused("server.refused", {"status": status}), State.REFUSED) for status in (400, 401, 403, 404, 413)),
    ],
)
def test_only_an_unwilling_server_needs_a_person(error: SyncError, state: State) -> None:
    assert state_after(error) is state


CRASHING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sync.envelope import Envelope, part_of
from sync.outbox import Outbox
now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
outbox = Outbox(Path(sys.argv[1]))
for number in range(1, 100_000):
    photo = part_of("anh.jpg", number.to_bytes(4, "big") * 5000)
    outbox.put(Envelope(f"<data>{number}</data>".encode(), (photo,)), f"uuid:{number}", now)
    if number == 5:
        outbox.claim(now)
    print(number, flush=True)
"""


def test_killed_while_it_is_filled_it_keeps_all_that_was_promised(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", CRASHING, str(path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as village_box:
        assert village_box.stdout is not None
        promised = 0
        for line in village_box.stdout:
            promised = int(line)
            if promised == 12:
                os.kill(village_box.pid, signal.SIGKILL)
                break
        promised = max([promised, *map(int, village_box.stdout.read().split())])
    assert village_box.returncode == -signal.SIGKILL
    with Outbox(path) as outbox:
        entries = outbox.list_entries()
        numbers = [int(entry.instance_id.removeprefix("uuid:")) for entry in entries]
        assert numbers[:promised] == list(range(1, promised + 1))
        assert [entry.state for entry in entries].count(State.SENDING) == 1
        assert outbox.recover(NOW) == 1
        line = Line()
        assert deliver(outbox, line.send, NOW, steady).sent == len(entries)
        for number, envelope in zip(numbers, line.sent, strict=True):
            assert envelope.attachments[0].content == number.to_bytes(4, "big") * 5000


def test_a_killed_writer_leaves_a_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with Outbox(path) as outbox:
        outbox.put(form("một", PHOTO), "uuid:1", NOW)
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_from_the_outbox_over_a_real_line_that_breaks_once(outbox: Outbox) -> None:
    outbox.put(form("một", PHOTO), "uuid:1", NOW)
    with village_server() as server, Phone(server.url, "may-01") as phone:
        server.fail_posts = {1: "hang up"}
        assert deliver(outbox, phone.send_envelope, NOW, steady) == Delivery(postponed=1)
        assert deliver(outbox, phone.send_envelope, NOW + timedelta(minutes=1), steady) == Delivery(sent=1)
        assert [post.names for post in server.posts] == [["xml_submission_file", "ảnh đường.jpg"]] * 2
