/** What of a chain's past its state goes on to hold. */
export interface ShrinkTerms {
  /** The oldest block that stays. */
  readonly keepFrom: number;
  /** The newest blocks whose states stay, for reads at blocks that are not the newest. */
  readonly states: number;
}

/** The parts of anvil's dump that grow with time; the others pass through as they are. */
interface Dump {
  readonly best_block_number: number;
  readonly blocks: readonly Block[];
  readonly transactions: readonly MinedTransaction[];
  readonly historical_states?: readonly (readonly [string, unknown])[] | null;
}

interface Block {
  readonly header: { readonly number: string; readonly parentHash: string };
}

interface MinedTransaction {
  readonly block_number: number;
  readonly info: Readonly<Record<string, unknown>>;
}

/**
 * A dump of anvil without the past: older blocks and their transactions go, and so does the trace
 * of every transaction, which is four fifths of a dump and which nobody asks for. Accounts, and so
 * everything that contracts hold, stay whole; the newest block always stays.
 *
 * @param dump JSON as anvil wrote it.
 */
export function shrinkState(dump: string, { keepFrom, states }: ShrinkTerms): string {
  const state = JSON.parse(dump) as Dump;
  const { best_block_number: best } = state;
  const blocksFrom = (first: number): Block[] => {
    return state.blocks.filter(({ header }) => Number(header.number) >= first);
  };
  const first = Math.min(keepFrom, best);
  // A block does not say its own hash; that of the newest is not needed, whose state is all.
  const parents = new Set(blocksFrom(best - states + 1).map(({ header }) => header.parentHash));
  return JSON.stringify({
    ...state,
    blocks: blocksFrom(first),
    transactions: state.transactions
      .filter((transaction) => transaction.block_number >= first)
      .map((transaction) => ({ ...transaction, info: { ...transaction.info, traces: [] } })),
    historical_states: state.historical_states?.filter(([hash]) => parents.has(hash)) ?? null,
  });
}
