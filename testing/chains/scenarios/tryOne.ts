import { burst } from './burst.ts';
import { runScenario } from './runScenario.ts';

const n = Number(process.argv[2] ?? 20);
for (let seed = 0; seed < Number(process.argv[3] ?? 5); seed += 1) {
  const result = await runScenario(burst, seed, { intents: n });
  console.log(
    seed,
    JSON.stringify(result.counters),
    result.report.violations.slice(0, 5),
    result.complaints.slice(0, 5),
  );
}
