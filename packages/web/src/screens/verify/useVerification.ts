import { unwrap } from '@lawbook/api/client/transport';
import { useEffect, useMemo, useRef, useState } from 'react';
import { troubleOf } from '../../live/trouble.ts';
import { useVenue } from '../../parts/venueContext.tsx';
import type {
  Tampering,
  VerifyConclusion,
  VerifyMessage,
  VerifyRequest,
  VerifyStep,
} from '../../verify/verifySteps.ts';

/** A verification as it stands. */
export interface Verification {
  /** What is verified: an epoch of the venue, or a file. */
  readonly subject: string;
  readonly tampering: Tampering | undefined;
  readonly state: 'running' | 'done' | 'failed';
  readonly stage: string;
  readonly steps: readonly VerifyStep[];
  readonly conclusion?: VerifyConclusion;
  readonly elapsedMs?: number;
}

/** Begins verifications; each ends the one before. */
export interface VerificationStarts {
  readonly epoch: (epochNumber: number, tampering: Tampering | undefined) => void;
  readonly file: (file: File) => void;
}

/** Runs one verification at a time in a worker. */
export function useVerification(): readonly [Verification | undefined, VerificationStarts] {
  const venue = useVenue();
  const [verification, setVerification] = useState<Verification>();
  const worker = useRef<Worker>(undefined);
  const starts = useMemo((): VerificationStarts => {
    let runs = 0;
    const begin = (
      subject: string,
      { read, tampering }: { read: () => Promise<Uint8Array>; tampering: Tampering | undefined },
    ): void => {
      worker.current?.terminate();
      runs += 1;
      const run = runs;
      const update = (change: (now: Verification) => Verification): void => {
        if (run === runs) setVerification((now) => (now === undefined ? now : change(now)));
      };
      const stage = 'Downloading the bundle';
      setVerification({ subject, tampering, state: 'running', stage, steps: [] });
      read().then(
        (bytes) => {
          if (run !== runs) return;
          worker.current = openWorker({ bytes, tampering }, update);
        },
        (cause: unknown) => {
          update((now) => ({ ...now, state: 'failed', stage: troubleOf(cause) }));
        },
      );
    };
    return {
      epoch: (epochNumber, tampering) => {
        const { client, marketId } = venue;
        const read = async (): Promise<Uint8Array> =>
          unwrap(await client.readBundle(marketId, epochNumber));
        begin(`Epoch ${epochNumber} of market ${marketId}`, { read, tampering });
      },
      file: (file) => {
        const read = async (): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());
        begin(file.name, { read, tampering: undefined });
      },
    };
  }, [venue]);
  useEffect(() => () => worker.current?.terminate(), []);
  return [verification, starts];
}

function openWorker(
  request: VerifyRequest,
  update: (change: (now: Verification) => Verification) => void,
): Worker {
  const worker = new Worker(new URL('../../verify/verifyWorker.ts', import.meta.url), {
    type: 'module',
  });
  worker.addEventListener('message', ({ data: message }: MessageEvent<VerifyMessage>) => {
    update((now) => withMessage(now, message));
    if (message.kind === 'done' || message.kind === 'failed') worker.terminate();
  });
  worker.addEventListener('error', () => {
    const stage = 'The verifier could not be loaded. Load the page again.';
    update((now) => ({ ...now, state: 'failed', stage }));
  });
  worker.postMessage(request);
  return worker;
}

function withMessage(now: Verification, message: VerifyMessage): Verification {
  switch (message.kind) {
    case 'stage':
      return { ...now, stage: message.sentence };
    case 'step':
      return { ...now, steps: [...now.steps, message.step] };
    case 'done': {
      const { conclusion, elapsedMs } = message;
      return { ...now, state: 'done', stage: '', conclusion, elapsedMs };
    }
    default:
      return { ...now, state: 'failed', stage: message.sentence };
  }
}
