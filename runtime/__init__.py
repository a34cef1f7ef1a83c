"""What every service stands on: broker port, consumer loop, checkpoints, dead letters, plug-ins,
settings, clock, metrics, logs, health.

The only room that touches Kafka. Rooms above it see the port in `runtime.broker`.
"""
