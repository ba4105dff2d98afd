import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PlantedFault } from './plantedFaults.ts';

/** How long a planted fault is looked for. */
export interface Patience {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly stepsPerSeed: number;
  readonly timeoutMs: number;
}

/** What became of a planted fault. */
export interface Finding {
  readonly fault: PlantedFault;
  /** Steps that were played until it was caught, or in all. */
  readonly steps: number;
  /** Undefined when no checker said anything. */
  readonly caught:
    | { readonly checker: string; readonly seed?: number; readonly sentence: string }
    | undefined;
  /** Why the process itself went wrong. */
  readonly trouble: string | undefined;
}

/** The venue as it is: whatever is caught in it says that the harness cries wolf. */
export const CONTROL: PlantedFault = {
  name: 'nothing',
  breaks: 'control',
  file: '',
  find: '',
  replace: '',
};

/**
 * Plays a venue with a planted fault, in a process of its own, until a checker catches it;
 * `CONTROL` plants nothing.
 */
export async function findPlanted(fault: PlantedFault, patience: Patience): Promise<Finding> {
  const { firstSeed, seeds, stepsPerSeed, timeoutMs } = patience;
  const hook = new URL('./plantHook.ts', import.meta.url).href;
  const script = fileURLToPath(new URL('./playPlanted.ts', import.meta.url));
  const isControl = fault === CONTROL;
  const words = [script, ...[firstSeed, seeds, stepsPerSeed].map(String)];
  const child = spawn(process.execPath, [...(isControl ? [] : ['--import', hook]), ...words], {
    env: { ...process.env, LAWBOOK_PLANTED: fault.name },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const [out, err] = [texts(child.stdout), texts(child.stderr)];
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const complaint = (await err).trim();
  const nothing = { fault, steps: 0, caught: undefined };
  if (!isControl && !complaint.includes(`planted ${fault.name}`)) {
    return { ...nothing, trouble: `it was never planted: ${complaint.slice(-400)}` };
  }
  const line = (await out).trim().split('\n').at(-1) ?? '';
  // Killed while it played: the fault has stopped everything, which no checker could say any more.
  if (line === '') return { ...nothing, trouble: `ended by ${ended}: ${complaint.slice(-400)}` };
  const told = JSON.parse(line) as Pick<Finding, 'steps' | 'caught'>;
  return { fault, steps: told.steps, caught: told.caught, trouble: undefined };
}

async function texts(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}
