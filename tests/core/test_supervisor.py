"""What keeps the tasks going, and when memory is too short for them."""

from fake_stream import Time, run, settle

from limen.service import supervisor as module

PERIOD_MS = 8000


class Chip:
    """The clock and the watchdog."""

    s = 0
    fed = 0

    def tick(self):
        self.s += PERIOD_MS // 1000

    def feed(self):
        self.fed += 1


class Link:
    heard_s = 0


def supervise(error, unproven, periods=3):
    """(what was reported, what ended the run) with a task that fails by an error."""
    chip, told, ended = Chip(), [], []
    kept = module.asyncio
    time = module.asyncio = Time()
    supervisor = module.Supervisor(chip, chip, lambda *what: told.append(what), lambda: None)
    supervisor.unproven = unproven

    async def failing(pulse):
        raise error

    async def whole():
        try:
            await supervisor.run()
        except Exception as end:
            ended.append(end)

    async def play():
        supervisor.start("time", failing)
        task = time.create_task(whole())
        for _ in range(periods):
            await settle()
            await time.pass_ms(PERIOD_MS)
        task.cancel()

    try:
        run(play())
    finally:
        module.asyncio = kept
    return told, ended


def test_a_task_that_fails_is_told_and_started_again():
    error = ValueError("no")
    told, ended = supervise(error, Link())
    assert told[:2] == [("time", error)] * 2
    assert ended == []


def test_memory_that_is_too_short_ends_a_run_under_a_configuration_that_is_not_proven():
    error = MemoryError()
    told, ended = supervise(error, Link())
    assert told[0] == ("time", error)
    assert ended == [error]


def test_under_a_proven_one_the_task_is_started_again():
    told, ended = supervise(MemoryError(), None)
    assert len(told) > 1
    assert ended == []
