from limen.core.quantity import lookup, names


def test_a_quantity_has_a_unit_and_a_kind():
    assert lookup("power_active_total") == ("W", "gauge")
    assert lookup("energy_import") == ("kWh", "counter")
    assert lookup("power_factor_total") == ("", "gauge")
    assert lookup("temperature") == ("°C", "gauge")
    assert lookup("digital_input") == ("", "state")


def test_the_vocabulary_is_closed():
    assert lookup("power") is None
    assert lookup("") is None


def test_every_name_is_there_once_and_found():
    assert len(set(names())) == len(names())
    assert [name for name in names() if lookup(name)[1] not in ("gauge", "counter", "state")] == []
