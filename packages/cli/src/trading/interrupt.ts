/** Runs until done or until the person ends it: the signal aborts on Ctrl-C and on SIGTERM. */
export async function untilInterrupted(
  run: (stopping: AbortController) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await run(stopping);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
