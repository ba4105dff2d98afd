/**
 * The table of attacks for readers. `node testing/settlement/attacks/attackPage.ts --markdown`
 * prints docs/protocol/attacks.md; the test of the table compares it.
 */
import type { Attack, Unseen } from './attack.ts';
import { ATTACKS } from './attackTable.ts';

/** The page as it stands in docs/protocol/attacks.md. */
export function attackPage(attacks: readonly Attack[] = ATTACKS): string {
  const rows = attacks.map(({ name, part, refusedOffline, refusedOnChain }) => {
    return `| ${part} | ${name} | ${cell(refusedOffline)} | ${cell(refusedOnChain)} |`;
  });
  return [
    '<!-- Generated: node testing/settlement/attacks/attackPage.ts --markdown. Do not edit. -->',
    '',
    '# Attacks on a sealed epoch',
    '',
    'An epoch of the real exchange is sealed and really proved; then one unit of it is altered and',
    'everything that follows is worked out again, as a cheating operator would. Only a proof of',
    `the cheat is missing. Each of these ${attacks.length} attacks is tried on both sides by`,
    '`testing/settlement/attacks/attacks.test.ts`:',
    '',
    '- offline, by what `lawbook verify` does: laws (`L0` to `L10`), what joins the batches, then',
    '  the steps of the proof (`shape`, `listHash`, `chain`, `publicInputs`, `proof`,',
    '  `transaction`);',
    '- on the chain, by the real contracts with the generated verifier on anvil: asked with',
    '  `eth_call`, then sent all the same, and nothing that is stored may change.',
    '',
    'Where the epoch is refused by `proof` alone, what was altered made another epoch that keeps',
    'every law. Its wrong is that it is not the proved one: an operator that cleared so in the',
    'first place, within the tolerance of the price or on the word of another oracle, breaks no',
    'law. `LawsAreProven` is the refusal by the generated verifier, for whatever it does not',
    'accept. The list that is sent, if it is not the list of the published epoch, shows in',
    '`listHash`: offline the list is cut from the epoch.',
    '`Reverted` is a refusal without a name: the decoder of calldata, before any of our code.',
    'At the end the honest epoch settles, and the one after it.',
    '',
    '| Altered | Attack | Refused offline by | Refused on the chain by |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...TRUST,
    '',
  ].join('\n');
}

/** What no attack of the table is about, because nobody refuses it. */
const TRUST: readonly string[] = [
  '## What an operator is still trusted with',
  '',
  '- **The pool may be understated.** The contract refuses a list that takes the pool to hold',
  '  more than is settled (`PoolIsOverstated`), not one that takes it to hold less: anybody may',
  '  pay into a pool at any time, and what arrives counts in the ledger only later, so the two',
  '  differ by what is on its way. An operator that leaves out what arrived long ago shifts the',
  '  quote towards a smaller inventory. It gains nothing by it directly (units are conserved,',
  "  and stay the pool's), prices stay within the halt band, the spread and every order's",
  '  limit, and a reader who adds up the deposits sees it: each list says `poolBefore`. The',
  '  contract could only bound it by being told which deposits a list has credited.',
  '- **Parameters change after notice.** Sets that are registered before any of them holds need',
  '  none: nobody trades there yet. Each later one holds from the first base epoch that begins',
  '  twice the time of an exit after it was registered (`ParametersRegistered` says which one),',
  '  so whoever asks for an exit within the first half is gone before. A set that has held once',
  '  stays usable: an operator may go back and forth between sets that were announced. Read all',
  '  of them.',
  '- **Order of admission, and the choice of the oracle,** are as for every venue with one',
  '  sequencer: what is signed bounds what can be done with it, and signed limits are never',
  '  crossed.',
];

function cell(expected: string | Unseen): string {
  return typeof expected === 'string' ? `\`${expected}\`` : `unseen: ${expected.unseen}`;
}

if (import.meta.main && process.argv.includes('--markdown')) process.stdout.write(attackPage());
