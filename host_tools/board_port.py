"""Which port the board is at, when nobody says it: the only one on USB, or the only one at which a
chip answers. With more of them a person chooses.
"""

from serial.tools.list_ports_common import ListPortInfo

from host_tools.chip_writer import Found, identify
from host_tools.errors import Kind, ToolError
from host_tools.serial_port import usb_ports


def find_board_port() -> str:
    """The port of the board; ToolError with the candidates where there is not just one.

    Where there are several ports each is asked for its chip, which starts anew by that.
    """
    ports = usb_ports()
    if not ports:
        raise ToolError(
            "No board is plugged in: there is no serial port on USB. Check that the cable carries "
            "data, or name the port with --port.",
            Kind.PORT,
        )
    if len(ports) == 1:
        return ports[0].device
    answers = [_ask(port.device) for port in ports]
    chips = [port for port, answer in zip(ports, answers, strict=True) if isinstance(answer, Found)]
    if len(chips) == 1:
        return chips[0].device
    told = "; ".join(map(_describe, ports, answers))
    raise ToolError(f"Several ports may be the board's; choose one with --port: {told}.", Kind.PORT)


def _ask(port: str) -> Found | str:
    try:
        return identify(port)
    except ToolError as error:
        return "does not answer as a chip" if error.status == Kind.BOARD else "cannot be opened"


def _describe(port: ListPortInfo, answer: Found | str) -> str:
    told = f"{answer.chip}, MAC {answer.mac}" if isinstance(answer, Found) else answer
    return f"{port.device} ({port.description}, USB {port.vid:04x}:{port.pid:04x}): {told}"
