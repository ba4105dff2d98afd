import { connect } from 'node:net';
import { CLOSE_CODES } from '@lawbook/api/schema/messages';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { closeServedVenue, servedVenue, stillServes } from '../examples/servedVenue.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused } from '../fuzzTarget.ts';

/** An answer and its connection end within this time, whatever was sent: see `servedVenue`. */
const ENDS_MS = 6_000;
/** No answer to broken bytes is longer. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** How long a socket is given to answer a frame before the next input. */
const FRAME_MS = 25;

/**
 * Raw bytes over a loopback socket: whatever they are, the venue answers within bounds or closes,
 * keeps its journal, and serves the next one.
 */
export const SOCKET_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'http-bytes',
    form: 'text',
    examples: () => REQUESTS.map(latin1),
    mayRefuse: true,
    examine: examineBytes,
    open: servedVenue,
    close: closeServedVenue,
  },
  frameTarget('web-socket-bytes', '/v1/ws', '{"op":"ping","id":"p"}'),
  frameTarget('dialect-socket-bytes', '/ws', '{"method":"ping"}'),
];

const HOST = 'host: x\r\n';
const JSON_TYPE = 'content-type: application/json\r\n';
const BODY = '{"orders":[]}';
const UPGRADE = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n';
const KEY = 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

/** What proxies and clients get wrong, and what smugglers try. */
const REQUESTS: readonly string[] = [
  `GET /v1/assets HTTP/1.1\r\n${HOST}\r\n`,
  `GET /v1/assets HTTP/1.0\r\n\r\n`,
  `GET http://other/v1/assets HTTP/1.1\r\n${HOST}\r\n`,
  `HEAD /v1/assets HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  `CONNECT other:80 HTTP/1.1\r\n${HOST}\r\n`,
  `TRACE /v1/assets HTTP/1.1\r\n${HOST}\r\n`,
  `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
  `GET /v1/assets HTTP/1.1\r\n${HOST}\r\n`.repeat(6),
  post(`content-length: ${BODY.length}\r\n`, BODY),
  post(`content-length: ${BODY.length}\r\n`, BODY).repeat(2),
  post(`content-length: ${BODY.length}\r\ncontent-length: 5\r\n`, BODY),
  post(`content-length: ${BODY.length}, ${BODY.length}\r\n`, BODY),
  post('content-length: +13\r\n', BODY),
  post('content-length: -1\r\n', BODY),
  post('content-length: 0x0d\r\n', BODY),
  post('content-length: 18446744073709551616\r\n', BODY),
  post('content-length: 2000000\r\n', BODY),
  post('content-length : 13\r\n', BODY),
  post('transfer-encoding: chunked\r\n', `d\r\n${BODY}\r\n0\r\n\r\n`),
  post('transfer-encoding: chunked\r\n', `d;a=b\r\n${BODY}\r\n0\r\ntrailer: a\r\n\r\n`),
  post('transfer-encoding: chunked\r\ncontent-length: 4\r\n', `d\r\n${BODY}\r\n0\r\n\r\n`),
  post('transfer-encoding: identity, chunked\r\n', `d\r\n${BODY}\r\n0\r\n\r\n`),
  post('transfer-encoding: chunked, chunked\r\n', `d\r\n${BODY}\r\n0\r\n\r\n`),
  post('transfer-encoding:\x0bchunked\r\n', `d\r\n${BODY}\r\n0\r\n\r\n`),
  post('transfer-encoding: xchunked\r\n', `d\r\n${BODY}\r\n0\r\n\r\n`),
  post('transfer-encoding: chunked\r\n', `ffffffffffffffff\r\n${BODY}`),
  post('transfer-encoding: chunked\r\n', `d\n${BODY}\n0\n\n`),
  post('content-encoding: gzip\r\ncontent-length: 3\r\n', '\x1f\x8b\x08'),
  post('expect: 100-continue\r\ncontent-length: 13\r\n', BODY),
  post('expect: 200-ok\r\ncontent-length: 13\r\n', BODY),
  `GET /v1/assets HTTP/1.1\r\n${HOST}x-long: ${'y'.repeat(16_000)}\r\n\r\n`,
  `GET /v1/assets HTTP/1.1\r\n${HOST}${'a: b\r\n'.repeat(2_100)}\r\n`,
  `GET /v1/assets HTTP/1.1\r\n${HOST} folded: header\r\n\r\n`,
  `GET /v1/assets HTTP/1.1\r\n${HOST}a: b\rc: d\r\n\r\n`,
  `GET /v1/assets HTTP/1.1\n${HOST.trim()}\n\n`,
  `GET /v1/assets HTTP/9.9\r\n${HOST}\r\n`,
  `GET /v1/%zz/%00/../.. HTTP/1.1\r\n${HOST}\r\n`,
  `GET //v1//assets?atLeast=1&atLeast=2#x HTTP/1.1\r\n${HOST}\r\n`,
  `GET /v1/assets HTTP/1.1\r\n${HOST}authorization: Bearer \xff\xfe\r\n\r\n`,
  `GET /v1/assets HTTP/1.1\r\n${HOST}traceparent: 00-${'a'.repeat(32)}-b-c\r\n\r\n`,
  `GET /v1/ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}\r\n`,
  `GET /v1/ws HTTP/1.1\r\n${HOST}${UPGRADE}\r\n`,
  `POST /v1/ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}\r\n`,
  `GET /ws HTTP/1.1\r\n${HOST}${UPGRADE.replace('13', '12')}${KEY}\r\n`,
  `GET /v1/ws HTTP/1.1\r\n${HOST}${UPGRADE}sec-websocket-key: short\r\n\r\n`,
  `GET /v1/ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}sec-websocket-protocol: a, a\r\n\r\n`,
  `GET /v1/ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}sec-websocket-extensions: ;;\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}connection: upgrade\r\nupgrade: h2c\r\n\r\n`,
  '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  '',
];

