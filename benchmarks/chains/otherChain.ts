import type { FaultProxy } from '../../testing/chains/proxy/faultProxy.ts';

/** Answers from now on as a balancer that leads to a node of another chain would. */
export function showOtherChain({ plan }: FaultProxy): void {
  for (const [method, result] of ANSWERS) plan.add({ method, fault: { kind: 'result', result } });
  plan.add({
    method: 'eth_sendRawTransaction',
    fault: { kind: 'rpcError', code: -32_000, message: 'invalid chain id for signer: want 1' },
  });
}

/** Where the account and its transactions are unknown. */
const ANSWERS: readonly (readonly [string, unknown])[] = [
  ['eth_chainId', '0x1'],
  ['net_version', '1'],
  ['eth_blockNumber', '0x1'],
  ['eth_getBalance', '0x0'],
  ['eth_getTransactionCount', '0x0'],
  ['eth_call', '0x'],
  ['eth_getBlockByNumber', null],
  ['eth_getBlockByHash', null],
  ['eth_getTransactionByHash', null],
  ['eth_getTransactionReceipt', null],
  ['eth_getLogs', []],
];
