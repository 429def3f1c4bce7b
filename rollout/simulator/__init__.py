"""Simulated Confluence sites on loopback: the demo fleet, and what the probes are tested against."""
