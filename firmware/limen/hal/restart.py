"""Restarts the chip. A module of its own, as few gateways ever need it."""

import machine


def restart():
    """As after power-on, but that the chip tells the causes apart; never returns."""
    machine.reset()
