/** The walkthrough's two accounts and names; users' scripts carry them. */
export const ADMIN = { account: 'admin', password: 'badmin' } as const;
export const TEST = { account: 'test', password: '123' } as const;
export const SERVICE = 'Docker registry';
export const ISSUER = 'Acme auth server';

export interface Credentials {
  readonly account: string;
  readonly password: string;
}

/** A Basic Authorization header's value. */
export function basic({ account, password }: Credentials): string {
  return `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;
}
