/** Parameters whose values let somebody in, or go on with what somebody else began. */
const SECRET = /([?&](?:_state|access_token|refresh_token|token|password|client_secret|code)=)[^&]*/gi;

/** A request's path and query as they may stand in a log. */
export function logTarget(target: string): string {
  return target.includes('?') ? target.replace(SECRET, '$1***') : target;
}
