"""History beyond what the topics keep: every record, in Parquet, for years.

    ROOT/data/topic=alerts-v1/day=2026-01-31/chain=eip155%3A1/00002-<first offset>-<token>.parquet
    ROOT/register/alerts-v1/00002/<first offset>.json

`filing` decides where a record belongs, `columns` how it lies in a file, `register` which files
count, `keeper` takes records from the topics, `merging` makes few files of many, `history` hands
them out again as a broker would, `query` answers SQL about them.

What is guaranteed: of each (topic, partition, offset) that was read there is exactly one copy,
byte for byte, whoever is killed when; late records and unreadable ones included.
"""
