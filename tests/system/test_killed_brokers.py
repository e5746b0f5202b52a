"""A short run of the campaign `make kills`: brokers die at random moments, nothing is lost."""

import asyncio

import pytest

import killed_brokers
from host_tools.emulation import brokers


def test_killed_brokers_lose_nothing_that_they_have_not_acknowledged(tmp_path):
    if not brokers.find_mosquitto():
        pytest.skip("Mosquitto is not installed")
    outcome = asyncio.run(killed_brokers.play(tmp_path, seconds=15, seed=5))
    assert outcome.kills >= 2
    assert outcome.connections >= 2
    assert len(outcome.acknowledged) > 30
    assert outcome.missing() == set()
