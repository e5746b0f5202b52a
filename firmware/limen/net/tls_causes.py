"""Why no secure connection came about: a cause of a closed list, from what mbedTLS says.

Loaded when a connection has failed, and dropped behind it.
"""

from errno import ECONNABORTED, ECONNRESET, ENOMEM

from limen.core.compat import const

# What mbedTLS finds wrong with a certificate, by a word of its text; what matters most comes first.
_FLAWS = (
    ("signed", "unknown ca"),
    ("match", "wrong name"),
    ("expired", "expired"),
    ("future", "not yet valid"),
    ("invalid", "files"),
)
# Error codes of mbedTLS, negated, without the low seven bits, which are those of a lower layer.
_NO_MEMORY = const(0x7F00)
_LOW = const(0x7F)
_MPI_NO_MEMORY = const(0x10)
_CAUSES = (
    ((_NO_MEMORY, 0x2880, 0x3F80, 0x4D80), "memory"),
    ((0x7200,), "not tls"),
    ((0x7280,), "ended"),
    ((0x7780,), "alert"),
    ((0x2700,), "certificate"),
)
_LAST_ERRNO = const(-256)  # nearer to zero a code is an errno, with either sign
_EPIPE = const(32)
_ENDED = (_EPIPE, ECONNRESET, ECONNABORTED)


def cause_of(error, is_clock_set):
    """The cause of a failed handshake; None where it is the connection's own error."""
    if isinstance(error, ValueError):
        return _flaw(str(error), is_clock_set)
    code = error.errno
    if code < _LAST_ERRNO:
        return _broken(-code)
    code = abs(code)
    if code in _ENDED:
        return "ended"
    return "memory" if code in (ENOMEM, _MPI_NO_MEMORY) else None


def _flaw(text, is_clock_set):
    for word, cause in _FLAWS:
        if word in text:
            if cause == "not yet valid" and not is_clock_set:
                return "clock not set"
            return cause
    return "certificate"


def _broken(code):
    """The cause of an error code of mbedTLS."""
    kind = code & ~_LOW
    if code & _LOW == _MPI_NO_MEMORY:
        kind = _NO_MEMORY
    for codes, cause in _CAUSES:
        if kind in codes:
            return cause
    return "handshake"
