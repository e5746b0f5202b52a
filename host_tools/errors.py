"""The error that people see: one sentence that says what is wrong, where, and what to do."""


class ToolError(Exception):
    """Ends a command with its sentence on stderr and `status` as exit status.

    Status 1: something failed; status 2: what was given is wrong, and nothing was written.
    """

    def __init__(self, sentence: str, status: int = 1):
        super().__init__(sentence)
        self.status = status
