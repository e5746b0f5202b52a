"""Sparkplug's bytes against the protobuf library with Eclipse Tahu's schema, and against noise."""

import json
import random
import struct
from fractions import Fraction

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from pysparkplug._protobuf import Payload as Told

from host_tools.paths import PROJECT
from limen.core.protobuf import Writer
from limen.core.sparkplug import BOOLEAN, DOUBLE, INT64, LARGEST_METRIC, Payload
from limen.core.sparkplug_command import metrics

VECTORS = PROJECT.parent / "shared/vectors/sparkplug_b/benthos_umh_vectors.json"
UNIX_2000_MS = 946_684_800_000
NOISY_PAYLOADS = 200_000

seconds, ms = st.integers(0, 2**31), st.integers(0, 999)
counts = st.integers(-(2**62), 2**62) | st.integers(-(2**30), 2**30)


def utc_ms(s, ms):
    return UNIX_2000_MS + s * 1000 + ms


@settings(max_examples=2000)
@given(counts, st.integers(0, 9))
def test_doubles_are_the_nearest(count, places):
    out = Writer(bytearray(8))
    out.put_double(count, places)
    assert bytes(out.buffer) == struct.pack("<d", float(Fraction(count, 10**places)))


data = st.tuples(
    st.integers(1, 70_000),
    seconds,
    ms,
    st.booleans(),
    st.sampled_from([DOUBLE, INT64, BOOLEAN, None]),
    counts,
    st.integers(0, 9),
)


@settings(max_examples=500)
@given(seconds, ms, st.integers(0, 255), st.lists(data, max_size=8))
def test_payloads_are_understood(s, ms, seq, wanted):
    payload = Payload(bytearray(32 + LARGEST_METRIC * len(wanted)))
    payload.begin(s, ms)
    for alias, metric_s, metric_ms, is_historical, kind, count, places in wanted:
        before = payload.at
        payload.begin_alias(alias, metric_s, metric_ms, is_historical)
        if kind is None:
            payload.put_null(3)
        else:
            payload.put_value(kind, count, places if kind == DOUBLE else 0)
        payload.end_metric()
        assert payload.at - before <= LARGEST_METRIC
    payload.end(seq)
    told = Told.FromString(bytes(payload.buffer[: payload.at]))
    assert (told.timestamp, told.seq) == (utc_ms(s, ms), seq)
    assert [as_wanted(metric) for metric in told.metrics] == [expected(one) for one in wanted]


def as_wanted(metric):
    field = metric.WhichOneof("value")
    value = getattr(metric, field) if field else None
    return metric.alias, metric.timestamp, metric.is_historical, metric.is_null, value


def expected(wanted):
    alias, s, ms, is_historical, kind, count, places = wanted
    value = {
        DOUBLE: float(Fraction(count, 10**places)),
        INT64: count & 2**64 - 1,
        BOOLEAN: bool(count),
        None: None,
    }[kind]
    return alias, utc_ms(s, ms), is_historical, kind is None, value


def heard(told):
    """What the protobuf library makes of a payload, as `metrics` gives it."""
    return [
        (
            metric.name if metric.HasField("name") else None,
            metric.alias if metric.HasField("alias") else None,
            *value_of(metric),
        )
        for metric in told.metrics
    ]


def value_of(metric):
    field = metric.WhichOneof("value")
    if field in (None, "bytes_value", "dataset_value", "template_value", "extension_value"):
        return None, None
    number, value = Told.Metric.DESCRIPTOR.fields_by_name[field].number, getattr(metric, field)
    if field == "float_value":
        value = struct.pack("<f", value)
    if field == "double_value":
        value = struct.pack("<d", value)
    if field in ("int_value", "long_value"):
        bits = 32 if field == "int_value" else 64
        value -= (value >> bits - 1) << bits
    return number, value


@pytest.mark.skipif(not VECTORS.exists(), reason="needs ../shared")
def test_the_vectors_decode_the_same():
    """The list of a long birth ends with the number of those left out, which protobuf has."""
    for vector in json.loads(VECTORS.read_text())["vectors"]:
        payload = bytes.fromhex(vector["hex"])
        found = metrics(payload)
        assert len(found) == vector["metric_count"]
        assert found == heard(Told.FromString(payload))
        told = [metric for metric in vector["decoded"]["metrics"] if isinstance(metric, dict)]
        for (name, alias, _, value), metric in zip(found, told, strict=False):
            assert (name, alias) == (metric.get("name"), metric.get("alias"))
            (wanted,) = [metric[key] for key in metric if key.endswith("_value")]
            assert value == (struct.pack("<d", wanted) if isinstance(value, bytes) else wanted)


def test_noise_is_a_value_error_and_what_protobuf_takes_is_taken():
    rng = random.Random(3)
    good = Told(timestamp=1, seq=2)
    good.metrics.add(name="Node Control/Rebirth", timestamp=5, boolean_value=True)
    good.metrics.add(alias=300, double_value=21.5, is_historical=True)
    good.metrics.add(alias=7, long_value=2**64 - 3)
    good.metrics.add(alias=8, string_value="grün")
    sound = good.SerializeToString()
    assert metrics(sound) == heard(good)
    taken = 0
    for _ in range(NOISY_PAYLOADS):
        noise = bytearray(sound)
        for _ in range(rng.randrange(1, 4)):
            noise[rng.randrange(len(noise))] = rng.randrange(256)
        noise = bytes(noise[: rng.randrange(len(noise) + 1)])
        try:
            found = metrics(noise)
        except ValueError:
            continue
        taken += 1
        try:
            told = Told.FromString(noise)
        except DecodeError:
            continue  # stricter inside of what is skipped here
        assert len(found) == len(told.metrics)
    assert 1000 < taken < NOISY_PAYLOADS // 2
