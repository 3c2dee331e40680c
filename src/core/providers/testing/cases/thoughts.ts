import assert from 'node:assert/strict'
import type {AssistantMessage} from '../../provider.js'
import {type Bench, type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import type {RecordedRequest} from '../fake-server.js'
import type {ReadMessage} from '../provider-wire.js'
import {ask, callOf, finish, replyWith, TOOLS, texts, WEATHER} from '../samples.js'

const THOUGHTS = ['Hm', ', ', 'größer?']
const THOUGHT = THOUGHTS.join('')
const RESULT = 'rain ☔'

/** What becomes of thoughts in the next request of a conversation. */
export function thoughtCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model, capabilities} = subject
  if (!capabilities.reasoning || !capabilities.tools) return []

  /** What the server is sent back of an answer that thought and called a tool, once `change` has been made to it. */
  async function sendBack(bench: Bench, change: (message: AssistantMessage) => AssistantMessage): Promise<{message: ReadMessage; body: string}> {
    const signed = wire.signature === undefined ? [] : [{type: 'reasoning', text: '', signature: wire.signature} as const]
    const thoughts = THOUGHTS.map((text) => ({type: 'reasoning', text}) as const)
    const first = [...thoughts, ...signed, ...callOf('call_1', WEATHER.name, ['{"city": "Köln"}']), finish('tool_calls')]
    bench.server.reply(replyWith(wire, first), replyWith(wire, [...texts(), finish()]))
    const provider = await bench.open()
    const request = {...ask(model), tools: TOOLS, reasoning: {effort: 'high'}} as const
    const {message, reasoning, toolCalls} = await provider.generateWithTools(request)
    assert.equal(reasoning, THOUGHT)
    const result = {role: 'tool', toolCallId: toolCalls[0]?.id ?? '', content: RESULT} as const
    // Kept and read again, as a session is.
    const kept: AssistantMessage = JSON.parse(JSON.stringify(change(message)))
    await provider.generateWithTools({...request, messages: [...request.messages, kept, result]})
    const sent = bench.server.requests[1] as RecordedRequest
    const [, back, answered] = wire.read(sent).messages
    assert.equal(back?.toolCalls?.[0]?.name, WEATHER.name)
    assert.equal(answered?.text, RESULT)
    return {message: back, body: sent.body}
  }

  return [
    caseOf(
      subject,
      `thoughts before a tool call ${wire.returnsThoughts ? 'go back with its result as they came' : 'do not go back with its result'}`,
      async (bench) => {
        const {message} = await sendBack(bench, (own) => own)
        const returned = {text: THOUGHT, ...(wire.signature !== undefined && {signature: wire.signature})}
        assert.deepEqual(message.reasoning, wire.returnsThoughts ? returned : undefined)
        assert.equal(message.text, '')
      },
    ),
    caseOf(subject, 'thoughts of another provider go on as text, without their signature', async (bench) => {
      const {message, body} = await sendBack(bench, (own) => ({...own, origin: 'another/model'}))
      assert.equal(message.text, THOUGHT)
      assert.equal(message.reasoning, undefined)
      if (typeof wire.signature === 'string') assert.ok(!body.includes(wire.signature))
    }),
  ]
}
