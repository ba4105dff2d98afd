import type { ReactElement } from 'react';
import type { RefusedOrder } from '../../live/desk.ts';

/** A refusal: which field broke which rule, what was found, and what to do. */
export function RefusalLife({
  rejection,
  asked,
}: {
  readonly rejection: RefusedOrder['rejection'];
  /** What was asked for. */
  readonly asked?: string;
}): ReactElement {
  const { code, field, rule, fix, limit, actual } = rejection;
  return (
    <div className="refusal">
      <p>
        <strong>Not accepted{asked === undefined ? '' : `: ${asked}`}</strong> <code>{code}</code>
      </p>
      <dl>
        <dt>Field</dt>
        <dd>
          <code>{field}</code>
        </dd>
        <dt>Rule</dt>
        <dd>
          {rule}
          {limit === undefined ? '' : ` (${limit})`}
        </dd>
        <dt>Found</dt>
        <dd className="num">{actual ?? 'nothing'}</dd>
        <dt>What to do</dt>
        <dd>{fix}</dd>
      </dl>
    </div>
  );
}
