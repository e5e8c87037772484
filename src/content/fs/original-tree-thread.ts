import { parentPort, workerData } from 'node:worker_threads';
import { TreeFault, type TreeFaultReason } from '../original-tree.ts';
import type { TreeReply, TreeRequest } from './tree-protocol.ts';
import { TreeReader } from './tree-reader.ts';

/** What the system says of things that stay as they are until somebody mends them. */
const REASONS: Readonly<Record<string, TreeFaultReason>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  ELOOP: 'link',
  EISDIR: 'not-a-file',
  ENXIO: 'not-a-file',
  ENOTDIR: 'not-a-folder',
};

const port = parentPort;
if (port === null) throw new Error('this file runs as a thread of the content store');

const reader = new TreeReader((workerData as { root: string }).root);

function answer({ id, name, args }: TreeRequest): TreeReply {
  const [path = ''] = args as readonly string[];
  try {
    const question = reader[name] as (...args: readonly unknown[]) => unknown;
    return { id, answer: question.apply(reader, [...args]) };
  } catch (error) {
    if (error instanceof TreeFault) return { id, fault: { path: error.path, reason: error.reason } };
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') return { id, answer: undefined };
    const reason = REASONS[code];
    if (reason !== undefined) return { id, fault: { path, reason } };
    return { id, error: { message: error instanceof Error ? error.message : String(error), code } };
  }
}

port.on('message', (requests: readonly TreeRequest[]) => port.postMessage(requests.map(answer)));
