"""What a scan has found (`limen.core.scan`), for an examination (`limen.core.doctor`)."""

_PARITY_LETTERS = {None: "N", 0: "E", 1: "O"}


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


def framing_text(framing):
    """(9600, None, 1) as people write it: "9600 8N1"."""
    baud, parity, stop = framing
    return "%d 8%s%d" % (baud, _PARITY_LETTERS[parity], stop)


def place_text(finding):
    place = "Address %d" % finding.address
    return place + " at " + framing_text(finding.framing) if finding.framing else place
