"""What travels between services: topics, records, ids, units, codec, manifests.

The lowest room: everything may import it, it imports no other. To add a record, write its class,
name it in `schemas.topics`, give it an example, run `python -m schemas.published`.
"""
