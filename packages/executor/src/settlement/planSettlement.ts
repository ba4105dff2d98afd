import type { Config } from '../config/config.ts';
import type { SettlementPlan } from './settlementPlan.ts';

/**
 * How a configured venue settles; undefined where it does not. Chains and provers are loaded by
 * those who use them: they take longer to load than the rest of the venue.
 *
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID.
 */
export async function planSettlement(config: Config): Promise<SettlementPlan | undefined> {
  switch (config.settlement.mode) {
    case 'off':
      return undefined;
    case 'embedded': {
      const { embeddedPlan } = await import('./embeddedPlan.ts');
      return embeddedPlan(config);
    }
    case 'evm': {
      const { evmPlan } = await import('./evmPlan.ts');
      return evmPlan(config);
    }
  }
}
