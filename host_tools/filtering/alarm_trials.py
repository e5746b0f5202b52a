"""Alarms and early warnings on recordings whose faults are known: what they raise, and when.

The alarms are the firmware's; their settings are below, as a site file would have them. A fault is
found when its alarm is raised between the beginning of its window and its end; a warning is early
when it comes within twelve hours before that alarm. What is raised outside of all windows, for a
warning of these twelve hours before them too, is false.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from limen.core.condition import make_condition
from limen.core.isa_alarm import UNACK, IsaAlarm
from limen.core.quality import GOOD

_HOUR_S = 3600
_MONTH_S = 30 * 86400
_EARLY_S = 12 * _HOUR_S
_NAB = "realKnownCause/{}_temperature_system_failure.csv"


@dataclass(frozen=True)
class Fault:
    """Uptimes in s: where the fault is marked, and the window in which an alarm is about it."""

    name: str
    at_s: int
    begin_s: int
    end_s: int


@dataclass(frozen=True)
class Trial:
    """Samples (s, count), the faults in them, and the compact form of limit and warning."""

    name: str
    samples: list[tuple[int, int]]
    faults: list[Fault]
    limit: dict
    warning: dict
    settings: str


@dataclass
class Sample:
    """The newest sample of a channel, as conditions look at it."""

    value: int = 0
    quality: int = GOOD
    fresh: bool = field(default=True)


def trials(data: Path, only: str = "") -> Iterator[str]:
    """The table: a row for each fault, then one for the false alarms."""
    yield "| Recording | Fault | Alarm | Warning, of the alarm | False alarms, warnings a month |"
    yield "|---|---|---|---|---|"
    for name, load in _TRIALS.items():
        if only in name:
            yield from _rows(load(data / name.split("/")[0]))


def _rows(trial: Trial) -> Iterator[str]:
    alarms, warnings = raised(trial.samples, trial.limit), raised(trial.samples, trial.warning)
    for fault in trial.faults:
        alarm = _first(alarms, fault.begin_s, fault.end_s)
        early = None if alarm is None else _first(warnings, alarm - _EARLY_S, alarm)
        told = _lead(fault.at_s, alarm), "none" if early is None else _lead(alarm, early)
        yield "| " + " | ".join((trial.name, fault.name, *told, "")) + " |"
    months = (trial.samples[-1][0] - trial.samples[0][0]) / _MONTH_S
    rates = _false(alarms, trial.faults, 0) / months, _false(warnings, trial.faults) / months
    yield f"| {trial.name} | {trial.settings} | | | {rates[0]:.1f}, {rates[1]:.1f} |"


def raised(samples: list[tuple[int, int]], settings: dict) -> list[int]:
    """The uptimes at which an alarm of these settings is raised."""
    alarm = IsaAlarm(settings["hysteresis"], settings.get("on_ms", 0), 0, False)
    condition = make_condition(settings, None)
    sample, found = Sample(), []
    for s, sample.value in samples:
        if alarm.feed(condition.excess(sample, s, 0), s, 0) and alarm.state == UNACK:
            found.append(s)
    return found


def _first(found: list[int], begin_s: int, end_s: int) -> int | None:
    return next((s for s in found if begin_s <= s <= end_s), None)


def _false(found: list[int], faults: list[Fault], early_s: int = _EARLY_S) -> int:
    spans = [(fault.begin_s - early_s, fault.end_s) for fault in faults]
    return sum(not any(begin <= s <= end for begin, end in spans) for s in found)


def _lead(at_s: int, s: int | None) -> str:
    if s is None:
        return "none"
    hours, minutes = divmod(abs(at_s - s) // 60, 60)
    return f"{hours} h {minutes:02d} min {'before' if s <= at_s else 'after'}"


def _limit(kind: str, limit: int, hysteresis: int, on_s: int = 0) -> dict:
    return {"kind": kind, "limit": limit, "hysteresis": hysteresis, "on_ms": on_s * 1000}


def _warning(kind: str, limit: int, within_s: int, over_s: int, fit: int) -> dict:
    trend = [12, over_s // 12, fit, within_s]
    return {"kind": kind, "limit": limit, "hysteresis": within_s // 2, "trend": trend}


def _machine(folder: Path) -> Trial:
    """Hundredths of °F each five minutes; faults as the Numenta Anomaly Benchmark marks them."""
    with (folder / "machine_temperature_system_failure.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    samples = [(300 * n, round(float(value) * 100)) for n, (_, value) in enumerate(rows)]
    times = {time: 300 * n for n, (time, _) in enumerate(rows)}
    return Trial(
        "nab_machine, temperature",
        samples,
        list(_nab_faults(folder, "machine", times)),
        _limit("low", 5500, 300),
        _warning("falling", 5500, 2 * _HOUR_S, 4 * _HOUR_S, 200),
        'low = "55 °F", hysteresis = "3 °F", warn within 2 h, over 4 h, fit 2 °F',
    )


def _nab_faults(folder: Path, name: str, times: dict[str, int]) -> Iterator[Fault]:
    key = _NAB.format(name)
    labels = json.loads((folder / "combined_labels.json").read_text())[key]
    windows = json.loads((folder / "combined_windows.json").read_text())[key]
    for label, window in zip(labels, windows, strict=True):
        begin, end = (datetime.fromisoformat(one).isoformat(" ")[:19] for one in window)
        yield Fault(label, times[label], times[begin], times[end])


def _cooler(folder: Path) -> Trial:
    """Hundredths of °C each second; a fault is a run of cycles with the cooler near failure."""
    values = (folder / "TS1.txt").read_text().split()
    samples = [(s, round(float(value) * 100)) for s, value in enumerate(values)]
    cooler = [line.split()[0] for line in (folder / "profile.txt").read_text().splitlines()]
    faults, begin = [], None
    for cycle, state in enumerate([*cooler, ""]):
        if state == "3" and begin is None:
            begin = cycle
        elif state != "3" and begin is not None:
            name = f"cooler at 3 %, cycles {begin} to {cycle - 1}"
            faults.append(Fault(name, 60 * begin, 60 * begin, 60 * cycle))
            begin = None
    return Trial(
        "hydraulic_temps, TS1",
        samples,
        faults,
        _limit("high", 5000, 100, 10),
        _warning("rising", 5000, 1200, 600, 50),
        'high = "50 °C", hysteresis = "1 °C", delay = "10s", warn within 20 min, over 10 min, '
        "fit 0.5 °C",
    )


_TRIALS = {"nab_machine/machine": _machine, "hydraulic_temps/TS1": _cooler}
