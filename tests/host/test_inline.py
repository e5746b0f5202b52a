"""Functions that are called once move to their call; what could become another thing stays."""

import ast

import pytest

from host_tools.linker.bundles import bundles
from host_tools.linker.code import Code
from host_tools.linker.inline import inline_calls
from host_tools.linker.resolve import Program


def moved(source: str, **others: str) -> str:
    """What a module is after that: parameters are $0, $1 …, methods have a dot before them."""
    sources = {"limen/__init__.py": "", "limen/app.py": source}
    sources |= {f"limen/{name}.py": text for name, text in others.items()}
    program = Program(sources)
    code = [Code(program, bundle) for bundle in bundles(program)]
    inline_calls(program, code, kept="")
    texts = [ast.unparse(statement) for statement in code[0].statements]
    return "\n".join(texts).replace("limen.app:", "").replace("\n\n", "\n")


CALLER = """def caller(a, b):
    {call}
    return b

{function}
"""

SHAPES = {
    "a statement": (
        "f(a, 3)",
        "def f(x, y):\n    if x:\n        print(x, y)",
        "    if $0:\n        print($0, 3)\n    return $1",
    ),
    "a statement with returns": (
        "f(a)",
        "def f(x):\n    if x:\n        return 1\n    print(x)",
        "    if $0:\n        pass\n    else:\n        print($0)\n    return $1",
    ),
    "an assignment": (
        "b = f(a)",
        "def f(x):\n    if x > 3:\n        return x - 1\n    x += 2\n    return x",
        "    argument_0 = $0\n    if argument_0 > 3:\n        $1 = argument_0 - 1\n"
        "    else:\n        argument_0 += 2\n        $1 = argument_0\n    return $1",
    ),
    "an assignment of one result": (
        "self_x = f(a.b)",
        "def f(x):\n    y = x + 1\n    return y * x",
        "    argument_0 = $0.b\n    y = argument_0 + 1\n    self_x = y * argument_0\n    return $1",
    ),
    "results of two branches": (
        "a.x = f(a)",
        "def f(x):\n    if x:\n        return 1\n"
        "    elif x is None:\n        return 2\n    return 3",
        "    if $0:\n        result = 1\n    elif $0 is None:\n        result = 2\n"
        "    else:\n        result = 3\n    $0.x = result\n    return $1",
    ),
    "no result": (
        "b = f(a)",
        "def f(x):\n    if x:\n        x.y()\n        return 4",
        "    if $0:\n        $0.y()\n        $1 = 4\n    else:\n        $1 = None\n    return $1",
    ),
    "a return": (
        "return f(a)",
        "def f(x):\n    for y in x:\n        if y:\n            return y",
        "    for y in $0:\n        if y:\n            return y\n    return\n    return $1",
    ),
    "a search": (
        "b = f(a)",
        "def f(x):\n    for y in x:\n        if y:\n            return y\n    return 7",
        "    for y in $0:\n        if y:\n            $1 = y\n            break\n"
        "    else:\n        $1 = 7\n    return $1",
    ),
    "what branches cannot say": (
        "b = f(a)",
        "def f(x):\n    if x:\n        if x.y:\n            return 1\n        x.z()\n    return 2",
        "    while True:\n        if $0:\n            if $0.y:\n                $1 = 1\n"
        "                break\n            $0.z()\n        $1 = 2\n        break\n    return $1",
    ),
    "a condition": (
        "if f(a) and b: print(b)",
        "def f(x):\n    y = x.z\n    return y > 2",
        "    y = $0.z\n    if y > 2 and $1:\n        print($1)\n    return $1",
    ),
    "an expression in another one": (
        "b = b.x + f(a, 2)",
        "def f(x, y):\n    return max(x, y)",
        "    $1 = $1.x + max($0, 2)\n    return $1",
    ),
    "arguments in their order": (
        "b = a.z, f(a.x, a.y)",
        "def f(x, y):\n    return x * y",
        "    $1 = ($0.z, $0.x * $0.y)\n    return $1",
    ),
    "a try at the end": (
        "b = f(a)",
        "def f(x):\n    try:\n        return x()\n    except OSError as e:\n        return e",
        "    try:\n        $1 = $0()\n    except OSError as e:\n        $1 = e\n    return $1",
    ),
    "locals that the caller has too": (
        "y = 3; f(a); b += y",
        "def f(x):\n    y = x.z\n    y.w(y)",
        "    y = 3\n    y_1 = $0.z\n    y_1.w(y_1)\n    $1 += y\n    return $1",
    ),
    "defaults and named arguments": (
        "f(y=a)",
        "def f(x=3, y=4):\n    print(x, y)",
        "    print(3, $0)\n    return $1",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    call, function, body = SHAPES[name]
    text = moved(CALLER.format(call=call, function=function))
    assert text == f"def caller($0, $1):\n{body}"


REFUSED = {
    "a call after something else": ("b = a.x + f(a)", "def f(x):\n    x.x = 1\n    return 2"),
    "a call that may not run": ("b = a and f(a)", "def f(x):\n    x.y()\n    return 2"),
    "a call in a loop's condition": ("while f(a): pass", "def f(x):\n    x.y()\n    return 2"),
    "arguments in another order": ("b = a.z, f(a.x, a.y)", "def f(x, y):\n    return y * x"),
    "an argument that may not be used": ("b = a.z, f(a.x)", "def f(x):\n    return a and x"),
    "a generator": ("b = f(a)", "def f(x):\n    yield x"),
    "a closure": ("b = f(a)", "def f(x):\n    return lambda: x"),
    "a late generator": ("b = f(a)", "def f(x):\n    y = 1\n    return (y for z in x)"),
    "a return in a loop in a loop": (
        "b = f(a)",
        "def f(x):\n    for y in x:\n        for z in y:\n            return z",
    ),
    "a finally": (
        "b = f(a)",
        "def f(x):\n    try:\n        return x()\n    finally:\n        x.y()",
    ),
    "many arguments": ("f(*a)", "def f(x, y):\n    print(x)"),
    "a coroutine that is no wait": ("b = f(a)", "async def f(x):\n    print(x)"),
    "a built-in name that is a local": (
        "len = 3; f(a); b += len",
        "def f(x):\n    print(x)\n    print(len(x))",
    ),
    "a function that is called twice": ("f(a); f(b)", "def f(x):\n    print(x)"),
    "a function that is a value, too": ("f(a); b = f", "def f(x):\n    print(x)"),
    "itself": ("pass", "def f(x):\n    if x:\n        f(x - 1)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_left_alone(name):
    call, function = REFUSED[name]
    assert "def f(" in moved(CALLER.format(call=call, function=function))


def test_coroutines_move_where_they_are_awaited():
    source = """async def caller(a):
    b = await f(a.x)
    return b

async def f(x):
    if x:
        await x.wait()
        return 1
    return 2
"""
    assert moved(source) == (
        "async def caller($0):\n    argument_0 = $0.x\n    if argument_0:\n"
        "        await argument_0.wait()\n        b = 1\n    else:\n        b = 2\n    return b"
    )


def test_methods_of_a_class_and_of_its_subclass():
    source = """class Base:
    def _begin(self, x):
        self.at = x

class Sub(Base):
    def read(self):
        self._begin(3)

class Other:
    def _begin(self):
        print(1)
    def read(self):
        self._begin()
        self._begin()
"""
    text = moved(source)
    assert "    def .read(self):\n        self.at = 3" in text
    assert text.count("_begin") == 3


def test_a_method_that_a_subclass_has_too_stays():
    source = """class Base:
    def read(self):
        self._begin()
    def _begin(self):
        print(1)

class Sub(Base):
    def _begin(self):
        print(2)
"""
    assert moved(source).count("_begin") == 3


def test_methods_of_other_objects_move_if_nothing_else_has_the_name():
    source = """class Part:
    def only_here(self, x):
        self.x = x
    def write(self, x):
        self.x = x

class Whole:
    def step(self):
        self.part.only_here(1)
        self.part.write(2)
"""
    text = moved(source)
    assert "        this = self.part\n        this.x = 1\n        self.part.write(2)" in text
    same = source + "\nclass Third:\n    def only_here(self, x):\n        pass\n"
    assert "self.part.only_here(1)" in moved(same)


def test_what_a_text_names_stays():
    source = """class Part:
    def only_here(self):
        self.x = 1

def f(part):
    part.only_here()
    return getattr(part, "only_here")
"""
    assert "only_here()" in moved(source)


def test_functions_in_functions_that_move_move_too():
    source = """def top(a):
    middle(a)

def middle(a):
    x = 1
    bottom(a, x)

def bottom(a, b):
    x = a + b
    print(x)
"""
    assert moved(source) == "def top($0):\n    x = 1\n    x_1 = $0 + x\n    print(x_1)"


def test_private_names_keep_the_file_that_they_are_of():
    source = "from limen.one import One\n\ndef top(one):\n    one.only_here()\n    one._x = 1\n"
    one = "class One:\n    def only_here(self):\n        self._x = 2\n"
    program = Program({"limen/__init__.py": "", "limen/app.py": source, "limen/one.py": one})
    code = [Code(program, bundle) for bundle in bundles(program)]
    inline_calls(program, code, kept="")
    (top,) = [s for s in code[0].statements if isinstance(s, ast.FunctionDef)]
    stores = [n for n in ast.walk(top) if isinstance(n, ast.Attribute)]
    assert sorted(node.origin for node in stores) == ["limen/app.py", "limen/one.py"]
