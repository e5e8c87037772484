import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newClient } from './clients/all.ts';
import { DENIED } from './clients/client.ts';
import { basic } from './support/accounts.ts';
import { BERTH } from './support/berth.ts';
import { type Browser, openBrowser } from './support/browser.ts';
import { answers, send } from './support/http.ts';
import { planImage } from './support/images.ts';
import { CLIENT, type OpenIdProvider, openIdProvider } from './support/openid-provider.ts';
import { folder } from './support/root.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { steps } from './support/steps.ts';

/*
 * `oidc_auth` whole: a real browser at a real OpenID provider, real clients with the password that the page shows; what
 * changes at the provider afterwards; and sign-ins that somebody has tampered with.
 */

const REVALIDATE_AFTER_MS = 2_000;

async function registryWith(port: number, provider: OpenIdProvider, data: string): Promise<Server> {
  const place = folder('sign-in');
  writeFileSync(join(place, 'client-secret'), `${CLIENT.secret}\n`, { mode: 0o600 });
  const file = join(place, 'config.yml');
  writeFileSync(
    file,
    `version: 0.1
http: {addr: "127.0.0.1:${port}"}
storage: {filesystem: {rootdirectory: ${JSON.stringify(data)}}}
auth:
  builtin:
    oidc_auth:
      issuer: ${provider.issuer}
      redirect_url: http://127.0.0.1:${port}/oidc_auth
      client_id: ${CLIENT.id}
      client_secret_file: ${join(place, 'client-secret')}
      registry_url: http://127.0.0.1:${port}/
      scopes: [openid, email, groups, offline_access]
      prompt: consent
      labels_claims: [groups]
      revalidate_after: 2s
      http_timeout: 2
    acl:
      - match: {labels: {groups: writers}}
        actions: ["*"]
      - match: {account: "/.+/"}
        actions: [pull]
`,
  );
  return startServer({
    ...{ name: 'berth-sign-in', command: BERTH, args: ['serve', file] },
    ready: async () => answers(`http://127.0.0.1:${port}/v2/`),
  });
}

