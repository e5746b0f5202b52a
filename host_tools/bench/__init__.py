"""How fast the gateway is and what it takes: a section in each module; `command` lists them."""
