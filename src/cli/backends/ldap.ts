import { Directory } from '../../auth/identity/ldap/directory.ts';
import type { ServiceAccount } from '../../auth/identity/ldap/host.ts';
import { DirectoryHost } from '../../auth/identity/ldap/host.ts';
import { LdapProvider } from '../../auth/identity/ldap/ldap-provider.ts';
import { ldaptsConnect } from '../../auth/identity/ldap/ldapts-connection.ts';
import { RememberedProvider } from '../../auth/identity/remembered.ts';
import type { ConfigDocument } from '../../config/document.ts';
import type { LdapAuthSettings } from '../../config/ldap-auth-settings.ts';
import { Secret } from '../../config/secret.ts';
import { readNamedFile } from '../key-files.ts';
import { readAuthorities } from '../tls.ts';
import { watchFiles } from '../watched-files.ts';
import type { IdentityBuilder } from './parts.ts';

/**
 * docker_auth's `ldap_auth`. Nothing is connected to before the first login; the files that it names are read again when
 * they change.
 * @throws ConfigError where one of them is of no use
 */
export const ldap: IdentityBuilder = async ({ ldap_auth: settings }, { document, clock, log }) => {
  if (settings === undefined) return undefined;
  const { bindDn, initialBindAsUser, idleMs, maxConnections } = settings;
  let files = readFiles(settings, document);
  const watch = await watchFiles({
    files: [settings.caCertificate, settings.bindPasswordFile].filter((file) => file !== undefined),
    what: 'the files of ldap_auth',
    log,
    reload: () => {
      files = readFiles(settings, document);
    },
  });
  const service: ServiceAccount | 'nobody' =
    bindDn === undefined ? 'nobody' : { name: bindDn, password: () => files.bindPassword?.reveal() ?? '' };
  const connect = ldaptsConnect({
    trust: () => ({ authorities: files.authorities, isVerified: settings.isVerified }),
    connectTimeoutMs: settings.connectTimeoutMs,
    operationTimeoutMs: settings.operationTimeoutMs,
  });
  const searcher = initialBindAsUser ? 'accounts' : service;
  const hosts = settings.addresses.map(
    (endpoint) => new DirectoryHost({ endpoint, connect, searcher, idleMs }),
  );
  const directory = new Directory({ hosts, maxConnections, clock, log });
  const provider = new LdapProvider(
    { ...settings, accountBindName: initialBindAsUser ? bindDn : undefined },
    {
      directory: {
        use: (action) => directory.use(action),
        close() {
          watch.stop();
          directory.close();
        },
      },
      clock,
      log,
    },
  );
  return { provider: new RememberedProvider(provider, clock) };
};

function readFiles(
  { caCertificate, bindPasswordFile, initialBindAsUser }: LdapAuthSettings,
  document: ConfigDocument,
): { readonly authorities: string | undefined; readonly bindPassword: Secret | undefined } {
  const at = (key: string) => ['ldap_auth', key];
  const authorities =
    caCertificate === undefined ? undefined : readAuthorities(document, at('ca_certificate'), caCertificate);
  if (bindPasswordFile === undefined || initialBindAsUser) return { authorities, bindPassword: undefined };
  const bindPassword = readNamedFile(document, at('bind_password_file'), bindPasswordFile).trim();
  if (bindPassword === '') {
    throw document.errorAt(
      at('bind_password_file'),
      `${bindPasswordFile} is empty, and a directory takes a bind without a password for nobody's`,
    );
  }
  return { authorities, bindPassword: new Secret(bindPassword) };
}
