import {type AdapterEvent, type Arrival, eventsOf} from './answer-assembler.js'
import type {ChatRequest, JsonSchema} from './provider.js'

const FENCED = /^\s*```\w*\s*\n(.*?)\n?\s*```\s*$/s

/** The same request for a model that has no mode for a schema: it is told in words, before everything else. */
export function askInWords({schema: _, ...request}: ChatRequest, schema: JsonSchema): ChatRequest {
  const words = `Answer with JSON that satisfies this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}`
  const [first, ...rest] = request.messages
  const messages: ChatRequest['messages'] =
    first?.role === 'system' ? [{role: 'system', content: `${first.content}\n\n${words}`}, ...rest] : [{role: 'system', content: words}, ...request.messages]
  return {...request, messages, json: true}
}

/** The same answer without the fence of Markdown that models like to put around JSON. Its text comes at once, when all of it is there. */
export async function* takeOutOfFence(arrivals: AsyncIterable<Arrival>): AsyncGenerator<AdapterEvent> {
  let text = ''
  for await (const arrival of arrivals) {
    for (const event of eventsOf(arrival)) {
      if (event.type === 'text') text += event.text
      else {
        if (event.type === 'finish') yield {type: 'text', text: FENCED.exec(text)?.[1] ?? text}
        yield event
      }
    }
  }
}
