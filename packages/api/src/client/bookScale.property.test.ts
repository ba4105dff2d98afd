// Goal: ticks and lots and the decimals that people read are each other's inverse, also where a
// price has more digits than are shown.
// Method: random scales, ticks and lots with fast-check; examples for what is refused.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BookScale } from './bookScale.ts';

const scales = fc
  .record({
    lotUnits: fc.bigInt({ min: 1n, max: 1n << 24n }),
    tickUnits: fc.bigInt({ min: 1n, max: 1n << 20n }),
    baseDecimals: fc.integer({ min: 0, max: 8 }),
    quoteDecimals: fc.integer({ min: 0, max: 8 }),
  })
  // A tick that shows: two prices of such a scale are never written alike.
  .filter(({ lotUnits, tickUnits, baseDecimals, quoteDecimals }) => {
    return tickUnits * 10n ** BigInt(baseDecimals + 12) >= lotUnits * 10n ** BigInt(quoteDecimals);
  });

describe('the scale of a book', () => {
  test('what is shown is read back as what it stands for', () => {
    fc.assert(
      fc.property(scales, fc.integer({ min: 1, max: 2 ** 30 }), (units, count) => {
        const scale = new BookScale(units);
        const price = scale.price(BigInt(count));
        // Beyond 2^63 of the least digit no text is a price.
        if (price.length <= 19) assert.equal(scale.ticks(price), count);
        assert.equal(scale.lots(scale.size(count)), count);
      }),
    );
  });

  test('what lies between two ticks or lots is refused, and so is what is no decimal', () => {
    const units = { lotUnits: 1_000_000n, tickUnits: 100n, baseDecimals: 6, quoteDecimals: 6 };
    const scale = new BookScale(units);
    assert.equal(scale.ticks('1.1'), 11_000);
    assert.equal(scale.ticks('1.1000'), 11_000);
    for (const text of ['1.10005', '-1', '1e3', '', ' 1', '1.', '.5', '0x1', 'Infinity']) {
      assert.equal(scale.ticks(text), undefined, text);
    }
    assert.equal(scale.lots('12'), 12);
    for (const text of ['12.5', '12.0000001', '-2', 'NaN']) {
      assert.equal(scale.lots(text), undefined, text);
    }
  });

  test('a third of a unit is shown rounded down and meant exactly', () => {
    const units = { lotUnits: 3n, tickUnits: 1n, baseDecimals: 0, quoteDecimals: 0 };
    const scale = new BookScale(units);
    assert.equal(scale.price(2n), '0.666666666666');
    assert.equal(scale.ticks('0.666666666666'), 2);
    assert.equal(scale.ticks('0.666666666667'), undefined);
    assert.equal(scale.price(5n, 2n), '0.833333333333');
  });
});
