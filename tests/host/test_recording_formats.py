"""Files that are no plain table: exports, packed files, Parquet, and what is something else."""

import gzip
from decimal import Decimal

import pytest

from host_tools.emulation.recording import Recording
from recordings import EMPTY, GOOD, SECOND_US, failure


@pytest.mark.parametrize(
    "begin, told",
    [
        (b"BZh91AY", "is packed by bzip2: unpack it first."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is of an old Excel: save it as CSV."),
        (b"SQLite format 3\0", "is a database of SQLite: export a table of it as CSV."),
        (b'[{"time": 1}]', "is JSON: save it as CSV."),
        (b"<!DOCTYPE html>", "is a page of the web, perhaps that of a login: download the file"),
        (b"2026-03-01,230\n", "no heading: a map names the columns"),
        (b"time,voltage\n", "there is no row below the heading"),
        (b"voltage\n1\n", 'say so by --column "heading=time"'),
    ],
)
def test_a_file_that_is_something_else_is_told(write, begin, told):
    assert told in failure(write(begin))


HOME = (
    "entity_id,state,last_changed\n"
    "sensor.power,1.5,2026-03-01T10:00:00.000Z\nsensor.power,unavailable,2026-03-01T10:01:00Z\n"
    "sensor.power,1.7,2026-03-01T10:02:30Z\nsun.sun,up,2026-03-01T10:02:30Z\n"
    "sensor.volts,230,2026-03-01T09:59:00Z\nsensor.volts,231,2026-03-01T10:02:30Z\n"
)


def test_an_export_of_home_assistant_is_played_by_its_times(write):
    called = {"sensor.power": "power_active_total [kW]", "sensor.volts": "voltage"}
    recording = Recording(write(HOME), called=called)
    start_us = 1_772_359_200 * SECOND_US
    assert [time - start_us for time in recording.times] == [0, 60 * SECOND_US, 150 * SECOND_US]
    assert recording.value("power_active_total", 2) == 1700
    assert [recording.value("voltage", row) for row in (0, 2)] == [230, 231]
    assert list(recording.silences[None]) == [(start_us + 60 * SECOND_US, recording.times[2])]
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "1: not used, as no quantity is named so: 'sun.sun'",
        "3: 'sensor.power' has 'unavailable', no value; its device is silent until it has one",
        "6: column 'sensor.power' is empty, as is each before it; skipped",
    ]
    assert "the columns are 'sensor.power', 'sun.sun', 'sensor.volts'" in failure(write(HOME))


def test_an_annotated_file_of_influxdb_is_played(write):
    head = "#datatype,string,long,dateTime:RFC3339,double,string,string\n#group,,,,,,\n"
    head += "#default,_result,,,,,\n"
    first = ",result,table,_time,_value,_field,host\n"
    second = ",result,table,host,_field,_value,_time\n"
    rows = "".join(f",,0,2026-03-01T10:00:0{at}Z,{at},voltage,a\n" for at in (2, 1, 0))
    more = "".join(f",,1,a,current,{at},2026-03-01T10:00:0{at}Z\n" for at in (2, 1, 0))
    text = head + first + rows + "\n" + head + second + more
    called = {"voltage": "a.voltage", "current": "b.current [mA]"}
    recording = Recording(write(text), called=called)
    assert recording.length_us == 2 * SECOND_US
    assert [recording.value("voltage", row, "a") for row in range(3)] == [0, 1, 2]
    assert recording.value("current", 1, "b") == Decimal("0.001")
    assert list(recording.problems) == ["heading again"]


