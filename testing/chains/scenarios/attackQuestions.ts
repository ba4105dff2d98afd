import type { SigningQuestion, SigningRules } from '@lawbook/chains/gates/judgeSigning';
import { judgeSigning } from '@lawbook/chains/gates/judgeSigning';
import type { Address } from 'viem';
import { paperAddress, paperHash } from '../double/paperSigner.ts';
import { INJECTED, THIEF, TOKEN } from './attackCalls.ts';

const CHAIN_ID = 31_337;
const SPENDER: Address = paperAddress('listed spender');
const ALL = 2n ** 256n - 1n;

const RULES: SigningRules = {
  chainId: CHAIN_ID,
  spenders: [SPENDER],
  allowanceMax: 500n,
  messages: 'allow',
  typedData: [{ contract: TOKEN, primaryType: 'Vote' }],
};

type Fields = Readonly<Record<string, unknown>>;

function typed(primaryType: string, message: Fields, domain: Fields = {}): SigningQuestion {
  const whole = { name: INJECTED, chainId: CHAIN_ID, verifyingContract: TOKEN, ...domain };
  return { kind: 'typedData', domain: whole, primaryType, message };
}

const DIGEST = paperHash('a transaction that sends everything');

/** Questions that are never answered with a signature, by what makes them dangerous. */
const DANGEROUS: readonly (readonly [string, SigningQuestion])[] = [
  ['a hash', { kind: 'rawHash' }],
  ['a message that is a hash', { kind: 'message', text: DIGEST }],
  ['a hash without its prefix', { kind: 'message', text: ` ${DIGEST.slice(2)}\n` }],
  ['a message of 32 characters', { kind: 'message', text: INJECTED.slice(0, 32) }],
  ['a permit for a stranger', typed('Permit', { spender: THIEF, value: 1n })],
  ['a permit of everything', typed('Permit', { spender: SPENDER, value: String(ALL) })],
  ['a permit of one too many', typed('Permit', { spender: SPENDER, value: 501 })],
  ['an old permit of everything', typed('Permit', { spender: SPENDER, allowed: true })],
  [
    'an old permit with a small amount for show',
    typed('Permit', { spender: SPENDER, allowed: true, value: 1n }),
  ],
  ['a permit without an amount', typed('Permit', { spender: SPENDER, note: INJECTED })],
  [
    'a single permit of everything',
    typed('PermitSingle', { spender: SPENDER, details: { token: TOKEN, amount: 2n ** 160n - 1n } }),
  ],
  [
    'a batch with one bad permit',
    typed('PermitBatch', { spender: SPENDER, details: [{ amount: 1n }, { amount: ALL }] }),
  ],
  ['an authorisation for a stranger', typed('TransferWithAuthorization', { to: THIEF, value: 1n })],
  ['a permit on another chain', typed('Permit', { spender: SPENDER, value: 1n }, { chainId: 1 })],
  ['a permit without a chain', typed('Permit', { spender: SPENDER }, { chainId: undefined })],
  [
    'a permit of no contract',
    typed('Permit', { spender: SPENDER, value: 1n }, { verifyingContract: INJECTED }),
  ],
  ['typed data that is not listed', typed('Order', { to: THIEF, note: INJECTED })],
  ['a name like a listed one', typed(`Vote ${INJECTED}`, { choice: 1n })],
];

/** Questions that the same rules answer, so that denying everything does not pass. */
const HARMLESS: readonly (readonly [string, SigningQuestion])[] = [
  ['a message', { kind: 'message', text: INJECTED }],
  ['a listed permit', typed('Permit', { spender: SPENDER, value: 500n })],
  ['listed typed data', typed('Vote', { choice: 1n })],
];

/** Puts every question to the gate of signatures. @returns what it got wrong, as sentences. */
export function complainOfSignatures(): readonly string[] {
  const complaints: string[] = [];
  for (const [name, question] of DANGEROUS) {
    const decision = judgeSigning(question, RULES);
    if (decision.kind !== 'deny') complaints.push(`${name} was signed`);
    if (JSON.stringify(decision).includes(INJECTED)) complaints.push(`${name}: text was repeated`);
  }
  for (const [name, question] of HARMLESS) {
    if (judgeSigning(question, RULES).kind !== 'allow') complaints.push(`${name} was not signed`);
  }
  return complaints;
}
