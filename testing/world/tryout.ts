import { playHistory } from './simulation/playHistory.ts';
import { drawHistory } from './workload/drawHistory.ts';

const seed = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 100),
  seeds = Number(process.argv[4] ?? 1);
for (let k = 0; k < seeds; k += 1) {
  const t0 = performance.now();
  const p = await playHistory(drawHistory(seed + k, n));
  const ms = performance.now() - t0;
  console.log(
    seed + k,
    p.steps,
    p.inputs,
    'sim',
    p.simulatedMs,
    'ms',
    Math.round(ms),
    'x',
    Math.round(p.simulatedMs / ms),
    p.digest.slice(0, 8),
    p.failure ?? 'ok',
  );
  if (seeds === 1) console.log(p.counts);
}
