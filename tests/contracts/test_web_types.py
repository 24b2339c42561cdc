"""The TypeScript types of the web client are those that the structs give now."""

from pathlib import Path

from seriatim.protocol.documents.typescript import typescript

TYPES = Path(__file__).parents[2] / "web/src/core/protocol/types.ts"


def test_the_committed_types_are_what_the_structs_say() -> None:
    assert TYPES.read_text() == typescript(), "the types are stale: `make generate` writes them again"
