"""The golden run: what the press published before is what it publishes now.

`make golden` makes it anew, where a change of what is published is meant; its diff belongs to the
change.
"""

import pytest

from host_tools import cli, interpreter
from host_tools.paths import PROJECT

GOLDEN = PROJECT / "tests/golden"

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")


def test_the_firmware_publishes_what_it_did_before(capsys):
    site, recording = PROJECT / "examples/press", GOLDEN / "recording.csv"
    words = [str(GOLDEN / "published.csv"), str(site), "--recording", str(recording)]
    assert cli.main(["diff", *words]) == 0, capsys.readouterr().out
    assert "12 of 12 channels and alarms publish the same" in capsys.readouterr().out


def test_the_golden_run_has_an_alarm_and_a_counter():
    text = (GOLDEN / "published.csv").read_text()
    assert "power_active_total.high," in text and ",raised," in text
    assert ",energy_import," in text
