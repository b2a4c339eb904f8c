import { type Asked, askedOf, type Fields, readFields, textIn, turnsOf } from './asked.ts';
import { WrongCall } from './call.ts';
import type { Spoken } from './spoken.ts';
import { eventStream, type Trouble, type Voice } from './voice.ts';

/** Google's Gemini. */
export const geminiVoice: Voice = {
  path: '/v1beta/models',
  takes: 'MODEL:generateContent',
  about: 'the same, as Gemini; :streamGenerateContent?alt=sse too',
  read: async (call, rest) => {
    const mark = rest.lastIndexOf(':');
    const method = rest.slice(mark + 1);
    if (method !== 'generateContent' && method !== 'streamGenerateContent') {
      throw new WrongCall('expected MODEL:generateContent or MODEL:streamGenerateContent');
    }
    const isStreamed = method === 'streamGenerateContent';
    if (isStreamed && call.query.get('alt') !== 'sse') throw new WrongCall('expected ?alt=sse');
    const fields = await readFields(call);
    const instruction = fields.systemInstruction as Fields | null | undefined;
    const config = fields.generationConfig as Fields | null | undefined;
    return askedOf({
      model: rest.slice(0, mark),
      turns: [
        { role: 'system', text: textIn(instruction?.parts) },
        ...turnsOf(fields, 'contents', ({ parts }) => parts),
      ],
      maxTokens: config?.maxOutputTokens,
      isStreamed,
    });
  },
  whole: (asked, spoken) => generated(asked, spoken, { text: spoken.tokens.join(''), reason: reasonOf(spoken) }),
  stream: (asked, spoken) => ({
    contentType: eventStream,
    before: [],
    tokens: spoken.tokens.map((text) => event(generated(asked, spoken, { text, reason: null }))),
    after: [event(generated(asked, spoken, { text: '', reason: reasonOf(spoken) }))],
  }),
  error: googleError,
  broken: (trouble) => event(googleError(trouble)),
};

/** Google ends its lines with CR LF. */
function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`;
}

function generated({ model }: Asked, spoken: Spoken, { text, reason }: { text: string; reason: string | null }) {
  const { inputTokens: input, outputTokens: output, refusal } = spoken;
  const content = refusal ? {} : { content: { role: 'model', parts: [{ text }] } };
  return {
    candidates: [{ ...content, ...(reason && { finishReason: reason }), index: 0 }],
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output },
    modelVersion: model,
    responseId: 'mock',
  };
}

function reasonOf({ refusal, isCut }: Spoken): string {
  if (refusal) return 'SAFETY';
  return isCut ? 'MAX_TOKENS' : 'STOP';
}

function googleError({ kind, status: code, message }: Trouble) {
  const status = {
    rate: 'RESOURCE_EXHAUSTED',
    quota: 'RESOURCE_EXHAUSTED',
    overloaded: 'UNAVAILABLE',
    server: 'INTERNAL',
  };
  const violation = { quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' };
  const details = {
    rate: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' }],
    quota: [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [violation] }],
    overloaded: [],
    server: [],
  };
  return { error: { code, message, status: status[kind], details: details[kind] } };
}
