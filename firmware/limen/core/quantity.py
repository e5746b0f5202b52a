"""The closed vocabulary: every quantity that a channel can measure, with its unit and kind.

Names follow IEC 61850 and DLMS where they have one, with `_l1`, `_l2`, `_l3`, `_n` and `_total` for
phases, neutral and sum. A *gauge* goes up and down, a *counter* only grows but for rollover and
reset, a *state* is one of few values. One name always has the same unit, whatever the device sends,
so that a host can compare meters of all makes. Only the validator loads this module.
"""

_TABLE = (
    (
        "V",
        "gauge",
        "voltage voltage_l1 voltage_l2 voltage_l3 voltage_l1_l2 voltage_l2_l3 voltage_l3_l1 "
        "voltage_ln_avg voltage_ll_avg voltage_dc voltage_input",
    ),
    (
        "A",
        "gauge",
        "current current_l1 current_l2 current_l3 current_n current_avg current_sum current_dc "
        "current_residual",
    ),
    (
        "W",
        "gauge",
        "power_active_l1 power_active_l2 power_active_l3 power_active_total power_import_l1 "
        "power_import_l2 power_import_l3 power_import_total power_export_l1 power_export_l2 "
        "power_export_l3 power_export_total power_dc power_active_demand power_active_demand_max "
        "power_active_demand_sliding power_active_demand_predicted",
    ),
    (
        "var",
        "gauge",
        "power_reactive_l1 power_reactive_l2 power_reactive_l3 power_reactive_total "
        "power_reactive_import_total power_reactive_export_total",
    ),
    (
        "VA",
        "gauge",
        "power_apparent_l1 power_apparent_l2 power_apparent_l3 power_apparent_total",
    ),
    ("", "gauge", "power_factor_l1 power_factor_l2 power_factor_l3 power_factor_total"),
    ("Hz", "gauge", "frequency"),
    ("°", "gauge", "phase_angle phase_angle_l1 phase_angle_l2 phase_angle_l3 phase_angle_total"),
    (
        "%",
        "gauge",
        "thd_voltage thd_voltage_l1 thd_voltage_l2 thd_voltage_l3 thd_current thd_current_l1 "
        "thd_current_l2 thd_current_l3 humidity level valve_position control_output",
    ),
    (
        "kWh",
        "counter",
        "energy_import energy_import_l1 energy_import_l2 energy_import_l3 energy_import_t1 "
        "energy_import_t2 energy_export energy_export_l1 energy_export_l2 energy_export_l3 "
        "energy_export_t1 energy_export_t2 energy_total",
    ),
    ("kWh", "counter", "energy_import_integrated"),
    ("kWh", "gauge", "energy_net"),
    (
        "kWh",
        "gauge",
        "energy_import_interval energy_import_l1_interval energy_import_l2_interval "
        "energy_import_l3_interval energy_export_interval energy_export_l1_interval "
        "energy_export_l2_interval energy_export_l3_interval energy_total_interval "
        "energy_import_integrated_interval",
    ),
    ("kvarh", "gauge", "energy_reactive_import_interval energy_reactive_export_interval"),
    ("kg", "gauge", "co2"),
    ("", "gauge", "cost"),
    ("kvarh", "counter", "energy_reactive_import energy_reactive_export energy_reactive_total"),
    ("kVAh", "counter", "energy_apparent energy_apparent_import"),
    # Heat meters count in GJ, MWh or kWh: all of them are whole numbers of kJ, but not of Wh.
    ("GJ", "counter", "energy_heat energy_cooling"),
    ("m³", "counter", "volume volume_gas volume_water"),
    ("h", "counter", "operating_time"),
    ("", "counter", "pulse_count"),
    (
        "",
        "counter",
        "power_failures power_failures_long voltage_sags_l1 voltage_sags_l2 voltage_sags_l3 "
        "voltage_swells_l1 voltage_swells_l2 voltage_swells_l3",
    ),
    ("°C", "gauge", "temperature temperature_setpoint temperature_cold_junction"),
    ("hPa", "gauge", "pressure_air"),
    ("bar", "gauge", "pressure"),
    ("m³/h", "gauge", "flow"),
    ("mA", "gauge", "current_loop"),
    ("mm/s", "gauge", "vibration_velocity"),
    (
        "m/s²",
        "gauge",
        "vibration_acceleration vibration_acceleration_peak vibration_acceleration_x "
        "vibration_acceleration_y vibration_acceleration_z acceleration_x acceleration_y "
        "acceleration_z vibration_order_1 vibration_order_2 vibration_order_3 vibration_order_4 "
        "vibration_order_5 vibration_order_6 vibration_order_7 vibration_order_8",
    ),
    ("", "gauge", "vibration_crest_factor vibration_kurtosis"),
    ("1/min", "gauge", "rotational_speed"),
    ("", "counter", "part_count reject_count"),
    ("s", "gauge", "cycle_time"),
    ("%", "gauge", "availability performance quality_ratio oee utilisation"),
    ("", "gauge", "process_mean process_deviation cp cpk"),
    ("", "state", "machine_state"),
    ("", "state", "digital_input digital_output operating_state tariff alarm vibration_zone"),
)


def lookup(name):
    """(unit, kind) of the quantity `name`; None when the vocabulary does not have it."""
    for unit, kind, quantities in _TABLE:
        if name in quantities.split():
            return unit, kind
    return None


def names():
    """All names, for a suggestion to whoever mistyped one."""
    return [name for _, _, quantities in _TABLE for name in quantities.split()]
