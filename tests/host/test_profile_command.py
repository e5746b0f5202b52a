import os
import re
import shutil
import subprocess
import sys

import pytest

from host_tools.cli import main
from host_tools.paths import PROJECT
from host_tools.profile import profile_names

_BLOCK = re.compile(r"^```(toml|sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_model_is_listed(capsys):
    assert main(["profile", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == profile_names()
    assert "eastron-sdm630                 Eastron SDM630-Modbus" in lines


def test_a_model_is_shown_with_its_registers_and_sources(capsys):
    assert main(["profile", "show", "saia-ale3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "Saia-Burgess Controls ALE3/AWD3 (profile saia-ale3)",
        "function 3, up to 20 registers",
        "serial line: 9600 8E1",
        'identified by "ALE3" or "AWD3" at 6',
    ]
    assert "power_active_total    50 0x0032  s16   W     10 W        default" in lines


def test_what_a_line_of_a_controller_says(capsys):
    main(["profile", "show", "delta-dtb"])
    out = capsys.readouterr().out
    assert "default; function 2; writable, 0 to 1; 0 stopped, 1 running" in out
    main(["profile", "show", "sunspec-inverter"])
    out = capsys.readouterr().out
    assert "serial line: as the device is set" in out
    assert "exponent in 26" in out


def test_an_unknown_model(capsys):
    assert main(["profile", "show", "eastron-sdm530"]) == 2
    assert capsys.readouterr().err.endswith(
        'there is no profile "eastron-sdm530"; did you mean "eastron-sdm230"?\n'
    )


def test_mistakes_have_their_lines_and_status_2(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('vendor = "A"\nmodel = "B"\nfunction = 3\nmax_registers = 126\n')
    assert main(["profile", "check", str(path)]) == 2
    err = capsys.readouterr().err
    assert f"{path}:4: max_registers: must be 1 to 125, not 126" in err
    assert f"{path}:1: source: is missing" in err


def test_the_page_of_all_models_is_up_to_date(capsys):
    assert main(["profile", "table"]) == 0
    page = (PROJECT / "docs/meters.md").read_text()
    assert capsys.readouterr().out == page, "run: limen profile table > docs/meters.md"


@pytest.fixture
def copy(tmp_path):
    """A copy of the project in which the documented commands can write."""
    for folder in ("host_tools", "firmware", "boards", "docs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=ignored)
    command = tmp_path / ".venv/bin/limen"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m host_tools "$@"\n')
    command.chmod(0o755)
    return tmp_path


def test_the_way_to_a_new_meter_as_it_is_written(copy):
    """Write the files, run the commands and compare the output, block by block."""
    outputs, compared = [], 0
    for kind, text in _BLOCK.findall((PROJECT / "docs/add-a-meter.md").read_text()):
        if kind == "toml":
            path = copy / text.partition("\n")[0].removeprefix("# ")
            path.write_text(text)
        elif kind == "sh":
            environment = os.environ | {"PYTHONPATH": f"{copy}:{copy / 'firmware'}"}
            done = subprocess.run(
                ["sh", "-eu", "-c", text],
                cwd=copy,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            outputs.append(done.stdout)
        else:
            assert outputs[-1] == text
            compared += 1
    assert compared == 2
    assert outputs[2].startswith("my-site.toml: press-07 is good: buses 1, devices 1, channels 2;")
    assert "`acme-m1`" in (copy / "docs/meters.md").read_text()
