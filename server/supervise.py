"""Keeps the processes of `thonban run` together: all of them end when one asks for it, and none outlives the others."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

GRACE_SECONDS = 35.0
"""A little longer than gunicorn gives to requests in work."""
_LOOK_SECONDS = 0.2
_MOST_PAUSE = 30.0
_PARENT_DEATH = 1  # prctl: PR_SET_PDEATHSIG


@dataclass
class Child:
    """A program to keep running. `vital`: when it ends, everything ends; `once`: an end with 0 is its end, and after
    `tries` other ends it is left alone; the rest are started again, after pauses that grow."""

    name: str
    arguments: Sequence[str]
    vital: bool = False
    once: bool = False
    tries: int = 3
    program: subprocess.Popen[bytes] | None = None
    ended: int = 0
    again_at: float = 0.0
    finished: bool = field(default=False)


class Supervisor:
    """Starts children, looks after them until told to stop, ends them."""

    def __init__(self, environment: Mapping[str, str], report: Callable[[str, Mapping[str, object]], None]) -> None:
        self._environment = dict(environment)
        self._report = report
        self._children: list[Child] = []
        self._stop = threading.Event()

    def listen(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP mean: end everything."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()

    def start(self, child: Child) -> None:
        """Starts it and looks after it from now on."""
        self._children.append(child)
        self._launch(child)

    def wait_until(self, ready: Callable[[], bool], child: Child, seconds: float) -> bool:
        """Waits for `ready`; False when the child ends, the time passes or the end is asked for."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stop.wait(_LOOK_SECONDS / 2):
            if child.program is None or child.program.poll() is not None:
                return False
            if ready():
                return True
        return False

    def look_after(self) -> int:
        """Returns when the end was asked for (0) or a vital child ended (1); all children have ended then."""
        code = 0
        while not self._stop.wait(_LOOK_SECONDS):
            fallen = [child for child in self._children if self._check(child)]
            if fallen:
                code = 1
                break
        self.end()
        return code

    def end(self) -> None:
        """Asks every child to end, waits, and kills what is left with all it started."""
        running = [child.program for child in self._children if child.program is not None]
        for program in running:
            if program.poll() is None:
                program.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for program in running:
            try:
                program.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            finally:
                _kill_group(program.pid)
                program.wait()

    def _check(self, child: Child) -> bool:
        """Whether a vital child has fallen; others are started again when it is time."""
        if child.finished or child.program is None:
            return False
        code = child.program.poll()
        if code is None:
            return False
        if child.vital:
            self._report("run.fallen", {"name": child.name, "code": code})
            return True
        if not child.again_at:
            self._plan(child, code)
        elif time.monotonic() >= child.again_at:
            self._launch(child)
        return False

    def _plan(self, child: Child, code: int) -> None:
        child.ended += 1
        if child.once and (code == 0 or child.ended >= child.tries):
            child.finished = True
            if code:
                self._report("run.given_up", {"name": child.name, "code": code})
            return
        child.again_at = time.monotonic() + min(2.0 ** (child.ended - 1), _MOST_PAUSE)
        self._report("run.again", {"name": child.name, "code": code})

    def _launch(self, child: Child) -> None:
        child.again_at = 0.0
        # a session of its own: Ctrl-C reaches us alone, and we end the children in order
        child.program = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "server.cli", *child.arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),
        )


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child does first, so that it ends even when we are killed without a chance to end it (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        library.prctl(_PARENT_DEATH, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
