"""Evidence of one incident and what can be learned from it.

Whoever analyses asks the evidence, never the node: collecting runs the analysis once against a
node and keeps every byte that it answered, so that the same analysis runs again from those bytes
alone, with the same outcome.
"""
