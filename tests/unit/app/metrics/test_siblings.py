"""Processes of one supervisor tell their metrics together, each under its name, and do without one that is dead."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seriatim.app.metrics.siblings import FOLDER, Siblings


def counting(count: int) -> bytes:
    return f'# HELP sent_total what\n# TYPE sent_total counter\nsent_total{{to="all"}} {count}\n'.encode()


@asynccontextmanager
async def running(data: Path, **processes: int) -> AsyncGenerator[list[Siblings]]:
    siblings = [Siblings(data, name, lambda count=count: counting(count)) for name, count in processes.items()]
    tasks = [asyncio.create_task(one.run()) for one in siblings]
    try:
        async with asyncio.timeout(5):
            while not (data / FOLDER).is_dir() or len(list((data / FOLDER).iterdir())) < len(processes):
                await asyncio.sleep(0.01)
        yield siblings
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def read(text: bytes) -> list[tuple[dict[str, str], float]]:
    (family,) = text_string_to_metric_families(text.decode())
    assert (family.type, family.documentation) == ("counter", "what")
    return [(sample.labels, sample.value) for sample in family.samples]


async def test_whoever_is_asked_tells_what_all_count(tmp_path: Path) -> None:
    data = tmp_path / ("a long way down " * 10)
    async with running(data, one=1, other=2) as siblings:
        for asked in siblings:
            assert read(await asked.all()) == [
                ({"process": "one", "to": "all"}, 1.0),
                ({"process": "other", "to": "all"}, 2.0),
            ]
        assert (data / FOLDER).stat().st_mode & 0o777 == 0o700
    assert list((data / FOLDER).iterdir()) == []


async def test_one_that_was_killed_is_left_out_and_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path, one=1) as (one,):
        dead = tmp_path / FOLDER / "dead.1"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(dead))
        assert read(await one.all()) == [({"process": "one", "to": "all"}, 1.0)]
        assert not dead.exists()


async def test_those_that_hang_are_waited_for_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seriatim.app.metrics.siblings.WITHIN_S", 0.2)
    async with running(tmp_path, one=1) as (one,):
        with ExitStack() as stack:
            for number in range(8):
                hanging = stack.enter_context(socket.socket(socket.AF_UNIX))
                hanging.bind(str(tmp_path / FOLDER / f"hanging.{number}"))
                hanging.listen()
            async with asyncio.timeout(0.8):
                assert read(await one.all()) == [({"process": "one", "to": "all"}, 1.0)]


async def test_they_meet_where_a_folder_has_no_short_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "O_PATH")
    with tempfile.TemporaryDirectory(prefix="seriatim-") as short:
        async with running(Path(short), one=1, other=2) as (one, _other):
            assert len(read(await one.all())) == 2


async def test_one_alone_tells_its_own_without_a_name(tmp_path: Path) -> None:
    assert await Siblings(tmp_path, None, lambda: counting(3)).all() == counting(3)
    assert list(tmp_path.iterdir()) == []
