import { createHash } from 'node:crypto';
import type { ListedPassword, SignedIn } from '../../auth/login/sign-in.ts';
import type { Reply, ReplyHeaders } from '../message.ts';
import { Html, html } from './html.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
pre, .secret { background: #f3f3f3; border: 1px solid #ddd; padding: .6rem .8rem; overflow-x: auto; }
.secret { font: 1.1rem ui-monospace, monospace; user-select: all; }
.button, button { display: inline-block; padding: .4rem .9rem; border: 1px solid #888; border-radius: 4px; background: #eee; color: #111; font: inherit; text-decoration: none; cursor: pointer; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #ddd; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } pre, .secret { background: #262626; border-color: #444; } a { color: #8bf; } .button, button { background: #333; color: #eee; } }
`;

/** No script, no frame, nothing from elsewhere; forms go back to this page alone. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': POLICY,
  'Cache-Control': 'no-store',
  // The address of this page holds the code of the identity provider.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

function page(status: number, title: string, body: Html, headers: ReplyHeaders = {}): Reply {
  const whole = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;
  return { status, headers: { ...HEADERS, ...headers }, body: whole.text };
}

/** Where a sign-in begins. */
export function startPage(provider: string): Reply {
  return page(
    200,
    'Sign in to the registry',
    html`<p>You get a password for <code>docker login</code>, once ${provider} has told who you are.</p>
<p><a class="button" href="?begin">Sign in with ${provider}</a></p>`,
  );
}

/** Something went wrong, and the person can do something about it or wait. */
export function failurePage(status: number, message: string, headers: ReplyHeaders = {}): Reply {
  return page(
    status,
    'Not signed in',
    html`<p>${message}</p>
<p><a class="button" href="?">Back to the beginning</a></p>`,
    headers,
  );
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function passwordPart(account: string, password: NonNullable<SignedIn['password']>, registry: string): Html {
  const line = (program: string) =>
    html`${program} login -u ${shellWord(account)} --password-stdin ${registry}`;
  return html`<p>Your password, which is shown only this once and holds until ${day(password.expiresAtMs)}:</p>
<p class="secret" id="password">${password.text}</p>
<h2>Log in</h2>
<pre id="login">${line('docker')}</pre>
<p>It waits for the password: paste it, press Enter, then Ctrl-D. On the command line itself a password can be seen by
everyone on the machine, and stays in the shell's history. In a script, send it in: <code>printf %s "$PASSWORD" | ${line('docker')}</code></p>
<p>Other programs: <code>${line('podman')}</code>, <code>${line('nerdctl')}</code></p>`;
}

function revokeButton(revocation: string): Html {
  return html`<form method="post" action="?revoke"><input type="hidden" name="revoke" value="${revocation}"><button>Revoke</button></form>`;
}

function row(password: ListedPassword): Html {
  const used = password.usedAtMs === undefined ? 'never' : day(password.usedAtMs);
  return html`<tr><td><code>bl_${password.id}_…</code></td><td>${day(password.createdAtMs)}</td><td>${day(password.expiresAtMs)}</td><td>${used}</td><td>${revokeButton(password.revocation)}</td></tr>
`;
}

function listPart({ passwords, legacy }: SignedIn): Html {
  if (passwords.length === 0 && legacy === undefined) return html`<p>You have no password now.</p>`;
  const old =
    legacy === undefined
      ? html``
      : html`<tr><td>made by docker_auth</td><td></td><td>${day(legacy.expiresAtMs)}</td><td></td><td>${revokeButton(legacy.revocation)}</td></tr>
`;
  return html`<h2>Your passwords</h2>
<p>Each machine can have its own. One that is revoked lets nobody in any more.</p>
<table>
<tr><th>password</th><th>made</th><th>holds until</th><th>last used</th><th></th></tr>
${passwords.map(row)}${old}</table>`;
}

/**
 * What somebody gets who signed in.
 * @param registry as `docker login` takes it
 */
export function signedInPage(
  signedIn: SignedIn,
  provider: string,
  registry: string,
  headers: ReplyHeaders,
): Reply {
  const { account, password, endsAtMs } = signedIn;
  const end =
    endsAtMs === undefined || password === undefined
      ? html``
      : html`<p>${provider} gives nothing to ask it again with: you have to sign in here again after ${new Date(endsAtMs).toISOString()}.</p>`;
  return page(
    200,
    `Signed in as ${account}`,
    html`${password === undefined ? html`` : passwordPart(account, password, registry)}${end}
${listPart(signedIn)}
<p><a class="button" href="?begin">Make another password</a></p>`,
    headers,
  );
}
