// `npm run world:planted`: plants each fault of the table in a venue of its own and says which
// checker caught it after how many steps. `--only TEXT` takes those whose name or promise has the
// text; `--write` puts the table into docs/reference/planted-faults.md. Exits 1 when one survives.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Finding } from './findPlanted.ts';
import { findPlanted } from './findPlanted.ts';
import { PLANTED_FAULTS } from './plantedFaults.ts';
import { plantedPage } from './plantedPage.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '40' },
    steps: { type: 'string', default: '150' },
    write: { type: 'boolean', default: false },
  },
});

const chosen = PLANTED_FAULTS.filter(({ name, breaks }) => {
  return name.includes(values.only) || breaks === values.only;
});
const findings: Finding[] = [];
for (const fault of chosen) {
  const finding = await findPlanted(fault, {
    firstSeed: Number(values.seed),
    seeds: Number(values.seeds),
    stepsPerSeed: Number(values.steps),
    timeoutMs: 300_000,
  });
  findings.push(finding);
  const { steps, caught, trouble } = finding;
  const by = caught === undefined ? 'SURVIVED' : `${caught.checker} after ${steps} steps`;
  process.stdout.write(`${fault.breaks}: ${fault.name}: ${trouble ?? by}\n`);
  if (caught !== undefined) process.stdout.write(`    ${caught.sentence.slice(0, 160)}\n`);
}
const survivors = findings.filter(({ caught }) => caught === undefined).length;
process.stdout.write(`${JSON.stringify({ planted: findings.length, survivors })}\n`);
if (values.write) {
  const page = new URL('../../../docs/reference/planted-faults.md', import.meta.url);
  writeFileSync(page, plantedPage(findings));
}
process.exitCode = survivors === 0 ? 0 : 1;
