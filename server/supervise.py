"""Keeps the processes of `thonban run` together: all of them end when one asks for it, and none outlives the others."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess

GRACE_SECONDS = 35.0
"""A little longer than gunicorn gives to requests in work."""
_LOOK_SECONDS = 0.2
_MOST_PAUSE = 30.0
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_FORK = multiprocessing.get_context("fork")
_PARENT_DEATH = 1  # prctl: PR_SET_PDEATHSIG


@dataclass
class Child:
    """Something to keep running in a process of its own: `run` returns its exit code.

    `vital`: when it ends, everything ends; `once`: an end with 0 is its end, and after `tries` other ends it is left
    alone; the rest are started again, after pauses that grow.
    """

    name: str
    run: Callable[[], int]
    vital: bool = False
    once: bool = False
    tries: int = 3
    process: ForkProcess | None = None
    ended: int = 0
    again_at: float = 0.0
    finished: bool = field(default=False)


class Supervisor:
    """Starts children, looks after them until told to stop, ends them.

    A child is a fork: it starts at once and shares the memory of the program that is loaded already. So nothing may be
    open here that two processes must not share; `private` are the descriptors that a child closes.
    """

    def __init__(self, report: Callable[[str, Mapping[str, object]], None], private: Sequence[int] = ()) -> None:
        self._report = report
        self._private = private
        self._children: list[Child] = []
        self._stop = threading.Event()

    def listen(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP mean: end everything."""
        for number in _ENDING:
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
            if child.process is None or not child.process.is_alive():
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
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.is_alive():
                process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            process.join(max(0.0, until - time.monotonic()))
            _kill_group(process.pid)
            process.join()

    def _check(self, child: Child) -> bool:
        """Whether a vital child has fallen; others are started again when it is time."""
        if child.finished or child.process is None or child.process.is_alive():
            return False
        code = child.process.exitcode or 0
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
        child.process = _FORK.Process(target=_begin, args=(child.run, os.getpid(), self._private), name=child.name)
        sys.stdout.flush()
        # until the child has put our handlers away, an order to end must wait for it
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            child.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _begin(run: Callable[[], int], parent: int, private: Sequence[int]) -> None:
    """What a child does first."""
    # a session of its own: Ctrl-C reaches the supervisor alone, which ends the children in order
    os.setsid()
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    for descriptor in private:
        os.close(descriptor)
    if sys.platform.startswith("linux"):
        # so that it ends even when the supervisor is killed without a chance to end it
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)
    sys.exit(run())


def _kill_group(leader: int | None) -> None:
    if leader is not None:
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
