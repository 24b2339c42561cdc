"""An export as one page of HTML: everything is text, nothing is loaded, no script can run."""

import html
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from seriatim.core.ids import UserId
from seriatim.features.export import store
from seriatim.features.export.read import Line, Reading
from seriatim.protocol.entries import MessageSent

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Export</title>
<style>
body { font: 1rem/1.4 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }
p { margin: .5rem 0; white-space: pre-wrap; overflow-wrap: anywhere }
time, .other { color: #666; font-size: .85em }
.reply { margin-inline-start: 2rem }
</style>
</head>
<body>
"""
TAIL = "</body>\n</html>\n"


class Page:
    """Writes the parts between HEAD and TAIL, line by line; names are those of today."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._names: dict[UserId, str] = {}

    async def part(self, line: Line) -> str:
        """Return a line as HTML."""
        if isinstance(line, Mapping):
            return _head(line)
        if line.sender_id not in self._names:
            async with self._reading() as connection:
                self._names |= await store.names(connection, [line.sender_id])
        return _message(line, self._names) if isinstance(line, MessageSent) else _other(line, self._names)


async def page(lines: AsyncIterator[Line], reading: Reading) -> AsyncIterator[str]:
    """Yield the page, part by part."""
    writer = Page(reading)
    yield HEAD
    async for line in lines:
        yield await writer.part(line)
    yield TAIL


def _head(line: Mapping[str, Any]) -> str:
    if line["type"] != "conversation":
        return f'<p class="other">{_text(msgspec.json.encode(line).decode())}</p>\n'
    return f"<h1>{_text(line['title'] or line['kind'])}</h1>\n"


def _message(entry: MessageSent, names: Mapping[UserId, str]) -> str:
    at = (entry.sent_at or entry.created_at).isoformat(" ", "seconds")
    name = _text(entry.via or names.get(entry.sender_id, "somebody"))
    said = '<span class="other">deleted</span>' if entry.deleted_seq else _text(entry.body)
    reactions = " ".join(f"{emoji} {count}" for emoji, count, _ in entry.reactions)
    more = f' <span class="other">{_text(reactions)}</span>' if reactions else ""
    kind = ' class="reply"' if entry.thread_seq else ""
    return f"<p{kind}><strong>{name}</strong> <time>{at}</time>\n{said}{more}</p>\n"


def _other(entry: Any, names: Mapping[UserId, str]) -> str:
    kind = entry.__struct_config__.tag.replace("_", " ")
    return f'<p class="other">{_text(names.get(entry.sender_id, "somebody"))}: {kind}</p>\n'


def _text(text: str) -> str:
    """Escape, and keep characters that turn the text beside them around within it."""
    return f"<bdi>{html.escape(text)}</bdi>"
