"""Attacks on real contracts are seen by their detectors; honest days before them are quiet."""

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from sandbox import fetch
from sandbox.evm import ETHER, FOREVER, Account, Contract
from sandbox.node import LocalNode
from sandbox.safe import NOBODY, approved
from tests.integration.detectors.theatre import (
    DAY,
    NIGHT,
    OPENZEPPELIN,
    SAFE,
    Act,
    Theatre,
    raised_by,
)

pytestmark = pytest.mark.node


@pytest.fixture
def theatre(node: LocalNode, cache: Path) -> Theatre:
    return Theatre(node, lambda name: fetch.npm_package(cache, name, print))


def token(theatre: Theatre, people: list[Account]) -> Contract:
    """Create a token that everybody has some of."""
    made = theatre.deployer.create("ToyERC20", "Acre Dollar", "AUSD", 18, 10**9 * ETHER)
    theatre.deployer.send(made.call("transfer", one.address, 10**6 * ETHER) for one in people)
    return made


def test_a_takeover_with_borrowed_votes_is_seen_when_the_votes_arrive(theatre: Theatre) -> None:
    people, deployer, keeper = theatre.people(20), theatre.deployer, theatre.keeper
    votes = deployer.create("VotesToken", 10**9 * ETHER)
    timelock = deployer.create_packaged(
        OPENZEPPELIN, "TimelockController", 60, [], [NOBODY], deployer.account.address
    )
    assembly = deployer.create("Assembly", votes.address, timelock.address)
    for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
        name = keccak(text=role)
        deployer.send([timelock.call("grantRole", name, assembly.address)])
    holders = [*people, keeper]
    deployer.send(
        votes.call("transfer", one.address, (1_000 + 300 * number) * ETHER)
        for number, one in enumerate(holders)
    )
    deployer.send([votes.call("transfer", keeper.address, 60 * 10**6 * ETHER)])
    deployer.send([votes.call("transfer", timelock.address, 10**6 * ETHER)])
    deployer.settle()
    theatre.chain.settle([theatre.chain.send(keeper, votes.call("delegate", keeper.address))])
    theatre.watch({"governor": [assembly], "timelock": [timelock], "token": [votes]})

    def proposal(number: int, to: str) -> tuple[list[str], list[int], list[bytes], bytes]:
        data = votes.call("transfer", to, number * ETHER).data
        return [votes.address], [0], [data], keccak(text=f"pay {number}")

    def passed(who: Account, number: int, to: str) -> list[str]:
        """Propose, vote, queue and execute a payment; return what governance said meanwhile."""
        targets, values, calls, digest = proposal(number, to)
        said = [
            theatre.play((who, assembly.call("propose", targets, values, calls, f"pay {number}")))
        ]
        (name,) = theatre.chain.read(assembly, "hashProposal", targets, values, calls, digest)
        said += [theatre.play(), theatre.play((who, assembly.call("castVote", name, 1)))]
        said += [theatre.play() for _ in range(5)]
        for step in ("queue", "execute"):
            act = who, assembly.call(step, targets, values, calls, digest)
            said.append(theatre.play(act, seconds=120))
        return [text for text in (raised_by(alerts, "governance") for alerts in said) if text]

    theatre.days([[(one, votes.call("delegate", one.address))] for one in people])
    for number in range(1, 6):
        passed(keeper, number, people[0].address)
    theatre.later()
    theatre.days([[(one, votes.call("transfer", keeper.address, 1))] * 3 for one in people])
    assert passed(keeper, 6, people[1].address) == [], "a sixth honest proposal is a habit"

    lender, thief = deployer.account, theatre.thief
    borrowed = votes.call("transfer", thief.address, 400 * 10**6 * ETHER)
    theatre.play((lender, borrowed))
    seen = raised_by(theatre.play((thief, votes.call("delegate", thief.address))), "governance")
    assert "voting power of" in seen
    passed(thief, 900_000, thief.address)
    (stolen,) = theatre.chain.read(votes, "balanceOf", thief.address)
    assert stolen == (400 * 10**6 + 900_000) * ETHER


def test_a_role_that_is_granted_at_night_to_a_stranger_is_seen(theatre: Theatre) -> None:
    keeper, people = theatre.keeper, theatre.people(30)
    manager = theatre.deployer.create_packaged(OPENZEPPELIN, "AccessManager", keeper.address)
    money = token(theatre, people)
    theatre.watch({"governor": [manager], "token": [money]})

    def ordinary(one: Account) -> list[Act]:
        return [(one, money.call("transfer", keeper.address, ETHER))] * 4

    def hired(one: Account) -> Act:
        return keeper, manager.call("grantRole", 5, one.address, 0)

    for number in range(12):
        theatre.days([[hired(people[number])], ordinary(people[number])])
    theatre.later()
    assert theatre.days([[hired(people[20])]]) == [], "one more operator is a habit"
    thief = theatre.thief
    night = theatre.play((keeper, manager.call("grantRole", 0, thief.address, 0)), seconds=NIGHT)
    assert "at an hour at which this is not done" in raised_by(night, "privilege")
    abuse = theatre.play((thief, manager.call("grantRole", 5, thief.address, 0)))
    assert "gave the power to itself" in raised_by(abuse, "privilege")


