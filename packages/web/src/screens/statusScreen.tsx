import type { ReactElement } from 'react';
import { useLive } from '../live/live.ts';
import { Chip, Fact, Hash, Loading, Panel, Term } from '../parts/marks.tsx';
import { useRead } from '../parts/useRead.ts';
import { useVenue } from '../parts/venueContext.tsx';
import { TERMS } from '../words/meanings.ts';
import { counted } from '../words/numbers.ts';
import { spanText } from '../words/times.ts';
import { MetricCharts } from './status/metricCharts.tsx';

const TONES = { ready: 'good', unready: 'bad', notConfigured: 'plain' } as const;

const AGREEMENT =
  'Binds the operator, the shard and the verifying keys of the laws. A change of it takes effect ' +
  'only after owners had twice the time to leave.';

/** Health, settlement and agreement, for whoever runs or watches the venue. */
export function StatusScreen(): ReactElement {
  const venue = useVenue();
  const status = useLive(venue.status);
  if (status === undefined) return <Loading what="the status" />;
  return (
    <>
      <div className="screen-head">
        <h1>Status</h1>
        <p className="dim">
          Version {status.version}. Executed up to sequence{' '}
          <b className="num">{counted(status.executed)}</b>, on disk up to{' '}
          <b className="num">{counted(status.durable)}</b>.{' '}
          {status.admitting ? 'Orders are taken.' : 'No orders are taken at present.'}
        </p>
      </div>
      <div className="status-body">
        <Panel
          title="Parts of the venue"
          aside={
            <Chip tone={status.ready ? 'good' : 'bad'}>{status.ready ? 'ready' : 'not ready'}</Chip>
          }
        >
          <dl className="facts padded parts">
            {status.components.map(({ name, state, detail }) => (
              <div key={name} className="fact">
                <dt>
                  <Chip tone={TONES[state]}>{name}</Chip>
                </dt>
                <dd>{detail}</dd>
              </div>
            ))}
          </dl>
        </Panel>
        <SettlementFacts />
        <AgreementFacts />
        <MarketFacts />
      </div>
      <MetricCharts />
    </>
  );
}

/** Every market and where it stands. */
function MarketFacts(): ReactElement {
  const venue = useVenue();
  const status = useLive(venue.status);
  const books = useLive(venue.bookList);
  return (
    <Panel title="Markets">
      <dl className="facts padded">
        {status?.markets.map(({ marketId, phase, batchNumber }) => (
          <Fact key={marketId} name={`${marketId}, batch auction`}>
            {phase}, batch <span className="num">{counted(batchNumber)}</span>
          </Fact>
        ))}
        {books.map(({ marketId, symbol, state, openOrders, ordersMax, epoch }) => (
          <Fact key={marketId} name={`${marketId}, book ${symbol}`}>
            {state}, <span className="num">{counted(openOrders)}</span> of{' '}
            <span className="num">{counted(ordersMax)}</span> orders, epoch{' '}
            <span className="num">{counted(epoch.number)}</span> with{' '}
            <span className="num">{counted(epoch.events)}</span> events
          </Fact>
        ))}
      </dl>
    </Panel>
  );
}

function SettlementFacts(): ReactElement {
  const settlement = useLive(useVenue().settlement);
  if (settlement === undefined) return <Loading what="settlement" />;
  const { phase, detail, lag, exposure, layer, pausedBecause } = settlement;
  return (
    <Panel
      title="Settlement"
      aside={<Chip tone={phase === 'running' ? 'good' : 'warn'}>{phase}</Chip>}
    >
      <dl className="facts padded">
        <Fact name="State">{detail}</Fact>
        {pausedBecause !== undefined && (
          <Fact name="Orders are paused">
            <span className="bad">{pausedBecause}</span>
          </Fact>
        )}
        {lag !== undefined && (
          <Fact name="Sealed, proven, settled, final">
            <span className="num">
              {[lag.sealed, lag.proven, lag.settled, lag.finalized].map(counted).join(', ')}
            </span>
          </Fact>
        )}
        {lag !== undefined && exposure !== undefined && (
          <Fact
            name="Exposure"
            meaning="How far trading may run ahead of the base layer before new orders are paused."
          >
            <span className="num">
              {counted(lag.unsettled)} of {counted(exposure.unsettledListsMax)} lists,{' '}
              {spanText(lag.oldestUnsettledMs)} of {spanText(exposure.unsettledAgeMsMax)}
            </span>
          </Fact>
        )}
        {layer !== undefined && (
          <>
            <Fact name="Chain">
              <span className="num">{layer.chainId}</span>, shard {layer.shard}
            </Fact>
            <Fact name="Contract">
              <Hash hash={layer.contract} />
            </Fact>
            <Fact name="Registry">
              <Hash hash={layer.registry} />
            </Fact>
            <Fact name="Proofs rest on" meaning={TERMS.setup}>
              <Chip tone={layer.setup.startsWith('insecure') ? 'warn' : 'plain'}>
                {layer.setup}
              </Chip>
            </Fact>
          </>
        )}
      </dl>
    </Panel>
  );
}

function AgreementFacts(): ReactElement {
  const venue = useVenue();
  const sealed = useLive(venue.settlement)?.lag?.sealed;
  const { read, trouble } = useRead(() => venue.client.readAgreement(), sealed);
  if (read === undefined) {
    return (
      <Panel title="Agreement with the base layer">
        {trouble === undefined ? (
          <Loading what="the agreement" />
        ) : (
          <p className="foot">{trouble}</p>
        )}
      </Panel>
    );
  }
  const { state, detail, agreementId, operator, verifyingKeyHash, circuits = [] } = read;
  return (
    <Panel
      title={<Term meaning={AGREEMENT}>Agreement</Term>}
      aside={<Chip tone={state === 'active' ? 'good' : 'warn'}>{state}</Chip>}
    >
      <dl className="facts padded">
        <Fact name="State">{detail}</Fact>
        {agreementId !== undefined && <Fact name="Number">{agreementId}</Fact>}
        {operator !== undefined && (
          <Fact name="Operator">
            <Hash hash={operator} />
          </Fact>
        )}
        {verifyingKeyHash !== undefined && (
          <Fact name="Verifying keys">
            <Hash hash={verifyingKeyHash} />
          </Fact>
        )}
        {circuits.length > 0 && (
          <Fact name="Circuits, orders each">
            <span className="num">{circuits.map(({ orders }) => orders).join(', ')}</span>
          </Fact>
        )}
        {read.baseEpoch !== undefined && (
          <Fact name="Base epoch">
            <span className="num">{counted(read.baseEpoch)}</span>
            {read.activeFrom !== undefined && (
              <>
                , in force from <span className="num">{counted(read.activeFrom)}</span>
              </>
            )}
          </Fact>
        )}
        {read.exitBlocks !== undefined && (
          <Fact name="An exit unlocks after">
            <span className="num">{counted(read.exitBlocks)}</span> blocks
          </Fact>
        )}
      </dl>
    </Panel>
  );
}
