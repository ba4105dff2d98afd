import { CLOSE_CODES, clientMessage, serverMessage, WEBSOCKET_PATH } from './messages.ts';
import type { JsonObject } from './openApi.ts';
import { accessText, answerSchema, requestSchema } from './openApi.ts';
import type { AnyRoute } from './route.ts';
import { ROUTES } from './routeTable.ts';

/** The reference page of REST and WebSocket in Markdown, derived from the schemas. */
export function apiReference(): string {
  return [INTRODUCTION, routesText(), WEBSOCKET, messagesText(), CLOSING].join('\n');
}

const INTRODUCTION = `# API

A venue speaks REST and WebSocket, versioned under \`/v1\`. The page \`/docs\` of a running venue
shows the same with examples to try, \`/openapi.json\` is the document for tools.

- **Amounts and prices** are exact decimal strings of whole units (\`"1000.000000"\`). What is
  signed (\`budget\`, \`limitNumerator\`, \`limitDenominator\`, \`orderNonce\`) is a decimal
  integer of ledger units, exactly as it is hashed.
- **Times** are ISO 8601 in UTC; \`asOf\` names the sequence at which an answer is true.
  \`?atLeast=SEQ\` waits, at most five seconds, until that sequence is executed and durable.
- **Three answers to an order**: \`accepted\` with its sequence, \`rejected\` with the rule it
  broke, \`notReceived\` when the venue did not take it. The order id is the key: the same order
  again repeats the first answer with \`repeated: true\`.
- **Refusals** have one shape, with a stable code and number: see [errors](errors.md).
- **Reads are public**, orders too: whoever wants an order hidden until its batch closes uses a
  market with commit-reveal admission.
- **Limits** are announced in \`RateLimit-Limit\`, \`RateLimit-Remaining\`, \`RateLimit-Reset\` and
  \`RateLimit-Policy\` (draft-ietf-httpapi-ratelimit-headers-06); a request costs its address one
  token, each order one more of its account.

## Sessions

\`POST /v1/sessions\` opens a session by one EIP-712 signature over a \`SessionGrant\`. A grant to a
delegate lets that key sign orders. A grant to the zero address answers a secret, once; requests are
then authenticated by

    Authorization: Lawbook <sessionId>:<timestampMs>:<mac>
    mac = HMAC-SHA256(secret, method LF path LF timestampMs LF hex(SHA-256(body)))

where \`path\` includes the query as sent and the time is within 30 seconds of the venue's. A write
sent twice within that time has no second effect: orders, cancels and grants are identified by what
they say. A grant must not expire before an order that rests on it does.
`;

const WEBSOCKET = `## WebSocket

\`${WEBSOCKET_PATH}\` takes and sends JSON text frames. A request carries an \`id\` of the client's
choice that its answer repeats. A session authenticates a connection once, with the code of \`GET
${WEBSOCKET_PATH}\` and an empty body.

Channels: \`batches:M\`, \`epochs:M\`, \`phases:M\`, \`oracle:M\` of a market M, and
\`orders:0x...\` of an owner. Books have \`book:M\` (changes of the ladder), \`trades:M\` and
\`quotes:M\` (best prices), and their owners \`executions:0x...\`. Each channel counts its events
1, 2, 3, ... without gaps.
\`subscribed\` carries a snapshot and the sequence it stands for; a later event may repeat what the
snapshot holds, so orders are upserts by id. After a lost connection, \`from\` (the next sequence
wanted) and \`feed\` (as answered before) resume without a gap; where the venue no longer holds
that far back, or started anew, it answers with a snapshot and \`resumed: false\`.

The ladder of \`book:M\` begins with the snapshot, whose event is \`whole\`; later events say the
levels that changed with what shows there then, zero for none. A book event's own \`checksum\` is
the CRC-32 of the ten best bids, then the ten best asks, each as \`price:size\`, joined by commas,
as they stand after it. The hundred best levels of each half are told.

The checksum of an event is the CRC-32 (as in zlib) of the concatenated texts of all events of the
feed so far, where the text of an event is what stands behind \`"event":\` in its frame, up to the
frame's last brace. So checksum_n = crc32(text_n, checksum_(n-1)), written in eight hex digits.

Who reads too slowly is sent a \`warning\`, then dropped. The venue pings; clients that do not
answer are dropped. Private close codes:

${Object.entries(CLOSE_CODES)
  .map(([reason, code]) => `- ${code} \`${reason}\``)
  .join('\n')}
