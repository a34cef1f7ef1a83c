"""The same scoring of the same topic, in the loop of each library; every module is a process.

    python -m bench.loops.NAME BOOTSTRAP NAMESPACE KIND COUNT RUN

reads COUNT records from the beginning, scores each, writes the alerts, prints what it took.
"""
