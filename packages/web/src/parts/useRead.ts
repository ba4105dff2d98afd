import { unwrap } from '@lawbook/api/client/transport';
import type { Result } from '@lawbook/exchange/failures/result';
import { useEffect, useRef, useState } from 'react';
import { troubleOf } from '../live/trouble.ts';

/** What a read came to. */
export interface ReadState<T> {
  readonly read: T | undefined;
  /** Why the last one failed; what was read before stays. */
  readonly trouble: string | undefined;
}

/** Reads something of the venue, again whenever the occasion changes. */
export function useRead<T>(ask: () => Promise<Result<T>>, occasion: unknown): ReadState<T> {
  const [state, setState] = useState<ReadState<T>>({ read: undefined, trouble: undefined });
  const latest = useRef(ask);
  latest.current = ask;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the occasion sets off the read.
  useEffect(() => {
    let isGone = false;
    latest.current().then(
      (result) => {
        if (isGone) return;
        try {
          setState({ read: unwrap(result), trouble: undefined });
        } catch (cause) {
          setState((now) => ({ ...now, trouble: troubleOf(cause) }));
        }
      },
      (cause: unknown) => {
        if (!isGone) setState((now) => ({ ...now, trouble: troubleOf(cause) }));
      },
    );
    return () => {
      isGone = true;
    };
  }, [occasion]);
  return state;
}
