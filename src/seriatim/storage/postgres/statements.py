"""Counts the statements that were executed, so that a test can say: this command costs so many, whatever N is."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Self

from psycopg import AsyncCursor
from psycopg.abc import Params, QueryNoTemplate

_counter: Counter[str] | None = None


@contextmanager
def counted() -> Generator[Counter[str]]:
    """Count every statement of this process within the block, keyed by its first line that is not empty."""
    global _counter  # noqa: PLW0603 - the count is of a process, as the pools are
    before, _counter = _counter, Counter[str]()
    try:
        yield _counter
    finally:
        _counter = before


class CountedCursor(AsyncCursor[Any]):
    """The cursor of the pools' connections; it costs one comparison while nobody counts."""

    async def execute(  # pyright: ignore[reportIncompatibleMethodOverride] - template strings need Python 3.14
        self,
        query: QueryNoTemplate,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        """Execute one statement."""
        if _counter is not None:
            _counter[_name(query)] += 1
        return await super().execute(query, params, prepare=prepare, binary=binary)


def _name(query: QueryNoTemplate) -> str:
    text = query if isinstance(query, str) else str(query)
    return text.strip().split("\n", 1)[0]
