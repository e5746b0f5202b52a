"""What is odd in a recording: each kind once, with its count and its first line."""

from dataclasses import dataclass


@dataclass
class Problem:
    """One kind of oddity: how many there are, the first of them, and whether rows were skipped."""

    kind: str
    line: int
    detail: str
    count: int = 1
    skipped: bool = True

    def __str__(self) -> str:
        more = f" (the first of {self.count} like it)" if self.count > 1 else ""
        return f"{self.line}: {self.detail}{'; skipped' * self.skipped}{more}"


class BadRow(Exception):
    """A row that cannot be used: its kind and what is wrong with it."""


class Problems(dict[str, Problem]):
    """Problems by their kind."""

    def note(self, line: int, kind: str, detail: str) -> None:
        """Of something that is odd, though no row is left out."""
        self.add(Problem(kind, line, detail, skipped=kind == "broken row"))

    def skip(self, line: int, kind: str, detail: str) -> None:
        """Of a row that is left out."""
        self.add(Problem(kind, line, detail))

    def add(self, problem: Problem) -> None:
        """The first line counts, in whatever order they come."""
        known = self.setdefault(problem.kind, problem)
        if known is not problem:
            known.count += 1
            if problem.line < known.line:
                known.line, known.detail = problem.line, problem.detail

    @property
    def skipped(self) -> int:
        return sum(problem.count for problem in self.values() if problem.skipped)
