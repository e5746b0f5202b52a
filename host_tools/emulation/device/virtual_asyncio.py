"""`_asyncio` in virtual time, and the loop that runs its tasks.

The native queue reads the machine's clock and sorts by it. Ours is a list of tasks in the order of
their time, first come first served. The loop does what that of `asyncio.core` does, and takes as
long; but it asks clock, queue and poll without functions between, as it is passed most often of
all. It takes the other's place when that module is ready.
"""

import sys

from backplane import bus
from micropython import const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)
_REST_US = const(205)  # of two passes of the loop, which look at the poll, the clock and the poll


class _Queue:
    def __init__(self):
        self.head = None

    def peek(self):
        return self.head

    def push(self, task, key=None):
        if key is None:
            key = bus.ms
        task.data = None
        task.ph_key = key
        after = self.head
        if after is None or (key - after.ph_key + _HALF & _MASK) < _HALF:
            task.following = after
            self.head = task
            return
        while after and (key - after.ph_key + _HALF & _MASK) >= _HALF:
            before = after
            after = before.following
        task.following = after
        before.following = task

    def pop(self):
        task = self.head
        if not task:
            raise IndexError("empty heap")
        self.head = task.following
        task.following = None
        return task

    def remove(self, task):
        if self.head is task:
            self.head = task.following
        else:
            before = self.head
            while before.following is not task:
                before = before.following
            before.following = task.following
        task.following = None


def TaskQueue():
    """The first queue: `asyncio.core` makes it when all else there is made."""
    core = sys.modules["asyncio.core"]
    core.TaskQueue = _Queue
    core.run_until_complete = _run_until_complete
    Task.loop = core.__dict__
    return _Queue()


class Task:
    loop = None  # the globals of asyncio.core

    def __init__(self, coro, context=None):
        self.coro = coro
        self.data = None
        self.state = True  # None or False: done; a queue: those who wait for it
        self.ph_key = 0
        self.following = None

    def __iter__(self):
        if not self.state:
            self.state = False  # somebody has taken notice of the end
        elif self.state is True:
            self.state = _Queue()
        elif type(self.state) is not _Queue:
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        waiting = Task.loop["cur_task"]
        self.state.push(waiting)
        waiting.data = self

    def done(self):
        return not self.state

    def cancel(self):
        if not self.state:
            return False
        if self is Task.loop["cur_task"]:
            raise RuntimeError("can't cancel self")
        while isinstance(self.data, Task):
            self = self.data
        queue = Task.loop["_task_queue"]
        if hasattr(self.data, "remove"):
            self.data.remove(self)
            queue.push(self)
        elif 0 < (self.ph_key - bus.ms & _MASK) < _HALF:
            queue.remove(self)
            queue.push(self)
        self.data = Task.loop["CancelledError"]
        return True


def _run_until_complete(main_task=None):
    core = Task.loop
    queue = core["_task_queue"]
    ends = (core["CancelledError"], Exception)
    while True:
        task = core["cur_task"] = _next_task(queue, core["_io_queue"])
        if not task:
            return None
        try:
            error = task.data
            if error:
                task.data = None
                task.coro.throw(error)
            else:
                task.coro.send(None)
        except ends as end:
            if task is not main_task:
                _finish(task, end, core)
                continue
            core["cur_task"] = None
            if isinstance(end, StopIteration):
                return end.value
            raise end


def _next_task(queue, io):
    """Let time pass until a task is to run; None if there will never be one."""
    poller = io.poller
    wait_ms = 1
    while wait_ms > 0:
        wait_ms = -1
        task = queue.head
        if task:
            wait_ms = (task.ph_key - bus.read_ms() + _HALF & _MASK) - _HALF
            if wait_ms < 0:
                wait_ms = 0
            elif wait_ms and poller.sees_nothing() and bus.skip(wait_ms * 1000 + _REST_US):
                break
        elif not io.map:
            return None
        found = poller.wait(wait_ms)
        if found:
            poller.found = found
            io.wait_io_event(0)
    task = queue.head
    queue.head = task.following
    task.following = None
    return task


def _finish(task, end, core):
    """Whoever waits for the task goes on; an error that nobody takes notice of is told."""
    queue = core["_task_queue"]
    if task.state:
        is_awaited = False
        if task.state is True:
            task.state = None
        elif callable(task.state):
            task.state(task, end)
            task.state = False
            is_awaited = True
        else:
            while task.state.peek():
                queue.push(task.state.pop())
                is_awaited = True
            task.state = False
        if not is_awaited and not isinstance(end, (core["CancelledError"], StopIteration)):
            queue.push(task)
        task.data = end
    elif task.state is None:
        task.data = end
        context = core["_exc_context"]
        context["exception"] = end
        context["future"] = task
        core["Loop"].call_exception_handler(context)
