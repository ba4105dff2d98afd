import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import { GOOD_DISK } from '../simulation/powerLossDisk.ts';
import type { SimulatedBase } from '../simulation/simulatedBase.ts';
import { GOOD_BASE } from '../simulation/simulatedBase.ts';
import type { SimulatedMachine } from '../simulation/simulatedMachine.ts';
import type { SimulatedOracle } from '../simulation/simulatedOracle.ts';
import type { ProverTerms } from '../simulation/simulatedProver.ts';
import { GOOD_PROVERS } from '../simulation/simulatedProver.ts';
import type { VenueHost } from '../simulation/venueHost.ts';
import type { Wires } from '../simulation/wires.ts';
import { GOOD_WIRES } from '../simulation/wires.ts';
import type { FaultAct } from '../workload/acts.ts';

/** What faults act on. */
export interface FaultyParts {
  readonly clock: SimulatedClock;
  readonly machine: SimulatedMachine;
  readonly host: VenueHost;
  readonly wires: Wires;
  readonly base: SimulatedBase;
  readonly provers: ProverTerms;
  readonly oracle: SimulatedOracle;
  readonly cutFeeds: () => void;
}

/**
 * Brings faults into the world and takes them out again. Every fault changes the terms of a part of
 * the simulation; none touches the venue itself.
 */
export class FaultBoard {
  readonly #parts: FaultyParts;
  /** The last fault of each part: one that comes later outlives one that came before. */
  readonly #last = new Map<string, number>();
  #count = 0;

  constructor(parts: FaultyParts) {
    this.#parts = parts;
  }

  perform(act: FaultAct): void {
    const { machine, host, wires, provers, oracle } = this.#parts;
    switch (act.kind) {
      case 'kill':
        host.kill(act.power ? 'power' : 'kill');
        return;
      case 'pause':
        host.pause(act.forMs);
        return;
      case 'rot':
        machine.disk.rot((path) => path.endsWith('.snap'));
        return;
      case 'planDeath': {
        const { touch, touches, after, power } = act;
        const moment = after ? 'after' : 'before';
        const kind = power ? 'power' : 'kill';
        host.planDeath({ touch: touch ?? undefined, touches, moment, kind });
        return;
      }
      case 'disk':
        this.#disk(act);
        return;
      case 'store': {
        const { terms } = machine.store;
        const change = act.what === 'full' ? { full: true } : { failing: 0.5 };
        this.#for('store', act.forMs, { begin: () => Object.assign(terms, change) });
        return;
      }
      case 'wires': {
        const { loss, repeats, delayMs, frameFaults } = act;
        const change = { loss, repeats, frameFaults, delayMs: [1, delayMs] as const };
        this.#for('wires', act.forMs, { begin: () => Object.assign(wires.terms, change) });
        return;
      }
      case 'cutFeeds':
        this.#parts.cutFeeds();
        return;
      case 'clockJump':
        this.#for('clock', act.forMs, {
          begin: () => {
            machine.skewMs = act.byMs;
          },
        });
        return;
      case 'base':
        this.#base(act);
        return;
      case 'provers': {
        const { share } = act;
        const change = {
          dies: { dies: share },
          hangs: { hangs: share },
          garbage: { garbage: share },
          slow: { proofMs: [5_000, 30_000] as const },
        }[act.what];
        this.#for('provers', act.forMs, {
          begin: () => Object.assign(provers, GOOD_PROVERS, change),
        });
        return;
      }
      case 'oracle':
        this.#for('oracle', act.forMs, { begin: () => oracle.misbehave(act) });
        return;
    }
  }

  /** Ends every fault. */
  calm(): void {
    this.#last.clear();
    for (const part of PARTS) this.#heal(part);
  }

  #for(part: string, forMs: number, { begin }: { readonly begin: () => void }): void {
    this.#count += 1;
    const number = this.#count;
    this.#last.set(part, number);
    begin();
    this.#parts.clock.schedule(forMs, () => {
      if (this.#last.get(part) === number) this.#heal(part);
    });
  }

  #disk(act: Extract<FaultAct, { kind: 'disk' }>): void {
    const { machine } = this.#parts;
    const { terms } = machine.disk;
    const { share } = act;
    const change = {
      slow: { delayMs: [0, 40] as const, syncMs: [20, 20 + 2_000 * share] as const },
      failing: { failing: share },
      full: { capacityBytes: machine.disk.usedBytes() + Math.floor(4_000 * share) },
      short: { short: share },
    }[act.what];
    this.#for('disk', act.forMs, { begin: () => Object.assign(terms, GOOD_DISK, change) });
  }

  #base(act: Extract<FaultAct, { kind: 'base' }>): void {
    const { base } = this.#parts;
    const { share } = act;
    const change = {
      away: { away: true },
      answersLost: { answersLost: share },
      withheld: { withheld: share },
      reorganises: { reorganises: share },
      slow: { blockMs: 12_000 },
    }[act.what];
    this.#for('base', act.forMs, {
      begin: () => Object.assign(base.terms, GOOD_BASE, change),
    });
  }

  #heal(part: string): void {
    const { machine, wires, base, provers, oracle } = this.#parts;
    if (part === 'clock') machine.skewMs = 0;
    if (part === 'disk') Object.assign(machine.disk.terms, GOOD_DISK);
    if (part === 'store') Object.assign(machine.store.terms, { full: false, failing: 0 });
    if (part === 'wires') Object.assign(wires.terms, GOOD_WIRES);
    if (part === 'base') Object.assign(base.terms, GOOD_BASE);
    if (part === 'provers') Object.assign(provers, GOOD_PROVERS);
    if (part === 'oracle') oracle.behave();
  }
}

const PARTS = ['clock', 'disk', 'store', 'wires', 'base', 'provers', 'oracle'] as const;
