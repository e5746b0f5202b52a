"""What only the start needs is deleted when it is over, and nothing that may run later."""

import ast
import sys
import types

import pytest

from host_tools.image import linked_firmware
from host_tools.linker.link import link

HEAD = """def forget_start():
    pass

def main():
    gateway = Gateway()
    forget_start()
    return gateway.run()

"""
MAIN = {"main.py": "from limen.app import main\n\nmain()\n"}
PACKAGES = {"limen/__init__.py": "", "limen/drivers/__init__.py": ""}


def forgotten(app: str, **others: str) -> str:
    """The module that deletes what is not needed after the start."""
    sources = PACKAGES | {"limen/app.py": HEAD + app}
    sources |= {f"limen/{name}.py": text for name, text in others.items()}
    return link(sources, MAIN).modules["forget_start"]


def count(app: str, **others: str) -> int:
    text = forgotten(app, **others)
    return deletions(text)


def deletions(text: str) -> int:
    return text.count(" = None") + text.count("    del _1.")


ALWAYS = 2  # main and the constructor of the gateway


def test_constructors_and_what_only_they_call_are_forgotten():
    app = """class Gateway:
    def __init__(self):
        self.number = self.first() + self.first() + helper(3) + helper(4)
    def first(self):
        return 1
    def run(self):
        return self.number

def helper(amount):
    return amount
"""
    assert count(app) == ALWAYS + 2


@pytest.mark.parametrize(
    "start",
    [
        "self.kept = self.later",
        "self.kept = later",
        "self.kept = lambda: self.later()",
        "self.kept = lambda: later()",
        "self.kept = (one for one in self.later())",
        "self.kept = self.wait(1)",
        "self.kept = getattr(self, 'later')",
        "setattr(self, 'kept', later)",
    ],
)
def test_what_the_start_takes_and_does_not_call_is_kept(start):
    app = f"""class Gateway:
    def __init__(self):
        {start}
    def later(self):
        return later()
    async def wait(self, amount):
        return self.later()
    def run(self):
        return self.kept

def later():
    return 1
"""
    text = forgotten(app)
    assert count(app) == ALWAYS, text


def test_what_runs_later_makes_is_kept():
    app = """class Gateway:
    def __init__(self):
        self.parts = [Part()]
    def run(self):
        return self.parts, Sub()

class Part:
    def __init__(self):
        self.number = 1

class Sub(Part):
    def __init__(self):
        super().__init__()
"""
    assert count(app) == ALWAYS


def test_private_names_of_other_files_are_other_names():
    app = """from limen.one import One

class Gateway:
    def __init__(self):
        self.one = One()
    def run(self):
        return self._begin(), self._begin()
    def _begin(self):
        return 1
"""
    one = """class One:
    def __init__(self):
        self._begin()
        self._begin()
    def _begin(self):
        pass
"""
    assert count(app, one=one) == ALWAYS + 2


LOADER = """def load(name):
    return module(name).Device or module(name).Bus

def module(name):
    return __import__("limen.drivers." + name, None, None, ("*",))
"""
DEVICE = """class Device:
    def __init__(self):
        self.number = tell() + tell()
    def read(self):
        return self.number

def tell():
    return 5
"""
DRIVERS = {"drivers/__init__": LOADER, "drivers/one": DEVICE}


def test_drivers_lose_their_constructors():
    app = """from limen import drivers

class Gateway:
    def __init__(self):
        self.devices = drivers.load("one")(), drivers.load("one")()
    def run(self):
        return self.devices[0].read()
"""
    text = forgotten(app, **DRIVERS)
    assert text.count("limen.drivers_one") == 1
    assert deletions(text) == ALWAYS + 4


def test_what_may_be_loaded_later_is_whole():
    app = """from limen import drivers

class Gateway:
    def __init__(self):
        self.device = drivers.load("one")()
    def run(self):
        return drivers.load("one")()
"""
    assert "limen.drivers_one" not in forgotten(app, **DRIVERS)


def test_a_script_that_is_loaded_by_its_name_reaches_what_it_names_and_nothing_else():
    app = """class Gateway:
    def __init__(self):
        self.first(), self.first(), self.second(), self.second()
    def first(self):
        pass
    def second(self):
        pass
    def run(self):
        __import__("light").shine(self)
"""
    sources = PACKAGES | {"limen/app.py": HEAD + app}
    scripts = MAIN | {"light.py": "def shine(gateway):\n    gateway.first()\n"}
    assert deletions(link(sources, scripts).modules["forget_start"]) == ALWAYS + 1


def test_the_module_deletes_and_is_gone(monkeypatch):
    app = """class Gateway:
    def __init__(self):
        self.number = 7
    def run(self):
        return self.number
"""
    modules = link(PACKAGES | {"limen/app.py": HEAD + app}, MAIN).modules
    for name in ("limen", "forget_start"):
        module = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(modules[name], module.__dict__)
    kept = [type(value).__name__ for value in vars(sys.modules["limen"]).values()]
    (gateway,) = [v for v in vars(sys.modules["limen"]).values() if isinstance(v, type)]
    assert kept.count("function") == 1  # the one that ends the start
    assert gateway.__init__ is None
    assert "forget_start" not in sys.modules


def test_the_firmware_forgets_its_start():
    modules = linked_firmware().modules
    devices, rest = modules["forget_devices"], modules["forget_start"]
    assert devices.count(" = None") > 40 and rest.count(" = None") > 5
    loaded = [s for s in ast.parse(devices).body if isinstance(s, ast.If)]
    assert len(loaded) > 20
    assert not {line for line in devices.splitlines() if "    _1." in line} & {
        line for line in rest.splitlines() if "    _1.limen" in line
    }


def test_without_a_mark_nothing_is_forgotten():
    sources = {"limen/__init__.py": "", "limen/app.py": "def main():\n    return 1\n"}
    assert list(link(sources, MAIN).modules) == ["limen", "main"]


def test_a_name_that_is_made_at_run_time_may_be_any():
    app = """class Gateway:
    def __init__(self):
        self.first()
        self._second()
        self._second()
    def first(self):
        pass
    def _second(self):
        pass
    def run(self):
        return getattr(self, self.name)()
"""
    assert count(app) == ALWAYS + 1
