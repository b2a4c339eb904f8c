import { Command } from '@oclif/core/command';

export default class Fetch extends Command {
  static override summary = 'Call URLs or request records';
  async run(): Promise<void> {
    await this.parse(Fetch);
  }
}
