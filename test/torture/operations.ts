import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, NoAnswer } from './client.ts';
import { type Image, sha256 } from './images.ts';
import type { Pending, Register } from './ledger.ts';
import type { Random } from './random.ts';
import { outcomeOf, type World } from './world.ts';

const ACCEPT = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
const ATTEMPTS = 6;

export const tagRegister = (world: World, repository: string, tag: string): Register =>
  world.ledger.register(`tag ${repository}:${tag}`);

/** Those that retaggers move; any manifest of the repository may be under them. */
export const movingTags = (world: World, repository: string): Register[] => [
  ...world.ledger.registers(`tag ${repository}:moving`),
];

/** Something that the server answers, or that is lost with it. */
async function attempt(
  pending: readonly Pending[],
  action: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    const answer = await action();
    for (const one of pending) one.end(outcomeOf(answer));
    return answer;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    for (const one of pending) {
      if (error.isUnsent) one.end('refused');
      else one.leaveOpen();
    }
    return undefined;
  }
}

/** What one actor does; each has decisions of its own. */
export class Operations {
  readonly world: World;
  readonly random: Random;

  constructor(world: World, random: Random) {
    this.world = world;
    this.random = random;
  }

  /** @returns whether the blob was there when it was last heard of */
  async pushBlob(repository: string, bytes: Buffer): Promise<boolean> {
    const digest = sha256(bytes);
    const { random } = this;
    if (random.chance(0.5)) {
      const head = await this.#quiet('HEAD blob', 'HEAD', `/v2/${repository}/blobs/${digest}`);
      if (head?.status === 200) return true;
    }
    const manner = random.pick(['single', 'two', 'chunks'] as const);
    if (manner === 'single') {
      const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
      const answer = await this.#quiet('push blob at once', 'POST', path, bytes);
      return answer?.status === 201;
    }
    const started = await this.#quiet('start upload', 'POST', `/v2/${repository}/blobs/uploads/`);
    if (started?.status !== 202) return false;
    const location = String(started.headers['location']);
    const path = location.startsWith('http') ? new URL(location).pathname : location.split('?')[0];
    if (path === undefined) return false;
    const sent = manner === 'chunks' ? await this.#chunks(path, bytes) : 0;
    if (sent === undefined) return false;
    const separator = path.includes('?') ? '&' : '?';
    const answer = await this.#quiet(
      'finish upload',
      'PUT',
      `${path}${separator}digest=${digest}`,
      bytes.subarray(sent),
    );
    return answer?.status === 201;
  }

  /**
   * Sends a part of the bytes in chunks, and goes on where the server says after it was gone.
   * @returns how many it has; undefined where the upload is of no use any more
   */
  async #chunks(path: string, bytes: Buffer): Promise<number | undefined> {
    let acknowledged = 0;
    for (let count = this.random.int(1, 3); count > 0 && acknowledged < bytes.length; count -= 1) {
      const end = this.random.int(acknowledged + 1, bytes.length);
      const answer = await this.#quiet('send chunk', 'PATCH', path, bytes.subarray(acknowledged, end), {
        'content-type': 'application/octet-stream',
        'content-range': `${acknowledged}-${end - 1}`,
      });
      if (answer?.status === 202) {
        acknowledged = end;
        continue;
      }
      const status = await this.#quiet('ask for upload', 'GET', path);
      if (status === undefined || status.status >= 500) return undefined;
      const has = Number(/^0-(\d+)$/.exec(String(status.headers['range']))?.[1] ?? '-1') + 1;
      if (acknowledged > 1 && (status.status !== 204 || has < acknowledged)) {
        this.world.find(
          `${acknowledged} bytes of the upload ${path} were acknowledged, and the server has ${status.status === 204 ? has : 'forgotten it'}`,
        );
        return undefined;
      }
      if (status.status !== 204) return undefined;
      if (has > 1) acknowledged = has;
    }
    return acknowledged;
  }

  /** @returns whether it was mounted */
  async mount(repository: string, from: string, digest: string): Promise<boolean> {
    const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`;
    const answer = await this.#quiet('mount', 'POST', path);
    if (answer?.status === 202) {
      const location = String(answer.headers['location']);
      const upload = location.startsWith('http') ? new URL(location).pathname : location;
      await this.#quiet('cancel upload', 'DELETE', upload);
    }
    return answer?.status === 201;
  }

  /** @param registers what this sets */
  async putManifest(
    repository: string,
    reference: string,
    { text, type, digest }: Image,
    registers: readonly Register[],
  ): Promise<'stored' | 'missing' | 'lost'> {
    const pending = registers.map((register) =>
      register.begin(`put ${digest} as ${reference}`, { kind: 'set', value: digest }),
    );
    const answer = await attempt(pending, () =>
      this.world.ask('put manifest', 'PUT', `/v2/${repository}/manifests/${reference}`, {
        body: text,
        headers: { 'content-type': type },
        abortAfterMs: this.random.chance(0.03) ? this.random.int(0, 20) : undefined,
      }),
    );
    if (answer === undefined || answer.status >= 500) return 'lost';
    if (answer.status === 201) return 'stored';
    if (!answer.body.includes('MANIFEST_BLOB_UNKNOWN')) {
      this.world.find(`PUT of a manifest to ${repository} was answered ${answer.status}: ${answer.body}`);
    }
    return 'missing';
  }

  /**
   * Pushes all that an image needs, and the image: as often as it takes, since a collector without a grace time may
   * take what no manifest names yet.
   * @param dwellMs so long nothing names what was sent, as with a slow client
   * @returns whether it was acknowledged
   */
  async pushImage(
    repository: string,
    reference: string,
    image: Image,
    registers: readonly Register[],
    dwellMs = 0,
  ): Promise<boolean> {
    this.world.known.set(image.digest, image);
    for (let count = 0; count < ATTEMPTS && !this.world.isOver; count += 1) {
      for (const child of image.children) await this.pushImage(repository, child.digest, child, []);
      for (const blob of image.blobs) await this.pushBlob(repository, blob);
      if (dwellMs > 0) await sleep(dwellMs);
      if ((await this.putManifest(repository, reference, image, registers)) === 'stored') return true;
    }
    return false;
  }

  async deleteTag(repository: string, tag: string): Promise<void> {
    const register = tagRegister(this.world, repository, tag);
    const look = register.look();
    const pending = register.begin(`delete ${tag}`, { kind: 'set', value: undefined });
    const answer = await attempt([pending], () =>
      this.world.ask('delete tag', 'DELETE', `/v2/${repository}/manifests/${tag}`),
    );
    if (answer?.status === 404) this.#say(look.saw(undefined));
    look.close();
  }

  /** Deletes a manifest that only this tag, and tags that move, may point to. */
  async deleteManifest(repository: string, tag: string, digest: string): Promise<void> {
    const register = tagRegister(this.world, repository, tag);
    const pending = [
      register.begin(`delete ${digest}`, { kind: 'set', value: undefined }),
      ...movingTags(this.world, repository).map((moving) =>
        moving.begin(`delete ${digest}`, { kind: 'drop', value: digest }),
      ),
    ];
    await attempt(pending, () =>
      this.world.ask('delete manifest', 'DELETE', `/v2/${repository}/manifests/${digest}`),
    );
  }

  /** Brings back what a tag pointed to that never pointed to anything else. @returns whether that was acknowledged */
  async undelete(repository: string, tag: string, digest: string): Promise<boolean> {
    const register = tagRegister(this.world, repository, tag);
    const pending = register.begin(`undelete ${tag}`, { kind: 'set', value: digest });
    const body = Buffer.from(JSON.stringify({ repository, tag }));
    const headers = { 'content-type': 'application/json' };
    const answer = await attempt([pending], () =>
      this.world.ask('undelete', 'POST', '/api/v1/undelete', { body, headers }),
    );
    if (answer?.status !== 200) return false;
    const restored = JSON.parse(answer.body.toString()) as { digest: string; missing: string[] };
    if (restored.digest !== digest || restored.missing.length > 0) {
      this.world.find(`${repository}:${tag} came back otherwise than it went: ${answer.body}`);
    }
    return true;
  }

  async deleteBlob(repository: string, digest: string): Promise<void> {
    const register = this.world.ledger.register(`blob ${repository}@${digest}`);
    const pending = register.begin('delete', { kind: 'set', value: undefined });
    await attempt([pending], () =>
      this.world.ask('delete blob', 'DELETE', `/v2/${repository}/blobs/${digest}`),
    );
  }

  /** Pulls what a tag points to, with all its parts, and compares every byte. @returns the digest, if it is known */
  async pull(
    repository: string,
    tag: string,
    expectReferrers: () => readonly string[] = () => [],
  ): Promise<string | undefined> {
    const look = tagRegister(this.world, repository, tag).look();
    try {
      const answer = await this.#quiet('pull manifest', 'GET', `/v2/${repository}/manifests/${tag}`);
      if (answer === undefined || answer.status >= 500) return undefined;
      if (answer.status !== 200) {
        this.#say(look.saw(undefined));
        return undefined;
      }
      const digest = sha256(answer.body);
      this.#say(look.saw(digest));
      const image = this.world.known.get(digest);
      if (image === undefined) {
        this.world.find(`${repository}:${tag} has bytes that nobody pushed: ${answer.body.subarray(0, 300)}`);
        return undefined;
      }
      const wrong = await this.#pullParts(repository, image, expectReferrers());
      if (wrong !== undefined && (wrong.isCertain || !look.isDisturbed)) {
        this.world.find(`${repository}:${tag} does not pull whole: ${wrong.text}`);
      }
      return digest;
    } finally {
      look.close();
    }
  }

  async #pullParts(
    repository: string,
    image: Image,
    referrers: readonly string[],
  ): Promise<{ text: string; isCertain: boolean } | undefined> {
    for (const blob of image.blobs) {
      const wrong = await this.pullPart('pull blob', repository, 'blobs', sha256(blob));
      if (wrong !== undefined) return wrong;
    }
    for (const child of image.children) {
      const wrong =
        (await this.pullPart('pull manifest', repository, 'manifests', child.digest)) ??
        (await this.#pullParts(repository, child, []));
      if (wrong !== undefined) return wrong;
    }
    if (referrers.length === 0) return undefined;
    const listed = await this.#quiet('list referrers', 'GET', `/v2/${repository}/referrers/${image.digest}`);
    if (listed?.status !== 200) return undefined;
    for (const digest of referrers) {
      if (!listed.body.includes(digest))
        return { text: `its referrer ${digest} is not listed`, isCertain: false };
      const wrong = await this.pullPart('pull manifest', repository, 'manifests', digest);
      if (wrong !== undefined) return wrong;
      const referrer = this.world.known.get(digest);
      const parts = referrer && (await this.#pullParts(repository, referrer, []));
      if (parts !== undefined) return parts;
    }
    return undefined;
  }

  /** Wrong bytes are certain; that something is not there may have its reason. */
  async pullPart(
    what: string,
    repository: string,
    kind: 'blobs' | 'manifests',
    digest: string,
  ): Promise<{ text: string; isCertain: boolean } | undefined> {
    const answer = await this.#quiet(what, 'GET', `/v2/${repository}/${kind}/${digest}`);
    if (answer === undefined || answer.status >= 500) return undefined;
    if (answer.status !== 200)
      return { text: `${kind} ${digest} was answered ${answer.status}`, isCertain: false };
    if (sha256(answer.body) === digest) return undefined;
    return { text: `${kind} ${digest} came as ${sha256(answer.body)}`, isCertain: true };
  }

  #say(problem: string | undefined): void {
    if (problem !== undefined) this.world.find(problem);
  }

  /** A request whose loss changes nothing that anybody counts on. */
  async #quiet(
    what: string,
    method: string,
    path: string,
    body?: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer | undefined> {
    try {
      const sent = { headers: { accept: ACCEPT, ...headers }, ...(body !== undefined && { body }) };
      return await this.world.ask(what, method, path, sent);
    } catch (error) {
      if (error instanceof NoAnswer) return undefined;
      throw error;
    }
  }
}
