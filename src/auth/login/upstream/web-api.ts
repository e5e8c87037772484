import { isRecord } from '../../../oci/descriptor.ts';
import { SignInRefused, UpstreamGone, UpstreamUnavailable } from './upstream.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;
/** RFC 6749, section 5.2, and GitHub's own words for it. */
const OVER = new Set(['invalid_grant', 'bad_verification_code', 'bad_refresh_token', 'access_denied']);

/** What a token endpoint gave. */
export interface GrantedTokens {
  readonly access: string;
  readonly refresh: string | undefined;
  readonly expiresInSeconds: number | undefined;
}

/** Asks the web API of a service that is no OpenID provider. */
export class WebApi {
  readonly #title: string;
  readonly #timeoutMs: number;

  /** @param title of the service, for messages */
  constructor(title: string, timeoutMs: number) {
    this.#title = title;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * GET with a token.
   * @returns undefined for 404
   * @throws UpstreamGone where the token is not accepted; UpstreamUnavailable
   */
  async get(url: string, token: string): Promise<{ value: unknown; next: boolean } | undefined> {
    const { status, value, headers } = await this.#ask(url, {
      headers: { Accept: 'application/json', Authorization: `Bearer ${token}`, 'User-Agent': 'berth' },
    });
    if (status === 404) return undefined;
    if (status === 401) throw new UpstreamGone('it does not accept the token any more');
    if (status !== 200) throw new UpstreamUnavailable(`it answers ${status}`);
    return { value, next: /rel="next"/.test(headers.get('link') ?? '') };
  }

  /**
   * A whole list, page after page.
   * @param url with a query already
   * @throws UpstreamGone, UpstreamUnavailable
   */
  async list(url: string, token: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    for (let page = 1; page <= 50; page += 1) {
      const answer = await this.get(`${url}&per_page=100&page=${page}`, token);
      if (answer === undefined || !Array.isArray(answer.value)) {
        throw new UpstreamUnavailable('it answers with something that is no list');
      }
      items.push(...answer.value.filter(isRecord));
      if (!answer.next) return items;
    }
    throw new UpstreamUnavailable('its list does not end');
  }

  /**
   * POST to a token endpoint.
   * @throws SignInRefused where the grant is over; UpstreamUnavailable
   */
  async exchange(url: string, parameters: Readonly<Record<string, string>>): Promise<GrantedTokens> {
    const { status, value } = await this.#ask(url, {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
        'User-Agent': 'berth',
      },
      body: new URLSearchParams(parameters).toString(),
    });
    const answer = isRecord(value) ? value : {};
    const { access_token: access, refresh_token: refresh, expires_in: seconds, error } = answer;
    if (typeof error === 'string' && OVER.has(error)) {
      throw new SignInRefused(`${this.#title} does not accept this sign-in any more. Begin again.`);
    }
    if (typeof access !== 'string' || access === '') {
      const why = typeof error === 'string' ? `: ${error.slice(0, 100)}` : '';
      throw new UpstreamUnavailable(`its token endpoint answers ${status}${why}`);
    }
    return {
      access,
      refresh: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
      expiresInSeconds: typeof seconds === 'number' ? seconds : undefined,
    };
  }

  async #ask(url: string, init: RequestInit): Promise<{ status: number; value: unknown; headers: Headers }> {
    try {
      const response = await fetch(url, {
        ...init,
        // A token must not follow to wherever an answer points.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const text = await response.text();
      if (text.length > MAX_ANSWER_BYTES) throw new UpstreamUnavailable('its answer is too long');
      return { status: response.status, value: json(text), headers: response.headers };
    } catch (error) {
      if (error instanceof UpstreamUnavailable) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why =
        cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : String(cause);
      throw new UpstreamUnavailable(`${new URL(url).host} cannot be reached: ${why}`);
    }
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
