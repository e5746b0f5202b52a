"""Restarts the chip. A module of its own, as few gateways ever need it."""

import machine


def restart(why=b"restart"):
    """As after power-on, but that the chip tells the causes apart; never returns. `why`, in the
    RTC's memory, tells `safe` that it was done on purpose."""
    machine.RTC().memory(why)
    machine.reset()
