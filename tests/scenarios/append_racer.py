"""One of several racing processes: sends keys that the others send too, and prints every ack as a line of JSON.

usage: append_racer.py DSN SEED BATCHES; the first line of standard input has the keys, each of them
[conversation_id, user_id, device_id, client_id]; it says `ready` when it is connected and starts at the second line.
"""

import asyncio
import json
import random
import sys
from uuid import UUID

from scenarios.log_world import appending, healthy, send_together, until
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.log.draft import Draft, Stored


async def race(dsn: str, seed: int, batches: int, keys: list[list[int | str]]) -> None:
    dice = random.Random(seed)
    drafts = [
        Draft(ConversationId(int(c)), UserId(int(u)), DeviceId(int(d)), UUID(str(k)), f"body of {k}", None, None)
        for c, u, d, k in keys
    ]
    async with appending(dsn) as appender:
        await until(lambda: healthy(appender))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for _ in range(batches):
            chosen = dice.choices(drafts, k=dice.randrange(1, 120))
            chosen += chosen[:3]
            for draft, outcome in zip(chosen, await send_together(appender, chosen), strict=True):
                if isinstance(outcome, Stored):
                    entry = outcome.entry
                    ack = [str(draft.client_id), entry.seq, entry.created_at.isoformat(), outcome.duplicate]
                else:
                    ack = [str(draft.client_id), 0, outcome.code, False]
                sys.stdout.write(json.dumps(ack) + "\n")


asyncio.run(race(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.stdin.readline())))
