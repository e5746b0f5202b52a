"""The label of a board: which gateway it is, and a QR code that opens its setup page's network.

Drawn as an image of 62 by 29 mm at 300 dots per inch, a common size of label tape. A file whose
name ends in .pdf gets a page for each label, of exactly that size; any other one is a PNG.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont
from segno.helpers import make_wifi_data

from host_tools.errors import ToolError

_DOTS_PER_INCH = 300
_SIZE = (732, 342)
_MARGIN = 18
_NAME_DOTS, _TEXT_DOTS, _SMALLEST_DOTS = 52, 30, 14


@dataclass(frozen=True)
class Label:
    """What is printed; without a setup network the code has the topic."""

    gateway: str
    mac: str
    topic: str
    setup_network: str | None = None
    setup_password: str | None = None

    @property
    def code(self) -> str:
        """The text in the QR code: phones join a network that is written so."""
        if not self.setup_network:
            return self.topic
        return make_wifi_data(self.setup_network, self.setup_password, "WPA")

    @property
    def lines(self) -> list[str]:
        setup = (
            [self.setup_network, f"password {self.setup_password}"] if self.setup_network else []
        )
        return [self.mac, self.topic, *setup]


def write_labels(labels: list[Label], path: Path) -> None:
    """Write one label as PNG, or all of them as PDF; ToolError where that cannot be."""
    drawn = [_draw(label) for label in labels]
    more = {"save_all": True, "append_images": drawn[1:]} if path.suffix == ".pdf" else {}
    whole = io.BytesIO()
    kind = "PDF" if path.suffix == ".pdf" else "PNG"
    drawn[0].save(whole, kind, resolution=_DOTS_PER_INCH, dpi=(_DOTS_PER_INCH,) * 2, **more)
    try:
        path.write_bytes(whole.getvalue())
    except OSError as error:
        raise ToolError(f"The label {path} cannot be written: {error.strerror}.") from None


def _draw(label: Label) -> Image.Image:
    image = Image.new("L", _SIZE, "white")
    code = _code(label.code, _SIZE[1] - 2 * _MARGIN)
    image.paste(code, (_MARGIN, _MARGIN))
    left = code.width + 2 * _MARGIN
    pen, top = ImageDraw.Draw(image), _MARGIN
    for text, dots in [(label.gateway, _NAME_DOTS), *((line, _TEXT_DOTS) for line in label.lines)]:
        font = _fitting(text, dots, _SIZE[0] - left - _MARGIN)
        pen.text((left, top), text, "black", font)
        top += int(1.3 * dots)
    return image.convert("1")


def _code(text: str, dots: int) -> Image.Image:
    """The QR code with as large dots as fit; what surrounds it is white enough."""
    code = segno.make(text, error="m", micro=False)
    scale = dots // code.symbol_size(border=0)[0]
    drawn = io.BytesIO()
    code.save(drawn, kind="png", scale=scale, border=0)
    return Image.open(drawn).convert("L")


def _fitting(text: str, dots: int, width: int) -> ImageFont.FreeTypeFont:
    """The font in the size asked for, or smaller, so that the text is not cut off."""
    font = ImageFont.load_default(dots)
    while font.getlength(text) > width and dots > _SMALLEST_DOTS:
        dots -= 2
        font = ImageFont.load_default(dots)
    return font
