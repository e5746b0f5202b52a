"""The status page of an emulated board: what is seen on it, and the hand at it, in a browser.

One page without any other file asks for the facts (`seen`) twice a second, and sends lines such as
a script has (`hand`). It is served to this machine only; requests run in threads of their own, and
what they want of the board is done on its loop, where alone it may be touched.
"""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from host_tools.emulation.hand import Hand
from host_tools.errors import Kind, ToolError

_PAGE = Path(__file__).with_name("status.html")
_LONGEST_LINE = 200
_PATIENCE_S = 10


class StatusPage:
    """Serves the page of the board that `hand` is at, on the running loop, until `close`."""

    def __init__(self, hand: Hand, name: str, port: int):
        self._hand = hand
        self._name = name
        self._loop = asyncio.get_running_loop()
        page = self

        class Handler(_Handler):
            status_page = page

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            raise ToolError(
                f"The page cannot be served at port {port}: {error}", Kind.INPUT
            ) from None
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def seen(self) -> dict:
        return {"name": self._name} | self._on_loop(self._look())

    def do(self, line: str) -> None:
        """A line of the hand, but none that takes time; ValueError says what is wrong with it."""
        if line.split()[:1] in (["wait"], ["watch"]):
            raise ValueError("that is for scripts")
        self._on_loop(self._hand.do(line))

    async def _look(self) -> dict:
        return self._hand.seen()

    def _on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE_S)


class _Handler(BaseHTTPRequestHandler):
    status_page: StatusPage

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, "text/html; charset=utf-8", _PAGE.read_bytes())
        elif self.path == "/seen":
            self._answer(200, "application/json", json.dumps(self.status_page.seen()).encode())
        else:
            self._say(404, "there is only one page")

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if self.path != "/do" or not size.isdecimal() or int(size) > _LONGEST_LINE:
            return self._say(400, "this request is not understood")
        try:
            self.status_page.do(self.rfile.read(int(size)).decode())
        except ValueError as error:  # UnicodeDecodeError is one
            return self._say(422, str(error))
        self._say(200, "")

    def _say(self, status: int, text: str) -> None:
        self._answer(status, "text/plain; charset=utf-8", text.encode())

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        """The terminal is for the board."""
