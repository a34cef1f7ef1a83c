"""Signers that keep the key away from the process that decides: a cloud's, and another process."""
