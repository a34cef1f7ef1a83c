"""Operators' words between brokers that have nothing in common: out by HTTP, and in."""
