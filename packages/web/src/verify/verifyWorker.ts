import { troubleOf } from '../live/trouble.ts';
import { tamper } from './tamper.ts';
import { verifyBytes } from './verifyBytes.ts';
import type { VerifyMessage, VerifyRequest } from './verifySteps.ts';

/*
 * Verifies in a thread of its own, so that the page stays alive while laws run. One request a
 * worker; the page ends it.
 */
const tell = (message: VerifyMessage): void => postMessage(message);

async function answer({ bytes, tampering }: VerifyRequest): Promise<void> {
  const startedAt = performance.now();
  const subject = tampering === undefined ? bytes : tamper(bytes, tampering);
  const conclusion = await verifyBytes(subject, {
    onStage: (sentence) => tell({ kind: 'stage', sentence }),
    onStep: (step) => tell({ kind: 'step', step }),
  });
  tell({ kind: 'done', conclusion, elapsedMs: performance.now() - startedAt });
}

addEventListener('message', (event: MessageEvent<VerifyRequest>) => {
  answer(event.data).catch((cause: unknown) => {
    tell({ kind: 'failed', sentence: troubleOf(cause) });
  });
});
