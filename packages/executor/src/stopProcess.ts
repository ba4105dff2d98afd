/**
 * Lets a broken invariant end the process: thrown outside of whatever met it, so that nothing can
 * catch it. What is durable is found again by the next start.
 */
export function stopProcess(cause: unknown): void {
  setImmediate(() => {
    throw cause;
  });
}
