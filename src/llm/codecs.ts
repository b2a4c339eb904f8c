import { anthropic } from './anthropic.ts';
import type { Codec, ModelSettings } from './codec.ts';
import { gemini } from './gemini.ts';
import { ollama } from './ollama.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';

const makers = {
  openai: (settings: ModelSettings): Codec =>
    settings.api === 'responses' ? openaiResponses(settings) : openaiChat(settings),
  anthropic,
  gemini,
  ollama,
};

/** Whose API is spoken. */
export type Provider = keyof typeof makers;

export function codecOf(provider: Provider, settings: ModelSettings): Codec {
  return makers[provider](settings);
}
