"""Draws the plots of a report with Plotly.

One drawing per device, its channels below one another on one axis of time, so that zooming into an
alarm zooms into all. A published value is drawn as long as a subscriber holds it.
"""

from datetime import UTC, datetime

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from host_tools.report.story import Curve, Happening, Series, thin

_ROW_PIXELS = 170
_GAP_PIXELS = 40
_PUBLISHED = {"color": "#7db3dd", "width": 3, "shape": "hv"}
_MEASURED = {"color": "#1c2530", "width": 0.8, "shape": "hv"}
_LIMIT = {"color": "#b3261e", "width": 1, "dash": "dash"}
_EVENT_COLOUR = "#b3261e"
_MARGIN = {"l": 50, "r": 10, "t": 30, "b": 30}


def of_device(curves: list[Curve], happenings: list[Happening]) -> str:
    """The channels of one device as HTML; its events stand on every axis as vertical lines."""
    titles = [f"{curve.name} [{curve.unit}]" if curve.unit else curve.name for curve in curves]
    height = _ROW_PIXELS * len(curves) + 80
    figure = make_subplots(
        rows=len(curves), cols=1, shared_xaxes=True, subplot_titles=titles,
        vertical_spacing=min(_GAP_PIXELS / height, 0.3),
    )  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font_size=13)
    for row, curve in enumerate(curves, start=1):
        _draw(figure, row, curve)
    for happening in happenings[:200]:
        if happening.t_ms is not None:
            figure.add_vline(_time(happening.t_ms), line_width=1, line_color=_EVENT_COLOUR)
    return _html(figure, height)


def of_counter(name: str, series: Series) -> str:
    """A counter of the gateway over time."""
    figure = go.Figure()
    values = list(map(float, series.values))
    figure.add_scatter(x=list(map(_time, series.t_ms)), y=values, line=_PUBLISHED, name=name)
    figure.update_yaxes(rangemode="tozero")
    return _html(figure, _ROW_PIXELS + 60)


def _draw(figure: go.Figure, row: int, curve: Curve) -> None:
    _add(figure, row, thin(_held(curve)), "published", _PUBLISHED)
    if curve.measured:
        _add(figure, row, thin(curve.measured), "measured", _MEASURED)
    for name, limit in curve.limits.items():
        figure.add_hline(float(limit), row=row, col=1, line=_LIMIT, annotation_text=name)


def _held(curve: Curve) -> Series:
    """What was published, the last of it held as long as anything was measured."""
    held, measured = curve.published, curve.measured
    if not held.t_ms or not measured or measured.t_ms[-1:] <= held.t_ms[-1:]:
        return held
    return Series([*held.t_ms, measured.t_ms[-1]], [*held.values, held.values[-1]])


def _add(figure: go.Figure, row: int, series: Series, name: str, line: dict) -> None:
    figure.add_scatter(
        x=list(map(_time, series.t_ms)),
        y=[None if value is None else float(value) for value in series.values],
        name=name, line=line, mode="lines", row=row, col=1,
    )  # fmt: skip


def _time(t_ms: int) -> datetime:
    return datetime.fromtimestamp(t_ms / 1000, UTC).replace(tzinfo=None)


def _html(figure: go.Figure, height: int) -> str:
    figure.update_layout(
        height=height, margin=_MARGIN, template="plotly_white", hovermode="x unified",
        showlegend=False,
    )  # fmt: skip
    config = {"displayModeBar": False, "responsive": True}
    return figure.to_html(full_html=False, include_plotlyjs=False, config=config)
