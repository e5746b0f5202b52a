"""`_asyncio` in virtual time: the native one reads the machine's clock and sorts by it.

A queue is a list of tasks in the order of their time, first come first served.
"""

from backplane import bus
from micropython import const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)


class TaskQueue:
    def __init__(self):
        self._head = None

    def peek(self):
        return self._head

    def push(self, task, key=None):
        if key is None:
            key = bus.ms
        task.data = None
        task.ph_key = key
        before, after = None, self._head
        while after and (key - after.ph_key + _HALF & _MASK) >= _HALF:
            before, after = after, after.following
        task.following = after
        self._link(before, task)

    def _link(self, before, task):
        if before:
            before.following = task
        else:
            self._head = task

    def pop(self):
        task = self._head
        if not task:
            raise IndexError("empty heap")
        self._head = task.following
        task.following = None
        return task

    def remove(self, task):
        before, found = None, self._head
        while found is not task:
            before, found = found, found.following
        self._link(before, task.following)
        task.following = None


class Task:
    loop = None  # the globals of asyncio.core

    def __init__(self, coro, context=None):
        self.coro = coro
        self.data = None
        self.state = True  # None or False: done; a TaskQueue: those who wait for it
        self.ph_key = 0
        self.following = None
        if context is not None:
            Task.loop = context

    def __iter__(self):
        if not self.state:
            self.state = False  # somebody has taken notice of the end
        elif self.state is True:
            self.state = TaskQueue()
        elif type(self.state) is not TaskQueue:
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
