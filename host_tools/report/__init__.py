"""The report of a replay: one HTML file that says what a configuration did with a recording.

`story` keeps what happened, `plots` draws it, `page` writes it down. The file needs nothing beside
it: the drawing code of Plotly is in it, so it opens on a laptop that is not on any network.
"""
