import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** How much one run measures: the full run and `--quick` differ in this alone. */
export interface Effort {
  /** Rounds of every row; each round measures both servers, and the order alternates. */
  readonly rounds: number;
  /** Rounds of downloads: they are short, so more of them fit. */
  readonly downloadRounds: number;
  /** Starts per server in the row "time to first answer". */
  readonly starts: number;
  /** Seconds of load per server and round in the request rows. */
  readonly seconds: number;
  /** Bytes of one uploaded or downloaded blob. */
  readonly blobBytes: number;
  /** Bytes of each of the parallel pushes in the memory row. */
  readonly pushBytes: number;
  /** Accounts in the larger index. */
  readonly accounts: number;
  /** Token requests after which memory is measured. */
  readonly tokenRequests: number;
}

/** What the command line asked for. */
export interface Options {
  /** Row ids or beginnings of them; empty means all rows. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly effort: Effort;
  /** File that receives every sample as JSON. */
  readonly json: string | undefined;
  /** Folder in which the temporary folder is made. */
  readonly dir: string;
  /** Program measured as Berth. */
  readonly berth: string;
  /** Program measured beside it. */
  readonly peer: string;
  /** Program measured beside it as a token service. */
  readonly authPeer: string;
  /** Load generator for GET rows. */
  readonly loader: 'auto' | 'node';
}

const MiB = 1024 * 1024;

const FULL: Effort = {
  rounds: 3,
  downloadRounds: 5,
  starts: 5,
  seconds: 3,
  blobBytes: 512 * MiB,
  pushBytes: 256 * MiB,
  accounts: 100_000,
  tokenRequests: 1_000_000,
};

const QUICK: Effort = {
  rounds: 1,
  downloadRounds: 2,
  starts: 2,
  seconds: 1,
  blobBytes: 64 * MiB,
  pushBytes: 16 * MiB,
  accounts: 10_000,
  tokenRequests: 30_000,
};

/** The text behind `--help`. */
export const USAGE = `npm run bench -- [options]

  --only rows      only these rows (ids or beginnings, comma-separated), e.g. --only upload,manifest-get
  --quick          small sizes and one round: shows that everything runs, not how fast
  --json FILE      also write every sample to FILE
  --dir DIR        make the temporary folder in DIR (default: ${tmpdir()})
  --berth PROGRAM  measure another checkout's bin/berth
  --peer PROGRAM   measure beside another registry binary (default: docker-registry)
  --auth-peer PROGRAM  measure token issue beside another docker_auth (default: auth_server)
  --loader node    use the built-in load generator even where wrk is installed
`;

/**
 * Reads the command line.
 * @throws {TypeError} on an unknown option, with a text for the user.
 */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
      berth: { type: 'string', default: resolve(import.meta.dirname, '../bin/berth') },
      peer: { type: 'string', default: 'docker-registry' },
      'auth-peer': { type: 'string', default: 'auth_server' },
      loader: { type: 'string', default: 'auto' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.loader !== 'auto' && values.loader !== 'node')
    throw new TypeError('--loader takes auto or node');
  return {
    only: values.only.split(',').filter((id) => id !== ''),
    quick: values.quick,
    effort: values.quick ? QUICK : FULL,
    json: values.json,
    dir: resolve(values.dir),
    berth: program(values.berth),
    peer: program(values.peer),
    authPeer: program(values['auth-peer']),
    loader: values.loader,
  };
}

/** A path is resolved here, since servers start in another folder; a bare name stays for PATH. */
function program(name: string): string {
  return name.includes('/') ? resolve(name) : name;
}
