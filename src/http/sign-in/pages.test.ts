import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedIn } from '../../auth/login/sign-in.ts';
import { failurePage, signedInPage, startPage } from './pages.ts';

const signedIn = (account: string): SignedIn => ({
  account,
  password: { text: 'bl_abcdefgh_secret', expiresAtMs: Date.UTC(2030, 0, 2) },
  passwords: [
    {
      ...{ id: 'abcdefgh', createdAtMs: Date.UTC(2030, 0, 1), expiresAtMs: Date.UTC(2030, 0, 2) },
      ...{ usedAtMs: undefined, revocation: 'sealed' },
    },
  ],
  legacy: undefined,
  endsAtMs: undefined,
});

describe('pages', () => {
  it('escape whatever they show', () => {
    const piece = fc.constantFrom('<script>', '"', "'", '&', '</p>', 'a', '`', '<img src=x onerror=y>');
    const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const shape = (reply: { body?: unknown }) => String(reply.body).match(/<[a-z!/][^>]*>/gi)?.length;
    fc.assert(
      fc.property(text, text, text, (account, provider, registry) => {
        const plain = signedInPage(signedIn('a'), 'a', 'a', {});
        const reply = signedInPage(signedIn(account), provider, registry, {});
        // Not one tag more than with harmless texts.
        expect(shape(reply)).toBe(shape(plain));
        expect(shape(failurePage(403, account))).toBe(shape(failurePage(403, 'a')));
        expect(shape(startPage(provider))).toBe(shape(startPage('a')));
      }),
    );
  });

  it('write an account as one word of a shell', () => {
    const body = String(signedInPage(signedIn("o'brien $(reboot)"), 'p', 'r.example.com', {}).body);
    expect(body).toContain(
      'docker login -u &#39;o&#39;\\&#39;&#39;brien $(reboot)&#39; --password-stdin r.example.com',
    );
  });

  it('allow no script, no frame, nothing from elsewhere, and are kept nowhere', () => {
    for (const reply of [startPage('p'), failurePage(403, 'm'), signedInPage(signedIn('a'), 'p', 'r', {})]) {
      const policy = String(reply.headers['Content-Security-Policy']);
      expect(policy).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(reply.headers['Cache-Control']).toBe('no-store');
      expect(reply.headers['Referrer-Policy']).toBe('no-referrer');
      expect(String(reply.body)).not.toMatch(/<script|src=|https?:\/\//);
    }
  });
});
