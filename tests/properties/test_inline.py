"""Random programs of small functions do the same, in the same order, when they are linked."""

import random
import types

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.linker.link import link

HEAD = """TOLD = []

def tell(number):
    TOLD.append(number)
    return number % 3

class Thing:
    def __init__(self):
        self.x = 1
"""
MAIN = """
def attempt(number):
    try:
        return run(Thing(), number)
    except Exception as error:
        return type(error).__name__

def main():
    results = [attempt(number) for number in range(4)]
    results += [attempt(-number) for number in range(2)]
    return results, TOLD
"""
SCRIPT = {"main.py": "from limen.app import main\n\nRESULT = main()\n"}


class Writer:
    """Writes functions and methods, each of which is called once, by the one before it."""

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.told = 0

    def program(self) -> str:
        count = self.chance.randint(2, 5)
        kinds = [self.chance.choice(("function", "method")) for _ in range(count)]
        functions, methods = "", ""
        for number, kind in enumerate(kinds):
            following = f"{kinds[number + 1]}_{number + 1}" if number + 1 < count else None
            text = self.function(f"{kind}_{number}", following)
            if kind == "method":
                methods += "".join(f"    {line}\n" for line in text.splitlines())
            else:
                functions += text
        first = f"{kinds[0]}_0"
        call = f"{first}(self, number, tell(0))"
        call = f"self.{first}(number, tell(0))" if kinds[0] == "method" else call
        start = f"def run(self, number):\n    found = {call}\n    return found, self.x\n\n"
        return HEAD + methods + "\n" + functions + start + MAIN

    def function(self, name: str, following: str | None) -> str:
        self.following = following
        lines = ["a = 1", "b = p"] if self.chance.random() < 0.7 else ["a = b = 0"]
        lines += self.block(self.chance.randint(2, 4), 0)
        if self.following:
            lines += self.call_statement()
        lines += self.chance.choice(([], ["return a"], ["return a + b"], ["return self.x"]))
        if self.chance.random() < 0.2 and not following:
            lines = [f"return {self.chance.choice(('p + q', 'q - p', 'self.x + p', 'p and q'))}"]
        return f"def {name}(self, p, q=2):\n" + "".join(f"    {line}\n" for line in lines)

    def block(self, size: int, depth: int) -> list[str]:
        lines = [line for _ in range(size) for line in self.statement(depth)]
        return lines or ["pass"]

    def statement(self, depth: int) -> list[str]:
        if self.following and self.chance.random() < 0.35:
            return self.call_statement()
        kind = self.chance.choice(
            ("set", "set", "if", "if", "return", "for", "try", "raise", "attribute", "parameter")
            if depth < 2
            else ("set", "attribute", "return", "parameter")
        )
        name = self.chance.choice("ab")
        if kind == "set":
            return [f"{name} = {self.expression()}"]
        if kind == "parameter":
            return [f"p = {self.expression()}"] if self.chance.random() < 0.3 else []
        if kind == "attribute":
            return [f"self.x = {self.expression()}"]
        if kind == "return":
            return [self.chance.choice(("return", f"return {self.expression()}"))]
        if kind == "raise":
            return [f"if {self.expression()} > 4:", "    raise ValueError(str(a))"]
        inner = [f"    {line}" for line in self.block(self.chance.randint(1, 2), depth + 1)]
        if kind == "for":
            return ["for b in range(2):", *inner]
        other = [f"    {line}" for line in self.block(1, depth + 1)]
        if kind == "try":
            return ["try:", *inner, "except ValueError:", *other]
        more = ["else:", *other] if self.chance.random() < 0.4 else []
        return [f"if {self.expression()}:", *inner, *more]

    def expression(self) -> str:
        self.told += 1
        parts = ("a", "b", "p", "q", "self.x", "3", f"tell({self.told})")
        one, two = self.chance.choice(parts), self.chance.choice(parts)
        return self.chance.choice((one, one, f"{one} + {two}", f"({one} and {two})"))

    def call_statement(self) -> list[str]:
        name, self.following = self.following, None
        arguments = [self.expression() for _ in range(self.chance.randint(1, 2))]
        if name.startswith("method"):
            call = f"self.{name}({', '.join(arguments)})"
        else:
            call = f"{name}({', '.join(['self', *arguments])})"
        return self.chance.choice(
            (
                [call],
                [f"a = {call}"],
                [f"p = {call}"],
                [f"self.x = {call} or 1"],
                [f"a = ({call} or 1) + b"],
                [f"a = b + ({call} or 1)"],
                [f"b = self.x + ({call} or 1)"],
                [f"return {call}"],
                [f"if {call}:", "    a = 5"],
                [f"while a < 2 and {call}:", "    a += 1"],
            )
        )


def result_of(text: str) -> object:
    space = {"__name__": "app"}
    exec(text, space)
    return space["main"]()


def linked_result(text: str) -> object:
    modules = link({"limen/__init__.py": "", "limen/app.py": text}, SCRIPT).modules
    limen = types.ModuleType("limen")
    exec(modules["limen"], limen.__dict__)
    (line,) = [one for one in modules["main"].splitlines() if "import" in one]
    main = line.split(" import ")[1].split(" as ")[0]
    return limen.__dict__[main]()


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_random_functions_do_the_same_in_the_same_order(chance):
    text = Writer(random.Random(chance.getrandbits(64))).program()
    assert linked_result(text) == result_of(text), text
