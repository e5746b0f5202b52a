"""What docs/flash.md shows of a first hour with a board; `make first-flash` has more boards."""

import re

import pytest

from first_flash import same_words, tell
from host_tools import interpreter
from host_tools.emulation import brokers
from host_tools.paths import PROJECT


@pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")
@pytest.mark.skipif(not brokers.find_mosquitto(), reason="needs mosquitto")
def test_blank_flash_to_online_and_updated_as_the_docs_show(tmp_path):
    page = (PROJECT / "docs/flash.md").read_text()
    shown = re.search(r"^```\n(\$ make flash .*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
    told = iter(same_words(tell("espressif-esp32-devkitc", tmp_path)))
    # A busy machine may make the gateway say more meanwhile.
    assert [line for line in same_words(shown) if line not in told] == []
