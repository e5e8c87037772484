import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newClient } from './clients/all.ts';
import { DENIED } from './clients/client.ts';
import { basic } from './support/accounts.ts';
import { BERTH } from './support/berth.ts';
import { type Browser, openBrowser } from './support/browser.ts';
import { answers, send } from './support/http.ts';
import { planImage } from './support/images.ts';
import { CLIENT, type Member, type Platforms, startPlatforms } from './support/platforms.ts';
import { folder } from './support/root.ts';
import { freePort, type Server, startServer } from './support/server.ts';

/*
 * `github_auth`, `gitlab_auth` and `google_auth` with Chromium and docker. The platforms are stand-ins, Google's under its
 * own name and by TLS; all else is as it is for people.
 */

const ALICE: Member = {
  ...{ login: 'alice', id: 7, email: 'alice@example.com', teams: ['core'], groups: ['acme/ops'] },
  domain: 'example.com',
};
const STRANGER: Member = {
  ...{ login: 'mallory', id: 8, email: 'mallory@gmail.com', teams: [], groups: ['other'], domain: undefined },
};

interface Row {
  readonly section: 'github_auth' | 'gitlab_auth' | 'google_auth';
  readonly account: string;
  /** What the rules make of it. */
  readonly actions: string;
  /** What a stranger is told. */
  readonly refusal: string;
}

const ROWS: readonly Row[] = [
  {
    ...{ section: 'github_auth', account: 'alice', actions: 'pull,push' },
    refusal: 'You are no member of the organization acme',
  },
  {
    ...{ section: 'gitlab_auth', account: 'alice', actions: 'pull,push' },
    refusal: 'You are no member of the group acme',
  },
  {
    ...{ section: 'google_auth', account: 'alice@example.com', actions: 'pull' },
    refusal: 'Only accounts of example.com may log in here',
  },
];

function configuration(port: number, platforms: Platforms, data: string): string {
  const common = `client_id: ${JSON.stringify(CLIENT.id)}, client_secret: ${JSON.stringify(CLIENT.secret)}, registry_url: "127.0.0.1:${port}"`;
  const page = (name: string) => `"http://127.0.0.1:${port}/${name}"`;
  return `version: 0.1
http: {addr: "127.0.0.1:${port}"}
storage: {filesystem: {rootdirectory: ${JSON.stringify(data)}}}
auth:
  builtin:
    github_auth: {${common}, organization: acme, github_web_uri: "${platforms.url}", github_api_uri: "${platforms.url}/api/v3"}
    gitlab_auth: {${common}, organization: acme, gitlab_web_uri: "${platforms.url}", gitlab_api_uri: "${platforms.url}/api/v4", redirect_uri: ${page('gitlab_auth')}}
    google_auth: {${common}, domain: example.com, redirect_url: ${page('google_auth')}}
    acl:
      - {match: {labels: {teams: core}}, actions: [pull, push]}
      - {match: {labels: {groups: acme/ops}}, actions: [pull, push]}
      - {match: {account: "/.+@example[.]com/"}, actions: [pull]}
`;
}

let platforms: Platforms;
let registry: Server;
let browser: Browser;
let port: number;
const secrets: string[] = [CLIENT.secret];
beforeAll(async () => {
  port = await freePort();
  const page = (name: string) => `http://127.0.0.1:${port}/${name}`;
  platforms = await startPlatforms({
    ...{ github: page('github_auth'), gitlab: page('gitlab_auth'), google: page('google_auth') },
  });
  const place = folder('platforms');
  const file = join(place, 'config.yml');
  writeFileSync(file, configuration(port, platforms, join(place, 'data')));
  [registry, browser] = await Promise.all([
    startServer({
      ...{ name: 'berth-platforms', command: BERTH, args: ['serve', file], env: platforms.env },
      ready: async () => answers(`http://127.0.0.1:${port}/v2/`),
    }),
    openBrowser(platforms.browserArguments),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await registry?.stop();
  await platforms?.stop();
});

describe.each(ROWS)('$section', ({ section, account, actions, refusal }) => {
  let password: string;
  const signIn = async (member: Member) => {
    platforms.member = member;
    await browser.goto(`http://127.0.0.1:${port}/${section}`);
    await browser.follow('a.button');
    const at = new URL(await browser.url());
    expect(at.origin).toBe(section === 'google_auth' ? 'https://accounts.google.com' : platforms.url);
    expect(await browser.text()).toContain(`Authorize as ${member.login}`);
    await browser.follow('button[type=submit]');
    return browser.text();
  };

  test('signing in with the browser ends with a password and the command for it', async () => {
    expect(await signIn(ALICE), registry.output()).toContain(`Signed in as ${account}`);
    password = await browser.evaluate<string>('document.querySelector("#password").textContent');
    expect(password).toMatch(/^bl_[A-Za-z0-9]{8}_[A-Za-z0-9]{32}$/);
    secrets.push(password);
    expect(await browser.evaluate<string>('document.querySelector("#login").textContent')).toBe(
      `docker login -u ${account} --password-stdin 127.0.0.1:${port}`,
    );
    expect(browser.complaints.filter((each) => each.includes('Content Security Policy'))).toEqual([]);
  });

  test('docker logs in with it, and may do what the platform’s word allows', async () => {
    const host = `127.0.0.1:${port}`;
    const client = newClient('docker', inject('bed').dockerHost);
    const login = await client.login(host, account, password);
    expect(login.code, login.all).toBe(0);
    const reference = `${host}/team/${section}:v1`;
    await client.build(reference, planImage(1));
    const push = await client.push(reference);
    if (actions.includes('push')) expect(push.outcome.code, push.outcome.all).toBe(0);
    else expect(push.outcome.all).toMatch(DENIED);
    const asked = await send(
      `http://${host}/auth/token?service=berth&scope=repository:team/image:pull,push`,
      {
        headers: { authorization: basic({ account, password }) },
      },
    );
    expect((JSON.parse(asked.text) as { scope: string }).scope).toBe(`repository:team/image:${actions}`);
  });

  test('somebody who is not of the organization, group or domain is told so', async () => {
    expect(await signIn(STRANGER)).toContain(refusal);
    expect(await browser.evaluate<boolean>('document.querySelector("#password") === null')).toBe(true);
  });
});

test('no secret and no password is in the log', async () => {
  expect(secrets).toHaveLength(1 + ROWS.length);
  for (const secret of secrets) expect(registry.output()).not.toContain(secret);
});
