import type {
  Binding,
  Upstream,
  UpstreamLogin,
  UpstreamTokens,
} from '../../src/auth/login/upstream/upstream.ts';

/** An identity provider that does what the test says. */
export class FakeUpstream implements Upstream {
  readonly title = 'id.example.com';
  /** What it was asked with, one for each question. */
  readonly renewals: UpstreamTokens[] = [];
  readonly codes: string[] = [];
  /** The answer to whatever is asked next. */
  answer: () => UpstreamLogin | Promise<UpstreamLogin>;

  constructor(answer: () => UpstreamLogin | Promise<UpstreamLogin>) {
    this.answer = answer;
  }

  async authorizationUrl({ state }: Binding): Promise<URL> {
    return new URL(`https://id.example.com/authorize?state=${state}`);
  }

  async complete(parameters: URLSearchParams): Promise<UpstreamLogin> {
    this.codes.push(parameters.get('code') ?? '');
    return this.answer();
  }

  async renew(tokens: UpstreamTokens): Promise<UpstreamLogin> {
    this.renewals.push(tokens);
    return this.answer();
  }
}
