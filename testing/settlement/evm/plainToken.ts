import { readFileSync } from 'node:fs';
import type { Hex } from 'viem';
import { concatHex, encodeAbiParameters } from 'viem';
import { compileStandardJson } from '../../../contracts/solc.ts';
import { invariant } from '../../../packages/exchange/src/failures/invariant.ts';

const SOURCE = new URL('./PlainToken.sol', import.meta.url);
let bytecode: Hex | undefined;

/** What creates a token of these decimals, all of it its maker's. Compiled on first use. */
export function plainTokenCreation(decimals: number): Hex {
  bytecode ??= compile();
  return concatHex([bytecode, encodeAbiParameters([{ type: 'uint8' }], [decimals])]);
}

interface Output {
  readonly contracts?: {
    readonly token: { readonly PlainToken: { readonly evm: { readonly bytecode: Bytecode } } };
  };
}

interface Bytecode {
  readonly object: string;
}

function compile(): Hex {
  const input = {
    language: 'Solidity',
    sources: { token: { content: readFileSync(SOURCE, 'utf8') } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
    },
  };
  const { contracts } = JSON.parse(compileStandardJson(JSON.stringify(input))) as Output;
  invariant(contracts !== undefined, 'the token compiles');
  return `0x${contracts.token.PlainToken.evm.bytecode.object}`;
}
