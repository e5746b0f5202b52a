"""Where every record is, and what a run that was not good says."""

import io

from rich.console import Console

from host_tools.client.seen import Seen
from host_tools.contract import Boot
from host_tools.rates import Attendance
from host_tools.subscriber import Gateway
from host_tools.summary import Account, Summary, settle
from host_tools.truth import Grain, Verdict

INC = "9f03a1c4"


def gateway_with(boot, seqs, low):
    gateway = Gateway("hall-2/press-07")
    gateway.boots[Boot(INC, boot)] = Seen.of_ranges(1, low, [[seq, seq] for seq in seqs])
    return gateway


def names(boot, *seqs):
    return {(INC, boot, seq) for seq in seqs}


def test_acknowledged_and_received_is_settled():
    account = settle(gateway_with(1, [1, 2], 3), names(1, 1, 2), names(1, 1, 2))
    assert (account.accepted, account.lost, account.waiting, account.undelivered) == (2, [], [], [])


def test_unacknowledged_below_low_is_lost_and_above_it_waits():
    account = settle(gateway_with(1, [1, 3], 3), names(1, 1, 3, 4), names(1, 1))
    assert account.accepted == 4
    assert account.lost == [(INC, 1, 2)]
    assert account.waiting == [(INC, 1, 3), (INC, 1, 4)]


def test_what_the_broker_acknowledged_and_did_not_deliver_is_its_own_loss():
    account = settle(gateway_with(1, [1], 3), names(1, 1, 2), names(1, 1, 2))
    assert (account.lost, account.undelivered) == ([], [(INC, 1, 2)])


def test_an_earlier_boot_takes_its_waiting_records_with_it():
    gateway = gateway_with(1, [1, 2], 2)
    gateway.boots[Boot(INC, 2)] = Seen(1)
    account = settle(gateway, names(1, 1, 2), names(1, 1))
    assert (account.lost, account.waiting) == ([(INC, 1, 2)], [])


CHANNEL = {"name": "voltage", "unit": "V", "kind": "gauge", "places": 1, "report": [5, 0, 0, 0]}


def summary_of(gateway=None, account=None, errors=(), heap=None, attendances=(), **verdict):
    counts = {"read": 10, "published": 4, "largest_error": 5, "worst_permille": 1000} | verdict
    return Summary(
        samples=10,
        records=4,
        verdicts=[Verdict("meter", CHANNEL, **counts)],
        attendances=list(attendances),
        account=account or Account(accepted=4),
        gateway=gateway or Gateway("hall-2/press-07"),
        dropped=0,
        errors=list(errors),
        heap=heap,
    )


def test_a_good_run_in_sentences():
    summary = summary_of(heap=(64 * 1024, 73))
    assert summary.is_good
    assert summary.sentences() == [
        "Samples read 10, published 4 in 4 records: reduction 60.0 %.",
        "Every published value equals the one served, to the resolution: yes.",
        "Lost 0 of 4 records accepted (0 dropped by a full outbox, 0 still wait).",
        "Acknowledged by the broker and not received: 0.",
        "Duplicates removed 0, with other content 0, under other names 0.",
        "Order kept per device: yes.",
        "Peak heap 64.0 KB of 110 KB, code included, 73 s after boot.",
    ]


def test_the_table_has_error_and_bound_of_each_channel():
    console = Console(file=io.StringIO(), width=100)
    console.print(summary_of())
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert "voltage 10 4 60.0 % 0.5 V 0.5 V 100.0 % ok".split() in lines
    assert lines[-1] == ["Good."]


def attendance(device, **facts):
    values = {"meter": "abb-b23-b24", "polls": 75, "permille": 1000, "beside_permille": None}
    return Attendance(device, **values | {"bad": 0, "back_us": []} | facts)


