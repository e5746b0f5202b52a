"""Setup mode: an access point with one page, and the same at the serial console.

The access point has WPA2 and the password on the board's label, and ends after ten minutes; then
the board starts as usual, or, where it cannot, waits at the console.
"""

import asyncio
import gc

import network

from setup_acts import reset
from setup_acts import why as led_here
from setup_console import converse
from setup_page import answer

_OPEN_S = 600


def run(facts, why, can_start):
    """Serve until the settings are saved or the time is up; never returns."""
    led_here.append(why)
    asyncio.run(_serve(facts, why, can_start))


async def _serve(facts, why, can_start):
    access_point = network.WLAN(network.AP_IF)
    access_point.active(True)
    access_point.config(ssid=facts["ssid"], key=facts["password"], security=3, max_clients=2)
    server = await asyncio.start_server(answer, "0.0.0.0", 80)
    gc.collect()
    print("limen: setup mode, as %s; %d bytes of heap are free" % (why, gc.mem_free()))
    print("limen: join %s, open http://192.168.4.1/; or type help" % facts["ssid"])
    if "light" in facts:
        asyncio.create_task(__import__("light").shine(facts["light"], None))
    console = asyncio.create_task(converse())
    await asyncio.sleep(_OPEN_S)
    server.close()
    access_point.active(False)
    if can_start:
        reset()
    print("limen: the access point is off; restart the board to open it again")
    await console
