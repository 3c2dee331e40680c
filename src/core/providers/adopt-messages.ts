import type {AssistantPart, Message} from './provider.js'

/**
 * The messages of a conversation as the model `origin` (`provider/model`) can be given them. Thoughts that another model has signed are of
 * no use to it, and refused by some: their text goes on as text, their signatures do not. Messages without an origin are its own.
 */
export function adoptMessages(messages: readonly Message[], origin: string): Message[] {
  return messages.map((message) => {
    if (message.role !== 'assistant' || typeof message.content === 'string' || (message.origin ?? origin) === origin) return message
    return {...message, content: message.content.flatMap(adoptPart)}
  })
}

function adoptPart(part: AssistantPart): AssistantPart[] {
  if (part.type === 'text') return [part]
  if (part.type === 'reasoning') return part.text ? [{type: 'text', text: part.text}] : []
  const {signature: _, ...call} = part
  return [call]
}
