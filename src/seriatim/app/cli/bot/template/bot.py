"""A bot that says back what it hears; start it with `python bot.py`."""

import asyncio
import os
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from seriatim.client import Client, MessageSent


async def main(url: str, token: str) -> None:
    """Answer every message, each once, also those that came while the bot was away."""
    async with await Client.bot(url, token, store=Path("bot.db")) as client:
        async for entry in client.entries():
            if isinstance(entry, MessageSent) and entry.sender_id != client.user_id:
                key = uuid5(NAMESPACE_URL, f"{entry.conversation_id}/{entry.seq}")
                await client.send(entry.conversation_id, f"you said: {entry.body}", client_id=key)
                client.read(entry.conversation_id, entry.seq)


if __name__ == "__main__":
    asyncio.run(main(os.environ["SERIATIM_URL"], os.environ["SERIATIM_TOKEN"]))
