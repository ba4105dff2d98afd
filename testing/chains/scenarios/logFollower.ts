import { ChainFault } from '@lawbook/chains/chainFault';
import { RpcError } from '@lawbook/chains/endpoints/transport';
import type { LogBatch, LogCursor } from '@lawbook/chains/tracker/logCursor';
import { createLogCursor } from '@lawbook/chains/tracker/logCursor';
import type { ChainLog } from '@lawbook/chains/tracker/logReader';
import type { Address, Hex } from 'viem';
import type { EngineDouble } from '../double/engineDouble.ts';
import { paperAddress, paperHash, writePaper } from '../double/paperSigner.ts';
import type { TruthBlock } from '../double/truth.ts';
import type { WorldDouble } from '../double/worldDouble.ts';
import type { Stage } from './stage.ts';

/** A contract whose every call is a log. */
const BELL: Address = paperAddress('bell');
const RUNG: Hex = paperHash('rung');
const RINGER: Address = paperAddress('ringer');

/** Puts up to `mostPerBlock` logs into each block, some blocks none. */
export function ringBell(world: WorldDouble, mostPerBlock: number): void {
  const { chain, random } = world;
  chain.contracts.set(BELL, ({ callData }) => ({
    success: true,
    gasUsed: 2_000n,
    logs: [{ address: BELL, topics: [RUNG], payload: callData }],
  }));
  chain.adjustBalance(RINGER, 10n ** 21n);
  let rings = 0;
  world.onBlock.push(() => {
    const { count } = chain.accountAt(chain.head(), RINGER);
    for (let k = random.integer(0, mostPerBlock); k > 0; k -= 1) {
      rings += 1;
      world.privately.push(
        writePaper(RINGER, {
          chainId: chain.terms.chainId,
          chainNonce: count + k - 1,
          to: BELL,
          amount: 0n,
          callData: `0x${rings.toString(16).padStart(16, '0')}`,
          gasLimit: 60_000n,
          maxFeePerGas: 10n ** 13n,
          maxPriorityFeePerGas: 10n ** 9n,
        }),
      );
    }
  });
}

interface Standing {
  readonly block: bigint;
  readonly name: string;
}

/** Reads the bell's logs to the end of the story, and takes back what it is told to take back. */
export class LogFollower {
  readonly #stage: Stage;
  readonly #cursor: LogCursor;
  readonly #first: number;
  readonly #standing: Standing[] = [];
  dropped = 0;
  adopted = 0;

  constructor(stage: Stage, { pool, tracker, process: host }: EngineDouble) {
    this.#stage = stage;
    this.#first = stage.world.chain.head().number + 1;
    this.#cursor = createLogCursor(
      { filter: { address: BELL, topics: [RUNG] }, from: BigInt(this.#first) },
      { pool, tracker, environment: host.environment },
    );
    this.#read().catch((failure: unknown) => {
      stage.errors.push(failure);
      const isClosed = failure instanceof ChainFault && failure.code === 'CHAIN_CLOSED';
      if (!isClosed) this.#complain(`reading logs ended with ${String(failure)}`);
    });
  }

  /** Whether everything up to a block was delivered, and nothing else stands. */
  hasAllTo(last: TruthBlock): boolean {
    const standing = this.#standing.filter(({ block }) => block <= BigInt(last.number));
    const expected = this.#expected(last);
    return standing.map(({ name }) => name).join() === expected.join();
  }

  /** Logs of canonical blocks, as nodes would tell them. */
  #expected(last: TruthBlock): readonly string[] {
    const names: string[] = [];
    let block: TruthBlock | undefined = last;
    for (; block !== undefined && block.number >= this.#first; block = block.parent) {
      const logs = block.receipts.flatMap((receipt) => receipt.logs);
      const { hash } = block;
      names.unshift(...logs.map(({ payload }, index) => `${hash}/${index}/${payload}`));
    }
    return names;
  }

  async #read(): Promise<never> {
    for (;;) {
      try {
        this.#take(await this.#cursor.next());
      } catch (failure) {
        // No batch is lost by a refusal: it is asked again.
        if (!(failure instanceof RpcError)) throw failure;
        this.#stage.errors.push(failure);
        await this.#stage.sleep(100);
      }
    }
  }

  #take(batch: LogBatch): void {
    if (batch.kind === 'rewound') {
      this.#complain('a cursor was rewound, and every branch was at hand');
      return;
    }
    const { number } = batch.block;
    const named = batch.logs.map((log) => ({ block: number, name: nameOf(log) }));
    const last = this.#standing.at(-1);
    if (batch.kind === 'adopted') {
      this.adopted += named.length;
      if (last !== undefined && last.block >= number) {
        this.#complain(`block ${number} was delivered after block ${last.block}`);
      }
      this.#standing.push(...named);
      return;
    }
    this.dropped += named.length;
    const taken = this.#standing.splice(-named.length).map(({ name }) => name);
    if (taken.join() !== named.map(({ name }) => name).join()) {
      this.#complain(`block ${number} was taken back out of order`);
    }
  }

  #complain(sentence: string): void {
    this.#stage.complaints.push(sentence);
  }
}

function nameOf({ blockHash, logIndex, data: payload }: ChainLog): string {
  return `${blockHash}/${logIndex}/${payload}`;
}
