"""Everything Firebreak needs on one machine, for the demo, the tests and a first look.

Fetches and runs a real Apache Kafka and a real EVM node, deploys real contracts, plays benign users
and attackers. Never part of a production deployment.
"""
