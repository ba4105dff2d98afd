import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Address, Hash, Hex } from 'viem';
import { keccak256, serializeTransaction } from 'viem';
import type { MachineChain } from '../../chains/double/machineChain.ts';
import type { NodeDouble } from '../../chains/double/nodeDouble.ts';
import type { PaperTransaction } from '../../chains/double/paperSigner.ts';
import { readSigned } from '../../chains/double/readSigned.ts';
import { signOnce } from './signatures.ts';
import { FINALITY_BLOCKS } from './simulatedBase.ts';

/** Somebody with a wallet. */
export interface EvmPerson {
  readonly account: AccountId;
  readonly secretKey: Uint8Array;
}

/** Wei per gas: people of the world wait for no better price. */
const FEE_MAX = 2_000_000_000_000n;
const TIP = 2_000_000_000n;
const GAS_LIMIT = 400_000n;

/**
 * The wallets of people: they sign real transactions, tell every node of them, and tell again what
 * neither a block nor a node has any more, until it is final.
 */
export class EvmPeople {
  readonly #chain: MachineChain;
  readonly #nodes: readonly NodeDouble[];
  readonly #wallets: Map<AccountId, Wallet>;

  constructor(
    people: readonly EvmPerson[],
    { chain, nodes }: { readonly chain: MachineChain; readonly nodes: readonly NodeDouble[] },
  ) {
    this.#chain = chain;
    this.#nodes = nodes;
    this.#wallets = new Map(
      people.map(({ account, secretKey }) => {
        const { count } = chain.accountAt(chain.head(), account as Address);
        return [account, { secretKey, next: count, open: [] }];
      }),
    );
  }

  /** Signs a call of somebody; nobody is told of it yet. */
  sign(account: AccountId, to: Address, callData: Hex): PaperTransaction {
    const wallet = this.#wallets.get(account);
    invariant(wallet !== undefined, 'everybody who acts on the chain has a wallet');
    const chainNonce = wallet.next;
    wallet.next += 1;
    const unsigned = {
      type: 'eip1559',
      chainId: this.#chain.terms.chainId,
      nonce: chainNonce,
      to,
      data: callData,
      gas: GAS_LIMIT,
      maxFeePerGas: FEE_MAX,
      maxPriorityFeePerGas: TIP,
    } as const;
    const digest = keccak256(serializeTransaction(unsigned), 'bytes');
    const signature = signOnce(digest, wallet.secretKey);
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(bytesToHex);
    const yParity = signature[64] === 28 ? 1 : 0;
    const raw = serializeTransaction(unsigned, { r: r as Hex, s: s as Hex, yParity });
    const transaction = readSigned(raw);
    invariant(transaction?.from === account, 'a signature is recovered to who signed');
    wallet.open.push(transaction);
    return transaction;
  }

  /** Signs a call of somebody and tells the nodes of it. */
  send(account: AccountId, to: Address, callData: Hex): void {
    const transaction = this.sign(account, to, callData);
    for (const node of this.#nodes) node.receive(transaction);
  }

  /** Looks after every open transaction; to be called after each block. */
  lookAfter(): void {
    const head = this.#chain.head();
    for (const wallet of this.#wallets.values()) {
      wallet.open = wallet.open.filter(({ hash }) => !this.#isFinal(hash));
      for (const transaction of wallet.open) {
        if (this.#chain.receiptAt(head, transaction.hash) !== undefined) continue;
        for (const node of this.#nodes) {
          if (node.pool.get(transaction.hash) === undefined) node.receive(transaction);
        }
      }
    }
  }

  /** Whether some transaction stands in no block yet. */
  isWaiting(): boolean {
    const head = this.#chain.head();
    return [...this.#wallets.values()].some(({ open }) => {
      return open.some(({ hash }) => this.#chain.receiptAt(head, hash) === undefined);
    });
  }

  #isFinal(hash: Hash): boolean {
    const head = this.#chain.head();
    const place = this.#chain.receiptAt(head, hash);
    return place !== undefined && head.number - place.block.number >= FINALITY_BLOCKS;
  }
}

interface Wallet {
  readonly secretKey: Uint8Array;
  next: number;
  open: PaperTransaction[];
}
