"""From transactions to alerts: plug-in API, host, calibration, conformance suite.

The host owns order, the plug-in owns mathematics. Built-in detectors live in `detectors.builtin`,
one file each, and have no privileges over a stranger's.
"""
