import type { IntentRequest } from '@lawbook/chains/intents/intent';
import type { Alert } from '@lawbook/chains/lanes/alert';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { Blow } from './crashPoints.ts';
import { strikingAt } from './crashPoints.ts';
import type { EngineTerms } from './realEngine.ts';
import { RealEngine } from './realEngine.ts';

/** What a parent asks of an engine in a process of its own. */
export type EngineCommand =
  | {
      readonly kind: 'open';
      readonly terms: Omit<EngineTerms, 'openStore' | 'wrap' | 'wake' | 'onAlert'>;
      readonly blow: Omit<Blow, 'announce'> | undefined;
    }
  | { readonly kind: 'submit'; readonly requests: readonly IntentRequest[] }
  | { readonly kind: 'close' };

/** What such a process tells. */
export type EngineNews =
  | { readonly kind: 'opened' }
  | { readonly kind: 'owner'; readonly isOwner: boolean }
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'submitted'; readonly key: string }
  | { readonly kind: 'refused'; readonly key: string; readonly code: string }
  | { readonly kind: 'struck'; readonly point: string }
  | { readonly kind: 'closed' };

/** Between two looks at whether the lane is owned. */
const LOOK_MS = 10;

/** An engine that obeys its parent over the channel between them, and ends with it. */
async function main(): Promise<void> {
  let engine: RealEngine | undefined;
  let looking: NodeJS.Timeout | undefined;
  const obey = async (command: EngineCommand): Promise<void> => {
    switch (command.kind) {
      case 'open': {
        engine = await open(command);
        looking = watchOwnership(engine);
        tell({ kind: 'opened' });
        return;
      }
      case 'submit':
        await Promise.all(command.requests.map((request) => submit(engine, request)));
        return;
      case 'close':
        clearInterval(looking);
        await engine?.close();
        tell({ kind: 'closed' });
        process.disconnect();
    }
  };
  let turn: Promise<void> = Promise.resolve();
  process.on('message', (command: EngineCommand) => {
    turn = turn.then(() => obey(command));
  });
  process.once('disconnect', () => process.exit(0));
}

function open({ terms, blow }: Extract<EngineCommand, { kind: 'open' }>): Promise<RealEngine> {
  const onAlert = (alert: Alert): void => tell({ kind: 'alert', alert });
  if (blow === undefined) return RealEngine.open({ ...terms, onAlert });
  const announce = (): void => tell({ kind: 'struck', point: blow.point });
  return RealEngine.open({ ...terms, onAlert, wrap: strikingAt({ ...blow, announce }) });
}

function watchOwnership(engine: RealEngine): NodeJS.Timeout {
  let isOwner = false;
  return setInterval(() => {
    if (engine.lane.stats().owner === isOwner) return;
    isOwner = !isOwner;
    tell({ kind: 'owner', isOwner });
  }, LOOK_MS);
}

async function submit(engine: RealEngine | undefined, request: IntentRequest): Promise<void> {
  const { key } = request;
  try {
    await engine?.lane.submit(request);
    tell({ kind: 'submitted', key });
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    tell({ kind: 'refused', key, code: fault.code });
  }
}

function tell(news: EngineNews): void {
  process.send?.(news);
}

await main();
