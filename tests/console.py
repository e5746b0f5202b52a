"""What a gateway says on its console."""


def troubles(lines):
    """All but that it is online, which is no trouble."""
    return [line for line in lines if not line.startswith("limen: online at ")]
