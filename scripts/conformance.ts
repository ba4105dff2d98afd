import { parseArgs } from 'node:util';
import { readEngineSettings } from '@lawbook/chains/configuration/engineSettings';
import { startChainEngine } from '@lawbook/chains/configuration/startChainEngine';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import { systemEnvironment } from '@lawbook/chains/environment';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Hex } from 'viem';
import { hexToNumber } from 'viem';
import { startMinedAnvil } from '../testing/settlement/evm/minedAnvil.ts';
import type { Capability } from './conformance/capabilities.ts';
import { readCapabilities } from './conformance/capabilities.ts';
import type { StepOutcome } from './conformance/wholePath.ts';
import { takeWholePath } from './conformance/wholePath.ts';

const HELP = `npm run conformance -- [--rpc-url URL --key-file FILE] [options]

Takes the whole path of settling on an Ethereum endpoint: deploy, agreement, deposit, prove, settle,
withdraw, claim, exit request, exit cancel, finality. Prints what the endpoint can do, then each
step; exits 1 when a step fails. Without an endpoint it starts the embedded anvil, and says so.

  --rpc-url URL          HTTP endpoint; also the variable RPC_URL
  --ws-url URL           WebSocket endpoint of the same chain, for faster news of blocks
  --key-file FILE        64 hex digits, mode 600: an account with about 0.05 ether of a test chain
  --orders N             orders of the epoch, 2 to 16 (4)
  --finality-seconds N   how long the tag "finalized" is waited for (1800)
  --minutes N            the whole run ends then (60)
  --quick                fewer measurements of the endpoint
  --json                 one JSON object on stdout instead of tables

Traders use public development keys, and the six tokens are the script's own and worth nothing. The
proofs rest on the insecure development string: nothing of value belongs into these contracts.
`;

/** Where the path is taken, and how it is left again. */
interface Place {
  readonly url: string;
  readonly webSocketUrl: string | undefined;
  readonly signer: { readonly keyFile: string } | { readonly environment: string };
  readonly variables: Readonly<Record<string, string>>;
  readonly note: string;
  readonly close: () => Promise<void>;
}

