from limen.core.sunspec import BASES, Search


def words(*registers):
    return b"".join([bytes((word >> 8, word & 0xFF)) for word in registers])


SUNS = (0x5375, 0x6E53)


def searched(device, models):
    """(address found, [(address, count) asked]) on a device as {address: register}."""
    search = Search(models)
    asked = []
    while search.count:
        asked.append((search.address, search.count))
        run = range(search.address, search.address + search.count)
        if [True for address in run if address not in device]:
            search.refuse()
        else:
            search.take(b"??" + words(*[device[address] for address in run]), 2)
    return search.found, asked


def device(base, *models):
    """A chain of models (id, length); their registers hold 7."""
    registers = list(SUNS)
    for model, length in models:
        registers += [model, length] + [7] * length
    registers += [0xFFFF, 0]
    return {base + index: word for index, word in enumerate(registers)}


def test_a_model_behind_the_common_one():
    found, asked = searched(device(40000, (1, 66), (103, 50)), (101, 102, 103))
    assert found == 40000 + 2 + 2 + 66
    assert asked == [(40000, 4), (40070, 2)]


def test_the_common_model_comes_first():
    assert searched(device(50000, (1, 65), (203, 105)), (1,)) == (50002, [(40000, 4), (50000, 4)])


def test_the_other_places_are_tried():
    assert BASES == (40000, 50000, 0)
    assert searched(device(0, (1, 66), (201, 105)), (201,))[0] == 70
    other = dict(device(0, (1, 66), (201, 105)))
    other.update({address: 0 for address in range(40000, 40004)})
    assert searched(other, (201,))[0] == 70


def test_no_such_model():
    found, asked = searched(device(40000, (1, 66), (103, 50), (120, 26)), (203,))
    assert found is None
    assert asked == [(40000, 4), (40070, 2), (40122, 2), (40150, 2)]


def test_no_sunspec_device():
    assert searched({}, (103,)) == (None, [(40000, 4), (50000, 4), (0, 4)])


def test_a_broken_chain_ends():
    registers = device(40000, (1, 66))
    del registers[40071]
    assert searched(registers, (103,))[0] is None
    registers = device(40000, (1, 66))
    registers[40003] = 0xFFFF  # a length that leads beyond the last register
    assert searched(registers, (103,)) == (None, [(40000, 4)])
    endless = {address: 0 for address in range(40000, 65536)}
    endless.update({40000: SUNS[0], 40001: SUNS[1]})
    found, asked = searched(endless, (103,))
    assert (found, len(asked)) == (None, 64)
