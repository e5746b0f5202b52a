"""Profiles that are wrong in any way are refused with a line, and nothing else happens."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.profile import PROFILES, read_profile
from host_tools.toml_file import TomlError

TEXTS = [
    (PROFILES / f"{name}.toml").read_text()
    for name in ("pzem-004t-v3-016", "delta-dtb", "sunspec-inverter", "saia-ale3", "abb-b23-b24")
]
VALUE = re.compile(r'(?<== )("[^"\n]*"|[0-9][0-9A-Za-zx.]*)')
JUNK = st.sampled_from(
    ["-1", "0", "1", "3.5", "70000", "0xFFFFFFFFFFFFFFFFFF", "true", '""', '"u16"', '"kWh"', "[]"]
    + ["[1, 2]", "[[]]", "{ }", "{ a = 1 }", '"1/0"', '"1/"', "1979-05-27", "nan", '"°"', '["x"]']
    + ['"f64"', '"bit"', '"CDAB"', "2", "16", "65535", '{ function = 6, low = "1", high = "2" }']
)


def read(folder, text):
    path = folder / "any.toml"
    path.write_text(text)
    try:
        return read_profile(path)
    except TomlError as error:
        assert all(re.match(rf"{path}:\d+: ", problem) for problem in error.problems)
        assert error.problems
        return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TEXTS), st.data(), JUNK)
def test_a_wrong_value_is_refused_or_harmless(tmp_path, text, data, junk):
    values = list(VALUE.finditer(text))
    chosen = data.draw(st.sampled_from(values))
    profile = read(tmp_path, text[: chosen.start()] + junk + text[chosen.end() :])
    if profile:
        for name, places, register, *_ in profile.compiled["channel"]:
            assert isinstance(places, int) and register[4] > 0, name
            assert 0 <= register[0] <= 65535


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TEXTS), st.integers(0, 3000), st.integers(0, 40), st.text(max_size=9))
def test_any_text_is_a_profile_or_refused(tmp_path, text, start, size, junk):
    junk = junk.encode("utf-8", "ignore").decode()
    read(tmp_path, text[:start] + junk + text[start + size :])
