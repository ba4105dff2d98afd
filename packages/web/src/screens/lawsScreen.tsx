import type { LawList } from '@lawbook/api/schema/recordViews';
import { NEVER_SHOWN, NOT_SHOWN } from '@lawbook/exchange/laws/notShown';
import type { LawId } from '@lawbook/exchange/laws/verdict';
import type { ReactElement } from 'react';
import { useEffect } from 'react';
import { useLive } from '../live/live.ts';
import { addressOf, place } from '../live/route.ts';
import { Chip, Empty, Loading, Panel } from '../parts/marks.tsx';
import { useRead } from '../parts/useRead.ts';
import { useVenue } from '../parts/venueContext.tsx';

/** The laws as they are published, what each leaves open, and how they held lately. */
export function LawsScreen(): ReactElement {
  const venue = useVenue();
  const { rest } = useLive(place);
  const { read, trouble } = useRead(() => venue.client.listLaws(), 'laws');
  const [wanted] = rest;
  useEffect(() => {
    if (read !== undefined && wanted !== undefined) {
      document.getElementById(`law-${wanted}`)?.scrollIntoView({ block: 'center' });
    }
  }, [read, wanted]);
  return (
    <>
      <div className="screen-head">
        <h1>Laws</h1>
        <p className="dim">
          Every batch is judged by these before it takes effect. They share no code with what they
          judge; one that is broken halts the market. Anybody can{' '}
          <a href={addressOf('verify')}>run them again</a>.
        </p>
      </div>
      {read === undefined ? (
        trouble === undefined ? (
          <Loading what="the laws" />
        ) : (
          <Empty title="The laws could not be read">{trouble}</Empty>
        )
      ) : (
        <LawCards list={read} wanted={wanted} />
      )}
      <p className="foot">{NEVER_SHOWN}</p>
    </>
  );
}

function LawCards({
  list,
  wanted,
}: {
  readonly list: LawList;
  readonly wanted: string | undefined;
}): ReactElement {
  const { batches: live } = useVenue();
  const batches = useLive(live);
  return (
    <>
      <ol className="laws">
        {list.laws.map(({ id, name, statement, page }) => {
          const broken = batches.filter(({ verdicts }) => {
            return verdicts.some((verdict) => verdict.law === id && !verdict.holds);
          });
          return (
            <li
              key={id}
              id={`law-${id}`}
              className={`panel law ${id === wanted ? 'is-wanted' : ''}`}
            >
              <header>
                <code>{id}</code>
                <h2>{name}</h2>
                {batches.length > 0 && (
                  <Chip tone={broken.length === 0 ? 'good' : 'bad'}>
                    {broken.length === 0
                      ? `held in the last ${batches.length} batches`
                      : `broken in ${broken.length} batches`}
                  </Chip>
                )}
              </header>
              <p className="law-statement">{statement}</p>
              <p className="dim">Does not show {NOT_SHOWN[id as LawId]}.</p>
              <p className="dim">
                In the repository: <code>{page}</code>
              </p>
            </li>
          );
        })}
      </ol>
      <Panel title="What they add up to">
        <dl className="predicates">
          {list.predicates.map(({ name, laws, meaning }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {meaning} <span className="dim">{laws.join(', ')}</span>
              </dd>
            </div>
          ))}
        </dl>
      </Panel>
    </>
  );
}
