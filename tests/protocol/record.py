"""Record the frames that have a meaning and no files yet: `python tests/protocol/record.py`; never changes a file."""

from pathlib import Path
from typing import Any

import msgspec
from meanings import ANSWERS, COMMANDS

from seriatim.protocol.codec import JSON, MSGPACK

RECORDED = Path(__file__).parent / "v1"


def spoken(command: Any) -> dict[str, Any]:
    """Return a command as a client says it: what has its default is left out."""
    said: dict[str, Any] = msgspec.to_builtins(command)
    for field in msgspec.structs.fields(command):
        value = getattr(command, field.name)
        default = field.default_factory() if callable(field.default_factory) else field.default
        if not field.required and value == default:
            del said[field.encode_name]
    return said


def main() -> None:
    frames = {f"command-{name}": spoken(command) for name, command in COMMANDS.items()}
    frames |= {f"answer-{name}": answer for name, answer in ANSWERS.items()}
    for name, frame in frames.items():
        for suffix, codec in (("json", JSON), ("msgpack", MSGPACK)):
            path = RECORDED / f"{name}.{suffix}"
            if not path.exists():
                path.write_bytes(codec.encode(frame))


if __name__ == "__main__":
    main()
