"""From alerts to brakes: policy, halt rule, guard, journal, signer, adapters.

What decides is pure; what acts writes its intent to the journal first. Brake authority only, and
disarmed until somebody arms it.
"""
