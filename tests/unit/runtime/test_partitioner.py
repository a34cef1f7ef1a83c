"""Keys go where every Kafka client puts them."""

import pytest

from runtime.partitioner import partition_of


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_digests_are_those_of_apache_kafka(key: bytes, digest: int) -> None:
    for partitions in (1, 3, 16, 1000):
        assert partition_of(key, partitions) == (digest & 0x7FFFFFFF) % partitions
