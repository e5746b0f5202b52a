"""Lines of JSON that campaigns keep: a torn one costs itself, and nothing beside it."""

from host_tools.json_lines import append_entry, read_entries


def test_what_is_appended_is_read(tmp_path):
    path = tmp_path / "new/kept.jsonl"
    append_entry(path, {"seed": 1})
    append_entry(path, {"seed": 2, "broken": ["ä"]})
    assert read_entries(path, "seed") == [{"seed": 1}, {"seed": 2, "broken": ["ä"]}]
    assert read_entries(tmp_path / "none.jsonl") == []


def test_a_torn_line_is_told_once_and_what_follows_begins_anew(tmp_path, capsys):
    path = tmp_path / "kept.jsonl"
    path.write_bytes(b'{"seed": 1}\n\n{"seed": 2}\n{"see')
    append_entry(path, {"seed": 3})
    assert read_entries(path, "seed") == [{"seed": 1}, {"seed": 2}, {"seed": 3}]
    told = f"{path}:4: the line is torn and counts no more; what it told is lost\n"
    assert capsys.readouterr().err == told


def test_lines_that_are_something_else_count_as_torn(tmp_path, capsys):
    path = tmp_path / "kept.jsonl"
    path.write_bytes(b'\xff\xfe\n[1]\n{"hours": 1}\n{"seed": 2}\n')
    assert read_entries(path, "seed") == [{"seed": 2}]
    assert (
        f"{path}:1: the line is torn and counts no more, as are 2 more" in capsys.readouterr().err
    )
