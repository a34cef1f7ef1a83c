"""Signals on their way out over HTTPS: each subscriber has a queue and a thread of its own, so that
all are told at once and one that is slow or gone keeps nobody else waiting. Each is reached once
before there is anything to tell, so the first warning waits for nothing that is done once: names,
certificates, code.

Delivered at least once or given up: a signal is tried until it expires, or the subscriber refuses
it. Whoever receives knows one again by issuer and sequence.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from neighbours import stix
from neighbours.marking import may_go
from neighbours.subscribers import Subscriber
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.codec import encode
from schemas.signals import Signal

_log = logger(__name__)

PATIENCE = 5.0
"""Seconds for a subscriber to answer, all in all."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds before a delivery is tried again; doubled each time."""

MOST_WAITING = 256
"""Signals for one subscriber; of more the oldest is given up."""

_AGAIN = frozenset({408, 425, 429})
"""Refusals that may pass (RFC 9110, 6585, 8470)."""

_KNOWN = 409
"""What our own reception answers to a signal that came before."""

Post = Callable[[str, bytes], int]
"""Sends bytes to an address, returns the status of the answer; raises `OSError` for none."""


class Way(NamedTuple):
    """How signals leave."""

    post: Post
    reach: Callable[[str], bool]
    """Asks an address for nothing, so that a connection to it is there; says whether it is, and
    never raises."""


class Route:
    """One subscriber's queue."""

    def __init__(self, to: Subscriber, way: Way, clock: Clock, metrics: Metrics) -> None:
        self._to = to
        self._way = way
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[Signal] = deque()
        self._news = threading.Condition()

    def offer(self, signal: Signal) -> None:
        """Queue a signal, if its marking lets it go there."""
        if not may_go(signal.tlp, self._to.clearance):
            self._count("withheld")
            return
        with self._news:
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self._count("given_up")
            self._waiting.append(signal)
            self._news.notify()

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop (`wake` ends a wait)."""
        self._reach(stop)
        wait = FIRST_WAIT
        while not stop.is_set():
            signal = self._next()
            if signal is None:
                continue
            if self.deliver(signal):
                wait = FIRST_WAIT
                with self._news:
                    if self._waiting and self._waiting[0] is signal:
                        self._waiting.popleft()
            elif stop.wait(wait):
                return
            else:
                wait = min(2 * wait, LONGEST_WAIT)

    def _reach(self, stop: threading.Event) -> None:
        """Try until the subscriber was reached, or there is something to tell it."""
        wait = FIRST_WAIT
        url = self._to.url.get_secret_value()
        while not (stop.is_set() or self._waiting or self._way.reach(url)):
            with self._news:
                if not self._waiting:
                    self._news.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def wake(self) -> None:
        """End a wait for news."""
        with self._news:
            self._news.notify()

    def deliver(self, signal: Signal) -> bool:
        """Try once; say whether it is done with, delivered or not."""
        now = self._clock.now_ns() // 10**9
        if now >= signal.expiry:
            self._count("given_up")
            return True
        as_stix = self._to.form == "stix"
        body = stix.bundle(signal, now).encode() if as_stix else encode(signal)
        try:
            status = self._way.post(self._to.url.get_secret_value(), body)
        except OSError as error:
            self._count("failed")
            _log.warning("not_carried", to=self._to.name, kind=type(error).__name__)
            return False
        if 200 <= status < 300 or status == _KNOWN:
            self._count("delivered")
            return True
        refused = 400 <= status < 500 and status not in _AGAIN
        self._count("refused" if refused else "failed")
        _log.warning("not_carried", to=self._to.name, status=status, seq=signal.seq)
        return refused

    def _next(self) -> Signal | None:
        with self._news:
            if not self._waiting:
                self._news.wait(1.0)
            return self._waiting[0] if self._waiting else None

    def _count(self, outcome: str) -> None:
        self._metrics.carried.labels(self._to.name, outcome).inc()


@contextmanager
def carrying(
    subscribers: Iterable[Subscriber], clock: Clock, metrics: Metrics, way: Way
) -> Iterator[Callable[[Signal], None]]:
    """Deliver in the background until this is left; give a function that queues a signal for all
    whom its marking allows."""
    stop = threading.Event()
    routes = [Route(one, way, clock, metrics) for one in subscribers]
    threads = [threading.Thread(target=route.run, args=(stop,), daemon=True) for route in routes]
    for thread in threads:
        thread.start()

    def offer(signal: Signal) -> None:
        for route in routes:
            route.offer(signal)

    try:
        yield offer
    finally:
        stop.set()
        for route in routes:
            route.wake()
        for thread in threads:
            thread.join(PATIENCE + 1)


@contextmanager
def https() -> Iterator[Way]:
    """Give what posts: no redirects, no proxy of the environment, an answer's body never read,
    so after each the connection goes; what `reach` opened is kept for seconds, no longer than what
    lies between would.
    Neighbours' certificates are vouched for by the public authorities, this machine's own and
    those that `SSL_CERT_FILE` names."""
    trusted = httpx.create_ssl_context(trust_env=False)
    trusted.load_default_certs()
    with httpx.Client(
        verify=trusted,
        timeout=httpx.Timeout(PATIENCE),
        follow_redirects=False,
        trust_env=False,
    ) as client:

        def reach(url: str) -> bool:
            try:
                with client.stream("HEAD", url) as answer:
                    answer.read()  # of nothing, but only then is the connection kept
            except (httpx.HTTPError, httpx.InvalidURL):
                return False
            return True

        def post(url: str, body: bytes) -> int:
            try:
                headers = {"content-type": "application/json"}
                with client.stream("POST", url, content=body, headers=headers) as answer:
                    return answer.status_code
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise OSError(type(error).__name__) from error

        yield Way(post, reach)
