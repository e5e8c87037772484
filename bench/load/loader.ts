import { outputOf } from '../command.ts';
import type { Workspace } from '../workspace.ts';
import { NodeLoader } from './node-loader.ts';
import { WrkLoader } from './wrk-loader.ts';

/** One HTTP request. */
export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST. Only the built-in generator sends one. */
  readonly body?: string;
  /** In path and body, `{n}` stands for a number that no other request has. Only the built-in generator does it. */
  readonly varies?: boolean;
}

/** What a load generator saw. */
export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds from sending a request to the end of its answer. */
  readonly p50: number;
  /** See {@link p50}. */
  readonly p99: number;
  readonly requests: number;
  /** Answers other than 2xx, broken connections, timeouts. */
  readonly errors: number;
}

/** Load on one port of loopback. */
export interface LoadPlan {
  readonly port: number;
  /** Sent in turn. */
  readonly requests: readonly Request[];
  readonly connections: number;
  readonly seconds: number;
  /** It ends after so many answers, if that is earlier. */
  readonly count?: number;
  /** Answers other than 2xx are wanted as well. */
  readonly anyStatus?: boolean;
  /** The core that the generator is bound to; without it the system decides. */
  readonly core?: number | undefined;
}

/** Keeps a number of connections busy, each with one request at a time. */
export interface LoadGenerator {
  readonly label: string;
  run(plan: LoadPlan): Promise<Load>;
}

/** The generator for each method. */
export interface Loader {
  readonly get: LoadGenerator;
  readonly head: LoadGenerator;
  /** Does all that a plan may ask for. */
  readonly builtIn: LoadGenerator;
}

/**
 * wrk where it is installed. It cannot do HEAD: it waits for the body that Content-Length announces (seen
 * with 4.1.0), so HEAD always takes the built-in generator.
 */
export async function chooseLoader(wanted: 'auto' | 'node', workspace: Workspace): Promise<Loader> {
  const builtIn = new NodeLoader(workspace);
  const version = wanted === 'auto' ? await outputOf('wrk', ['-v']) : undefined;
  if (version === undefined) return { get: builtIn, head: builtIn, builtIn };
  const label = /wrk \S*?(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? '';
  return { get: new WrkLoader(`wrk ${label}`.trim(), workspace), head: builtIn, builtIn };
}
