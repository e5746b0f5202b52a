"""The MicroPython prompt of a gateway at a serial port: its files are read, written and compared.

mpremote's transport speaks the raw REPL; what runs on the gateway is the short program below. The
gateway's own program is stopped for it, and the board starts anew when the prompt is left. The
watchdog, which nothing stops, is fed with every call. Files go compressed: a module of 27 KB is 25
KB in text on the line.
"""

import base64
import contextlib
import io
import json
import time
import zlib

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from host_tools.errors import Kind, ToolError
from host_tools.serial_port import LOST, open_port

_BAUD = 115200
_INTERRUPT = b"\r\x03\x02"
_FRIENDLY = b">>> "
_ASK = b"'pro' + 'mpt'\r"
_ANSWER = b"'prompt'\r\n>>> "
_RESTART = b"\x03import machine\nmachine.RTC().memory(b'restart')\nmachine.reset()\x04"
_WINDOW_BITS = 12
_PIECE = 2048
_ATTEMPTS = 4
_PROMPT_S = 5
_PATIENCE_S = 12
_ANSWER_S = 10
_BYTE_S = 1
_FULL = "the file system is full; what is not needed goes with `limen flash`"
_CAUSES = {
    "ENOSPC": _FULL,
    "OSError: 28": _FULL,
    "MemoryError": "the gateway has no memory left; run it again",
}

_PROGRAM = f"""
import binascii, deflate, hashlib, json, machine, os
dog = machine.WDT(timeout=60000)
piece = bytearray(512)
def pieces(file):
    while True:
        count = file.readinto(piece)
        if not count:
            return
        yield memoryview(piece)[:count]
def digest(path):
    dog.feed()
    whole = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for part in pieces(file):
                whole.update(part)
    except OSError:
        return None
    return binascii.hexlify(whole.digest()).decode()[:16]
def folders(path):
    at = path.find("/", 1)
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError:
            pass
        at = path.find("/", at + 1)
def below(folder):
    dog.feed()
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            below(path)
        else:
            print(path)
def begin(path):
    global packed
    folders(path)
    packed = open("/packed.new", "wb")
def add(text):
    dog.feed()
    packed.write(binascii.a2b_base64(text))
def end(path):
    packed.close()
    with open("/packed.new", "rb") as source, open(path, "wb") as target:
        for part in pieces(deflate.DeflateIO(source, deflate.ZLIB, {_WINDOW_BITS})):
            target.write(part)
    os.remove("/packed.new")
def is_there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
def show(path):
    with open(path, "rb") as file:
        for part in pieces(file):
            dog.feed()
            print(binascii.b2a_base64(part).decode(), end="")
"""


class Prompt:
    """The prompt of the gateway at a port; a context, which ends with a restart of the board."""

    def __init__(self, port: str):
        self._port = port

    def __enter__(self) -> "Prompt":
        open_port(self._port).close()  # says better than mpremote why it cannot be opened
        with self._explained():
            self._line = SerialTransport(self._port, _BAUD, timeout=_BYTE_S)
        try:
            self._enter()
            self._run(_PROGRAM)
        except BaseException:
            self._line.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(*LOST):
            self._line.serial.write(_RESTART)
            self._line.serial.flush()
        with contextlib.suppress(*LOST):
            self._line.close()

    def digests(self, paths: list[str]) -> dict[str, str | None]:
        """The first digits of the SHA-256 of each file, None where there is none."""
        text = self._run(f"for path in {paths!r}: print(json.dumps(digest(path)))")
        with self._explained():
            return dict(zip(paths, map(json.loads, text.splitlines()), strict=True))

    def below(self, folder: str) -> list[str]:
        """The paths of all files in a folder and in its folders."""
        return self._run(f"below({folder!r})").splitlines()

    def write(self, path: str, content: bytes) -> None:
        """Write a file; the folders that it needs are made."""
        packer = zlib.compressobj(9, wbits=_WINDOW_BITS)
        text = base64.b64encode(packer.compress(content) + packer.flush()).decode()
        self._run(f"begin({path!r})")
        for at in range(0, len(text), _PIECE):
            self._run(f"add({text[at : at + _PIECE]!r})")
        self._run(f"end({path!r})")

    def read(self, path: str) -> bytes | None:
        """The content of a file, None where there is none."""
        if not self._is_there(path):
            return None
        lines = self._run(f"show({path!r})").splitlines()
        return b"".join(map(base64.b64decode, lines))

    def rename(self, path: str, to: str) -> None:
        self._run(f"os.rename({path!r}, {to!r})")

    def remove(self, path: str) -> None:
        """Remove a file if it is there."""
        if self._is_there(path):
            self._run(f"os.remove({path!r})")

    def free_bytes(self) -> int:
        block, _, _, free = json.loads(self._run("print(list(os.statvfs('/')[:4]))"))
        return block * free

    def _is_there(self, path: str) -> bool:
        return json.loads(self._run(f"print(json.dumps(is_there({path!r})))"))

    def _enter(self) -> None:
        """Stop the program and begin with an empty memory.

        A board that has an update to put in its place starts anew meanwhile, so ask again.
        """
        for attempt in range(_ATTEMPTS):
            with self._explained(), contextlib.redirect_stdout(io.StringIO()):
                self._call()
                try:
                    self._line.enter_raw_repl(timeout_overall=_PROMPT_S)
                    return
                except TransportError:
                    if attempt == _ATTEMPTS - 1:
                        raise

    def _call(self) -> None:
        """Interrupt whatever runs until the friendly prompt comes: a board that is just starting
        hears nothing for a while. What it heard late is over once it answers a question."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            self._line.serial.write(_INTERRUPT)
            if self._says(_FRIENDLY):
                self._line.serial.write(_ASK)
                if self._says(_ANSWER):
                    return
        raise TransportError("nobody answers")

    def _says(self, text: bytes) -> bool:
        return self._line.read_until(1, text, timeout_overall=_BYTE_S).endswith(text)

    def _run(self, command: str) -> str:
        with self._explained():
            said, error = self._line.exec_raw(command, timeout=_ANSWER_S)
            if error:
                raise TransportExecError(said, error.decode())
            return said.decode()

    @contextlib.contextmanager
    def _explained(self):
        try:
            yield
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:] or ["no reason given"]
            cause = next((why for sign, why in _CAUSES.items() if sign in last[0]), last[0])
            sentence = f"The gateway at {self._port} refuses: {cause}."
            raise ToolError(sentence, Kind.BOARD) from error
        except TransportError as error:
            raise ToolError(
                f"No MicroPython prompt at {self._port} ({error}). Check that it is the board's "
                "port and that nobody else uses it; one without MicroPython needs `limen flash`.",
                Kind.BOARD,
            ) from error
        except ValueError as error:
            raise ToolError(
                f"The gateway at {self._port} answers something else than it was asked; run it "
                "again.",
                Kind.BOARD,
            ) from error
        except LOST as error:
            raise ToolError(
                f"The connection to {self._port} was lost ({error}). Plug the board in and run it "
                "again: it goes on from there.",
                Kind.PORT,
            ) from error
