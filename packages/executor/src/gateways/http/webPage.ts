import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { PageFile, PageState } from './pageBuild.ts';
import { PageBuild } from './pageBuild.ts';

/**
 * What the page may load and reach: this server, and a development chain on the reader's own
 * machine, where demo accounts deposit. A wallet speaks to its chain by itself.
 */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // The chart writes its own styles; nothing that was read is ever put into one.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self' http://127.0.0.1:* http://localhost:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const YEAR_SECONDS = 31_536_000;

/** The page that people trade on, while it is served. */
export interface MountedPage {
  /** Begins to build it, so that the first visitor does not wait. */
  readonly prepare: () => void;
  readonly close: () => Promise<void>;
}

/** What the page stands on. */
export interface PageParts {
  /** Keeps the build where the installation is read-only. */
  readonly dataFolder: string;
  readonly log: Logger;
}

/** Serves the page at `/` and its files below `/page/`. */
export function mountPage(app: FastifyInstance, { dataFolder, log }: PageParts): MountedPage {
  const build = new PageBuild(dataFolder);
  const failed = (reason: string): void => log.error({ reason }, 'the page could not be built');
  const state = (): PageState => build.state(failed);
  app.get('/', async (request, reply) => sendIndex(request, reply, state()));
  app.get('/page/*', async (request, reply) => sendFile(request, reply, state()));
  return { prepare: () => void state(), close: () => build.close() };
}

function sendIndex(request: FastifyRequest, reply: FastifyReply, state: PageState): FastifyReply {
  void reply.header('content-security-policy', CONTENT_POLICY);
  void reply.header('cache-control', 'no-cache');
  const index = state.kind === 'built' ? state.files.get('index.html') : undefined;
  if (index !== undefined) return sendBytes(request, reply, index);
  const [title, words] =
    state.kind === 'failed'
      ? ['The page could not be built', `${state.reason} Loading this again tries again.`]
      : ['The page is being built', 'This takes some seconds, once for each version.'];
  void reply.status(503).header('retry-after', '1').type('text/html; charset=utf-8');
  return reply.send(plainPage({ title, words, isWaiting: state.kind !== 'failed' }));
}

function sendFile(request: FastifyRequest, reply: FastifyReply, state: PageState): FastifyReply {
  const { '*': path } = request.params as { readonly '*': string };
  const file = state.kind === 'built' ? state.files.get(path) : undefined;
  if (file === undefined) return reply.status(404).type('text/plain').send('No such file.');
  // Names carry a digest of their contents, so that a name never means anything else.
  void reply.header('cache-control', `public, max-age=${YEAR_SECONDS}, immutable`);
  return sendBytes(request, reply, file);
}

function sendBytes(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  void reply.header('x-content-type-options', 'nosniff').header('vary', 'accept-encoding');
  void reply.header('referrer-policy', 'no-referrer').type(file.contentType);
  const accepts = request.headers['accept-encoding'] ?? '';
  if (file.gzip === undefined || !/\bgzip\b/.test(String(accepts))) return reply.send(file.bytes);
  return reply.header('content-encoding', 'gzip').send(file.gzip);
}

/** A page that needs nothing but itself. */
function plainPage({
  title,
  words,
  isWaiting,
}: {
  readonly title: string;
  readonly words: string;
  readonly isWaiting: boolean;
}): string {
  const refresh = isWaiting ? '<meta http-equiv="refresh" content="1">' : '';
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}`,
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme"',
    ` content="light dark"><title>${title} · Lawbook</title><style>body{font:16px/1.5 system-ui,`,
    'sans-serif;max-width:34rem;margin:20vh auto;padding:0 1.5rem}a{color:inherit}</style></head>',
    `<body><h1>${title}</h1><p>${escaped(words)}</p><p>The venue is running: the API answers, and `,
    'its manual is at <a href="/docs">/docs</a>.</p></body></html>',
  ].join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
