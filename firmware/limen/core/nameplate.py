"""What a device's registers say of the device itself: serial number, model, firmware version.

Two characters are in a register, the first one in its high byte, ABCD, or in its low byte, BADC. A
text ends before the first byte that is 0 or, in registers that were never written, 0xFF; spaces
around it are padding. What is no printable ASCII, or would need an escape in JSON, is shown as a
question mark. Where nothing is left there is no text. A serial number may be a number instead:
then its decimal digits are the text.
"""

from limen.core.numbers import number

TEXT = "ascii"
_ENDS = (0, 0xFF)
_ESCAPED = b'"\\'


def decode(kind, order, buffer, offset, words):
    """The text in `words` registers from `offset` in a buffer on; None: there is none."""
    if kind != TEXT:
        count = number(kind, order, 1, 1).decode(buffer, offset)
        return None if count is None else str(count)
    swap = order == "BADC"
    told = ""
    for at in range(2 * words):
        byte = buffer[offset + (at ^ swap)]
        if byte in _ENDS:
            break
        told += chr(byte) if 0x20 <= byte < 0x7F and byte not in _ESCAPED else "?"
    return told.strip(" ") or None
