import os

from limen.service.store import Store

PATH = "build/test-state.json"


def fresh():
    for ending in ("", ".new", ".bad"):
        try:
            os.remove(PATH + ending)
        except OSError:
            pass
    try:
        os.mkdir("build")
    except OSError:
        pass
    return Store(PATH)


def text_of(path):
    with open(path, "rb") as file:
        return file.read()


def test_values_come_back_after_a_restart():
    store = fresh()
    store.set("inc", "9f03a1c4")
    store.set("total", -12345678901)
    store.save()
    again = Store(PATH)
    assert again.get("inc") == "9f03a1c4"
    assert again.get("total") == -12345678901
    assert again.get("absent", 7) == 7


def test_nothing_is_written_when_nothing_changed():
    store = fresh()
    store.set("boot", 1)
    store.save()
    store.set("boot", 1)
    store.save()
    assert store.writes == 1


def test_every_damaged_file_is_found_and_set_aside():
    store = fresh()
    store.set("boot", 41)
    store.save()
    whole = text_of(PATH)
    for length in range(len(whole)):
        with open(PATH, "wb") as file:
            file.write(whole[:length])
        damaged = Store(PATH)
        assert damaged.corrupt
        assert damaged.get("boot") is None
        assert text_of(PATH + ".bad") == whole[:length]
    flipped = bytearray(whole)
    flipped[3] ^= 1
    with open(PATH, "wb") as file:
        file.write(flipped)
    assert Store(PATH).corrupt


def test_a_flash_that_refuses_is_counted_and_tried_again():
    fresh()
    store = Store("build/no-such-folder/state.json")
    store.set("boot", 1)
    store.save()
    assert (store.writes, store.failures) == (0, 1)
    store.save()
    assert store.failures == 2
