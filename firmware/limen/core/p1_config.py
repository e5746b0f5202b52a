"""The P1 port of a smart meter in a site file: its framing, its UART and its pins."""

from limen.core.input_buses import claim_pin

# Before version 4 of DSMR it was as IEC 62056-21 has it.
_OLD = {"baud": 9600, "bits": 7, "parity": "even"}
_NEW = {"baud": 115200, "bits": 8, "parity": "none"}
_PARITIES = {"none": None, "even": 0, "odd": 1}  # as machine.UART has them
_RX_BYTES = 2048  # a telegram may come while others are read


def wire_port(spot, bus, board, owners, name):
    """The compact form of the bus; what is written of the framing goes before what DSMR says."""
    usual = _OLD if bus["dsmr"] in ("2", "3") else _NEW
    compact = {"id": bus["id"], "kind": bus["kind"], "stop": 1, "rx_bytes": _RX_BYTES}
    for key in usual:
        compact[key] = usual[key] if bus[key] is None else bus[key]
    compact["parity"] = _PARITIES[compact["parity"]]
    compact["invert"], compact["timeout_ms"] = bus["invert"], bus["timeout"]
    for key in ("rx", "tx", "request"):
        compact[key] = bus[key]
        claim_pin(spot.at(key), bus[key], name + "." + key, board, owners, key != "rx")
    if bus["tx"] is None:
        # The UART lets go of it again when it becomes the request line.
        compact["tx"] = bus["request"]
        if "tx" not in bus["written"] and "request" not in bus["written"]:
            sentence = "is missing: the chip drives a pin for sending although nothing is sent; "
            spot.at("tx").report(sentence + "write one to which nothing is wired, such as tx = 17")
    if board:
        compact["uart"] = _free_uart(spot.at("uart"), bus["uart"], board, owners, name)
    return compact


def _free_uart(spot, wanted, board, owners, name):
    """The UART that is written, else the last one that is free."""
    free = [uart for uart in board["uart"] if not owners.has(("uart", uart))]
    if wanted is None and not free:
        spot.report("this board has no UART left for it")
        return None
    uart = free[-1] if wanted is None else wanted
    if uart in board["uart"]:
        owners.claim(("uart", uart), name, spot, "is taken by %s already")
    else:
        names = " or ".join([str(known) for known in board["uart"]])
        spot.report("must be %s on this board, not %d" % (names, uart))
    return uart
