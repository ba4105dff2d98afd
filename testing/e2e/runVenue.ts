// A venue as a process of its own, for tests that kill it. Flags come as one JSON argument; one
// line of JSON on standard output says where it listens and what it found on disk.
import { loadConfig } from '../../packages/executor/src/config/loadConfig.ts';
import { startVenue } from '../../packages/executor/src/main.ts';

const flags = JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>;
const { config } = loadConfig({ flags: { 'http.port': 0, 'log.level': 'silent', ...flags } });
const running = await startVenue({ config });
process.on('SIGTERM', () => {
  running.close().then(
    () => process.exit(0),
    (cause: unknown) => {
      process.stderr.write(`${String(cause)}\n`);
      process.exit(1);
    },
  );
});
process.stdout.write(`${JSON.stringify({ url: running.url, ...running.recovered })}\n`);
