import { useState } from 'react';
import { troubleOf } from '../../live/trouble.ts';

/** One step of something that takes several. */
export interface ActStep {
  readonly sentence: string;
  readonly transaction?: string | undefined;
}

/** Something that a person began, step by step. */
export interface Act {
  readonly isBusy: boolean;
  readonly steps: readonly ActStep[];
  readonly trouble: string | undefined;
}

/** Runs one act at a time and keeps what it told. */
export function useAct(): readonly [
  Act,
  (run: (onStep: (sentence: string, transaction?: string) => void) => Promise<void>) => void,
] {
  const [act, setAct] = useState<Act>({ isBusy: false, steps: [], trouble: undefined });
  const begin = (
    run: (onStep: (sentence: string, transaction?: string) => void) => Promise<void>,
  ): void => {
    setAct({ isBusy: true, steps: [], trouble: undefined });
    const onStep = (sentence: string, transaction?: string): void => {
      setAct((now) => ({ ...now, steps: [...now.steps, { sentence, transaction }] }));
    };
    run(onStep).then(
      () => setAct((now) => ({ ...now, isBusy: false })),
      (cause: unknown) => {
        setAct((now) => ({ ...now, isBusy: false, trouble: troubleOf(cause) }));
      },
    );
  };
  return [act, begin];
}
