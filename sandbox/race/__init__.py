"""Attacks that strike a recorded time after their contract was created, raced by the services."""
