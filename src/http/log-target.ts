/** Parameters whose values let somebody in, or go on with what somebody else began. */
const NAMES = [
  '_state',
  ...['access_token', 'refresh_token', 'subject_token', 'actor_token', 'id_token', 'token'],
  ...['assertion', 'client_assertion', 'password', 'client_secret'],
  ...['code', 'code_verifier', 'state', 'nonce'],
];
const SECRET = new RegExp(`([?&](?:${NAMES.join('|')})=)[^&]*`, 'gi');

/** A request's path and query as they may stand in a log. */
export function logTarget(target: string): string {
  return target.includes('?') ? target.replace(SECRET, '$1***') : target;
}