`;

const CLOSING = `## Compatibility

\`GET /vaults/{owner}\`, \`POST /verifiables\` and \`GET /api/health\` answer as the batch-FX
executor API does. Two fields are added to a \`Swap\`, because a signature here covers them:
\`nonce\` and \`expires_at_ms\`; \`market_id\` is "1" unless given.
`;

function routesText(): string {
  const tags = [...new Set(ROUTES.map(({ tag }) => tag))];
  return tags
    .map((tag) => {
      const routes = ROUTES.filter((route) => route.tag === tag);
      return `## ${tag[0]?.toUpperCase()}${tag.slice(1)}\n\n${routes.map(routeText).join('\n')}`;
    })
    .join('\n');
}

function routeText(route: AnyRoute): string {
  const { method, path, id, summary, note, access, body, response, contentType } = route;
  const lines = [`### \`${method} ${path}\``, '', `${summary}. ${accessText(access)}`];
  if (note !== undefined) lines.push('', note);
  lines.push('', `Client: \`${id}\`.`);
  const query = fieldList(requestSchema(route.query));
  if (query.length > 0) lines.push('', 'Query:', '', ...query);
  if (body !== undefined) lines.push('', 'Body:', '', ...fieldList(requestSchema(body)));
  if (response === undefined) lines.push('', `Answer: \`${contentType}\`.`);
  else lines.push('', 'Answer:', '', ...fieldList(answerSchema(response)));
  return `${lines.join('\n')}\n`;
}

function messagesText(): string {
  const list = (title: string, schema: JsonObject): string => {
    const alternatives = (schema['oneOf'] ?? schema['anyOf'] ?? []) as readonly JsonObject[];
    const texts = alternatives.map((message) => {
      const properties = message['properties'] as Readonly<Record<string, JsonObject>>;
      const name = String(properties['op']?.['const']);
      const described = typeof message['description'] === 'string' ? message['description'] : '';
      const fields = fieldList(message).filter((line) => !line.startsWith('- `op`'));
      return `#### \`${name}\`\n\n${described}.\n\n${fields.join('\n')}\n`;
    });
    return `### ${title}\n\n${texts.join('\n')}`;
  };
  return [
    list('From the client', requestSchema(clientMessage)),
    list('From the venue', answerSchema(serverMessage)),
  ].join('\n');
}

/** The fields of an object schema, one line each; deeper objects are shown by their field names. */
function fieldList(schema: JsonObject): string[] {
  if (schema['type'] === 'array') {
    return ['A list of:', '', ...fieldList(schema['items'] as JsonObject)];
  }
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonObject>>;
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  return Object.entries(properties).map(([name, field]) => {
    const optional = required.has(name) ? '' : ', optional';
    const described = typeof field['description'] === 'string' ? `: ${field['description']}` : '';
    return `- \`${name}\` (${typeText(field)}${optional})${described}`;
  });
}

function typeText(schema: JsonObject): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map(String).join(' | ');
  if (schema['const'] !== undefined) return `"${String(schema['const'])}"`;
  if (schema['type'] === 'array') return `list of ${typeText(schema['items'] as JsonObject)}`;
  if (Array.isArray(schema['anyOf']) || Array.isArray(schema['oneOf'])) {
    const list = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonObject[];
    return [...new Set(list.map(typeText))].join(' or ');
  }
  const properties = schema['properties'];
  if (typeof properties === 'object' && properties !== null) {
    return `object of ${Object.keys(properties).join(', ')}`;
  }
  return String(schema['type'] ?? 'any');
}
