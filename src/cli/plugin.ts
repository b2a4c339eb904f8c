import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interfaces } from '@oclif/core';
import type { Command } from '@oclif/core/command';

type Plugin = Interfaces.Plugin;
type Manifest = { commands: Record<string, Command.Cached> };

/** Where the class of each command comes from. */
export type CommandClasses = Readonly<Record<string, () => Promise<{ readonly default: Command.Class }>>>;

/**
 * This program as oclif's root plugin, from package.json and the manifest that the build wrote. oclif can find all that
 * by itself, but looks in more places for it and sorts the commands by a collator: 10 ms of the start.
 */
export function createPlugin(root: string, classes: CommandClasses): Plugin {
  const pjson = readJson(join(root, 'package.json')) as Interfaces.PJSON;
  const { commands } = readJson(join(root, 'oclif.manifest.json')) as Manifest;
  const findCommand = async (id: string) => {
    const load = classes[id];
    if (!load) throw new Error(`src/program.ts does not know the command ${id}`);
    return Object.assign((await load()).default, { id, plugin });
  };
  const plugin: Plugin = {
    _base: '',
    name: pjson.name,
    alias: pjson.name,
    version: pjson.version,
    pjson,
    root,
    type: 'core',
    moduleType: 'module',
    isRoot: true,
    valid: true,
    hasManifest: true,
    hooks: {},
    topics: [],
    options: { root },
    commandsDir: undefined,
    commandIDs: Object.keys(commands),
    commands: Object.entries(commands).map(([id, command]) => ({ ...command, load: () => findCommand(id) })),
    findCommand,
    load: async () => {},
  };
  return plugin;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
