"""What docs/operations.md tells an operator to ask the database can be asked: its statements run as they stand."""

import re
from pathlib import Path

import pytest

from seriatim.storage.postgres.database import Database

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"
STATEMENTS = re.findall(r'seriatim db psql -c "([^"]+)"', PAGE.read_text(encoding="utf-8"))


def test_there_are_statements_to_try() -> None:
    assert len(STATEMENTS) >= 3


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_a_statement_of_the_page_runs(database: Database, statement: str) -> None:
    async with database.read() as connection:
        cursor = await connection.execute(statement.encode())
        assert cursor.description
