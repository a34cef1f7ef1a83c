"""From a chain to the log: read nodes and recorded files, follow the head, decode, publish.

Sources bring everything to one raw form (`ingest.raw`); normalising and decoding never know which
source it was.
"""
