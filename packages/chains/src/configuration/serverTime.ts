/**
 * The time of an HTTP server by its Date header, milliseconds since 1970 in whole seconds.
 * @returns undefined where the server is not there or tells none: this is no more than a hint.
 */
export async function readServerTime(url: URL, signal: AbortSignal): Promise<number | undefined> {
  try {
    // Whatever the status: a refusal has a date too. A redirect could carry the URL's key away.
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    await response.body?.cancel();
    const told = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(told) ? undefined : told;
  } catch {
    return undefined;
  }
}
