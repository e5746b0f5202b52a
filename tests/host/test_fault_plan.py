"""demo.toml: what goes wrong with the meters, or every mistake in it with its line."""

import pytest

from host_tools.fault_plan import KINDS, PlannedFault, load_faults
from host_tools.paths import PROJECT
from host_tools.toml_file import TomlError

GOOD = '[[fault]]\ndevice = "press"\nkind = "silent"\nfrom = "12s"\nto = "1min"\n'


def load(folder, text):
    (folder / "demo.toml").write_text(text)
    return load_faults(folder / "demo.toml", ["incomer", "press"])


def test_a_fault_has_a_device_a_kind_and_its_times(tmp_path):
    (fault,) = load(tmp_path, GOOD)
    assert fault == PlannedFault("press", "silent", 12_000_000, 60_000_000)
    assert fault.faults().silent
    assert fault.text() == "press has died: it answers nothing"


def test_every_kind_makes_a_meter_that_serves_nothing():
    for faults, _ in KINDS.values():
        assert faults.silent or not faults.value_arrives


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ('"press"', '"pres"', 2, 'the gateway has no device "pres"; did you mean "press"?'),
        ('"silent"', '"dead"', 3, 'must be one of "silent", "bad-crc", "exception", not "dead"'),
        ('"1min"', '"12s"', 5, "must be later than from"),
        ('"12s"', "12", 4, 'must be a duration such as "10s", not 12'),
        ("kind =", "sort =", 3, "unknown key"),
        (
            "[[fault]]",
            "[fault]",
            1,
            "must be a list of entries; write [[ ]] around its name, not [ ]",
        ),
    ],
)
def test_a_mistake_has_its_line(tmp_path, old, new, line, sentence):
    with pytest.raises(TomlError) as error:
        load(tmp_path, GOOD.replace(old, new))
    assert any(
        f"demo.toml:{line}:" in problem and sentence in problem for problem in error.value.problems
    )


def test_the_example_is_right():
    (fault,) = load_faults(PROJECT / "examples/four-meters/demo.toml", ["compressor"])
    assert fault.end_us - fault.begin_us == 15_000_000
