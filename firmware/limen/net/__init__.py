"""What brings bytes over a network, for whatever protocol."""
