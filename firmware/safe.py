"""Counts runs that end early, and starts with less where they do so again and again.

A run ends early if nobody asked for its end and it comes within five minutes: by an error, the
watchdog, a crash of the chip. `boot.py` calls `start` after such a reset, `main.py` calls `end`
when the program has ended. After three early ends in a row the last good configuration comes back
(`last_good`); where that is there already, or ends early as well, the gateway starts without its
devices, so that it can be reached and mended: *safe mode*. If even that ends early there is no
point in another start (`is_hopeless`), and `setup_entry` leads into setup mode.

The count is in the RTC's memory: the reset keeps it, the power does not. Who resets on purpose
leaves ON_PURPOSE there. This module stays loaded in safe mode, by which `limen.app` knows it.
"""

import binascii
import os
import sys
import time

ON_PURPOSE = b"restart"
AS_IT_WAS = b"retry"
"""Left in the RTC's memory when safe mode ends: the devices are tried again, once."""
_EARLY_S = 300
_MOST = 3
_PAUSE_S = 5
_LONGEST_WHY = 96
_TOO_LARGE = (
    "MemoryError: the site is too large for this board; leave out devices, or take one with PSRAM"
)

is_safe = is_hopeless = False
why = ""


def start(machine):
    """Count the end of the last run and take the step that is due.

    Whatever fails here, the gateway starts with what it has.
    """
    try:
        if machine.reset_cause() in (machine.HARD_RESET, machine.WDT_RESET):
            go(machine.RTC(), machine.reset_cause() == machine.WDT_RESET)
        if "restoring" in os.listdir("/"):  # the power failed in between
            __import__("last_good").finish()
    except Exception as error:
        sys.print_exception(error)
    sys.modules.pop("last_good", None)
    if not is_safe:
        del sys.modules["safe"]


def go(rtc, is_watchdog):
    global is_safe, is_hopeless, why
    memory, now_s = rtc.memory(), int(time.time())
    if memory in (ON_PURPOSE, AS_IT_WAS):
        _note(rtc, _MOST if memory == AS_IT_WAS else 0, now_s, "")
        return
    ends, since_s, why = _recall(memory)
    why = why or ("the watchdog reset the board" if is_watchdog else "the board was reset")
    ends = ends + 1 if not since_s or 0 <= now_s - since_s < _EARLY_S else 0
    _note(rtc, ends, now_s, "")
    if ends == _MOST and not __import__("last_good").restore(why):
        ends += 1
        _note(rtc, ends, now_s, "")
    is_safe, is_hopeless = ends > _MOST, ends > _MOST + 1
    if is_safe:
        print("limen: safe mode, as it ended early: %s" % why)
        __import__("last_good").tell("safe_mode", why)


def end(machine, error):
    """The program has ended: show why, keep it for the next start, and start anew. Who has ended it
    with Ctrl-C comes to the prompt."""
    rtc = machine.RTC()
    if isinstance(error, KeyboardInterrupt):
        rtc.memory(ON_PURPOSE)
        raise error
    sys.print_exception(error)
    reason = repr(error)
    if isinstance(error, MemoryError):
        reason = _TOO_LARGE
        print("limen: " + reason)
    print(
        "limen: the program has ended; it starts anew in %d s, Ctrl-C leads to the prompt"
        % _PAUSE_S
    )
    ends, since_s, _ = _recall(rtc.memory())
    _note(rtc, ends, since_s, reason)
    time.sleep(_PAUSE_S)
    machine.reset()


def _recall(memory):
    """(early ends, when the run began that has ended or 0, why it has ended); all of it unknown
    where the memory is not what `_note` left."""
    text = memory[4:]
    if len(text) < 5 or memory[:4] != binascii.crc32(text).to_bytes(4, "big"):
        return 0, 0, ""
    return text[0], int.from_bytes(text[1:5], "big"), text[5:].decode()


def _note(rtc, ends, since_s, why):
    plain = bytes(c for c in why.encode()[:_LONGEST_WHY] if 32 <= c < 127)
    text = bytes([min(ends, 255)]) + since_s.to_bytes(4, "big") + plain
    rtc.memory(binascii.crc32(text).to_bytes(4, "big") + text)
