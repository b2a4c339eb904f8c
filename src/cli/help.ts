import { Help } from '@oclif/core/help';

/** oclif's help. A class of our own so that it is bundled with us and can start with the examples. */
export default class SluiceHelp extends Help {}
