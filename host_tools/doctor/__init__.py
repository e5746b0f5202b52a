"""The doctor: finds the devices on a line, examines them, and writes the site file."""
