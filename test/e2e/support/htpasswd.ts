import { join } from 'node:path';
import { ADMIN, type Credentials, TEST } from './accounts.ts';
import { folder } from './root.ts';
import { must } from './run.ts';

/** A new password file with the walkthrough's two accounts, written by htpasswd itself. */
export async function passwordFile(): Promise<string> {
  const file = join(folder('htpasswd'), 'htpasswd');
  await must('htpasswd', ['-cbB', file, ADMIN.account, ADMIN.password]);
  await setPassword(file, TEST);
  return file;
}

/** Adds or changes an entry, in place as htpasswd does. `-B`: bcrypt; `-m`: MD5. */
export async function setPassword(
  file: string,
  { account, password }: Credentials,
  kind = '-B',
): Promise<void> {
  await must('htpasswd', ['-b', kind, file, account, password]);
}

export async function removeAccount(file: string, account: string): Promise<void> {
  await must('htpasswd', ['-D', file, account]);
}

/** The variables that make a registry use it. */
export function htpasswdEnvironment(file: string): Record<string, string> {
  return {
    REGISTRY_AUTH: 'htpasswd',
    REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
    REGISTRY_AUTH_HTPASSWD_PATH: file,
  };
}
