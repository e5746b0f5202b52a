from limen.core import sntp

COOKIE = b"\x01\x02\x03\x04\x05\x06\x07\x08"


def stamp(s, fraction):
    return (s & 0xFFFFFFFF).to_bytes(4, "big") + fraction.to_bytes(4, "big")


def reply(
    transmit_s,
    fraction=0,
    flags=0x24,
    stratum=2,
    origin=COOKIE,
    code=b"\0\0\0\0",
    received=None,
    root=(0, 0),
):
    """A server's packet: transmit time in seconds since 1900 and 2**32ths, and so `received`, its
    receive time; `root` has root delay and root dispersion in 65536ths of a second."""
    packet = bytearray(48)
    packet[0] = flags
    packet[1] = stratum
    packet[4:8] = root[0].to_bytes(4, "big")
    packet[8:12] = root[1].to_bytes(4, "big")
    packet[12:16] = code
    packet[24:32] = origin
    packet[32:40] = stamp(*received) if received else stamp(transmit_s, fraction)
    packet[40:48] = stamp(transmit_s, fraction)
    return packet


TIMES = "NTP reply: the server's own times contradict the round trip"
FAR = "NTP reply: the server is far from any true time"


def refusal(packet, round_trip_ms=0):
    try:
        sntp.decode_reply(packet, COOKIE, round_trip_ms)
    except ValueError as error:
        return str(error)
    return None


def test_request():
    packet = bytearray(b"\xff" * 48)
    sntp.encode_request(packet, COOKIE)
    assert packet == b"\x23" + bytes(39) + COOKIE


def test_time_of_a_reply():
    # 2026-11-21 20:48:45.25 UTC is 4004282925.25 s after 1900.
    packet = reply(4004282925, 0x40000000)
    assert sntp.decode_reply(packet, COOKIE, 0) == (848609325, 250, 0)


def test_half_the_round_trip_is_added():
    packet = reply(4004282925, 0xFFFFFFFF)
    assert sntp.decode_reply(packet, COOKIE, 1) == (848609325, 999, 1)
    assert sntp.decode_reply(packet, COOKIE, 2) == (848609326, 0, 1)
    assert sntp.decode_reply(packet, COOKIE, 2203) == (848609327, 100, 1102)


def test_the_time_that_the_server_took_is_no_round_trip():
    packet = reply(4004282925, 0x80000000, received=(4004282925, 0x40000000))
    assert sntp.decode_reply(packet, COOKIE, 350) == (848609325, 550, 50)
    assert refusal(packet, 249) == TIMES
    backwards = reply(4004282925, received=(4004282926, 0))
    assert refusal(backwards, 100) == TIMES
    assert refusal(reply(4004282925, received=(0, 0)), 100) == TIMES


def test_how_far_the_server_is_from_its_source():
    # A root delay of 20 ms and a root dispersion of 30 ms, each rounded up.
    packet = reply(4004282925, root=(1311, 1967))
    assert sntp.decode_reply(packet, COOKIE, 10) == (848609325, 5, 46)
    assert refusal(reply(4004282925, root=(0, 2 << 16))) == FAR
    assert refusal(reply(4004282925, root=(0x80000000, 0))) == FAR
    assert refusal(reply(4004282925), 3100) == FAR


def test_the_era_that_begins_in_2036():
    # 2036-02-07 06:28:15 is the last second of era 0.
    assert sntp.decode_reply(reply(0xFFFFFFFF, 0), COOKIE, 0) == (1139293695, 0, 0)
    assert sntp.decode_reply(reply(0, 1), COOKIE, 0) == (1139293696, 0, 0)
    assert sntp.decode_reply(reply(0xFFFFFFFF, 0x80000000), COOKIE, 1000)[:2] == (1139293696, 0)
    assert sntp.decode_reply(reply(0, 1, received=(0xFFFFFFFF, 0)), COOKIE, 1000)[0] == 1139293696
    assert sntp.decode_reply(reply(0x60000000), COOKIE, 0)[0] == 1139293696 + 0x60000000


def test_times_before_this_program_and_behind_this_century_are_none():
    assert refusal(reply(3976214399)) == FAR  # the last second of 2025
    assert sntp.decode_reply(reply(3976214400), COOKIE, 0)[0] == 820540800
    assert refusal(reply(3155673600 + 10)) == FAR
    assert refusal(reply(3155673600 + 3155760000)) == FAR


def test_what_is_no_reply_is_refused():
    assert refusal(reply(4004282925)[:47]) == "NTP reply: shorter than 48 bytes"
    assert refusal(b"") == "NTP reply: shorter than 48 bytes"
    assert (
        refusal(reply(4004282925, flags=0x23)) == "NTP reply: not from a server of version 1 to 4"
    )
    assert (
        refusal(reply(4004282925, flags=0x2C)) == "NTP reply: not from a server of version 1 to 4"
    )
    assert refusal(reply(4004282925, origin=bytes(8))) == "NTP reply: answers another request"
    assert refusal(reply(0)) == "NTP reply: carries no time"


def test_servers_without_time_are_refused():
    unset = "NTP reply: the server's own clock is not set"
    assert refusal(reply(4004282925, flags=0xE4)) == unset
    assert refusal(reply(4004282925, stratum=16)) == unset
    kiss = reply(4004282925, stratum=0, code=b"RATE")
    assert refusal(kiss) == "NTP reply: the server refuses, code b'RATE'"


def test_older_versions_and_warnings_are_taken():
    assert sntp.decode_reply(reply(4004282925, flags=0x1C), COOKIE, 0)[0] == 848609325
    assert sntp.decode_reply(reply(4004282925, flags=0x64), COOKIE, 0)[0] == 848609325


def test_a_kiss_of_death_is_known_as_one():
    assert sntp.is_refusal(reply(4004282925, stratum=0, code=b"DENY"))
    assert not sntp.is_refusal(reply(4004282925))
    assert not sntp.is_refusal(b"\x24\0")
