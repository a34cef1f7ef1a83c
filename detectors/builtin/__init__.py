"""The detectors that ship with Firebreak, one file each."""
