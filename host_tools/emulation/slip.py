"""SLIP framing (RFC 1055): a frame stands between two 0xC0; 0xC0 and 0xDB inside are escaped.

A frame with a wrong escape, or longer than any real one, is dropped whole: the next 0xC0 puts the
decoder back in step.
"""

_END = b"\xc0"
_ESCAPE = b"\xdb"
_LONGEST_FRAME = 16 * 1024


def encode(frame: bytes) -> bytes:
    """The bytes that stand for a frame on the line."""
    escaped = frame.replace(_ESCAPE, b"\xdb\xdd").replace(_END, b"\xdb\xdc")
    return _END + escaped + _END


class Decoder:
    """Takes bytes as they come; what is not yet ended waits for the next call."""

    def __init__(self):
        self._begun = b""

    def decode(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes, unescaped; empty and malformed ones left out."""
        *ended, begun = (self._begun + data).split(_END)
        self._begun = begun[: _LONGEST_FRAME + 1]
        frames = [_unescape(raw) for raw in ended if 0 < len(raw) <= _LONGEST_FRAME]
        return [frame for frame in frames if frame is not None]


def _unescape(raw: bytes) -> bytes | None:
    first, *rest = raw.split(_ESCAPE)
    parts = [first]
    for part in rest:
        if part[:1] not in (b"\xdc", b"\xdd"):
            return None
        parts.append((_END if part[:1] == b"\xdc" else _ESCAPE) + part[1:])
    return b"".join(parts)
