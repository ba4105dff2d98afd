// Goal: approvals of agents outlive a restart, count only as their owners signed them, and keep to
// the dialect's bounds.
// Method: approvals signed with the SDK, kept in a folder of the test and read again, also after
// the file was tampered with or broken.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { accountId } from '@lawbook/exchange/ledger/account';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { ApproveAgentTypes } from '@nktkas/hyperliquid/api/exchange';
import { signUserSignedAction } from '@nktkas/hyperliquid/signing';
import { privateKeyToAccount } from 'viem/accounts';
import { createLogger } from '../../../metrics/logger.ts';
import type { Agent } from './agents.ts';
import { Agents, agentOf } from './agents.ts';
import { approveAgentDigest } from './userSigned.ts';

const NOW = 1_790_000_000_000;
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lawbook-agents-'));
  folders.push(folder);
  return folder;
}

function open(folder: string): Agents {
  return new Agents(folder, { log: createLogger({ level: 'silent' }), recover: recoverSigner });
}

const walletOf = (digit: string) => privateKeyToAccount(`0x${digit.repeat(64)}`);
const addressOf = (digit: string) => accountId(walletOf(digit).address.toLowerCase());

let chainNonce = NOW;

async function approval(owner: string, agent: string, agentName = ''): Promise<Agent> {
  chainNonce += 1;
  const action = {
    type: 'approveAgent',
    signatureChainId: '0x66eee',
    hyperliquidChain: 'Testnet',
    agentAddress: walletOf(agent).address,
    agentName,
    nonce: chainNonce,
  } as const;
  const wallet = walletOf(owner);
  const { r, s, v } = await signUserSignedAction({ wallet, action, types: ApproveAgentTypes });
  const signature = hexToBytes(`${r}${s.slice(2)}${v.toString(16)}`);
  const signer = recoverSigner(approveAgentDigest(action), signature);
  assert.equal(signer, addressOf(owner), 'the digest is the one that the SDK signs');
  return agentOf(action, addressOf(owner), signature);
}

test('an approval outlives a restart', async () => {
  const folder = newFolder();
  const agents = open(folder);
  await agents.approve(await approval('1', 'a', 'bot'));
  await agents.approve(await approval('2', 'b'));
  const again = open(folder);
  assert.equal(again.find(addressOf('a'), NOW)?.owner, addressOf('1'));
  assert.equal(again.find(addressOf('b'), NOW)?.owner, addressOf('2'));
  assert.deepEqual(
    again.of(addressOf('1'), NOW).map(({ name }) => name),
    ['bot'],
  );
});

test('a file that was changed makes nobody an agent of anybody', async () => {
  const folder = newFolder();
  await open(folder).approve(await approval('1', 'a'));
  const path = join(folder, 'hyperliquid-agents.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(walletOf('a').address, walletOf('b').address));
  const again = open(folder);
  // The signature now recovers to somebody, who is not the owner.
  assert.notEqual(again.find(addressOf('b'), NOW)?.owner, addressOf('1'));
  assert.equal(again.find(addressOf('a'), NOW), undefined);
  for (const broken of ['', '{}', '[{"approval":1}]', text.slice(0, -3)]) {
    writeFileSync(path, broken);
    assert.equal(open(folder).find(addressOf('a'), NOW), undefined);
  }
});

test('a name holds one agent, an agent one owner, an owner three names', async () => {
  const agents = open(newFolder());
  const first = await approval('1', 'a', 'bot');
  await agents.approve(first);
  assert.match(agents.refusal(first) ?? '', /Invalid nonce/);
  assert.match(agents.refusal(await approval('2', 'a', 'bot')) ?? '', /already used/);
  assert.match(agents.refusal(await approval('1', 'a', 'two')) ?? '', /already used/);
  assert.match(agents.refusal(await approval('1', '1')) ?? '', /its own agent/);
  assert.match(agents.refusal(await approval('1', 'b', 'x'.repeat(17))) ?? '', /longer than 16/);
  const next = await approval('1', 'b', 'bot');
  assert.equal(agents.refusal(next), undefined);
  await agents.approve(next);
  assert.equal(agents.find(addressOf('a'), NOW), undefined);
  for (const [agent, name] of [
    ['c', 'two'],
    ['d', 'three'],
    ['e', ''],
  ] as const) {
    const wish = await approval('1', agent, name);
    assert.equal(agents.refusal(wish), undefined);
    await agents.approve(wish);
  }
  assert.match(agents.refusal(await approval('1', '9', 'four')) ?? '', /Too many extra agents/);
  assert.equal(agents.of(addressOf('1'), NOW).length, 4);
});

test('an approval with an end is over then', async () => {
  const agents = open(newFolder());
  await agents.approve(await approval('1', 'a', `bot valid_until ${NOW + 5}`));
  assert.equal(agents.find(addressOf('a'), NOW + 4)?.name, 'bot');
  assert.equal(agents.find(addressOf('a'), NOW + 5), undefined);
});
