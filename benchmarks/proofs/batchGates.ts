import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile_program, createFileManager } from '@noir-lang/noir_wasm';
import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { withBarretenberg } from '../../packages/proofs/src/barretenberg/session.ts';

const CIRCUITS = join(import.meta.dirname, '../../packages/proofs/src/circuits');
const SMALLEST = 'batchEpoch16';
/** Batches of the variant, and of the circuit as it is. */
const FEWER = 4;
const WHOLE = 8;
/** Elements of a batch in D, products and columns: see circuits/laws/src/epoch.nr. */
const [ELEMENTS, PRODUCTS, COLUMNS] = [10, 10, 6];

/**
 * Gates of one more batch: the smallest circuit against the same with four batches less, compiled
 * here from the same sources. `wholeGates` is that of the circuit as it is committed.
 */
export async function gatesPerBatch(wholeGates: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'lawbook-gates-'));
  try {
    cpSync(join(CIRCUITS, 'laws'), join(folder, 'laws'), { recursive: true });
    const variant = join(folder, SMALLEST);
    mkdirSync(join(variant, 'src'), { recursive: true });
    cpSync(join(CIRCUITS, SMALLEST, 'Nargo.toml'), join(variant, 'Nargo.toml'));
    const source = readFileSync(join(CIRCUITS, SMALLEST, 'src/main.nr'), 'utf8');
    writeFileSync(join(variant, 'src/main.nr'), withFewerBatches(source));
    const { program } = await compile_program(createFileManager(variant), undefined, quiet, quiet);
    const { numGates } = await withBarretenberg({ threads: 1 }, (session) => {
      return session.countGates(program.bytecode);
    });
    return (wholeGates - numGates) / (WHOLE - FEWER);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The sizes of D, of its batches, of places by product and of places by column shrink with it. */
function withFewerBatches(source: string): string {
  const length = Number(/vector: \[Field; (\d+)\]/.exec(source)?.[1]);
  const shorter = length - (WHOLE - FEWER) * ELEMENTS;
  const variant = source
    .replaceAll(`; ${WHOLE}]`, `; ${FEWER}]`)
    .replace('<8,', `<${FEWER},`)
    .replaceAll(String(length), String(shorter))
    .replace(
      `${WHOLE * PRODUCTS}, ${WHOLE * COLUMNS}>`,
      `${FEWER * PRODUCTS}, ${FEWER * COLUMNS}>`,
    );
  invariant(
    shorter > 0 && variant.includes(`<${FEWER},`),
    'the sizes stand where they are looked for',
  );
  return variant;
}

function quiet(): void {
  // The compiler reports progress line by line; problems are thrown.
}
