"""Setup mode in a browser: one page, sent in pieces, and what it asks for."""

import asyncio
import gc
import json

import setup_settings as settings
from setup_acts import doctor, reset, scan, state
from setup_request import HttpError, Request, read_form

_CLIENT_S = 10
_PIECE = 512
_HEAD = "HTTP/1.0 %d %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"


async def answer(reader, writer):
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
        await _write_json(writer, state())
    elif asked == ("GET", "/scan"):
        await _write_json(writer, scan())
    elif asked == ("GET", "/doctor"):
        await _write_json(writer, {"said": doctor.said, "is_busy": doctor.is_busy})
    elif asked == ("POST", "/doctor"):
        doctor.begin()
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


async def _restart():
    """When the answer has had time to arrive."""
    await asyncio.sleep(1)
    reset()
