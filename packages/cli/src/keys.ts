import { randomBytes } from 'node:crypto';
import { demoAccounts } from '@lawbook/analytics/demoWorld';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { isSecretKey } from '@lawbook/exchange/orders/signature';
import { readKeyFile, writeKeyFile } from './files/keyFile.ts';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { printJson } from './terminal/terminal.ts';

interface KeysOptions {
  readonly json?: boolean;
  readonly reveal?: boolean;
}

const EXAMPLES = `
Examples:
  lawbook keys generate alice.key              a new key, in a file that only you can read
  lawbook keys show alice.key                  its address
  lawbook keys import bob.key < secret.txt     a key from standard input, 0x and 64 digits
  lawbook keys demo                            addresses of alice, bob and charlie

The file is not encrypted. The secret is never printed unless --reveal asks for it, and never taken
as an argument, because arguments are visible to other programs.`;

/** `lawbook keys`: signing keys in files. */
export function addKeys(program: Program): void {
  const keys = program.command
    .command('keys')
    .description('Generate, show and import signing keys')
    .addHelpText('after', EXAMPLES);
  keys
    .command('generate')
    .description('Write a new key to a file')
    .argument('<file>', 'file to create, mode 0600')
    .option('--json', 'print JSON')
    .action((file: string, options: KeysOptions) => store(program, file, newSecret(), options));
  keys
    .command('import')
    .description('Write a key from standard input to a file')
    .argument('<file>', 'file to create, mode 0600')
    .option('--json', 'print JSON')
    .action(async (file: string, options: KeysOptions) => {
      store(program, file, await readSecret(), options);
    });
  keys
    .command('show')
    .description('Show the address of a key file')
    .argument('<file>', 'key file')
    .option('--reveal', 'print the secret too')
    .option('--json', 'print JSON')
    .action((file: string, options: KeysOptions) => show(program, file, options));
  keys
    .command('demo')
    .description('Show the accounts of a demo venue; their keys are public')
    .option('--json', 'print JSON')
    .action((options: KeysOptions) => showDemo(program, options));
}

function store(program: Program, file: string, secretHex: string, options: KeysOptions): void {
  const { terminal } = program;
  const address = writeKeyFile(file, secretHex);
  if (options.json === true) printJson(terminal, { address, file });
  else terminal.print(`${address}  ${file}`);
}

function show(program: Program, file: string, options: KeysOptions): void {
  const { terminal } = program;
  const key = readKeyFile(file);
  const secret = options.reveal === true ? { secretKey: bytesToHex(key.secretKey) } : {};
  if (key.exposed) terminal.note(`warning: others can read ${file}: chmod 600 ${file}`);
  if (options.json === true) {
    printJson(terminal, { address: key.account, file, exposed: key.exposed, ...secret });
    return;
  }
  terminal.print(key.account);
  if (secret.secretKey !== undefined) terminal.print(secret.secretKey);
}

function showDemo(program: Program, options: KeysOptions): void {
  const { terminal } = program;
  const accounts = demoAccounts().map(({ name, account }) => ({ name, address: account }));
  if (options.json === true) {
    printJson(terminal, accounts);
    return;
  }
  for (const { name, address } of accounts) terminal.print(`${name.padEnd(8)} ${address}`);
  terminal.note('Development keys: anybody can derive them. Never send them real money.');
}

/** Draws until the curve accepts, which the first draw all but certainly does. */
function newSecret(): string {
  for (;;) {
    const secretHex = bytesToHex(randomBytes(32));
    if (isSecretKey(secretHex)) return secretHex;
  }
}

/** More than a key with white space is not a key. */
const STANDARD_INPUT_BYTES_MAX = 1024;

async function readSecret(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > STANDARD_INPUT_BYTES_MAX) break;
  }
  const secretHex = text.trim();
  if (!isSecretKey(secretHex)) {
    throw new UsageFault('standard input holds no secret key: send 0x and 64 hexadecimal digits');
  }
  return secretHex.toLowerCase();
}
