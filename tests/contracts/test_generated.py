"""What is generated from the code and committed is what the code gives now: TypeScript types, tables of the pages."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/generate.py"


def generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {path.relative_to(ROOT).as_posix(): text for path, text in module.generated().items()}


GENERATED = generated()


@pytest.mark.parametrize("name", GENERATED)
def test_the_committed_file_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == GENERATED[name], "stale: `make generate` writes it again"


def test_every_setting_says_its_effect() -> None:
    page = GENERATED["docs/operations.md"]
    assert "`SERIATIM_DATABASE_URL`" in page
    assert "|  |" not in page