describe('signing in with a browser', () => {
  let provider: OpenIdProvider;
  let registry: Server;
  let browser: Browser;
  let host: string;
  let page: string;
  let data: string;
  let port: number;
  let password: string;
  let second: string;
  steps(() => `--- berth\n${registry?.output()}`);

  beforeAll(async () => {
    port = await freePort();
    host = `127.0.0.1:${port}`;
    page = `http://${host}/oidc_auth`;
    data = join(folder('sign-in'), 'data');
    provider = openIdProvider(await freePort(), page);
    provider.people.set('alice', { email: 'alice@example.com', isVerified: true, groups: ['writers'] });
    provider.people.set('mallory', { email: 'mallory@example.com', isVerified: false, groups: [] });
    [registry, browser] = await Promise.all([registryWith(port, provider, data), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await registry?.stop();
    await provider?.stop();
  });

  const tokenFor = (account: string, secret: string, scope: string) =>
    send(`http://${host}/auth/token?service=berth&scope=${scope}`, {
      headers: { authorization: basic({ account, password: secret }) },
    });
  const granted = async (secret: string) => {
    const answer = await tokenFor('alice@example.com', secret, 'repository:team/image:pull,push');
    return answer.status === 200 ? (JSON.parse(answer.text) as { scope: string }).scope : answer.status;
  };
  /** The provider's own pages: a form for the name, and one to consent. */
  const passProvider = async (name: string) => {
    const at = () => browser.url();
    while ((await at()).startsWith(provider.issuer)) {
      if (await browser.evaluate<boolean>('document.querySelector("input[name=login]") !== null')) {
        await browser.fill('input[name=login]', name);
        await browser.fill('input[name=password]', 'anything');
      }
      await browser.follow('button[type=submit]');
    }
  };
  const shownPassword = () => browser.evaluate<string>('document.querySelector("#password").textContent');

  test('the registry runs while the provider is away, and says so to whoever wants in', async () => {
    await browser.goto(`http://${host}/`);
    expect(await browser.url()).toBe(page);
    await browser.follow('a.button');
    expect(await browser.text()).toContain('cannot be reached now');
    expect((await send(`${page}?begin`)).status).toBe(503);
    await expect
      .poll(() => registry.output())
      .toContain('nobody can sign in: the identity provider cannot be asked');
    await provider.start();
  });

  test('a sign-in ends with a password and the command for it', async () => {
    await browser.goto(page);
    await browser.follow('a.button');
    const asked = new URL(await browser.url());
    expect(asked.origin).toBe(provider.issuer);
    await passProvider('alice');
    expect(await browser.text()).toContain('Signed in as alice@example.com');
    password = await shownPassword();
    expect(password).toMatch(/^bl_[A-Za-z0-9]{8}_[A-Za-z0-9]{32}$/);
    const command = await browser.evaluate<string>('document.querySelector("#login").textContent');
    expect(command).toBe(`docker login -u alice@example.com --password-stdin ${host}`);
    expect(await browser.text()).not.toMatch(/ -p /);
    expect(browser.complaints.filter((each) => each.includes('Content Security Policy'))).toEqual([]);
    expect(registry.output()).not.toContain(password);
  });

  test('docker and podman log in with it, push and pull', async () => {
    const plan = planImage(1);
    for (const name of ['docker', 'podman'] as const) {
      const client = newClient(name, inject('bed').dockerHost);
      const reference = `${host}/team/${name}:v1`;
      const login = await client.login(host, 'alice@example.com', password);
      expect(login.code, login.all).toBe(0);
      await client.build(reference, plan);
      const push = await client.push(reference);
      expect(push.outcome.code, push.outcome.all).toBe(0);
      await client.empty();
      const pull = await client.pull(reference);
      expect(pull.outcome.code, pull.outcome.all).toBe(0);
      const wrong = await client.login(
        host,
        'alice@example.com',
        `${password.slice(0, -1)}${password.endsWith('x') ? 'y' : 'x'}`,
      );
      expect(wrong.code).not.toBe(0);
      expect(wrong.all).toMatch(/unauthorized|invalid username.password/);
    }
  });

  test('many passwords live at once, and each can be revoked', async () => {
    await browser.follow('a.button:last-of-type');
    await passProvider('alice');
    second = await shownPassword();
    expect(second).not.toBe(password);
    expect(await granted(password)).toBe('repository:team/image:pull,push');
    expect(await granted(second)).toBe('repository:team/image:pull,push');
    const tokenOf = async (secret: string) => {
      const answer = await tokenFor('alice@example.com', secret, 'repository:team/docker:pull');
      return { authorization: `Bearer ${(JSON.parse(answer.text) as { token: string }).token}` };
    };
    const headers = { kept: await tokenOf(password), revoked: await tokenOf(second) };
    const manifest = `http://${host}/v2/team/docker/manifests/v1`;
    expect((await send(manifest, { headers: headers.revoked })).status).toBe(200);
    // The newest stands first.
    await browser.follow('table button');
    expect(await browser.text()).toContain(password.slice(0, 11));
    expect(await browser.text()).not.toContain(second.slice(0, 11));
    expect(await granted(second)).toBe(401);
    // Tokens that were issued for it end with it.
    expect((await send(manifest, { headers: headers.revoked })).status).toBe(401);
    expect((await send(manifest, { headers: headers.kept })).status).toBe(200);
    expect(await granted(password)).toBe('repository:team/image:pull,push');
  });

  test('a change of groups at the provider counts after the time that was set', async () => {
    const before = provider.refreshes();
    provider.people.set('alice', { email: 'alice@example.com', isVerified: true, groups: ['readers'] });
    await sleep(REVALIDATE_AFTER_MS + 100);
    expect(await granted(password)).toBe('repository:team/image:pull');
    const client = newClient('docker', inject('bed').dockerHost);
    await client.login(host, 'alice@example.com', password);
    const reference = `${host}/team/refused:v1`;
    await client.build(reference, planImage(1));
    const push = await client.push(reference);
    expect(push.outcome.code).not.toBe(0);
    expect(push.outcome.all).toMatch(DENIED);
    provider.people.set('alice', { email: 'alice@example.com', isVerified: true, groups: ['writers', 'x'] });
    // Each time with the refresh token that came the last time, however many ask at once.
    for (let round = 0; round < 2; round += 1) {
      await sleep(REVALIDATE_AFTER_MS + 100);
      const all = await Promise.all(Array.from({ length: 8 }, () => granted(password)));
      expect(new Set(all)).toEqual(new Set(['repository:team/image:pull,push']));
    }
    expect(provider.refreshes() - before).toBeLessThanOrEqual(5);
    expect(provider.refreshes() - before).toBeGreaterThanOrEqual(3);
  });

  test('the provider may be away for a while', async () => {
    await provider.stop();
    await sleep(REVALIDATE_AFTER_MS + 100);
    expect(await granted(password)).toBe('repository:team/image:pull,push');
    await expect.poll(() => registry.output()).toContain('what it said last counts for ten minutes more');
    await provider.start();
  });

  test('somebody whose address is not verified does not get in', async () => {
    const other = await openBrowser();
    try {
      const [mine, theirs] = [browser, other];
      browser = theirs;
      await browser.goto(`${page}?begin`);
      await passProvider('mallory');
      expect(await browser.text()).toContain('mallory@example.com was verified');
      browser = mine;
    } finally {
      await other.close();
    }
  });

  /** The beginning of a sign-in in the browser, so that it has the cookie; the address is what the provider is asked. */
  const begun = async (): Promise<URL> => {
    const answer = await send(`${page}?begin`);
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/);
    const [pair = ''] = cookie.split(';');
    await browser.goto(page);
    await browser.evaluate(`document.cookie = ${JSON.stringify(`${pair}; path=/`)}`);
    return new URL(String(answer.headers['location']));
  };

  test.for([
    ['state', 'did not begin in this browser'],
    ['nonce', 'does not belong to this sign-in'],
    ['code_challenge', 'does not accept this sign-in any more'],
  ])('another %s is refused', async ([name, message]) => {
    const url = await begun();
    expect(url.searchParams.get(name ?? '')).toMatch(/^[\w-]{43}$/);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    url.searchParams.set(name ?? '', 'A'.repeat(43));
    await browser.goto(url.href);
    await passProvider('alice');
    expect(await browser.url()).toContain(`${page}?`);
    expect(await browser.text()).toContain(message);
    expect(await browser.evaluate<boolean>('document.querySelector("#password") === null')).toBe(true);
  });

  test('the same way round without tampering leads in, and only once', async () => {
    const url = await begun();
    const cookie = await browser.evaluate<string>('document.cookie');
    await browser.goto(url.href);
    await passProvider('alice');
    const answer = await browser.url();
    expect(await browser.text()).toContain('Signed in as alice@example.com');
    // Again in the same browser, with a cookie that was kept, and from elsewhere.
    await browser.goto(answer);
    expect(await browser.text()).toContain('did not begin in this browser');
    for (const headers of [{ cookie }, {}]) {
      const replayed = await send(answer, { headers });
      expect(replayed.status).toBe(403);
      expect(replayed.text).not.toContain('bl_');
    }
    // Another process has not seen the answer; the provider has.
    await registry.stop();
    registry = await registryWith(port, provider, data);
    const replayed = await send(answer, { headers: { cookie } });
    expect(replayed.status).toBe(403);
    expect(replayed.text).toContain('does not accept this sign-in any more');
  });

  test('an account that is gone at the provider is gone here', async () => {
    await browser.goto(`${page}?begin`);
    await passProvider('alice');
    const latest = await shownPassword();
    expect(await granted(latest)).toBe('repository:team/image:pull,push');
    provider.people.delete('alice');
    await sleep(REVALIDATE_AFTER_MS + 100);
    expect(await granted(latest)).toBe(401);
    const client = newClient('docker', inject('bed').dockerHost);
    const login = await client.login(host, 'alice@example.com', latest);
    expect(login.code).not.toBe(0);
    await expect
      .poll(() => registry.output())
      .toContain('its identity provider does not vouch for it any more');
    for (const secret of [CLIENT.secret, password, latest]) expect(registry.output()).not.toContain(secret);
  });
});
