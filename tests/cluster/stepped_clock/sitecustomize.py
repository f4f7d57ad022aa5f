"""For a process of which a test moves the wall clock, as NTP or a person does; the monotonic clock goes on.

Python imports this at the start of each process that has this folder in PYTHONPATH. The file that CLOCK_STEP names
holds the step in seconds.
"""

import datetime
import os
import time

_FILE = os.environ["CLOCK_STEP"]
_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime


def _step():
    with open(_FILE, encoding="ascii") as file:
        return int(file.read() or 0)


class _Kind(type):
    def __instancecheck__(cls, thing):
        return isinstance(thing, _datetime)


class _Stepped(_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_time() + _step(), tz)


time.time = lambda: _time() + _step()
time.time_ns = lambda: _time_ns() + _step() * 10**9
datetime.datetime = _Stepped
