"""The page says every audited act in words."""

import re
from pathlib import Path

from seriatim.log.moderation.audit import Act

CATALOGUE = Path(__file__).resolve().parents[2] / "web/src/locales/en/places.ts"


def test_each_act_has_its_words() -> None:
    block = re.search(r"acts: \{\n(.*?)\n  \}", CATALOGUE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    assert set(re.findall(r"^ +(\w+): \"", block[1], re.MULTILINE)) == {act.value for act in Act}
