import type { ReactElement } from 'react';
import type { RefusedOrder } from '../../live/desk.ts';

/** A refusal: which field broke which rule, what was found, and what to do. */
export function RefusalLife({
  rejection,
}: {
  readonly rejection: RefusedOrder['rejection'];
}): ReactElement {
  const { code, field, rule, fix, limit, actual } = rejection;
  return (
    <div className="refusal">
      <p>
        <strong>Not accepted</strong> <code>{code}</code>
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
