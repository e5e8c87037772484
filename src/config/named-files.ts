import { statSync } from 'node:fs';
import type { ConfigNode } from './node.ts';

/** How keys are called whose value is the path of a file: secrets, certificates, keys, models of rules, modules. */
const NAMES_FILE = /(?:^|_)(?:file|certificate)$|^key$|^(?:model|policy|plugin)_path$/;

/**
 * The files that a docker_auth configuration names and that are there, so that their changes can be noticed. A value
 * that is no path of a file is never among them: it may be a secret that stands in the wrong place.
 */
export function namedFiles(root: ConfigNode): readonly string[] {
  const found = new Set<string>();
  const walk = (node: ConfigNode, key: string): void => {
    if (node.kind === 'scalar') {
      if (NAMES_FILE.test(key) && isFile(node.text)) found.add(node.text);
    } else if (node.kind === 'list') {
      for (const item of node.items) walk(item, key);
    } else {
      for (const [name, { value }] of node.entries) walk(value, name);
    }
  };
  walk(root, '');
  return [...found];
}

function isFile(path: string): boolean {
  try {
    return path !== '' && statSync(path).isFile();
  } catch {
    return false;
  }
}
