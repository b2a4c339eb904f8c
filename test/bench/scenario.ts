import type { BenchServer } from './bench-server.ts';
import type { Contenders } from './contenders.ts';
import type { Figure } from './figures.ts';

/** What every scenario is given. */
export type Setting = {
  readonly server: BenchServer;
  readonly contenders: Contenders;
  readonly requests: number;
  readonly concurrency: number;
  readonly rounds: number;
  /** Tells people how it goes. */
  readonly tell: (line: string) => void;
};

export type ScenarioResult = {
  readonly figures: readonly Figure[];
  /** The table for people, the head first. */
  readonly table: readonly (readonly string[])[];
  /** Every measurement as it came, for the kept file. */
  readonly raw: readonly object[];
};

export type Scenario = (setting: Setting) => Promise<ScenarioResult>;
