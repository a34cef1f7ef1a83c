"""Commands, and the one place where rooms are wired together.

Each command is a thin function: read settings, build the parts, run, translate errors into exit
codes. Nothing here decides anything about a chain.
"""
