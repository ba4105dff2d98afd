import type { InvariantName, InvariantReport, Violation } from '../double/invariants.ts';
import type { SolanaScenarioResult } from '../solana/solanaScenario.ts';
import { runSolanaScenario } from '../solana/solanaScenario.ts';
import type { ScenarioResult } from './runScenario.ts';

/**
 * The Solana lane in a world of its own, which decides by its seed how many payments there
 * are. Told as the rows of the simulated chain are, so that the same report counts it.
 */
export async function playSolanaRow(seed: number): Promise<ScenarioResult> {
  const cpu = process.threadCpuUsage();
  const result = await runSolanaScenario(seed);
  const { user, system } = process.threadCpuUsage(cpu);
  return {
    scenario: 26,
    seed,
    report: reportOf(result),
    complaints: [],
    counters: {
      intents: result.intents,
      ended: result.ended,
      blocks: 0,
      requests: 0,
      faults: result.forks,
      refusals: 0,
      deaths: result.kills,
      alerts: 0,
      simulatedMs: result.simulatedMs,
      events: 0,
      cpuMs: (user + system) / 1000,
    },
  };
}

/**
 * What the judge of the Solana world looks at: each payment for I1, I2 and I4, each signed
 * transaction for I6, each death for I8. Solana has no nonces that could leave a gap (I3); budgets
 * and secrets (I5, I7) are looked at on the other chain.
 */
function reportOf(result: SolanaScenarioResult): InvariantReport {
  const { intents, kills, attempts } = result;
  const violations: Violation[] = result.violations.map(({ invariant, sentence }) => {
    return { invariant: invariant as InvariantName, sentence };
  });
  if (kills > 0 && violations.length > 0) {
    const sentence = `promises broke in a world with ${kills} deaths`;
    violations.push({ invariant: 'I8', sentence });
  }
  const none = { I3: 0, I5: 0, I7: 0 };
  return {
    checks: { ...none, I1: intents, I2: intents, I4: intents, I6: attempts, I8: kills },
    violations,
  };
}
