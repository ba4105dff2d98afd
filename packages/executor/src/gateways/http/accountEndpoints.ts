import { WISH_TYPES } from '@lawbook/api/client/bookWishes';
import {
  closeSession,
  listSessions,
  openSession,
  readAccount,
  readHealth,
  readLegacyVault,
  readLiveness,
  readMetrics,
  readReadiness,
  readStatus,
  readTypedData,
  readVault,
} from '@lawbook/api/schema/accountRoutes';
import type { AccountView, SessionView, TypedDataView } from '@lawbook/api/schema/accountViews';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import {
  BATCH_ORDER_TYPE,
  CANCEL_TYPE,
  COMMIT_TYPE,
  NO_DELEGATE,
  SESSION_GRANT_TYPE,
  WITHDRAWAL_TYPE,
} from '@lawbook/exchange/orders/signedTypes';
import { DOMAIN_FIELDS, DOMAIN_NAME, DOMAIN_VERSION } from '@lawbook/exchange/orders/typedData';
import { hasScope, scopeNames } from '../callers.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import { isAdmitting } from '../gatewayCore.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { asOfState, isoTime } from '../present/moments.ts';
import { presentPhase } from '../present/presentMarket.ts';
import { presentAccount, presentBalances } from '../present/presentRecords.ts';
import { SIGNATURE_LIBRARY } from '../recoverNative.ts';
import { openSessionByGrant } from '../sessionOpening.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Accounts and the sessions that speak for them. */
export function accountEndpoints(core: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { venue } = core;
  const { state } = venue;
  const accountView = async (text: string): Promise<AccountView> => {
    const owner = accountId(text);
    return presentAccount(state, owner, await venue.settledVault(owner));
  };
  return [
    endpoint(readAccount, async ({ params }) => answer(await accountView(params.owner))),
    endpoint(readVault, async ({ params }) => answer(await accountView(params.owner))),
    endpoint(readLegacyVault, ({ params }) => {
      const owner = accountId(params.owner);
      const assets = presentBalances(state, owner).map(({ symbol, ...rest }) => [symbol, rest]);
      return answer({ owner_id: owner, assets: Object.fromEntries(assets) });
    }),
    endpoint(openSession, async ({ body, asker }) => {
      const opened = await openSessionByGrant(core, intake, body, asker);
      return opened.ok ? answer(opened.value) : opened;
    }),
    endpoint(listSessions, ({ asker }) => {
      if (asker.caller.kind !== 'session') return refuse('unauthenticated', { field: 'session' });
      const { owner } = asker.caller.grant.grant;
      const nowMs = core.dependencies.clock();
      const standing = state.grantsOf(owner).filter(({ grant }) => grant.expiresAtMs > nowMs);
      return answer({ sessions: standing.map(presentSession), asOf: asOfState(state) });
    }),
    endpoint(closeSession, async ({ params, asker }) => {
      if (asker.caller.kind !== 'session') return refuse('unauthenticated', { field: 'session' });
      const own = asker.caller.grant;
      const grantId = params.sessionId.toLowerCase() as Hash;
      const target = state.grants.get(grantId);
      if (target === undefined || target.grant.owner !== own.grant.owner) {
        return refuse('notFound', { field: 'sessionId', actual: grantId });
      }
      if (grantId !== own.grantId && !hasScope(own, 'trade')) {
        return refuse('forbidden', { field: 'scopes', limit: 'trade', actual: own.grant.scopes });
      }
      const revoked = await intake.execute({ kind: 'revokeSession', grantId });
      if (!revoked.ok) return revoked;
      return answer({ sessionId: grantId, sequence: revoked.value.sequence });
    }),
    endpoint(readTypedData, () => answer(typedData(core))),
  ];
}

/** Health, status and metrics. */
export function operationsEndpoints(core: GatewayCore): Endpoint[] {
  const { venue, options, dependencies } = core;
  return [
    endpoint(readLiveness, () => answer({ live: true })),
    endpoint(readReadiness, () => {
      const ready = isReady(core);
      return accepted({
        status: ready ? 200 : 503,
        body: { ready, components: venue.health() },
      });
    }),
    endpoint(readMetrics, async () => answer(await dependencies.metrics.render())),
    endpoint(readHealth, () => answer('OK')),
    endpoint(readStatus, () => {
      const { executed, durable } = venue.cursors();
      const markets = [...venue.state.markets.values()].map((market) => {
        const { name, batchNumber } = presentPhase(market, dependencies.clock());
        return { marketId: String(market.marketId), phase: name, batchNumber };
      });
      return answer({
        service: 'lawbook',
        version: options.version,
        time: isoTime(dependencies.clock()),
        executed,
        durable,
        admitting: isAdmitting(core),
        ready: isReady(core),
        markets,
        components: venue.health(),
        signatureLibrary: SIGNATURE_LIBRARY,
      });
    }),
  ];
}

/** Ready: every configured part works and new writes are taken. */
function isReady(core: GatewayCore): boolean {
  return isAdmitting(core) && core.venue.health().every(({ state }) => state !== 'unready');
}

/** A session as its owner may see it. */
export function presentSession({ grant, grantId }: AuthorisedGrant): SessionView {
  return {
    sessionId: grantId,
    owner: grant.owner,
    ...(grant.delegate !== NO_DELEGATE && { delegate: grant.delegate }),
    scopes: scopeNames(grant.scopes),
    expiresAt: isoTime(grant.expiresAtMs),
  };
}

function typedData({ venue }: GatewayCore): TypedDataView {
  const { chainId, address } = venue.signing.domain;
  const orders = [BATCH_ORDER_TYPE, CANCEL_TYPE, COMMIT_TYPE];
  const books = Object.values(WISH_TYPES);
  const structs = [...orders, SESSION_GRANT_TYPE, WITHDRAWAL_TYPE, ...books];
  const types = structs.map(({ name, fields }) => [name, fields] as const);
  return {
    domain: {
      name: DOMAIN_NAME,
      version: DOMAIN_VERSION,
      chainId: Number(chainId),
      verifyingContract: address,
    },
    types: Object.fromEntries([['EIP712Domain', DOMAIN_FIELDS], ...types]),
  };
}
