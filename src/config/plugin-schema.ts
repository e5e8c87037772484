import { extname } from 'node:path';
import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import { limitsOf, type OutsideLimits, pluginLoginLimits, pluginRuleLimits } from './outside-schema.ts';
import { namesFile, required, type Type } from './schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import { placeOfKey, refine, section } from './types-section.ts';

/** A module that is asked. */
export interface PluginSettings extends OutsideLimits {
  /** As written, relative to the working directory. */
  readonly path: string;
}

const pluginFields = {
  plugin_path: namesFile(
    required(
      nonEmptyText,
      "The JavaScript module, `.js`, `.mjs` or `.cjs`; docker_auth's Go plugins (`.so`) cannot be loaded.",
    ),
  ),
};

const EXTENSIONS: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs']);

function checkPath(path: string, at: Decoding, node: ConfigNode): void {
  const extension = extname(path).toLowerCase();
  if (EXTENSIONS.has(extension)) return;
  const message =
    extension === '.so'
      ? `${path} is a Go plugin, which only the very docker_auth that it was built with can load; write it anew ` +
        'as a JavaScript module (docs/how-to/plugins.md), or run it as a program of its own and ask it through ' +
        'ext_auth, ext_authz, http_auth or http_authz (docs/how-to/external-programs.md)'
      : `${path} does not look like a JavaScript module; its name must end in .js, .mjs or .cjs`;
  at.report(message, placeOfKey(node, 'plugin_path', at));
}

/** `plugin_authn`. */
export const pluginAuthn: Type<PluginSettings> = refine(
  section({ ...pluginFields, ...pluginLoginLimits }),
  ({ plugin_path: path, ...limits }, at, node) => {
    checkPath(path, at, node);
    return { path, ...limitsOf(limits, at) };
  },
);

/** `plugin_authz`. */
export const pluginAuthz: Type<PluginSettings> = refine(
  section({ ...pluginFields, ...pluginRuleLimits }),
  ({ plugin_path: path, ...limits }, at, node) => {
    checkPath(path, at, node);
    return { path, ...limitsOf(limits, at) };
  },
);
