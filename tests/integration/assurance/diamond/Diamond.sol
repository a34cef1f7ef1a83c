// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// What a diamond (EIP-2535) keeps of itself.
library Cuts {
    struct Facet {
        address facetAddress;
        bytes4[] functionSelectors;
    }

    /// @custom:storage-location erc7201:meadow.storage.Cuts
    struct Kept {
        mapping(bytes4 => address) facetOf;
        mapping(address => bytes4[]) functionsOf;
        address[] facets;
        address owner;
    }

    bytes32 private constant PLACE =
        keccak256(abi.encode(uint256(keccak256("meadow.storage.Cuts")) - 1)) & ~bytes32(uint256(0xff));

    function kept() internal pure returns (Kept storage found) {
        bytes32 place = PLACE;
        assembly {
            found.slot := place
        }
    }

    /// Lead functions to a facet, or nowhere: `facet` zero.
    function lead(address facet, bytes4[] memory functions) internal {
        Kept storage all = kept();
        for (uint256 n = 0; n < functions.length; n++) {
            drop(all.facetOf[functions[n]], functions[n]);
            all.facetOf[functions[n]] = facet;
            if (facet == address(0)) continue;
            if (all.functionsOf[facet].length == 0) all.facets.push(facet);
            all.functionsOf[facet].push(functions[n]);
        }
    }

    function drop(address facet, bytes4 one) private {
        Kept storage all = kept();
        if (facet == address(0)) return;
        bytes4[] storage some = all.functionsOf[facet];
        for (uint256 n = 0; n < some.length; n++) {
            if (some[n] != one) continue;
            some[n] = some[some.length - 1];
            some.pop();
            break;
        }
        if (some.length > 0) return;
        for (uint256 n = 0; n < all.facets.length; n++) {
            if (all.facets[n] != facet) continue;
            all.facets[n] = all.facets[all.facets.length - 1];
            all.facets.pop();
            return;
        }
    }
}

contract Diamond {
    constructor(address owner, address facet, bytes4[] memory functions) {
        Cuts.kept().owner = owner;
        Cuts.lead(facet, functions);
    }

    fallback() external payable {
        address facet = Cuts.kept().facetOf[msg.sig];
        require(facet != address(0), "no such function");
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }

    receive() external payable {}
}

/// Who may cut, and the loupe.
contract CutFacet {
    struct FacetCut {
        address facetAddress;
        uint8 action;
        bytes4[] functionSelectors;
    }

    event DiamondCut(FacetCut[] cuts, address init, bytes data);

    error NotOwner();

    function _mayCut() internal view virtual {
        if (msg.sender != Cuts.kept().owner) revert NotOwner();
    }

    function diamondCut(FacetCut[] calldata cuts, address init, bytes calldata data) external {
        _mayCut();
        for (uint256 n = 0; n < cuts.length; n++) {
            Cuts.lead(cuts[n].facetAddress, cuts[n].functionSelectors);
        }
        emit DiamondCut(cuts, init, data);
        if (init == address(0)) return;
        (bool ok,) = init.delegatecall(data);
        require(ok, "init failed");
    }

    /// Cuts and says nothing of it, which the standard forbids.
    function quietCut(address facet, bytes4[] calldata functions) external {
        _mayCut();
        Cuts.lead(facet, functions);
    }

    function facets() external view returns (Cuts.Facet[] memory found) {
        Cuts.Kept storage all = Cuts.kept();
        found = new Cuts.Facet[](all.facets.length);
        for (uint256 n = 0; n < found.length; n++) {
            found[n] = Cuts.Facet(all.facets[n], all.functionsOf[all.facets[n]]);
        }
    }

    function facetAddresses() external view returns (address[] memory) {
        return Cuts.kept().facets;
    }

    function facetFunctionSelectors(address facet) external view returns (bytes4[] memory) {
        return Cuts.kept().functionsOf[facet];
    }

    function owner() external view returns (address) {
        return Cuts.kept().owner;
    }
}

/// Lets anybody cut.
contract OpenCutFacet is CutFacet {
    function _mayCut() internal view override {}
}

contract VaultFacet {
    struct AppStorage {
        bool paused;
        uint256 total;
    }

    AppStorage internal s;

    function deposit() external payable {
        require(!s.paused, "paused");
        s.total += msg.value;
    }

    function withdraw(uint256 amount) external {
        require(!s.paused, "paused");
        s.total -= amount;
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok, "not paid");
    }

    function pause() external {
        if (msg.sender != Cuts.kept().owner) revert CutFacet.NotOwner();
        s.paused = true;
    }

    /// Led to by no diamond of the tests.
    function drain() external {
        (bool ok,) = msg.sender.call{value: address(this).balance}("");
        require(ok, "not paid");
    }
}

/// Keeps one more thing behind the others, which is sound.
contract LargerVaultFacet {
    struct AppStorage {
        bool paused;
        uint256 total;
        uint256 cap;
    }

    AppStorage internal s;

    function deposit() external payable {
        require(!s.paused, "paused");
        s.total += msg.value;
        require(s.total < s.cap || s.cap == 0, "full");
    }
}

/// Keeps the total where it was whether the vault is paused.
contract ShiftedVaultFacet {
    struct AppStorage {
        uint256 total;
        bool paused;
    }

    AppStorage internal s;

    function deposit() external payable {
        require(!s.paused, "paused");
        s.total += msg.value;
    }
}

/// Runs what anybody names, pays who asks, and can be taken by the first who comes.
contract LooseFacet {
    struct Kept {
        address keeper;
    }

    function _kept() private pure returns (Kept storage found) {
        bytes32 place = keccak256("meadow.loose");
        assembly {
            found.slot := place
        }
    }

    function initialize(address keeper) external {
        require(_kept().keeper == address(0), "taken");
        _kept().keeper = keeper;
    }

    function leak() external {
        (bool ok,) = msg.sender.call{value: 1}("");
        require(ok, "not paid");
    }

    function run(address code, bytes calldata data) external {
        (bool ok,) = code.delegatecall(data);
        require(ok, "failed");
    }
}

interface IPair {
    function getReserves() external view returns (uint112, uint112, uint32);
}

/// Tells what a pool holds at this moment.
contract PriceFacet {
    function getPrice() external view returns (uint256) {
        (uint112 one, uint112 other,) = IPair(address(0x9a12)).getReserves();
        return (uint256(one) * 1e18) / other;
    }
}

/// Lends by the price that another contract, a diamond, tells.
contract Lender {
    PriceFacet private immutable ORACLE;

    constructor(address oracle) {
        ORACLE = PriceFacet(oracle);
    }

    function borrow() external {
        (bool ok,) = msg.sender.call{value: ORACLE.getPrice()}("");
        require(ok, "not paid");
    }
}

/// Names as many facets as are looked at, and burns all gas whenever it is asked for one.
contract Trap {
    fallback() external payable {
        assembly {
            let asked := shr(224, calldataload(0))
            if eq(asked, 0x52ef6b2c) {
                mstore(0, 32)
                mstore(32, 128)
                for { let n := 0 } lt(n, 128) { n := add(n, 1) } { mstore(add(64, mul(n, 32)), add(n, 1)) }
                return(0, 4160)
            }
            if or(eq(asked, 0x7a0ed627), eq(asked, 0xadfca15e)) { invalid() }
            if iszero(delegatecall(gas(), sload(calldataload(0)), 0, 0, 0, 0)) { revert(0, 0) }
            return(0, 0)
        }
    }
}
