"""Rows of parquet files."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # the package carries no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the package carries no types

from schemas.errors import PoisonRecordError

MAGIC = b"PAR1"
MAX_ROWS = 5_000_000
MAX_UNPACKED_BYTES = 1024**3
_BATCH = 4_096


def parquet_rows(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the rows; raises `PoisonRecordError` when the file is damaged or too large."""
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        described = file.metadata
        groups = [described.row_group(index) for index in range(described.num_row_groups)]
        unpacked = sum(group.total_byte_size for group in groups)
        if described.num_rows > MAX_ROWS or unpacked > MAX_UNPACKED_BYTES:
            raise PoisonRecordError(
                f"{described.num_rows:,} rows of {unpacked:,} bytes, the limit is {MAX_ROWS:,} of "
                f"{MAX_UNPACKED_BYTES:,}: split the file"
            )
        for batch in file.iter_batches(batch_size=_BATCH):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise PoisonRecordError(f"damaged parquet: {error}") from error
