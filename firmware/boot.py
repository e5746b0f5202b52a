"""Runs first after every reset. Nothing is started here, so that a REPL stays reachable."""

import gc

# Collect before the heap is full: the chip's heap grows into memory that Wi-Fi and TLS need.
gc.threshold(16384)
