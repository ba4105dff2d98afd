import type { EndpointPool } from '@lawbook/chains/endpoints/endpointPool';

/** Endpoints that answer every question with the same JSON, several of them at once. */
export function answering(answer: unknown): EndpointPool {
  return answeringBy(() => answer);
}

/** Endpoints that answer by method. */
export function answeringBy(answerTo: (method: string) => unknown): EndpointPool {
  return {
    read: async ({ method }) => answerTo(method),
    ask: async ({ method }) => {
      return ['first', 'second'].map((endpoint) => {
        return { endpoint, ok: true, result: answerTo(method) };
      });
    },
    broadcast: async () => [],
    bestHead: () => 16n,
    offers: async () => true,
    stats: () => [],
    close: async () => undefined,
  };
}
