import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { manifestOf, newDigest, newRepository, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex, WHOLE_HISTORY } from './under-test.ts';

/** What a closed index does. */
export function endContract(shared: SharedIndex): void {
  it('waits for what is under way; it is there when the index is opened again', async () => {
    const { index: closing, again } = await shared.openEmpty();
    const names = Array.from({ length: 50 }, () => randomUUID());
    const created = names.map((name) =>
      closing.accounts.create({ name, passwordHash: 'x', isAdmin: false }, 1),
    );
    await closing.close();
    expect(await Promise.all(created)).toEqual(names.map(() => true));
    const reopened = await again();
    onTestFinished(() => reopened.close());
    expect(await reopened.accounts.list({ after: undefined, limit: 100 })).toHaveLength(50);
  });

  it('makes every method reject', async () => {
    const { index: closed } = await shared.openEmpty();
    await closed.ping();
    await closed.close();
    await closed.close();
    const repository = newRepository();
    const digest = newDigest();
    const step = { id: 'x', key: 'x', partBytes: 1, fromBytes: 0, atMs: 1 };
    const blob = { uploadId: 'x', repository, digest, key: 'x', sizeBytes: 1, atMs: 1 };
    const account = { name: 'x', passwordHash: 'x', isAdmin: false };
    const rule = { beforeMs: 1, keptSinceMs: undefined, untaggedManifests: true };
    const cause = { kind: 'api', actor: '', rule: '' } as const;
    const note = { atMs: 1, cause };
    const accessToken = {
      ...{ id: 'x', account: 'x', name: 'x', hash: 'x', limits: undefined },
      ...{ createdAtMs: 1, expiresAtMs: undefined },
    };
    const role = { kind: 'group', name: 'x', pattern: 'x', role: 'pull' } as const;
    const login = {
      ...{
        id: 'x',
        secretHash: 'x',
        provider: 'x',
        account: 'x',
        version: undefined,
        service: 'x',
        clientId: 'x',
      },
      ...{ labels: {}, isAdmin: false, createdAtMs: 1, usedAtMs: 1, expiresAtMs: 2, extendsMs: undefined },
    };
    const methods: Record<string, () => Promise<unknown>> = {
      'blobs.find': () => closed.blobs.find(repository, digest),
      'blobs.commit': () => closed.blobs.commit(blob),
      'blobs.mount': () => closed.blobs.mount(repository, digest, repository, 1),
      'blobs.holder': () => closed.blobs.holder(digest, 'any'),
      'blobs.unlink': () => closed.blobs.unlink(repository, digest),
      'blobs.discarded': () => closed.blobs.discarded(1),
      'blobs.forget': () => closed.blobs.forget(['x']),
      'uploads.create': () => closed.uploads.create({ id: 'x', repository, key: 'x', atMs: 1 }),
      'uploads.find': () => closed.uploads.find('x'),
      'uploads.claim': () => closed.uploads.claim('x', 'x', 1),
      'uploads.advance': () => closed.uploads.advance(step),
      'uploads.remove': () => closed.uploads.remove('x'),
      'uploads.stale': () => closed.uploads.stale(1, 1),
      'manifests.find': () => closed.manifests.find(repository, digest),
      'manifests.findByTag': () => closed.manifests.findByTag(repository, tag('x')),
      'manifests.read': () => closed.manifests.read(digest),
      'manifests.put': () => closed.manifests.put(manifestOf(repository)),
      'manifests.remove': () => closed.manifests.remove(repository, digest, 'x', 1),
      'manifests.referrers': () =>
        closed.manifests.referrers(repository, digest, { artifactType: undefined, ...FIRST_PAGE }),
      'tags.list': () => closed.tags.list(repository, FIRST_PAGE),
      'tags.remove': () => closed.tags.remove(repository, tag('x'), 'x', 1),
      'tags.history': () => closed.tags.history(repository, tag('x'), WHOLE_HISTORY),
      'tags.repositories': () => closed.tags.repositories(FIRST_PAGE),
      'garbage.repositories': () => closed.garbage.repositories(FIRST_PAGE),
      'garbage.scanManifests': () => closed.garbage.scanManifests(repository, rule, FIRST_PAGE),
      'garbage.scanLinks': () => closed.garbage.scanLinks(repository, rule, FIRST_PAGE),
      'garbage.scanBlobs': () => closed.garbage.scanBlobs(rule, FIRST_PAGE),
      'garbage.removeManifests': () => closed.garbage.removeManifests(rule, [{ repository, digest }], note),
      'garbage.removeLinks': () => closed.garbage.removeLinks(rule, [{ repository, digest }], note),
      'garbage.removeBlobs': () => closed.garbage.removeBlobs([digest], note),
      'trash.list': () => closed.trash.list({ keptSinceMs: 1 }, FIRST_PAGE),
      'trash.find': () => closed.trash.find(repository, digest),
      'trash.countBefore': () => closed.trash.countBefore(1),
      'trash.restore': () =>
        closed.trash.restore({
          ...{
            repository,
            wanted: { digest },
            keptSinceMs: 1,
            moveTags: false,
            withTags: true,
            actor: '',
            atMs: 1,
          },
        }),
      'trash.purge': () => closed.trash.purge(1, 1, note),
      'holds.isBlobHeld': () => closed.holds.isBlobHeld(repository, digest, 1),
      'holds.holdBlob': () => closed.holds.holdBlob(repository, digest, 1),
      'holds.isManifestHeld': () => closed.holds.isManifestHeld(repository, digest, 1),
      'holds.holdManifest': () => closed.holds.holdManifest(repository, digest, 1),
      'journal.list': () => closed.journal.list({}, { before: undefined, limit: 1 }),
      'journal.prune': () => closed.journal.prune(1, 1),
      'provenance.blobBytes': () => closed.provenance.blobBytes(digest),
      'provenance.links': () => closed.provenance.links(digest, 1),
      'provenance.link': () => closed.provenance.link(repository, digest),
      'provenance.manifest': () => closed.provenance.manifest(repository, digest),
      'provenance.namedBy': () => closed.provenance.namedBy(repository, digest, 1),
      'provenance.namedByDeleted': () => closed.provenance.namedByDeleted(repository, digest, 1),
      'provenance.tagsOf': () => closed.provenance.tagsOf(repository, digest, 1),
      'leases.find': () => closed.leases.find('x'),
      'leases.claim': () =>
        closed.leases.claim({ name: 'x', owner: 'y', nowMs: 1, untilMs: 2, dueBeforeMs: 1 }),
      'leases.renew': () => closed.leases.renew('x', 'y', 2),
      'leases.release': () => closed.leases.release('x', 'y', 2, undefined),
      'accounts.find': () => closed.accounts.find('x'),
      'accounts.list': () => closed.accounts.list({ after: undefined, limit: 1 }),
      'accounts.isEmpty': () => closed.accounts.isEmpty(),
      'accounts.create': () => closed.accounts.create(account, 1),
      'accounts.setPassword': () => closed.accounts.setPassword('x', 'x', 1),
      'accounts.remove': () => closed.accounts.remove('x', 1),
      'accounts.firstAdmin': () => closed.accounts.firstAdmin(),
      'accounts.rehashPassword': () => closed.accounts.rehashPassword('x', 'x', 'y'),
      'accounts.setDisabled': () => closed.accounts.setDisabled('x', true, 1),
      'accounts.recordUses': () => closed.accounts.recordUses([]),
      'accessTokens.findByHash': () => closed.accessTokens.findByHash('x'),
      'accessTokens.list': () => closed.accessTokens.list('x'),
      'accessTokens.create': () => closed.accessTokens.create(accessToken),
      'accessTokens.revoke': () => closed.accessTokens.revoke('x', 'y', 1),
      'accessTokens.rotate': () => closed.accessTokens.rotate(accessToken, 1),
      'groups.list': () => closed.groups.list({ after: undefined, limit: 1 }),
      'groups.members': () => closed.groups.members('x', { after: undefined, limit: 1 }),
      'groups.create': () => closed.groups.create('x', 1),
      'groups.remove': () => closed.groups.remove('x', 1),
      'groups.join': () => closed.groups.join('x', 'y'),
      'groups.leave': () => closed.groups.leave('x', 'y', 1),
      'groups.of': () => closed.groups.of('x'),
      'groups.mappings': () => closed.groups.mappings(),
      'groups.mapped': () => closed.groups.mapped('x', 'y'),
      'groups.map': () => closed.groups.map({ label: 'x', value: 'y', group: 'z' }),
      'groups.unmap': () => closed.groups.unmap({ label: 'x', value: 'y', group: 'z' }),
      'roles.list': () => closed.roles.list({}),
      'roles.of': () => closed.roles.of('x', ['y']),
      'roles.grant': () => closed.roles.grant(role, 1),
      'roles.revoke': () => closed.roles.revoke(role, 1),
      'revocations.generation': () => closed.revocations.generation(),
      'revocations.since': () => closed.revocations.since(0),
      'revocations.revoke': () => closed.revocations.revoke('grant', 'x', 1),
      'revocations.prune': () => closed.revocations.prune(1),
      'signingKeys.list': () => closed.signingKeys.list(),
      'signingKeys.createFirst': () =>
        closed.signingKeys.createFirst({ id: 'x', privateKeyPem: 'x', createdAtMs: 1, signsFromMs: 1 }),
      'signingKeys.add': () =>
        closed.signingKeys.add({ id: 'x', privateKeyPem: 'x', createdAtMs: 1, signsFromMs: 1 }, 'y'),
      'signingKeys.remove': () => closed.signingKeys.remove('x'),
      'logins.add': () => closed.logins.add(login, 1),
      'logins.find': () => closed.logins.find('x'),
      'logins.list': () => closed.logins.list({}, 1, { limit: 1 }),
      'logins.touch': () => closed.logins.touch([{ id: 'x', atMs: 1 }]),
      'logins.end': () => closed.logins.end({ id: 'x' }, 'x', 1),
      'logins.prune': () => closed.logins.prune(1, 1),
      ping: () => closed.ping(),
    };
    for (const [name, method] of Object.entries(methods)) {
      await expect((async () => method())(), name).rejects.toThrow();
    }
  });
}
