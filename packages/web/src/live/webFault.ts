import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of the page with what it means; the page of errors is derived from this. */
export const WEB_FAULTS = {
  WEB_WALLET_REFUSED: 'The wallet did not do what the page asked; its reason stands beside it.',
  WEB_CHAIN_UNREACHABLE: 'The page cannot act on the chain with this account.',
  WEB_CHAIN_REVERTED: 'The chain reverted a transaction of the page. Nothing was moved.',
  WEB_TAMPERING_IMPOSSIBLE: 'The bundle has nothing that could be tampered with in this way.',
} as const;

/** The code of a fault of the page. */
export type WebFaultCode = keyof typeof WEB_FAULTS;

/** A failure between the page and a wallet, a chain or a file. */
export class WebFault extends Fault {
  override readonly name = 'WebFault';

  /** `sentence` says more than the table where more is known. */
  constructor(
    code: WebFaultCode,
    options: {
      readonly sentence?: string;
      readonly fields?: FaultFields;
      readonly cause?: unknown;
    } = {},
  ) {
    const { sentence = WEB_FAULTS[code], fields = {}, cause } = options;
    super(sentence, { code, fields, ...(cause === undefined ? {} : { cause }) });
  }
}
