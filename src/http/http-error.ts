import { type ErrorName, RegistryError } from '../errors.ts';

type Options = NonNullable<ConstructorParameters<typeof RegistryError>[1]>;

/** A refusal whose answer carries headers, such as the way to a token. */
export class HttpError extends RegistryError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: ErrorName, headers: Readonly<Record<string, string>>, options: Options = {}) {
    super(error, options);
    this.name = 'HttpError';
    this.headers = headers;
  }
}
