"""Simulation with faults: a gateway's whole world in one seeded schedule, in virtual time.

A seed makes a *schedule* of faults (`schedule`), each of a *kind* (`kinds`); a *trial* plays it
(`trial`) and checks all along what must always hold (`invariants`). A schedule that breaks one is
shrunk to the fewest faults that still do (`shrink`) and printed as the command that shows it again.
"""