def test_a_malicious_upgrade_is_seen_before_the_treasury_is_paid_out(theatre: Theatre) -> None:
    keeper, thief, people = theatre.keeper, theatre.thief, theatre.people(10)
    deployer = theatre.deployer
    code = [deployer.create("Treasury") for _ in range(8)]
    money = token(theatre, people)
    deployer.settle()
    proxies = [
        Contract(
            deployer.create_packaged(OPENZEPPELIN, "ERC1967Proxy", code[0].address, data).address,
            code[0].interface,
        )
        for data in (code[0].call("setUp", keeper.address).data, b"")
    ]
    deployer.send(money.call("transfer", proxy.address, 10**6 * ETHER) for proxy in proxies)
    theatre.watch({"treasury": proxies, "token": [money]})

    def payments() -> list[list[Act]]:
        pay = proxies[0].call("pay", money.address, people[0].address, ETHER)
        return [[(keeper, pay)] * 5 for _ in range(4)]

    def upgrade(who: Account, proxy: Contract, to: Contract) -> Act:
        return who, proxy.call("upgradeToAndCall", to.address, b"")

    for implementation in code[1:7]:
        theatre.days([[upgrade(keeper, proxies[0], implementation)], *payments()])
    theatre.later()
    assert theatre.days([[upgrade(keeper, proxies[0], code[7])]]) == [], "a release is a habit"

    open_code = theatre.deployer.create("OpenTreasury")
    theatre.deployer.settle()
    theatre.play((thief, proxies[1].call("setUp", thief.address)))
    alerts = theatre.play(upgrade(thief, proxies[1], open_code))
    assert "the code behind" in raised_by(alerts, "privilege")
    theatre.play((thief, proxies[1].call("pay", money.address, thief.address, 10**6 * ETHER)))
    assert theatre.chain.read(money, "balanceOf", thief.address) == (10**6 * ETHER,)


def test_a_module_and_a_new_signer_of_a_safe_are_seen(theatre: Theatre) -> None:
    people, deployer, thief = theatre.people(6), theatre.deployer, theatre.thief
    owners = [theatre.person(f"owner {number}") for number in range(3)]
    singleton = deployer.create_packaged(SAFE, "Safe.sol/Safe")
    factory = deployer.create_packaged(SAFE, "proxies/SafeProxyFactory.sol/SafeProxyFactory")
    money = token(theatre, people)
    deployer.settle()
    addresses = [owner.address for owner in owners]
    call = singleton.call("setup", addresses, 2, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY)
    create = factory.call("createProxyWithNonce", singleton.address, call.data, 0)
    safe = Contract(
        theatre.chain.read(factory, "createProxyWithNonce", singleton.address, call.data, 0)[0],
        singleton.interface,
    )
    deployer.send([create, money.call("transfer", safe.address, 10**6 * ETHER)])
    theatre.watch({"safe": [safe], "token": [money]})
    nonce = iter(range(1_000))

    def signed(sender: Account, name: str, *arguments: object, of: Contract = safe) -> Act:
        inner = of.call(name, *arguments)
        return sender, approved(safe, owners[:2], inner, next(nonce), theatre.chain.id)

    payments = [
        [signed(owners[0], "transfer", people[0].address, ETHER, of=money) for _ in range(4)]
        for _ in range(15)
    ]
    assert theatre.days(payments) == [], "paying is what a Safe is for"
    module = raised_by(theatre.play(signed(thief, "enableModule", thief.address)), "privilege")
    assert "a module or guard of the Safe" in module
    swap = signed(thief, "swapOwner", _FIRST, owners[0].address, thief.address)
    assert "the signers of the Safe" in raised_by(theatre.play(swap), "privilege")


_FIRST = "0x" + "00" * 19 + "01"
"""What stands before the first owner in a Safe's list."""


def test_a_first_depositor_who_donates_is_seen_before_the_victim_deposits(
    theatre: Theatre,
) -> None:
    people, thief, deployer = theatre.people(12), theatre.thief, theatre.deployer
    money = token(theatre, [*people, thief])
    vaults = [deployer.create("ShareVault", money.address) for _ in range(2)]
    theatre.watch({"vault": vaults})
    honest, fresh = vaults
    for vault in vaults:
        theatre.play(
            *((one, money.call("approve", vault.address, FOREVER)) for one in [*people, thief])
        )

    def deposit(one: Account, vault: Contract, amount: int) -> Act:
        return one, vault.call("deposit", amount, one.address)

    calm = []
    for day in range(24):
        calm += theatre.play(
            *(deposit(one, honest, (100 + day) * ETHER) for one in people), seconds=DAY
        )
        if day:  # interest, a hundredth of a percent
            calm += theatre.play(
                (people[0], money.call("transfer", honest.address, day * ETHER // 10))
            )
    assert calm == [], "deposits and interest are what a vault is for"
    alerts = theatre.play(deposit(thief, fresh, 1))
    assert "a few wei of shares" in raised_by(alerts, "share-price")
    theatre.play((thief, money.call("transfer", fresh.address, 500_000 * ETHER)))
    victim = theatre.play(deposit(people[0], fresh, 1_000 * ETHER))
    assert "got no share" in raised_by(victim, "share-price")
    assert theatre.chain.read(fresh, "balanceOf", people[0].address) == (0,)
