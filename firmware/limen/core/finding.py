"""What a scan has found (`limen.core.scan`), for an examination (`limen.core.doctor`)."""


class Finding:
    """Something answers: `framing`, `address`; `function` is the one that it answered, after
    `turnaround_us`. `is_garbled` if no answer was whole."""

    def __init__(self, framing, address, function, turnaround_us=0, is_garbled=False):
        self.framing = framing
        self.address = address
        self.function = function
        self.turnaround_us = turnaround_us
        self.is_garbled = is_garbled


def settled(finding):
    """The finding with one stop bit where two were only asked with."""
    framing = finding.framing
    if framing and framing[1] is None:
        framing = framing[0], None, 1
    return Finding(
        framing, finding.address, finding.function, finding.turnaround_us, finding.is_garbled
    )
