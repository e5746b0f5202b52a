"""The mutation check itself: its mutants are what they say, and it tells found from survived."""

import sys
from pathlib import Path

MUTANTS = Path(__file__).parents[1] / "mutants"
sys.path.insert(0, str(MUTANTS))

import campaign  # noqa: E402
from hand_made import HAND_MADE  # noqa: E402
from mutate import mutants_of  # noqa: E402

SOURCE = '''
def double(x):
    """Twice."""
    self.calls = self.calls + 1
    y = x
    if y < 0:
        raise ValueError(x)
    z = y + x
    return z
'''


def test_each_mutant_changes_one_place_of_a_function():
    made = {mutant.what: mutant.text for mutant in mutants_of("m.py", SOURCE)}
    assert "    pass\n    if y < 0:" in made["without y = x"]
    assert "if (not (y < 0)):" in made["not (y < 0)"]
    assert "if y <= 0:" in made["<= in y < 0"]
    assert "if y < 1:" in made["0 + 1"]
    assert "z = y - x" in made["- in y + x"]
    assert "without '''Twice.'''" not in made
    assert all(text.startswith("\ndef double(x):") for text in made.values())


def test_every_mutant_is_python():
    for module in ("core/breaker.py", "service/clock.py"):
        text = (campaign.PROJECT / campaign.LIMEN / module).read_text()
        for mutant in mutants_of(module, text):
            compile(mutant.text, mutant.name, "exec")


def test_only_statements_that_depend_on_each_other_are_swapped():
    source = "def f(a):\n    b = a\n    c = b\n    d = 1\n"
    made = [mutant.what for mutant in mutants_of("m.py", source) if "before" in mutant.what]
    assert made == ["c = b before b = a"]


def test_bugs_made_by_hand_still_fit_the_source():
    assert len(campaign.hand_made()) == len(HAND_MADE)


def test_mutants_that_cannot_matter_are_still_there():
    explained = campaign.explained()
    for module in {module for module, _, _ in explained}:
        text = (campaign.PROJECT / campaign.LIMEN / module).read_text()
        made = {mutant.change for mutant in mutants_of(module, text)}
        assert {change for change in explained if change[0] == module} <= made


def by_hand(what):
    (mutant,) = [mutant for mutant in campaign.hand_made() if mutant.what == what]
    return mutant


def test_a_bug_is_found_by_the_tests_of_its_module_and_the_verdict_is_kept(tmp_path):
    lost = by_hand("lose the carry of the milliseconds")
    kept = campaign.Kept(tmp_path / "kept")
    (verdict,) = campaign.try_all([lost], 1, kept, thorough=False)
    assert verdict.found_by == "cpython"
    assert campaign.Kept(tmp_path / "kept").get(lost) == "cpython"


def test_those_that_survived_are_tried_again_if_wanted(tmp_path):
    lost = by_hand("lose the carry of the milliseconds")
    campaign.Kept(tmp_path / "kept").put(campaign.Verdict(lost, ""))
    assert campaign.Kept(tmp_path / "kept").get(lost) == ""
    assert campaign.Kept(tmp_path / "kept", only_found=True).get(lost) is None


def test_the_score_is_printed_and_decides(capsys):
    found, survived = (campaign.Verdict(by_hand("never ping"), by) for by in ("system", ""))
    assert campaign.report("made by hand", [found, found], needed=0.85)
    assert not campaign.report("made by hand", [found, survived], needed=0.85)
    assert "1 of 2 found (50.0%; system 1)" in capsys.readouterr().out
