"""A transaction service for Safes that speaks the real one's format, on a port of its own.

No public service is reachable from tests. This one holds to what the real one checks
(`safe-global/safe-transaction-service`, `history/serializers.py`): addresses with their checksum,
the hash as the Safe itself computes it, a sender who is an owner or a delegate and whose signature
it is, a nonce that was not used. What it keeps it shows as the real one does.
"""

from typing import Any

from eth_account import Account as Signing
from eth_typing import Hash32
from eth_utils.address import is_checksum_address, to_checksum_address
from hexbytes import HexBytes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.evm import Account, Contract
from tests.integration.recovery.village import Village

_TERMS = (
    "to", "value", "data", "operation", "safeTxGas", "baseGas", "gasPrice", "gasToken",
    "refundReceiver", "nonce",
)  # fmt: skip
_ADDRESSES = ("to", "sender", "gasToken", "refundReceiver")


class SafeTransactions:
    """The service of one Safe of a village."""

    def __init__(self, village: Village, delegates: tuple[Account, ...] = ()) -> None:
        self.village, self.safe = village, village.safe
        self.delegates = {one.address for one in delegates}
        self.kept: dict[str, dict[str, Any]] = {}
        self.failures: list[int] = []
        """Statuses of the next answers, instead of what they would be."""
        self.tampered = False
        self.app = Starlette(
            routes=[
                Route("/api/v2/safes/{safe}/multisig-transactions/", self.queue, methods=["GET"]),
                Route("/api/v2/safes/{safe}/multisig-transactions/", self.take, methods=["POST"]),
                Route("/api/v2/multisig-transactions/{digest}/", self.show),
                Route(
                    "/api/v1/multisig-transactions/{digest}/confirmations/",
                    self.confirm,
                    methods=["POST"],
                ),
            ]
        )

    def read(self, name: str, *arguments: Any) -> Any:
        """Ask the Safe itself."""
        return self.village.chain.read(self.safe, name, *arguments)[0]

    async def take(self, request: Request) -> Response:
        if self.failures:
            return JSONResponse({"detail": "busy"}, self.failures.pop(0))
        body = await request.json()
        if wrong := [name for name in _ADDRESSES if not is_checksum_address(body[name])]:
            told = {name: ["Checksum address validation failed"] for name in wrong}
            return JSONResponse(told, 422)
        if objection := self._objection(body, request.path_params["safe"]):
            return JSONResponse({"nonFieldErrors": [objection]}, 422)
        digest = body["contractTransactionHash"]
        self.kept.setdefault(digest, body | {"confirmations": {}})
        signer = self._signer(digest, body["signature"])
        if signer in self.read("getOwners"):
            self.kept[digest]["confirmations"][signer] = body["signature"]
        return Response(status_code=201)

    def _objection(self, body: dict[str, Any], safe: str) -> str:
        if safe != to_checksum_address(self.safe.address):
            return f"Safe={safe} does not exist or it's still not indexed"
        terms = [body[name] for name in _TERMS]
        terms[1], terms[2] = int(terms[1]), bytes.fromhex(terms[2][2:])
        digest = "0x" + bytes(self.read("getTransactionHash", *terms)).hex()
        if digest != body["contractTransactionHash"]:
            return f"Contract-transaction-hash={digest} does not match provided"
        if body["nonce"] < self.read("nonce"):
            return f"Tx with nonce={body['nonce']} for safe={safe} already executed"
        sender = body["sender"].lower()
        if sender not in {*self.read("getOwners"), *self.delegates}:
            return f"Sender={sender} is not an owner or delegate"
        if self._signer(digest, body["signature"]) != sender:
            return f"Signature does not match sender={sender}"
        return "" if len(body["origin"]) <= 200 else "origin is too long"

    @staticmethod
    def _signer(digest: str, signature: str) -> str:
        found = Signing._recover_hash(HexBytes(digest), signature=HexBytes(signature))
        return str(found).lower()

    async def queue(self, request: Request) -> Response:
        least = int(request.query_params["nonce__gte"])
        rows = sorted(
            (self._row(digest) for digest, one in self.kept.items() if one["nonce"] >= least),
            key=lambda row: int(row["nonce"]),
        )
        return JSONResponse({"count": len(rows), "next": None, "previous": None, "results": rows})

    async def show(self, request: Request) -> Response:
        digest = request.path_params["digest"]
        if digest not in self.kept:
            return JSONResponse({"detail": "No MultisigTransaction matches"}, 404)
        return JSONResponse(self._row(digest) | ({"data": "0x"} if self.tampered else {}))

    def _row(self, digest: str) -> dict[str, Any]:
        kept = self.kept[digest]
        return {name: kept[name] for name in _TERMS} | {
            "safe": to_checksum_address(self.safe.address),
            "nonce": str(kept["nonce"]),
            "safeTxHash": digest,
            "isExecuted": False,
            "origin": kept["origin"],
            "proposer": kept["sender"],
            "confirmationsRequired": self.read("getThreshold"),
            "confirmations": [
                {"owner": to_checksum_address(owner), "signature": signature}
                for owner, signature in kept["confirmations"].items()
            ],
        }

    async def confirm(self, request: Request) -> Response:
        digest, body = request.path_params["digest"], await request.json()
        signer = self._signer(digest, body["signature"])
        if signer not in self.read("getOwners"):
            return JSONResponse({"signature": [f"Signer={signer} is not an owner"]}, 422)
        self.kept[digest]["confirmations"][signer] = body["signature"]
        return Response(status_code=201)


def signed(digest: str, owner: Account) -> str:
    """Return what an owner's wallet gives for a hash."""
    return "0x" + bytes(owner.signer.unsafe_sign_hash(Hash32(HexBytes(digest))).signature).hex()


def carried_out(safe: Contract, row: dict[str, Any]) -> Any:
    """Return the call that carries out what the service shows, by its confirmations alone."""
    terms = [row[name] for name in _TERMS[:-1]]
    terms[1], terms[2] = int(terms[1]), bytes.fromhex(terms[2][2:])
    given = sorted(row["confirmations"], key=lambda one: one["owner"].lower())
    signatures = b"".join(bytes.fromhex(one["signature"][2:]) for one in given)
    return safe.call("execTransaction", *terms, signatures)
