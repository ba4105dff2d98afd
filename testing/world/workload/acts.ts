import type { Touch } from '../simulation/life.ts';
import type { BaseKind } from '../simulation/simulatedBase.ts';
import type { Consent } from './trader.ts';

/**
 * One thing that somebody does: a client, a stranger, the operator, or fate. Acts are plain JSON,
 * drawn before the world runs: places in lists are numbers in [0, 1) that the world resolves when
 * the act comes, so that leaving other acts out changes nothing in this one.
 */
export type Act = ClientAct | CrossingAct | HostileAct | OperatorAct | FaultAct;

/** What traders do through the gateways. */
export type ClientAct =
  | {
      readonly kind: 'order';
      readonly who: number;
      readonly pay: number;
      readonly step: number;
      /** Binary digits of the budget. */
      readonly bits: number;
      /** Parts per million that the limit is better than the mid; null for none. */
      readonly limitPpm: number | null;
      readonly minFillPpm: number;
      readonly lifeMs: number;
      readonly nonceStep: number;
      readonly consent: Consent;
      /** Over the feed's connection instead of a request. */
      readonly byFeed: boolean;
    }
  | {
      readonly kind: 'cancel';
      readonly who: number;
      readonly place: number;
      readonly consent: Consent;
    }
  | {
      readonly kind: 'commit';
      readonly who: number;
      readonly pay: number;
      readonly step: number;
      readonly bits: number;
      readonly lifeMs: number;
      /** What becomes of it; mostly it is revealed where nothing is said. */
      readonly then?: RevealFate;
    }
  | { readonly kind: 'reveal'; readonly who: number; readonly place: number }
  | {
      readonly kind: 'openSession';
      readonly who: number;
      readonly delegated: boolean;
      readonly scopes: number;
      readonly lifeMs: number;
    }
  | { readonly kind: 'closeSession'; readonly who: number }
  | {
      readonly kind: 'bookOrder';
      readonly who: number;
      readonly market: number;
      readonly buys: boolean;
      readonly takes: boolean;
      readonly word: number;
      /** Ticks from the mid, and lots. */
      readonly away: number;
      readonly lots: number;
      readonly special: number;
      readonly lifeMs: number;
      readonly consent: Consent;
    }
  | {
      readonly kind: 'bookChange';
      readonly what: 'amend' | 'cancel' | 'cancelAll' | 'heartbeat';
      readonly who: number;
      readonly market: number;
      readonly place: number;
      readonly away: number;
      readonly lots: number;
      readonly byClientId: boolean;
      readonly consent: Consent;
    }
  | {
      /** Several orders, or several actions on books, in one request. */
      readonly kind: 'together';
      readonly acts: readonly ClientAct[];
    }
  | {
      readonly kind: 'twap';
      readonly who: number;
      readonly market: number;
      readonly buys: boolean;
      /** Ticks beyond the mid that a slice may pay. */
      readonly away: number;
      readonly lots: number;
      readonly slices: number;
      readonly intervalMs: number;
      /** The request of the last one again, as it is or with other terms. */
      readonly again: 'no' | 'same' | 'other';
    }
  | { readonly kind: 'cancelTwap'; readonly who: number; readonly place: number }
  | { readonly kind: 'read'; readonly who: number; readonly what: number; readonly place: number };

/** What becomes of a commitment: the bond is lost unless it is revealed in the window. */
export type RevealFate = 'reveals' | 'forgets' | 'tooEarly' | 'tooLate' | 'twice' | 'otherSalt';

/** An act by its kind. */
export type ActOf<Kind extends Act['kind']> = Extract<Act, { kind: Kind }>;

/** What people do on the base layer, and what they take out. */
export type CrossingAct =
  | {
      readonly kind: 'deposit';
      readonly who: number;
      readonly asset: number;
      readonly bits: number;
    }
  | {
      readonly kind: 'withdraw';
      readonly who: number;
      readonly asset: number;
      readonly bits: number;
      readonly lifeMs: number;
      readonly nonceStep: number;
    }
  | { readonly kind: 'requestExit' | 'cancelExit'; readonly who: number }
  | { readonly kind: 'completeExit'; readonly who: number; readonly asset: number };

/** What nobody should do. */
export type HostileAct =
  | { readonly kind: 'garbage'; readonly route: number; readonly seed: number }
  | { readonly kind: 'spoil'; readonly who: number; readonly place: number; readonly seed: number }
  | {
      readonly kind: 'replay';
      readonly who: number;
      readonly place: number;
      readonly times: number;
    };

/** What the operator does. */
export type OperatorAct =
  | { readonly kind: 'restart'; readonly config: number }
  | { readonly kind: 'halt' | 'resume' | 'void' }
  | {
      readonly kind: 'setFee';
      readonly feeE7: number;
      /** Below three tenths orders are committed to before they are shown. */
      readonly admission: number;
      /** Binary digits of the bond of a commitment. */
      readonly bondBits?: number;
    }
  | { readonly kind: 'bookState'; readonly market: number; readonly state: number }
  | { readonly kind: 'discard'; readonly what: 'indexes' | 'snapshots' };

/** What fate does. Faults with a time end by themselves. */
export type FaultAct =
  | { readonly kind: 'kill'; readonly power: boolean }
  | { readonly kind: 'pause'; readonly forMs: number }
  /** A bit of a snapshot flips; of the journal none does, for that stops a venue. */
  | { readonly kind: 'rot' }
  | {
      readonly kind: 'planDeath';
      readonly touch: Touch | null;
      readonly touches: number;
      readonly after: boolean;
      readonly power: boolean;
    }
  | {
      readonly kind: 'disk';
      readonly what: 'slow' | 'failing' | 'full' | 'short';
      readonly share: number;
      readonly forMs: number;
    }
  | { readonly kind: 'store'; readonly what: 'full' | 'failing'; readonly forMs: number }
  | {
      readonly kind: 'wires';
      readonly loss: number;
      readonly repeats: number;
      readonly delayMs: number;
      readonly frameFaults: number;
      readonly forMs: number;
    }
  | { readonly kind: 'cutFeeds' }
  | { readonly kind: 'clockJump'; readonly byMs: number; readonly forMs: number }
  | {
      readonly kind: 'base';
      readonly what: 'away' | 'answersLost' | 'withheld' | 'reorganises' | 'slow';
      readonly share: number;
      readonly forMs: number;
    }
  | {
      readonly kind: 'provers';
      readonly what: 'dies' | 'hangs' | 'garbage' | 'slow';
      readonly share: number;
      readonly forMs: number;
    }
  | {
      readonly kind: 'oracle';
      readonly what: 'lie' | 'stale' | 'down' | 'jump' | 'drift' | 'garbage';
      readonly source: number;
      readonly ppm: number;
      readonly forMs: number;
    };

/** An act with the time that passes after it. */
export interface Step {
  /** Names the step, and seeds what chance decides in it, whatever other steps there are. */
  readonly id: number;
  readonly waitMs: number;
  readonly act: Act;
}

/** All that a run of the world depends on. */
export interface History {
  readonly seed: number;
  /** What epochs settle on; in memory where nothing is said. */
  readonly base?: BaseKind;
  readonly steps: readonly Step[];
}
