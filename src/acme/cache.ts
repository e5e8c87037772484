import { createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { keyPem, newKey } from './x509.ts';

/** A certificate chain with its key, in PEM, and how long it is good for. */
export interface KeptCertificate {
  readonly cert: string;
  readonly key: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const ACCOUNT = 'acme_account+key';
/** A process that holds a lock touches it; one that died does not. */
const LOCK_STALE_MS = 120_000;
const LOCK_TOUCH_MS = 30_000;

/**
 * The folder that keeps the account's key and the certificates. Names and contents of the files are those of Go's
 * `autocert.DirCache`, so that the folder of a registry:3 is taken over, and can be given back.
 */
export interface CertificateCache {
  /** The account's key; a new one is made the first time. */
  accountKey(): Promise<KeyObject>;
  /** @returns undefined where there is none that fits */
  certificate(host: string): Promise<KeptCertificate | undefined>;
  /** @throws Error where it is no certificate for this key and name */
  keep(host: string, pair: { readonly cert: string; readonly key: string }): Promise<KeptCertificate>;
  /** Lets every process that shares the folder answer a challenge. */
  publish(host: string, proof: { readonly cert: string; readonly key: string }): Promise<void>;
  published(host: string): { readonly cert: string; readonly key: string } | undefined;
  withdraw(host: string): Promise<void>;
  /** Does something that no other process does for this host at the same time. @returns whether it was done */
  alone(host: string, action: () => Promise<void>): Promise<boolean>;
}

/** Opens the folder, which is made where there is none. @throws the system's error */
export async function openCertificateCache(folder: string): Promise<CertificateCache> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (name: string): string => join(folder, name);

  async function put(name: string, text: string): Promise<void> {
    const temporary = fileOf(`${name}.${randomUUID()}`);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, fileOf(name));
    } finally {
      await rm(temporary, { force: true });
    }
    const directory = await open(folder);
    await directory.sync().finally(() => directory.close());
  }

  const certificate = async (host: string): Promise<KeptCertificate | undefined> => {
    const text = await readFile(fileOf(host), 'utf8').catch(missing);
    if (text === undefined) return undefined;
    try {
      return parsed(host, text);
    } catch {
      // Half a file, or one for another name: it is obtained anew.
      return undefined;
    }
  };

  return {
    certificate,
    async accountKey() {
      const kept = await readFile(fileOf(ACCOUNT), 'utf8').catch(missing);
      if (kept !== undefined) return createPrivateKey(kept);
      const key = newKey();
      await put(ACCOUNT, keyPem(key));
      return key;
    },
    async keep(host, { cert, key }) {
      const text = key + cert;
      const kept = parsed(host, text);
      await put(host, text);
      return kept;
    },
    publish: (host, { cert, key }) => put(`${host}+token`, key + cert),
    published(host) {
      try {
        return split(readFileSync(fileOf(`${host}+token`), 'utf8'));
      } catch {
        return undefined;
      }
    },
    withdraw: (host) => rm(fileOf(`${host}+token`), { force: true }),
    alone: (host, action) => withLock(fileOf(`${host}+lock`), action),
  };
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function split(text: string): { cert: string; key: string } {
  const begin = text.indexOf('-----BEGIN CERTIFICATE-----');
  if (begin <= 0) throw new Error('there is no key with a certificate behind it');
  return { key: text.slice(0, begin), cert: text.slice(begin) };
}

function parsed(host: string, text: string): KeptCertificate {
  const { key, cert } = split(text);
  const leaf = new X509Certificate(cert);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error('the certificate is not for its key');
  if (leaf.checkHost(host) === undefined) throw new Error(`the certificate is not for ${host}`);
  return { key, cert, notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
}

/**
 * Two processes that both find a stale lock may both go on. That costs an order too many, and nothing else: the
 * certificate that is kept last is the one in use.
 */
async function withLock(path: string, action: () => Promise<void>): Promise<boolean> {
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > LOCK_STALE_MS) await rm(path, { force: true });
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  const touch = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, LOCK_TOUCH_MS);
  touch.unref();
  try {
    await action();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
  return true;
}
