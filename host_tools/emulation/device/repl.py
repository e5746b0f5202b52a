"""The prompt on the console: friendly, raw and raw paste, byte for byte as tools expect it.

The unix port has a prompt of its own, but no raw one. What is said here is what the chip's says
(MicroPython, shared/runtime/pyexec.c); of its line editor there is the backspace. While it waits
for a key, the world goes on: interrupts of pins come.
"""

import select
import sys

from backplane import bus
from micropython import const, kbd_intr

_CTRL_A = const(1)
_CTRL_B = const(2)
_CTRL_C = const(3)
_CTRL_D = const(4)
_CTRL_E = const(5)
_BACKSPACES = b"\x08\x7f"
_ENTER = const(13)
_ESCAPE = const(27)
_WINDOW = const(128)
_RAW = "raw REPL; CTRL-B to exit\r\n>"
_HELP = '\r\nType "help()" for more information.\r\n'
_PASTE = "\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== "
_COMPOUND = ("if", "while", "for", "try", "with", "def", "class", "async")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}

_poll = select.poll()
_poll.register(sys.stdin, select.POLLIN)
_poll.register(bus.file, select.POLLIN)


def serve(program, banner, is_raw):
    """Run what is typed in the names of `program` until a soft reset; tells whether it was raw."""
    kbd_intr(-1)
    while True:
        ended = _serve_raw(program) if is_raw else _serve_friendly(program, banner)
        if ended:
            return is_raw
        is_raw = not is_raw


def _say(text):
    sys.stdout.write(text)


def _key():
    while True:
        for stream, _ in _poll.ipoll():
            if stream is sys.stdin:
                return sys.stdin.buffer.read(1)[0]
            bus.catch_up()


def _run(program, text, kind="exec", end="\x04"):
    """True if the program asked for a soft reset; both its output and its error get an `end`."""
    kbd_intr(3)
    try:
        exec(compile(text, "<stdin>", kind), program)
        _say(end)
    except SystemExit:
        return True
    except BaseException as error:
        _say(end)
        sys.print_exception(error)
    finally:
        kbd_intr(-1)
    _say(end)
    return False


def _serve_raw(program):
    """True for a soft reset, False for the friendly prompt."""
    _say(_RAW)
    typed = bytearray()
    while True:
        key = _key()
        if key == _CTRL_A and typed == b"\x05A":
            if _run(program, _take_pasted()):
                return True
            _say(">")
        elif key == _CTRL_A:
            _say(_RAW)
        elif key == _CTRL_B:
            _say("\r\n")
            return False
        elif key == _CTRL_D:
            _say("OK")
            if not typed or _run(program, str(typed, "utf-8")):
                _say("\r\n")
                return True
            _say(">")
        elif key != _CTRL_C:
            typed.append(key)
            continue
        typed = bytearray()


def _take_pasted():
    """What comes in windows, each asked for, up to Ctrl-D."""
    sys.stdout.buffer.write(b"R\x01\x80\0\x01")
    typed = bytearray()
    while True:
        key = _key()
        if key == _CTRL_D or key == _CTRL_C:
            _say("\x04")
            return str(typed, "utf-8") if key == _CTRL_D else "raise KeyboardInterrupt"
        typed.append(key)
        if len(typed) % _WINDOW == 0:
            _say("\x01")


def _serve_friendly(program, banner):
    """True for a soft reset, False for the raw prompt."""
    _say(banner + _HELP)
    while True:
        line = _read_line(">>> ")
        if line == _CTRL_A:
            return False
        if line == _CTRL_B:
            _say("\r\n" + banner + _HELP)
        elif line == _CTRL_D:
            _say("\r\n")
            return True
        else:
            pasted = line == _CTRL_E
            text = _take_paste() if pasted else _read_rest(line)
            if text and _run(program, text, "exec" if pasted else "single", ""):
                return True


def _read_line(prompt):
    """A line without its end; of an empty one the key that ended it; "" if it was given up."""
    _say(prompt)
    typed = bytearray()
    while True:
        key = _key()
        if key == _ENTER or key == _CTRL_C:
            _say("\r\n")
            return str(typed, "utf-8") if key == _ENTER else ""
        if not typed and _CTRL_A <= key <= _CTRL_E:
            return key
        if key in _BACKSPACES:
            if typed:
                typed = typed[:-1]
                _say("\x08 \x08")
        elif key == _ESCAPE:
            _key()
            _key()  # a cursor key
        elif key >= 32 or key == 9:
            typed.append(key)
            sys.stdout.buffer.write(bytes((key,)))


def _read_rest(line):
    """The whole statement that begins with this line."""
    text = line
    while isinstance(line, str) and line.strip() and _is_unfinished(text, line):
        line = _read_line("... ")
        text += "\n" + line if isinstance(line, str) else ""
    return text + "\n" if text else ""


def _is_unfinished(text, line):
    depth = sum(_BRACKETS.get(character, 0) for character in text)
    return depth > 0 or line.endswith("\\") or text.split()[0].rstrip(":") in _COMPOUND


def _take_paste():
    _say(_PASTE)
    typed = bytearray()
    while True:
        key = _key()
        if key == _CTRL_C or key == _CTRL_D:
            _say("\r\n")
            return str(typed, "utf-8") if key == _CTRL_D else ""
        typed.append(10 if key == _ENTER else key)
        _say("\r\n=== " if key == _ENTER else chr(key))
