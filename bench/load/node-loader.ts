import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../command.ts';
import { onCore } from '../cores.ts';
import type { Workspace } from '../workspace.ts';
import type { Load, LoadGenerator, LoadPlan } from './loader.ts';

/** The built-in generator: raw sockets in one Node process of its own. */
export class NodeLoader implements LoadGenerator {
  readonly label = `built-in generator (Node ${process.versions.node})`;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  async run(plan: LoadPlan): Promise<Load> {
    const file = join(this.#workspace.folder('load'), 'plan.json');
    await writeFile(file, JSON.stringify(plan));
    const child = join(import.meta.dirname, 'node-load.ts');
    const [command, args] = onCore(plan.core, process.execPath, [child, file]);
    const load: Load = JSON.parse(await runChild(this.#workspace, command, args));
    return load;
  }
}
