import type { EvmBaseLayerOptions } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import type { CrashPoint } from '../../chains/anvil/crashPoints.ts';
import { strikingAt } from '../../chains/anvil/crashPoints.ts';
import type { EngineTerms } from '../../chains/anvil/realEngine.ts';
import { RealEngine } from '../../chains/anvil/realEngine.ts';
import { standsOf } from './evmVenue.ts';

/** What a parent asks of a process that settles a list and dies on the way. */
export interface SettleCommand {
  readonly terms: Omit<EngineTerms, 'openStore' | 'wrap' | 'wake' | 'onAlert'>;
  readonly layer: EvmBaseLayerOptions;
  readonly submission: Submission;
  readonly point: CrashPoint;
}

/** Far above what it takes to reach any point. */
const PATIENCE_MS = 30_000;

process.once('message', async ({ terms, layer, submission, point }: SettleCommand) => {
  const wrap = strikingAt({ point, nth: 1, signal: 'SIGKILL' });
  const engine = await RealEngine.open({ ...terms, wrap });
  const base = openEvmBaseLayer(layer, standsOf(engine));
  await base.settle(submission, AbortSignal.timeout(PATIENCE_MS));
});
process.once('disconnect', () => process.exit(0));
