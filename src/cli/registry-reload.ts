import type { Loaded } from '../config/document.ts';
import { formatPath, isPrefix, type Path } from '../config/node.ts';
import type { RegistryConfig } from '../config/registry-config.ts';
import type { Logger } from '../ports.ts';
import type { BuiltinAuth } from './builtin-auth.ts';
import { loadConfiguration } from './configuration.ts';
import { type Reloading, reloading } from './reloading.ts';

const BUILTIN: Path = ['auth', 'builtin'];
const TOKEN: Path = [...BUILTIN, 'token'];

type LoadedRegistry = Loaded<RegistryConfig> & { readonly file: string | undefined };

/**
 * Takes over accounts and rules of `auth.builtin` while the registry runs, when its configuration or a file that is named
 * there has changed. The rest of the configuration stays as it was at the start, and the log names what has changed.
 * @param started as the process was started
 */
export function reloadingAuth(options: {
  readonly auth: BuiltinAuth;
  readonly started: LoadedRegistry;
  readonly log: Logger;
}): Promise<Reloading> {
  const { auth, started, log } = options;
  return reloading({
    first: { files: filesOf(started) },
    log,
    async take() {
      const loaded = loadConfiguration(started.file);
      const { config, document } = loaded;
      const keys = started.document
        .differences(document)
        .filter((path) => !isPrefix(BUILTIN, path) || isPrefix(TOKEN, path))
        .map(formatPath);
      if (config.auth.kind === 'builtin') await auth.reload(config.auth.settings, document.scope(BUILTIN));
      for (const notice of loaded.notices) log.warn(notice);
      if (keys.length > 0) {
        const rest = config.auth.kind === 'builtin' ? '; accounts and rules are in use' : '';
        log.warn(`these keys have changed and need a restart${rest}`, { keys: keys.join(', ') });
      }
      return { files: filesOf(loaded) };
    },
  });
}

function filesOf({ file, document }: LoadedRegistry): readonly string[] {
  return [...(file === undefined ? [] : [file]), ...document.scope(BUILTIN).namedFiles()];
}
