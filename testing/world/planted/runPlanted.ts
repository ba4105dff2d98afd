// `npm run world:planted`: plants each fault of the table in a venue of its own and says which
// checker caught it after how many steps. `--only TEXT` takes those whose name or promise has the
// text; `--write` puts the table into docs/reference/planted-faults.md. Exits 1 when one survives,
// or when something is caught in the venue as it is.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Finding } from './findPlanted.ts';
import { CONTROL, findPlanted } from './findPlanted.ts';
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
const patience = {
  firstSeed: Number(values.seed),
  seeds: Number(values.seeds),
  stepsPerSeed: Number(values.steps),
  timeoutMs: 300_000,
};

function tell({ fault, steps, caught, trouble }: Finding): void {
  const by = caught === undefined ? 'caught by nobody' : `${caught.checker} after ${steps} steps`;
  process.stdout.write(`${fault.breaks}: ${fault.name}: ${trouble ?? by}\n`);
  if (caught !== undefined) process.stdout.write(`    ${caught.sentence.slice(0, 160)}\n`);
}

const findings: Finding[] = [];
for (const fault of chosen) {
  const finding = await findPlanted(fault, patience);
  findings.push(finding);
  tell(finding);
}
// Last, because only now it is known how many seeds were needed.
const needed = Math.max(...findings.map(({ caught }) => caught?.seed ?? patience.firstSeed));
const control = await findPlanted(CONTROL, {
  ...patience,
  seeds: needed - patience.firstSeed + 1,
});
tell(control);
const survivors = findings.filter(({ caught }) => caught === undefined).length;
const isSound = control.caught === undefined && control.trouble === undefined;
process.stdout.write(`${JSON.stringify({ planted: findings.length, survivors, isSound })}\n`);
if (values.write) {
  const page = new URL('../../../docs/reference/planted-faults.md', import.meta.url);
  writeFileSync(page, plantedPage(findings));
}
process.exitCode = survivors === 0 && isSound ? 0 : 1;