interface Flags {
  readonly orders: number;
  readonly finalityMs: number;
  readonly quick: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

const CALL_MS = 15_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'rpc-url': { type: 'string' },
      'ws-url': { type: 'string' },
      'key-file': { type: 'string' },
      orders: { type: 'string', default: '4' },
      'finality-seconds': { type: 'string', default: '1800' },
      minutes: { type: 'string', default: '60' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const url = values['rpc-url'] ?? process.env['RPC_URL'];
  const keyFile = values['key-file'];
  const orders = Number(values.orders);
  const isAsked = values.help || (url !== undefined && keyFile === undefined);
  if (isAsked || !(orders >= 2 && orders <= 16)) {
    process.stdout.write(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const flags: Flags = {
    orders,
    finalityMs: 1_000 * Number(values['finality-seconds']),
    quick: values.quick,
    json: values.json,
    signal: AbortSignal.timeout(60_000 * Number(values.minutes)),
  };
  const place =
    url === undefined || keyFile === undefined
      ? await embeddedPlace()
      : {
          url,
          webSocketUrl: values['ws-url'],
          signer: { keyFile },
          variables: {},
          note: `endpoint ${new URL(url).host}`,
          close: () => Promise.resolve(),
        };
  try {
    await run(place, flags);
  } finally {
    await place.close();
  }
}

async function run(place: Place, flags: Flags): Promise<void> {
  const say = (line: string): void => {
    if (!flags.json) process.stdout.write(`${line}\n`);
  };
  say(place.note);
  const transport = httpTransport({ url: place.url }, { environment: systemEnvironment() });
  const chainId = await chainIdOf(transport);
  const simulates = await offersSimulation(transport);
  if (!simulates) say('neither eth_simulateV1 nor debug_traceCall: estimates only');
  const settings = readEngineSettings({
    chain: { id: chainId, name: 'conformance' },
    endpoints: [
      {
        url: place.url,
        preset: chainId === EMBEDDED_CHAIN ? 'local' : 'public',
        ...(place.webSocketUrl === undefined ? {} : { webSocketUrl: place.webSocketUrl }),
      },
    ],
    signers: [{ name: 'operator', ...place.signer }],
    store: { kind: 'memory' },
    policy: {},
    simulation: simulates ? 'strict' : 'estimateOnly',
  });
  const started = await startChainEngine(settings, {
    owner: `conformance-${process.pid}`,
    variables: place.variables,
    onAlert: ({ sentence }) => process.stderr.write(`${sentence}\n`),
  });
  try {
    const operator = at(started.engine.lanes(), 0).address;
    const capabilities = await readCapabilities({
      transport,
      account: operator,
      samples: flags.quick ? 3 : 20,
      logRanges: flags.quick ? [10, 1_000] : [10, 100, 1_000, 10_000, 100_000],
    });
    for (const capability of capabilities) say(capabilityLine(capability));
    say('');
    const steps = await takeWholePath({
      ...flags,
      started,
      transport,
      operator,
      chainId,
      onStep: (outcome) => say(stepLine(outcome)),
    });
    const failed = steps.filter(({ verdict }) => verdict !== 'done').length;
    say(failed === 0 ? '\nthe whole path was taken' : `\n${failed} steps were not taken`);
    if (flags.json) {
      const report = { place: place.note, chainId, capabilities, steps };
      process.stdout.write(`${JSON.stringify(report)}\n`);
    }
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await started.close();
  }
}

const EMBEDDED_CHAIN = 31_337;

async function embeddedPlace(): Promise<Place> {
  return { ...(await startMinedAnvil()), note: 'no endpoint was given: the embedded anvil' };
}

async function chainIdOf(transport: Transport): Promise<number> {
  const call = { method: 'eth_chainId', params: [] };
  return hexToNumber((await transport.request(call, { timeoutMs: CALL_MS })) as Hex);
}

/** Whether the engine can look before it sends, by one method or the other. */
async function offersSimulation(transport: Transport): Promise<boolean> {
  const to = `0x${'00'.repeat(19)}01`;
  const calls = [
    {
      method: 'eth_simulateV1',
      params: [{ blockStateCalls: [{ calls: [{ to, input: '0x' }] }] }, 'latest'],
    },
    {
      method: 'debug_traceCall',
      params: [{ to, input: '0x' }, 'latest', { tracer: 'callTracer' }],
    },
  ];
  for (const call of calls) {
    const offered = await transport.request(call, { timeoutMs: CALL_MS }).then(
      () => true,
      () => false,
    );
    if (offered) return true;
  }
  return false;
}

function capabilityLine({ name, verdict, detail }: Capability): string {
  return `${name.padEnd(28)} ${verdict.padEnd(8)} ${detail}`;
}

function stepLine({ step, verdict, detail, elapsedMs }: StepOutcome): string {
  const seconds = `${(elapsedMs / 1_000).toFixed(1)} s`;
  return `${step.padEnd(14)} ${verdict.padEnd(8)} ${seconds.padStart(8)}  ${detail}`;
}

/** What a library says may quote an address with a key in it. */
function sentenceOf(cause: unknown): string {
  if (cause instanceof Fault) return `${cause.code}: ${cause.message}`;
  if (!(cause instanceof Error)) return 'something was thrown that is no error';
  const isOption = 'code' in cause && String(cause.code).startsWith('ERR_PARSE_ARGS');
  return isOption ? cause.message : `${cause.name} (its message may hold an address)`;
}

try {
  await main();
} catch (cause) {
  process.stderr.write(`${sentenceOf(cause)}\n`);
  process.exitCode = 1;
}
// Transports keep their connections open for the next call; there is none.
process.exit();
