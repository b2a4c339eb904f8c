import { mkdir } from 'node:fs/promises';
import * as Flags from '@oclif/core/flags';
import { compileTemplate, type Template } from '../input/template.ts';
import { createSave } from '../output/save.ts';
import type { SaveBody } from '../record/saving.ts';
import type { Templates } from './templates.ts';
import { UsageError } from './values.ts';

const helpGroup = 'ROW';

/** Whether bodies go to files, and to which. */
export const saveFlags = {
  'output-dir': Flags.string({
    helpGroup,
    helpValue: 'DIR',
    summary:
      'Save each body that is ok to a file in DIR, as it comes; the row has body_file. --timeout is then none, --idle-timeout 30s, and --max-body counts for files only if given.',
  }),
  name: Flags.string({
    helpGroup,
    helpValue: 'TEMPLATE',
    summary:
      'The name of each file in DIR, such as {{id}}.json. Default: the id, or the index, and the last part of the URL.',
  }),
};

export type SaveFlags = {
  'output-dir'?: string | undefined;
  name?: string | undefined;
  overwrite: boolean;
  'output-format': string;
  'max-body': number;
};

export type SaveSettings = {
  saving: { save: SaveBody; maxBytes: number };
  fileName: Template | null;
  /** Creates the folder. Last, when nothing else can be wrong with the usage. */
  prepare: () => Promise<void>;
};

/** How bodies are saved, or null where they are not. */
export function saveSettings(
  flags: SaveFlags,
  { templates, isMaxBodyGiven }: { templates: Templates; isMaxBodyGiven: boolean },
): SaveSettings | null {
  const { 'output-dir': folder, name, overwrite } = flags;
  if (folder === undefined) {
    if (name === undefined) return null;
    throw new UsageError('--name: it names the files of --output-dir, which is not given');
  }
  if (folder === '') throw new UsageError('--output-dir: expected a folder, got an empty name');
  if (flags['output-format'] !== 'rows') {
    throw new UsageError('--output-dir: Batch lines hold their bodies; leave it out, or --output-format');
  }
  return {
    saving: {
      save: createSave({ folder, overwrites: overwrite }),
      maxBytes: isMaxBodyGiven ? flags['max-body'] : Number.POSITIVE_INFINITY,
    },
    fileName: name === undefined ? null : nameTemplate(name, templates),
    async prepare() {
      try {
        await mkdir(folder, { recursive: true });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const reason = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its place' : code;
        throw new UsageError(`--output-dir: ${folder} cannot be made: ${reason}`);
      }
    },
  };
}

/** What a field brings is made safe; a folder that the template itself asks for would only be lost. */
function nameTemplate(name: string, templates: Templates): Template {
  const fixed = name.replaceAll(/\{\{.*?\}\}/gs, '');
  if (name.trim() === '') throw new UsageError('--name: expected a name such as {{id}}.json, got an empty one');
  if (/[/\\]/.test(fixed))
    throw new UsageError(`--name: expected the name of a file, without folders, got \`${name}\``);
  const template = templates.compile('--name', (options) => compileTemplate(name, options));
  if (template.secrets.length > 0)
    throw new UsageError('--name: the name of a file is seen by everyone: leave out {{env…}}');
  return template;
}
