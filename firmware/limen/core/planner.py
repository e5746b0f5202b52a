"""Builds the requests that read given registers with the least time on the line.

Reading a gap costs the bytes of its registers, a new request a fixed overhead: which is cheaper,
and where the longest request forces a cut, dynamic programming decides exactly. It is enough to
cut the registers in order of their addresses: where a request reaches beyond the next one's end,
the next one is not needed at all.
"""


def plan(registers, longest, overhead_bytes, cuts=(), bits=16):
    """Return the cheapest requests as a list of (start, count, first, end).

    `registers` are (address, words), sorted; a request covers registers[first:end]. It reads at
    most `longest` registers of `bits` bits, does not begin before a cut and end behind it, and
    costs `overhead_bytes` and the bytes of the registers. A cut is the address of a register that
    must be the first of its request, if it is in any; where it lies within an item, because a value
    and its exponent have others between them, that item is read alone. No item may itself be longer
    than `longest`.
    """
    best = [(0, None)]  # for the first n registers: cost, and the request that ends there
    for end in range(1, len(registers) + 1):
        choice = None
        stop = 0
        for first in range(end - 1, -1, -1):
            start, words = registers[first]
            stop = max(stop, start + words)
            is_alone = first + 1 == end
            is_cut = not is_alone and any(start < cut < stop for cut in cuts)
            if is_cut or stop - start > longest:
                break
            cost = best[first][0] + overhead_bytes + ((stop - start) * bits + 7) // 8
            if choice is None or cost <= choice[0]:
                choice = (cost, (start, stop - start, first, end))
        best.append(choice)
    return _requests(best)


def _requests(best):
    requests = []
    end = len(best) - 1
    while end:
        request = best[end][1]
        requests.insert(0, request)
        end = request[2]
    return requests
