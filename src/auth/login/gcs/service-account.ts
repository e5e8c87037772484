import type { KeyObject } from 'node:crypto';
import { isRecord } from '../../../oci/descriptor.ts';
import { KeyMaterialError, readPrivateKey } from '../../token/signing-key.ts';

/** A service account of Google Cloud, with a key that stands for it. */
export interface ServiceAccount {
  readonly email: string;
  /** `private_key_id`: by this Google finds the other half. */
  readonly keyId: string | undefined;
  readonly privateKey: KeyObject;
  /** Where a token is given for a signed assertion. */
  readonly tokenUrl: string;
}

const GOOGLE = 'https://oauth2.googleapis.com/token';
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads a key file as Google Cloud gives it out: JSON with `type`, `client_email`, `private_key` and more.
 * @throws KeyMaterialError whose message goes on after the name of the file
 */
export function readServiceAccount(text: string): ServiceAccount {
  const value = parsed(text);
  const type = value['type'];
  if (type !== 'service_account') {
    const is = typeof type === 'string' ? `of the type ${JSON.stringify(type)}` : 'without a type';
    throw new KeyMaterialError(
      `is JSON ${is}, not the key of a service account; make one with gcloud iam service-accounts keys create`,
    );
  }
  const email = textOf(value, 'client_email');
  const privateKey = readPrivateKey(textOf(value, 'private_key'));
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw new KeyMaterialError('holds a private_key that is not RSA; Google makes no others');
  }
  const keyId = value['private_key_id'];
  return {
    ...{ email, privateKey, tokenUrl: tokenUrlOf(value['token_uri']) },
    keyId: typeof keyId === 'string' && keyId !== '' ? keyId : undefined,
  };
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The message of the parser quotes what stands there: a private key.
    const at = /at position (\d+)/.exec(cause instanceof Error ? cause.message : '')?.[1];
    const line = at === undefined ? '' : ` (line ${text.slice(0, Number(at)).split('\n').length})`;
    throw new KeyMaterialError(`is no JSON${line}; it must be the key file of a service account`);
  }
  if (isRecord(value)) return value;
  throw new KeyMaterialError('is no JSON object; it must be the key file of a service account');
}

function textOf(value: Record<string, unknown>, key: string): string {
  const found = value[key];
  if (typeof found === 'string' && found !== '') return found;
  throw new KeyMaterialError(`has no ${key}; it must be the key file of a service account, whole`);
}

/** What is sent there is as good as the key for an hour. */
function tokenUrlOf(value: unknown): string {
  if (value === undefined) return GOOGLE;
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (url === undefined || !isSafe) {
    throw new KeyMaterialError(`has a token_uri that is no https address; Google's is ${GOOGLE}`);
  }
  return url.href;
}
