"""What logs and calls mean: names and arguments from topics, data and input.

`Decoder` is the way in; `load_abis` reads the ABIs that manifests name.
"""

from ingest.decode.abi import Abi, load_abis, read_abi
from ingest.decode.decoder import Decoder
from ingest.decode.generated import Decoded

__all__ = ["Abi", "Decoded", "Decoder", "load_abis", "read_abi"]
