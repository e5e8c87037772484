import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

interface Compilable {
  compile(): CompiledQuery;
}

/** A step from one version of the tables to the next. Steps that were released are never edited. */
export type Migration = (db: Kysely<Schema>) => readonly Compilable[];

const createTables: Migration = ({ schema }) => [
  schema
    .createTable('repositories')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('listed_at', 'integer'),
  schema
    .createIndex('repositories_listed')
    .on('repositories')
    .column('name')
    .where(sql.ref('listed_at'), 'is not', null),
  schema
    .createTable('blobs')
    .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('size', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`),
  schema
    .createTable('blob_links')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('blob_links_key', ['repository_id', 'digest'])
    .modifyEnd(sql`without rowid`),
  schema.createIndex('blob_links_digest').on('blob_links').column('digest'),
  schema
    .createTable('manifest_bodies')
    .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
    .addColumn('bytes', 'blob', (column) => column.notNull()),
  schema
    .createTable('manifests')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('media_type', 'text', (column) => column.notNull())
    .addColumn('size', 'integer', (column) => column.notNull())
    .addColumn('subject', 'text')
    .addColumn('artifact_type', 'text')
    .addColumn('annotations', 'text')
    .addColumn('pushed_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('manifests_key', ['repository_id', 'digest'])
    .modifyEnd(sql`without rowid`),
  schema.createIndex('manifests_digest').on('manifests').column('digest'),
  schema
    .createIndex('manifests_subject')
    .on('manifests')
    .columns(['repository_id', 'subject', 'digest'])
    .where(sql.ref('subject'), 'is not', null),
  schema
    .createTable('manifest_references')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('manifest', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('manifest_references_key', ['repository_id', 'manifest', 'target'])
    .modifyEnd(sql`without rowid`),
  schema
    .createIndex('manifest_references_target')
    .on('manifest_references')
    .columns(['repository_id', 'target']),
  schema
    .createTable('tags')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('tags_key', ['repository_id', 'name'])
    .modifyEnd(sql`without rowid`),
  schema.createIndex('tags_digest').on('tags').columns(['repository_id', 'digest']),
  schema
    .createTable('tag_events')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('digest', 'text')
    .addColumn('previous', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull()),
  schema.createIndex('tag_events_tag').on('tag_events').columns(['repository_id', 'tag', 'id']),
  schema
    .createTable('uploads')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'integer', (column) => column.notNull())
    .addColumn('touched_at', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`),
  schema.createIndex('uploads_touched').on('uploads').column('touched_at'),
  schema
    .createTable('upload_parts')
    .addColumn('upload_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('size', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('upload_parts_key', ['upload_id', 'position'])
    .modifyEnd(sql`without rowid`),
  schema
    .createTable('discarded_keys')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .modifyEnd(sql`without rowid`),
  schema
    .createTable('accounts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('is_admin', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('updated_at', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`),
  schema
    .createTable('signing_keys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('private_key', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`),
];

/** Every step, in order; the version of the tables is the number of steps that were taken. */
export const MIGRATIONS: readonly Migration[] = [createTables];
