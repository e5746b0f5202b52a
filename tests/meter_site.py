"""The smallest site with a meter, for the board and the channel that a test asks for."""

_SITE = """
[site]
id = "hall-2"
ntp = []
[mqtt]
host = "broker.local"
[gateway.g1]
board = "{board}"
[[gateway.g1.bus]]
id = "rs485"
kind = "modbus-rtu"
{pins}
[[gateway.g1.device]]
id = "meter"
profile = "eastron-sdm630"
bus = "rs485"
address = 1
every = "1s"
channels.{channel} = {{}}
"""
SECRETS = '[wifi]\nssid = "hall"\npassword = "secret-secret"\n'


def meter_site(board: str, pins: str, channel: str) -> str:
    """The text of the site file of gateway g1; `pins` are the lines of the bus that name them."""
    return _SITE.format(board=board, pins=pins, channel=channel)
