"""Reads what a person pastes as the address of a site: completes it, removes pages, and suggests repairs. Pure."""
