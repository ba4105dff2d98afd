/** Rows of orders out of call data again, as contracts/src/OrderRows.sol packs them. */
import { bytesToHex, hexToBytes } from '../../packages/exchange/src/codec/hex.ts';
import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type {
  Hex,
  HexAccount,
  OrderRow,
} from '../../packages/proofs/src/statements/epoch/diffList.ts';
import { ROW_HEAD_BYTES } from '../../packages/settlement/src/baseLayer/evm/settleCall.ts';

/** The rows one after another; what is no such rows is a bug of whoever packed them. */
export function unpackRows(packed: Hex): OrderRow[] {
  const bytes = hexToBytes(packed);
  const rows: OrderRow[] = [];
  for (let start = 0; start < bytes.length; ) {
    const head = bytes.subarray(start, start + ROW_HEAD_BYTES);
    invariant(head.length === ROW_HEAD_BYTES, 'rows do not end within a head');
    const { row, signatureBytes } = unpackHead(head);
    const end = start + ROW_HEAD_BYTES + signatureBytes;
    invariant(end <= bytes.length, 'rows do not end within a signature');
    const signature = bytesToHex(bytes.subarray(start + ROW_HEAD_BYTES, end)) as Hex;
    rows.push({ ...row, signature });
    start = end;
  }
  return rows;
}

interface RowHead {
  readonly row: Omit<OrderRow, 'signature'>;
  readonly signatureBytes: number;
}

function unpackHead(head: Uint8Array): RowHead {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const row = {
    order: {
      budget: view.getBigUint64(0),
      limitNumerator: view.getBigUint64(8),
      limitDenominator: view.getBigUint64(16),
      minFillPpm: view.getUint32(24),
      pay: view.getUint8(28),
      product: view.getUint16(29),
      orderNonce: view.getBigUint64(50),
      marketId: view.getUint32(58),
      owner: bytesToHex(head.subarray(62, 82)) as HexAccount,
      expiresAtMs: view.getBigUint64(82),
    },
    paid: view.getBigUint64(31),
    received: view.getBigUint64(39),
    vault: view.getUint16(47),
    isVoid: view.getUint8(49) === 1,
    grant: view.getUint16(90),
  };
  return { row, signatureBytes: view.getUint16(92) };
}
