"""Links the firmware for the chip, where code is heap.

`link` tells the order: `resolve` finds what every name stands for, `bundles` what is always loaded
together, `code` what is used at all; `inline` and `start_only` make less of it, and
`attribute_names` with `stock_names` shorten what is left.
"""
