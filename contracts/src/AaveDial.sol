// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RiskDial} from "./RiskDial.sol";

interface IAavePool {
    function getConfiguration(address asset) external view returns (uint256);
}

interface IAaveConfigurator {
    function configureReserveAsCollateral(
        address asset,
        uint256 ltv,
        uint256 threshold,
        uint256 bonus
    ) external;
}

/// @title Loan-to-value of Aave V3 reserves, turned by a dial
/// @notice Give it the RISK admin's role and nothing else. It sets a reserve's loan-to-value between
/// the one that people set and a tight end that they chose; liquidation threshold and bonus it writes
/// as it finds them, so nobody is liquidated by it. Above the threshold it sets none: Aave takes none.
///
/// What people set stands: while a reserve's loan-to-value is not the one that this contract set last,
/// somebody else decided (a brake that put it to 0, a governance vote), and it keeps its hands off. It
/// goes on once the owner lists the reserve again, or somebody sets back what this contract had set
/// last, as a brake's release may.
///
/// A reserve that Aave refuses to configure is passed over and told (`Refused`); others go on.
///
/// @dev The role would allow more than this code does: who gives it out has to read the code.
contract AaveDial is Ownable2Step {
    /// @dev The bits of Aave's reserve configuration (`ReserveConfiguration.sol`).
    uint256 private constant _LTV = 0xFFFF;
    uint256 private constant _THRESHOLD_AT = 16;
    uint256 private constant _BONUS_AT = 32;
    /// @dev Those of threshold and bonus.
    uint256 private constant _OTHERS = 0xFFFFFFFF0000;

    /// @notice So many reserves are listed at most, or a turn of all could cost more than a block.
    uint256 public constant MOST = 8;

    RiskDial public immutable dial;
    IAavePool public immutable pool;
    IAaveConfigurator public immutable configurator;

    /// @param calm The loan-to-value that people set, in basis points.
    /// @param tight That at the dial's tight end.
    /// @param last What this contract set last, or found.
    /// @param refused The terms that Aave refused last, as its configuration has them: loan-to-value,
    /// threshold and bonus; 0 where it took them since.
    struct Reserve {
        uint16 calm;
        uint16 tight;
        uint16 last;
        uint48 refused;
    }

    mapping(address asset => Reserve) public reserves;
    address[] private _listed;

    event Listed(address indexed asset, uint16 calm, uint16 tight);
    event Unlisted(address indexed asset);
    event Set(address indexed asset, uint256 ltv);
    /// @notice Aave did not take this loan-to-value, for this reason.
    event Refused(address indexed asset, uint256 ltv, bytes reason);

    /// @notice The reserve is not listed, or somebody else has set its loan-to-value since.
    error HandsOff(uint256 found);
    /// @notice The tight end is above the calm one, the reserve takes no collateral now or is not
    /// listed, or too many are.
    error OutOfRange();
    /// @notice Without an owner nobody could list a reserve.
    error OwnerRequired();

    constructor(address safe, RiskDial dial_, IAavePool pool_, IAaveConfigurator configurator_)
        Ownable(safe)
    {
        (dial, pool, configurator) = (dial_, pool_, configurator_);
    }

    /// @notice Take the dial's step, and bring a reserve to where it points. Anyone may.
    function set(address asset) external {
        uint256 found = pool.getConfiguration(asset);
        if (!_ours(asset, found)) revert HandsOff(found & _LTV);
        dial.turn();
        _bring(asset, found);
    }

    /// @notice The same for every reserve whose loan-to-value is still the one set here. Anyone may.
    function turn() external {
        dial.turn();
        for (uint256 place = 0; place < _listed.length; ++place) {
            address asset = _listed[place];
            uint256 found = pool.getConfiguration(asset);
            if (_ours(asset, found)) _bring(asset, found);
        }
    }

    /// @notice Whether a turn is worth its gas now: the dial's is due, or a reserve is not yet where
    /// the dial points. What Aave refused is due again once the dial points elsewhere, or people have
    /// set another threshold or bonus; a turn tries it anyway.
    function due() external view returns (bool) {
        if (dial.due()) return true;
        for (uint256 place = 0; place < _listed.length; ++place) {
            address asset = _listed[place];
            uint256 found = pool.getConfiguration(asset);
            uint256 terms = _terms(asset, found);
            bool tried = terms == reserves[asset].refused;
            if (_ours(asset, found) && !tried && terms & _LTV != found & _LTV) return true;
        }
        return false;
    }

    /// @notice Turn a reserve between what people set it to and a tight end.
    /// @dev What stands there now is people's, unless this contract set it: then it is what they had
    /// set before, so that listing while it is tight does not make the tight end the calm one.
    function list(address asset, uint16 tight) external onlyOwner {
        Reserve memory its = reserves[asset];
        uint16 found = uint16(pool.getConfiguration(asset) & _LTV);
        uint16 calm = its.calm != 0 && found == its.last ? its.calm : found;
        if (found == 0 || tight == 0 || tight > calm) revert OutOfRange();
        if (its.calm == 0) {
            if (_listed.length == MOST) revert OutOfRange();
            _listed.push(asset);
        }
        reserves[asset] = Reserve(calm, tight, found, 0);
        emit Listed(asset, calm, tight);
    }

    /// @notice Keep the hands off a reserve; what it is at stays.
    function unlist(address asset) external onlyOwner {
        for (uint256 place = 0; place < _listed.length; ++place) {
            if (_listed[place] != asset) continue;
            _listed[place] = _listed[_listed.length - 1];
            _listed.pop();
            delete reserves[asset];
            emit Unlisted(asset);
            return;
        }
        revert OutOfRange();
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    function _ours(address asset, uint256 found) private view returns (bool) {
        return reserves[asset].calm != 0 && found & _LTV == reserves[asset].last;
    }

    /// @dev The terms that a reserve should have: threshold and bonus as found, and between the two ends
    /// where the dial points, but not above the threshold. That is never 0, which only a brake sets:
    /// what was set last is not 0, and Aave keeps no threshold below it.
    function _terms(address asset, uint256 found) private view returns (uint256) {
        uint256 pointed = dial.between(reserves[asset].calm, reserves[asset].tight);
        return found & _OTHERS | Math.min(pointed, (found >> _THRESHOLD_AT) & _LTV);
    }

    /// @dev Nobody can make it seem refused by giving too little gas: the sixty-fourth that would be
    /// left then does not pay for noting it.
    function _bring(address asset, uint256 found) private {
        uint256 terms = _terms(asset, found);
        uint256 ltv = terms & _LTV;
        if (ltv == found & _LTV) return;
        try configurator.configureReserveAsCollateral(
            asset, ltv, (found >> _THRESHOLD_AT) & _LTV, (found >> _BONUS_AT) & _LTV
        ) {
            (reserves[asset].last, reserves[asset].refused) = (uint16(ltv), 0);
            emit Set(asset, ltv);
        } catch (bytes memory reason) {
            reserves[asset].refused = uint48(terms);
            emit Refused(asset, ltv, reason);
        }
    }
}
