"""A module that never finishes being imported."""

import sys

if "detectors.strangers.inside" in sys.modules or sys.argv[0].endswith("inside.py"):
    while True:
        pass
