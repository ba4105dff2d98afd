// Goal: a wallet signs on the venue's chain or says why not. Method: providers that stand on
// another chain, that do not know the venue's, and that refuse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringToChain } from './walletChain.ts';

const WANTED = { chainId: 31_337, rpcUrl: 'http://127.0.0.1:8545' };

/** A wallet that stands on a chain and knows some; notes what it was asked. */
function wallet(stands: number, known: readonly number[]) {
  const asked: string[] = [];
  const chains = new Set(known);
  const state = { stands };
  const request = async (call: {
    readonly method: string;
    readonly params?: readonly unknown[];
  }): Promise<unknown> => {
    asked.push(call.method);
    const [{ chainId = '0x0' } = {}] = (call.params ?? []) as { readonly chainId?: string }[];
    if (call.method === 'eth_chainId') return `0x${state.stands.toString(16)}`;
    if (call.method === 'wallet_addEthereumChain') return void chains.add(Number(chainId));
    if (!chains.has(Number(chainId))) {
      throw Object.assign(new RangeError('Unrecognized chain.'), { code: 4902 });
    }
    state.stands = Number(chainId);
    return null;
  };
  return { provider: { request }, asked, state };
}

test('a wallet on the right chain is asked nothing else', async () => {
  const { provider, asked } = wallet(31_337, [31_337]);
  await bringToChain(provider, WANTED);
  assert.deepEqual(asked, ['eth_chainId']);
});

test('a wallet that knows the chain changes to it', async () => {
  const { provider, state } = wallet(1, [1, 31_337]);
  await bringToChain(provider, WANTED);
  assert.equal(state.stands, 31_337);
});

test('a wallet that does not know a development chain is offered it', async () => {
  const { provider, asked, state } = wallet(1, [1]);
  await bringToChain(provider, WANTED);
  assert.equal(state.stands, 31_337);
  assert.ok(asked.includes('wallet_addEthereumChain'));
});

test('where no endpoint is named, the wallet’s reason is told', async () => {
  const { provider } = wallet(1, [1]);
  const refused = bringToChain(provider, { chainId: 7, rpcUrl: undefined });
  await assert.rejects(refused, /Unrecognized chain/);
});
