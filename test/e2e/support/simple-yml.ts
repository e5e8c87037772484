import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { folder } from './root.ts';

/**
 * docker_auth's examples/simple.yml as it stands in its repository, comments included; only
 * the port and the two paths are ours. admin / badmin, test / 123.
 *
 * @param token more lines for its `token` section
 * @param more lines beside the sections that it has
 */
export function simpleYml(
  port: number,
  { certificateFile, keyFile }: Certificate,
  token: readonly string[] = [],
  more: readonly string[] = [],
): string {
  const path = join(folder('auth'), 'simple.yml');
  writeFileSync(
    path,
    `# A simple example. See reference.yml for explanation for explanation of what the below means.
#
#   auth:
#     token:
#       realm: "https://127.0.0.1:${port}/auth"
#       service: "Docker registry"
#       issuer: "Acme auth server"
#       rootcertbundle: "${certificateFile}"

server:
  addr: ":${port}"
  certificate: "${certificateFile}"
  key: "${keyFile}"

token:
  issuer: "Acme auth server"  # Must match issuer in the Registry config.
  expiration: 900
  # disable_legacy_key_id: true
${token.map((line) => `  ${line}\n`).join('')}
users:
  # Password is specified as a BCrypt hash. Use \`htpasswd -nB USERNAME\` to generate.
  "admin":
    password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"  # badmin
  "test":
    password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"  # 123

acl:
  - match: {account: "admin"}
    actions: ["*"]
    comment: "Admin has full access to everything."
  - match: {account: "test"}
    actions: ["pull"]
    comment: "User \\"test\\" can pull stuff."
  # Access is denied by default.
${more.map((line) => `${line}\n`).join('')}`,
  );
  return path;
}
