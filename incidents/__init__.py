"""From alerts and actions to cases that people work on.

A Faust app: its tables are backed by changelog topics, and its rate is low.
"""
