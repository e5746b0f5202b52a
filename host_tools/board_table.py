"""`limen boards`: the boards that there are, as docs/boards.md shows them.

The page's table is made from the boards' files and checked against them by a test.
"""

from host_tools.board import UNKNOWN, board_names, load_board
from host_tools.image_store import ImageStore, file_name

_HEAD = (
    "| `board` | Chip, flash, PSRAM | Network | RS-485 port | Free pins | Inputs only | Analog |"
    " Button, light | MicroPython | Has no |"
)


def add_arguments(parser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--sources", action="store_true", help="show where each board's facts come from instead"
    )
    what.add_argument(
        "--images", action="store_true", help="show the MicroPython images and their SHA-256"
    )


def run(args) -> int:
    if args.images:
        print(board_images(ImageStore()))
    else:
        print(board_sources() if args.sources else board_table())
    return 0


def board_table() -> str:
    """A Markdown table with a row for each board."""
    rows = [_row(name, load_board(name)) for name in board_names()]
    return "\n".join([_HEAD, "|---" * _HEAD.count(" |") + "|", *rows])


def board_sources() -> str:
    """For each board its name and the documents that its file cites."""
    parts = []
    for name in board_names():
        facts = load_board(name)
        parts.append("\n".join([f"{name}: {facts['name']}", *_indented(facts["source"])]))
    return "\n".join(parts)


def board_images(store: ImageStore) -> str:
    """For each image its SHA-256, where it is taken from, and the boards that want it."""
    boards: dict[str, list[str]] = {}
    for name in board_names():
        boards.setdefault(file_name(load_board(name)), []).append(name)
    parts = []
    for image, names in sorted(boards.items()):
        facts = load_board(names[0])
        told = [f"SHA-256: {store.digest(facts)}", f"from {store.place(facts)}", ", ".join(names)]
        parts.append("\n".join([image, *_indented(told)]))
    return "\n".join(parts)


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _row(name: str, facts: dict) -> str:
    cells = (
        f"`{name}`<br>{facts['name']}",
        _memory(facts),
        _network(facts),
        "<br>".join(map(_port, facts["port"])) or "–",
        _spans(facts["output"]),
        _spans(facts["input"]),
        _spans(facts["adc"]),
        _signs(facts),
        image_name(facts["image"]),
        ", ".join(facts["lacks"]) or "–",
    )
    return f"| {' | '.join(cells)} |"


def image_name(image: dict) -> str:
    """What MicroPython's makers call a build: ESP32_GENERIC-SPIRAM, with its version."""
    variant = f"-{image['variant']}" if image["variant"] else ""
    return f"{image['name']}{variant} {image['version']}"


def _memory(facts: dict) -> str:
    flash = "flash unknown" if facts["flash_mb"] == UNKNOWN else f"{facts['flash_mb']} MB"
    psram = f", {facts['psram_mb']} MB PSRAM" if facts["psram_mb"] else ""
    return f"{facts['chip']}, {flash}{psram}"


def _network(facts: dict) -> str:
    wires = facts["ethernet"]
    return f"Ethernet ({wires['phy_type']}), Wi-Fi" if wires else "Wi-Fi"


def _port(port: dict) -> str:
    de = "automatic direction" if port["de"] is None else f"de {port['de']}"
    return f"UART {port['uart']}: tx {port['tx']}, rx {port['rx']}, {de}"


def _signs(facts: dict) -> str:
    parts = [f"{key} {facts[key]['pin']}" for key in ("button", "led") if facts[key]]
    return ", ".join(parts).replace("led", "light") or "–"


def _spans(pins: list[int]) -> str:
    """1, 2, 4, 5, 6 as "1, 2, 4–6"."""
    spans: list[list[int]] = []
    for pin in sorted(pins):
        if spans and spans[-1][-1] == pin - 1:
            spans[-1].append(pin)
        else:
            spans.append([pin])
    texts = [_span(span) for span in spans]
    return ", ".join(texts) or "–"


def _span(span: list[int]) -> str:
    return f"{span[0]}–{span[-1]}" if len(span) > 2 else ", ".join(map(str, span))
