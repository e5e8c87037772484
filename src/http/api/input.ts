import { RegistryError } from '../../errors.ts';
import { type HttpRequest, readBody } from '../message.ts';

const MAX_BODY_BYTES = 16 * 1024;

/** @throws RegistryError REQUEST_INVALID */
export function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null || value === '') {
    throw new RegistryError('REQUEST_INVALID', { message: `the query parameter "${name}" is missing` });
  }
  return value;
}

/**
 * A whole number among the query parameters.
 * @throws RegistryError REQUEST_INVALID
 */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^\d{1,15}$/.test(value)) {
    throw new RegistryError('REQUEST_INVALID', {
      message: `the query parameter "${name}" must be a whole number, 0 or more`,
    });
  }
  return Number(value);
}

/** Fields of a JSON body, each asked for by its type; what nobody asked for is a mistake. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** @throws RegistryError REQUEST_INVALID */
  text(name: string): string | undefined {
    return this.#typed(name, 'a text', (value) => typeof value === 'string' && value !== '');
  }

  /** @throws RegistryError REQUEST_INVALID where it is missing */
  needed(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw new RegistryError('REQUEST_INVALID', { message: `the field "${name}" is missing` });
  }

  /** @throws RegistryError REQUEST_INVALID */
  texts(name: string): readonly string[] | undefined {
    const isTexts = (value: unknown): boolean =>
      Array.isArray(value) && value.length <= 100 && value.every((one) => typeof one === 'string');
    return this.#typed(name, 'a list of at most 100 texts', isTexts);
  }

  /** @throws RegistryError REQUEST_INVALID */
  flag(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value) => typeof value === 'boolean');
  }

  /** @throws RegistryError REQUEST_INVALID */
  seconds(name: string): number | undefined {
    const isSeconds = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
    return this.#typed(name, 'a whole number of seconds, 0 or more', isSeconds);
  }

  /**
   * To be called when everything was asked for.
   * @throws RegistryError REQUEST_INVALID
   */
  end(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#asked.has(name));
    if (unknown === undefined) return;
    const known = [...this.#asked].join(', ');
    throw new RegistryError('REQUEST_INVALID', {
      message: `there is no field ${JSON.stringify(unknown.slice(0, 50))} here; there is ${known}`,
    });
  }

  #typed<T>(name: string, type: string, isRight: (value: unknown) => boolean): T | undefined {
    this.#asked.add(name);
    if (!Object.hasOwn(this.#values, name)) return undefined;
    const value = this.#values[name];
    if (isRight(value)) return value as T;
    throw new RegistryError('REQUEST_INVALID', { message: `the field "${name}" must be ${type}` });
  }
}

/**
 * The JSON object that a request brings. Its Content-Type has to say that it is JSON: no page of another site can send
 * that without being asked for (Fetch, "CORS-safelisted request-header").
 * @throws RegistryError REQUEST_INVALID
 */
export async function jsonBody(request: HttpRequest): Promise<Fields> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new RegistryError('REQUEST_INVALID', {
      message: 'the body must be JSON, with Content-Type: application/json',
    });
  }
  const bytes = await readBody(request.body, MAX_BODY_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes ?? '').toString('utf8'));
  } catch (error) {
    throw new RegistryError('REQUEST_INVALID', { message: 'the body is not JSON', cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RegistryError('REQUEST_INVALID', { message: 'the body must be a JSON object' });
  }
  return new Fields(value as Record<string, unknown>);
}