def test_a_packed_file_is_read_or_one_sentence(write):
    packed = gzip.compress(GOOD.encode() * 2000)
    assert Recording(write(packed)).rows == 3
    assert "is packed, as .zip and .xlsx files are" in failure(write(b"PK\x03\x04" + bytes(300)))
    assert "is packed and damaged" in failure(write(b"\x1f\x8b\x08" + bytes(300)))
    cut = Recording(write(packed[: len(packed) // 2]))
    assert cut.rows == 3 and "is cut or damaged from here on" in str(cut.problems["broken row"])


def test_parquet_with_nulls_zones_and_nanoseconds(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    start_ns = 1_772_366_400_000_000_000
    times = pyarrow.array([start_ns + 1_000_000_000 * at for at in range(4)])
    zoned = times.cast(pyarrow.timestamp("ns", tz="Europe/Berlin"))
    for name, column in (("zoned", zoned), ("numbers", times)):
        path = tmp_path / f"{name}.parquet"
        volts = pyarrow.array([230.1, None, float("nan"), 231.5])
        parquet.write_table(pyarrow.table({"time": column, "voltage": volts}), path)
        recording = Recording(path)
        assert list(recording.times) == [start_ns // 1000, start_ns // 1000 + 3 * SECOND_US]
        assert [one.split(":", 1)[1] for one in recording.summary()] == [
            f"3: column 'voltage' {EMPTY}; skipped",
            "4: column 'voltage' has 'nan', not a number; skipped",
        ]
    path.write_bytes(b"PAR1" + bytes(50) + b"PAR1")
    assert "is no Parquet file that can be read" in failure(path)


def test_parquet_has_times_to_the_microsecond_or_one_sentence(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")

    def written(times, zone=None):
        path = tmp_path / "fast.parquet"
        column = pyarrow.array(times, pyarrow.timestamp("us", zone))
        parquet.write_table(pyarrow.table({"time": column, "voltage": [230, 231]}), path)
        return path

    start_us = 1_772_366_400 * SECOND_US
    recording = Recording(written([start_us, start_us + 100]))
    assert (list(recording.times), recording.problems) == ([start_us, start_us + 100], {})
    for odd in (([start_us, 2**59],), ([start_us] * 2, "Mars/Olympus")):
        assert "is no Parquet file that can be read: " in failure(written(*odd))


@pytest.mark.parametrize(
    "text",
    [
        "VarName;TimeString;VarValue;Validity;Time_ms\n"
        "P;01.03.2026 10:00:00;1,5;1;46082416666,6667\n"
        "$RT_OFF$;01.03.2026 10:00:10;0;2;46082416782,4074\n",
        "time;payload;topic\n1772359200000;1.5;P\n",
    ],
)
def test_archives_of_wincc_and_messages_of_node_red_are_the_long_form(write, text):
    recording = Recording(write(text), called={"P": "power_active_total [kW]"})
    assert recording.times[0] == 1_772_359_200 * SECOND_US
    assert recording.value("power_active_total", 0) == 1500
    assert ("'Validity'" in "".join(recording.summary())) == ("Validity" in text)


def test_rows_of_labview_lack_the_comments_that_nobody_wrote(write):
    text = (
        "LabVIEW Measurement\nDate\t2026/03/01\n***End_of_Header***\n\nX_Value\tvoltage\tComment\n"
        "0,0\t230,1\n0,5\t230,2\tswitched\n1,0\n1,5\t230,4\n"
    )
    recording = Recording(write(text), called={"X_Value": "time [s]"})
    assert [time / SECOND_US for time in recording.times] == [0, 0.5, 1.5]
    assert "the row has 1 of 3 columns; skipped" in "\n".join(recording.summary())


SCOPE = (
    "Name\tPress 7\nFile\tC:\\scope.svdx\n"
    "Starttime of export\t134168292000000000\tSunday, March 1, 2026\t10:00:00.000\n"
    "Endtime of export\t134168292000080000\tSunday, March 1, 2026\t10:00:00.008\n\n\n"
    "Name\tvoltage\tcurrent\tName\tMAIN.fTemp\tName\tvoltage\n"
    "SymbolComment\t\t\tSymbolComment\t\tSymbolComment\t\n"
    "SampleTime[ms]\t2\t2\tSampleTime[ms]\t4\tSampleTime[ms]\t4\n"
    "ScaleFactor\t1\t1\tScaleFactor\t1\tScaleFactor\t1\nUnit\t\tmA\tUnit\t°C\tUnit\t\n\n"
    "0\t230,1\t1500\t0\t21,5\t0\t1\n2\t230,2\t1600\t4\t21,6\t4\t1\n4\t230,3\t1700\t4\t21,6\nEOF\n"
)


@pytest.mark.parametrize("delimiter", "\t;")
def test_an_export_of_twincat_scope_has_a_clock_for_each_group(write, delimiter):
    path = write(SCOPE.replace("\t", delimiter))
    called = {"MAIN.fTemp [°C]": "temperature [°C]", "current [mA]": "current [mA]"}
    recording = Recording(path, called=called)
    start_us = 1_772_355_600 * SECOND_US
    assert [time - start_us for time in recording.times] == [0, 2000, 4000]
    assert [recording.value("voltage", row) for row in range(3)] == [
        Decimal("230.1"), Decimal("230.2"), Decimal("230.3")
    ]  # fmt: skip
    assert [recording.value("current", row) for row in range(3)] == [
        Decimal("1.5"), Decimal("1.6"), Decimal("1.7")
    ]  # fmt: skip
    assert [recording.value("temperature", row) for row in range(3)] == [
        Decimal("21.5"), Decimal("21.5"), Decimal("21.6")
    ]  # fmt: skip
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "7: not used, as no quantity is named so: 'voltage #2'"
    ]


def test_what_an_export_of_twincat_scope_leaves_open_is_told(write):
    scaled = SCOPE.replace("ScaleFactor\t1\t1", "ScaleFactor\t2\t1").replace("2\t230,2", "x\t230,2")
    called = {"current [mA]": "current [mA]"}
    told = "\n".join(Recording(write(scaled), called=called).summary())
    assert "10: a channel has ScaleFactor 2; numbers are read as they stand" in told
    closer = SCOPE.replace("\n2\t230", "\n1\t230")
    told += "\n".join(Recording(write(closer), called=called).summary())
    assert "14: times are closer than SampleTime[ms] 2; they are read as milliseconds" in told
    assert "14: 'x' is no time in milliseconds; skipped" in told
    told = failure(write(SCOPE.replace("voltage", "u").replace("current", "i")))
    assert "the columns are 'u', 'i [mA]', 'MAIN.fTemp [°C]', 'u #2'" in told
