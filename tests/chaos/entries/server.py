"""The server without one of its mechanisms: `server.py MECHANISM serve ...` patches one function, then runs it."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from seriatim.app import cli, postgres
from seriatim.core.trace import Hop, set_sink
from seriatim.delivery.broker.local import LocalBroker
from seriatim.delivery.rosters import RosterCache
from seriatim.features.messages import fetch
from seriatim.gateway import hello
from seriatim.log import watermarks
from seriatim.log.append import Appender
from seriatim.log.lane.lane import Lane
from seriatim.protocol.entries import MemberLeft
from seriatim.storage.postgres import migrations

DEATHS = 3
COMMIT_LATE_S = 0.15
BATCHES = 60
"""After so many a server that acks too early dies."""
APPEND = (Path(migrations.__file__).parent / "0004_append_2.sql").read_text(encoding="utf-8")


def with_append(old: str, new: str, *further: str) -> None:
    """Let the append function have another text."""
    assert old in APPEND, old
    text = APPEND.replace(old, new).replace("create function", "create or replace function")
    real = postgres.migrate

    def migrate(dsn: str) -> None:
        real(dsn)
        with psycopg.connect(dsn) as connection:
            for statement in (*further, text):
                connection.execute(statement.encode())

    postgres.migrate = migrate


def no_key_look_up() -> None:
    """A retry is not found: the unique key and the look-up are gone."""
    with_append(
        "on e.conversation_id = i.conversation_id and e.device_id = i.device_id and e.client_id = i.client_id",
        "on false",
        "alter table entries drop constraint if exists entries_conversation_id_device_id_client_id_key",
    )


def no_gapless_seq() -> None:
    """The next seq is not the head's successor."""
    with_append("c.last_seq + row_number() over w as seq", "c.last_seq + row_number() over w + 1 as seq")


def commit_late(on_call: Callable[[Lane], None]) -> None:
    """Let each batch be a transaction that stays open after its answer."""
    real = Lane.call

    def call(self: Lane, parameters: Any) -> None:
        on_call(self)
        self._pgconn.exec_(b"begin")
        real(self, parameters)

    Lane.call = call


def die_at(hop: Hop, passes: int) -> None:
    """Kill this process when it passes `hop` for so many times: a crash point; the run's first `DEATHS` lives only.

    Nobody starts it again once the run reads what the log tells in the end.
    """
    deaths = Path(os.environ["SERIATIM_DATA"]).with_name("deaths")
    died = deaths.stat().st_size if deaths.exists() else 0
    if "serve" not in sys.argv or died >= DEATHS:
        return
    left = passes

    def sink(passed: Hop) -> None:
        nonlocal left
        left -= passed is hop
        if left == 0:
            with deaths.open("a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)

    set_sink(sink)


def crash_points() -> None:
    """Nothing is removed, but this process kills itself where the plan in the folder CRASH_POINTS says.

    The n-th life takes the n-th line of `planned`, and writes it to `killed` as its last act: so `killed` is what
    really happened. Counting begins when the run's world is made, since nobody starts it again before.
    """
    folder = Path(os.environ["CRASH_POINTS"])
    planned, killed = folder.joinpath("planned").read_text().splitlines(), folder / "killed"
    lives = len(killed.read_text().splitlines()) if killed.exists() else 0
    if "serve" not in sys.argv or lives >= len(planned):
        return
    hop, passes = planned[lives].split()
    world = Path(os.environ["SERIATIM_DATA"]).with_name("world.json")
    left = int(passes)

    def sink(passed: Hop) -> None:
        nonlocal left
        if passed != hop or not world.exists():
            return
        left -= 1
        if left == 0:
            with killed.open("a") as file:
                file.write(planned[lives] + "\n")
            os.kill(os.getpid(), signal.SIGKILL)

    set_sink(sink)


def ack_before_commit() -> None:
    """The batch is acked, and committed when the next one leaves, or a little later; one in each of two lives never."""
    lives = Path(os.environ.get("SERIATIM_DATA", ".")).with_name("lives")
    dying = False

    def commit(lane: Lane) -> None:
        if not dying:
            lane._pgconn.exec_(b"commit")

    commit_late(commit)
    real, left = Appender.answered, BATCHES

    def answered(self: Appender, answer: Any) -> None:
        nonlocal dying, left
        lane, loop = self._lane, asyncio.get_running_loop()
        real(self, answer)
        left -= 1
        if left == 0 and (not lives.exists() or lives.stat().st_size < len("..")):
            with lives.open("a") as file:
                file.write(".")
            dying = True
            loop.call_later(COMMIT_LATE_S / 2, os.kill, os.getpid(), signal.SIGKILL)  # the acks are out by then
        if lane is not None and self._flying is None:
            loop.call_later(COMMIT_LATE_S, lambda: self._flying or commit(lane))

    Appender.answered = answered


def publish_before_commit() -> None:
    """The batch is published, a little later committed, and then acked."""
    commit_late(lambda lane: None)
    die_at(Hop.WRITE, 150)
    real = Appender.answered

    def answered(self: Appender, answer: Any) -> None:
        lane, batch = self._lane, self._flying
        assert lane is not None
        assert batch is not None

        def finish() -> None:
            lane._pgconn.exec_(b"commit")
            committed, self._committed = self._committed, lambda stored: None
            try:
                real(self, answer)
            finally:
                self._committed = committed

        self._flying = batch._replace(waiters=[Deaf()] * len(batch.drafts))
        self._depart = lambda: None  # type: ignore[method-assign]
        try:
            real(self, answer)
        finally:
            del self._depart
        self._flying = batch
        asyncio.get_running_loop().call_later(COMMIT_LATE_S, finish)

    Appender.answered = answered


class Deaf:
    def stored(self, stored: Any) -> None: ...
    def refused(self, error: Any) -> None: ...


def no_end_at_leaving() -> None:
    """Who has left stays in the rosters that events are fanned out to."""
    real = RosterCache._change

    def change(self: RosterCache, entry: Any, version: int, members: Any) -> Any:
        if isinstance(entry, MemberLeft):
            self.keep(entry.conversation_id, version, members)
            return members
        return real(self, entry, version, members)

    RosterCache._change = change


def no_visible_range() -> None:
    """Pages begin with the first entry, whenever the reader has joined."""
    real = fetch.page

    async def page(connection: Any, access: Any, *rest: Any) -> Any:
        return await real(connection, access._replace(first_seq=1), *rest)

    fetch.page = page


def no_greatest_watermark() -> None:
    """A read watermark goes wherever it is told."""
    sql = watermarks.MOVE_MARKS
    for old, new in (
        (
            "set read_seq = greatest(p.read_seq, p.asked_read)",
            "set read_seq = coalesce(nullif(p.asked_read, 0), p.read_seq)",
        ),
        ("and (p.read_seq < p.asked_read or", "and (p.read_seq <> coalesce(nullif(p.asked_read, 0), p.read_seq) or"),
    ):
        assert old in sql, old
        sql = sql.replace(old, new)
    watermarks.MOVE_MARKS = sql


def lossy_broker() -> None:
    """No mechanism is gone, but the broker loses most hints, some conversation's last one too; and pings come often."""
    real, loss = LocalBroker.publish, random.Random(7)

    def publish(self: LocalBroker, hints: list[Any]) -> None:
        real(self, [hint for hint in hints if loss.random() > 0.7])

    LocalBroker.publish = publish
    hello.HEARTBEAT_S = 2.0


if __name__ == "__main__":
    globals()[sys.argv.pop(1)]()
    cli.main()
