import { X509Certificate } from 'node:crypto';
import type { Authorizer } from '../../auth/authorizer.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import { RememberedProvider } from '../../auth/identity/remembered.ts';
import { RememberedAuthorizer } from '../../auth/remembered-authorizer.ts';
import type { ConfigDocument } from '../../config/document.ts';
import { isHeaderValue } from '../../config/header-checks.ts';
import type { HttpHookSettings } from '../../config/http-hook-schema.ts';
import type { HookFiles, HttpHook } from '../../external/http-hook.ts';
import { readNamedFile } from '../key-files.ts';
import { watchFiles } from '../watched-files.ts';
import { remembering, ruleName } from './outside.ts';
import type { AccessBuilder, BackendDependencies, IdentityBuilder } from './parts.ts';

type Section = 'http_auth' | 'http_authz';

/**
 * `http_auth`: an HTTP service knows the accounts.
 * @throws ConfigError
 */
export const httpAuth: IdentityBuilder = async ({ http_auth: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { AskedProvider } = await import('../../external/asked.ts');
  const { hook, stop } = await hookOf('http_auth', settings, deps);
  const provider = new RememberedProvider(new AskedProvider(hook), deps.clock, remembering(settings));
  return { provider: stopping<IdentityProvider>(provider, stop) };
};

/**
 * `http_authz`: an HTTP service knows the rules.
 * @throws ConfigError
 */
export const httpAuthz: AccessBuilder = async ({ http_authz: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { AskedAuthorizer } = await import('../../external/asked.ts');
  const { hook, stop } = await hookOf('http_authz', settings, deps);
  const rules = new AskedAuthorizer(hook, ruleName('http_authz', deps));
  const remembered = new RememberedAuthorizer(rules, deps.clock, settings.cacheMs);
  return { authorizer: stopping<Authorizer>(remembered, stop) };
};

/** The same part, which also stops looking at files in the end. */
function stopping<P extends IdentityProvider | Authorizer>(part: P, stop: () => void): P {
  const close = part.close?.bind(part);
  part.close = async () => {
    stop();
    await close?.();
  };
  return part;
}

async function hookOf(
  section: Section,
  settings: HttpHookSettings,
  { document, log }: BackendDependencies,
): Promise<{ hook: HttpHook; stop: () => void }> {
  const { HttpHook: Hook } = await import('../../external/http-hook.ts');
  const hook = new Hook({ ...settings, name: section, files: readFiles(section, settings, document) });
  const files = [settings.caCertificate, ...settings.headerFiles.values()].filter(
    (file) => file !== undefined,
  );
  const watch = await watchFiles({
    files,
    settles: true,
    what: `the files of ${section}`,
    log,
    reload: () => hook.replaceFiles(readFiles(section, settings, document)),
  });
  return { hook, stop: watch.stop };
}

/** @throws ConfigError with the place at which a file is named that cannot be used */
function readFiles(section: Section, settings: HttpHookSettings, document: ConfigDocument): HookFiles {
  const written = [...settings.headers].map(([name, value]) => [name, value.reveal()] as const);
  const fromFiles = [...settings.headerFiles].map(([name, file]) => {
    const path = [section, 'header_files', name];
    // An editor ends a file with a line break, which is not meant.
    const value = readNamedFile(document, path, file).replace(/\r?\n$/, '');
    if (value === '' || !isHeaderValue(value)) {
      throw document.errorAt(path, `${file} holds no value for a header: one line of text is expected`);
    }
    return [name, value] as const;
  });
  return { headers: Object.fromEntries([...written, ...fromFiles]), ca: readCa(section, settings, document) };
}

function readCa(section: Section, { caCertificate: file }: HttpHookSettings, document: ConfigDocument) {
  if (file === undefined) return undefined;
  const path = [section, 'ca_certificate'];
  const pem = readNamedFile(document, path, file);
  try {
    new X509Certificate(pem);
  } catch {
    throw document.errorAt(
      path,
      `${file} holds no certificate; PEM is expected, -----BEGIN CERTIFICATE-----`,
    );
  }
  return pem;
}
