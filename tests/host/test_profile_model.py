"""Meters that are made of what is read from them, for models that have no table of their own."""

from fractions import Fraction

import pytest

import meter_reader
from host_tools.emulation.line import Line
from host_tools.emulation.meter import Meter, with_crc
from host_tools.emulation.profile_model import profile_model
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Completed, Constant, Held
from host_tools.profile import load_profile, profile_names
from profile_meters import compact_device, nearest

VALUES = (Fraction(0), Fraction(3, 4), Fraction(2317, 10), Fraction(-12345, 1000), 10**12, None)


def read_back(device, value):
    """(counts that the firmware reads, counts that the meter tells) of all channels."""
    model = profile_model(device)
    cells, told = {}, {}
    for function, table in model.tables.items():
        for address, register in table.registers.items():
            words, told[register.quantity] = register.encode(value)
            for at in range(register.words):
                cells[f"{function}/{address + at}"] = int.from_bytes(words[2 * at : 2 * at + 2])
    counts = meter_reader.read({"settings": device, "cells": cells, "longest": model.limit})
    channels = device["channel"]
    return counts, [
        None
        if told[one["name"]] is None
        else nearest(told[one["name"]] * Fraction(10) ** one["places"])
        for one in channels
    ]


def sentinels(channel):
    _, kind, _, _, _, *rest = channel["register"]
    return rest[6:] if kind.endswith("*") else rest


@pytest.mark.parametrize("name", profile_names())
def test_what_such_a_meter_tells_is_what_is_read(name):
    profile = load_profile(name)
    device = compact_device(name, [channel[0] for channel in profile["channel"]])
    for value in VALUES:
        for channel, count, told in zip(device["channel"], *read_back(device, value), strict=True):
            if value is None and sentinels(channel):
                assert told is None
            if channel["register"][1] != "pf32" or value is None or abs(value) <= 1:
                assert count == told, channel["name"]


def test_what_a_hand_holds_is_told_although_nothing_else_knows_it():
    device = compact_device("delta-dtb", ["temperature"])
    scheduler, told, held = VirtualScheduler(), [], Held(Completed(Constant()))
    line = Line(scheduler)
    model = profile_model(device)
    Meter(scheduler, line, 1, model, held, on_read=lambda *read: told.append(read[1:]))
    port = line.port(model.framing, lambda data: None)
    for held.values in ({}, {"temperature": 85}):
        port.send(with_crc(bytes((1, 3, 0x10, 0, 0, 1))))
        scheduler.run_until(scheduler.now_us + 1_000_000)
    assert told == [("temperature", 85)]
