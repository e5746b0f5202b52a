import re
import subprocess
import sys
from pathlib import Path

CAMPAIGN = Path(__file__).parents[1] / "campaigns/power_cuts.py"


def test_power_that_fails_at_any_write_in_any_way_does_no_harm():
    command = [sys.executable, CAMPAIGN, "--seconds", "400"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    writes, cuts, harm = map(int, re.findall(r"\d+", run.stdout))
    assert (writes > 120, cuts, harm) == (True, 5 * writes, 0)
