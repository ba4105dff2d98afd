import { ChainFault } from '../chainFault.ts';
import { estimateGas } from './chainView.ts';
import type { Tenure } from './tenure.ts';

/** Gas of a plain transfer on Ethereum. */
const PLAIN_GAS = 21_000n;

/**
 * Gas limit of a transfer of nothing to oneself, which takes intents back and closes holes.
 *
 * Some chains put the price of data into the gas and refuse 21,000; they are asked. Where nobody
 * answers it is 21,000: taking back must not hang on an estimate.
 */
export async function selfTransferGas(tenure: Tenure): Promise<bigint> {
  const { address, head, stands } = tenure;
  const call = { from: address, to: address, amount: 0n, callData: '0x' } as const;
  try {
    const gas = await estimateGas(stands.pool, call, head?.number ?? 0n);
    // The estimate comes with a tenth on top, which a plain transfer never needs.
    return gas <= (PLAIN_GAS * 11n) / 10n ? PLAIN_GAS : gas;
  } catch (fault) {
    if (fault instanceof ChainFault) return PLAIN_GAS;
    throw fault;
  }
}
