"""Setup mode: an access point with one page, and the same at the serial console.

Nothing of the gateway is loaded until its doctor is asked for. The access point has WPA2 and the
password on the board's label, and ends after ten minutes; then the board starts as usual, or, where
it cannot, waits at the console. Stored secrets are never shown. The page is sent in pieces.
"""

import asyncio
import gc
import json
import sys

import machine
import network

import setup_settings as settings
from last_words import read as read_log
from setup_request import HttpError, Request, read_form

_OPEN_S = 600
_CLIENT_S = 10
_PIECE = 512
_HEAD = "HTTP/1.0 %d %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
_HELP = """\
state            what is set, without passwords     scan       the networks in reach
set NAME VALUE   ssid password host port user broker_password gateway
save             write what was set, restart        restart    without a change
log              what the gateway said last         doctor     tries network, broker, lines"""


class Doctor:
    """Examines the board when it is asked to; `said` are its sentences so far."""

    def __init__(self):
        self.said = []
        self.is_busy = False

    def begin(self):
        """Begin, unless it is at work already."""
        if not self.is_busy:
            self.is_busy = True
            del self.said[:]
            asyncio.create_task(self._run())

    async def _run(self):
        try:
            from setup_doctor import examine_board

            await examine_board(self._say)
        except Exception as error:
            sys.print_exception(error)
            self._say("The doctor has failed: %r" % error)
        self.is_busy = False

    def _say(self, sentence):
        print(sentence)
        self.said.append(sentence)


_doctor = Doctor()
_why = []


def run(facts, why, can_start):
    """Serve until the settings are saved or the time is up; never returns."""
    _why.append(why)
    asyncio.run(_serve(facts, why, can_start))


async def _serve(facts, why, can_start):
    access_point = network.WLAN(network.AP_IF)
    access_point.active(True)
    access_point.config(ssid=facts["ssid"], key=facts["password"], security=3, max_clients=2)
    server = await asyncio.start_server(_answer, "0.0.0.0", 80)
    gc.collect()
    print("limen: setup mode, as %s; %d bytes of heap are free" % (why, gc.mem_free()))
    print("limen: join %s, open http://192.168.4.1/; or type help" % facts["ssid"])
    if "light" in facts:
        asyncio.create_task(__import__("light").shine(facts["light"], None))
    console = asyncio.create_task(_converse())
    await asyncio.sleep(_OPEN_S)
    server.close()
    access_point.active(False)
    if can_start:
        _reset()
    print("limen: the access point is off; restart the board to open it again")
    await console


async def _answer(reader, writer):
    """One request of a browser."""
    try:
        request = await asyncio.wait_for(_receive(reader), _CLIENT_S)
        await _respond(request, writer)
    except HttpError as error:
        await _write(writer, error.args[0], "this request is not understood")
    except ValueError as error:
        await _write(writer, 422, str(error))
    except (OSError, asyncio.TimeoutError):
        pass  # it has gone
    finally:
        writer.close()
        await writer.wait_closed()
        gc.collect()


async def _receive(reader):
    request = Request()
    while True:
        data = await reader.read(_PIECE)
        if not data:
            raise OSError
        if request.feed(data):
            return request


async def _respond(request, writer):
    asked = request.method, request.path
    if asked == ("GET", "/"):
        await _write_page(writer)
    elif asked == ("GET", "/state"):
        await _write_json(writer, _state())
    elif asked == ("GET", "/scan"):
        await _write_json(writer, _scan())
    elif asked == ("GET", "/doctor"):
        await _write_json(writer, {"said": _doctor.said, "is_busy": _doctor.is_busy})
    elif asked == ("POST", "/doctor"):
        _doctor.begin()
        await _write(writer, 200, "")
    elif asked == ("POST", "/save"):
        settings.save(read_form(request.body))
        await _write(writer, 200, "Saved. The board restarts and leaves this network.")
        asyncio.create_task(_restart())
    else:
        await _write(writer, 404, "there is only one page")


async def _write_page(writer):
    writer.write((_HEAD % (200, "OK", "text/html; charset=utf-8")).encode())
    with open("/setup.html", "rb") as page:
        while True:
            piece = page.read(_PIECE)
            if not piece:
                return
            writer.write(piece)
            await writer.drain()


async def _write(writer, status, text, kind="text/plain; charset=utf-8"):
    word = "OK" if status == 200 else "Refused"
    writer.write((_HEAD % (status, word, kind)).encode())
    writer.write(text.encode())
    await writer.drain()


async def _write_json(writer, what):
    await _write(writer, 200, json.dumps(what), "application/json")


def _state():
    state = settings.read()
    state["why"] = _why[0]
    state["log"] = read_log()
    return state


def _scan():
    """[[name, dBm], …], the strongest first; hidden ones are left out."""
    if _doctor.is_busy:
        raise ValueError("The doctor uses the radio: wait until it is done.")
    station = network.WLAN(network.STA_IF)
    station.active(True)
    signals = {}
    for found in station.scan():
        try:
            name = str(found[0], "utf-8")
        except UnicodeError:
            continue
        if name:
            signals[name] = max(found[3], signals.get(name, -127))
    station.active(False)
    return sorted(([name, signal] for name, signal in signals.items()), key=lambda one: -one[1])


async def _restart():
    """When the answer has had time to arrive."""
    await asyncio.sleep(1)
    _reset()


def _reset():
    machine.RTC().memory(b"restart")  # on purpose, as `safe` counts what is not
    machine.reset()


async def _converse():
    """The serial console; Ctrl-C leads to the prompt."""
    reader = asyncio.StreamReader(sys.stdin)
    given = {}
    while True:
        line = await reader.readline()
        if not line:
            return
        try:
            _obey(line.strip(), given)
        except (OSError, ValueError) as error:
            print("limen: %s" % error)


def _obey(line, given):
    if isinstance(line, bytes):
        line = str(line, "utf-8")
    verb, _, rest = line.partition(" ")
    if verb == "set":
        name, _, value = rest.partition(" ")
        given[name] = value
    elif verb == "doctor":
        _doctor.begin()
    elif verb in ("save", "restart"):
        if verb == "save":
            settings.save(given)
        _reset()
    elif verb:
        print(_SHOWN.get(verb, lambda: _HELP)())


_SHOWN = {
    "state": lambda: json.dumps(settings.read()),
    "scan": lambda: "\n".join(["%4d dBm  %s" % (signal, name) for name, signal in _scan()]),
    "log": lambda: "\n".join(read_log()) or "nothing was wrong",
}
