import asyncio
import os

from fake_stream import Time, run, settle

from limen.service import store as module
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


class PowerCut(Exception):
    pass


class Power:
    """Takes the place of `os` and `open` in the store; fails at the change number `cut`."""

    def __init__(self, cut):
        self.cut = cut

    def change(self):
        self.cut -= 1
        if self.cut < 0:
            raise PowerCut()

    def rename(self, path, to):
        self.change()
        os.rename(path, to)

    def open(self, path, mode):
        return Written(self, open(path, mode))


class Written:
    """A file of which a part has come to flash when the power fails."""

    def __init__(self, power, file):
        self.power = power
        self.file = file

    def __enter__(self):
        self.power.change()
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.power.change()
        self.file.write(data[len(data) // 2 :])


def save_until(store, cut):
    """Whether a save came to its end although the power was to fail at a change."""
    power = Power(cut)
    module.open, module.os = power.open, power
    try:
        store.save()
    except PowerCut:
        return False
    finally:
        del module.open
        module.os = os
    return True


def test_power_that_fails_within_a_save_leaves_the_old_values_or_the_new():
    cut = 0
    is_saved = False
    while not is_saved:
        store = fresh()
        store.set("boot", 1)
        store.save()
        store.set("boot", 2)
        store.set("total", 500)
        is_saved = save_until(store, cut)
        again = Store(PATH)
        assert not again.corrupt, cut
        assert again.values == ({"boot": 2, "total": 500} if is_saved else {"boot": 1}), cut
        cut += 1
    assert cut > 5


def test_changes_are_gathered_for_half_a_minute():
    class Pulse:
        promises = []
        beat = promises.append

    async def scene():
        time = module.asyncio = Time()
        store = fresh()
        task = asyncio.create_task(store.run(Pulse))
        await settle()
        for n in range(1, 4):
            for value in range(5):
                store.set("total", 10 * n + value)
                await time.pass_ms(5999)
                assert store.writes == n - 1
            await time.pass_ms(5)
            assert (store.writes, Store(PATH).get("total")) == (n, 10 * n + 4)
        assert Pulse.promises == [60] * 4
        task.cancel()

    try:
        run(scene())
    finally:
        module.asyncio = asyncio
