"""A meter and a board as the validator gets them, for tests of what a site file may say."""

METER = {
    "model": "Acme M1",
    "fc": 4,
    "max_registers": 80,
    "pause_ms": 5,
    "serial": {"baud": 9600, "parity": "even", "stop": 1},
    "default": ["voltage_l1"],
    "channel": [
        ["voltage_l1", 2, [0, "f32", "ABCD", 1, 1]],
        ["power_active_total", 0, [52, "f32", "ABCD", 1, 1]],
    ],
}
BOARDS = {
    "one-port": {
        "network": "wifi",
        "uart": [1],
        "output": [22],
        "input": [21],
        "port": [{"uart": 1, "tx": 22, "rx": 21, "de": None, "high": [16, 17]}],
    }
}
