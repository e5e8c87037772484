/** Loaded into a real process (`node --import plant.ts?NAME`): puts a defect into the sources as they are loaded. */
import { registerHooks } from 'node:module';
import { DEFECTS } from './planted.ts';

const name = new URL(import.meta.url).search.slice(1);
const defects = DEFECTS[name] ?? [];
if (defects.length === 0) throw new Error(`there is no defect ${name}`);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const here = defects.filter(({ file }) => url.endsWith(`/src/${file}`));
    if (here.length === 0) return loaded;
    let source =
      loaded.source === undefined || loaded.source === null
        ? ''
        : Buffer.from(loaded.source as Uint8Array).toString();
    for (const { file, replace, by } of here) {
      if (!source.includes(replace)) throw new Error(`${file} has changed: the defect ${name} fits no more`);
      source = source.replace(replace, () => by);
    }
    return { ...loaded, source };
  },
});
