"""Simulated Confluence and Jira sites on loopback, for the demo and for tests."""
