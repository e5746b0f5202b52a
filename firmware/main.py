"""Starts the gateway: configuration and secrets from flash, then the event loop, for ever."""

from limen.app import main

main()
