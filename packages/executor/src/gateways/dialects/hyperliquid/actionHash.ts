import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { encode } from '@msgpack/msgpack';
import { concatBytes, keccak256, numberToBytes, stringToBytes } from 'viem';

/** What a signature of an action covers besides the action itself. */
export interface ActionFrame {
  /** Milliseconds since 1970, by the signer's clock; each is used once per signer. */
  readonly chainNonce: number;
  /** Address in whose name the signer acts, 0x and 40 hex digits; undefined for its own. */
  readonly vaultAddress: string | undefined;
  /** From this time on the action is void, milliseconds since 1970. */
  readonly expiresAfter: number | undefined;
}

/**
 * The `connectionId` of an action: keccak256 of its msgpack bytes, its chain nonce as eight bytes,
 * the mark of a vault and its address, and the time it ends, if any.
 *
 * The keys are hashed in the order in which the JSON had them, as the dialect demands. Text and
 * numbers are hashed as they came, so nothing is rounded or rewritten on the way.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing
 */
export function connectionIdOf(action: object, frame: ActionFrame): Uint8Array {
  const { chainNonce, vaultAddress, expiresAfter } = frame;
  const vault = vaultAddress === undefined ? [NO] : [YES, hexToBytes(vaultAddress.toLowerCase())];
  const ending = expiresAfter === undefined ? [] : [NO, eightBytes(expiresAfter)];
  const bytes = [encode(action), eightBytes(chainNonce), ...vault, ...ending];
  return keccak256(concatBytes(bytes), 'bytes');
}

/** Which network the signer believes it is on; both are taken, since neither is meant. */
export type AgentSource = 'a' | 'b';

/** Digest that a wallet signs for an action: EIP-712 of the phantom agent. */
export function agentDigest(source: AgentSource, connectionId: Uint8Array): Uint8Array {
  const struct = keccak256(concatBytes([AGENT_TYPE, SOURCE_HASHES[source], connectionId]), 'bytes');
  return keccak256(concatBytes([EIP712_PREFIX, EXCHANGE_DOMAIN, struct]), 'bytes');
}

const NO = Uint8Array.of(0);
const YES = Uint8Array.of(1);
const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);
const AGENT_TYPE = hashText('Agent(string source,bytes32 connectionId)');
const SOURCE_HASHES: Readonly<Record<AgentSource, Uint8Array>> = {
  a: hashText('a'),
  b: hashText('b'),
};

/** Domain "Exchange", version "1", chain 1337, zero address: the same for every network. */
const EXCHANGE_DOMAIN: Uint8Array = keccak256(
  concatBytes([
    hashText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
    hashText('Exchange'),
    hashText('1'),
    numberToBytes(1337, { size: 32 }),
    new Uint8Array(32),
  ]),
  'bytes',
);

function hashText(text: string): Uint8Array {
  return keccak256(stringToBytes(text), 'bytes');
}

function eightBytes(time: number): Uint8Array {
  return numberToBytes(time, { size: 8 });
}
