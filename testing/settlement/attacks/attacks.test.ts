// Goal: an epoch with one altered unit anywhere is refused by the verifier offline and by the
// contract on the chain, by name, and changes nothing; the honest epoch settles after all of them.
// Method: a day of the real exchange, proved by the real prover under the development string, and
// the real contracts with the generated verifier on anvil: it answers in milliseconds where an EVM
// in this process takes a second. A table of cheats runs on both sides. A harness that cannot see a
// passing attack proves nothing, so it is shown honest submissions in the place of attacks, too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Attack } from './attack.ts';
import { ALTERED_PARTS } from './attack.ts';
import { attackPage } from './attackPage.ts';
import { ATTACKS } from './attackTable.ts';
import type { Honest } from './attackWorld.ts';
import { openAttackWorld } from './attackWorld.ts';
import { unforged } from './forgery.ts';
import type { AttackOutcome } from './runAttacks.ts';
import { runAttack } from './runAttacks.ts';

/** How many attacks the project asks for. */
const ATTACKS_MIN = 45;
const PAGE = new URL('../../../docs/protocol/attacks.md', import.meta.url);

let honest: Honest;

before(async () => {
  honest = await openAttackWorld();
});

after(() => honest?.chain.close());

test('the table alters every part, each attack under a name of its own', () => {
  assert.ok(ATTACKS.length >= ATTACKS_MIN, `${ATTACKS.length} attacks`);
  assert.equal(new Set(ATTACKS.map(({ name }) => name)).size, ATTACKS.length);
  const altered = new Set(ATTACKS.map(({ part }) => part));
  assert.deepEqual(
    ALTERED_PARTS.filter((part) => !altered.has(part)),
    [],
  );
});

test('the harness sees an attack that passes', async () => {
  const harmless: Attack = {
    name: 'nothing is altered',
    part: 'fill',
    apply: (world) => unforged(world, world.epoch),
    refusedOffline: 'L4',
    refusedOnChain: 'LawsAreProven',
  };
  const { complaint } = await runAttack(honest, harmless);
  assert.equal(
    complaint,
    'offline it passes, not is refused by "L4"; ' +
      'on the chain it passes, not is refused by "LawsAreProven"',
  );
});

test('every attack is refused by name on both sides and changes nothing', async (context) => {
  const roots = await honest.chain.stateRoots();
  const outcomes: AttackOutcome[] = [];
  for (const attack of ATTACKS.filter(({ isLate }) => isLate !== true)) {
    outcomes.push(await runAttack(honest, attack));
  }
  assert.deepEqual(await honest.chain.stateRoots(), roots);
  assert.ok((await honest.chain.send(unforged(honest, honest.epoch).call)).isDone);
  for (const attack of ATTACKS.filter(({ isLate }) => isLate === true)) {
    outcomes.push(await runAttack(honest, attack));
  }
  assert.ok((await honest.chain.send(unforged(honest, honest.next).call)).isDone);
  for (const line of table(outcomes)) context.diagnostic(line);
  const complaints = outcomes.flatMap(({ attack, complaint }) => {
    return complaint === undefined ? [] : [`${attack.name}: ${complaint}`];
  });
  assert.deepEqual(complaints, []);
});

test('the page for readers is the table', () => {
  const page = readFileSync(PAGE, 'utf8');
  assert.equal(page, attackPage(), 'run node testing/settlement/attacks/attackPage.ts --markdown');
});

/** Name, refusal offline, refusal on the chain; a dash where nothing is to be seen. */
function table(outcomes: readonly AttackOutcome[]): string[] {
  const width = Math.max(...outcomes.map(({ attack }) => attack.name.length));
  const middle = Math.max(...outcomes.map(({ offline }) => (offline ?? '-').length));
  return outcomes.map(({ attack, offline, onChain }) => {
    return [attack.name.padEnd(width), (offline ?? '-').padEnd(middle), onChain ?? '-'].join('  ');
  });
}
