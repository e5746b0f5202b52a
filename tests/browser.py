"""A headless Chromium, driven over the W3C WebDriver protocol by its own chromedriver."""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, 12.1 "Elements"
_START_S = 30


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Browser:
    """A page's worth of a browser."""

    def __init__(self, url, wide, high):
        self._url = url
        size = f"--window-size={wide},{high}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", size]
        chrome = {"args": [*arguments, "--disable-dev-shm-usage"], "binary": _chromium()}
        wanted = {"alwaysMatch": {"goog:chromeOptions": chrome}}
        self._session = self._call("POST", "/session", {"capabilities": wanted})["sessionId"]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def _do(self, method, path, body=None):
        return self._call(method, f"/session/{self._session}{path}", body)

    def open(self, url):
        self._do("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self._do("POST", "/execute/sync", {"script": script, "args": arguments})

    def click(self, selector):
        self._do("POST", f"/element/{self._find(selector)}/click", {})

    def type(self, selector, text):
        self._do("POST", f"/element/{self._find(selector)}/clear", {})
        self._do("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def _find(self, selector):
        wanted = {"using": "css selector", "value": selector}
        return self._do("POST", "/element", wanted)[_ELEMENT]

    def screenshot(self):
        """The whole page as PNG, what is scrolled out of sight included."""
        page = "document.documentElement"
        wide, high = self.run(f"return [{page}.clientWidth, {page}.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": wide, "height": high, "scale": 1}
        wanted = {"captureBeyondViewport": True, "clip": clip}
        order = {"cmd": "Page.captureScreenshot", "params": wanted}
        return base64.b64decode(self._do("POST", "/goog/cdp/execute", order)["data"])

    def close(self):
        self._do("DELETE", "")


def _chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser") or ""


@contextlib.contextmanager
def browser(wide=400, high=900):
    """A browser, as large as a phone if nobody says more, for the time of a test, which is skipped
    where there is none."""
    if not _chromium() or not shutil.which("chromedriver"):
        pytest.skip("needs Chromium and its chromedriver")
    port = free_port()
    driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL)
    try:
        one = _started(f"http://127.0.0.1:{port}", wide, high)
        try:
            yield one
        finally:
            one.close()
    finally:
        driver.terminate()
        driver.wait()


def _started(url, wide, high):
    end = time.monotonic() + _START_S
    while True:
        try:
            return Browser(url, wide, high)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()) from error
        except urllib.error.URLError:
            assert time.monotonic() < end, "chromedriver does not answer"
            time.sleep(0.1)
