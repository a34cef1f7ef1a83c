"""From alerts and actions to cases that people work on: a Faust app with changelog-backed tables."""