function post(headers: string, body: string): string {
  return `POST /v1/orders HTTP/1.1\r\n${HOST}${JSON_TYPE}${headers}\r\n${body}`;
}

async function examineBytes(bytes: Uint8Array): Promise<Examined> {
  const { venue } = await servedVenue();
  const before = venue.state.sequence;
  // The page would be built for who asks for it.
  const sent = Buffer.from(bytes).toString('latin1');
  if (/ \/(page\/[^ ]*)?[ ?#]/.test(sent)) return refused('asks for the page');
  const text = (await exchange(bytes)).toString('latin1');
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  for (const status of statuses) {
    invariant(status < 500 || status === 501 || status === 503, `${status}: ${text.slice(0, 300)}`);
  }
  invariant(!/ {4}at |node:internal/.test(text), `an answer shows a stack: ${text.slice(0, 400)}`);
  invariant(text === '' || text.startsWith('HTTP/1.1 '), `no answer: ${text.slice(0, 100)}`);
  const isGranted = statuses.some((status) => status >= 200 && status < 300);
  if (!isGranted) invariant(venue.state.sequence === before, 'a refusal leaves the journal alone');
  invariant(await stillServes(), 'the venue serves the next one');
  const isPlain = statuses.length > 0 && statuses.every((status) => status < 300);
  return isPlain ? { kind: 'decoded' } : refused(`S${statuses.map(letters).join('')}`);
}

/** Refusals are told apart by their words, from which digits are left out. */
function letters(status: number): string {
  return String(status).replaceAll(/\d/g, (digit) => String.fromCharCode(97 + Number(digit)));
}

/**
 * Sends bytes and reads until the other side has gone, or a WebSocket is open. One peer in sixteen
 * never leaves by itself: waiting for that it is cut takes its time.
 */
function exchange(bytes: Uint8Array): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  return servedVenue().then(({ url }) => {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const stays = bytes.length % 16 === 1;
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      const late = setTimeout(() => {
        socket.destroy();
        reject(new Error(`the connection is still there after ${ENDS_MS} ms`));
      }, ENDS_MS);
      let beat: NodeJS.Timeout | undefined;
      socket.once('connect', () => (stays ? socket.write(bytes) : socket.end(bytes)));
      socket.on('data', (part) => {
        length += part.length;
        if (length <= ANSWER_BYTES_MAX) parts.push(part);
        if (part.includes('HTTP/1.1 101 ')) socket.destroy();
      });
      socket.once('end', () => {
        // Half a connection is one: only what is said to nobody comes back as an error.
        if (stays) beat = setInterval(() => socket.write('\r\n'), 10);
      });
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        clearInterval(beat);
        clearTimeout(late);
        if (length > ANSWER_BYTES_MAX) reject(new Error(`an answer of ${length} bytes`));
        else resolve(Buffer.concat(parts));
      });
    });
  });
}

/** Frames as no library sends them, to a socket that is open. */
function frameTarget(name: string, path: string, text: string): FuzzTarget {
  return {
    name,
    form: 'bytes',
    examples: () => frameExamples(new TextEncoder().encode(text)),
    mayRefuse: true,
    examine: (bytes) => examineFrames(path, bytes),
    open: servedVenue,
    close: closeServedVenue,
  };
}

const MASK = Uint8Array.of(1, 2, 3, 4);

