"""Measures the firmware's filters and alarms on real recordings, beside their peers."""
