import { CommandFault } from '../terminal/cliFault.ts';

const POLL_MS = 250;

/**
 * Asks again and again until there is an answer.
 * @throws CommandFault CLI_WAIT_OVER that says what was waited for, when the signal ends the wait.
 */
export async function pollUntil<T>(
  what: string,
  signal: AbortSignal,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await pause(signal);
    if (signal.aborted) {
      const sentence = `the wait is over before ${what}; what was begun goes on`;
      throw new CommandFault('CLI_WAIT_OVER', sentence);
    }
  }
}

/** A pause between two questions; shorter when the wait ends. */
function pause(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resume) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resume();
    };
    const timer = setTimeout(stop, POLL_MS);
    signal.addEventListener('abort', stop, { once: true });
  });
}
