"""Makes what the configuration describes: channels with their filters and alarms, and the
interfaces of the network. The start needs it, and nobody afterwards.
"""

from limen.core.alarm import LimitAlarm
from limen.core.channel import Channel, FilteredChannel
from limen.core.schedule import Schedule


def make_channel(spec, shared, schedules):
    """A channel with its filter and alarms, as the configuration says; what many have is `shared`,
    {value: the same value}, and `schedules` are those of the device, {every_ms: schedule}."""
    spec["name"] = shared.setdefault(spec["name"], spec["name"])
    every_ms = spec["every_ms"]
    if every_ms not in schedules:
        schedules[every_ms] = Schedule(every_ms)
    channel = _with_filter(spec, schedules[every_ms], shared)
    alarms = spec.pop("alarm", None)
    if alarms:
        channel.alarms = tuple(
            LimitAlarm(a["name"], a["limit"], a["hysteresis"], a["delay_ms"]) for a in alarms
        )
    return channel


def _with_filter(spec, schedule, shared):
    report = spec.pop("report", None)
    if isinstance(report, dict):
        from limen.core.chain import RichChannel, make_report

        return RichChannel(spec, schedule, make_report(report))
    if report:
        rule = tuple(report)
        return FilteredChannel(spec, schedule, shared.setdefault(rule, rule))
    return Channel(spec, schedule)


def make_interfaces(head, secrets, tell):
    """Ethernet before Wi-Fi, which takes its place while the cable is out."""
    interfaces = []
    if "ethernet" in head:
        from limen.hal.ethernet import Ethernet

        interfaces.append(Ethernet(head["ethernet"], head.get("address")))
    if head["wifi"]:
        from limen.hal.wifi import Wifi

        interfaces.append(Wifi(secrets["wifi"], head.get("address"), tell))
    return interfaces