def test_several_devices_have_a_table_of_their_own():
    attendances = [
        attendance("incomer", beside_permille=998),
        attendance("compressor", polls=60, permille=796, bad=5, back_us=[540_000, None]),
    ]
    console = Console(file=io.StringIO(), width=100)
    console.print(summary_of(attendances=attendances))
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert "incomer abb-b23-b24 75 100.0 % 99.8 % 0 ok".split() in lines
    assert "compressor abb-b23-b24 60 79.6 % 5 after 0.5 s, never NOT GOOD".split() in lines
    assert ["meter"] in lines


def test_many_faults_and_long_verdicts_leave_the_tables_readable():
    backs = [attendance("a", back_us=[100_000, 43_900_000] * 9), attendance("b", permille=400)]
    lost = [attendance("c", back_us=[None, 5, 6, None])]
    console = Console(file=io.StringIO(), width=100)
    console.print(summary_of(wrong=49, outside=21, attendances=backs + lost))
    told = console.file.getvalue()
    assert "18 times, 43.9 s at most" in told
    assert "never, 2 of 4 times" in told and "below its rate" in told
    assert "…" not in told


def test_a_long_name_and_a_long_bound_leave_room_for_the_verdict():
    channel = {"name": "vibration_acceleration", "unit": "m/s²", "places": 3}
    facts = {"read": 150, "published": 73, "largest_error": 45, "grain": Grain(41, 50)}
    console = Console(file=io.StringIO(), width=100)
    summary = summary_of(attendances=[attendance("bearing-1"), attendance("bearing-2")])
    summary.verdicts = [Verdict("bearing-1", channel, **facts)]
    console.print(summary)
    row = next(line for line in console.file.getvalue().splitlines() if "vibration_acc" in line)
    assert row.split()[-1] == "ok"


def test_a_name_of_seventy_letters_leaves_the_figures_readable():
    name, model = "Hauptverteilung_" * 4 + "Halle1", "m" * 70
    facts = {"beside_permille": 998, "bad": 12, "back_us": [540_000, None]}
    attendances = [attendance(name, meter=model, **facts), attendance("b")]
    channel = CHANNEL | {"name": "energy_" * 10}
    console = Console(file=io.StringIO(), width=100)
    summary = summary_of(attendances=attendances)
    summary.verdicts = [Verdict(name, channel, 12345, 1234, 5, 1000)]
    console.print(summary)
    lines = console.file.getvalue().splitlines()
    rows = [line.split() for line in lines]
    assert any(row[2:6] == ["75", "100.0", "%", "99.8"] for row in rows)
    assert any(row[1:5] == ["12345", "1234", "90.0", "%"] for row in rows)
    assert "…" not in console.file.getvalue()
    folded = "".join(row[0] for row in rows if row)
    assert name in folded and channel["name"] in folded


def test_a_device_that_stayed_away_or_was_slowed_makes_a_run_bad():
    assert summary_of(attendances=[attendance("a", beside_permille=950)]).is_good
    assert not summary_of(attendances=[attendance("a", beside_permille=949)]).is_good
    assert summary_of(attendances=[attendance("a", back_us=[1])]).is_good
    assert not summary_of(attendances=[attendance("a", back_us=[None])]).is_good


def test_whatever_is_not_as_it_should_be_makes_a_run_bad():
    lost = Account(accepted=4, lost=[("9f03a1c4", 1, 2)])
    assert not summary_of(account=lost).is_good
    assert not summary_of(outside=1).is_good
    assert not summary_of(wrong=1).is_good
    assert not summary_of(published=0).is_good
    assert not summary_of(errors=["a message"]).is_good
    assert not summary_of(gateway=Gateway("g", conflicts=1)).is_good
    assert not summary_of(gateway=Gateway("g", twins=1)).is_good
    assert not summary_of(gateway=Gateway("g", misplaced=1)).is_good
    assert summary_of(gateway=Gateway("g", duplicates=1)).is_good


def test_only_the_first_errors_are_told():
    told = summary_of(errors=[f"error {number}" for number in range(8)]).sentences()
    assert "Against the contract: error 4" in told
    assert "and 3 more" in told
    assert "Against the contract: error 5" not in told
