"""Sentences for what goes wrong with networks and brokers, from a file: they are worth more there
than on the heap.
"""

_SENTENCES = "/troubles.txt"


def sentence(trouble):
    """The sentence for it, whatever it has in brackets; the trouble itself where there is none."""
    kind = trouble.split("(")[0]
    try:
        with open(_SENTENCES) as file:
            for line in file:
                name, _, text = line.partition("|")
                if name == kind:
                    return text.strip()
    except (OSError, MemoryError):
        pass  # this is called when memory is short, too
    return trouble


def tell(where, trouble):
    """Say on the console what is wrong, and keep it for whoever comes to set the board up."""
    line = "%s: %s" % (where, sentence(trouble))
    print("limen: " + line)
    try:
        __import__("last_words").note(line)  # by its name, as it is no part of the package
    except MemoryError:
        pass  # this is called when memory is short, too
