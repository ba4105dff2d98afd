import { developmentKeys } from '@lawbook/proofs/keys/developmentKeys';
import type { Config } from '../config/config.ts';
import { embeddedPlan } from './embeddedPlan.ts';
import { evmPlan } from './evmPlan.ts';
import type { SettlementPlan } from './settlementPlan.ts';

/** How a configured venue settles; undefined where it does not. */
export async function planSettlement(config: Config): Promise<SettlementPlan | undefined> {
  switch (config.settlement.mode) {
    case 'off':
      return undefined;
    case 'embedded':
      return embeddedPlan(config, await developmentKeys());
    case 'evm':
      return await evmPlan(config);
  }
}
