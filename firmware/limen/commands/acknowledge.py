"""Acknowledges alarms: {"alarm": "press.temperature.high"}, or "*" for all → {"states"}."""


def run(gateway, request):
    return {"states": alarms_of(gateway).acknowledge(request.get("alarm"))}


def alarms_of(gateway):
    """What keeps the gateway's alarms; ValueError if it has none that can be acknowledged."""
    for device in gateway.devices:
        if device.id == "alarms":
            return device.reader
    raise ValueError("this gateway has no alarms but plain limits")
