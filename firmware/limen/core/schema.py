"""Checks a table of settings against a table of fields, and finds every mistake, not the first.

A field is (read, example, default): `read` turns the value into what the program uses or raises
Mistake with a sentence; a field with an example must be there, one without takes its default.
What was wrong reads as None, so that the rest can still be checked; nothing else is raised.
"""

from limen.core.units import Mistake, ms_text, parse_ms

_SCHEMES = ("mqtt", "mqtts", "ssl", "tls", "tcp")
_ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def required(read, example):
    return read, example, None


def optional(read, default=None):
    return read, None, default


def loosely(settings, fields):
    """The fields, and whatever else is written: what that may be follows from what is wrong."""
    together = {key: optional(lambda value: value) for key in settings}
    together.update(fields)
    return together


class Spot:
    """A place in a document, as the keys and list indices that lead to it.

    All spots of a document report to one list of problems: (path, sentence).
    """

    def __init__(self, problems, path=()):
        self.problems = problems
        self.path = path

    def at(self, *keys):
        return Spot(self.problems, self.path + keys)

    def report(self, sentence):
        self.problems.append((self.path, sentence))

    def read(self, value, read):
        """What `read` makes of the value; None, and a problem, if it refuses."""
        try:
            return read(value)
        except Mistake as mistake:
            self.report(str(mistake))
            return None

    def read_table(self, table, fields):
        """{key: value} for every field; None if `table` is not a table at all."""
        if not isinstance(table, dict):
            self.report("must be a table of settings, not " + describe(table))
            return None
        meant = self._report_unknown(table, fields)
        values = {}
        for key in fields:
            read, example, default = fields[key]
            values[key] = self.at(key).read(table[key], read) if key in table else default
            if example and key not in table and key not in meant:
                self.at(key).report("is missing; write for example " + example)
        return values

    def _report_unknown(self, table, fields):
        """Report keys that no field has; return the keys that they were probably meant to be."""
        free = [name for name in fields if name not in table]
        unknown = [key for key in table if key not in fields]
        for key in unknown:
            self.at(key).report("unknown key" + suggestion(key, free))
        return [nearest(key, free) for key in unknown]


class Owners:
    """Who has what only one can have; a second claim is a problem."""

    def __init__(self):
        self._owners = {}

    def has(self, thing):
        return thing in self._owners

    def claim(self, thing, owner, spot, sentence):
        """Note the owner; `sentence` has a place for the one who came first."""
        if thing in self._owners:
            spot.report(sentence % self._owners[thing])
        else:
            self._owners[thing] = owner


def nothing_of(settings):
    """The compact form of a device or function that is wrong itself: others know its id only."""
    name = settings.get("id") if isinstance(settings, dict) else None
    return {"id": name if isinstance(name, str) else None, "channel": []}


def suggestion(word, names):
    """The end of a sentence about an unknown word: the nearest name, or all there are."""
    near = nearest(word, names)
    if near:
        return '; did you mean "%s"?' % near
    return "; known here: " + ", ".join(sorted(names)) if names else ""


def nearest(word, names):
    """The name that is fewest edits away from the word, if that is not too far; else None."""
    best, least = None, 1 + max(1, min(len(word), 32) // 3)
    for name in sorted(names):
        if abs(len(name) - len(word)) < least:
            distance = _edit_distance(word.lower(), name)
            if distance < least:
                best, least = name, distance
    return best


def _edit_distance(a, b):
    """Insertions, deletions, substitutions and swaps of neighbours that turn a into b."""
    before, row = None, list(range(len(b) + 1))
    for i in range(len(a)):
        last, row, older = row, [i + 1], before
        for j in range(len(b)):
            cost = min(last[j] + (a[i] != b[j]), last[j + 1] + 1, row[j] + 1)
            if older and j and a[i] == b[j - 1] and a[i - 1] == b[j]:
                cost = min(cost, older[j - 1] + 1)
            row.append(cost)
        before = last
    return row[-1]


def describe(value):
    """A value as a sentence names it."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -(10**18) < value < 10**18 else "so large a number"
    if isinstance(value, str):
        return '"%s"' % value if value else "an empty text"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or a fraction"


def text(value):
    if isinstance(value, str) and value.strip():
        return value
    raise Mistake('must be a text in "quotes", not ' + describe(value))


def boolean(value):
    if value is True or value is False:
        return value
    raise Mistake("must be true or false, not " + describe(value))


def table(value):
    if isinstance(value, dict):
        return value
    raise Mistake("must be a table of settings, not " + describe(value))


def entries(value):
    """A list with at least one entry, as [[double brackets]] make it."""
    if isinstance(value, list) and value:
        return value
    if isinstance(value, dict):
        raise Mistake("must be a list of entries; write [[ ]] around its name, not [ ]")
    raise Mistake("must be a list of entries, not " + ("empty" if value == [] else describe(value)))


def identifier(value):
    """A name that can stand in an MQTT topic."""
    name = text(value)
    if len(name) <= 32 and not [True for letter in name if letter not in _ID_CHARACTERS]:
        return name
    raise Mistake(
        '"%s" cannot be part of an MQTT topic; use up to 32 letters, digits, "-" and "_"' % name
    )


def host(value):
    """A host name or an IPv4 address."""
    name = text(value)
    _refuse_url(name, ())
    if [True for letter in name if letter in " \t\r\n/:?#@"]:
        raise Mistake('must be a host name such as "broker.local", not "%s"' % name)
    return name


def host_and_port(value, default):
    """[host, port] of "host" or "host:port"."""
    _refuse_url(text(value), _SCHEMES)
    name, colon, port = value.partition(":")
    if colon and not (0 < len(port) < 6 and _is_number(port) and 0 < int(port) < 65536):
        raise Mistake('"%s" does not end with a port of 1 to 65535' % value)
    return [host(name), int(port) if colon else default]


def _refuse_url(value, schemes):
    """Tell what of a URL to write; its port is that of what these schemes stand for."""
    scheme, found, rest = value.partition("://")
    if found:
        name = rest.rpartition("@")[2].partition("/")[0]
        name = name if scheme in schemes else name.partition(":")[0]
        raise Mistake('must be a host, not a URL; write "%s"' % (name or "broker.local"))


def _is_number(digits):
    return not [True for digit in digits if digit not in "0123456789"]


def whole(value):
    """A whole number; true is a number in CPython only."""
    if isinstance(value, int) and value is not True and value is not False:
        return value
    raise Mistake("must be a whole number, not " + describe(value))


def integer(low, high):
    def read(value):
        if low <= whole(value) <= high:
            return value
        raise Mistake("must be %d to %d, not %s" % (low, high, describe(value)))

    return read


def one_of(choices):
    def read(value):
        # True equals 1, in a list of choices too.
        if isinstance(value, type(choices[0])) and value is not True and value in choices:
            return value
        names = ", ".join([describe(choice) for choice in choices])
        raise Mistake("must be one of %s, not %s" % (names, describe(value)))

    return read


def duration_ms(low_ms, high_ms):
    def read(value):
        if not isinstance(value, str):
            raise Mistake('must be a duration such as "10s", not ' + describe(value))
        ms = parse_ms(value)
        if low_ms <= ms <= high_ms:
            return ms
        limits = (ms_text(low_ms), ms_text(high_ms), value.strip())
        raise Mistake("must be %s to %s, not %s" % limits)

    return read


def duration_s(low_s, high_s):
    in_ms = duration_ms(low_s * 1000, high_s * 1000)

    def read(value):
        ms = in_ms(value)
        if ms % 1000:
            raise Mistake("must be whole seconds, not " + describe(value))
        return ms // 1000

    return read
