import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { OwnerStands } from '@lawbook/settlement/baseLayer/evm/owner';

/** What an owner acts with, and the whole deployment that it acts at. */
export interface OwnerChain extends OwnerStands {
  readonly deployment: Deployment;
  readonly stands: EvmStands;
}
