"""What the doctor found, in sentences for whoever stands before the line."""

from limen.core.compat import const
from limen.core.doctor import printable
from limen.core.finding import place_text
from limen.core.text import Text

_SHOWN = const(5)
_VALUE_BYTES = const(40)


def headline(examination):
    """Who answers where, in one line."""
    place = place_text(examination.finding)
    if examination.finding.is_garbled or examination.replies.are_of_two():
        return place + ": two devices answer"
    if not examination.replies.whole:
        return place + ": it answered in the search, and is silent now"
    if examination.is_identified():
        candidate = examination.matches[0].candidate
        sure = "is" if examination.matches[0].is_certain else "answers like"
        return "%s: %s %s (%s)" % (place, sure, candidate["model"], candidate["name"])
    if examination.variants:
        return "%s: nearly %s" % (place, examination.variants[0].candidate["model"])
    return place + ": a device that no profile fits"


def sentences(examination):
    """What there is to say beside the headline, most important first."""
    replies = examination.replies
    if examination.finding.is_garbled or replies.are_of_two():
        return [_two_devices(replies)]
    if not replies.whole:
        return ["Look at its supply and its wires, or ask again with more patience."]
    told = []
    if examination.identity:
        texts = [printable(part) for _, part in sorted(examination.identity.items())]
        told.append("It calls itself " + ", ".join([text for text in texts if text]) + ".")
    if examination.is_identified():
        told += _identified(examination)
    elif examination.variants:
        told += _varied(examination.variants)
    else:
        told += _unknown(examination)
    return told + _manners(examination)


def _two_devices(replies):
    if replies.doubled:
        sentence = "A second reply came behind %d of %d: " % (replies.doubled, replies.whole)
    else:
        asked = replies.whole + replies.broken + replies.silent
        sentence = "%d of %d replies were broken, while others on the line may be clean: "
        sentence %= (replies.broken, asked)
    return (
        sentence + "two devices have this address. Take one off the line and give it another "
        "address. If there is only one, look at the termination and the length of the stub."
    )


def _identified(examination):
    best = examination.matches[0]
    told = ["It reads " + _values_text(best) + "."] if best.values else []
    rivals = [match.candidate["name"] for match in examination.rivals()]
    if rivals and not best.is_certain:
        told.append(
            "The same values fit %s: compare with the name on the meter." % " and ".join(rivals)
        )
    return told


def _varied(variants):
    told = []
    for match in variants:
        told.append("It fits if " + _change_text(match) + ": " + _values_text(match) + ".")
    if len(variants) > 1:
        told.append("Either can be; a register whose value you know from the display decides.")
    if not variants[0].offset:
        told.append("Set the meter back to the order of its works, or copy the profile.")
    return told


def _change_text(match):
    said = []
    if match.offset:
        sentence = "your addresses are off by one: what the map has at register n lies at n %s 1"
        said.append(sentence % ("+" if match.offset > 0 else "-"))
    if match.order:
        said.append("the word order is " + match.order)
    return " and ".join(said)


def _unknown(examination):
    if not examination.matches:
        return ["It may be no meter, or stand without voltage: nothing it holds can be judged."]
    names = [match.candidate["name"] for match in examination.matches[:_SHOWN]]
    return ["It may be %s, but too little speaks for it." % " or ".join(names)]


def _manners(examination):
    """How it answers: turnaround, pauses, trouble."""
    replies = examination.replies
    told = []
    if replies.turnarounds_us:
        fastest, slowest = min(replies.turnarounds_us), max(replies.turnarounds_us)
        told.append("It begins to answer after %s." % _range_text(fastest, slowest))
    if examination.pause_ms:
        told.append("It needs a pause of %d ms before a request." % examination.pause_ms)
    if replies.broken or replies.silent:
        asked = replies.whole + replies.broken + replies.silent
        sentence = "Of %d requests %d came back broken and %d not at all: look at A and B, "
        sentence += "termination, shield and the length of the line."
        told.append(sentence % (asked, replies.broken, replies.silent))
    return told


def _range_text(low_us, high_us):
    low_ms, high_ms = (low_us + 500) // 1000, (high_us + 500) // 1000
    return "%d ms" % high_ms if low_ms == high_ms else "%d to %d ms" % (low_ms, high_ms)


def _values_text(match):
    """The units are told where the channels have them; a gateway's own configuration has none."""
    told = []
    for channel, count in match.values[:_SHOWN]:
        value = Text(bytearray(_VALUE_BYTES))
        value.put_decimal(count, channel["places"])
        shown = bytes(value.buffer[: value.at]).decode()
        words = [channel["name"], shown, channel.get("unit")]
        told.append(" ".join([word for word in words if word]))
    return ", ".join(told)
