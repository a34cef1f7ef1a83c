"""A granary behind a proxy, who owns it, who robs it, and the plan to lead it back."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.build import SOURCES
from sandbox.deployer import Deployer
from sandbox.evm import ETHER, Account, Call, Chain, Contract
from sandbox.node import LocalNode, RpcError
from sandbox.safe import NOBODY, approved

OPENZEPPELIN = "@openzeppelin/contracts", "build/contracts"
EXECUTORS = (
    "@offchainlabs/upgrade-executor",
    "build/contracts/src/UpgradeExecutor.sol",
)
SAFES = "@safe-global/safe-contracts", "build/artifacts/contracts"

SCRIPT = Path(__file__).with_name("layouts.mjs")

DELAY = 60
CAP = 50 * ETHER
CASE = "ab" * 32
DAY = 86_400


class Village:
    """Everybody in it, by name; blocks are made when it says so."""

    def __init__(self, node: LocalNode, packages: Callable[[str], Path], folder: Path) -> None:
        self.node, self.chain = node, Chain(node)
        self.folder, self.plan = folder, folder / "granary-plan.toml"
        self._packages = packages
        self.manifests = folder / "protocols"
        self.manifests.mkdir()
        self.people = [self.person(f"villager {number}") for number in range(4)]
        self.guardian, self.thief, self.stranger = map(
            self.person, ("guardian", "thief", "stranger")
        )
        self.deployer = Deployer(self.chain, self.person("deployer"), packages)

    def person(self, name: str) -> Account:
        account = Account.named(name)
        self.node.rpc("anvil_setBalance", account.address, hex(1_000 * ETHER))
        return account

    def govern(self) -> None:
        """Let holders of votes own the granary, through OpenZeppelin's Governor and timelock."""
        make = self.deployer
        self.votes = make.create("VotesToken", 10**6 * ETHER)
        self.timelock = make.create_packaged(
            OPENZEPPELIN, "TimelockController", DELAY, [], [NOBODY], make.account.address
        )
        self.assembly = make.create("Assembly", self.votes.address, self.timelock.address)
        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
            make.send([self.timelock.call("grantRole", keccak(text=role), self.assembly.address)])
        admin = bytes(32)
        make.send([self.timelock.call("renounceRole", admin, make.account.address)])
        make.send(self.votes.call("transfer", one.address, 100_000 * ETHER) for one in self.people)
        make.settle()
        for one in self.people:
            self.do(one, self.votes.call("delegate", one.address))
        decided = f'[governor]\naddress = "{self.assembly.address}"\n'
        self.build(self.timelock.address, decided + f'timelock = "{self.timelock.address}"\n')

    def guard_by_safe(self) -> None:
        """Let a Safe of three owners, two of whom decide, own the granary."""
        self.elect()
        self.build(self.safe.address, f'[safe]\naddress = "{self.safe.address}"\n')

    def guard_by_executor(self) -> None:
        """Let an UpgradeExecutor own the granary; the same Safe is its security council."""
        self.elect()
        make = self.deployer
        logic = make.create_packaged(EXECUTORS, "UpgradeExecutor")
        make.settle()
        setup = logic.call("initialize", make.account.address, [self.safe.address]).data
        proxy = make.create_packaged(OPENZEPPELIN, "ERC1967Proxy", logic.address, setup)
        make.settle()
        self.hasten(proxy.address, "upgrade-executor")

    def hasten(self, owner: str, kind: str) -> None:
        """Build the granary under its fast path, and name that in the manifest."""
        self.build(owner, f'[safe]\naddress = "{self.safe.address}"\nfast_path = true\n')
        manifest = self.manifests / "granary.toml"
        named = f'[fast_path]\ncontract = "{owner}"\nkind = "{kind}"\n'
        manifest.write_text(manifest.read_text() + named)

    def guard_by_council(self) -> None:
        """Let OpenZeppelin's AccessManager own the granary: the same Safe may act through it at
        once, everybody else who governs after three days."""
        self.elect()
        make, council = self.deployer, 1
        self.manager = make.create_packaged(OPENZEPPELIN, "AccessManager", make.account.address)
        make.settle()
        self.hasten(self.manager.address, "access-manager")
        store, at = self.granary, self.granary.address
        granted = [
            call.data[:4]
            for call in (
                store.call("upgradeToAndCall", NOBODY, b""),
                store.call("setCap", 0),
                store.call("unpause"),
            )
        ]
        make.send(
            [
                self.manager.call("setTargetFunctionRole", at, granted, council),
                self.manager.call("grantRole", council, self.safe.address, 0),
                self.manager.call("grantRole", council, self.people[3].address, 3 * DAY),
            ]
        )
        make.settle()

    def elect(self) -> None:
        """Make the Safe of three owners, two of whom decide."""
        make, owners = self.deployer, [one.address for one in self.people[:3]]
        single = make.create_packaged((SAFES[0], f"{SAFES[1]}/Safe.sol"), "Safe")
        factory = make.create_packaged(
            (SAFES[0], f"{SAFES[1]}/proxies/SafeProxyFactory.sol"), "SafeProxyFactory"
        )
        make.settle()
        setup = single.call("setup", owners, 2, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY).data
        (address,) = self.asked(
            factory, "createProxyWithNonce", single.address, setup, 1, sender=make.account
        )
        make.send([factory.call("createProxyWithNonce", single.address, setup, 1)])
        make.settle()
        self.safe = Contract(address, single.interface)

    def build(self, owner: str, decided: str) -> None:
        """Make the granary, fill it, and write manifest and plan."""
        make = self.deployer
        flawed, self.mended = make.create("Granary"), make.create("GranaryMended")
        make.settle()
        setup = flawed.call("setUp", owner, self.guardian.address, CAP).data
        proxy = make.create_packaged(OPENZEPPELIN, "ERC1967Proxy", flawed.address, setup)
        make.settle()
        self.granary = Contract(proxy.address, self.mended.interface)
        for one in self.people:
            self.do(one, self.granary.call("deposit", value=20 * ETHER))
        self.write(decided)
        self.layouts(SOURCES, "sandbox/Granary.sol")

    def write(self, decided: str) -> None:
        at, chain = self.granary.address, f"eip155:{self.chain.id}"
        (self.manifests / "granary.toml").write_text(
            f'protocol = "granary"\nchain = "{chain}"\n'
            f'[[contracts]]\naddress = "{at}"\nrole = "vault"\n'
            "[halt]\nfalse_halt_cost = 1000\nvalue_exposed = 100000\nloss_per_second = 1000\n"
            f'[[brakes]]\nname = "pause"\nadapter = "pausable"\ntarget = "{at}"\nscope = "T2"\n'
        )
        self.plan.write_text(
            f'case = "{CASE}"\nprotocol = "granary"\nchain = "{chain}"\nbrake = "pause"\n'
            f"green_blocks = 3\n{decided}"
            '[[invariants]]\nname = "solvent"\nrelation = ">="\n'
            f'left = {{ to = "{at}", function = "assets()" }}\n'
            f'right = {{ to = "{at}", function = "owed()" }}\n'
            '[fix]\nwords = "Upgrade to the granary that checks balances"\n'
            f'calls = [{{ to = "{at}", function = "upgradeToAndCall(address,bytes)", '
            f'arguments = ["{self.mended.address}", "0x"] }}]\n'
            f'[[fix.upgrades]]\nproxy = "{at}"\nold = "Granary.json"\n'
            'new = "GranaryMended.json"\n'
            '[[stages]]\ncap = 1000\nwords = "Open at a tenth"\n'
            f'calls = [{{ to = "{at}", function = "setCap(uint256)", '
            f'arguments = ["{CAP // 10}"] }}, {{ to = "{at}", function = "unpause()" }}]\n'
            '[[stages]]\ncap = 10000\nwords = "Open in full"\n'
            f'calls = [{{ to = "{at}", function = "setCap(uint256)", '
            f'arguments = ["{CAP}"] }}]\n'
        )

    def layouts(self, folder: Path, *files: str) -> None:
        """Write what solc says of the storage of these sources' contracts beside the plan."""
        package = self._packages(OPENZEPPELIN[0])
        done = subprocess.run(
            [
                "node",
                SCRIPT,
                self._packages("solc"),
                folder,
                f"{OPENZEPPELIN[0]}={package}",
                *files,
            ],
            capture_output=True,
            check=True,
        )
        for name, layout in orjson.loads(done.stdout).items():
            (self.folder / f"{name}.json").write_bytes(orjson.dumps(layout))

    def rob(self) -> None:
        """Let the thief take what is not his, and the guardian pause."""
        self.do(self.thief, self.granary.call("withdraw", 30 * ETHER))
        self.do(self.guardian, self.granary.call("pause"))
        assert not self.works(self.thief, self.granary.call("withdraw", 30 * ETHER))

    def do(self, account: Account, *calls: Call) -> list[str]:
        """Let somebody do what must work; return the transactions."""
        sent = [self.chain.send(account, call) for call in calls]
        self.chain.settle(sent)
        return sent

    def works(self, account: Account, call: Call) -> bool:
        """Say whether a call would work now; nothing is changed."""
        try:
            self.ask(account, call)
        except RpcError as error:
            if "revert" not in str(error).lower():
                raise
            return False
        return True

    def ask(self, account: Account, call: Call) -> bytes:
        question = {
            "from": account.address,
            "data": "0x" + call.data.hex(),
            "value": hex(call.value),
        } | ({} if call.to is None else {"to": call.to})
        return bytes.fromhex(self.node.rpc("eth_call", question, "latest")[2:])

    def asked(
        self, contract: Contract, name: str, *arguments: Any, sender: Account
    ) -> tuple[Any, ...]:
        return contract.interface.decode(name, self.ask(sender, contract.call(name, *arguments)))

    def sign(self, typed: dict[str, Any], owner: Account) -> str:
        """Return what a wallet gives for typed data."""
        message = encode_typed_data(full_message=typed)
        return "0x" + owner.signer.sign_message(message).signature.hex()

    def transactions(self) -> list[dict[str, Any]]:
        """Return what a Safe's owners are given to sign."""
        rows = orjson.loads(self.said("propose", "--json"))["transactions"]
        assert isinstance(rows, list)
        return rows

    def carry_out_by_safe(
        self, calls: list[Call], nonce: int, owners: Sequence[Account] = ()
    ) -> list[str]:
        """Let anybody send what two owners signed."""
        owners = owners or self.people[:2]
        return [
            *self.do(
                self.stranger,
                *(
                    approved(self.safe, owners, call, nonce + place, self.chain.id)
                    for place, call in enumerate(calls)
                ),
            )
        ]

    def recover(self, command: str, *arguments: str) -> Result:
        """Run the command on the plan."""
        return CliRunner().invoke(app, ["recover", command, str(self.plan), *arguments])

    def said(self, command: str, *arguments: str) -> str:
        """Run what must work; return what it says."""
        result = self.recover(command, *arguments)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def refused(self, command: str, *arguments: str) -> str:
        """Run what must be refused; return why."""
        result = self.recover(command, *arguments)
        assert result.exception is not None, result.output
        return str(result.exception)
