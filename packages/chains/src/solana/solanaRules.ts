import { isAddress } from '@solana/kit';
import { ChainFault } from '../chainFault.ts';
import { UNIT_LIMIT_ASKABLE } from './solanaFee.ts';
import type { SolanaIntentRequest } from './solanaIntent.ts';
import { COMPUTE_BUDGET_PROGRAM, measureMessage } from './solanaMessage.ts';

/**
 * Refuses what can never work, before anything is stored. `signer` is the lane's address.
 *
 * @throws ChainFault CHAIN_INTENT_INVALID, naming the field.
 */
export function checkSolanaRequest(request: SolanaIntentRequest, signer: string): void {
  const refuse = (field: string, rule: string): never => {
    const message = `The intent's ${field} cannot be used: ${rule}.`;
    throw new ChainFault('CHAIN_INTENT_INVALID', message, { fields: { field } });
  };
  if (!KEY.test(request.key)) refuse('key', 'write 1 to 128 of A-Z a-z 0-9 . _ : -');
  if (request.spend < 0n || request.spend > U64_MAX) refuse('spend', 'write lamports, 64 bits');
  if (request.feeCap < 0n || request.feeCap > U64_MAX) refuse('feeCap', 'write lamports, 64 bits');
  if (!Number.isSafeInteger(request.deadlineMs)) refuse('deadlineMs', 'write whole milliseconds');
  const { unitLimit } = request;
  if (unitLimit !== undefined && !isUnitLimit(unitLimit)) {
    refuse('unitLimit', `write 1 to ${UNIT_LIMIT_ASKABLE} compute units, or leave it out`);
  }
  if (request.instructions.length === 0) refuse('instructions', 'there has to be one at least');
  for (const { programAddress, accounts } of request.instructions) {
    if (!isAddress(programAddress)) refuse('instructions', 'a program address is not base58');
    if (programAddress === COMPUTE_BUDGET_PROGRAM) {
      refuse('instructions', 'the lane sets the compute budget itself');
    }
    for (const { address, role } of accounts) {
      if (!isAddress(address)) refuse('instructions', 'an account address is not base58');
      if (role.endsWith('Signer') && address !== signer) {
        refuse('instructions', 'only the signer of the lane signs');
      }
    }
  }
  const bytes = measureMessage(request, signer);
  if (bytes > 1232) refuse('instructions', `they make ${bytes} bytes, and 1232 fit`);
}

function isUnitLimit(units: number): boolean {
  return Number.isInteger(units) && units >= 1 && units <= UNIT_LIMIT_ASKABLE;
}

const KEY = /^[A-Za-z0-9._:-]{1,128}$/;
const U64_MAX = 2n ** 64n - 1n;
