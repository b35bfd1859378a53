"""One call of a webhook: never inside, never redirected, never longer than ten seconds."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from server.services import deliver as delivering
from server.services.deliver import call
from tests.kit.receiver import LOOPBACK, Receiver, receiver


@pytest.fixture(name="there")
def there_fixture() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def test_a_receiver_that_answers_a_byte_at_a_time_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TOTAL_SECONDS", 1.0)
    stop = threading.Event()

    def dribble(listener: Any) -> None:
        wire, _ = listener.accept()
        with wire:
            wire.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not stop.wait(0.1):
                try:
                    wire.sendall(b"x")
                except OSError:
                    return

    with delivering.socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=dribble, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        outcome = call(f"http://127.0.0.1:{port}/", {}, b"{}", LOOPBACK)
        stop.set()
        thread.join()
    assert outcome.error == "timeout"
    assert outcome.milliseconds < 3000


def test_redirects_are_not_followed(there: Receiver) -> None:
    with receiver() as inner:
        there.answers, there.location = 307, inner.url
        outcome = call(there.url, {}, b"{}", LOOPBACK)
        assert (outcome.status, outcome.error) == (307, "status")
        assert inner.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[64:ff9b::7f00:1]/",
        "http://2130706433:9/",
        "http://127.1:9/",
    ],
)
def test_no_address_inside_is_called(url: str) -> None:
    assert call(url, {}, b"{}", ()).error == "inside"
