import apiReference from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { sendJson } from './replies.ts';

/**
 * What the page may load: itself and nothing else. The page and its script come from this server,
 * so that it works without a network, and a browser refuses any other address.
 */
const CONTENT_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The mark of the page: a book. Browsers ask for it at this address, whatever the page says. */
const FAVICON = [
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">',
  '<path d="M8 3C6 2 4 2 2 2.500v10.500c2-.5 4-.5 6 .5 2-1 4-1 6-.5V2.500C12 2 10 2 8 3z"',
  ' fill="#f5f1e6" stroke="#1d3557"/><path d="M8 3v10.500" stroke="#1d3557"/></svg>',
].join('');

/** Serves the OpenAPI document and the page that reads it. */
export async function mountDocs(app: FastifyInstance, openApi: unknown): Promise<void> {
  app.get('/openapi.json', async (_, reply) => sendJson(reply, openApi));
  app.get('/favicon.ico', async (_, reply) => {
    return reply.type('image/svg+xml').header('cache-control', 'max-age=86400').send(FAVICON);
  });
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/docs')) reply.header('content-security-policy', CONTENT_POLICY);
  });
  await app.register(apiReference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Lawbook API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
}
