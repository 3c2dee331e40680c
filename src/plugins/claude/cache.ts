import type {MessageCreateParamsStreaming} from '@anthropic-ai/sdk/resources/messages'

const CACHED = {cache_control: {type: 'ephemeral'}} as const

type Body = MessageCreateParamsStreaming

/**
 * Marks what the API is to keep for five minutes: tools with instructions, and the conversation so far. That costs a quarter more once and
 * nine tenths less each time, so it is done where a next request will most likely repeat this one: with tools, or once a conversation goes on.
 */
export function markForCache(body: Body): Body {
  const {system, tools, messages} = body
  if (!tools && messages.length < 2) return body
  // The mark of the last request too: the API looks back only 20 blocks for what it has kept.
  const turns = messages.flatMap(({role}, index) => (role === 'user' ? [index] : [])).slice(-2)
  return {
    ...body,
    ...(Array.isArray(system) ? {system: markLast(system)} : tools && {tools: markLast(tools)}),
    messages: messages.map((message, index) =>
      turns.includes(index) && Array.isArray(message.content) ? ({...message, content: markLast<object>(message.content)} as typeof message) : message,
    ),
  }
}

function markLast<T extends object>(blocks: readonly T[]): T[] {
  return blocks.map((block, index) => (index === blocks.length - 1 ? {...block, ...CACHED} : block))
}
