"""The table of sub-commands: each is there, and none is imported to say what there is."""

import importlib
import subprocess
import sys

import pytest
import typer

from seriatim.app.cli import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_has_its_file(name: str) -> None:
    module, summary = COMMANDS[name]
    assert isinstance(importlib.import_module(module).app, typer.Typer)
    assert summary.endswith(".")


def seriatim(*arguments: str, after: str = "") -> "subprocess.CompletedProcess[str]":
    script = f"import sys\nfrom seriatim.app.cli import main\ntry:\n    main()\nfinally:\n    {after or 'pass'}"
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command_and_imports_none_of_them() -> None:
    answer = seriatim("--help", after="print('imported:', [name for name in sys.modules if 'seriatim' in name])")
    assert answer.returncode == 0
    assert all(name in answer.stdout for name in COMMANDS)
    assert "imported: ['seriatim', 'seriatim.app', 'seriatim.app.cli']" in answer.stdout


def test_what_the_operator_can_mend_is_one_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERIATIM_PORT", "many")
    answer = seriatim("db", "url")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("seriatim: ")
    assert answer.stderr.count("\n") == 1
    assert "$.port" in answer.stderr
