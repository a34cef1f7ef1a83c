"""A real EVM node on this machine: anvil, for the demo and the tests."""

import http.client
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.ports import HOST, free_port, require_free
from sandbox.process import ChildProcess
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError

START_TIMEOUT = 30.0
"""Seconds within which the node answers; it takes a tenth of one on an idle machine."""

REQUEST_TIMEOUT = 60.0
"""Seconds to wait for the answer to one request."""

_LONGEST_SOCKET_PATH = 100
"""Bytes; the kernels' limits are 108 and, on macOS, 104."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """How the chain behaves."""

    block_seconds: float | None = None
    """Seconds between blocks; None: a block for each transaction."""
    mining: bool = True
    """False: a block only when `evm_mine` asks for it."""
    chain_id: int = 31337
    port: int = 0
    """0 takes any free one."""
    load_state: Path | None = None
    """A state file to begin from."""
    dump_state: Path | None = None
    """Where the state is written when the node is stopped."""
    further: tuple[str, ...] = ()
    """Any other option of anvil, as it is."""

    def arguments(self) -> list[str]:
        """Return them as anvil's options, without the port."""
        found = ["--chain-id", str(self.chain_id), *self.further]
        if not self.mining:
            found.append("--no-mining")
        elif self.block_seconds is not None:
            found += ["--block-time", f"{self.block_seconds:g}"]
        if self.load_state is not None:
            found += ["--load-state", str(self.load_state)]
        if self.dump_state is not None:
            found += ["--dump-state", str(self.dump_state)]
        return found


class RpcError(UnsafeToContinueError):
    """The node refused a request; the caller asked for something wrong."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')} (code {error.get('code')})")
        self.code: int | None = error.get("code")
        self.data: Any = error.get("data")
        """What a revert returned, in hex, where there is any."""


class LocalNode:
    """A chain of its own; a context manager, or `start` and `stop`.

    Its addresses stay the same for as long as the object lives. Its chain does not survive a stop
    unless `dump_state` and `load_state` carry it over, and never a kill.
    """

    def __init__(self, folder: Path, anvil: Path, options: NodeOptions | None = None) -> None:
        """Take the folder for its socket and log, the program, and how the chain behaves.

        Raises `ConfigurationError` when the folder's path is too long for a socket.
        """
        self._options = options or NodeOptions()
        self._anvil = anvil
        self._port = self._options.port or free_port()
        self._log = folder.absolute() / "anvil.log"
        self._states = folder.absolute() / "states"
        """Where anvil keeps old states on disk; by default that is in the user's home, where those
        of nodes that were killed pile up for ever."""
        self._process: ChildProcess | None = None
        self.ipc = folder.absolute() / "anvil.ipc"
        """The path of its socket."""
        if len(bytes(self.ipc)) > _LONGEST_SOCKET_PATH:
            raise ConfigurationError(
                f"{self.ipc} is too long a path for a socket ({_LONGEST_SOCKET_PATH} bytes at "
                "most); let the node have a folder with a shorter path"
            )

    @property
    def http(self) -> str:
        """Its HTTP address."""
        return f"http://{HOST}:{self._port}"

    @property
    def ws(self) -> str:
        """Its WebSocket address."""
        return f"ws://{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    def start(self) -> None:
        """Start it and return once it answers.

        Raises `ConfigurationError` when its port is taken, `UnsafeToContinueError` with the end of
        its log when it does not come up, `TransientError` when it takes too long.
        """
        require_free(self._port, "The EVM node")
        self.ipc.parent.mkdir(parents=True, exist_ok=True)
        self.ipc.unlink(missing_ok=True)  # of a node that was killed
        shutil.rmtree(self._states, ignore_errors=True)  # likewise
        self._states.mkdir()
        places = ["--host", HOST, "--port", str(self._port), "--ipc", str(self.ipc), "--quiet"]
        places += ["--cache-path", str(self._states)]
        self._process = ChildProcess(
            [str(self._anvil), *places, *self._options.arguments()], self._log
        )
        try:
            self._await_answer(self._process)
        except BaseException:
            self.kill()
            raise

    def _await_answer(self, process: ChildProcess) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not (self.ipc.is_socket() and self._answers()):
            process.require_running()
            if time.monotonic() > deadline:
                raise TransientError(f"the EVM node does not answer after {START_TIMEOUT:g} s")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            return int(self.rpc("eth_chainId"), 16) == self._options.chain_id
        except TransientError:
            return False

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask the node and return its result, as JSON gives it. Safe from any thread.

        Raises `RpcError` when it refuses, `TransientError` when it does not answer.
        """
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        connection = http.client.HTTPConnection(HOST, self._port, timeout=REQUEST_TIMEOUT)
        try:
            connection.request(
                "POST", "/", json.dumps(question), {"Content-Type": "application/json"}
            )
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"no answer from {self.http} to {method}: {error}") from error
        finally:
            connection.close()
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    def stop(self) -> None:
        """Let it write its state, if it should, and end; kill it if it does not."""
        self._running().stop()
        shutil.rmtree(self._states, ignore_errors=True)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._running().kill()
        shutil.rmtree(self._states, ignore_errors=True)

    def _running(self) -> ChildProcess:
        if self._process is None:
            raise UnsafeToContinueError("this node was never started; call start() first")
        return self._process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
