import type { Generated } from 'kysely';

/**
 * The tables of the index, in the types that both databases share: times are milliseconds since 1970, truth values
 * are 0 and 1, documents are JSON text. Names, digests and keys compare byte by byte.
 */
export interface Schema {
  repositories: {
    id: Generated<number>;
    name: string;
    /** When the first manifest came; null while there are only blobs. Only then is the repository listed. */
    listed_at: number | null;
  };
  blobs: { digest: string; key: string; size: number };
  blob_links: { repository_id: number; digest: string };
  /** Manifests' bytes; those of equal manifests in several repositories are kept once. */
  manifest_bodies: { digest: string; bytes: Uint8Array };
  manifests: {
    repository_id: number;
    digest: string;
    media_type: string;
    size: number;
    subject: string | null;
    artifact_type: string | null;
    annotations: string | null;
    pushed_at: number;
  };
  /** What a manifest needs to be whole: its blobs and, for an index, its manifests. */
  manifest_references: { repository_id: number; manifest: string; target: string };
  tags: { repository_id: number; name: string; digest: string; updated_at: number };
  /** Every move of every tag. A null digest is a removal. */
  tag_events: {
    id: Generated<number>;
    repository_id: number;
    tag: string;
    digest: string | null;
    previous: string | null;
    actor: string;
    at: number;
  };
  uploads: { id: string; repository_id: number; started_at: number; touched_at: number };
  /** A part of size 0 is a key that was claimed and holds nothing acknowledged. */
  upload_parts: { upload_id: string; position: number; key: string; size: number };
  /** Keys whose bytes are to be removed: written in the transaction that gives up the last mention of the key. */
  discarded_keys: { key: string };
  accounts: { name: string; password_hash: string; is_admin: number; created_at: number; updated_at: number };
  signing_keys: { id: string; private_key: string; created_at: number };
}
