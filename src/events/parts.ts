/** What a program with endpoints is put together from, to be loaded only where there are any. */
export { Dispatcher } from './dispatcher.ts';
export { Figures } from './figures.ts';
export { HttpSink } from './http-sink.ts';
export { Notifier } from './notifier.ts';
export { pruneEvents } from './prune.ts';
