import { abs } from '../numbers/mulDiv.ts';
import { PPM, PRICE_MAX, PRICE_SCALE } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import type { Verdict } from './verdict.ts';
import { HOLDS, violated, violatedField } from './verdict.ts';

/**
 * L3. The numeraire costs one; every price and mid is a positive 63-bit integer; a cleared batch
 * used an oracle no older than allowed and no price outside the halt band:
 *
 *   |P_i - mid_i| * 10^6 <= haltBandPpm * mid_i,   0 <= closedAt - observedAt <= oracleAgeMsMax.
 *
 * A halted batch trades nothing, so band and age are not asked of it.
 *
 * @see docs/protocol/pricesAreInDomain.md
 */
export const pricesAreInDomain: Law = {
  id: 'L3',
  name: 'pricesAreInDomain',
  statement:
    'The numeraire costs one, every price is positive and within the halt band of its mid, and ' +
    'the oracle is not too old.',
  check,
};

function check(transition: BatchTransition, { rules }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  const domain = integersFlaw(transition);
  if (domain !== undefined) return domain;
  const dead = rules.unitPrices.findIndex((price) => price <= 0n);
  if (dead >= 0) {
    return violatedField(`unitPrices[${dead}]`, 'every product has a positive unit price', {
      expected: 'positive',
      actual: rules.unitPrices[dead] as bigint,
    });
  }
  return rules.halted ? HOLDS : (bandFlaw(transition) ?? ageFlaw(transition) ?? HOLDS);
}

function integersFlaw({ solution, oracle }: BatchTransition): Verdict | undefined {
  for (const [field, list] of [
    ['solution.prices', solution.prices],
    ['oracle.mids', oracle.mids],
  ] as const) {
    if (list[0] !== PRICE_SCALE) {
      return violatedField(`${field}[0]`, 'the numeraire costs one', {
        expected: PRICE_SCALE,
        actual: String(list[0]),
      });
    }
    const asset = list.findIndex((price) => price <= 0n || price > PRICE_MAX);
    if (asset >= 0) {
      return violated({
        locus: { kind: 'asset', asset },
        rule: `${field} are positive and fit 63 bits`,
        expected: `1..${PRICE_MAX}`,
        actual: list[asset] as bigint,
      });
    }
  }
  return undefined;
}

function bandFlaw({ solution, oracle, parameters }: BatchTransition): Verdict | undefined {
  const band = BigInt(parameters.haltBandPpm);
  const asset = solution.prices.findIndex((price, i) => {
    const mid = oracle.mids[i] as bigint;
    return abs(price - mid) * PPM > band * mid;
  });
  if (asset < 0) return undefined;
  return violated({
    locus: { kind: 'asset', asset },
    rule: 'a clearing price stays within the halt band of its mid',
    expected: `within ${band} ppm of ${oracle.mids[asset]}`,
    actual: solution.prices[asset] as bigint,
  });
}

function ageFlaw({ closedAtMs, oracle, parameters }: BatchTransition): Verdict | undefined {
  const ageMs = closedAtMs - oracle.observedAtMs;
  if (ageMs >= 0 && ageMs <= parameters.oracleAgeMsMax) return undefined;
  return violatedField('oracle.observedAtMs', 'the oracle is not too old when the batch closes', {
    expected: `an age of 0..${parameters.oracleAgeMsMax} ms`,
    actual: `${ageMs} ms`,
  });
}
