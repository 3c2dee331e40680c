import assert from 'node:assert/strict'
import type {HelixError} from '../../errors/helix-error.js'
import type {ProviderEvent} from '../provider.js'

type ToolCallEnd = Extract<ProviderEvent, {type: 'tool_call_end'}>

/** Everything that a stream of events said. */
export interface ReadAnswer {
  events: ProviderEvent[]
  text: string
  reasoning: string
  calls: ToolCallEnd[]
  error: HelixError | undefined
  finish: string | undefined
}

/** Reads to the end and checks what holds for every stream: it ends once, with `finish` or `error`, and never rejects. */
export async function readAnswer(stream: AsyncIterable<ProviderEvent>): Promise<ReadAnswer> {
  const events: ProviderEvent[] = []
  for await (const event of stream) events.push(event)
  const last = events.at(-1)
  assert.ok(last?.type === 'finish' || last?.type === 'error', `an answer ends with finish or error, not with ${JSON.stringify(last)}`)
  assert.equal(events.filter(({type}) => type === 'finish' || type === 'error').length, 1, 'an answer ends once')
  checkCalls(events)
  return {
    events,
    text: textOf(events, 'text'),
    reasoning: textOf(events, 'reasoning'),
    calls: events.filter((event) => event.type === 'tool_call_end'),
    error: last.type === 'error' ? last.error : undefined,
    finish: last.type === 'finish' ? last.reason : undefined,
  }
}

/** Reads an answer that must be a whole one. */
export async function readFinished(stream: AsyncIterable<ProviderEvent>): Promise<ReadAnswer> {
  const answer = await readAnswer(stream)
  if (answer.error) throw answer.error
  return answer
}

/** Reads an answer that must end with an error. */
export async function readFailed(stream: AsyncIterable<ProviderEvent>): Promise<ReadAnswer & {error: HelixError}> {
  const {error, ...answer} = await readAnswer(stream)
  assert.ok(error, 'the answer finished, although it could not')
  return {...answer, error}
}

// Each call starts once, under an id of its own, and has no pieces before its start or after its end.
function checkCalls(events: readonly ProviderEvent[]): void {
  const open = new Set<string>()
  const seen = new Set<string>()
  for (const event of events) {
    if (event.type === 'tool_call_start') {
      assert.ok(event.id && !seen.has(event.id), `the id of a tool call is its own: ${JSON.stringify(event.id)}`)
      seen.add(event.id)
      open.add(event.id)
    } else if (event.type === 'tool_call_delta' || event.type === 'tool_call_end') {
      assert.ok(open.has(event.id), `${event.type} of a call that is not open: ${event.id}`)
      if (event.type === 'tool_call_end') open.delete(event.id)
    }
  }
}

function textOf(events: readonly ProviderEvent[], type: 'text' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('')
}
