import { parentPort, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import type { ShrinkTerms } from './shrinkState.ts';
import { shrinkState } from './shrinkState.ts';

// The thread that anvilState.ts starts: makes one dump smaller, hands it over, ends.
const { dump, terms } = workerData as { readonly dump: string; readonly terms: ShrinkTerms };
const whole = gunzipSync(Buffer.from(dump.slice(2), 'hex')).toString();
parentPort?.postMessage(shrinkState(whole, terms));
