import { parentPort, workerData } from 'node:worker_threads';
import { computeString } from './developmentString.ts';

// The thread that developmentString.ts starts: computes one string, hands it over, ends.
parentPort?.postMessage(computeString(workerData as number));
