"""What goes wrong in a chaos run, from its seed: kills, stops, and a network that cuts, stalls, slows and goes deaf."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

from seriatim.bench.chaos.plan import Faults
from seriatim.bench.chaos.processes import Server, Worker
from seriatim.bench.chaos.proxy import Line, Proxy

NETWORK_LIFE_S = 4.0
"""A line stays slow for so long."""


class Nemesis:
    """Its faults run until cancelled; the seed repeats the schedule, not how processes interleave with it."""

    def __init__(self, faults: Faults, seed: int, server: Server, workers: Sequence[Worker], proxy: Proxy) -> None:
        self.counts: Counter[str] = Counter()
        self._faults = faults
        self._seed = seed
        self._server = server
        self._workers = workers
        self._proxy = proxy

    async def has_done_enough(self) -> None:
        """Wait until everything has happened that must happen in a run."""
        while not self._is_enough():  # noqa: ASYNC110 - plain counts
            await asyncio.sleep(0.1)

    def _is_enough(self) -> bool:
        faults, server = self._faults, self._server
        return (
            server.kills >= faults.least_gateway_kills
            and server.postmaster_kills >= faults.least_postmaster_kills
            and self.counts["crash_points"] >= faults.least_crash_points
        )

    async def run(self) -> None:
        """Do harm until cancelled; what was stopped goes on then."""
        faults = self._faults
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._revive())
            if faults.gateway_every_s is not None:
                tasks.create_task(self._gateway(faults.gateway_every_s))
            if faults.client_every_s is not None:
                tasks.create_task(self._clients(faults.client_every_s))
            if faults.network_every_s is not None:
                tasks.create_task(self._network(faults.network_every_s))

    async def _revive(self) -> None:
        """Start a gateway again that died by itself: a crash point."""
        while True:
            await self._server.died()
            self.counts["crash_points"] += 1
            await self._server.start()

    async def _gateway(self, every_s: tuple[float, float]) -> None:
        random = Random(f"{self._seed} gateway")  # noqa: S311 - repeatable, no secret
        faults = self._faults
        while True:
            await asyncio.sleep(random.uniform(*every_s))
            lacks_postmaster = self._server.postmaster_kills < faults.least_postmaster_kills
            if (lacks_postmaster and self._server.kills > 0) or random.random() < faults.postmaster_share:
                self._server.kill_postmaster()
            elif random.random() < faults.gateway_kill_share or self._server.kills < faults.least_gateway_kills:
                await self._server.kill()
            else:
                await self._server.hold(random.uniform(*faults.stop_s))

    async def _clients(self, every_s: tuple[float, float]) -> None:
        random = Random(f"{self._seed} clients")  # noqa: S311
        faults = self._faults
        while True:
            await asyncio.sleep(random.uniform(*every_s))
            worker = random.choice(self._workers)
            if random.random() < faults.client_kill_share:
                worker.kill()
            else:
                self.counts["client_stops"] += 1
                await worker.hold(random.uniform(*faults.stop_s))

    async def _network(self, every_s: tuple[float, float]) -> None:
        random = Random(f"{self._seed} network")  # noqa: S311
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(random.uniform(*every_s))
            lines = list(self._proxy.lines)
            if not lines:
                continue
            line = random.choice(lines)
            if random.random() < self._faults.ack_drop_share:
                line.deafens = True
                self.counts["acks_dropped"] += 1
                continue
            what = random.choice(("cut", "cut_all", "stall", "delay", "crumble"))
            self.counts[what] += 1
            match what:
                case "cut":
                    line.cut()
                case "cut_all":
                    if random.random() < 0.2:  # noqa: PLR2004 - rarely everybody
                        for each in lines:
                            each.cut()
                case "stall":
                    line.stalled_until = loop.time() + random.uniform(0.5, NETWORK_LIFE_S)
                case "delay":
                    line.delay_s = random.uniform(0.02, 0.3)
                    loop.call_later(NETWORK_LIFE_S, _hasten, line)
                case _:
                    line.crumbs = random.randint(20, 400)


def _hasten(line: Line) -> None:
    line.delay_s = 0.0
