import type { Answer } from './http.ts';
import { type BuiltImage, sha256 } from './images.ts';
import type { Session } from './session.ts';

/** The scope that a push to a repository needs. */
export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}

/** The scope that cancelling an upload needs: registry:2 asks for `delete` for every DELETE. */
export function cancelScope(repository: string): string {
  return `repository:${repository}:pull,push,delete`;
}

/** Opens an upload. Returns its address as the registry gave it, completed with the host if it was relative. */
export async function openUpload(by: Session, url: string, repository: string): Promise<string> {
  const answer = await by.ask(pushScope(repository), `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = answer.headers['location'];
  if (answer.status !== 202 || location === undefined) {
    throw new Error(`POST of an upload: ${answer.status} ${answer.text}`);
  }
  return new URL(location, url).href;
}

/** An address with a digest added to its query. */
export function withDigest(location: string, digest: string): string {
  const address = new URL(location);
  address.searchParams.set('digest', digest);
  return address.href;
}

/** Sends a blob by POST and PUT. */
export async function pushBlob(
  by: Session,
  url: string,
  repository: string,
  content: Buffer,
): Promise<Answer> {
  const location = await openUpload(by, url, repository);
  return by.ask(pushScope(repository), withDigest(location, sha256(content)), {
    method: 'PUT',
    body: content,
    headers: { 'content-type': 'application/octet-stream' },
  });
}

export function putManifest(
  by: Session,
  repository: string,
  tag: string,
  image: BuiltImage,
): Promise<Answer> {
  return by.ask(pushScope(repository), `/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    body: image.manifest,
    headers: { 'content-type': image.mediaType },
  });
}

/** Sends a whole image. @throws Error at the first answer that is not 201 */
export async function pushImage(
  by: Session,
  url: string,
  repository: string,
  tag: string,
  image: BuiltImage,
): Promise<void> {
  for (const { content } of image.blobs) created(await pushBlob(by, url, repository, content));
  created(await putManifest(by, repository, tag, image));
}

/** @throws Error when the answer is not 201 */
export function created(answer: Answer): void {
  if (answer.status !== 201) throw new Error(`expected 201, got ${answer.status} ${answer.text}`);
}

/** Reads a blob or manifest and returns the digest of the bytes that came, or the status when it is not 200. */
export async function readBack(by: Session, repository: string, path: string): Promise<string> {
  const answer = await by.ask(`repository:${repository}:pull`, `/v2/${repository}/${path}`, {
    headers: {
      accept: [
        'application/vnd.oci.image.manifest.v1+json',
        'application/vnd.oci.image.index.v1+json',
        'application/vnd.docker.distribution.manifest.v2+json',
        'application/vnd.docker.distribution.manifest.list.v2+json',
      ].join(', '),
    },
  });
  return answer.status === 200 ? sha256(answer.body) : `${answer.status} ${answer.text}`;
}