/** A frame: its first byte, and what is said of its length, whatever it is. */
function frame(first: number, payload: Uint8Array, saying: readonly number[] = []): Uint8Array {
  const length = saying.length > 0 ? saying : [0x80 | payload.length];
  const masked = payload.map((byte, k) => byte ^ (MASK[k % 4] as number));
  return Uint8Array.from([first, ...length, ...MASK, ...masked]);
}

function frameExamples(message: Uint8Array): Uint8Array[] {
  const [text, ping, close] = [
    frame(0x81, message),
    frame(0x89, MASK),
    frame(0x88, new Uint8Array()),
  ];
  const half = message.length >> 1;
  return [
    text,
    ping,
    close,
    frame(0x88, Uint8Array.of(3, 232)),
    frame(0x88, Uint8Array.of(0, 0)),
    frame(0x88, Uint8Array.of(3)),
    // In parts, with a ping between them; and a part that nothing began.
    Buffer.concat([
      frame(0x01, message.subarray(0, half)),
      ping,
      frame(0x80, message.subarray(half)),
    ]),
    frame(0x80, message),
    // A ping in parts, and one that is too long.
    Buffer.concat([frame(0x09, MASK), frame(0x80, MASK)]),
    frame(0x89, new Uint8Array(126), [0xfe, 0, 126]),
    // Compressed, reserved, unknown, without a mask, no text.
    frame(0xc1, message),
    frame(0xf1, message),
    frame(0x83, message),
    Uint8Array.from([0x81, message.length, ...message]),
    frame(0x81, Uint8Array.of(0xff, 0xfe, 0xc0)),
    frame(0x82, message),
    // Lengths that are too large, or said in more bytes than they need.
    frame(0x81, message, [0xff, 0, 0, 0, 1, 0, 0, 0, 0]),
    frame(0x81, message, [0xff, 255, 255, 255, 255, 255, 255, 255, 255]),
    frame(0x81, message, [0xfe, 0, message.length]),
    frame(0x81, message, [0xfe, 255, 255]),
    Buffer.concat([text, text, text, close, text]),
  ].map((bytes) => new Uint8Array(bytes));
}

/** What ends a connection: the protocol's own codes, and ours. */
const CLOSINGS: ReadonlySet<number> = new Set([
  ...[1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009],
  ...Object.values(CLOSE_CODES),
]);

async function examineFrames(path: string, bytes: Uint8Array): Promise<Examined> {
  const { venue } = await servedVenue();
  const before = venue.state.sequence;
  const answer = await exchangeFrames(path, bytes);
  invariant(venue.state.sequence === before, 'what is signed by nobody leaves the journal alone');
  invariant(await stillServes(), 'the venue serves the next one');
  const code = closeCode(answer, bytes);
  if (code === undefined) return { kind: 'decoded' };
  invariant(CLOSINGS.has(code), `closed with ${code}`);
  return refused(`closed ${letters(code)}`);
}

/** The code of the close frame at the end of an answer; what a client named itself comes back. */
function closeCode(answer: Buffer, sent: Uint8Array): number | undefined {
  for (let at = 0; at + 2 <= answer.length; ) {
    const short = (answer[at + 1] as number) & 0x7f;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    const length = wide === 2 ? answer.readUInt16BE(at + 2) : wide === 8 ? 65_536 : short;
    const begin = at + 2 + wide;
    if (answer[at] === 0x88) {
      if (length < 2) return 1005;
      const code = answer.readUInt16BE(begin);
      const echo = sent.some((byte) => (byte & 0x0f) === 0x08);
      return echo && code >= 3000 && code < 5000 ? 1000 : code;
    }
    at = begin + length;
  }
  return undefined;
}

/** Opens a socket by hand, sends bytes and takes what comes within a moment. */
async function exchangeFrames(path: string, bytes: Uint8Array): Promise<Buffer> {
  const { hostname, port } = new URL((await servedVenue()).url);
  return await new Promise((resolve, reject) => {
    let head: string | undefined = '';
    const parts: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) });
    const timer = setTimeout(() => socket.destroy(), ENDS_MS);
    socket.write(`GET ${path} HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}\r\n`);
    socket.on('data', (part) => {
      if (head === undefined) {
        parts.push(part);
        return;
      }
      head += part.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      // On a busy machine a handshake may take longer than this venue waits.
      if (head.startsWith('HTTP/1.1 408 ')) socket.destroy();
      else if (!head.startsWith('HTTP/1.1 101 '))
        reject(new Error(`no socket: ${head.slice(0, 200)}`));
      head = undefined;
      socket.write(bytes);
      setTimeout(() => socket.destroy(), FRAME_MS);
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(parts));
    });
  });
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}
