"""Protocols, pools and tokens as one graph: how far a loss spreads, and where to cut it."""
