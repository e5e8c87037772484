import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../command.ts';
import { onCore } from '../cores.ts';
import type { Workspace } from '../workspace.ts';
import type { Load, LoadGenerator, LoadPlan, Request } from './loader.ts';

/** What wrk.lua prints at the end. */
interface Summary {
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
}

/** One line a request, fields separated by tabs: wrk.lua reads no JSON. */
function line(request: Request): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return [request.method, request.path, ...headers].join('\t');
}

/** Load by wrk, one thread: on few cores a second one would only take time from the server. */
export class WrkLoader implements LoadGenerator {
  readonly label: string;
  readonly #workspace: Workspace;

  constructor(label: string, workspace: Workspace) {
    this.label = label;
    this.#workspace = workspace;
  }

  async run(plan: LoadPlan): Promise<Load> {
    const file = join(this.#workspace.folder('wrk'), 'requests');
    await writeFile(file, plan.requests.map(line).join('\n'));
    const script = join(import.meta.dirname, 'wrk.lua');
    const args = ['-t1', `-c${plan.connections}`, `-d${plan.seconds}s`, '--timeout', '30s', '-s', script];
    const [command, all] = onCore(plan.core, 'wrk', [...args, `http://127.0.0.1:${plan.port}`, '--', file]);
    const output = await runChild(this.#workspace, command, all);
    const summary = /^SUMMARY (.*)$/m.exec(output)?.[1];
    if (summary === undefined) throw new Error(`wrk gave no summary: ${output}`);
    const { requests, seconds, errors, p50, p99 }: Summary = JSON.parse(summary);
    return { requestsPerSecond: (requests - errors) / seconds, p50, p99, requests, errors };
  }
}
