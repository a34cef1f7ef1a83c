"""The demo: a real chain, a real Kafka, every service as its own process, and an attack.

`stage` sets everything up, `play` lets it happen, `watch` follows what the services say, `screen`
shows it, `verdict` asks the chain how it ended.
"""
