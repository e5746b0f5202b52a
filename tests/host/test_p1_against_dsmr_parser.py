"""Recorded telegrams as our reader and as dsmr_parser read them: every value must be the same."""

from decimal import Decimal

import pytest

from dsmr_telegrams import TELEGRAMS, needs_telegrams, theirs
from limen.core.p1 import Framer, Lines
from limen.core.p1_channels import CHANNELS, DEFAULT, entry_of
from limen.core.quality import GOOD
from limen.core.quantity import lookup
from limen.drivers import DONE, p1

# How many values each telegram has, so that none is lost unnoticed.
VALUES = {
    "esy5q3da1004_v304": 5,
    "esy5q3db1024_v304": 6,
    "iskra_ie": 19,
    "sagemcom_t210_d_r": 12,
    "unpadded_crc": 1,
    "v2_2": 8,
    "v3": 8,
    "v4_2": 25,
    "v5": 28,
    "v5_eon_hu": 22,
    "v5_two_mbus": 28,
}


class Channel:
    fresh = True

    def __init__(self, name):
        self.name = name
        self.places = 7


def ours(data):
    """{quantity: Decimal} as the driver gives them, at seven places."""
    framer = Framer()
    framer.take(data, 0, len(data))
    assert framer.ready
    lines = Lines(framer.buffer)
    lines.open(framer.length)
    channels = [Channel(entry[0]) for entry in CHANNELS]
    entries = [{"p1": entry_of(*entry)} for entry in CHANNELS]

    class Bus:
        has_telegram = True

        def start(self):
            self.lines = lines

        def step(self):
            return DONE

    device = p1.Device(Bus(), {"channel": entries}, channels)
    device.read()
    assert device.step() == DONE
    good = [channel for channel in channels if channel.quality == GOOD]
    return {channel.name: Decimal(channel.value).scaleb(-7) for channel in good}


@needs_telegrams
@pytest.mark.parametrize("path", TELEGRAMS, ids=lambda path: path.stem)
def test_every_value_is_the_one_that_dsmr_parser_reads(path):
    data = path.read_bytes()
    read = ours(data)
    told = theirs(data.decode("latin-1"))
    sums = {
        total: told[f"{total}_t1"] + told[f"{total}_t2"]
        for total in ("energy_import", "energy_export")
        if total not in told and {f"{total}_t1", f"{total}_t2"} <= told.keys()
    }
    assert read == told | sums
    assert len(told) == VALUES[path.stem.removeprefix("telegram_")]


@needs_telegrams
def test_all_eleven_telegrams_are_there():
    assert {path.stem.removeprefix("telegram_") for path in TELEGRAMS} == set(VALUES)


def test_the_list_of_channels_keeps_to_the_vocabulary():
    names = [entry[0] for entry in CHANNELS]
    assert [name for name in names if lookup(name) is None] == []
    assert len(set(names)) == len(names)
    assert set(DEFAULT) <= set(names)
    codes = [(code, medium) for _, _, codes, medium in CHANNELS for code in codes]
    assert len(set(codes)) == len(codes)
