"""Waking people: who is told what, once, until someone says they have it; and who watches us."""
